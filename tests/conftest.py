"""Seals every test off from the machine: its own home and git configuration, fixed dates and language."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.gitrepo import git

# What started the tests may ignore these (nohup, a shell's `&`, a CI), all that they start would too, and a test that
# interrupts a program would wait for good.
for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

# How long a machine takes says nothing about what is tested.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

_REMOVED = (
    *(
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_PREFIX",
        "GIT_EXTERNAL_DIFF",
        "GIT_CONFIG_PARAMETERS",
    ),
    *("GIT_CONFIG_COUNT", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"),
    *("EMAIL", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TERM_PROGRAM"),
)
_GIT_CONFIG = """\
[user]
	name = Test Developer
	email = dev@example.org
[init]
	defaultBranch = master
[gc]
	auto = 0
[advice]
	detachedHead = false
"""


def _seal(patch: pytest.MonkeyPatch, home: Path) -> None:
    configuration = home / "gitconfig"
    configuration.write_text(_GIT_CONFIG)
    for name in _REMOVED:
        patch.delenv(name, raising=False)
    for name, value in {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(configuration),
        "GIT_AUTHOR_DATE": "2024-11-20T12:00:00+00:00",
        "GIT_COMMITTER_DATE": "2024-11-20T12:00:00+00:00",
        "GIT_EDITOR": "false",
        "GIT_TERMINAL_PROMPT": "0",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "100",
    }.items():
        patch.setenv(name, value)


@pytest.fixture(scope="session", autouse=True)
def sealed_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests share is made before the first of them, and is sealed off as they are."""
    with pytest.MonkeyPatch.context() as patch:
        _seal(patch, tmp_path_factory.mktemp("home"))
        yield


@pytest.fixture(autouse=True)
def sealed_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    _seal(monkeypatch, tmp_path_factory.mktemp("home"))
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="session")
def pristine_miniature(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The miniature kernel tree in a git repository: to look at, not to write to."""
    from credseries.series.demo import make_repository

    path = tmp_path_factory.mktemp("pristine") / "linux"
    make_repository(path)
    before = git(path, "status", "--porcelain"), sorted((path / ".git").iterdir())
    yield path
    # who writes to it changes what another test starts with
    assert (git(path, "status", "--porcelain"), sorted((path / ".git").iterdir())) == before


@pytest.fixture
def miniature(pristine_miniature: Path, tmp_path: Path) -> Path:
    """A copy of the miniature kernel tree's repository, to do with as one likes."""
    return Path(shutil.copytree(pristine_miniature, tmp_path / "linux", symlinks=True))


@pytest.fixture(scope="session")
def split_miniature(pristine_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The miniature tree with a series on its branch: to copy, not to write to."""
    from tests.clicase import credseries

    path = Path(shutil.copytree(pristine_miniature, tmp_path_factory.mktemp("split") / "linux", symlinks=True))
    ran = credseries("split", cwd=path)
    assert ran.status == 0, ran
    return path
