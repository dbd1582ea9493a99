"""`credseries verify` as a person runs it, at the levels that need no compiler, on the miniature tree."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.clicase import COMMAND, Ran, check_snapshot, credseries, environment, normal
from tests.gitrepo import git

FILE = "fs/backing-file.c"
BRANCH = "creds-rfc"


@pytest.fixture
def split(miniature: Path) -> Path:
    assert credseries("split", cwd=miniature).status == 0
    return miniature


def verify(tree: Path, *arguments: str | Path) -> Ran:
    return credseries("verify", *arguments, cwd=tree)


def cells(ran: Ran) -> dict[tuple[int, str], dict[str, Any]]:
    return {(cell["patch"], cell["level"]): cell for cell in json.loads(ran.out)["cells"]}


def with_a_moved_call(tree: Path) -> None:
    """A commit by hand on `topic` that lets a call run under a guard which came after the revert."""
    git(tree, "checkout", "--quiet", "-b", "topic")
    path = tree / FILE
    text = path.read_text()
    start = text.index("ssize_t backing_file_splice_read(")
    end = text.index("EXPORT_SYMBOL_GPL(backing_file_splice_read)")
    body = text[start:end].replace("prev = override_creds(ctx->cred)", "guard(cred)(ctx->cred)")
    path.write_text(text[:start] + body.replace("\trevert_creds(prev);\n", "") + text[end:])
    git(tree, "commit", "--quiet", "--all", "--signoff", "-m", "fs/backing-file: Use a guard", "-m", "It is shorter.")
    git(tree, "checkout", "--quiet", "master")


def test_a_series_passes(split: Path) -> None:
    ran = verify(split, "--level", "style")
    assert (ran.status, ran.err) == (0, "")
    check_snapshot("verify-style.txt", normal(ran.out))


def test_the_second_run_knows_all_and_an_amended_patch_is_checked_again(split: Path) -> None:
    assert verify(split, "--level", "style").status == 0
    again = verify(split, "--level", "style")
    assert again.out.splitlines()[-1].endswith("12 passed (6 known from before)"), "messages cost nothing"
    git(split, "checkout", "--quiet", BRANCH)
    with (split / FILE).open("a") as file:
        file.write("/* amended */\n")
    git(split, "commit", "--quiet", "--all", "--amend", "--no-edit")
    found = cells(verify(split, "--level", "style", "--json"))
    assert {key: cell["cached"] for key, cell in found.items() if key[1] == "proof"} == {
        (number, "proof"): False for number in range(1, 7)
    }
    assert verify(split, "--level", "style", "--again").out.splitlines()[-1] == "6 patches, 12 checks: 12 passed"


def test_somebody_elses_mistake_is_found_and_shown(miniature: Path) -> None:
    with_a_moved_call(miniature)
    ran = verify(miniature, "topic", "--level", "proof")
    assert ran.status == 1
    head = git(miniature, "rev-parse", "--short=12", "topic").strip()
    lines = ran.out.splitlines()
    assert lines[1].split()[:3] == ["1/1", head, "fail"]
    assert "  proof: 1 finding" in lines
    assert any("backing_file_splice_read(): moved-call" in line and "fs/backing-file.c:" in line for line in lines)
    assert f"    by hand: credseries audit {head}" in lines
    assert lines[-1] == "1 patch, 1 check: 1 failed"


def test_mail_on_standard_input_is_checked_like_commits(miniature: Path) -> None:
    with_a_moved_call(miniature)
    mail = git(miniature, "format-patch", "-1", "--stdout", "topic")
    ran = subprocess.run(
        [*COMMAND, "verify", "-", "--level", "style", "--json"],
        cwd=miniature,
        env=environment(),
        input=mail,
        capture_output=True,
        text=True,
        check=False,
    )
    of_mail = json.loads(ran.stdout)
    of_range = json.loads(verify(miniature, "master..topic", "--level", "style", "--json").out)
    assert [cell["status"] for cell in of_mail["cells"]] == ["fail", "pass"]
    assert of_mail["patches"][0]["commit"] is None
    for one, other in zip(of_mail["cells"], of_range["cells"], strict=True):
        assert (one["status"], one["summary"], one["problems"]) == (
            *(other["status"], other["summary"], other["problems"]),
        )


def test_a_call_that_its_author_let_move_is_no_failure(miniature: Path) -> None:
    assert credseries("split", "--allow-move", "*accessed", cwd=miniature).status == 0
    ran = verify(miniature, "--level", "proof", "--json")
    assert ran.status == 0, ran.out
    notes = [problem for cell in json.loads(ran.out)["cells"] for problem in cell["problems"]]
    assert any(problem["message"].endswith("(allowed to move)") for problem in notes)


def test_a_message_without_a_reason_fails_its_patch(split: Path) -> None:
    git(split, "checkout", "--quiet", BRANCH)
    git(split, "commit", "--quiet", "--amend", "-m", "Something")
    ran = verify(split, "--level", "style")
    assert ran.status == 1
    assert "  style: 3 errors, message only" in ran.out.splitlines()


def test_the_json_contract(split: Path) -> None:
    data = json.loads(verify(split, "--level", "proof", "--json").out)
    assert list(data) == ["schema", "level", "base", "variants", "patches", "cells"]
    assert (data["schema"], data["level"], data["variants"]) == (1, "proof", [])
    assert [set(patch) for patch in data["patches"]] == [{"patch", "subject", "commit"}] * 6
    for cell in data["cells"]:
        assert list(cell) == [
            *("patch", "level", "variant", "status", "summary", "problems", "reproduce", "seconds", "cached")
        ]


def test_junit_is_written_beside(split: Path, tmp_path: Path) -> None:
    ran = verify(split, "--level", "proof", "--junit", tmp_path / "out.xml")
    assert ran.status == 0
    assert ET.parse(tmp_path / "out.xml").getroot().get("tests") == "6"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "there is no series yet"),
        (["nothing..HEAD"], "git knows no commit 'nothing'"),
        (["no-such-file"], "neither a revision nor a file"),
        (["HEAD", "--branch", "x"], "--branch and a range or patches are given"),
        (["HEAD", "--matrix", "cc=icc"], "'icc' is no compiler that builds kernels"),
        (["HEAD", "--matrix", "color=red"], "names no compilers, architectures or configurations"),
        (["HEAD", "--matrix", "config=/no/such.config"], "/no/such.config"),
        (["HEAD", "--same-code", "7"], "there is no patch 7"),
        (["HEAD", "--scheduler", "nowhere"], "nowhere"),
    ],
)
def test_wrong_use_is_said(miniature: Path, arguments: list[str], words: str) -> None:
    (miniature / "fs/open.c").write_text("int x;\n")
    git(miniature, "commit", "--quiet", "--all", "-m", "fs: Change")
    ran = verify(miniature, *arguments)
    assert ran.status in (2, 4)
    assert words in ran.err
    assert "hint: " in ran.err
    assert ran.out == ""


def test_nothing_of_the_tree_is_touched(split: Path) -> None:
    def state() -> list[str]:
        return [
            git(split, "for-each-ref"),
            git(split, "status", "--porcelain", "--ignored"),
            git(split, "stash", "list"),
        ]

    before = state()
    verify(split, "--level", "style")
    assert state() == before
