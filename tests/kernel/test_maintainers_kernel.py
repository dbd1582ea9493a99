"""The MAINTAINERS index agrees with the real scripts/get_maintainer.pl on a real kernel tree.

CREDSERIES_KERNEL_TREE names the work tree of a kernel in git.
"""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.kernel.maintainers import Maintainers

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        "CREDSERIES_KERNEL_TREE" not in os.environ, reason="CREDSERIES_KERNEL_TREE names no kernel tree"
    ),
]
FILES = 60
SEED = 612


def script_says(tree: Path, file: str) -> set[str]:
    command = [
        "perl",
        "scripts/get_maintainer.pl",
        "--nogit",
        "--nogit-fallback",
        "--norolestats",
        "-f",
        file,
    ]
    return set(subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True).stdout.splitlines())


def test_agrees_with_the_script() -> None:
    tree = Path(os.environ["CREDSERIES_KERNEL_TREE"])
    repository = Repository.discover(tree)
    index = Maintainers.parse(
        (tree / "MAINTAINERS").read_text(),
        mailmap=(tree / ".mailmap").read_text(),
        is_directory=lambda path: (tree / path).is_dir(),
    )
    # The script also takes the addresses inside a .yaml file.
    files = [path for path in repository.list_tree(repository.resolve("HEAD")) if not path.endswith(".yaml")]
    sample = random.Random(SEED).sample(files, FILES)
    ours = {file: {str(recipient) for recipient in index.for_files([file])} for file in sample}
    assert ours == {file: script_says(tree, file) for file in sample}
