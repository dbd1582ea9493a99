"""Checks of a patch as people read it: lines, size, subject, message, trailers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from credseries.review.checklist.model import Line, Place
from credseries.review.checklist.question import Question, listed, where
from credseries.review.checklist.subject import PatchSubject, Subject
from credseries.review.code.diff import DiffLine, FileDiff
from credseries.rewrite.text import MAX_COLUMNS, columns
from credseries.words import many

_LINES = Question("line-length", f"added lines fit in {MAX_COLUMNS} columns and end without white space")
_CHURN = Question("churn", "nothing moves that need not")
_SUBJECT = Question("subject", "the subject has the prefix that the tree uses for these files")
_MESSAGE = Question("message", "the message says why, is wrapped and signed off")
_TRAILERS = Question("trailers", "every review that the patch carries was given to it as it is")
_PREFERRED = 80  # Documentation/process/coding-style.rst
_TOLD = 5  # subjects in git's log, so that a prefix that none of them has is a wrong one
_PREFIX = re.compile(r"[A-Za-z0-9_][^:]*: \S")


def line_length(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """Lines that are too long or have white space at their end."""
    added = [(file.path, line) for file in patch.files for line in file.added]
    if not added:
        yield _LINES.none("no line is added")
        return
    bad = [(path, line, why) for path, line in added if (why := _wrong_with(line))]
    for path, line, why in bad:
        place = Place(path, line.new)
        yield _LINES.failed(f"{where(place)} {why}", places=(place,))
    if not bad:
        longest = max(_columns(line.text) for _, line in added)
        over = sum(_columns(line.text) > _PREFERRED for _, line in added)
        more = f", {over} of them longer than the {_PREFERRED} that are preferred" if over else ""
        yield _LINES.passed(f"{many(len(added), 'line')} added, of {longest} columns at most{more}")


def _columns(text: str) -> int:
    return columns(text.encode("utf-8", "surrogateescape"))


def _wrong_with(line: DiffLine) -> str:
    text = line.text.rstrip("\r")
    if text != text.rstrip():
        return "ends in white space"
    return f"has {_columns(text)} columns" if _columns(text) > MAX_COLUMNS else ""


def churn(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """The real size beside the size without white space, and lines that change in nothing else for no reason."""
    real, bare = patch.size, patch.size_without_space
    size = f"+{real.added} -{real.removed}, without white space +{bare.added} -{bare.removed}"
    if not patch.files:
        yield _CHURN.none("no text changes")
        return
    stray = [place for file in patch.files for place in _only_space(file) if not _in_scope(place, patch)]
    for place in stray:
        asked = f"{where(place)}: why does this change, in nothing but white space?"
        yield _CHURN.asks(asked, f"no scoped form of the patch is around it; in all {size}", places=(place,))
    wide = [(one, item) for one in patch.code.functions for item in one.after if item.guard]
    for function, item in wide:
        place = Place(function.file, item.line, item.last, function.function)
        asked = f"{where(place)}: does the scope have to end at {item.last}?"
        fact = "guard() is proven in its place as well, and moves no line to the right"
        yield _CHURN.asks(asked, f"{fact}; in all {size}", places=(place,))
    if not stray and not wide:
        moved = real.added - bare.added
        moves = (
            f"; {many(moved, 'line')} {'goes' if moved == 1 else 'go'} a level in, below a scoped form: `git show -w`"
        )
        why = moves if moved > 0 else ""
        look = (f"git show -w {patch.commit[:12]}",) if moved > 0 and patch.commit else ()
        yield _CHURN.passed(f"{size}{why}", look=look)


def _only_space(file: FileDiff) -> Iterator[Place]:
    """The runs of added lines that are removed ones with other white space."""
    gone = {"".join(line.text.split()) for line in file.removed}
    first = last = 0
    for line in file.added:
        if not line.text.strip() or "".join(line.text.split()) not in gone:
            continue
        if first and line.new == last + 1:
            last = line.new
            continue
        if first:
            yield Place(file.path, first, last)
        first = last = line.new
    if first:
        yield Place(file.path, first, last)


def _in_scope(place: Place, patch: PatchSubject) -> bool:
    """Whether a scope that the patch adds is around some lines, or took the place of a jump there."""
    for function in patch.code.functions:
        if function.file == place.file and function.line <= place.line <= function.last and function.converts:
            return True
    return False


def subject_prefix(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """The prefix against what git's log has for the same files."""
    title = patch.title
    if _PREFIX.match(title) is None:
        yield _SUBJECT.failed(f"`{title}` has no prefix that names the subsystem")
        return
    prefix = title.partition(": ")[0]
    known = {name.casefold(): number for name, number in patch.prefixes}
    total = sum(known.values())
    used = listed([f"{name}: ({number})" for name, number in patch.prefixes][:4])
    if not total:
        yield _SUBJECT.passed(f"`{prefix}:`; git's log here has no change of these files to compare with")
    elif prefix.casefold() in known:
        yield _SUBJECT.passed(f"`{prefix}:` as in {known[prefix.casefold()]} of the last {many(total, 'subject')}")
    elif total < _TOLD:
        yield _SUBJECT.passed(f"`{prefix}:`; the last subjects for these files have {used}, too few to tell")
    else:
        yield _SUBJECT.failed(f"`{prefix}:` is in none of the last {total} subjects for these files, which have {used}")


def message(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """What the message lacks."""
    if patch.problems:
        yield from (_MESSAGE.failed(problem) for problem in patch.problems)
        return
    lines = patch.message.strip().count("\n") + 1
    yield _MESSAGE.passed(f"{many(lines, 'line')}, with a Signed-off-by")


def trailers(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """Reviews that a patch carries although it has changed."""
    reviews = patch.reviews
    if reviews is None or not reviews.trailers:
        yield _TRAILERS.none("the patch carries no review")
        return
    carried = listed(reviews.trailers)
    version = f"v{reviews.version}" if reviews.version else "the version before"
    if reviews.since is None:
        asked = f"patch {patch.number}: were these reviews given to the patch as it is: {carried}?"
        yield _TRAILERS.asks(asked, "the version that they were given to is not known here")
    elif reviews.since:
        yield _TRAILERS.failed(f"{carried}; since {version} {reviews.since}")
    else:
        yield _TRAILERS.passed(f"{carried}; the patch is as it was in {version}")
