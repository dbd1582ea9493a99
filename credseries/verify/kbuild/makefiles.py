"""What the kernel's Makefiles ask for before they build a file: the configuration symbols on its way to the top.

The format is that of Documentation/kbuild/makefiles.rst: `obj-$(CONFIG_X) += file.o directory/`, and lists of parts,
`whole-y`, `whole-objs` and `whole-$(CONFIG_X)`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Read = Callable[[str], str | None]  # a file's text by its path in the tree; None: there is no such file

_ASSIGNMENT = re.compile(
    r"(?P<name>(?:\$\((?:[^()]|\$?\([^()]*\))*\)|[^\s:=+?#$])+)\s*(?::|::|\+|\?)?=\s*(?P<words>.*)"
)
_SYMBOL = re.compile(r"CONFIG_(\w+)")
_CONDITION = re.compile(r"ifdef\s+CONFIG_(\w+)|ifeq\s*\(\$\(CONFIG_(\w+)\),\s*y\)|ifneq\s*\(\$\(CONFIG_(\w+)\),\s*\)")
_PARTS = re.compile(r"(?P<whole>[\w.-]+?)-(?:y|m|objs|objs-y|\$\(.*CONFIG_\w+.*\))$")
_ADDPREFIX = re.compile(r"\$\(addprefix ([^,()]+),([^()]*)\)")
_LISTS = ("obj", "lib", "always", "extra", "core", "drivers", "libs", "net", "subdir")


@dataclass(frozen=True)
class Needed:
    """The symbols that must be set for a file to be built; `listed`: whether a Makefile names it at all."""

    symbols: tuple[str, ...]
    listed: bool


def needed(path: str, read: Read) -> Needed:
    """What has to be configured so that kbuild compiles a .c or .S file."""
    directory, name = posixpath.split(path)
    word = posixpath.splitext(name)[0] + ".o"
    found = _object(directory, word, read, frozenset())
    while found is None and directory:  # a Makefile further up may list the files of a directory that has none
        directory, name = posixpath.split(directory)
        word = f"{name}/{word}"
        found = _object(directory, word, read, frozenset())
    symbols = list(found or ())
    directory = directory if found is not None else posixpath.dirname(path)
    while directory:
        parent, name = posixpath.split(directory)
        symbols += _object(parent, name + "/", read, frozenset()) or ()
        directory = parent
    return Needed(tuple(dict.fromkeys(symbols)), found is not None)


def _object(directory: str, word: str, read: Read, seen: frozenset[str]) -> tuple[str, ...] | None:
    """The symbols of the way that asks for the fewest to get an object or directory built; None if none is known."""
    ways = []
    for name, words, conditions in _assignments(_makefile(directory, read)):
        # a tree may also write paths from the top
        if word not in words and posixpath.join(directory, word) not in words:
            continue
        own = (*conditions, *_SYMBOL.findall(name))
        list_name = name.split("-", 1)[0]
        if list_name in _LISTS:
            ways.append(own)
            continue
        parts = _PARTS.fullmatch(name)
        whole = f"{parts['whole']}.o" if parts else ""
        if whole and whole != word and whole not in seen:
            rest = _object(directory, whole, read, seen | {word})
            if rest is not None:
                ways.append((*rest, *own))
    return min(ways, key=len, default=None)


def _makefile(directory: str, read: Read) -> str:
    """The text that kbuild reads for a directory: Kbuild, or else Makefile."""
    for name in ("Kbuild", "Makefile"):
        text = read(posixpath.join(directory, name))
        if text is not None:
            return text
    return ""


def _assignments(text: str) -> Iterator[tuple[str, list[str], tuple[str, ...]]]:
    """The assignments of a Makefile: name, words, and the symbols of the conditions around them."""
    around: list[str] = []
    for row in re.sub(r"\\\n", " ", text).splitlines():
        line = row.split("#", 1)[0].strip()
        if line.startswith(("ifdef", "ifeq", "ifneq", "ifndef")):
            match = _CONDITION.match(line)
            around.append(match[match.lastindex or 0] if match else "")
        elif line.startswith("else"):
            if around:
                around[-1] = ""
        elif line.startswith("endif"):
            if around:
                around.pop()
        elif match := _ASSIGNMENT.fullmatch(line):
            words = _ADDPREFIX.sub(_with_prefix, match["words"]).split()
            yield match["name"], words, tuple(filter(None, around))


def _with_prefix(match: re.Match[str]) -> str:
    return " ".join(match[1].strip() + word for word in match[2].split())
