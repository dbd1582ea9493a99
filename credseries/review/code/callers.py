"""From where a function is reached: tables of operations, callbacks, callers of callers. Pure but for finding files.

Who reaches it has what it works on in hand, and by that what keeps a credential: whoever calls a method of a table of
operations holds the object that it is given, a callback has to be looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from credseries.creds.program import SourceFile
from credseries.csource.outline import Extent
from credseries.review.code.model import Root

Files = Mapping[str, SourceFile]
FindUsers = Callable[[str, str], Files]  # the files that mention a name, below a directory (empty: anywhere)

_TABLE = re.compile(rb"\bstruct\s+(\w+)\s+(?:\w+\s+)*?(\w+)\s*(?:\[[^]]*\]\s*)*(?:__\w+(?:\([^)]*\))?\s*)*=\s*$")
_MEMBER = re.compile(rb"\.\s*(\w+)\s*=\s*&?\s*$")
_METHODS = re.compile(r"operations(?:_struct)?$|_ops$|_handler$")
_TEARS_DOWN = re.compile(r"^(?:put|free|kill|destroy)(?:_|$)")
_EXPORT = re.compile(rb"\bEXPORT_SYMBOL\w*\s*\(\s*$")
_OTHER = re.compile(rb"(?:->|\.|\b(?:struct|union|enum)\s+)$")  # a member or a tag of that name
_DEPTH = 12
_MOST = 200  # functions that are looked at for one


@dataclass(frozen=True)
class _Function:
    """A function by its name, and the file that a local one is in."""

    name: str
    path: str
    local: bool


class Callers:
    """The ways to the functions of a tree. `files` are at hand, `find` gives more that mention a name."""

    def __init__(self, files: Files, find: FindUsers) -> None:
        self._files, self._find = dict(files), find
        self._roots: dict[_Function, tuple[Root, ...]] = {}
        self._mentions: dict[_Function, list[tuple[SourceFile, int]]] = {}

    def roots(self, name: str, path: str) -> tuple[Root, ...]:
        """Where every way to a function begins; a root without a `how` is one that nothing is known of."""
        start = self._function(name, path)
        found: dict[Root, None] = {}
        waiting: list[tuple[_Function, tuple[str, ...]]] = [(start, ())]
        seen = {start}
        while waiting:
            function, way = waiting.pop(0)
            callers, roots = self._reached(function, way)
            found.update(dict.fromkeys(roots))
            if not callers and not roots:
                found[Root("", function.path, 0, function.name, way)] = None
            for caller in callers:
                if caller in seen:
                    continue
                seen.add(caller)
                if len(seen) > _MOST or len(way) >= _DEPTH:
                    found[Root("", caller.path, 0, caller.name, (*way, function.name))] = None
                else:
                    waiting.append((caller, (*way, function.name)))
        return tuple(found)

    def _function(self, name: str, path: str) -> _Function:
        file = self._files[path]
        extent = next((item for item in file.extents if item.name == name), None)
        return _Function(name, path, extent is not None and file.function(extent).is_local)

    def _reached(self, function: _Function, way: tuple[str, ...]) -> tuple[list[_Function], list[Root]]:
        callers: dict[_Function, None] = {}
        roots: list[Root] = []
        for file, offset in self._all_mentions(function):
            extent = file.extent_at(offset)
            if extent is not None and offset > extent.body:
                if extent.name == function.name:
                    continue
                if _is_call(file, offset + len(function.name)):
                    callers[self._function(extent.name, file.path)] = None
                else:
                    roots.append(_callback(file, extent, offset, function, way))
            elif extent is None and (root := _outside(file, offset, function, way)) is not None:
                roots.append(root)
        return list(callers), roots

    def _all_mentions(self, function: _Function) -> list[tuple[SourceFile, int]]:
        if function not in self._mentions:
            self._mentions[function] = list(self._mentioned(function))
        return self._mentions[function]

    def _mentioned(self, function: _Function) -> Iterator[tuple[SourceFile, int]]:
        home = self._files[function.path]
        pattern = re.compile(rb"\b%s\b" % re.escape(function.name.encode()))
        files = {home.path: home}
        if not function.local:
            more = self._find(function.name, "" if is_exported(home, function.name) else home.path.rpartition("/")[0])
            self._files |= {path: file for path, file in more.items() if path not in self._files}
            files |= {path: self._files[path] for path in more}
        for file in files.values():
            if file is not home and any(item.name == function.name for item in file.extents):
                continue  # it has one of its own
            for match in pattern.finditer(file.lexed.code):
                if _OTHER.search(file.lexed.code, max(0, match.start() - 40), match.start()) is None:
                    yield file, match.start()


def _is_call(file: SourceFile, end: int) -> bool:
    return file.lexed.code[end : end + 40].lstrip().startswith(b"(")


def is_exported(file: SourceFile, name: str) -> bool:
    """Whether a file exports a function to modules."""
    pattern = re.compile(rb"\b%s\b" % re.escape(name.encode()))
    return any(_is_exported(file, match.start()) for match in pattern.finditer(file.lexed.code))


def _is_exported(file: SourceFile, offset: int) -> bool:
    return _EXPORT.search(file.lexed.code, max(0, offset - 60), offset) is not None


def _callback(file: SourceFile, extent: Extent, offset: int, function: _Function, way: tuple[str, ...]) -> Root:
    """A function whose address is taken in another one."""
    line = file.lines.number(offset)
    return Root(f"{extent.name}() takes its address", file.path, line, function.name, way, is_callback=True)


def _outside(file: SourceFile, offset: int, function: _Function, way: tuple[str, ...]) -> Root | None:
    """What a mention outside of functions makes of one: the method of a table, or a callback; a declaration nothing."""
    code, line = file.lexed.code, file.lines.number(offset)
    if _is_exported(file, offset) or _is_call(file, offset + len(function.name)):
        return None
    member = _MEMBER.search(code, max(0, offset - 80), offset)
    opened = _opening(code, offset)
    table = _TABLE.search(code, max(0, opened - 200), opened) if opened >= 0 else None
    if member is None or table is None:
        return Root("it is named there", file.path, line, function.name, way, is_callback=True)
    kind, name, method = (found.decode("utf-8", "replace") for found in (table[1], table[2], member[1]))
    asks = _METHODS.search(kind) is None or _TEARS_DOWN.search(method) is not None
    shown = f"{name}.{method}" if kind in name else f"{name}.{method} (struct {kind})"
    return Root(shown, file.path, line, function.name, way, is_callback=asks)


def _opening(code: bytes, offset: int) -> int:
    """Where the outermost brace around an offset opens that is in no function, or -1."""
    depth, at, found = 0, offset, -1
    start = max(0, offset - 20_000)
    while at > start:
        at -= 1
        mark = code[at]
        if mark == 0x7D:  # }
            depth += 1
        elif mark == 0x7B:  # {
            if depth:
                depth -= 1
            else:
                found = at
        elif mark == 0x3B and depth == 0:  # ;
            break
    return found
