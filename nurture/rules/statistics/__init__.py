"""What became of those who went through a chain: how long they stayed, how they left, whether it helped."""
