"""The series of every recipe on Linux 6.12, through a real server that fails, and back: b4 and git make it again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from credseries.cli.send.made import Request
from tests.faultcase import FAULTS, Waiting, be_quick, check_once, kept, until_out
from tests.gitrepo import git
from tests.kernel.conftest import RECIPES
from tests.sendcase import SendCase
from tests.smtpserver import DROPS, Fault, SmtpServer

pytestmark = pytest.mark.kernel
BASE = "origin/HEAD"
SOME = 4


@pytest.fixture(scope="module", params=RECIPES)
def waiting(
    request: pytest.FixtureRequest, checked_out: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Waiting]:
    """The messages of a recipe's series, none of them out."""
    case = SendCase(checked_out, tmp_path_factory.mktemp("mail"), f"creds-{request.param}")
    with pytest.MonkeyPatch.context() as patch:
        be_quick(patch)
        ran = case.run("split", "--recipe", request.param, "--base", BASE)
        assert ran.status == 0, ran.err
        yield kept(case, Request(case.branch, cc=("fsdevel",)))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    be_quick(monkeypatch)


def written(tree: Path, commits: str) -> list[str]:
    """The subjects and the authors of patches."""
    letter = ("--invert-grep", "--grep=b4-submit-tracking")
    return git(tree, "log", "--reverse", "--format=%s%n%an <%ae>", *letter, commits).splitlines()


def test_the_connection_breaks_at_each_message_and_each_arrives_once(waiting: Waiting) -> None:
    for number in range(len(waiting.outbox.entries)):
        with SmtpServer([None] * number + [DROPS[number % len(DROPS)]]) as server:
            until_out(waiting.restored(), server)
            check_once(waiting, server)


def test_whatever_breaks_it_comes_back_as_the_same_series(waiting: Waiting) -> None:
    series, count = waiting.outbox.series[0], len(waiting.outbox.entries)
    chance = random.Random(series.branch)
    faults: list[Fault | None] = [None] * count
    for number in chance.sample(range(count), min(SOME, count)):
        faults[number] = chance.choice(FAULTS)
    case = waiting.restored().case
    with SmtpServer(faults) as server:
        until_out(waiting, server)
        check_once(waiting, server)
        assert case.applied(case.collected(server), BASE) == case.tree_of(series.tip)
    assert written(case.place / "applied", f"{BASE}..HEAD") == written(case.tree, f"{BASE}..{series.tip}")
    [tag] = [tag for tag in case.tag() if series.change_id in tag]
    assert case.tree_of(tag) == case.tree_of(series.tip)
