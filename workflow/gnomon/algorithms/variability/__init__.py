"""What light curves say: features in one pass, periods of the variable ones."""
