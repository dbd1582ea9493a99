"""C files changed at random, and what must hold of them however they are: `python -m tests.mutants`."""
