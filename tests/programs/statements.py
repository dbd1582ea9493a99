"""Statements of generated functions: calls, branches, loops, scopes, and pointers changed in the middle of things."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace

from tests.programs.context import Context, Shared
from tests.programs.tree import (
    Blank,
    Block,
    Case,
    Compound,
    Configured,
    Declare,
    Goto,
    If,
    Label,
    Leave,
    Node,
    Plain,
    Switch,
    ends,
)
from tests.programs.ways_out import WaysOut

_MAX_DEPTH = 4
_MAX_OPEN = 4
_COMMENTS = (
    "/* not reached twice */",
    "/* revert_creds(old) is not here */",
    "/*\n * It has to be\n * done in this order.\n */",
)
_LOOPS = (
    (20, "while", "while (more({n}))"),
    (14, "do", "do"),
    (12, "for", "for ({i} = 0; {i} < 3 && more({n}); {i}++)"),
    (14, "for_each", "for_each_item({i}, {n})"),
    (12, "while (1)", "while (1)"),
    (5, "for (;;)", "for (;;)"),
    (6, "for with calls", "for ({err} = act({n}); more({n}); {err} = probe({n}))"),
    (6, "for_each_ctx", "for_each_ctx({pos}, {ctx})"),
    (5, "do once", "do"),
)
_STRAYS = (
    (10, "extra get", "get_cred(@);"),
    (8, "extra put", "put_cred(@);"),
    (8, "fput", "fput({file});"),
    (8, "put of the context", "ctx_put({ctx});"),
    (4, "put of another context", "ctx_put({other});"),
    (6, "assignment", "{ctx}->cred = get_cred({cred});"),
    (4, "put and assignment", "put_cred({ctx}->cred);|{ctx}->cred = get_cred({cred});"),
    (3, "put and assignment through an alias", "put_cred({alias}->cred);|{alias}->cred = get_cred({cred});"),
    (3, "put through an alias", "ctx_put({alias});"),
    (4, "step", "if ({ctx}->next)\n\tctx = ctx->next;"),
    (4, "get and put", "get_cred(@);|note({n});|put_cred(@);"),
    (4, "put of a copied pointer", "const struct cred *copy = @;|note({n});|put_cred(copy);"),
)


class Statements(WaysOut):
    """Makes statements. `budget` is about how many there will be."""

    def __init__(self, shared: Shared, budget: int, inner: Callable[[Statements], str] | None) -> None:
        super().__init__(shared)
        self.budget = budget
        self.inner = inner
        self.closed: list[str] = []  # saved variables whose override has ended

    @abstractmethod
    def site(self, context: Context) -> list[Node]:
        """An override, statements while it is in force, and what ends it."""

    @abstractmethod
    def resource(self, context: Context) -> list[Node]:
        """Something taken, statements while it is held, and its release."""

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
        """The statements of a block."""
        return tuple(self.block(context, 1 + self.choices.below(3)))

    def statement(self, context: Context) -> list[Node]:
        """A statement of any kind that fits here."""
        wild = self.shared.wild
        kinds: list[tuple[int, Callable[[Context], list[Node]]]] = [(24, self.call), (14, self.attempt)]
        kinds += [(12, self.way_out_if), (2, self.comment), (3 if wild else 0, self.stray)]
        kinds.append((1 if wild else 0, self.configured))
        if context.depth < _MAX_DEPTH and self.budget > 0:
            kinds += [(10, self.branch), (7, self.loop), (4, self.switch), (3, self.shadow), (3, self.retry)]
            kinds += [(3, self.skip), (3, self.scope)]
            if len(context.open) < _MAX_OPEN:
                kinds += [(13, self.site), (8 if wild else 3, self.resource)]
        return self.choices.weighted(kinds)(context)

    # -- straight on

    def comment(self, _: Context) -> list[Node]:
        """A comment."""
        self.saw("comment")
        return [Plain(self.choices.one_of(_COMMENTS))]

    def call(self, context: Context) -> list[Node]:
        """A call, now and then of another function of the program, or with a saved variable."""
        if self.inner is not None and self.choices.chance(15):
            self.saw("call of another function with sites")
            return [Plain(self.inner(self))]
        saved = [item.variable for item in context.overridden if item.variable] + self.closed
        if saved and self.choices.chance(4):
            self.saw("saved variable read elsewhere")
            return [Plain(self.fill(f"look({self.choices.one_of(saved)}, {{n}});"))]
        return [Plain(self.called(scoped=any(kind == "scoped" for kind, _ in context.breakable)))]

    def attempt(self, context: Context) -> list[Node]:
        """`err = f(); if (err) ..`"""
        called = self.fill(self.choices.one_of(("{err} = probe({n});", "{err} = check({ctx}, {n});")))
        test = self.fill(self.choices.one_of(("{err}", "{err} < 0", "unlikely({err})")))
        return [Plain(called), If(((test, tuple(self.leave(context))),))]

    def way_out_if(self, context: Context) -> list[Node]:
        """A conditional way out."""
        return [If(((self.condition(), tuple(self.leave(context))),), bare=not self.choices.chance(10))]

    def stray(self, context: Context) -> list[Node]:
        """References and pointers changed in the middle of things."""
        plain = [item.expression for item in context.overridden if item.expression.replace("->", "").isidentifier()]
        self.shared.counted = True
        if context.overridden and self.choices.chance(10):
            return self._replaced(context)
        expression = self.choices.one_of(plain) if plain and self.choices.chance(60) else self.fill("{ctx}->cred")
        name, text = self.choices.weighted([(weight, (name, text)) for weight, name, text in _STRAYS])
        self.saw(f"stray {name}")
        parts = self.fill(text.replace("@", expression)).split("|")
        nodes = [Declare(part) if part.startswith("const") else Plain(part) for part in parts]
        return [Compound("", tuple(nodes))] if isinstance(nodes[0], Declare) else list(nodes)

    def _replaced(self, context: Context) -> list[Node]:
        """Another override in the place of the one in force."""
        self.saw("replacing override")
        if self.choices.chance(50):
            called = self.fill(f"{{err}} = {self.shared.helper('replace_creds')}();")
            return [Plain(called), If(((self.err, tuple(self.leave(context))),))]
        return [Plain(self.fill("put_cred(override_creds({cred}));"))]

    def configured(self, context: Context) -> list[Node]:
        """Statements that the preprocessor chooses."""
        self.saw("#ifdef")
        inside = replace(context, depth=context.depth + 1, configured=True)
        body = tuple(self.block(inside, 1 + self.choices.below(2)))
        otherwise = tuple(self.block(inside, 1)) if self.choices.chance(40) else ()
        return [Configured("CONFIG_EXTRA", body, otherwise)]

    # -- branches and loops

    def branch(self, context: Context) -> list[Node]:
        """An `if`, with or without the other arms."""
        inside = context.inside()
        arms = [(self.condition(), self.body(inside))]
        if self.choices.chance(20):
            self.saw("else if")
            arms.append((self.condition(), self.body(inside)))
        otherwise = self.body(inside) if self.choices.chance(45) else None
        return [If(tuple(arms), otherwise)]

    def loop(self, context: Context) -> list[Node]:
        """A loop of any kind, or what looks like one."""
        kind, head = self.choices.weighted([(weight, (name, text)) for weight, name, text in _LOOPS])
        self.saw(f"loop {kind}")
        index = self.name_for("i") if "{i}" in head else ""
        if index:
            self.local(index, f"int {index};")
        if "{pos}" in head:
            self.local("pos", "struct my_ctx *pos;")
        head = self.fill(head.replace("{i}", index).replace("{pos}", "pos"))
        tail = {"do": self.fill("while (more({n}));"), "do once": "while (0);"}.get(kind, "")
        inside = context.inside("loop")
        first: list[Node] = []
        if kind in ("while (1)", "for (;;)"):
            first = [If(((self.fill("!more({n})"), tuple(self.break_(inside))),))]
        elif kind == "for_each_ctx":
            first = [Plain(self.fill("check(pos, {n});"))]
        return [Compound(head, (*first, *self.body(inside)), tail, bare=True)]

    def switch(self, context: Context) -> list[Node]:
        """A `switch`; cases may fall through, stand in a block of another, and `default` may be missing."""
        inside = context.inside("switch")
        count = 1 + self.choices.below(3)
        default = self.choices.chance(60)
        cases: list[Node] = []
        for value in range(count):
            last = value == count - 1 and not default
            cases.append(Case(f"case {value}", self._case(inside, None if value else 3, last=last)))
        if default:
            cases.append(Case("default", self._case(inside, None, last=True)))
        else:
            self.saw("switch without default")
        return [Switch(self.fill("pick({n})"), tuple(cases))]

    def _case(self, inside: Context, nested: int | None, *, last: bool) -> Block:
        """What stands after a `case`; `nested` is the value of another one that may be put into a block of it."""
        nodes = self.block(inside, 1 + self.choices.below(2))
        if nested is not None and not ends(nodes) and self.choices.chance(20):
            self.saw("case inside a nested block")
            deeper = Case(f"case {nested}", (Plain(self.fill("note({n});")),))
            nodes.append(If(((self.condition(), (*self.block(inside.inside(), 1), deeper)),), bare=False))
        if ends(nodes):
            return tuple(nodes)
        if not last and self.choices.chance(25):
            self.saw("switch with fallthrough")
            return (*nodes, Plain("fallthrough;"))
        return (*nodes, *(self.leave(inside) if self.choices.chance(20) else [Leave("break;")]))

    def shadow(self, context: Context) -> list[Node]:
        """A block with a variable that has the name of an outer one."""
        self.saw("local shadowing variable")
        inside = context.inside()
        inner = Declare(self.fill("int {err} = probe({n});"))
        way_out = If(((self.err, tuple(self.leave(inside))),))
        return [Compound("", (inner, Blank(), way_out, *self.block(inside, 1)))]

    def retry(self, context: Context) -> list[Node]:
        """A backward goto over some statements."""
        label = self.name_for("again")
        body = self.block(context.inside(), 1 + self.choices.below(3))
        if ends(body):
            return body
        self.saw("backward goto")
        return [Label(label), *body, If(((self.fill("more({n})"), (Goto(label),)),))]

    def skip(self, context: Context) -> list[Node]:
        """A forward goto over some statements."""
        self.saw("forward goto over statements")
        label = self.name_for("skip")
        jump = If(((self.condition(), (Goto(label),)),))
        body = self.block(context.inside(), 1 + self.choices.below(3))
        return [jump, *body, Label(label), Plain(self.fill("note({n});"))]

    # -- scopes that are there already

    def scope(self, context: Context) -> list[Node]:
        """A guard, a scoped macro, or a variable with a cleanup."""
        kinds = (
            (12, ("guard(mutex)", self._guard)),
            (10, ("__free", self._free)),
            (12, ("scoped_guard(mutex)", self._scoped)),
            (6, ("guard(cred)", self._guard)),
            (6, ("scoped_guard(cred)", self._scoped)),
            (4, ("__free of a credential", self._free_credential)),
        )
        name, make = self.choices.weighted(kinds)
        self.saw(f"existing {name}")
        return make(context, name)

    def _scoped(self, context: Context, name: str) -> list[Node]:
        argument = "{credential}" if "cred" in name else "&{ctx}->lock"
        head = f"{name[:-1]}, {self.fill(argument)})"
        return [Compound(head, self.body(context.inside("scoped")))]

    def _guard(self, context: Context, name: str) -> list[Node]:
        argument = "{credential}" if "cred" in name else "&{ctx}->lock"
        first = Declare(f"{name}({self.fill(argument)});", cleanup=True, instead=self.fill("note({n});"))
        if context.depth == 0 or self.choices.chance(50):
            return [first, *self.block(context, 1)]
        return [Compound("", (first, *self.body(context.inside())))]

    def _free(self, context: Context, _: str) -> list[Node]:
        name = self.name_for("tmp")
        text = self.fill(f"struct my_obj *{name} __free(put_obj) = get_obj({{n}});")
        first = Declare(text, cleanup=True, instead=f"struct my_obj *{name} = NULL;")
        way_out = If(((f"!{name}", tuple(self.leave(context.inside()))),))
        nodes = (first, way_out, *self.block(context.inside(), 1 + self.choices.below(2)))
        return [Compound("", nodes)] if context.depth or self.choices.chance(50) else list(nodes)

    def _free_credential(self, context: Context, _: str) -> list[Node]:
        self.shared.counted = True
        name = self.name_for("held")
        text = f"const struct cred *{name} __free(put_cred) = get_cred({self.credential()});"
        first = Declare(text, cleanup=True, instead=f"const struct cred *{name} = NULL;")
        look = Plain(self.fill(f"look({name}, {{n}});"))
        return [Compound("", (first, Blank(), look, *self.body(context.inside())))]
