"""Mutants of the kernel's own files never crash the reader, and what is proven of them proves again."""

from __future__ import annotations

from pathlib import Path

import pytest

from credseries.cli.options import take_survey
from credseries.kernel.git import Repository
from tests.mutants.law import Report, Sources, hold
from tests.mutants.trees import files_of

pytestmark = pytest.mark.kernel

MANY = 40


def test_the_law_holds_for_mutants_of_the_kernel(clone: Path) -> None:
    tree = files_of(take_survey(Repository.discover(clone), "HEAD", "rfc"))
    sources = Sources(tree=tree, share=0)
    found = Report()
    for seed in range(MANY):
        found.add(hold(sources.case(seed)))
    assert not found.breaches, "\n\n".join(f"{item.case.name}: {item.what}\n{item.detail}" for item in found.breaches)
    assert found.counts["rewritten"] > MANY / 4
