"""The verdicts on overlayfs and the backing files of Linux 6.12 are those of a careful reader."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from credseries.rewrite.forms import Form
from credseries.rewrite.plan import Judged
from credseries.series.scan import Survey

pytestmark = pytest.mark.kernel


@dataclass(frozen=True)
class Fact:
    """A row of overlayfs_sites.csv: what was found by reading Linux 6.12.

    `nth` counts the sites of a function in the text. `verdict` is G (a guard in place keeps everything as it is), S (it
    would move the calls in `moved`, in that order, or be skipped by `jumps` gotos and cases; another form fits), R (no
    guard fits without taking the function apart) or X (not an override with its revert, or through a wrapper that can
    fail: nothing fits).
    """

    file: str
    function: str
    nth: int
    verdict: str
    moved: tuple[str, ...]
    jumps: int


def _facts() -> list[Fact]:
    with (Path(__file__).parent / "overlayfs_sites.csv").open(newline="") as stream:
        return [
            Fact(
                row["file"],
                row["function"],
                int(row["nth"]),
                row["verdict"],
                tuple(row["moved"].split()),
                int(row["jumps"]),
            )
            for row in csv.DictReader(stream)
        ]


FACTS = _facts()
FILES = ("fs/backing-file.c", "fs/overlayfs/")


def _sites(survey: Survey, file: str, function: str) -> list[Judged]:
    return [item for item in survey.judged if (item.site.function.path, item.site.function.name) == (file, function)]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact.function}-{fact.nth}")
def test_verdict(survey: Survey, fact: Fact) -> None:
    site = _sites(survey, fact.file, fact.function)[fact.nth]
    proven = {verdict.form for verdict in site.verdicts if verdict.ok}
    match fact.verdict:
        case "G":
            assert Form.GUARD in proven
            assert site.choice is Form.GUARD
        case "S":
            assert Form.GUARD not in proven
            assert proven & {Form.SCOPED, Form.LIGHT}
        case "R":
            assert not proven & {Form.GUARD, Form.SCOPED}
        case "X":
            assert not proven
    guard = site.verdict(Form.GUARD)
    assert tuple(moved.call for moved in guard.moved) == fact.moved
    assert len(guard.jumps) == fact.jumps


def test_there_is_a_fact_for_every_site(survey: Survey) -> None:
    found = [
        (item.site.function.path, item.site.function.name)
        for item in survey.judged
        if item.site.function.path.startswith(FILES)
    ]
    assert sorted(found) == sorted((fact.file, fact.function) for fact in FACTS)
    assert len(FACTS) == 51
