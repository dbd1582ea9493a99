"""Benchmarks: what tools wrote, read exactly; what it says of a change, with what is not known; and how to show it."""
