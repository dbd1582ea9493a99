"""The cache saves a search, and nothing depends on it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.series import cache as cache_module
from credseries.series.cache import Cache, key
from credseries.series.search import NEEDLES, Search
from tests.gitrepo import commit_all, make_repo, write_files

FILES = {"fs/a.c": "override_creds(x);\n", "fs/b.c": "nothing;\n", "doc.rst": "see revert_creds()\n"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_repo(tmp_path, FILES)


def search(path: Path) -> tuple[list[str], bool]:
    """What a search finds, and whether git had to search."""
    repo = Repository.discover(path)
    cache = Cache(repo)
    running = Search(repo, "HEAD", cache)
    found = [item for batch in running.batches() for item in batch]
    searched = running.searches
    running.close()
    cache.close()
    return found, searched


def test_a_tree_is_searched_once(path: Path) -> None:
    assert search(path) == (["doc.rst", "fs/a.c"], True)
    assert search(path) == (["doc.rst", "fs/a.c"], False)


def test_of_another_tree_only_what_differs_is_read(path: Path) -> None:
    search(path)
    write_files(path, {"fs/b.c": "revert_creds(y);\n", "fs-a": "override_creds\n", "fs/a.c": "gone\n"})
    (path / "doc.rst").unlink()
    commit_all(path, "b")
    assert search(path) == (["fs-a", "fs/b.c"], False)
    shutil.rmtree(path / ".git" / "credseries")
    assert search(path) == (["fs-a", "fs/b.c"], True)


def test_a_latest_tree_that_is_gone_does_not_matter(path: Path) -> None:
    repo = Repository.discover(path)
    cache = Cache(repo)
    cache.put("latest search", key(*NEEDLES, "guard(cred"), {"tree": "1" * 40, "found": ["x"]})
    cache.close()
    assert search(path) == (["doc.rst", "fs/a.c"], True)


def test_a_work_tree_that_differs_does_not_matter(path: Path) -> None:
    write_files(path, {"fs/a.c": "gone\n", "fs/b.c": "override_creds()\n"})
    assert search(path) == (["doc.rst", "fs/a.c"], True)


def test_a_damaged_cache_is_made_anew(path: Path) -> None:
    search(path)
    file = path / ".git" / "credseries" / "cache.sqlite"
    file.write_bytes(b"not a database" * 100)
    assert search(path) == (["doc.rst", "fs/a.c"], True)
    assert search(path) == (["doc.rst", "fs/a.c"], False)


def test_an_entry_that_was_changed_is_not_believed(path: Path) -> None:
    search(path)
    with sqlite3.connect(path / ".git" / "credseries" / "cache.sqlite") as connection:
        connection.execute("UPDATE entry SET value = replace(value, 'fs/a.c', 'fs/b.c')")
    connection.close()
    assert search(path) == (["doc.rst", "fs/a.c"], True)


def test_a_repository_that_cannot_be_written_to_is_searched_every_time(path: Path) -> None:
    (path / ".git" / "credseries").write_text("a file where the directory would be")
    assert search(path) == (["doc.rst", "fs/a.c"], True)
    assert search(path) == (["doc.rst", "fs/a.c"], True)


def test_a_cache_that_another_process_uses_is_left_to_it(path: Path) -> None:
    cache = Cache(Repository.discover(path))
    cache.put("kind", "a", 1)
    file = path / ".git" / "credseries" / "cache.sqlite"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert cache.get("kind", "a") is None
        cache.put("kind", "b", 2)
        other.execute("COMMIT")
    assert cache.get("kind", "a") == 1
    assert cache.get("kind", "b") is None
    cache.put("kind", "b", 2)
    assert cache.get("kind", "b") == 2
    cache.close()


def test_another_version_of_the_program_has_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = key("x")
    assert mine == key("x") != key("y")
    monkeypatch.setattr(cache_module, "program_id", lambda: "another")
    assert key("x") != mine


def test_old_entries_go(path: Path) -> None:
    cache = Cache(Repository.discover(path))
    for number in range(100):
        cache.put("kind", f"{number:03}", number)
    assert cache.get("kind", "099") == 99
    assert cache.get("kind", "000") is None
    cache.close()
