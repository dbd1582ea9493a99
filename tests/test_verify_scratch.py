"""Nothing stays behind of directories for a moment, and of what is made once there is never a half."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from credseries.verify.once import locked, made_once
from credseries.verify.trees import scratch


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scratch, "_MEMORY", tmp_path)
    scratch._swept.clear()


def _left_behind(place: Path, age: float) -> Path:
    path = place / "credseries-scratch-left"
    (path / "here/first").mkdir(parents=True)
    (path / "here/first/link").symlink_to("/etc/passwd")
    (path / "lock").touch()
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_a_directory_is_gone_afterwards(tmp_path: Path) -> None:
    with scratch.scratch() as place:
        (place / "x").write_text("x")
        assert place.is_relative_to(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    old = _left_behind(tmp_path, 3600)
    with scratch.scratch():
        assert not old.exists()
    assert Path("/etc/passwd").exists()


def test_what_somebody_uses_stays(tmp_path: Path) -> None:
    old = _left_behind(tmp_path, 3600)
    with locked(old / "lock"), scratch.scratch():
        assert old.exists()


def test_what_is_young_stays(tmp_path: Path) -> None:
    young = _left_behind(tmp_path, 0)
    with scratch.scratch():
        assert young.exists()


def test_a_directory_is_made_once(tmp_path: Path) -> None:
    made = []

    def make(path: Path) -> None:
        made.append(path)
        time.sleep(0.05)
        (path / "file").write_text("whole")

    target = tmp_path / "thing"
    (tmp_path / "thing.unfinished").mkdir()
    (tmp_path / "thing.unfinished/half").write_text("half")
    threads = [threading.Thread(target=made_once, args=(target, make)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert [path.name for path in target.iterdir()] == ["file"]


def test_what_fails_is_not_there(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        (path / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_once(tmp_path / "thing", fail)
    assert not (tmp_path / "thing").exists()
    assert made_once(tmp_path / "thing", lambda _: None).is_dir()
    assert list((tmp_path / "thing").iterdir()) == []
