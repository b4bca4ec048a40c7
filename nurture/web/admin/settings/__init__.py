"""The settings: one page a file."""
