"""The checklist knows what each recipe's patches are about, and what a person has allowed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clicase import credseries


def checks(tree: Path, branch: str, name: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """The exit status, and the lines of a check for each patch, by its subject."""
    ran = credseries("checklist", "--format", "json", "--branch", branch, cwd=tree)
    parts = json.loads(ran.out)["parts"]
    found = {part["title"]: [line for line in part["lines"] if line["check"] == name] for part in parts[1:]}
    return ran.status, found


@pytest.mark.parametrize("recipe", ["light", "guards", "per-function"])
def test_nothing_fails(miniature: Path, recipe: str) -> None:
    assert credseries("split", "--recipe", recipe, cwd=miniature).status == 0
    ran = credseries("checklist", "--format", "json", "--branch", f"creds-{recipe}", cwd=miniature)
    assert ran.status == 0
    assert not [line for part in json.loads(ran.out)["parts"] for line in part["lines"] if line["answer"] == "fail"]


def test_patches_that_prepare_a_wrapper_are_proven_too(miniature: Path) -> None:
    assert credseries("split", "--recipe", "light", cwd=miniature).status == 0
    _, found = checks(miniature, "creds-light", "proof")
    [line] = found["ovl: Add ovl_revert_creds() and use it"]
    assert (line["answer"], line["evidence"]) == (
        "pass",
        "42 functions proven again on the base, and the commit has that very text",
    )
    assert found["ovl: Override by hand what needs a reference"][0]["answer"] == "pass"
    assert found["ovl: Add ovl_creds()"][0]["answer"] == "n/a"


def test_a_wrapper_that_is_made_light_keeps_its_name_and_that_is_asked_about(miniature: Path) -> None:
    assert credseries("split", "--recipe", "light", cwd=miniature).status == 0
    _, found = checks(miniature, "creds-light", "backport-trap")
    asked = [line for lines in found.values() for line in lines if line["answer"] == "human"]
    assert [line["places"][0]["function"] for line in asked] == ["ovl_override_creds", "ovl_revert_creds"]
    assert "without a reference of its own, under its old name" in asked[0]["question"]
    _, found = checks(miniature, "creds-light", "wrapper-first")
    passed = [line["evidence"] for lines in found.values() for line in lines if line["answer"] == "pass"]
    assert any("ovl_override_creds(): " in evidence for evidence in passed)


def test_calls_that_a_person_allowed_are_a_persons_to_check(miniature: Path) -> None:
    assert credseries("split", "--allow-move", "fdput", cwd=miniature).status == 0
    status, found = checks(miniature, "creds-rfc", "moved-calls")
    asked = [line for line in found["ovl: Use guards for credential overrides"] if line["answer"] == "human"]
    assert status == 0
    [line] = [item for item in asked if item["places"][0]["function"] == "ovl_fadvise"]
    assert line["question"].startswith("fs/overlayfs/file.c:")
    assert " ovl_fadvise(): the guard holds until line " in line["question"]
    assert "; may fdput() at " in line["question"]
    assert line["question"].endswith(" run under the mounter's credentials (ovl_creds(file->f_inode->i_sb))?")
    assert found["fs/backing-file: Use guards for credential overrides"][0]["answer"] == "pass"
