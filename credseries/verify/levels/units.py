"""Which files of a series are compiled for which patch, and what each of them may read of what the series changes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from credseries.verify.trees.states import Change, State, States

# Programs that run while a kernel is built or afterwards; kbuild builds no objects of a kernel from them.
_OUTSIDE = ("Documentation", "LICENSES", "scripts", "tools")
# What no C file includes, though it may well change what is built.
_BUILD_FILES = re.compile(r"(?:.*/)?(?:Kconfig|Makefile|Kbuild)[^/]*|.*\.(?:mk|lds|lds\.S|tbl|sh|config)")
_UNREAD = re.compile(
    r"(?:.*/)?(?:MAINTAINERS|CREDITS|COPYING|README|\.[^/]*)|.*\.(?:rst|txt|md|py|pl|sh|rs|yaml|dtsi?|S|lds|cocci|po|svg)"
)
_INCLUDES = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*(<[^>\n]+>|"[^"\n]+")', re.MULTILINE)


@dataclass(frozen=True)
class Touched:
    """What a patch changes, by how it is checked: files to compile, headers (and whatever else a C file may include),
    assembly, and what kbuild reads."""

    units: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    assembly: tuple[str, ...] = ()
    build_files: tuple[str, ...] = ()


def touched(states: States, before: str, after: str) -> Touched:
    """What a step changes, by the commits or trees before and after it."""
    state = states.by_revision[after]
    units, headers, assembly, build_files = [], [], [], []
    for path in states.differing(before, after):
        if path.split("/", 1)[0] in _OUTSIDE:
            continue
        if path.endswith(".c"):
            if not state.lacks(path):
                units.append(path)
        elif path.endswith(".S"):
            assembly.append(path)
        elif _BUILD_FILES.fullmatch(path):
            build_files.append(path)
        elif not _UNREAD.fullmatch(path):
            headers.append(path)
    return Touched(tuple(units), tuple(headers), tuple(assembly), tuple(build_files))


def includes(content: bytes) -> set[str]:
    """The names that a C file includes, without brackets or quotes."""
    return {name[1:-1].decode("utf-8", "replace") for name in _INCLUDES.findall(content)}


def includes_header(content: bytes, unit: str, header: str) -> bool:
    """Whether a C file names a header itself: by its path below a directory of headers, or from its own directory."""
    for name in includes(content):
        if header == posixpath.normpath(posixpath.join(posixpath.dirname(unit), name)):
            return True
        if header.endswith(f"/{name}") and header[: -len(name)].endswith(("include/", "include/uapi/")):
            return True
    return False


def include_name(header: str) -> str:
    """What a file elsewhere writes to include a header: its path below the last directory called include."""
    _, found, name = header.rpartition("include/")
    return name.removeprefix("uapi/") if found else posixpath.basename(header)


def relevant(unit: str, state: State, contents: Iterable[bytes]) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """What of a state a unit may read, and the paths of the rest. `contents` are versions of the unit's text.

    Other C files count only where it includes some: mostly they are units of their own.
    """
    takes_c_files = any(name.endswith(".c") for content in contents for name in includes(content))
    mine, others = [], []
    for change in state.changes:
        if change.path == unit or _may_be_read(change.path, takes_c_files):
            mine.append(change)
        else:
            others.append(change.path)
    return tuple(mine), tuple(others)


def _may_be_read(path: str, takes_c_files: bool) -> bool:
    if path.split("/", 1)[0] in _OUTSIDE or _BUILD_FILES.fullmatch(path) or _UNREAD.fullmatch(path):
        return False
    return takes_c_files or not path.endswith(".c")


def undepended(headers: Iterable[str], texts: Mapping[str, Iterable[bytes]]) -> list[str]:
    """The headers that none of some units (their texts, by path) includes itself."""
    return [
        header
        for header in headers
        if not any(includes_header(content, unit, header) for unit, contents in texts.items() for content in contents)
    ]
