"""The MAINTAINERS index agrees with the real scripts/get_maintainer.pl on a real kernel tree.

Compared are whole lines of what the script prints: address, name and roles. Where sections are equally specific the
script takes them in the order of a hash of perl, which is another one in every process, and names now one of them as
the reason and now another one. There it is asked again with other orders, and must say what the index says in one.

CREDSERIES_SEEDS has the seeds of the random choices, several for as many choices of files and of patches.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.kernel.maintainers import Maintainers
from tests.getmaintainer import (
    Answer,
    Differences,
    Script,
    differences,
    lists_with_names,
    people,
    printed,
    printed_by_the_script,
)
from tests.randompatches import make_patches

pytestmark = pytest.mark.kernel

FILES = 2000
PATCHES = 200
SEEDS = [int(seed) for seed in os.environ.get("CREDSERIES_SEEDS", "612").split()]
ORDERS = 60
# Lists whose addresses the script loses, for they have a name before them: it prints an empty one.
LOST = {"s32@nxp.com", "aws-nitro-enclaves-devel@amazon.com", "kernel-list@raspberrypi.com"}
# Some who are in .mailmap, in .get_maintainer.ignore, and never named.
SIGNERS = (
    *("Christoph Hellwig <hch@lst.de>", "Linus Torvalds <torvalds@linux-foundation.org>", "nobody@example.org"),
    *("Amir Goldstein <amir73il@users.sf.net>", "Boris Brezillon <boris.brezillon@free-electrons.com>"),
)


@pytest.fixture(scope="module")
def index(clone: Path, kernel_tree: Path) -> Maintainers:
    repo = Repository.discover(clone)
    return Maintainers.at(repo, repo.resolve("HEAD"), places=(kernel_tree,))


@pytest.fixture
def script(kernel_tree: Path, clone: Path, tmp_path: Path) -> Script:
    """The tree's script, which knows the commits of the clone as well."""
    return Script(kernel_tree, tmp_path, {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(clone / ".git" / "objects")})


def check_only_roles_vary(ours: Sequence[Answer], found: Differences) -> None:
    """Where the script answers now this and now that, the same people and lists get the mail.

    That it does so is its own doing: each of these answers is the script's, ours among them. Who is in two sections has
    the role of one of them, and the address that it has for him.
    """
    others = {number: {tuple(people(answer)) for answer in answers} for number, answers in found.others.items()}
    assert others == {number: {tuple(people(ours[number]))} for number in others}


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_the_script_on_random_files(index: Maintainers, script: Script, clone: Path, seed: int) -> None:
    repo = Repository.discover(clone)
    files = random.Random(seed).sample(repo.list_tree(repo.resolve("HEAD")), FILES)
    nameless = lists_with_names(index)
    found = [index.for_files([file]) for file in files]
    ours = [printed_by_the_script(recipients, nameless) for recipients in found]

    def ask(numbers: Sequence[int], order: int) -> list[Answer]:
        return script.of_files([files[number] for number in numbers], order)

    found_other = differences(ours, ask, ORDERS)
    assert {files[number]: ours[number] for number in found_other.wrong} == {}
    check_only_roles_vary(ours, found_other)
    assert nameless == LOST
    lost = [
        recipients for recipients in found if any(each.role == "list" and each.address in LOST for each in recipients)
    ]
    assert 0 < len(lost) < FILES / 100


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_the_script_on_random_patches(
    index: Maintainers, script: Script, clone: Path, tmp_path: Path, seed: int
) -> None:
    people = [str(person) for section in index.sections[::40] for person in section.people]
    patches, fixes = make_patches(clone, tmp_path / "patches", [*people, *SIGNERS], count=PATCHES, seed=seed)
    found = [index.for_patch(patch.read_bytes()) for patch in patches]
    ours = [printed_by_the_script(recipients, LOST) for recipients in found]

    def ask(numbers: Sequence[int], order: int) -> list[Answer]:
        return script.of_patches([patches[number] for number in numbers], order)

    found_other = differences(ours, ask, ORDERS)
    assert {patches[number].read_text(errors="replace"): ours[number] for number in found_other.wrong} == {}
    check_only_roles_vary(ours, found_other)
    # the patches are of all the kinds that the index has rules for
    reasons = [reason for recipients in found for each in recipients for reason in printed([each])]
    for kind in (":Keyword:", "blamed_fixes:", "in file", "moderated list", "reviewer:"):
        assert sum(kind in reason for reason in reasons) > 5, kind
    assert len(fixes) > PATCHES / 10
