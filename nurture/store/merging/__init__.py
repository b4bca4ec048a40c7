"""What a merge of two leads does to their rows, and what undo does back."""
