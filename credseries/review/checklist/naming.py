"""Checks of names: wrappers before their callers, old names with a new meaning, helpers and users, includes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from credseries.review.checklist.model import Line, Place
from credseries.review.checklist.question import Question, listed, where
from credseries.review.checklist.subject import PatchSubject, Subject
from credseries.review.code.model import Meaning, NewName
from credseries.words import many, numbered

_FIRST = Question("wrapper-first", "no wrapper changes before its callers can cope with that")
_TRAP = Question("backport-trap", "no name that stays has another meaning")
_HELPER = Question("helper-and-user", "what is added has a user in the series, and comes before it")
_INCLUDES = Question("includes", "every file includes what it begins to use")


def wrapper_first(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """Functions that do something else to credentials, and their callers."""
    changed = patch.code.meanings
    if not changed:
        yield _FIRST.none("no function or guard that is there already does something else to credentials")
        return
    wrong = {(item.file, item.function) for item in patch.audit.findings if item.is_wrong and not item.allowed}
    left = {(item.file, item.function) for item in patch.audit.left}
    fine: list[str] = []
    for item in changed:
        bad = [one for one in item.callers if (one.file, one.function) in wrong]
        unknown = [one for one in item.callers if (one.file, one.function) in left]
        for one in bad:
            place = Place(one.file, one.line, 0, one.function)
            yield _FIRST.failed(
                f"{_called(item)} now {item.after}, and {where(place)} is not made for that", places=(place,)
            )
        for one in unknown:
            place = Place(one.file, one.line, 0, one.function)
            asked = f"{where(place)}: does it still fit {_called(item)}, which now {item.after}?"
            yield _FIRST.asks(
                asked, f"it could not be compared; before, {_called(item)} {item.before}", places=(place,)
            )
        if not bad and not unknown:
            fine.append(f"{_called(item)}: {many(len(item.callers), 'caller')}")
    if fine:
        yield _FIRST.passed(f"{'; '.join(fine)}, compared, all fit", places=tuple(_home(item) for item in changed))


def _called(item: Meaning) -> str:
    return item.name if item.name.startswith("class ") else f"{item.name}()"


def _home(item: Meaning) -> Place:
    return Place(item.file, item.line, 0, "" if item.name.startswith("class ") else item.name)


def backport_trap(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """Names that mean something else with the same declaration: what is written for the old meaning still compiles."""
    trapped = [item for item in patch.code.meanings if item.same_head]
    for item in trapped:
        asked = (
            f"{where(_home(item))} now {item.after}, under its old name: may a fix that was written before it, or is "
            "backported across it, compile and do the wrong thing?"
        )
        users = listed([f"{one.file} {one.function}()" for one in item.callers], "other caller")
        evidence = f"before, it {item.before}; its declaration is the same"
        evidence += "; only its own file can call it" if item.local else f"; called by {users}" if users else ""
        yield _TRAP.asks(asked, evidence, places=(_home(item),))
    if trapped:
        return
    if patch.code.meanings:
        names = ", ".join(_called(item) for item in patch.code.meanings)
        yield _TRAP.passed(f"{names}: the declaration changes with the meaning, so old code does not compile")
    elif patch.code.functions or patch.code.names:
        yield _TRAP.passed("every name that was there does to credentials what it did")
    else:
        yield _TRAP.none("nothing that has to do with credentials changes")


def helper_and_user(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """What a patch adds: whether something uses it, and where."""
    added = [item for item in patch.code.names if not _is_guard_of_include(item)]
    if not added:
        yield _HELPER.none("the patch adds no function, macro or class")
        return
    fine: list[str] = []
    for item in added:
        earlier = [use for use in item.uses if use.patch < patch.number]
        place = Place(item.file, item.line, 0, "" if item.name.startswith("class ") else item.name)
        if earlier:
            use = earlier[0]
            yield _HELPER.failed(
                f"{item.name} is added here, and patch {use.patch} uses it before ({use.file}:{use.line})",
                places=(place, Place(use.file, use.line)),
            )
        elif not item.uses:
            asked = f"{where(place)}: who is going to use {item.name}?"
            evidence = "no patch of the series does"
            evidence += "; it may be for another series of the conversion" if subject.has_other_series else ""
            yield _HELPER.asks(asked, evidence, places=(place,))
        elif (apart := _apart(item, patch, subject)) is not None:
            yield apart
        else:
            fine.append(f"{item.name} ({_users(item, patch)})")
    if fine:
        yield _HELPER.passed("; ".join(fine))


def _is_guard_of_include(item: NewName) -> bool:
    return item.name.startswith("_") and item.name.upper() == item.name and not item.uses and item.file.endswith(".h")


def _users(item: NewName, patch: PatchSubject) -> str:
    if item.uses[0].patch == patch.number:
        return "used here"
    users = numbered([use.patch for use in item.uses])
    return f"used by {users}"


def _apart(item: NewName, patch: PatchSubject, _subject: Subject) -> Line | None:
    """A helper for all of the kernel that comes with a user in another maintainer's file: both trees would have to take
    the patch."""
    use = item.uses[0]
    shared = item.file.startswith("include/linux/")
    if use.patch != patch.number or not shared or use.file.startswith("include/"):
        return None
    return _HELPER.failed(
        f"{item.name} is added to {item.file} and used by {use.file}:{use.line}: one patch, two trees",
        places=(Place(item.file, item.line), Place(use.file, use.line)),
    )


def includes(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """Whether a file that begins to use something comes to its header."""
    needed = patch.code.needed
    if not needed:
        yield _INCLUDES.none("no file begins to use anything of a header")
        return
    missing = [item for item in needed if not item.way]
    for item in missing:
        place = Place(item.file, item.line)
        yield _INCLUDES.failed(
            f"{where(place)} uses {_word(item.name)}, and nothing that the file includes leads to {item.header}",
            places=(place,),
        )
    found = [item for item in needed if item.way]
    if found and not missing:
        direct = sorted({item.file for item in found if len(item.way) == 1})
        ways: dict[tuple[str, ...], list[str]] = {}
        for item in found:
            if len(item.way) > 1:
                ways.setdefault((item.file, *item.way), []).append(_word(item.name))
        said = [f"{file}: {', '.join(names)} by {' -> '.join(way)}" for (file, *way), names in ways.items()]
        yield _INCLUDES.passed(_said(direct, sorted({file for file, *_ in ways})), path=tuple(said))


def _said(direct: Sequence[str], others: Sequence[str]) -> str:
    parts = [f"{listed(direct)} directly"] if direct else []
    parts += [f"{listed(others)} through other headers"] if others else []
    return "; ".join(parts)


def _word(name: str) -> str:
    return f"guard({name.removeprefix('class ')})" if name.startswith("class ") else f"{name}()"
