"""A real kernel tree, named by CREDSERIES_KERNEL_TREE: a git repository that the tests read and never write to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from credseries.cli.options import take_survey
from credseries.cli.split import make_series
from credseries.kernel.git import Repository
from credseries.series.model import SeriesRecord
from credseries.series.scan import Survey
from tests.gitrepo import git

# read here, for the tests themselves get a home of their own
TREE = os.environ.get("CREDSERIES_KERNEL_TREE")
CACHE = Path(
    os.environ.get("CREDSERIES_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "credseries-tests"
).absolute()


@dataclass(frozen=True)
class KernelSeries:
    """The default series, split in a clone that shares the kernel tree's objects."""

    path: Path
    repo: Repository
    record: SeriesRecord

    @property
    def commits(self) -> list[str]:
        """The patches' commit ids."""
        return [patch.commit for patch in self.record.patches]


@pytest.fixture(scope="session")
def kernel_tree() -> Path:
    if not TREE:
        pytest.skip("CREDSERIES_KERNEL_TREE names no kernel tree; see tests/kernel/prepare.sh")
    return Path(TREE).absolute()


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where what takes long to make is kept between runs."""
    CACHE.mkdir(parents=True, exist_ok=True)
    return CACHE


@pytest.fixture(scope="session")
def clone(kernel_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("kernel")
    git(top, "clone", "--quiet", "--shared", "--no-checkout", str(kernel_tree), "linux")
    git(top / "linux", "config", "user.name", "Test Developer")
    git(top / "linux", "config", "user.email", "dev@example.org")
    return top / "linux"


@pytest.fixture(scope="module")
def checked_out(kernel_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with the directories at hand that the series are about, so that a branch can be checked out."""
    top = tmp_path_factory.mktemp("checked")
    git(top, "clone", "--quiet", "--shared", "--no-checkout", str(kernel_tree), "linux")
    linux = top / "linux"
    git(linux, "sparse-checkout", "set", "--cone", "fs/overlayfs", "include/linux")
    git(linux, "checkout", "--quiet")
    # without a server of one's own, b4 takes the web endpoint of the tree's .b4-config, and that wants signatures
    git(linux, "config", "sendemail.smtpServer", "127.0.0.1")
    return linux


@pytest.fixture(scope="session")
def survey(clone: Path) -> Survey:
    return take_survey(Repository.discover(clone), "HEAD", "rfc")


RECIPES = ("rfc", "light", "guards", "per-file", "per-function")


def _split(clone: Path, recipe: str) -> KernelSeries:
    repo = Repository.discover(clone)
    return KernelSeries(clone, repo, make_series(repo, recipe, "HEAD", None))


@pytest.fixture(scope="session")
def every_series(clone: Path) -> dict[str, KernelSeries]:
    """The series of every recipe."""
    return {recipe: _split(clone, recipe) for recipe in RECIPES}


@pytest.fixture(scope="session", params=RECIPES)
def series(request: pytest.FixtureRequest, every_series: dict[str, KernelSeries]) -> KernelSeries:
    return every_series[request.param]
