"""Which files a patch makes somebody compile, and what they may read, is told from git objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series, Step, read_series
from credseries.verify.levels.units import Touched, include_name, includes_header, relevant, touched, undepended
from credseries.verify.trees.states import Change, State, read_states
from tests.gitrepo import commit_all, git, make_repo, write_files


def _series(path: Path, base: str) -> tuple[Repository, Series]:
    repo = Repository.discover(path)
    return repo, read_series(repo, [f"{base}..HEAD"], None, lambda: b"")


def test_states_are_differences_from_the_base(tmp_path: Path) -> None:
    path = make_repo(tmp_path, {"fs/a.c": "a", "fs/b.c": "b", "include/x.h": "x"})
    base = git(path, "rev-parse", "HEAD").strip()
    write_files(path, {"fs/a.c": "changed", "fs/new file.c": "new"})
    commit_all(path, "One")
    git(path, "rm", "-q", "fs/b.c")
    (path / "fs/a.c").write_text("a")
    (path / "include/x.h").chmod(0o755)
    commit_all(path, "Two")
    repo, series = _series(path, base)
    states = read_states(repo, series)
    assert states.base == git(path, "rev-parse", f"{base}^{{tree}}").strip()
    assert states.by_revision[base].changes == ()
    one, two = (states.by_revision[step.after] for step in series.steps)
    blob = git(path, "rev-parse", "HEAD~:fs/new file.c").strip()
    assert one.change("fs/new file.c") == Change("fs/new file.c", "100644", blob, added=True)
    assert [change.path for change in one.changes] == ["fs/a.c", "fs/new file.c"]
    assert [(change.path, change.mode) for change in two.changes] == [
        ("fs/b.c", ""),
        ("fs/new file.c", "100644"),
        ("include/x.h", "100755"),
    ]
    assert two.lacks("fs/b.c")
    assert list(states.differing(series.steps[1].before, series.steps[1].after)) == ["fs/a.c", "fs/b.c", "include/x.h"]
    for state in (one, two):
        assert repo.changed_files(base, state.tree) == {change.path: bool(change.mode) for change in state.changes}


def test_steps_may_be_trees(tmp_path: Path) -> None:
    path = make_repo(tmp_path, {"a.c": "a"})
    before = git(path, "rev-parse", "HEAD^{tree}").strip()
    write_files(path, {"a.c": "b"})
    commit_all(path, "One")
    after = git(path, "rev-parse", "HEAD^{tree}").strip()
    states = read_states(Repository.discover(path), Series(before, (Step(1, "One", "", before, after),)))
    assert [change.path for change in states.by_revision[after].changes] == ["a.c"]
    assert states.by_revision[before] == State(before)


def test_kinds_of_files(tmp_path: Path) -> None:
    files = ("fs/a.c", "include/a.h", "fs/Kconfig", "fs/Makefile", "arch/x86/entry.S", "fs/table.inc")
    unread = ("MAINTAINERS", "Documentation/a.rst", "tools/a.c", "scripts/x.py", "fs/README", "arch/arm/a.dts")
    path = make_repo(tmp_path, {"x": ""})
    base = git(path, "rev-parse", "HEAD").strip()
    write_files(path, dict.fromkeys((*files, *unread), "text"))
    commit_all(path, "All")
    repo, series = _series(path, base)
    (step,) = series.steps
    found = touched(read_states(repo, series), step.before, step.after)
    assert found == Touched(
        units=("fs/a.c",),
        headers=("fs/table.inc", "include/a.h"),
        assembly=("arch/x86/entry.S",),
        build_files=("fs/Kconfig", "fs/Makefile"),
    )


@pytest.mark.parametrize(
    ("content", "unit", "header", "truth"),
    [
        (b"#include <linux/cred.h>\n", "fs/a.c", "include/linux/cred.h", True),
        (b"# include <linux/types.h>\n", "fs/a.c", "include/uapi/linux/types.h", True),
        (b"#include <asm/x.h>\n", "fs/a.c", "arch/x86/include/asm/x.h", True),
        (b'#include "x.h"\n', "fs/a.c", "fs/x.h", True),
        (b'#include "../x.h"\n', "fs/sub/a.c", "fs/x.h", True),
        (b'#include "x.h"\n', "fs/a.c", "fs/sub/x.h", False),
        (b"#include <linux/cred.h>\n", "fs/a.c", "tools/linux/cred.h", False),
        (b"/* cred.h */\n", "fs/a.c", "include/linux/cred.h", False),
    ],
)
def test_direct_includes(content: bytes, unit: str, header: str, truth: bool) -> None:
    assert includes_header(content, unit, header) is truth
    assert undepended([header], {unit: [content]}) == ([] if truth else [header])


def test_names_in_include_lines() -> None:
    assert include_name("include/linux/cred.h") == "linux/cred.h"
    assert include_name("include/uapi/linux/x.h") == "linux/x.h"
    assert include_name("fs/overlayfs/overlayfs.h") == "overlayfs.h"


def test_other_units_do_not_matter_to_a_unit() -> None:
    changes = [Change(path, "100644", "1") for path in ("MAINTAINERS", "fs/a.c", "fs/b.c", "fs/x.h")]
    state = State("t", tuple(changes))
    mine, others = relevant("fs/a.c", state, [b"#include <x.h>\n"])
    assert [change.path for change in mine] == ["fs/a.c", "fs/x.h"]
    assert others == ("MAINTAINERS", "fs/b.c")
    mine, _ = relevant("fs/a.c", state, [b"", b'#include "b.c"\n'])
    assert [change.path for change in mine] == ["fs/a.c", "fs/b.c", "fs/x.h"]
