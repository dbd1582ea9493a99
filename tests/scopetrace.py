"""Small C functions with cleanup scopes, run for every combination of decisions, and walked in their control flow.

The runtime is built like `include/linux/cleanup.h`, in both ways that kernels have written `scoped_guard()`: with a
flag, and with a label that is jumped to. Whatever happens is traced: a call by its name, `+class` for a scope that is
entered, `~class` for one that is left, whether the variable holds anything or not.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from credseries.csource.flow import Flow, FlowNode, Kind
from credseries.csource.function import Function
from credseries.csource.lexical import lex
from credseries.csource.macros import Macros, read_macros
from credseries.csource.statements import KEPT, StatementMacros
from credseries.csource.syntax import callee, walk
from tests.engine import only_variant

HERE = Path(__file__).parent
MOST_DECISIONS = 6
# `ask` is a call that decides, `pick` one that decides between four; `put` and its like only show that they ran.
ASK, PICK = ("ask", "ask2", "ask3"), ("pick",)


@dataclass(frozen=True)
class Example:
    """A function's text, and the macros that its tree defines."""

    name: str
    source: str
    macros: str = ""

    def function(self) -> Function:
        """The function under its macros."""
        text = self.macros.encode()
        macros = StatementMacros(Macros(read_macros("t.h", text, lex(text)), KEPT))
        return Function("t.c", self.name, self.source.encode(), 1, macros)


def examples() -> list[Example]:
    """The functions of scope_examples.c, each with the macros that are defined right before it."""
    text = (HERE / "scope_examples.c").read_text()
    found, done = [], 0
    for match in re.finditer(r"^static int (\w+)\(void\)\n\{\n.*?^\}\n", text, re.MULTILINE | re.DOTALL):
        between = text[done : match.start()]
        macros = "".join(re.findall(r"^#define (?:.*\\\n)*.*\n", between, re.MULTILINE))
        found.append(Example(match.group(1), match.group().rstrip("\n"), macros))
        done = match.end()
    return found


def build(wanted: list[Example], out: Path, compiler: str, flag: bool) -> Path:
    """A program that runs the examples; what the compiler says is in the exception."""
    (out / "list.h").write_text("".join(f"EXAMPLE({item.name})\n" for item in wanted))
    program = out / "examples"
    command = [compiler, "-std=gnu11", "-Wall", "-Wno-unused", "-Wno-dangling-else", "-Wno-misleading-indentation"]
    given = ['-DEXAMPLES="list.h"', f"-DMOST={MOST_DECISIONS}", f"-I{out}", *(["-DWITH_FLAG"] if flag else [])]
    command += ["-Wno-unused-value", *given, "-o", str(program), str(HERE / "scope_main.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{compiler}:\n{done.stderr}")
    return program


def executed(program: Path) -> dict[str, set[str]]:
    """The traces of each example, for every combination of decisions that is enough for it to end."""
    done = subprocess.run([str(program)], capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, set[str]] = {}
    for line in done.stdout.splitlines():
        name, _, trace = line.partition(" ")
        found.setdefault(name, set()).add(trace)
    return found


def _words(node: FlowNode) -> list[str]:
    if node.kind is Kind.CLEANUP:
        return ["~" + node.tag.removeprefix("__free_")]
    called = [callee(part) for part in walk(node.syntax) if part.type == "call_expression"] if node.syntax else []
    shown = [name for name in called if "(" not in name and name not in ("guard", "CLASS", "no_free_ptr", node.written)]
    return [*shown, f"+{node.tag}"] if node.kind is Kind.OPEN and node.macro not in ("__free", "__cleanup") else shown


def _decisions(node: FlowNode, words: list[str]) -> int:
    tried = node.kind is Kind.OPEN and len(node.edges) > 1
    return sum(word in ASK for word in words) + 2 * sum(word in PICK for word in words) + tried


def followed(example: Example) -> set[str]:
    """Every path from entry to exit with no more decisions than are run."""
    flow: Flow = only_variant(example.function()).flow
    assert flow.unsupported == [], flow.unsupported
    found = set()
    stack: list[tuple[int, tuple[str, ...], int, int]] = [(0, (), 0, 0)]
    while stack:
        number, said, decisions, steps = stack.pop()
        node = flow.nodes[number]
        words = _words(node)
        said, decisions = (*said, *words), decisions + _decisions(node, words)
        if decisions > MOST_DECISIONS or steps > 400:
            continue
        if node.kind is Kind.EXIT:
            found.add(" ".join(said))
        stack += [(target, said, decisions, steps + 1) for _, target in node.edges]
    return found
