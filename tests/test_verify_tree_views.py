"""A view of a state has exactly the files that a checkout of it would have, however it came to be."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.verify.trees.views import File, change_view, make_view, misread, update_view
from tests.gitrepo import write_files

NAMES = st.sampled_from(["a", "b", "c.h", "d.c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
CONTENTS = st.binary(max_size=3)
FILES = st.builds(File, CONTENTS, st.sampled_from(["100644", "100755"]))


def _tree(paths: dict[str, File]) -> dict[str, File]:
    """The entries that can be in one tree: no file is a directory of another."""
    return {path: file for path, file in paths.items() if not any(other.startswith(path + "/") for other in paths)}


TREES = st.dictionaries(PATHS, FILES, max_size=8).map(_tree)


def _write(directory: Path, tree: dict[str, File]) -> None:
    write_files(directory, {path: file.content for path, file in tree.items()})
    for path, file in tree.items():
        (directory / path).chmod(0o755 if file.mode == "100755" else 0o644)


def _read(directory: Path) -> dict[str, File]:
    """Everything that can be reached, links followed."""
    found = {}
    for place, _, names in os.walk(directory, followlinks=True):
        for name in names:
            path = Path(place, name)
            mode = "100755" if path.stat().st_mode & 0o100 else "100644"
            found[str(path.relative_to(directory))] = File(path.read_bytes(), mode)
    return found


def _changes(base: dict[str, File], state: dict[str, File]) -> dict[str, File | None]:
    return {path: state.get(path) for path in {*base, *state} if base.get(path) != state.get(path)}


@given(TREES, TREES, st.lists(PATHS, max_size=2))
@settings(max_examples=50, deadline=None)
def test_a_view_is_what_a_checkout_would_be(
    base: dict[str, File], state: dict[str, File], directories: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as top:
        source, view = Path(top, "base"), Path(top, "view")
        source.mkdir()
        _write(source, base)
        real = [path for path in directories if (source / path).is_dir()]
        real = [path for path in real if not any(part in state for part in (path, *map(str, Path(path).parents)))]
        make_view(source, view, _changes(base, state), real)
        assert _read(view) == state
        assert _read(source) == base
        kept = [path for path in real if any(file.startswith(path + "/") for file in state)]
        assert not any((view / path).is_symlink() for path in kept)


@given(TREES, st.lists(TREES, min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_a_view_goes_from_state_to_state(base: dict[str, File], states: list[dict[str, File]]) -> None:
    with tempfile.TemporaryDirectory() as top:
        source, view = Path(top, "base"), Path(top, "view")
        source.mkdir()
        _write(source, base)
        make_view(source, view, {})
        for state in states:
            update_view(source, view, _changes(base, state))
            assert _read(view) == state
        assert _read(source) == base


@given(TREES, st.lists(TREES, min_size=1, max_size=4), st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_view_goes_from_state_to_state_when_it_is_known_what_differs(
    base: dict[str, File], states: list[dict[str, File]], inner: bool
) -> None:
    with tempfile.TemporaryDirectory() as top:
        source, view = Path(top, "base"), Path(top, "view")
        source.mkdir()
        _write(source, base)
        make_view(source, view, {})
        old: dict[str, File | None] = {}
        for state in states:
            new = _changes(base, state)
            change_view(source, view, old, new, ["a"] if inner and (source / "a").is_dir() else [])
            assert _read(view) == state
            old = new


def test_only_what_changes_gets_a_new_time(tmp_path: Path) -> None:
    source, view = tmp_path / "base", tmp_path / "view"
    write_files(source, {"fs/a.c": "a", "fs/b.c": "b", "include/x.h": "x", "include/y.h": "y"})
    old = time.time_ns() - 10**12
    for path in source.rglob("*"):
        os.utime(path, ns=(old, old))
    make_view(source, view, {})
    update_view(source, view, {"fs/a.c": File(b"new")})
    update_view(source, view, {"fs/a.c": File(b"new"), "include/x.h": None})
    times = {str(path.relative_to(view)): path.stat().st_mtime_ns for path in view.rglob("*.[ch]")}
    assert times["fs/a.c"] > old
    assert times["fs/b.c"] == old
    assert times["include/y.h"] == old
    first = times["fs/a.c"]
    update_view(source, view, {"fs/a.c": File(b"new")})
    assert (view / "fs/a.c").stat().st_mtime_ns == first
    assert (view / "include/x.h").stat().st_mtime_ns >= first, "make has to see that it is there again"
    update_view(source, view, {})
    assert (view / "fs/a.c").read_bytes() == b"a"
    assert (view / "fs/a.c").stat().st_mtime_ns > first


def test_a_file_that_was_read_through_a_linked_directory_is_noticed(tmp_path: Path) -> None:
    source, view = tmp_path / "base", tmp_path / "view"
    write_files(source, {"fs/sub/a.c": '#include "../x.h"', "fs/x.h": "old", "fs/y.h": "y"})
    changes = {"fs/x.h": File(b"new")}
    make_view(source, view, changes)
    through = str(view / "fs/sub/../x.h")
    assert Path(through).read_bytes() == b"old"
    assert misread(source, changes, [through, str(view / "fs/y.h"), "/usr/include/stdio.h"]) == ["fs/x.h"]
    better = tmp_path / "better"
    make_view(source, better, changes, ["fs/sub"])
    assert misread(source, changes, [str(better / "fs/sub/../x.h")]) == []
    assert (better / "fs/sub/../x.h").read_bytes() == b"new"


def test_links_of_the_tree_itself(tmp_path: Path) -> None:
    source, view = tmp_path / "base", tmp_path / "view"
    write_files(source, {"include/x.h": "x", "include/y.h": "y"})
    (source / "link.h").symlink_to("include/x.h")
    make_view(source, view, {})
    assert (view / "link.h").read_bytes() == b"x"
    update_view(source, view, {"link.h": File(b"include/y.h", "120000")})
    assert (view / "link.h").read_bytes() == b"y"
    update_view(source, view, {})
    assert (view / "link.h").read_bytes() == b"x"
