"""The branch of every recipe on Linux 6.12 continues in b4."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.b4flow import go_through
from tests.clicase import credseries
from tests.gitrepo import git
from tests.kernel.conftest import RECIPES

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def linux(kernel_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with the directories at hand that the series are about, so that a branch can be checked out."""
    top = tmp_path_factory.mktemp("b4")
    git(top, "clone", "--quiet", "--shared", "--no-checkout", str(kernel_tree), "linux")
    linux = top / "linux"
    git(linux, "sparse-checkout", "set", "--cone", "fs/overlayfs", "include/linux")
    git(linux, "checkout", "--quiet")
    # without a server of one's own, b4 takes the web endpoint of the tree's .b4-config, and that wants signatures
    git(linux, "config", "sendemail.smtpServer", "127.0.0.1")
    return linux


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_branch_continues_in_b4(linux: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    assert credseries("split", "--recipe", recipe, "--base", "origin/HEAD", cwd=linux).status == 0
    git(linux, "checkout", "--quiet", f"creds-{recipe}")
    patches = int(git(linux, "rev-list", "--count", f"origin/HEAD..creds-{recipe}")) - 1
    go_through(linux, f"creds-{recipe}", patches, tmp_path)
