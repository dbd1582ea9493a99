"""The levels compile and build, and the same-code claim, on the miniature tree: what is new is found at its patch."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from credseries.errors import EnvironmentProblem
from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series, read_series
from credseries.verify.kbuild.toolchains import host_architecture
from credseries.verify.levels.build import build_checks
from credseries.verify.levels.compile import Pair, compile_checks, judge, plan_units
from credseries.verify.levels.same_code import same_code_checks
from credseries.verify.missing import Missing
from credseries.verify.model import Level, Status, Variant
from credseries.verify.tasks import Check, Judgement, Place, Result, Task
from tests.gitrepo import commit_all, git

ARCH = host_architecture()
CLANG = "clang-19" if shutil.which("clang-19") else "clang"
VARIANTS = tuple(Variant(cc, ARCH) for cc in ("gcc", CLANG) if shutil.which(cc))
GCC = Variant("gcc", ARCH)

pytestmark = pytest.mark.skipif(not shutil.which("gcc") or not shutil.which("make"), reason="no gcc or make here")


@pytest.fixture(autouse=True)
def _no_sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is checked depends on nothing that may be installed or not."""
    monkeypatch.setattr("credseries.verify.levels.compile.sparse_version", str)


def _nothing_missing(_: Variant) -> Sequence[Missing]:
    return ()


class Tree:
    """A repository of the miniature tree with patches on it."""

    def __init__(self, path: Path, cache: Path) -> None:
        self.path = path
        self.repo = Repository.discover(path)
        self.base = git(path, "rev-parse", "HEAD").strip()
        self.place = Place(self.repo, cache, 2)
        self.ran: dict[str, Result] = {}

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.path / file).read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file}"
        (self.path / file).write_text(text.replace(old, new))

    def commit(self, subject: str) -> None:
        commit_all(self.path, subject)

    def series(self) -> Series:
        return read_series(self.repo, [f"{self.base}..HEAD"], None, lambda: b"")

    def run(self, task: Task) -> Result:
        """A task's result; it travels to another process and back, and is done once."""
        if task.key not in self.ran:
            self.ran[task.key] = pickle.loads(pickle.dumps(task)).run(self.place)
        return self.ran[task.key]

    def judged(self, checks: Sequence[Check]) -> dict[tuple[int, str], Judgement]:
        return {(c.step, c.variant): c.judge([self.run(task) for task in c.tasks]) for c in checks}

    def compiled(self, variants: Sequence[Variant] = VARIANTS) -> dict[tuple[int, str], Judgement]:
        return self.judged(compile_checks(self.repo, self.series(), variants, lacking=_nothing_missing))

    def built(self, variants: Sequence[Variant] = (GCC,)) -> dict[tuple[int, str], Judgement]:
        return self.judged(build_checks(self.repo, self.series(), variants, lacking=_nothing_missing))

    def same(self, *steps: int) -> dict[tuple[int, str], Judgement]:
        found = self.judged(same_code_checks(self.repo, self.series(), (GCC,), steps, lacking=_nothing_missing))
        return {(step, label.removesuffix(" same code")): judgement for (step, label), judgement in found.items()}


@pytest.fixture
def tree(miniature: Path, tmp_path: Path) -> Tree:
    return Tree(miniature, tmp_path / "cache")


def _statuses(judged: dict[tuple[int, str], Judgement]) -> dict[tuple[int, str], Status]:
    return {key: judgement.status for key, judgement in judged.items()}


HELPER = "#endif /* _LINUX_CRED_H */"
NEW_HELPER = "static inline int cred_is_new(const struct cred *cred)\n{\n\treturn !cred;\n}\n\n" + HELPER
OPEN = "#include <linux/fs.h>"


def test_a_helper_and_its_users_pass_and_a_users_mistake_is_found(tree: Tree) -> None:
    tree.edit("include/linux/cred.h", HELPER, NEW_HELPER)
    tree.commit("cred: Add a helper")
    tree.edit(
        "fs/open.c", OPEN, f"{OPEN}\n\nint open_new(const struct cred *cred)\n{{\n\treturn cred_is_new(cred);\n}}\n"
    )
    tree.commit("open: Use it")
    tree.edit("fs/open.c", "return cred_is_new(cred);", "return cred_is_old(cred);")
    tree.commit("open: Misspell it")
    judged = tree.compiled()
    for variant in VARIANTS:
        assert judged[1, variant.label].status is Status.PASS, judged[1, variant.label]
        second, third = judged[2, variant.label], judged[3, variant.label]
        # -Wmissing-prototypes is not the miniature's
        assert second.status is Status.PASS, second
        assert third.status is Status.FAIL
        (problem, *_) = third.problems
        assert (problem.file, problem.source) == ("fs/open.c", "\treturn cred_is_old(cred);")
        assert problem.line == (tree.path / "fs/open.c").read_text().split("\n").index(problem.source) + 1
        assert "cred_is_old" in problem.message
    assert not git(tree.path, "status", "--porcelain").strip(), "the user's tree is not written to"
    checks = compile_checks(tree.repo, tree.series(), (GCC,), lacking=_nothing_missing)
    head = git(tree.path, "rev-parse", "--short=12", "HEAD").strip()
    assert checks[2].reproduce == f"git switch --detach {head} && make ARCH={ARCH} CC=gcc W=1 fs/open.o"
    assert checks[2].level is Level.COMPILE


def test_a_warning_counts_where_it_comes_in_and_not_before_or_after(tree: Tree) -> None:
    tree.edit("fs/open.c", OPEN, f"{OPEN}\nstatic int never;")
    tree.commit("open: Add what nobody uses")
    tree.edit("fs/open.c", OPEN, f"\n\n\n{OPEN}")
    tree.commit("open: Move all lines")
    judged = tree.compiled((GCC,))
    assert judged[1, GCC.label].status is Status.FAIL
    assert judged[1, GCC.label].problems[0].source == "static int never;"
    assert "[-Wunused-variable]" in judged[1, GCC.label].problems[0].message
    assert judged[2, GCC.label].status is Status.PASS


def test_a_header_that_breaks_a_file_of_the_series_is_found(tree: Tree) -> None:
    tree.edit("fs/open.c", OPEN, f"{OPEN}\n")
    tree.commit("open: Touch it")
    text = (tree.path / "include/linux/cred.h").read_text()
    tree.edit("include/linux/cred.h", HELPER, f"int prepare_creds;\n{HELPER}")
    tree.commit("cred: Break it")
    (tree.path / "include/linux/cred.h").write_text(text)
    tree.commit("cred: Mend it")
    judged = tree.compiled((GCC,))
    assert [judged[step, GCC.label].status for step in (1, 2, 3)] == [Status.PASS, Status.FAIL, Status.PASS]
    assert {problem.file for problem in judged[2, GCC.label].problems} == {"include/linux/cred.h"}


def test_a_series_of_headers_compiles_files_that_include_them(tree: Tree) -> None:
    tree.edit("include/linux/cred.h", HELPER, f"int prepare_creds;\n{HELPER}")
    tree.commit("cred: Break it")
    plan = plan_units(tree.repo, tree.series())
    assert plan.dependents, "some file includes it"
    assert all("linux/cred.h" in (tree.path / unit).read_text() for unit in plan.dependents)
    assert tree.compiled((GCC,))[1, GCC.label].status is Status.FAIL


def test_files_come_and_go(tree: Tree) -> None:
    (tree.path / "fs/new.h").write_text("static inline int one(void)\n{\n\treturn 1;\n}\n")
    (tree.path / "fs/new.c").write_text('#include "new.h"\nint two(void);\nint two(void)\n{\n\treturn 2 * one();\n}\n')
    tree.edit("fs/Kbuild", "fs/open.o", "fs/open.o fs/new.o")
    tree.commit("fs: Add a file")
    git(tree.path, "rm", "-q", "fs/new.h")
    tree.commit("fs: Forget that it is used")
    git(tree.path, "rm", "-q", "fs/new.c")
    tree.edit("fs/Kbuild", " fs/new.o", "")
    tree.commit("fs: Remove it")
    judged = tree.compiled((GCC,))
    assert judged[1, GCC.label].status is Status.PASS
    assert "fs/Kbuild changed: needs the level build" in judged[1, GCC.label].summary
    assert judged[2, GCC.label].status is Status.FAIL
    assert "new.h" in judged[2, GCC.label].problems[0].message
    assert judged[2, GCC.label].problems[0].line == 1
    assert judged[3, GCC.label].status is Status.PASS
    built = tree.built()
    assert [built[step, GCC.label].status for step in (1, 2, 3)] == [Status.PASS, Status.FAIL, Status.PASS]


def test_what_needs_no_compiler_passes_without_one(tree: Tree) -> None:
    tree.edit("MAINTAINERS", "OVERLAY FILESYSTEM", "OVERLAY  FILESYSTEM")
    tree.commit("MAINTAINERS: Space it")
    (check,) = compile_checks(tree.repo, tree.series(), (GCC,), lacking=_nothing_missing)
    assert check.tasks == ()
    assert check.judge([]) == Judgement(Status.PASS, "nothing to compile")
    assert tree.built()[1, GCC.label].status is Status.PASS


def test_what_is_missing_is_named_with_its_package(tree: Tree) -> None:
    tree.edit("fs/open.c", OPEN, f"{OPEN}\n")
    tree.commit("open: Touch it")
    lacking: Callable[[Variant], Sequence[Missing]] = lambda _: (Missing("flex", "flex"), Missing("bison", "bison"))  # noqa: E731
    for plan in (compile_checks, build_checks):
        (check,) = plan(tree.repo, tree.series(), (GCC,), lacking=lacking)
        assert check.missing
        assert check.skipped == "flex, bison not found: apt install flex bison"


def test_a_parents_header_is_not_taken_from_the_base(tree: Tree) -> None:
    """The directory that `..` starts from does not differ, so in the view it would be a link into the base."""
    include = '#include "../deep.h"\n'
    (tree.path / "include/linux/inner").mkdir()
    (tree.path / "include/linux/inner/x.h").write_text(include)
    (tree.path / "include/linux/deep.h").write_text("#define DEEP 1\n")
    tree.edit("fs/open.c", OPEN, f"{OPEN}\n#include <linux/inner/x.h>\n_Static_assert(DEEP == 1);")
    tree.commit("Base")
    tree.base = git(tree.path, "rev-parse", "HEAD").strip()
    tree.edit("include/linux/deep.h", "DEEP 1", "DEEP 2")
    tree.edit("fs/open.c", "DEEP == 1", "DEEP == 2")
    tree.commit("deep: Change it and its user")
    tree.edit("fs/open.c", "DEEP == 2", "DEEP == 1")
    tree.commit("open: Believe that nothing has changed")
    judged = tree.compiled((GCC,))
    assert judged[1, GCC.label].status is Status.PASS
    assert judged[2, GCC.label].status is Status.FAIL


def test_the_same_code_and_other_code(tree: Tree) -> None:
    tree.edit("fs/open.c", OPEN, f"{OPEN}\n\n/* Lines move. */\n")
    tree.edit("include/linux/cred.h", HELPER, NEW_HELPER)
    tree.commit("open: Explain, and add a helper that nobody uses")
    tree.edit("fs/open.c", "return -ENOMEM;", "return -77;")
    tree.commit("open: Return something else")
    judged = tree.same(1, 2)
    assert judged[1, GCC.label].status is Status.PASS, judged[1, GCC.label]
    assert judged[1, GCC.label].summary.startswith("the same code in ")
    assert judged[2, GCC.label].status is Status.FAIL
    assert judged[2, GCC.label].problems[0].file == "fs/open.c"
    assert "function" in judged[2, GCC.label].problems[0].message
    assert tree.same() == {}


def test_build_finds_what_it_is_told_in_any_order(tree: Tree) -> None:
    tree.edit("fs/open.c", OPEN, f"{OPEN}\nstatic int never;")
    tree.commit("open: Add what nobody uses")
    tree.edit("fs/open.c", "\nstatic int never;", "")
    tree.commit("open: Remove it")
    checks = build_checks(tree.repo, tree.series(), (GCC,), lacking=_nothing_missing)
    for task in reversed([task for check in checks for task in check.tasks]):
        tree.run(task)
    judged = tree.judged(checks)
    assert [judged[step, GCC.label].status for step in (1, 2)] == [Status.FAIL, Status.PASS]
    assert judged[1, GCC.label].problems[0].source == "static int never;"


def test_a_build_that_was_killed_starts_over(tree: Tree) -> None:
    tree.edit("fs/open.c", OPEN, f"{OPEN}\n")
    tree.commit("open: Touch it")
    assert tree.built()[1, GCC.label].status is Status.PASS
    (root,) = (path for path in tree.place.cache.glob("build-*") if path.is_dir())
    (root / "built.busy").touch()
    (root / "built/fs/open.o").write_bytes(b"half")
    (root / "built.json").write_text("{")
    tree.ran.clear()
    assert tree.built()[1, GCC.label].status is Status.PASS
    assert (root / "built/fs/open.o").read_bytes() != b"half"


def test_keys_know_what_matters(tree: Tree) -> None:
    tree.edit("fs/open.c", OPEN, f"{OPEN}\n")
    tree.commit("open: Touch it")
    tree.edit("fs/overlayfs/dir.c", '#include "overlayfs.h"', '#include "overlayfs.h"\n')
    tree.commit("ovl: Touch it")
    series = tree.series()
    first, second = compile_checks(tree.repo, series, (GCC,), lacking=_nothing_missing)
    assert [task.key for task in first.tasks] != [task.key for task in second.tasks]
    again = compile_checks(tree.repo, series, (GCC,), lacking=_nothing_missing)
    assert [task.key for check in again for task in check.tasks] == [
        task.key for check in (first, second) for task in check.tasks
    ]
    assert second.tasks[0].key != second.tasks[1].key
    other = compile_checks(tree.repo, series, (GCC,), lacking=_nothing_missing, version=lambda _: "gcc 99")
    assert other[0].tasks[0].key != first.tasks[0].key
    with pytest.raises(EnvironmentProblem, match="has to be 'gcc 99'"):
        other[0].tasks[0].run(tree.place)


def test_a_directory_that_was_left_unfinished_is_made_again(tree: Tree) -> None:
    tree.edit("fs/open.c", OPEN, f"{OPEN}\n")
    tree.commit("open: Touch it")
    assert tree.compiled((GCC,))[1, GCC.label].status is Status.PASS
    (root,) = (path for path in tree.place.cache.glob("build-*") if path.is_dir())
    (source,) = (path for path in tree.place.cache.glob("source-*") if path.is_dir())
    (root / "configured.json").unlink()
    (root / "out/fs/.open.o.cmd").unlink()
    source.rename(source.with_name(f"{source.name}.unfinished"))
    (source.with_name(f"{source.name}.unfinished") / "fs/open.c").unlink()
    tree.ran.clear()
    assert tree.compiled((GCC,))[1, GCC.label].status is Status.PASS
    assert sorted(path.name for path in tree.place.cache.iterdir() if path.is_dir()) == sorted([root.name, source.name])


def test_processes_share_what_is_made_once(tree: Tree) -> None:
    tree.edit("fs/open.c", OPEN, f"{OPEN}\nstatic int never;")
    tree.commit("open: Add what nobody uses")
    tree.edit("fs/open.c", "\nstatic int never;", "")
    tree.commit("open: Remove it")
    series = tree.series()
    checks = compile_checks(tree.repo, series, (GCC,), lacking=_nothing_missing)
    checks += build_checks(tree.repo, series, (GCC,), lacking=_nothing_missing)
    tasks = {task.key: task for check in checks for task in check.tasks}
    with ProcessPoolExecutor(4) as pool:
        tree.ran = dict(zip(tasks, pool.map(_run, tasks.values(), [tree.place] * len(tasks)), strict=True))
    for check in checks:
        judgement = check.judge([tree.ran[task.key] for task in check.tasks])
        assert judgement.status is (Status.FAIL if check.step == 1 else Status.PASS), (check.level, judgement)


def _run(task: Task, place: Place) -> Result:
    return task.run(place)


@pytest.mark.skipif(not shutil.which("sparse"), reason="no sparse here")
def test_sparse_has_checks_of_its_own(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    tree.edit("fs/open.c", OPEN, f"{OPEN}\n\nint shared_by_nobody;\n")
    tree.commit("open: Define what no header declares")
    judged = tree.compiled(VARIANTS)
    assert set(judged) == {(1, variant.label) for variant in VARIANTS} | {(1, f"sparse {ARCH}")}
    found = judged[1, f"sparse {ARCH}"]
    assert found.status is Status.FAIL
    assert found.problems[0].source == "int shared_by_nobody;"


def _said(*, built: bool) -> Result:
    return {"built": built, "reason": "" if built else "it needs CONFIG_X", "diagnostics": []}


@pytest.mark.parametrize(("changed", "status"), [(True, Status.SKIPPED), (False, Status.PASS)])
def test_a_changed_file_that_is_not_built_is_no_pass(changed: bool, status: Status) -> None:
    """Of a file that only may read a changed header that says nothing about the patch."""
    pairs = [Pair("fs/a.c", None, 0), Pair("fs/b.c", None, 1, changed)]
    judged = judge(pairs, [_said(built=True), _said(built=False)], "")
    assert judged.status is status
    assert "fs/b.c: it needs CONFIG_X" in judged.summary
    assert "fs/a.c, no new warning" in judged.summary
