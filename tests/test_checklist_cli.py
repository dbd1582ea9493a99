"""`credseries checklist` of anybody's series: ranges, commits, mailboxes, patches; and what is kept from run to run."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from credseries.cli.checklist import source_checklist
from credseries.cli.checklist.code import read_code
from credseries.cli.checklist.source import find_source
from credseries.kernel.git import Repository
from credseries.kernel.series_source import from_range
from credseries.review.checklist.model import Audience
from credseries.review.checklist.output.as_json import as_json
from credseries.review.checklist.registry import CHECKS
from tests.checkcase import USES, kernel, no_moves
from tests.clicase import COMMAND, Ran, credseries, environment
from tests.gitrepo import commit_all, git, make_repo, write_files
from tests.planted import FILTERED, GUARD, PLAIN, REVERT, SAVED, swap

GUARDED = swap(PLAIN, SAVED, GUARD, REVERT)
MESSAGE = "my: Guard %s\n\nBecause.\n\nSigned-off-by: D <dev@example.org>"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two conversions on a branch, the second one of which moves a call."""
    place = tmp_path_factory.mktemp("made")
    tree = make_repo(place, {**kernel(), "fs/my.c": USES + PLAIN, "fs/other.c": USES + FILTERED})
    git(tree, "branch", "base")
    write_files(tree, {"fs/my.c": USES + GUARDED})
    commit_all(tree, MESSAGE % "f()")
    write_files(tree, {"fs/other.c": USES + swap(FILTERED, SAVED, GUARD, REVERT)})
    commit_all(tree, MESSAGE % "the other f()")
    git(tree, "switch", "--quiet", "--detach", "base")
    parts("base..master", cwd=tree)  # the copies have what is kept of it
    return tree


@pytest.fixture
def tree(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "linux", symlinks=True))


def parts(
    *what: str | Path, cwd: Path, base: str | None = None, audience: Audience | None = None
) -> list[dict[str, Any]]:
    """The parts of a checklist, as the command has them."""
    repo = Repository.discover(cwd)
    found: list[dict[str, Any]] = as_json(
        source_checklist(repo, find_source(repo, list(map(str, what)), None, base), audience)
    )["parts"]
    return found


def failing(found: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(part["index"], line["check"]) for part in found for line in part["lines"] if line["answer"] == "fail"]


def lines_of(part: dict[str, Any], check: str) -> list[dict[str, Any]]:
    return [line for line in part["lines"] if line["check"] == check]


FAULTS = [(0, "proof"), (2, "moved-calls")]


@pytest.mark.parametrize("what", ["base..master", "master"])
def test_a_range_and_a_branch(tree: Path, what: str) -> None:
    found = parts(what, cwd=tree)
    assert failing(found) == FAULTS
    assert [part["commit"] for part in found[1:]] == git(tree, "rev-list", "--reverse", "base..master").split()
    [line] = lines_of(found[2], "moved-calls")
    assert line["evidence"].startswith("fs/other.c:12 f(): permitted() ran under the caller's credentials")


def test_one_commit(tree: Path) -> None:
    assert failing(parts("master~1", cwd=tree)) == []
    assert failing(parts("master", base="master~1", cwd=tree)) == [(0, "proof"), (1, "moved-calls")]


@pytest.mark.parametrize("audience", Audience)
def test_who_reads_it_says_what_is_asked(tree: Path, audience: Audience) -> None:
    found = parts("master", audience=audience, cwd=tree)
    assert ("fail", "moved-calls") in {(line["answer"], line["check"]) for line in found[2]["lines"]}
    asked = len({line["check"] for line in found[1]["lines"]})
    checks = CHECKS[audience].patch
    assert asked == len(checks) - 1  # commits need not apply


# -- mails


def mailbox(tree: Path, place: Path, *options: str, what: str = "base..master") -> Path:
    box = place / "series.mbox"
    with box.open("wb") as stream:
        command = ["git", "-C", tree, "format-patch", "--stdout", "--thread", *options, what]
        subprocess.run(command, stdout=stream, check=True)
    return box


LISTS = ("--to=Someone <someone@example.org>", "--cc=linux-fsdevel@vger.kernel.org")


def test_a_mailbox(tree: Path, tmp_path: Path) -> None:
    box = mailbox(tree, tmp_path, *LISTS)
    found = parts(box, base="base", cwd=tree)
    assert failing(found) == FAULTS
    assert [lines_of(part, "applies")[0]["answer"] for part in found[1:]] == ["pass", "pass"]
    assert [part["commit"] for part in found] == ["", "", ""]


def test_from_a_pipe(tree: Path, tmp_path: Path) -> None:
    with mailbox(tree, tmp_path).open("rb") as box:
        done = subprocess.run(
            [*COMMAND, "checklist", "-", "--format", "json", "--base", "base"],
            cwd=tree,
            stdin=box,
            env=environment(),
            capture_output=True,
            check=False,
        )
    assert done.returncode == 1
    assert failing(json.loads(done.stdout)["parts"]) == FAULTS


def test_the_lists_of_mails_are_those_of_their_headers(tree: Path, tmp_path: Path) -> None:
    found = parts(mailbox(tree, tmp_path, *LISTS), base="base", audience=Audience.MAINTAINER, cwd=tree)
    [line] = lines_of(found[1], "lists")
    assert (line["answer"], line["evidence"].split(" ")[0]) == ("pass", "linux-fsdevel@vger.kernel.org")
    other = parts(mailbox(tree, tmp_path, LISTS[0]), base="base", audience=Audience.MAINTAINER, cwd=tree)
    [line] = lines_of(other[1], "lists")
    assert line["answer"] == "fail"
    assert line["evidence"].startswith("linux-fsdevel@vger.kernel.org does not get it: open list:FILESYSTEMS")
    bare = parts(mailbox(tree, tmp_path), base="base", audience=Audience.MAINTAINER, cwd=tree)
    assert lines_of(bare[1], "lists")[0]["answer"] == "n/a"


def test_remarks_in_the_thread_are_asked_about(tree: Path, tmp_path: Path) -> None:
    box = mailbox(tree, tmp_path, *LISTS)
    text = box.read_text()
    first = next(line for line in text.split("\n") if line.lower().startswith("message-id: ")).split(" ")[1]
    reply = f"""\
From nobody Mon Sep 17 00:00:00 2001
From: Amir <amir@example.org>
To: Someone <someone@example.org>
Subject: Re: [PATCH 1/2] my: Guard f()
Date: Tue, 18 Sep 2001 00:00:00 +0000
Message-ID: <reply@example.org>
In-Reply-To: {first}
References: {first}

On Mon, Sep 17, 2001 at 00:00:00, Test Developer wrote:
> +	guard(cred)(ctx->cred);

Please use a scoped guard here.

"""
    box.write_text(text + "\n" + reply)
    found = parts(box, base="base", cwd=tree)
    [line] = lines_of(found[1], "comments")
    assert line["answer"] == "human"
    assert "what Amir said of fs/my.c:" in line["question"]
    assert "Please use a scoped guard here." in line["question"]
    assert [line["answer"] for line in lines_of(found[2], "comments")] == ["pass"]


def test_a_mailbox_that_does_not_apply(tree: Path, tmp_path: Path) -> None:
    box = mailbox(tree, tmp_path)
    box.write_text(box.read_text().replace("fs/other.c", "fs/nothere.c"))
    found = parts(box, base="base", cwd=tree)
    assert failing(found) == [(0, "proof"), (2, "applies")]
    assert [line["check"] for line in found[2]["lines"]] == ["applies"]
    assert "fs/nothere.c" in found[2]["lines"][0]["evidence"]


def test_a_patch_out_of_the_tree(tree: Path, tmp_path: Path) -> None:
    patch = tmp_path / "out.patch"
    patch.write_text("Subject: [PATCH] my: Go\n\n---\n--- a/../x.c\n+++ b/../x.c\n@@ -1 +1 @@\n-a\n+b\n")
    found = parts(patch, cwd=tree)
    assert failing(found) == [(0, "proof"), (1, "applies")]


def test_a_patch_that_has_nothing_to_do_with_credentials(tree: Path, tmp_path: Path) -> None:
    write_files(tree, {"Documentation/x.txt": "It is said.\n"})
    commit_all(tree, MESSAGE % "no code")
    found = parts("HEAD~1..HEAD", cwd=tree)
    assert {line["answer"] for line in found[1]["lines"] if line["check"] == "proof"} == {"n/a"}
    assert lines_of(found[0], "proof")[0]["answer"] == "n/a"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nothere"], "neither a revision nor a file"),
        (["base..base"], "no commit in base..base"),
        (["base..gone"], "gone"),
        (["--base", "base"], "none are given"),
        (["--branch", "x", "master"], "give one of them"),
        (["--branch", "master"], "not a branch that `credseries split` made"),
        ([], "there is no series yet"),
        (["master", "--output-dir", "x", "--for", "author"], "for drafts of replies"),
        (["Makefile"], "holds no patch"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_makes_no_sense_is_wrong_use(tree: Path, arguments: list[str], word: str) -> None:
    ran = credseries("checklist", *arguments, cwd=tree)
    assert ran.status == 2
    assert word in ran.err
    assert "hint: " in ran.err
    assert ran.out == ""


# -- what is kept


class Counting:
    """Kept results that count what was not there."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, Any]] = {}
        self.made = 0

    def get(self, key: str) -> dict[str, Any] | None:
        return self.values.get(key)

    def put(self, key: str, result: dict[str, Any]) -> None:
        self.made += 1
        self.values[key] = json.loads(json.dumps(result))

    def close(self) -> None:
        """Nothing is open."""


def test_the_same_trees_are_read_once_and_others_anew(tree: Path) -> None:
    repo, kept = Repository.discover(tree), Counting()

    def read(what: str) -> Any:
        return read_code(repo, from_range(repo, what, None), kept, no_moves)  # type: ignore[arg-type]

    first = read("base..master")
    assert kept.made == 2
    assert read("base..master") == first
    git(tree, "switch", "--quiet", "master")
    git(tree, "commit", "--quiet", "--amend", "-m", "my: Say it in other words")
    assert read("base..master") == first
    assert kept.made == 2
    write_files(tree, {"fs/other.c": USES + FILTERED.replace("int err", "long err")})
    git(tree, "commit", "--quiet", "--all", "--amend", "--no-edit")
    assert read("base..master") != first
    assert kept.made == 4
    read("base..master~1")
    assert kept.made == 6


def test_a_second_run_says_the_same(tree: Path) -> None:
    def run() -> Ran:
        return credseries("checklist", "master", "--for", "reviewer", cwd=tree)

    assert run() == run()
