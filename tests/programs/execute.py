"""Compiles programs with their rewrites, runs them beside each other, and reads what the runtime has to say.

Many programs go into one translation unit: every version of a program has its functions renamed by the preprocessor and
a file name of its own in the compiler's messages. The light pair and the guard are those that credseries inserts into a
tree.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from credseries import resources

HERE = Path(__file__).parent
_MESSAGE = re.compile(r"^(p\d+_v\d+):(\d+):\d+: (?:fatal )?(error|warning): (.*)$", re.MULTILINE)
_FLAG = re.compile(r"\[-W([\w=+-]+)\]$")
_FLAGS = ("-std=gnu11", "-Wall", "-Wno-unused-function", "-Wno-unused-value", "-ftrivial-auto-var-init=pattern")
_TIMEOUT = 600  # seconds for one translation unit's runs


class ExecutionError(RuntimeError):
    """The machinery failed, not a program: the compiler crashed, or the runtime did."""


@dataclass(frozen=True)
class Version:
    """A text of a program; `label` says which rewrite it is."""

    label: str
    text: str


@dataclass(frozen=True)
class Candidate:
    """A program to run: `versions` are the original and its rewrites, `entry` calls it, as in `generate.Program`.

    `configuration` is a macro that is defined for it, as by a kernel's configuration, or empty.
    """

    defines: tuple[str, ...]
    entry: str
    worlds: int
    versions: tuple[Version, ...]
    configuration: str = ""


@dataclass(frozen=True)
class Difference:
    """A rewrite that is not as the original: the candidate's number, the version, where and how it shows.

    The traces are there when it showed in a run, and not when it is a matter of what a compiler says.
    """

    candidate: int
    version: Version
    what: str
    world: int = 0
    decisions: str = ""
    original: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.version.label}: {self.what}"]
        if self.original:
            lines.append(f"world {self.world}, decisions {self.decisions}")
            lines += ["-- original:", *self.original, "-- rewritten:", *self.rewritten]
        return "\n".join(lines)


@dataclass
class Outcome:
    """What running candidates gave. `invalid` are numbers of candidates whose originals do not compile.

    `overridden` counts the runs of originals in which a call ran under an override, `exhausted` those that ran out of
    decisions, `erroneous` those in which the original itself went wrong.
    """

    differences: list[Difference] = field(default_factory=list)
    invalid: list[int] = field(default_factory=list)
    runs: int = 0
    overridden: int = 0
    exhausted: int = 0
    erroneous: int = 0


@dataclass(frozen=True)
class Effort:
    """How many strings of decisions are tried: all of the first `depth` decisions, and so many by chance."""

    depth: int = 6
    by_chance: int = 24


class Machine:
    """The compilers of this machine and a directory to work in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.gcc = shutil.which("gcc")
        self.clang = shutil.which("clang") or shutil.which("clang-19")

    @property
    def usable(self) -> bool:
        """Whether there is a compiler that programs can be built with."""
        return self.gcc is not None

    @cached_property
    def _runtime(self) -> Path:
        for name in ("runtime.h", "runtime.c"):
            shutil.copy(HERE / name, self.directory / name)
        for name in ("cred-light.h", "cred-guard.h"):
            shutil.copy(resources.find("patches", name), self.directory / name)
        done = self._call([self.gcc or "", "-O1", "-g", "-c", "runtime.c", "-o", "runtime.o"])
        if done.returncode:
            raise ExecutionError(done.stderr)
        return self.directory / "runtime.o"

    def _call(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.directory, capture_output=True, text=True, errors="replace", check=False
        )

    def run(self, candidates: Sequence[Candidate], seed: int = 1, effort: Effort = Effort()) -> Outcome:
        """Run all versions of all candidates. Raises ExecutionError when the machinery fails."""
        runtime = self._runtime
        outcome = Outcome()
        left = self._compiling(candidates, outcome)
        if not any(len(versions) > 1 for versions in left.values()):
            return outcome
        _write(self.directory / "programs.c", _unit(candidates, left))
        command = [self.gcc or "", "-O0", *_FLAGS, "-w", "programs.c", str(runtime), "-o", "programs"]
        done = self._call(command)
        if done.returncode:
            raise ExecutionError(done.stderr)
        command = ["./programs", str(seed), str(effort.depth), str(effort.by_chance)]
        ran = subprocess.run(command, cwd=self.directory, capture_output=True, text=True, check=False, timeout=_TIMEOUT)
        _read(ran.stdout, candidates, outcome)
        if ran.returncode:
            raise ExecutionError(f"the programs ended with status {ran.returncode}\n{ran.stdout[-2000:]}{ran.stderr}")
        return outcome

    def _compiling(self, candidates: Sequence[Candidate], outcome: Outcome) -> dict[int, list[int]]:
        """The versions that compile, by candidate; those that do not, or with new warnings, are differences."""
        left = {number: list(range(len(item.versions))) for number, item in enumerate(candidates)}
        path = self.directory / "check.c"
        _write(path, _unit(candidates, left))
        commands = [[self.gcc or "", "-O0", "-fsyntax-only", "-ftrack-macro-expansion=0", *_FLAGS, path.name]]
        if self.clang is not None:
            commands.append([self.clang, "-fsyntax-only", "-ferror-limit=0", *_FLAGS, path.name])
        for command in commands:
            self._sort_out(command, candidates, left, outcome)
        return left

    def _sort_out(
        self, command: Sequence[str], candidates: Sequence[Candidate], left: dict[int, list[int]], outcome: Outcome
    ) -> None:
        done = self._call(command)
        said = _messages(done.stderr)
        if done.returncode and not any(kind == "error" for found in said.values() for kind, _ in found):
            raise ExecutionError(done.stderr[-4000:])
        for number in list(left):
            original = said.get((number, 0), [])
            if any(kind == "error" for kind, _ in original):
                outcome.invalid.append(number)
                del left[number]
                continue
            known = {_flag(text) for _, text in original}
            for index in list(left[number][1:]):
                new = [item for item in said.get((number, index), []) if _flag(item[1]) not in known]
                if not new:
                    continue
                if any(kind == "error" for kind, _ in new):
                    left[number].remove(index)
                what = f"{Path(command[0]).name} says {': '.join(min(new))}"  # an error before a warning
                outcome.differences.append(Difference(number, candidates[number].versions[index], what))


def _write(path: Path, text: str) -> None:
    """Write a text that may hold bytes which are none, as mutants do."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


def _messages(text: str) -> dict[tuple[int, int], list[tuple[str, str]]]:
    """Errors and warnings by candidate and version."""
    found: dict[tuple[int, int], list[tuple[str, str]]] = {}
    for match in _MESSAGE.finditer(text):
        number, index = (int(part[1:]) for part in match.group(1).split("_"))
        found.setdefault((number, index), []).append((match.group(3), match.group(4)))
    return found


def _flag(message: str) -> str:
    """The warning option of a message, or (for errors, which have none) the message."""
    match = _FLAG.search(message)
    return match.group(1) if match else message


def _unit(candidates: Sequence[Candidate], left: Mapping[int, Iterable[int]]) -> str:
    """One translation unit with versions of candidates."""
    parts = ['#include "runtime.h"', '#include "cred-light.h"', '#include "cred-guard.h"']
    table = []
    for number, indices in left.items():
        candidate = candidates[number]
        rows = []
        if candidate.configuration:
            parts.append(f"#define {candidate.configuration} 1")
        for index in indices:
            tag = f"p{number}_v{index}"
            parts += [f"#define {name} {tag}_{name}" for name in candidate.defines]
            parts += [f'#line 1 "{tag}"', candidate.versions[index].text]
            parts += [f"static long {tag}_run(void)", "{", f"\treturn {candidate.entry};", "}"]
            parts += [f"#undef {name}" for name in candidate.defines]
            rows.append(f'{{ "{index}", {tag}_run }}')
        if candidate.configuration:
            parts.append(f"#undef {candidate.configuration}")
        parts.append(f"static const struct rt_version p{number}_versions[] = {{ {', '.join(rows)} }};")
        table.append(f'\t{{ "{number}", {candidate.worlds}, {len(rows)}, p{number}_versions }},')
    parts += ["static const struct rt_program programs[] = {", *table, "};"]
    parts.append(f"int main(int argc, char **argv) {{ return rt_main(argc, argv, programs, {len(table)}); }}")
    return "\n".join(parts) + "\n"


def _read(printed: str, candidates: Sequence[Candidate], outcome: Outcome) -> None:
    """Add what the runtime printed to an outcome."""
    totals: Counter[str] = Counter()
    original: list[str] = []
    rewritten: list[str] = []
    head: list[str] = []
    for line in printed.splitlines():
        if line.startswith("program\t"):
            for name, value in zip(("runs", "overridden", "exhausted", "erroneous"), line.split("\t")[2:], strict=True):
                totals[name] += int(value)
        elif line.startswith("difference\t"):
            head, original, rewritten = line.split("\t")[1:], [], []
        elif line.startswith("< "):
            original.append(line[2:])
        elif line.startswith("> "):
            rewritten.append(line[2:])
        elif line == "end":
            number, index, world, decisions, what = head
            version = candidates[int(number)].versions[int(index)]
            outcome.differences.append(
                Difference(int(number), version, what, int(world), decisions, tuple(original), tuple(rewritten))
            )
    outcome.runs += totals["runs"]
    outcome.overridden += totals["overridden"]
    outcome.exhausted += totals["exhausted"]
    outcome.erroneous += totals["erroneous"]
