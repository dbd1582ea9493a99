"""The programs: kernel-style functions that override credentials in every way that is known.

A function is made as a tree of statements in a context: which overrides and references are open where a statement
stands, and so what a way out has to undo. Most ways out undo exactly that; a few do not, as in code with a bug.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.programs.choices import Choices, DrawnChoices
from tests.programs.context import Context, Shared
from tests.programs.expressions import PARAMETERS
from tests.programs.sites import Sites
from tests.programs.statements import Statements
from tests.programs.tree import Blank, Block, Label, Leave, Node, Plain, ends, enters_a_scope, render, without_cleanups
from tests.programs.wrappers import ACCESSORS, HELPERS, MACROS

_RESULTS = {"int": "int ", "void": "void ", "pointer": "struct my_obj *"}
_ENTRIES = {"int": "{}", "void": "({}, 0L)", "pointer": "rt_pointer({})"}


@dataclass(frozen=True)
class Program:
    """A generated file: its text, how it is called, and what it shows.

    `defines` are the names of its functions, `entry` an expression that calls the last one as a `long`; `worlds` says
    in how many ways the caller may hold what it passes in; `choices` make the same program again.
    """

    text: str
    defines: tuple[str, ...]
    entry: str
    worlds: int
    shapes: frozenset[str]
    choices: tuple[int, ...]
    accessors: Mapping[str, str]


class _Function(Sites):
    """Makes one function."""

    def text(self, name: str) -> str:
        """The function's text."""
        top = self.block(Context(), 2 + self.choices.below(6))
        if not any("override" in line or "begin_" in line for line in render(top, 0)) and not ends(top):
            top += self.site(Context())
        nodes = (*top, *self._end(reached=not ends(top)), *self.late)
        if enters_a_scope(nodes):
            nodes = without_cleanups(nodes)
        declarations: Block = tuple(Plain(text) for text in self._declarations())
        parameters = ", ".join(PARAMETERS[parameter] for parameter in self.ordered()) or "void"
        head = f"{_RESULTS[self.result]}{name}({parameters})"
        blank: Block = (Blank(),) if declarations else ()
        return "\n".join([head, "{", *render((*declarations, *blank, *nodes), 1), "}"])

    def _end(self, *, reached: bool) -> list[Node]:
        """The common return."""
        if self.out:
            value = self.error() if self.result == "int" else ""
            return [Label(self.out), Leave(f"return {value};") if value else self.return_()]
        if not reached or (self.result == "void" and not self.late):
            return []
        return [*([Blank()] if self.choices.chance(30) else []), self.return_()]

    def _declarations(self) -> list[str]:
        plain = [name for name, text in self.locals.items() if text == f"const struct cred *{name};"]
        if len(plain) < 2 or self.choices.chance(50):
            return list(self.locals.values())
        self.saw("two saved variables in one declaration")
        texts = [text for name, text in self.locals.items() if name not in plain]
        return [*texts, "const struct cred " + ", ".join(f"*{name}" for name in plain) + ";"]


def _call_of(name: str, parameters: list[str]) -> Callable[[Statements], str]:
    return lambda caller: f"{name}({', '.join(caller.use(parameter) for parameter in parameters)});"


def make_program(choices: Choices) -> Program:
    """A program, by choices."""
    shared = Shared(choices)
    texts, defines, inner = [], [], None
    if choices.chance(15):
        function = _Function(shared, 4 + choices.below(4), None)
        texts.append("static " + function.text("inner"))
        defines.append("inner")
        inner = _call_of("inner", function.ordered())
    subject = _Function(shared, 4 + choices.below(14), inner)
    texts.append(subject.text("subject"))
    helpers = [HELPERS[name] for name in shared.helpers]
    arguments = ", ".join(f"rt_arguments.{name}" for name in subject.ordered())
    return Program(
        "\n\n".join([*(MACROS[name] for name in shared.macros), *(item.text for item in helpers), *texts]) + "\n",
        (*(name for item in helpers for name in item.defines), *defines, "subject"),
        _ENTRIES[subject.result].format(f"subject({arguments})"),
        3 if shared.counted else 1,
        frozenset(shared.shapes),
        tuple(choices.taken),
        {wrapper: accessor for wrapper, accessor in ACCESSORS.items() if wrapper in shared.helpers},
    )


@st.composite
def _programs(draw: DrawFn) -> Program:
    return make_program(DrawnChoices(lambda bound: draw(st.integers(0, bound - 1))))


def programs() -> SearchStrategy[Program]:
    """Programs, for hypothesis."""
    return _programs()
