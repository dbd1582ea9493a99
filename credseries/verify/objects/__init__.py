"""Object files: whether two of them hold the same code."""
