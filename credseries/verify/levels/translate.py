"""Compiling a file of any state of a series with the commands of the base's build directory, without a checkout."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from credseries.errors import EnvironmentProblem
from credseries.verify.kbuild.commands import Command, absolute, dependencies_of
from credseries.verify.kbuild.diagnostics import Diagnostic, last_words, parse, with_sources
from credseries.verify.kbuild.directory import Configured
from credseries.verify.levels.workbench import workbench
from credseries.verify.model import Severity
from credseries.verify.process import Ran, run
from credseries.verify.tasks import Place
from credseries.verify.trees.states import Change
from credseries.verify.trees.views import Changes, File, misread

_BASENAME = re.compile(r'(-DKBUILD_BASENAME=["\']*)[^"\']*(["\']*)')
_NOT_FOUND = re.compile(r"No such file or directory|file not found|unable to open")


@dataclass(frozen=True)
class Compiled:
    """What came of a compilation: the object (None if there is none), what was said, and the seconds it took."""

    content: bytes | None
    diagnostics: tuple[Diagnostic, ...]
    seconds: float


def contents(place: Place, state: str, changes: Iterable[Change]) -> dict[str, File | None]:
    """The files of a state (its tree id) that differ from the base, read by one git process.

    Raises EnvironmentProblem when the repository does not have them.
    """
    listed = list(changes)
    found = place.repo.read_files(state, [change.path for change in listed if change.mode])
    lost = [change.path for change in listed if change.mode and change.path not in found and change.mode != "160000"]
    if lost:
        raise EnvironmentProblem(
            f"{lost[0]} of tree {state[:12]} is not in {place.repo.git_dir}",
            hint="the series' objects have to be there: has git removed them as unreachable?",
        )
    return {change.path: File(found[change.path], change.mode) if change.path in found else None for change in listed}


def command_for(built: Configured, unit: str) -> Command | None:
    """The command for a unit; for one that the base does not build, that of a neighbour with its name."""
    own = built.unit(unit).command
    if own is not None or (built.base_tree / unit).is_file():
        return own
    found = built.neighbour(unit)
    if found is None:
        return None
    stem = posixpath.splitext(posixpath.basename(unit))[0]
    words = tuple(
        _BASENAME.sub(lambda match: f"-DKBUILD_BASENAME={match[1]}{stem}{match[2]}", word) for word in found[1].words
    )
    return Command(words, str(built.source / unit), posixpath.splitext(unit)[0] + ".o", ())


def reads_a_change(built: Configured, command: Command, changes: Iterable[Change]) -> bool:
    """Whether the base's compilation of a unit read one of the changed files, or would find one that was added."""
    top = f"{built.source}/"
    read = {posixpath.normpath(path[len(top) :]) for path in command.dependencies if path.startswith(top)}
    names = {posixpath.basename(path) for path in read}
    return any(change.path in read or (change.added and posixpath.basename(change.path) in names) for change in changes)


def translate(
    built: Configured,
    command: Command,
    unit: str,
    files: Changes,
    others: Sequence[str] = (),
    *,
    more: Sequence[str] = (),
    checker: Sequence[str] = (),
    keep: bool = False,
) -> Compiled:
    """Compiles a unit of the state that has `files` in place of the base's.

    `others` are paths that differ too and are not expected to be read. With `checker` (its first words) it is not
    compiled but checked. `keep`: the object is wanted. Raises EnvironmentProblem when the compiler would read a file
    of the base that the state has not, as it cannot be shown one tree then.
    """
    real = {posixpath.dirname(unit)}
    for attempt in ("first", "second"):
        with workbench(built.base_tree, files, _directories(built, real)) as place:
            view, output, listed = place / "linux", place / "output.o", place / "dependencies"
            for path in (output, listed):
                path.unlink(missing_ok=True)
            moved = command.moved(built.source, view)
            words = moved.compile(view / unit, output, listed, more)
            if checker:
                words = [*checker, *moved.words[1:], str(view / unit)]
            ran = run(words, directory=built.out)
            read = dependencies_of(listed.read_text("utf-8", "surrogateescape")) if listed.exists() else []
            wrong = misread(built.base_tree, [*files, *others], absolute(read, built.out))
            # The tree that the build directory was made from may be of any state by now.
            wrong += [path for path in read if path.startswith(f"{built.source}/")]
            hidden = ran.status != 0 and _NOT_FOUND.search(ran.errors) is not None and bool(files)
            if not wrong and not (hidden and attempt == "first"):
                diagnostics = _diagnostics(ran, unit, (view, built.source, built.base_tree), view)
                content = output.read_bytes() if keep and output.exists() else None
                return Compiled(content, diagnostics, ran.seconds)
        tops = (f"{built.source}/", f"{view}/")
        for name in (*read, *command.dependencies):
            real |= {parent for top in tops if name.startswith(top) for parent in _climbed(name[len(top) :])}
    raise EnvironmentProblem(
        f"{unit} reads {wrong[0]} in a way that cannot be followed without a checkout",
        hint="please report this; `credseries verify --level build` checks it with a build",
    )


def _diagnostics(ran: Ran, unit: str, tops: Sequence[Path], view: Path) -> tuple[Diagnostic, ...]:
    def read(path: str) -> bytes | None:
        try:
            return (view / path).read_bytes()
        except OSError:
            return None

    found = parse(ran.errors, tops, unit)
    if ran.status != 0 and not any(item.severity is Severity.ERROR for item in found):
        found.append(last_words(ran.errors, unit))
    return tuple(with_sources(found, read))


def _directories(built: Configured, wanted: Iterable[str]) -> list[str]:
    """Those of some directories that the base has, and that are no links of its own."""
    return [path for path in sorted(wanted) if path and _is_plain(built.base_tree, path)]


def _is_plain(base: Path, path: str) -> bool:
    here = base
    for name in path.split("/"):
        here = here / name
        if here.is_symlink() or not here.is_dir():
            return False
    return True


def _climbed(path: str) -> set[str]:
    """All directories that the spelling of a path goes through: for a/b/../c/x.h those are a, a/b and a/c."""
    found, here = set(), ""
    for name in path.split("/")[:-1]:
        here = posixpath.normpath(posixpath.join(here, name))
        found.add(here)
    return {path for path in found if not path.startswith("..") and path != "."}
