"""Tests have the same names in every process: pytest-xdist hands them out by name, and refuses to when they differ."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def names(hash_seed: str) -> list[str]:
    """The names of all tests, as a process of its own collects them."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-m", ""],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [line for line in ran.stdout.splitlines() if "::" in line]


def test_neither_the_clock_nor_the_order_of_sets_is_in_a_name() -> None:
    first = names("1")
    assert "tests/test_collection.py::test_neither_the_clock_nor_the_order_of_sets_is_in_a_name" in first
    # some seconds later, which is all that a name made of the time takes to be another one
    assert names("2") == first
