"""A checklist of somebody's patches to a small kernel: each patch is the files that it leaves, as C for these tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import credseries
from credseries.cli.checklist.code import Code, read_code
from credseries.cli.checklist.gathered import patch_of, texts_of
from credseries.kernel.git import Repository
from credseries.kernel.series_source import from_range
from credseries.review.checklist.model import Answer, Line
from credseries.review.checklist.registry import OfPatch
from credseries.review.checklist.subject import Origin, PatchSubject, Subject
from credseries.verify.results import NoResults
from tests.gitrepo import commit_all, git, make_repo, write_files

MINIATURE = Path(credseries.__file__).parent / "miniature"
RECIPES = Path(credseries.__file__).parent.parent / "patches"
Files = Mapping[str, str]
_KERNEL = ("Makefile", "MAINTAINERS", "include/linux/cleanup.h", "kernel/cred.c")

# What every case below can use. Only the names are the kernel's.
USES = "#include <linux/cred.h>\n\n"
TABLE = """
const struct my_operations my_ops = {
	.change = %s,
};
"""


@cache
def kernel() -> dict[str, str]:
    """The files of a tree that has the light pair and the guard."""
    files = {path: (MINIATURE / path).read_text() for path in _KERNEL}
    header = (MINIATURE / "include/linux/cred.h").read_text()
    more = "".join((RECIPES / name).read_text() for name in ("cred-light.h", "cred-guard.h"))
    head, end = header.rsplit("#endif", 1)
    return {**files, "include/linux/cred.h": f"{head}{more}\n#endif{end}"}


def no_moves(_file: str, _call: str) -> bool:
    """Nothing was allowed to move."""
    return False


@dataclass(frozen=True)
class Case:
    """A series in a repository, and what is known of it but for where it stands."""

    repo: Repository
    subject: Subject

    @property
    def patch(self) -> PatchSubject:
        """The last patch."""
        return self.subject.patches[-1]

    def lines(self, check: OfPatch, patch: PatchSubject | None = None) -> list[Line]:
        """What a check says of a patch (the last one)."""
        return list(check(patch or self.patch, self.subject))


def case(
    tmp_path: Path,
    before: Files,
    *after: Files,
    base: Files | None = None,
    may_move: Callable[[str, str], bool] = no_moves,
) -> Case:
    """A series: the files of its base beside the kernel's, and what each patch writes over them."""
    tree = make_repo(tmp_path, {**(base if base is not None else kernel()), **before})
    start = git(tree, "rev-parse", "HEAD").strip()
    for number, files in enumerate(after, 1):
        write_files(tree, files)
        commit_all(tree, f"my: Change number {number}\n\nBecause.\n\nSigned-off-by: D <dev@example.org>")
    repo = Repository.discover(tree)
    series = from_range(repo, f"{start}..HEAD", None)
    code: Code = read_code(repo, series, NoResults(), may_move)
    texts = texts_of(repo, series.steps)
    patches = tuple(patch_of(step, texts, code) for step in series.steps)
    subject = Subject("A title", "a range", series.base, series.steps[-1].commit, Origin.COMMITS, patches)
    return Case(repo, replace(subject, counts=code.series.counts))


def changed(tmp_path: Path, before: str, after: str, **more: str) -> Case:
    """One patch to one file, fs/my.c; `more` are other files, the same before and after, by their names in fs/."""
    others = {f"fs/{name}.h": text for name, text in more.items()}
    return case(tmp_path, {"fs/my.c": USES + before, **others}, {"fs/my.c": USES + after})


def answers(lines: Sequence[Line]) -> list[str]:
    """The answers of some lines."""
    return [line.answer.value for line in lines]


def only(lines: Sequence[Line], answer: Answer) -> Line:
    """The one line there is, which has that answer."""
    assert answers(lines) == [answer.value], [f"{line.answer}: {line.question}: {line.evidence}" for line in lines]
    return lines[0]


def passes(lines: Sequence[Line]) -> Line:
    """The one line there is passes."""
    return only(lines, Answer.PASS)


def fails(lines: Sequence[Line]) -> Line:
    """The one line there is fails, and says where."""
    line = only(lines, Answer.FAIL)
    assert line.evidence
    return line


def asks(lines: Sequence[Line]) -> Line:
    """The one line there is asks a person, about a place."""
    line = only(lines, Answer.HUMAN)
    assert line.question.endswith("?"), line.question
    return line


def does_not_apply(lines: Sequence[Line]) -> Line:
    """The one line there is does not apply."""
    return only(lines, Answer.NOT_APPLICABLE)
