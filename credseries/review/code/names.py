"""The names that a patch adds, where they are used, and how a file that begins to use one comes to it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from credseries.creds.effects import CREDENTIALS
from credseries.creds.program import SourceFile
from credseries.review.code.model import Needed, NewName, Use

Files = Mapping[str, SourceFile]
Way = Callable[[str, Sequence[str]], tuple[str, ...]]  # from a file to one of some headers
_MACRO = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
# include/linux/cleanup.h: the first argument names the class.
_CLASS = re.compile(rb"^(?:DEFINE_(?:LOCK_)?GUARD(?:_\d)?|DEFINE_CLASS)\([ \t]*(\w+)", re.MULTILINE)
_SCOPE = re.compile(rb"\b(scoped_guard|guard|CLASS|scoped_class)[ \t]*\([ \t]*(\w+)")
_WORD = re.compile(rb"[A-Za-z_]\w*")


@dataclass(frozen=True)
class _Defined:
    name: str
    line: int
    local: bool
    use: re.Pattern[bytes]


def _defined(file: SourceFile) -> Iterator[_Defined]:
    """What a file defines, and how a use of it looks."""
    for extent in file.extents:
        use = re.compile(rb"\b%s[ \t]*\(" % re.escape(extent.name.encode()))
        local = not file.path.endswith(".h") and file.function(extent).is_local
        yield _Defined(extent.name, file.lines.number(extent.start), local, use)
    for match in _MACRO.finditer(file.source):
        use = re.compile(rb"\b%s\b" % re.escape(match[1]))
        yield _Defined(match[1].decode(), file.lines.number(match.start()), not file.path.endswith(".h"), use)
    for match in _CLASS.finditer(file.lexed.code):
        use = re.compile(rb"\b(?:scoped_)?(?:guard|class|CLASS)[ \t]*\([ \t]*%s\b" % re.escape(match[1]))
        line = file.lines.number(match.start())
        yield _Defined(f"class {match[1].decode()}", line, not file.path.endswith(".h"), use)


@dataclass(frozen=True)
class Step:
    """The files that a patch changes, before and after it."""

    number: int
    before: Files
    after: Files


def new_names(step: Step, steps: Sequence[Step]) -> Iterator[NewName]:
    """What a patch adds, with its first use in each patch of a series."""
    known = {item.name for file in step.before.values() for item in _defined(file)}
    for path, file in step.after.items():
        for item in _defined(file):
            if item.name not in known:
                known.add(item.name)
                uses = (_first_use(item, path, other) for other in steps)
                yield NewName(item.name, path, item.line, item.local, tuple(use for use in uses if use is not None))


def _first_use(item: _Defined, home: str, step: Step) -> Use | None:
    bare = item.name.removeprefix("class ").encode()
    for path, file in step.after.items():
        if bare not in file.words or (item.local and path != home):
            continue
        old = step.before.get(path)
        for match in _used(file, item.use):
            line = file.lines.number(match.start())
            extent = file.extent_at(match.start())
            if (extent is None or extent.name != item.name) and line in added_lines(old, file):
                return Use(step.number, path, line)
    return None


def _used(file: SourceFile, use: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """The uses in bodies of functions, and in definitions of macros."""
    for match in use.finditer(file.lexed.code):
        extent = file.extent_at(match.start())
        if extent is not None and match.start() > extent.body:
            yield match
    for span in file.lexed.directives(0, len(file.source)):
        head = _MACRO.match(file.source, span.start, span.end)
        if head is not None:
            yield from use.finditer(file.source, head.end(), span.end)


def added_lines(old: SourceFile | None, new: SourceFile) -> dict[int, bytes]:
    """The lines of code, comments and literals blanked, that are nowhere in the file before: by number."""
    known = set(old.lexed.code.split(b"\n")) if old is not None else set()
    return {
        number: line for number, line in enumerate(new.lexed.code.split(b"\n"), 1) if line.strip() and line not in known
    }


def needed(step: Step, tree: Files, of_series: Mapping[str, str], way: Way) -> Iterator[Needed]:
    """The names of headers that files begin to use in a patch, with how they come to them.

    `tree` are the files that have to do with credentials, as the patch leaves them; `of_series` are the names that the
    series adds to headers, with the header. A header that defines a class includes cleanup.h itself.
    """
    headers = {path: file for path, file in tree.items() if path.endswith(".h")}
    interface = {*CREDENTIALS.overrides, *CREDENTIALS.reverts}
    for path, file in step.after.items():
        old = step.before.get(path)
        before = set(_wanted(old)) if old is not None else set()
        for name, line in _wanted(file).items():
            bare = name.removeprefix("class ")
            if name in before or (name not in of_series and bare not in interface and not name.startswith("class ")):
                continue
            homes = [of_series[name]] if name in of_series else _homes(name, headers)
            if homes and path not in homes:
                yield Needed(path, line, name, homes[0], way(path, homes))


def _wanted(file: SourceFile) -> dict[str, int]:
    """What the bodies of a file's functions use, with the first line: words, and the classes of scopes."""
    found: dict[str, int] = {}
    code = file.lexed.code
    for extent in file.extents:
        for word in sorted(file.words_in(extent) - {extent.name.encode()}):
            at = code.find(word, extent.start)
            found.setdefault(word.decode("utf-8", "replace"), file.lines.number(at))
        for match in _SCOPE.finditer(code, extent.body, extent.end):
            name = f"class {match[2].decode('utf-8', 'replace')}"
            found.setdefault(name, file.lines.number(match.start()))
    return found


def _homes(name: str, headers: Files) -> list[str]:
    """The headers that a name of the interface comes from."""
    if name.startswith("class "):
        wanted = name.removeprefix("class ").encode()
        return [path for path, file in headers.items() if any(m[1] == wanted for m in _CLASS.finditer(file.lexed.code))]
    return [path for path, file in headers.items() if _declares(file, name.encode())]


def _declares(file: SourceFile, name: bytes) -> bool:
    """Whether a header defines or declares a function."""
    if name not in file.words:
        return False
    for match in re.finditer(rb"\b%s[ \t]*\(" % re.escape(name), file.lexed.code):
        extent = file.extent_at(match.start())
        if extent is None or match.start() < extent.body:
            return True
    return False
