"""The branch of every recipe on Linux 6.12 continues in b4."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.b4flow import go_through
from tests.clicase import credseries
from tests.gitrepo import git
from tests.kernel.conftest import RECIPES

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_branch_continues_in_b4(
    checked_out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    assert credseries("split", "--recipe", recipe, "--base", "origin/HEAD", cwd=checked_out).status == 0
    git(checked_out, "checkout", "--quiet", f"creds-{recipe}")
    patches = int(git(checked_out, "rev-list", "--count", f"origin/HEAD..creds-{recipe}")) - 1
    go_through(checked_out, f"creds-{recipe}", patches, tmp_path)
