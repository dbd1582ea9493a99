"""Booting a kernel: build it as User Mode Linux, run the bundled tests in it, compare two runs."""
