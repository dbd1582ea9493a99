"""The levels of verification: what is checked of a patch at each, and how its results are judged."""
