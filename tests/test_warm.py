"""A command from a warm start is the command: what it says, ends with, and leaves behind is the same as from cold."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import warm
from tests.clicase import Ran, cold, credseries, environment
from tests.gitrepo import make_repo

COMMANDS = (
    ["--help"],
    ["--version"],
    ["status"],
    ["scan", "fs/overlayfs", "--json"],
    ["convert", "ovl_do_remove"],
    ["convert", "no_such_function"],
    ["send", "--resume"],
    ["bogus"],
    ["status", "--bogus"],
    [],
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_it_says_the_same_and_ends_the_same(split_miniature: Path, arguments: list[str]) -> None:
    assert warm.is_like(environment())
    assert credseries(*arguments, cwd=split_miniature) == cold(*arguments, cwd=split_miniature)


def test_names_that_are_no_utf_8_arrive(split_miniature: Path) -> None:
    odd = "fs/\udcff\u202e"
    ran = credseries("scan", odd, cwd=split_miniature)
    assert ran.status == 2
    assert ran == cold("scan", odd, cwd=split_miniature)


def test_each_has_its_own_directory_and_environment(tmp_path: Path) -> None:
    for name in ("one", "two"):
        tree = make_repo(tmp_path, {"Makefile": "VERSION = 6\n"}, name=name)
        env = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.abbrev", "GIT_CONFIG_VALUE_0": name}
        assert "core.abbrev" in credseries("status", cwd=tree, env=env).err
    assert credseries("status", cwd=tmp_path).status != 0


def test_what_is_heeded_at_the_start_is_started_from_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATH", "PYTHONWARNINGS", "LC_ALL", "FORCE_COLOR", "TERM", "_CREDSERIES_COMPLETE"):
        assert not warm.is_like(environment({name: "other"}))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    assert warm.is_like(environment())


def test_one_that_does_not_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(["status"], tmp_path, environment(), 0.0)
    assert isinstance(credseries("--version", cwd=tmp_path), Ran)
