"""Checks of where a patch stands: verification, lists, open remarks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from credseries.review.checklist.model import Line, Place
from credseries.review.checklist.question import Question, listed, where
from credseries.review.checklist.subject import Known, Origin, PatchSubject, Said, Subject, Verified

_APPLIES = Question("applies", "the patch applies")
_BUILDS = Question("builds", "it compiles without new warnings")
_STYLE = Question("checkpatch", "checkpatch.pl of the tree has nothing against it")
_LISTS = Question("lists", "every list of MAINTAINERS gets it")
_SAID = Question("comments", "every remark on it is answered")
_BUILD_LEVELS = ("compile", "build")


def applies(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """Whether there is anything to look at; asked of mails alone."""
    if patch.rejected:
        look = tuple(patch.names)
        yield _APPLIES.failed(patch.rejected, look=(f"on {subject.base[:12]}: {listed(look)}",) if look else ())
    elif subject.origin is Origin.MAILS:
        yield _APPLIES.passed(f"to {subject.base[:12]}, after the patches before it")


def builds(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """What `credseries verify` knows of the compilers."""
    found = [item for item in patch.verified if item.level in _BUILD_LEVELS]
    files = [name for name in patch.names if name.endswith((".c", ".h", ".S"))]
    if not files:
        yield _BUILDS.none("no source file changes")
        return
    yield from _verified(_BUILDS, found, subject, f"does {listed(files)} compile as patch {patch.number} leaves it?")


def checkpatch(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """What `credseries verify` knows of checkpatch.pl."""
    found = [item for item in patch.verified if item.level == "style"]
    asked = f"what does checkpatch.pl --strict say of patch {patch.number}?"
    yield from _verified(_STYLE, found, subject, asked)


def _verified(question: Question, found: Sequence[Verified], subject: Subject, asked: str) -> Iterator[Line]:
    command = f"credseries verify --level {'style' if question is _STYLE else 'compile'}{subject.command}"
    wrong = [item for item in found if item.known is Known.FAIL]
    for item in wrong:
        evidence = f"{_column(item)}: {item.summary}"
        yield question.failed(evidence, path=item.problems, look=(item.command,) if item.command else ())
    open_ones = [item for item in found if item.known in (Known.MISSING, Known.UNCHECKED)]
    passed = [item for item in found if item.known is Known.PASS]
    if open_ones or not found:
        here = [
            f"{_column(item)}: {item.summary or 'cannot be checked here'}"
            for item in open_ones
            if item.known is Known.UNCHECKED
        ]
        why = "; ".join(here) or "it was not verified as it is now"
        done = f"; passed: {', '.join(map(_column, passed))}" if passed else ""
        yield question.asks(asked, f"{why}{done}", look=(command,))
    elif passed and not wrong:
        remarks = tuple(problem for item in passed for problem in item.problems)
        said = ", ".join(f"{_column(item)} ({item.summary})" if item.summary else _column(item) for item in passed)
        yield question.passed(said, path=remarks)


def _column(item: Verified) -> str:
    return f"{item.level} {item.variant}".strip()


def lists(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """Whether the lists of MAINTAINERS get the patch."""
    found = patch.lists
    if patch.lists_problem:
        yield _LISTS.failed(patch.lists_problem, look=("credseries recipients",))
        return
    if found is None:
        what = "the patch names nobody that it goes to" if subject.origin is Origin.MAILS else "commits go to nobody"
        yield _LISTS.none(f"{what}: `credseries recipients` says who should get it")
        return
    asked = [item for item in found if item.asked]
    missing = [item for item in asked if not item.gets]
    for item in missing:
        yield _LISTS.failed(
            f"{item.address} does not get it: {item.reason}", look=("credseries recipients --by-patch",)
        )
    if missing:
        return
    if asked:
        more = [item.address for item in found if item.gets and not item.asked]
        also = f"; also {listed(more)}" if more else ""
        yield _LISTS.passed("; ".join(f"{item.address} ({item.reason})" for item in asked) + also)
    else:
        yield _LISTS.none("MAINTAINERS names no list for these files")


def comments(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """Open remarks on the patch."""
    if patch.said is None:
        yield _SAID.none("no mails are known that could have any")
        return
    yield from said_lines(_SAID, patch.said)
    if not patch.said:
        yield _SAID.passed("none is open")


def said_lines(question: Question, said: Sequence[Said]) -> Iterator[Line]:
    """A line for each open remark."""
    for item in said:
        place = Place(item.file, item.line, 0, item.function) if item.file else None
        at = f" of {where(place)}" if place is not None else ""
        first = " ".join(item.text.split())
        short = first if len(first) <= 160 else f"{first[:157]}..."
        done = f"; `credseries comments --resolve {item.key}` when it is" if item.key else ""
        asked = f'is what {item.who} said{at} answered: "{short}"?'
        yield question.asks(
            asked,
            f"a {item.kind}, open{done}",
            places=(place,) if place is not None else (),
            look=(item.link,) if item.link else (),
        )
