"""What a release is made of, and whether it can be made again."""
