"""The grammar of the programs: kernel-style functions that override credentials in every way that is known.

A function is made as a tree of statements in a context: which overrides and references are open where a statement
stands, and so what a way out has to undo. Most ways out undo exactly that; a few do not, as in code with a bug.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.programs.choices import Choices, DrawnChoices
from tests.programs.tree import (
    Blank,
    Block,
    Case,
    Compound,
    Declare,
    Goto,
    If,
    Label,
    Leave,
    Node,
    Plain,
    Switch,
    ends,
    enters_a_scope,
    render,
    without_cleanups,
)
from tests.programs.wrappers import ACCESSORS, HELPERS, MACROS

PARAMETERS = {
    "ctx": "struct my_ctx *ctx",
    "other": "struct my_ctx *other",
    "cred": "const struct cred *cred",
    "file": "struct file *file",
    "sb": "struct super_block *sb",
    "flag": "int flag",
}
RESULTS = {"int": "int ", "void": "void ", "pointer": "struct my_obj *"}
ERROR_NAMES = ("err", "ret", "error")
CODES = ("EPERM", "ENOENT", "EIO", "ENOMEM", "EACCES", "EINVAL")
_MAX_DEPTH = 4
_MAX_OPEN = 4


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


@dataclass(eq=False)
class Open:
    """Something to be undone on every way out: an override, a reference, a lock.

    `label`, once used, stands where it is undone in the text; `early` before something else that comes just before.
    `late` is the label of a copy of that at the function's end. `in_block` says that its variable is a block's.
    """

    kind: str
    release: Block
    expression: str = ""
    variable: str = ""
    label: str = ""
    early: str = ""
    early_used: bool = False
    late: str = ""
    in_block: bool = False


@dataclass(frozen=True)
class Context:
    """Where a statement stands: what is open, and the loops, switches and scoped macros around it."""

    open: tuple[Open, ...] = ()
    breakable: tuple[tuple[str, int], ...] = ()
    depth: int = 0

    def inside(self, kind: str = "") -> Context:
        """The context of a block in here, of a loop, `switch` or scoped macro if that is named."""
        breakable = (*self.breakable, (kind, len(self.open))) if kind else self.breakable
        return replace(self, depth=self.depth + 1, breakable=breakable)

    def opening(self, item: Open) -> Context:
        """The context after something was opened."""
        return replace(self, open=(*self.open, item))


class _Shared:
    """What the functions of a program have in common; `wild` ones use everything that the grammar has."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.shapes: set[str] = set()
        self.helpers: list[str] = []
        self.macros: list[str] = []
        self.counted = False
        self.wild = choices.chance(45)
        self._number = 0

    def number(self) -> int:
        """A number that tells one call from another."""
        self._number += 1
        return self._number

    def helper(self, name: str) -> str:
        if name not in self.helpers:
            self.helpers.append(name)
        self.shapes.add(f"wrapper {name}")
        return name

    def saw(self, shape: str) -> None:
        self.shapes.add(shape)


class _Maker:
    """Makes one function."""

    def __init__(self, shared: _Shared, name: str, budget: int, callable_: Callable[[_Maker], str] | None) -> None:
        self.shared = shared
        self.choices = shared.choices
        self.name = name
        self.budget = budget
        self.call_inner = callable_
        self.result = self.choices.weighted([(70, "int"), (18, "void"), (12, "pointer")])
        self.err = self.choices.one_of(ERROR_NAMES)
        self.parameters: list[str] = []
        self.locals: dict[str, str] = {}
        self.closed: list[str] = []  # saved variables that are free again
        self.out = ""
        self.late: list[Node] = []
        self.holders: list[str] = []  # other names for objects that the caller holds
        self._names: dict[str, int] = {}

    # -- names

    def saw(self, shape: str) -> None:
        self.shared.saw(shape)

    def n(self) -> int:
        return self.shared.number()

    def name_for(self, stem: str) -> str:
        count = self._names.get(stem, 0) + 1
        self._names[stem] = count
        return stem if count == 1 else f"{stem}{count}"

    def use(self, parameter: str) -> str:
        if parameter not in self.parameters:
            self.parameters.append(parameter)
        return parameter

    def local(self, name: str, declaration: str) -> str:
        self.locals.setdefault(name, declaration)
        return name

    def error(self) -> str:
        return self.local(self.err, f"int {self.err} = 0;")

    # -- expressions

    def credential(self) -> str:
        """An expression for a credential that somebody else holds."""
        if not self.shared.wild and self.choices.chance(80):
            self.saw("credential of ctx")
            return f"{self.use('ctx')}->cred"
        kind = self.choices.weighted(
            [
                (40, "ctx"), (14, "parameter"), (12, "file"), (9, "mount"), (5, "other"), (4, "alias"),
                (3, "next"), (3, "global"), (3, "current"), (3, "ternary"), (2, "info"),
            ]
        )  # fmt: skip
        self.saw(f"credential of {kind}")
        if kind == "parameter":
            return self.use("cred")
        if kind == "file":
            return f"{self.use('file')}->f_cred"
        if kind == "mount":
            return f"{self.use('sb')}->s_cred"
        if kind == "info":
            return f"{self.use('sb')}->s_fs_info->creator"
        if kind == "other":
            return f"{self.use('other')}->cred"
        if kind == "next":
            return f"{self.use('ctx')}->next->cred"
        if kind == "global":
            return "global_cred"
        if kind == "current":
            return "current_cred()"
        if kind == "ternary":
            return f"{self.use('flag')} ? {self.use('ctx')}->cred : {self.use('cred')}"
        if kind == "alias":
            alias = self.local("alias", f"struct my_ctx *alias = {self.use('ctx')};")
            self.holders.append(alias)
            return f"{alias}->cred"
        return f"{self.use('ctx')}->cred"

    def condition(self) -> str:
        kind = self.choices.weighted(
            [
                (30, "probe"), (8, "not"), (10, "check"), (8, "flag"), (8, "and"), (6, "or"), (6, "assigned"),
                (5, "error"), (5, "current"), (4, "ternary"), (4, "unlikely"), (3, "compare"),
            ]
        )  # fmt: skip
        n = self.n()
        if kind in ("and", "or", "ternary", "current", "assigned"):
            self.saw(f"condition with {kind}")
        if kind == "not":
            return f"!probe({n})"
        if kind == "check":
            return f"check({self.use('ctx')}, {n})"
        if kind == "flag":
            return self.use("flag")
        if kind == "and":
            return f"probe({n}) && !probe({self.n()})"
        if kind == "or":
            return f"probe({n}) || check({self.use('ctx')}, {self.n()})"
        if kind == "assigned":
            return f"({self.error()} = probe({n})) < 0"
        if kind == "error":
            return f"{self.error()} < 0"
        if kind == "current":
            return f"look(current_cred(), {n}) && probe({self.n()})"
        if kind == "ternary":
            return f"{self.use('flag')} ? probe({n}) : more({self.n()})"
        if kind == "unlikely":
            return f"unlikely(probe({n}))"
        if kind == "compare":
            return f"pick({n}) > 1"
        return f"probe({n})"

    def value(self) -> str:
        """What a way out returns."""
        if self.result == "pointer":
            return self.choices.one_of(("NULL", f"ERR_PTR(-{self.choices.one_of(CODES)})", f"get_obj({self.n()})"))
        kind = self.choices.weighted(
            [(30, "error"), (20, "code"), (14, "zero"), (14, "call"), (8, "ternary"), (5, "nested"), (5, "current"), (4, "macro")]
        )
        if kind in ("call", "ternary", "nested", "current"):
            self.saw(f"return of {kind}")
        if kind == "code":
            return f"-{self.choices.one_of(CODES)}"
        if kind == "zero":
            return "0"
        if kind == "call":
            return f"probe({self.n()})"
        if kind == "ternary":
            return f"{self.use('flag')} ? act({self.n()}) : probe({self.n()})"
        if kind == "nested":
            return f"pass(probe({self.n()}), {self.n()})"
        if kind == "current":
            return f"look(current_cred(), {self.n()})"
        if kind == "macro":
            return self.macro("NOT_NOW")
        return self.error()

    def macro(self, name: str) -> str:
        if name not in self.shared.macros:
            self.shared.macros.append(name)
        self.saw("macro without arguments")
        return name

    # -- ways out

    def undo(self, items: tuple[Open, ...]) -> list[Node]:
        """What undoes the open things, the last one first; once in a while, one is forgotten."""
        found: list[Node] = []
        for item in reversed(items):
            if self.choices.chance(2):
                self.saw("a way out that forgets something")
                continue
            found += item.release
        return found

    def return_(self) -> Node:
        if self.result == "void":
            return Leave("return;")
        return Leave(f"return {self.value()};")

    def leave(self, context: Context) -> list[Node]:
        """Statements that leave the function, or a loop, from here."""
        kinds: list[tuple[int, str]] = [(30, "return"), (40, "goto")]
        if context.breakable:
            kinds.append((18, "break"))
        if any(kind == "loop" for kind, _ in context.breakable) or (context.breakable and context.breakable[-1][0] == "scoped"):
            kinds.append((14, "continue"))
        kind = self.choices.weighted(kinds)
        if kind == "return":
            if context.open:
                self.saw("an early return")
            return [*self.undo(context.open), self.return_()]
        if kind == "goto":
            return self._goto(context)
        return self._break(context, kind)

    def _break(self, context: Context, word: str) -> list[Node]:
        if word == "break":
            around, at = context.breakable[-1]
        else:
            around, at = next(item for item in reversed(context.breakable) if item[0] != "switch")
        self.saw(f"{word} out of a {around}")
        if len(context.open) > at:
            self.saw(f"{word} that undoes something")
        return [*self.undo(context.open[at:]), Leave(f"{word};")]

    def _goto(self, context: Context) -> list[Node]:
        targets = [index for index, _ in enumerate(context.open)]
        index = self.choices.weighted([(4 if i == len(targets) - 1 else 1, i) for i in targets] + [(2, -1)])
        nodes = self.undo(context.open[index + 1 :])
        if self.result == "int" and self.choices.chance(50):
            nodes.append(Plain(f"{self.error()} = -{self.choices.one_of(CODES)};"))
        if index < 0:
            self.out = self.out or self.name_for("out")
            self.saw("goto to the common return")
            return [*nodes, Goto(self.out)]
        item = context.open[index]
        if not any(other.in_block for other in context.open[: index + 1]) and self.choices.chance(15):
            return [*nodes, Goto(self._late(context.open[: index + 1]))]
        if item.early and self.choices.chance(40):
            self.saw("goto to a chain of labels")
            item.early_used = True
            return [*nodes, Goto(item.early)]
        item.label = item.label or self.name_for("out_" + {"site": "revert"}.get(item.kind, item.kind))
        self.saw("goto to what undoes it")
        return [*nodes, Goto(item.label)]

    def _late(self, items: tuple[Open, ...]) -> str:
        """A label after the final return, where everything open is undone, or that jumps back to where that is."""
        last = items[-1]
        if last.late:
            return last.late
        last.late = self.name_for("fail")
        block: list[Node] = [Label(last.late)]
        if self.choices.chance(50):
            block.append(Plain(f"note({self.n()});"))
        if self.choices.chance(40):
            last.label = last.label or self.name_for("out_back")
            self.saw("a label after the final return that jumps back")
            block.append(Goto(last.label))
        else:
            self.saw("a label after the final return")
            block += [*self.undo(items), self.return_()]
        self.late += [Blank(), *block]
        return last.late

    # -- statements

    def block(self, context: Context, size: int) -> list[Node]:
        """Some statements; those after a way out are not made."""
        found: list[Node] = []
        for _ in range(size):
            if self.budget <= 0 and found:
                break
            self.budget -= 1
            if found and self.choices.chance(12):
                found.append(Blank())
            found += self.statement(context)
            if ends(found):
                break
        return found

    def body(self, context: Context) -> Block:
        return tuple(self.block(context, 1 + self.choices.below(3)))

    def statement(self, context: Context) -> list[Node]:
        kinds: list[tuple[int, Callable[[Context], list[Node]]]] = [
            (24, self.call), (14, self.attempt), (12, self.way_out_if), (2, self.comment),
        ]  # fmt: skip
        if self.shared.wild:
            kinds.append((3, self.stray))
        if context.depth < _MAX_DEPTH and self.budget > 0:
            kinds += [(10, self.branch), (7, self.loop), (4, self.switch), (3, self.shadow), (3, self.retry), (3, self.skip)]
            kinds.append((3, self.scope))
            if len(context.open) < _MAX_OPEN:
                kinds += [(13, self.site), (8 if self.shared.wild else 3, self.resource)]
        return self.choices.weighted(kinds)(context)

    def comment(self, context: Context) -> list[Node]:
        self.saw("comment")
        return [Plain(self.choices.one_of(("/* not reached twice */", "/* revert_creds(old) is not here */", "/*\n * It has to be\n * done in this order.\n */")))]

    def call(self, context: Context) -> list[Node]:
        n = self.n()
        kind = self.choices.weighted(
            [
                (24, "note"), (14, "act"), (9, "check"), (9, "look"), (7, "current"), (4, "current member"), (5, "nested"),
                (5, "ternary"), (4, "or else"), (3, "macro"), (3, "task"), (3, "saved"), (3, "odd"), (12 if self.call_inner else 0, "inner"),
            ]
        )  # fmt: skip
        if kind in ("current", "current member", "nested", "ternary", "or else", "task", "odd"):
            self.saw(f"call with {kind}")
        if kind == "act":
            return [Plain(f"{self.error()} = act({n});")]
        if kind == "check":
            return [Plain(f"{self.error()} = check({self.use('ctx')}, {n});")]
        if kind == "look":
            return [Plain(f"look({self.credential()}, {n});")]
        if kind == "current":
            return [Plain(f"look(current_cred(), {n});")]
        if kind == "current member":
            return [Plain(f"look(current->{self.choices.one_of(('cred', 'real_cred'))}, {n});")]
        if kind == "nested":
            return [Plain(f"pass(check({self.use('ctx')}, {n}), {self.n()});")]
        if kind == "ternary":
            return [Plain(f"{self.error()} = {self.use('flag')} ? act({n}) : probe({self.n()});")]
        if kind == "or else":
            return [Plain(f"{self.error()} = probe({n}) ?: act({self.n()});")]
        if kind == "macro":
            return [Plain(f"note({self.macro('MAX_TRIES')});")]
        if kind == "task":
            task = self.local("tsk", "struct task_struct *tsk = current;")
            return [Plain(f"look({task}->cred, {n});")]
        if kind == "saved":
            return self._read_saved(context, n)
        if kind == "odd":
            return [Plain(f"note(/* with (odd */\n\t     {n}\n\t     );")]
        if kind == "inner" and self.call_inner is not None:
            self.saw("call of another function with sites")
            return [Plain(self.call_inner(self))]
        return [Plain(f"note({n});")]

    def _read_saved(self, context: Context, n: int) -> list[Node]:
        saved = [item.variable for item in context.open if item.kind == "site" and item.variable] + self.closed
        if not saved:
            return [Plain(f"note({n});")]
        self.saw("saved variable read elsewhere")
        return [Plain(f"look({self.choices.one_of(saved)}, {n});")]

    def attempt(self, context: Context) -> list[Node]:
        """`err = f(); if (err) ..`"""
        error = self.error()
        called = self.choices.one_of((f"probe({self.n()})", f"check({self.use('ctx')}, {self.n()})"))
        test = self.choices.one_of((error, f"{error} < 0", f"unlikely({error})"))
        return [Plain(f"{error} = {called};"), If(((test, tuple(self.leave(context))),))]

    def way_out_if(self, context: Context) -> list[Node]:
        return [If(((self.condition(), tuple(self.leave(context))),), bare=not self.choices.chance(10))]

    def branch(self, context: Context) -> list[Node]:
        inside = context.inside()
        arms = [(self.condition(), self.body(inside))]
        if self.choices.chance(20):
            self.saw("else if")
            arms.append((self.condition(), self.body(inside)))
        otherwise = self.body(inside) if self.choices.chance(45) else None
        return [If(tuple(arms), otherwise)]

    def loop(self, context: Context) -> list[Node]:
        kind = self.choices.weighted(
            [(20, "while"), (14, "do"), (12, "for"), (14, "for_each"), (12, "while (1)"), (5, "for (;;)"), (6, "for with calls"), (6, "for_each_ctx"), (5, "do once")]
        )
        self.saw(f"loop {kind}")
        inside = context.inside("loop")
        n = self.n()
        if kind in ("while (1)", "for (;;)"):
            first: list[Node] = [If(((f"!more({n})", tuple(self._break(inside, "break"))),))]
            head = kind if kind == "while (1)" else "for (;;)"
            return [Compound(head, (*first, *self.body(inside)))]
        body = self.body(inside)
        if kind == "do":
            return [Compound("do", body, f"while (more({n}));")]
        if kind == "do once":
            return [Compound("do", body, "while (0);")]
        if kind == "while":
            return [Compound(f"while (more({n}))", body, bare=True)]
        if kind == "for_each_ctx":
            position = self.local("pos", "struct my_ctx *pos;")
            return [Compound(f"for_each_ctx({position}, {self.use('ctx')})", (Plain(f"check({position}, {n});"), *body))]
        if kind == "for with calls":
            error = self.error()
            return [Compound(f"for ({error} = act({n}); more({self.n()}); {error} = probe({self.n()}))", body, bare=True)]
        index = self.local("i", "int i;") if context.breakable == () else self.local("j", "int j;")
        head = f"for_each_item({index}, {n})" if kind == "for_each" else f"for ({index} = 0; {index} < 3 && more({n}); {index}++)"
        return [Compound(head, body, bare=True)]

    def switch(self, context: Context) -> list[Node]:
        inside = context.inside("switch")
        cases: list[Node] = []
        count = 1 + self.choices.below(3)
        default = self.choices.chance(60)
        for value in range(count):
            last = value == count - 1 and not default
            cases.append(Case(f"case {value}", self._case(inside, None if value else 3, last=last)))
        if default:
            cases.append(Case("default", self._case(inside, None, last=True)))
        else:
            self.saw("switch without default")
        return [Switch(f"pick({self.n()})", tuple(cases))]

    def _case(self, inside: Context, nested: int | None, *, last: bool) -> Block:
        """What stands after a `case`; `nested` is the value of another one that may be put into a block of it."""
        nodes = self.block(inside, 1 + self.choices.below(2))
        if nested is not None and not ends(nodes) and self.choices.chance(20):
            self.saw("case inside a nested block")
            deeper = Case(f"case {nested}", (Plain(f"note({self.n()});"),))
            nodes.append(If(((self.condition(), (*self.block(inside.inside(), 1), deeper)),), bare=False))
        if ends(nodes):
            return tuple(nodes)
        if not last and self.choices.chance(25):
            self.saw("switch with fallthrough")
            return (*nodes, Plain("fallthrough;"))
        return (*nodes, *(self.leave(inside) if self.choices.chance(20) else [Leave("break;")]))

    def shadow(self, context: Context) -> list[Node]:
        self.saw("local shadowing variable")
        error = self.error()
        inner = self.choices.one_of((f"int {error} = probe({self.n()});", f"int {error} = act({self.n()});"))
        body = [Declare(inner), Blank(), If(((error, tuple(self.leave(context.inside()))),)), *self.block(context.inside(), 1)]
        return [Compound("", tuple(body))]

    def retry(self, context: Context) -> list[Node]:
        self.saw("backward goto")
        label = self.name_for("again")
        inside = context.inside()
        body = self.block(inside, 1 + self.choices.below(3))
        if ends(body):
            return body
        return [Label(label), *body, If(((f"more({self.n()})", (Goto(label),)),))]

    def skip(self, context: Context) -> list[Node]:
        """A forward goto over some statements."""
        self.saw("forward goto over statements")
        label = self.name_for("skip")
        jump = If(((self.condition(), (Goto(label),)),))
        body = self.block(context.inside(), 1 + self.choices.below(3))
        return [jump, *body, Label(label), Plain(f"note({self.n()});")]

    def scope(self, context: Context) -> list[Node]:
        kind = self.choices.weighted([(12, "guard(mutex)"), (10, "__free"), (12, "scoped_guard(mutex)"), (6, "guard(cred)"), (6, "scoped_guard(cred)"), (4, "__free of a credential")])
        self.saw(f"existing {kind}")
        n = self.n()
        if kind == "scoped_guard(mutex)":
            return [Compound(f"scoped_guard(mutex, &{self.use('ctx')}->lock)", self.body(context.inside("scoped")))]
        if kind == "scoped_guard(cred)":
            return [Compound(f"scoped_guard(cred, {self.credential()})", self.body(context.inside("scoped")))]
        if kind == "guard(mutex)":
            first = Declare(f"guard(mutex)(&{self.use('ctx')}->lock);", cleanup=True, instead=f"note({n});")
        elif kind == "guard(cred)":
            first = Declare(f"guard(cred)({self.credential()});", cleanup=True, instead=f"note({n});")
        elif kind == "__free":
            obj = self.name_for("tmp")
            first = Declare(f"struct my_obj *{obj} __free(put_obj) = get_obj({n});", cleanup=True, instead=f"struct my_obj *{obj} = NULL;")
            use = If(((f"!{obj}", tuple(self.leave(context.inside()))),))
            body = self.block(context.inside(), 1 + self.choices.below(2))
            return [Compound("", (first, Blank(), use, *body))] if context.depth or self.choices.chance(50) else [first, use, *body]
        else:
            held = self.name_for("held")
            expression = self.credential()
            self.shared.counted = True
            first = Declare(f"const struct cred *{held} __free(put_cred) = get_cred({expression});", cleanup=True, instead=f"const struct cred *{held} = NULL;")
            return [Compound("", (first, Blank(), Plain(f"look({held}, {n});"), *self.body(context.inside())))]
        if context.depth == 0 or self.choices.chance(50):
            return [first, *self.block(context, 1)]
        return [Compound("", (first, *self.body(context.inside())))]

    def stray(self, context: Context) -> list[Node]:
        """References and pointers changed in the middle of things."""
        overridden = [item.expression for item in context.open if item.kind == "site" and item.expression and "(" not in item.expression and "?" not in item.expression]
        expression = self.choices.one_of(overridden) if overridden and self.choices.chance(60) else f"{self.use('ctx')}->cred"
        kind = self.choices.weighted(
            [(10, "extra get"), (8, "extra put"), (8, "fput"), (8, "ctx_put"), (6, "assign"), (5, "put and assign"), (4, "step"), (4, "get and put"), (4, "other put"), (5, "replaced")]
        )
        self.saw(f"stray {kind}")
        self.shared.counted = True
        if kind == "extra get":
            return [Plain(f"get_cred({expression});")]
        if kind == "extra put":
            return [Plain(f"put_cred({expression});")]
        if kind == "fput":
            return [Plain(f"fput({self.use('file')});")]
        if kind == "ctx_put":
            return [Plain(f"ctx_put({self.choices.one_of([self.use('ctx'), *self.holders])});")]
        if kind == "other put":
            return [Plain(f"ctx_put({self.use('other')});")]
        if kind == "assign":
            return [Plain(f"{self.use('ctx')}->cred = get_cred({self.use('cred')});")]
        if kind == "put and assign":
            return [Plain(f"put_cred({self.use('ctx')}->cred);"), Plain(f"{self.use('ctx')}->cred = get_cred({self.use('cred')});")]
        if kind == "step":
            return [If(((f"{self.use('ctx')}->next", (Plain("ctx = ctx->next;"),)),))]
        if kind == "replaced" and any(item.kind == "site" for item in context.open):
            return self._replaced(context)
        return [Plain(f"get_cred({expression});"), *self.block(context, 1), Plain(f"put_cred({expression});")]

    def _replaced(self, context: Context) -> list[Node]:
        self.saw("replacing override")
        if self.choices.chance(50):
            error = self.error()
            return [Plain(f"{error} = {self.shared.helper('replace_creds')}();"), If(((error, tuple(self.leave(context))),))]
        return [Plain(f"put_cred(override_creds({self.use('cred')}));")]

    # -- things to be undone

    def resource(self, context: Context) -> list[Node]:
        kind = self.choices.weighted([(12, "obj"), (8, "found obj"), (9, "ref"), (5, "ctx"), (8, "file"), (6, "lock"), (8, "prepared"), (5, "ctx ref"), (4, "opened")])
        self.saw(f"resource {kind}")
        n = self.n()
        if kind in ("obj", "found obj"):
            obj = self.local(self.name_for("obj"), "")
            self.locals[obj] = f"struct my_obj *{obj};"
            test, call = (f"!{obj}", "get_obj") if kind == "obj" else (f"IS_ERR({obj})", "find_obj")
            setup: list[Node] = [Plain(f"{obj} = {call}({n});"), If(((test, tuple(self.leave(context))),))]
            return [*setup, *self._while_open(context, Open("put", (Plain(f"put_obj({obj});"),)))]
        if kind == "lock":
            ctx = self.use("ctx")
            return [Plain(f"mutex_lock(&{ctx}->lock);"), *self._while_open(context, Open("unlock", (Plain(f"mutex_unlock(&{ctx}->lock);"),)))]
        self.shared.counted = True
        if kind == "ref":
            held = self.name_for("held")
            self.locals[held] = f"const struct cred *{held};"
            return [Plain(f"{held} = get_cred({self.credential()});"), *self._held(context, held, held, f"put_cred({held});")]
        if kind == "ctx ref":
            return [Plain(f"ctx_get({self.use('ctx')});"), *self._held(context, "", "ctx->cred", "ctx_put(ctx);")]
        if kind == "ctx":
            found = self.name_for("found")
            self.locals[found] = f"struct my_ctx *{found};"
            setup = [Plain(f"{found} = find_ctx({n});"), If(((f"!{found}", tuple(self.leave(context))),))]
            return [*setup, *self._held(context, found, f"{found}->cred", f"ctx_put({found});")]
        if kind == "file":
            return [Plain(f"get_file({self.use('file')});"), *self._held(context, "", "file->f_cred", "fput(file);")]
        if kind == "opened":
            opened = self.name_for("opened")
            self.locals[opened] = f"struct file *{opened};"
            setup = [Plain(f"{opened} = open_file({n});"), If(((f"IS_ERR({opened})", tuple(self.leave(context))),))]
            return [*setup, *self._held(context, opened, f"{opened}->f_cred", f"fput({opened});")]
        new = self.name_for("new")
        self.locals[new] = f"struct cred *{new};"
        setup = [Plain(f"{new} = prepare_creds();"), If(((f"!{new}", tuple(self.leave(context))),))]
        put = self.choices.one_of((f"put_cred({new});", f"abort_creds({new});"))
        return [*setup, *self._held(context, new, new, put)]

    def _held(self, context: Context, name: str, expression: str, put: str) -> list[Node]:
        """Something that holds a credential: most often what is then put in force, before or after the put."""
        order = self.choices.weighted([(35, "put after"), (15, "put inside"), (15, "put between"), (10, "put at the end"), (25, "not overridden")])
        self.saw(f"held credential: {order}")
        item = Open("put", (Plain(put),))
        if order == "not overridden" or len(context.open) + 1 >= _MAX_OPEN:
            return self._while_open(context, item)
        if order == "put after":
            inside = context.opening(item)
            return [*self.site(inside, expression), *self._closing(context, item)]
        if order == "put inside":
            return self.site(context, expression, after=(Plain(put),))
        if order == "put between":
            return self.site(context, expression, middle=(Plain(put),))
        return [*self.site(context, expression), Plain(put)]

    def _while_open(self, context: Context, item: Open) -> list[Node]:
        """Statements while something is open, and what undoes it."""
        if self.choices.chance(30):
            item.early = self.name_for("out_free")
        inside = replace(context.opening(item), depth=context.depth + 1)
        size = 2 + self.choices.below(4) if context.depth < 2 else 1 + self.choices.below(2)
        body = self.block(inside, size)
        return [*body, *self._closing(context, item, reached=not ends(body))]

    def _closing(self, context: Context, item: Open, *, reached: bool = True) -> list[Node]:
        """What undoes something, at its labels if they are used; sometimes followed by a way out."""
        found: list[Node] = []
        if item.early_used:
            indent = " " if self.choices.chance(5) else ""
            found += [Label(item.early, indent), Plain(f"note({self.n()});")]
        if item.label:
            found.append(Label(item.label))
        if not found and not reached:
            return []
        found += item.release
        if context.depth and self.choices.chance(12):
            found += self.leave(context)
        return found

    # -- sites

    def site(self, context: Context, expression: str = "", after: Block = (), middle: Block = ()) -> list[Node]:
        """An override, statements while it is in force, and what ends it.

        `after` comes just after the override, `middle` somewhere in the region.
        """
        styles = [(40, self._assigned), (10, self._initialised), (8, self._conditional), (5, self._odd)]
        if self.shared.wild:
            styles += [(5, self._in_struct), (5, self._light), (2, self._in_condition), (4, self._two_branches)]
        if not expression:
            styles.append((10, self._wrapper))
        if not expression and self.shared.wild:
            styles += [(10, self._pair), (12, self._failing), (2, self._paused)]
        return self.choices.weighted(styles)(context, expression or "", (after, middle))

    def _saved(self, *, null: bool = False) -> str:
        """A function-scope variable for the old credentials: a new one, or one that is free again."""
        if self.closed and self.choices.chance(35):
            self.saw("saved variable shared by two sites")
            return self.choices.one_of(self.closed)
        name = self.name_for(self.choices.one_of(("old", "old_cred", "saved_cred")))
        initial = null or self.choices.chance(25)
        self.saw("saved variable with initialiser" if initial else "saved variable without initialiser")
        self.locals[name] = f"const struct cred *{name} = NULL;" if initial else f"const struct cred *{name};"
        return name

    def _region(self, context: Context, opened: list[Node], item: Open, extra: tuple[Block, Block]) -> list[Node]:
        after, middle = extra
        if any(other.kind == "site" for other in context.open):
            self.saw("nested overrides")
        elif self.closed:
            self.saw("sequential overrides")
        if self.choices.chance(10):
            item.early = self.name_for("out_note")
        inside = replace(context.opening(item), depth=context.depth + 1)
        size = 1 + self.choices.below(6) if context.depth < 2 else 1 + self.choices.below(2)
        body = [*after, *self.block(inside, size)]
        if middle and not ends(body):
            body += [*middle, *self.block(inside, 1)]
        if not item.in_block and item.variable and item.variable not in self.closed:
            self.closed.append(item.variable)
        blank: list[Node] = [Blank()] if self.choices.chance(30) else []
        return [*opened, *blank, *body, *self._closing(context, item, reached=not ends(body))]

    def _assigned(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        expression = expression or self.credential()
        old = self._saved()
        item = Open("site", (Plain(f"revert_creds({old});"),), expression, old)
        return self._region(context, [Plain(f"{old} = override_creds({expression});")], item, extra)

    def _odd(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        self.saw("odd layout of an override")
        expression = expression or self.credential()
        old = self._saved()
        texts = (f"{old} =\n\toverride_creds({expression});", f"{old} = override_creds({expression} /* :) */);", f"{old} = override_creds(\n\t\t{expression});", f"{old} = override_creds({expression}); note({self.n()});")
        release = self.choices.one_of((f"revert_creds({old});", f"revert_creds /* ( */ ({old});", f"note({self.n()}); revert_creds({old});"))
        item = Open("site", (Plain(release),), expression, old)
        return self._region(context, [Plain(self.choices.one_of(texts))], item, extra)

    def _initialised(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        self.saw("override in a declaration")
        expression = expression or self.credential()
        old = self.name_for("old")
        item = Open("site", (Plain(f"revert_creds({old});"),), expression, old, in_block=True)
        opened: list[Node] = [Declare(f"const struct cred *{old} = override_creds({expression});")]
        return [Compound("", tuple(self._region(context.inside(), opened, item, extra)))]

    def _conditional(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        self.saw("conditional override")
        expression = expression or self.credential()
        old = self._saved(null=True)
        test = self.choices.one_of((old, f"{old} != NULL"))
        opened = If(((self.condition(), (Plain(f"{old} = override_creds({expression});"),)),))
        item = Open("site", (If(((test, (Plain(f"revert_creds({old});"),)),)),), expression, old)
        return self._region(context, [opened], item, extra)

    def _two_branches(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        self.saw("one revert for two overrides")
        first, second = expression or self.credential(), self.credential()
        old = self._saved()
        opened = If(((self.condition(), (Plain(f"{old} = override_creds({first});"),)),), (Plain(f"{old} = override_creds({second});"),))
        item = Open("site", (Plain(f"revert_creds({old});"),), first, old)
        return self._region(context, [opened], item, extra)

    def _in_condition(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        self.saw("override in a condition")
        expression = expression or self.credential()
        old = self._saved()
        opened = If(((f"!({old} = override_creds({expression}))", (Leave("return;") if self.result == "void" else self.return_(),)),))
        item = Open("site", (Plain(f"revert_creds({old});"),), expression, old)
        return self._region(context, [opened], item, extra)

    def _in_struct(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        self.saw("old credentials kept in a structure")
        saved = self.local("saved", "struct my_saved saved;")
        if not expression and self.choices.chance(60):
            ctx = self.use("ctx")
            item = Open("site", (Plain(f"end_saved(&{saved});"),), f"{ctx}->cred")
            return self._region(context, [Plain(f"{self.shared.helper('begin_saved')}({ctx}, &{saved});")], item, extra)
        expression = expression or self.credential()
        item = Open("site", (Plain(f"revert_creds({saved}.old);"),), expression)
        return self._region(context, [Plain(f"{saved}.old = override_creds({expression});")], item, extra)

    def _light(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        self.saw("light override in the original")
        expression = expression or self.credential()
        old = self._saved()
        item = Open("site", (Plain(f"revert_creds_light({old});"),), expression, old)
        return self._region(context, [Plain(f"{old} = override_creds_light({expression});")], item, extra)

    def _wrapper(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        name = self.shared.helper(self.choices.one_of(("my_override", "fs_override", "file_override", "outer_override")))
        holder = {"fs_override": "sb", "file_override": "file"}.get(name, "ctx")
        held = {"fs_override": "sb->s_fs_info->creator", "file_override": "file->f_cred"}.get(name, "ctx->cred")
        old = self._saved()
        item = Open("site", (Plain(f"revert_creds({old});"),), held, old)
        return self._region(context, [Plain(f"{old} = {name}({self.use(holder)});")], item, extra)

    def _pair(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        self.saw("wrapper pair")
        name, ctx, old = self.shared.helper("begin_secure"), self.use("ctx"), self._saved()
        item = Open("site", (Plain(f"end_secure({ctx}, {old});"),), f"{ctx}->cred", old)
        return self._region(context, [Plain(f"{name}({ctx}, &{old});")], item, extra)

    def _failing(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        name = self.shared.helper(self.choices.one_of(("try_begin", "begin_or_null", "begin_or_error")))
        self.saw("wrapper that fails")
        ctx, old = self.use("ctx"), self._saved()
        way_out = tuple(self.leave(context))
        release = f"revert_creds({old});"
        if name == "try_begin":
            error, release = self.error(), f"try_end({old});"
            opened: list[Node] = [Plain(f"{error} = {name}({ctx}, &{old});"), If(((error, way_out),))]
            if self.choices.chance(30):
                opened = [If(((f"{name}({ctx}, &{old})", way_out),))]
        else:
            test = f"!{old}" if name == "begin_or_null" else f"IS_ERR({old})"
            opened = [Plain(f"{old} = {name}({ctx});"), If(((test, way_out),))]
        item = Open("site", (Plain(release),), f"{ctx}->cred", old)
        return self._region(context, opened, item, extra)

    def _paused(self, context: Context, expression: str, extra: tuple[Block, Block]) -> list[Node]:
        """Within an override, the caller's credentials for a while."""
        outer = [item for item in context.open if item.kind == "site" and item.variable]
        if not outer:
            return self._assigned(context, expression, extra)
        self.saw("inverted pair")
        name, ctx = self.shared.helper("pause_secure"), self.use("ctx")
        old = outer[-1].variable
        item = Open("site", (Plain(f"{old} = resume_secure({ctx});"),), "", old)
        return self._region(context, [Plain(f"{name}({old});")], item, extra)

    # -- the function

    def function(self) -> str:
        """The function's text."""
        top = self.block(Context(), 2 + self.choices.below(6))
        if not any(shape.startswith(("saved variable", "old credentials", "override in")) for shape in self.shared.shapes) and not ends(top):
            top += self.site(Context())
        last: list[Node] = []
        if self.out:
            last.append(Label(self.out))
        if last or not ends(top):
            last.append(Leave("return;") if self.result == "void" and self.out else self._last())
        if isinstance(last[-1] if last else None, Leave) and last[-1] == Leave("return;") and not self.late and not self.out:
            last.pop()
        nodes = (*top, *([Blank()] if self.choices.chance(30) and not self.out else []), *last, *self.late)
        if enters_a_scope(nodes):
            nodes = without_cleanups(nodes)
        declarations = [Plain(text) for text in self._declarations()]
        head = f"{RESULTS[self.result]}{self.name}({', '.join(PARAMETERS[name] for name in self.ordered()) or 'void'})"
        blank: list[Node] = [Blank()] if declarations else []
        return "\n".join([head, "{", *render((*declarations, *blank, *nodes), 1), "}"])

    def _last(self) -> Node:
        if self.result == "int" and self.out:
            return Leave(f"return {self.error()};")
        return self.return_()

    def ordered(self) -> list[str]:
        return [name for name in PARAMETERS if name in self.parameters]

    def _declarations(self) -> list[str]:
        texts = list(self.locals.values())
        plain = [name for name, text in self.locals.items() if text == f"const struct cred *{name};"]
        if len(plain) > 1 and self.choices.chance(50):
            self.saw("two saved variables in one declaration")
            texts = [text for name, text in self.locals.items() if name not in plain]
            texts.append("const struct cred " + ", ".join(f"*{name}" for name in plain) + ";")
        return texts


def _called(maker: _Maker) -> Callable[[_Maker], str]:
    def call(caller: _Maker) -> str:
        passed = ", ".join(caller.use(name) for name in maker.ordered())
        return f"{maker.name}({passed});"

    return call


_ENTRY = {"int": "{}", "void": "({}, 0L)", "pointer": "rt_pointer({})"}


def make_program(choices: Choices) -> Program:
    """A program, by choices."""
    shared = _Shared(choices)
    texts, defines = [], []
    call = None
    if choices.chance(15):
        inner = _Maker(shared, "inner", 4 + choices.below(4), None)
        texts.append("static " + inner.function())
        defines.append("inner")
        call = _called(inner)
    subject = _Maker(shared, "subject", 4 + choices.below(14), call)
    texts.append(subject.function())
    helpers = [HELPERS[name] for name in shared.helpers]
    arguments = ", ".join(f"rt_arguments.{name}" for name in subject.ordered())
    return Program(
        "\n\n".join([*(MACROS[name] for name in shared.macros), *(item.text for item in helpers), *texts]) + "\n",
        (*(name for item in helpers for name in item.defines), *defines, "subject"),
        _ENTRY[subject.result].format(f"subject({arguments})"),
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
