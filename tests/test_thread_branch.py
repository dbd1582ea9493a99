"""`credseries thread --branch`: of a series that is here, replies alone are enough, and what was decided counts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.rerollcase import AMIR, BRANCH, Case, reply
from tests.test_cli_errors import check_error, state

ASKED = "Please use the other helper here."


@pytest.fixture
def case(split_miniature: Path, tmp_path: Path) -> Case:
    return Case(Path(shutil.copytree(split_miniature, tmp_path / "linux", symlinks=True)), tmp_path)


def test_replies_to_a_series_that_is_here_are_bound_to_its_patches(case: Case) -> None:
    sent = case.b4_send()
    text = str(sent[3].get_content())
    lines = text.split("\n")
    added = next(n for n, line in enumerate(lines) if line.startswith("+") and not line.startswith("+++"))
    quote = "\n".join(f"> {line}".rstrip() for line in lines[: added + 1])
    box = case.replies(reply(sent[3], AMIR, f"On Monday, Demo Developer wrote:\n{quote}\n\n{ASKED}"))
    [without] = json.loads(case.run("thread", "--json", box).out)["series"]
    assert [item["file"] for item in without["remarks"]] == [None]
    [known] = json.loads(case.run("thread", "--branch", BRANCH, "--json", box).out)["series"]
    [remark] = known["remarks"]
    assert (remark["patch"], remark["text"], remark["state"]) == (3, ASKED, "open")
    assert remark["line"] > 0
    assert remark["file"] in text
    assert case.run("comments", "--read", box, "--resolve", remark["key"], "--because", "done").status == 0
    done = case.run("thread", "--branch", BRANCH, "--open", box)
    assert (done.status, ASKED in done.out) == (0, False)


def test_nothing_is_kept_and_what_is_no_series_is_said(case: Case) -> None:
    box = case.replies(*case.b4_send())
    before = state(case.tree)
    assert case.run("thread", "--branch", BRANCH, box).status == 0
    assert state(case.tree) == before
    check_error(case.run("thread", "--branch", "master", box), 2, "master")
