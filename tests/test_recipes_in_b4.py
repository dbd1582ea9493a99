"""Whatever the recipe, the branch continues in b4."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.b4flow import go_through
from tests.clicase import credseries
from tests.gitrepo import git

PATCHES = {"rfc": 6, "light": 7, "guards": 10, "per-file": 16, "per-function": 51}


@pytest.mark.slow
@pytest.mark.parametrize("recipe", PATCHES)
def test_the_branch_continues_in_b4(
    miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)  # b4 finds a cover letter that is younger than a year
    assert credseries("split", "--recipe", recipe, cwd=miniature).status == 0
    git(miniature, "checkout", "--quiet", f"creds-{recipe}")
    go_through(miniature, f"creds-{recipe}", PATCHES[recipe], tmp_path)
