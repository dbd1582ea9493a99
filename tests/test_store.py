"""Claims about the store, each against a real SQLite file."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from credseries.errors import EnvironmentProblem, StoreDamaged
from credseries.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "credseries" / "state.sqlite"


def run(code: str, path: Path) -> subprocess.Popen[str]:
    """Another process with the same store."""
    program = f"from pathlib import Path\nfrom credseries.store import Store\nstore = Store(Path({str(path)!r}))\n"
    command = [sys.executable, "-c", program + textwrap.dedent(code)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_gives_back_what_was_put(path: Path) -> None:
    value = {"name": "grüße", "list": [1, 2.5, None, True], "nested": {"a": []}}
    Store(path).put("series", "b4/creds", value)
    assert Store(path).get("series", "b4/creds") == value


def test_a_later_value_replaces_an_earlier_one(path: Path) -> None:
    store = Store(path)
    store.put("series", "a", 1)
    store.put("series", "a", 2)
    assert store.get("series", "a") == 2


def test_kinds_are_apart_and_keys_sorted(path: Path) -> None:
    store = Store(path)
    for kind, key in [("series", "b"), ("series", "a"), ("outbox", "c")]:
        store.put(kind, key, key)
    assert store.keys("series") == ["a", "b"]
    assert store.get("outbox", "a") is None


def test_reading_makes_no_file(path: Path) -> None:
    store = Store(path)
    assert store.get("series", "a") is None
    assert store.keys("series") == []
    store.delete("series", "a")
    assert not path.parent.exists()


def test_deletes(path: Path) -> None:
    store = Store(path)
    store.put("series", "a", 1)
    store.delete("series", "a")
    store.delete("series", "never there")
    assert store.keys("series") == []


def test_what_json_cannot_hold_is_refused(path: Path) -> None:
    with pytest.raises(TypeError):
        Store(path).put("series", "a", {1, 2})
    assert not path.exists()


def test_a_transaction_is_all_or_nothing(path: Path) -> None:
    store = Store(path)
    store.put("series", "a", 1)

    def fail() -> None:
        with store.transaction():
            store.put("series", "a", 2)
            store.put("series", "b", 2)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (store.get("series", "a"), store.keys("series")) == (1, ["a"])
    with store.transaction():
        store.delete("series", "a")
        store.put("series", "b", 2)
    assert Store(path).keys("series") == ["b"]


@pytest.mark.parametrize("content", [b"this is no database, and long enough to be one" * 100, b"SQLite format 3\0x"])
def test_a_damaged_file_says_where_it_is_and_what_to_do(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    for use in (lambda: Store(path).get("series", "a"), lambda: Store(path).put("series", "a", 1)):
        with pytest.raises(StoreDamaged, match="is damaged") as caught:
            use()
        assert str(path) in caught.value.message
        assert f"mv '{path}'" in caught.value.hint


def test_a_torn_file_is_damaged(path: Path) -> None:
    store = Store(path)
    for number in range(200):
        store.put("series", str(number), "x" * 1000)
    store.close()
    path.write_bytes(path.read_bytes()[:8192])
    with pytest.raises(StoreDamaged):
        Store(path).keys("series")


def test_an_empty_file_is_an_empty_store(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert Store(path).get("series", "a") is None
    Store(path).put("series", "a", 1)
    assert Store(path).get("series", "a") == 1


def test_a_foreign_database_is_damaged(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(StoreDamaged, match="no such table"):
        Store(path).keys("series")


def test_a_newer_format_is_left_alone(path: Path) -> None:
    store = Store(path)
    store.put("series", "a", 1)
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    for use in (lambda: Store(path).get("series", "a"), lambda: Store(path).put("series", "a", 2)):
        with pytest.raises(StoreDamaged, match="newer credseries") as caught:
            use()
        assert caught.value.hint == "update credseries"


def test_a_directory_that_cannot_be_written_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentProblem):
        Store(tmp_path / "file" / "state.sqlite").put("series", "a", 1)


def test_two_processes_wait_for_each_other(path: Path) -> None:
    code = """
        for number in range(100):
            with store.transaction():
                store.put("count", "n", (store.get("count", "n") or 0) + 1)
    """
    processes = [run(code, path) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert Store(path).get("count", "n") == 300


def test_a_stamp_tells_that_others_have_changed_something(path: Path) -> None:
    store, other = Store(path), Store(path)
    assert store.stamp() == ()
    assert not path.parent.exists()
    seen = []
    for change in (
        lambda: other.put("series", "a", 1),
        lambda: other.put("series", "a", 2),
        lambda: other.delete("series", "a"),
        lambda: (path.unlink(), other.close()),
        lambda: other.put("series", "a", 1),
    ):
        change()
        seen.append(store.stamp())
        assert store.stamp() == seen[-1]
    assert len(set(seen)) == len(seen)
    other.close()
    store.close()


def test_asking_for_the_stamp_keeps_nobody_waiting(path: Path) -> None:
    store, other = Store(path), Store(path, wait=0.0)
    other.put("series", "a", 1)
    store.stamp()
    other.put("series", "a", 2)
    with other.transaction():
        before = store.stamp()
        other.put("series", "a", 3)
    assert store.stamp() != before
    other.close()
    store.close()


def test_waiting_has_an_end(path: Path) -> None:
    first, second = Store(path), Store(path, wait=0.05)
    with first.transaction(), pytest.raises(EnvironmentProblem, match="locked"):
        second.put("series", "a", 1)


def test_a_killed_process_leaves_the_state_before_its_transaction(path: Path) -> None:
    Store(path).put("series", "a", "before")
    code = """
        with store.transaction() as connection:
            connection.execute("PRAGMA cache_size = 1")
            store.put("series", "a", "half")
            for number in range(2000):
                store.put("series", str(number), "x" * 1000)
            print("ready", flush=True)
            input()
    """
    process = run(code.replace("input()", "__import__('time').sleep(60)"), path)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert Store(path).get("series", "a") == "before"
    assert Store(path).keys("series") == ["a"]
