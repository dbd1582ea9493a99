"""Runs programs and tells, for every numbered call, at which lines the overrides that it ran under were made."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from credseries.creds.flow.model import UNKNOWN, Call, CredentialFlow
from credseries.creds.flow.read import credential_flow
from credseries.creds.program import Program as Analysed
from credseries.creds.program import SourceFile
from credseries.creds.sites import Analysis, analyse
from tests.programs.execute import HERE, Effort, ExecutionError, Machine
from tests.programs.generate import Program

PATH = "fs/seen.c"
NOTHING, EARLIER = 0, -1
NUMBERED = frozenset(
    [
        *("act", "note", "look", "pass", "probe", "check", "more", "pick"),
        *("find_ctx", "open_file", "get_obj", "find_obj", "use_obj"),
    ]
)
_FLAGS = ("-std=gnu11", "-O0", "-w", "-ftrivial-auto-var-init=pattern")

Numbered = tuple[str, int]  # a call by its name and its number


def observed(
    machine: Machine, programs: Sequence[Program], effort: Effort, seed: int = 1
) -> list[dict[Numbered, set[int]]]:
    """For each program what its calls ran under in all of the runs: lines of overrides, NOTHING or EARLIER."""
    runtime = machine._runtime
    shutil.copy(HERE / "seen.h", machine.directory / "seen.h")
    (machine.directory / "seen.c").write_text(_unit(programs))
    for command in (
        [machine.gcc or "", *_FLAGS, "seen.c", str(runtime), "-o", "seen"],
        ["./seen", str(seed), str(effort.depth), str(effort.by_chance)],
    ):
        done = subprocess.run(command, cwd=machine.directory, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ExecutionError(done.stdout[-1000:] + done.stderr[-3000:])
    found: list[dict[Numbered, set[int]]] = [{} for _ in programs]
    for line in done.stdout.splitlines():
        if line.startswith("seen\t"):
            _, program, name, number, at = line.split("\t")
            found[int(program)].setdefault((name, int(number)), set()).add(int(at))
    return found


def _unit(programs: Sequence[Program]) -> str:
    parts, table = ['#include "seen.h"'], []
    for number, program in enumerate(programs):
        parts += [f"#define {name} p{number}_{name}" for name in program.defines]
        parts += [f'#line 1 "p{number}"', program.text]
        parts += [f'static long p{number}_run(void) {{ seen_begin("{number}"); return {program.entry}; }}']
        parts += [f"#undef {name}" for name in program.defines]
        parts.append(f'static const struct rt_version p{number}_versions[] = {{ {{ "0", p{number}_run }} }};')
        table.append(f'{{ "{number}", 1, 1, p{number}_versions }},')
    parts += ["static const struct rt_program programs[] = {", *table, "};"]
    parts.append(f"int main(int argc, char **argv) {{ return rt_main(argc, argv, programs, {len(programs)}); }}")
    return "\n".join(parts) + "\n"


@dataclass(frozen=True)
class Said:
    """What the flow of a function says of a call: the lines that it can run under, each with all that may be meant.

    `lines` has, for each override that can be in force, the lines at which it may be seen: those of its statement, and
    those of the functions that it goes through. `certain` is False where the flow says that it does not know, `leaves`
    says that an earlier call of the function may have left an override of its own in force.
    """

    function: str
    lines: tuple[frozenset[int], ...]
    own: bool
    certain: bool
    leaves: bool

    def allows(self, line: int, body: range, is_entry: bool) -> bool:
        """Whether a call may be seen under what was put in force at a line (or NOTHING, or EARLIER)."""
        if any(line in item for item in self.lines):
            return True
        # what is in force outside of the function is its own, whatever that is
        outside = line == NOTHING or ((self.leaves or line not in body) and (not is_entry or line == EARLIER))
        return self.own and outside


class Flows:
    """The flows of a program's functions, and what they say of each numbered call."""

    def __init__(self, text: str) -> None:
        self.file = SourceFile(PATH, text.encode())
        self.program = Analysed({PATH: self.file})
        self.program.run()
        self.flows: dict[str, CredentialFlow] = {}
        self.analyses: dict[str, Analysis] = {}
        for extent in self.file.extents:
            known = self.program.analyses.get((PATH, extent.start))
            function = self.file.function(extent)
            self.analyses[extent.name] = known or analyse(function, self.program.effects(PATH))
            self.flows[extent.name] = credential_flow(self.analyses[extent.name])

    def body(self, name: str) -> range:
        """The lines of a function."""
        lines = self.flows[name].lines
        return range(lines[0].number, lines[-1].number + 1)

    def _through(self, name: str, seen: frozenset[str] = frozenset()) -> set[int]:
        """The lines of a function and of those that it calls."""
        if name not in self.flows or name in seen:
            return set()
        found = set(self.body(name))
        for called in set(re.findall(r"\b(\w+)\(", self.analyses[name].function.code.decode())):
            found |= self._through(called, seen | {name})
        return found

    def _meant(self, name: str, site: int) -> frozenset[int]:
        """The lines at which the override of a site may be seen."""
        if site < 0:
            return frozenset([EARLIER])
        function = self.analyses[name].function
        end = function.code.find(b";", site)
        called = re.match(rb"\w+", function.code[site:])
        through = self._through(called.group().decode()) if called else set()
        return frozenset(range(function.line(site), function.line(end) + 1)) | through

    def said(self) -> dict[Numbered, Said]:
        """What the flows say of each numbered call; of those whose number may be another one's too, nothing."""
        found: dict[Numbered, list[Said]] = {}
        unclear: set[str] = set()
        for name, flow in self.flows.items():
            for call in flow.calls:
                if call.name not in NUMBERED:
                    continue
                number = self._number(name, call)
                if number is None:
                    unclear.add(call.name)
                    continue
                tops = {sites[-1] if sites else None for sites in call.sites}
                lines = tuple(self._meant(name, top) for top in sorted(top for top in tops if top is not None))
                said = Said(name, lines, None in tops, UNKNOWN not in call.under, bool(flow.left))
                found.setdefault((call.name, number), []).append(said)
        return {key: items[0] for key, items in found.items() if len(items) == 1 and key[0] not in unclear}

    def _number(self, name: str, call: Call) -> int | None:
        """The last argument of a call, if that is a number."""
        code = self.analyses[name].function.code.decode()
        depth, at = 0, code.index("(", call.offset)
        for end in range(at, len(code)):
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            if depth == 0:
                break
        last = re.search(r"[(,]\s*(\d+)\s*$", code[at:end])
        return int(last.group(1)) if last else None
