"""What goes into an alert besides catalogue rows, and who wants to read it."""
