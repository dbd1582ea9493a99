"""The checklist knows what each recipe's patches are about, and what a person has allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clicase import credseries

PROOF = "no call runs under other credentials, no exit differs, no jump skips a guard"


def proofs(tree: Path, branch: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit status, and what the checklist says of the proof of each patch, by its subject."""
    ran = credseries("checklist", "--format", "json", "--branch", branch, cwd=tree)
    parts = json.loads(ran.out)["parts"]
    lines = {part["title"]: line for part in parts for line in part["lines"] if line["question"] == PROOF}
    return ran.status, {title: (line["answer"], line["evidence"]) for title, line in lines.items()}


@pytest.mark.parametrize("recipe", ["light", "guards", "per-function"])
def test_nothing_fails(miniature: Path, recipe: str) -> None:
    assert credseries("split", "--recipe", recipe, cwd=miniature).status == 0
    status, found = proofs(miniature, f"creds-{recipe}")
    assert status == 0
    assert not [title for title, (answer, _) in found.items() if answer == "fail"]


def test_patches_that_prepare_a_wrapper_are_proven_too(miniature: Path) -> None:
    assert credseries("split", "--recipe", "light", cwd=miniature).status == 0
    _, found = proofs(miniature, "creds-light")
    assert found["ovl: Add ovl_revert_creds() and use it"] == (
        "pass",
        "42 functions proven again on the base, same text",
    )
    assert found["ovl: Override by hand what needs a reference"][0] == "pass"
    assert found["ovl: Add ovl_creds()"][0] == "n/a"


def test_calls_that_a_person_allowed_are_a_persons_to_check(miniature: Path) -> None:
    assert credseries("split", "--allow-move", "fdput", cwd=miniature).status == 0
    status, found = proofs(miniature, "creds-rfc")
    answer, evidence = found["ovl: Use guards for credential overrides"]
    assert (status, answer) == (0, "human")
    assert "ovl_fadvise(): fdput()" in evidence
    assert found["fs/backing-file: Use guards for credential overrides"][0] == "pass"
