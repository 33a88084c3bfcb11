"""From single detections to linked orbits."""
