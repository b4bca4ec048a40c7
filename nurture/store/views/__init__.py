"""What pages read: joins over several nouns, one fixed number of statements a page."""
