"""The compile commands and dependencies that kbuild leaves beside each object, in `.NAME.o.cmd`.

As scripts/Kbuild.include and scripts/basic/fixdep.c write it: the line `savedcmd_PATH := ..` (up to 6.1 `cmd_PATH`)
is a shell command in make's quoting, `deps_PATH := ..` the files that were read.
"""

from __future__ import annotations

import functools
import os
import posixpath
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_COMMAND = re.compile(r"^(?:saved)?cmd_\S+ := (.*)$", re.MULTILINE)
_DEPENDENCIES = re.compile(r"^deps_\S+ := ((?:.*\\\n)*.*)", re.MULTILINE)
_SOURCE = re.compile(r"^source_\S+ := (\S+)$", re.MULTILINE)
_WILDCARD = re.compile(r"\$\(wildcard [^)]*\)")
_DEPENDENCY_FILE = ("-Wp,-MMD,", "-Wp,-MD,")


@dataclass(frozen=True)
class Command:
    """How a file is compiled: the compiler's words (without its input, output and dependency file), and what it read.

    The words are run in the build directory. `object` is the object's path in there.
    """

    words: tuple[str, ...]
    source: str
    object: str
    dependencies: tuple[str, ...]

    def compile(self, source: Path, output: Path, dependencies: Path, more: Sequence[str] = ()) -> list[str]:
        """The words to compile a source file to an object, with the names of what was read in a file, as for make."""
        return [*self.words, *more, f"-Wp,-MMD,{dependencies}", "-c", "-o", str(output), str(source)]

    def moved(self, old: Path, new: Path) -> Command:
        """The same with the source tree somewhere else."""
        pattern = re.compile(re.escape(str(old)) + r"(?=[/=]|$)")
        words = tuple(pattern.sub(lambda _: str(new), word) for word in self.words)
        return Command(words, pattern.sub(lambda _: str(new), self.source), self.object, self.dependencies)


def read_command(out: Path, unit: str) -> Command | None:
    """The command for a .c file in a build directory; None if kbuild has not compiled it there."""
    directory, name = posixpath.split(posixpath.splitext(unit)[0] + ".o")
    try:
        text = (out / directory / f".{name}.cmd").read_text("utf-8", "surrogateescape")
    except OSError:
        return None
    return parse_command(text, posixpath.join(directory, name))


@functools.lru_cache(maxsize=512)  # one for each file that is compiled, again and again
def parse_command(text: str, target: str) -> Command | None:
    """The command of a .cmd file; None if it is not one that compiles."""
    found, source = _COMMAND.search(text), _SOURCE.search(text)
    if found is None or source is None:
        return None
    words = _first_command(_unquoted(found[1]))
    kept: list[str] = []
    skip = False
    for word in words:
        if skip or word in ("-c", source[1]) or word.startswith(_DEPENDENCY_FILE):
            skip = False
        elif word == "-o":
            skip = True
        else:
            kept.append(word)
    listed = _DEPENDENCIES.search(text)
    names = _WILDCARD.sub(" ", listed[1]).replace("\\\n", " ").split() if listed else []
    return Command(tuple(kept), source[1], target, (source[1], *names))


def dependencies_of(text: str) -> list[str]:
    """The files that a compiler's dependency file (a make rule) names."""
    _, _, names = text.replace("\\\n", " ").partition(": ")
    return [name.replace("\\ ", " ").replace("\\#", "#").replace("$$", "$") for name in re.split(r"(?<!\\)\s+", names)]


def absolute(paths: Iterable[str], directory: Path) -> list[str]:
    """Paths as seen from a directory, with `..` kept: it may follow a symbolic link."""
    return [os.path.join(directory, path) for path in paths if path]  # noqa: PTH118  # Path would drop "./"


def _unquoted(text: str) -> str:
    """A command as the shell gets it, from make's form."""
    return text.replace("$(pound)", "#").replace("$$", "$")


def _first_command(text: str) -> list[str]:
    """The words of the first of several commands: objtool and others come after the compiler."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    for word in lexer:
        if word and set(word) <= set(";&|"):
            break
        words.append(word)
    return words
