"""The report page: plots and HTML from tables."""
