"""What of a series stands before something that it needs, as the series is now, whoever has put it there. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from credseries.creds.program import SourceFile
from credseries.csource.lexical import lex
from credseries.series.build import edges
from credseries.series.drafts import Draft
from credseries.series.model import PatchRecord, SeriesRecord

_MACRO = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
# include/linux/cleanup.h: the first argument names the class, and `guard(NAME)(..)` or `CLASS(NAME, ..)` uses it.
_CLASS = re.compile(rb"^(?:DEFINE_(?:LOCK_)?GUARD(?:_\d)?|DEFINE_CLASS)\([ \t]*(\w+)", re.MULTILINE)
_CLASS_USE = rb"\b(?:scoped_)?(?:guard|class|CLASS)\([ \t]*%s\b"


@dataclass(frozen=True)
class PatchFiles:
    """A patch with the files that it changes, before and after, as far as they are there."""

    number: int
    subject: str
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]


@dataclass(frozen=True)
class Use:
    """A patch (by number) uses a name that another one, before it, adds."""

    patch: int
    adder: int
    name: str


def topics_out_of_order(series: SeriesRecord) -> list[str]:
    """The topics that stand before one that they come after, as clauses (`overlayfs before helpers`)."""
    first = {
        topic.name: min((patch.index for patch in series.patches if patch.topic == topic.name), default=0)
        for topic in series.topics
    }
    return [
        f"{topic.name} before {needed}"
        for topic in series.topics
        for needed in topic.after
        if first.get(needed) and first[topic.name] and first[needed] > first[topic.name]
    ]


@dataclass(frozen=True)
class Need:
    """That the patch with the key `after` needs the one with the key `before` to come before it, and why; `adds` says
    that it cannot do without."""

    before: str
    after: str
    why: str
    adds: bool


def needs_of(drafts: Sequence[Draft]) -> list[Need]:
    """What the recipe's patches need of each other."""
    pairs = ((drafts[edge.before], drafts[edge.after], edge.why) for edge in edges(drafts))
    return [Need(before.key, after.key, why, bool(before.adds & after.needs)) for before, after, why in pairs]


def broken_needs(needs: Sequence[Need], patches: Sequence[PatchRecord], elsewhere: Sequence[str] = ()) -> list[str]:
    """What patches need of each other and do not find before them, a sentence each.

    Patches are recognised by their keys; those with the keys in `elsewhere` are in another series, applied before.
    """
    there = {patch.key: patch for patch in patches if patch.key}
    found = []
    for need in needs:
        user = there.get(need.after)
        if user is None or need.before in elsewhere:
            continue
        first = there.get(need.before)
        if first is not None and first.index > user.index:
            found.append(f"patch {user.index} ({user.subject}) stands before patch {first.index}: {need.why}")
        elif first is None and need.adds:
            found.append(f"patch {user.index} ({user.subject}) needs a patch that is not there: {need.why}")
    return found


def used_before_added(patches: Sequence[PatchFiles], known: Callable[[str], bool]) -> list[str]:
    """What a patch uses and only a later one adds: functions, macros, and classes for guards; a sentence each.

    `known` says whether the tree that the series starts from defines a name anywhere: then it is not the later patch
    that brings it.
    """
    added = {patch.number: _added_code(patch) for patch in patches}
    found = []
    for later in patches:
        for name, use in _new_names(later):
            users = [patch for patch in patches if patch.number < later.number and use.search(added[patch.number])]
            if users and not known(name):
                uses = f"patch {users[0].number} ({users[0].subject}) uses {name}"
                found.append(f"{uses}, and patch {later.number} ({later.subject}) adds it")
    return found


def uses(patches: Sequence[PatchFiles]) -> list[Use]:
    """What patches use that an earlier one adds: functions, macros, and classes for guards; by user and adder."""
    added = {patch.number: _added_code(patch) for patch in patches}
    found = [
        Use(user.number, adder.number, name)
        for place, adder in enumerate(patches)
        for name, use in _new_names(adder)
        for user in patches[place + 1 :]
        if use.search(added[user.number])
    ]
    return sorted(found, key=lambda item: (item.patch, item.adder, item.name))


def defines(files: Mapping[str, bytes], name: str) -> bool:
    """Whether one of some C files defines a function, a macro or a class of this name."""
    return any(found == name for path, text in files.items() for found, _ in _names(path, text))


def _new_names(patch: PatchFiles) -> Iterator[tuple[str, re.Pattern[bytes]]]:
    before = {name for path, text in patch.before.items() for name, _ in _names(path, text)}
    seen = set(before)
    for path, text in patch.after.items():
        for name, use in _names(path, text):
            if name not in seen:
                seen.add(name)
                yield name, use


def _names(path: str, text: bytes) -> Iterator[tuple[str, re.Pattern[bytes]]]:
    """What a C file defines, and how a use of it looks."""
    if not path.endswith((".c", ".h")):
        return
    file = SourceFile(path, text)
    for extent in file.extents:
        yield extent.name, re.compile(rb"\b%s[ \t]*\(" % re.escape(extent.name.encode()))
    for match in _MACRO.finditer(text):
        yield match[1].decode(), re.compile(rb"\b%s\b" % re.escape(match[1]))
    for match in _CLASS.finditer(file.lexed.code):
        yield match[1].decode(), re.compile(_CLASS_USE % re.escape(match[1]))


def _added_code(patch: PatchFiles) -> bytes:
    """The lines of code that a patch adds, comments and literals blanked."""
    lines: list[bytes] = []
    for path, text in patch.after.items():
        if path.endswith((".c", ".h")):
            old = set(lex(patch.before.get(path, b"")).code.split(b"\n"))
            lines += [line for line in lex(text).code.split(b"\n") if line not in old]
    return b"\n".join(lines)
