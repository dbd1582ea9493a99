"""The sites of generated functions, in every way that credentials are overridden, and what else is taken."""

from __future__ import annotations

from collections.abc import Callable

from tests.programs.context import Context, Open
from tests.programs.statements import Statements
from tests.programs.tree import Blank, Block, Compound, Declare, If, Label, Node, Plain, ends

_MAX_OPEN = 4
# How often, the name, what is declared, how it is taken, what says that this failed, what releases it, and the
# credential that it holds. `@` is the variable.
_RESOURCES = (
    (12, "obj", "struct my_obj *@;", "@ = get_obj({n});", "!@", "put_obj(@);", ""),
    (8, "found obj", "struct my_obj *@;", "@ = find_obj({n});", "IS_ERR(@)", "put_obj(@);", ""),
    (6, "lock", "", "mutex_lock(&{ctx}->lock);", "", "mutex_unlock(&{ctx}->lock);", ""),
    (9, "reference", "const struct cred *@;", "@ = get_cred({credential});", "", "put_cred(@);", "@"),
    (5, "context", "struct my_ctx *@;", "@ = find_ctx({n});", "!@", "ctx_put(@);", "@->cred"),
    (5, "reference to the context", "", "ctx_get({ctx});", "", "ctx_put({ctx});", "ctx->cred"),
    (8, "reference to the file", "", "get_file({file});", "", "fput({file});", "file->f_cred"),
    (4, "opened file", "struct file *@;", "@ = open_file({n});", "IS_ERR(@)", "fput(@);", "@->f_cred"),
    (5, "prepared", "struct cred *@;", "@ = prepare_creds();", "!@", "put_cred(@);", "@"),
    (3, "prepared and given up", "struct cred *@;", "@ = prepare_creds();", "!@", "abort_creds(@);", "@"),
)
_STEMS = {"obj": "obj", "ctx": "found", "cred": "held", "file": "opened"}
_ORDERS = (
    (35, "put after the region"),
    (15, "put just after the override"),
    (15, "put in the region"),
    (10, "put at the end"),
    (25, "not overridden"),
)
# The wrappers that return what was in force, the parameter that each takes, and what it overrides with.
_WRAPPERS = (
    ("my_override", "ctx", "ctx->cred"),
    ("fs_override", "sb", "sb->s_fs_info->creator"),
    ("file_override", "file", "file->f_cred"),
    ("outer_override", "ctx", "ctx->cred"),
)
_ODD = (
    "@ =\n\toverride_creds({e});",
    "@ = override_creds({e} /* :) */);",
    "@ = override_creds(\n\t\t{e});",
    "@ = override_creds({e}); note({n});",
)
_ODD_REVERTS = ("revert_creds(@);", "revert_creds /* ( */ (@);", "note({n}); revert_creds(@);")


class Sites(Statements):
    """Makes overrides and their reverts, and other things that are taken and released."""

    # -- things that are held

    def resource(self, context: Context) -> list[Node]:
        """Something taken, statements while it is held, and its release."""
        rows = [(row[0], row[1:]) for row in _RESOURCES]
        name, declaration, take, failed, release, credential = self.choices.weighted(rows)
        self.saw(f"resource {name}")
        variable = ""
        if declaration:
            kind = next(part for part in _STEMS if part in declaration)
            variable = self.new_local("new" if "prepared" in name else _STEMS[kind], declaration)
        setup: list[Node] = [Plain(self.fill(take.replace("@", variable)))]
        if failed:
            setup.append(If(((failed.replace("@", variable), tuple(self.leave(context))),)))
        item = Open("unlock" if name == "lock" else "put", (Plain(self.fill(release.replace("@", variable))),))
        if not credential:
            return [*setup, *self._while_open(context, item)]
        self.shared.counted = True
        return [*setup, *self._held(context, item, credential.replace("@", variable))]

    def _held(self, context: Context, item: Open, expression: str) -> list[Node]:
        """Something that holds a credential: most often what is then put in force, the release before or after."""
        order = self.choices.weighted(_ORDERS)
        if order == "not overridden" or len(context.open) + 1 >= _MAX_OPEN:
            return self._while_open(context, item)
        self.saw(f"held credential: {order}")
        if order == "put after the region":
            return [*self._site(context.opening(item), expression), *self._closing(context, item)]
        if order == "put just after the override":
            return self._site(context, expression, after=item.release)
        if order == "put in the region":
            return self._site(context, expression, middle=item.release)
        return [*self._site(context, expression), *item.release]

    def _while_open(self, context: Context, item: Open) -> list[Node]:
        """Statements while something is open, and what undoes it."""
        if self.choices.chance(30):
            item.early = self.name_for("out_free")
        size = 2 + self.choices.below(4) if context.depth < 2 else 1 + self.choices.below(2)
        body = self.block(context.opening(item, deeper=1), size)
        return [*body, *self._closing(context, item, reached=not ends(body))]

    def _closing(self, context: Context, item: Open, *, reached: bool = True) -> list[Node]:
        """What undoes something, at its labels if they are used; sometimes followed by a way out."""
        found: list[Node] = []
        if item.early_used:
            indent = " " if self.choices.chance(5) else ""
            found += [Label(item.early, indent), Plain(self.fill("note({n});"))]
        if item.label:
            found.append(Label(item.label))
        if not found and not reached:
            return []
        found += item.release
        if context.depth and self.choices.chance(12):
            found += self.leave(context)
        return found

    # -- sites

    def site(self, context: Context) -> list[Node]:
        """An override, statements while it is in force, and what ends it."""
        return self._site(context, "")

    def _site(self, context: Context, expression: str, after: Block = (), middle: Block = ()) -> list[Node]:
        """A site of an expression (or of any); `after` comes just after the override, `middle` in its region."""
        styles: list[tuple[int, Callable[[Context, str], tuple[list[Node], Open]]]] = [
            (40, self._assigned),
            (8, self._conditional),
            (5, self._odd),
        ]
        if self.shared.wild:
            styles += [(5, self._in_struct), (5, self._light), (2, self._in_condition), (4, self._two_branches)]
        if not expression:
            styles.append((10, self._wrapper))
            if self.shared.wild:
                styles += [(10, self._pair), (4, self._saved_pair), (12, self._failing), (2, self._paused)]
        if not expression and self.shared.wild and context.overridden and self.choices.chance(8):
            expression = context.overridden[-1].variable
            if expression:
                self.saw("override with what was saved")
        if self.choices.chance(12):
            return self._initialised(context, expression or self.credential(), after, middle)
        opened, item = self.choices.weighted(styles)(context, expression)
        return self._region(context, opened, item, after, middle)

    def _saved(self, *, null: bool = False) -> str:
        """A function-scope variable for the old credentials: a new one, or one that is free again."""
        if self.closed and self.choices.chance(35):
            self.saw("saved variable shared by two sites")
            return self.choices.one_of(self.closed)
        stem = self.choices.one_of(("old", "old_cred", "saved_cred"))
        if null or self.choices.chance(25):
            self.saw("saved variable with initialiser")
            return self.new_local(stem, "const struct cred *@ = NULL;")
        self.saw("saved variable without initialiser")
        return self.new_local(stem, "const struct cred *@;")

    def _region(self, context: Context, opened: list[Node], item: Open, after: Block, middle: Block) -> list[Node]:
        if context.overridden:
            self.saw("nested overrides")
        elif self.closed:
            self.saw("sequential overrides")
        if self.choices.chance(10):
            item.early = self.name_for("out_note")
        inside = context.opening(item, deeper=1)
        size = 1 + self.choices.below(6) if context.depth < 2 else 1 + self.choices.below(2)
        kept = self._kept() if self.choices.chance(6) else ""
        declared: list[Node] = [Declare(self.fill(f"int {kept} = probe({{n}});"))] if kept else []
        body = [*after, *declared, *self.block(inside, size)]
        if middle and not ends(body):
            body += [*middle, *self.block(inside, 1)]
        if not item.in_block and item.variable and item.variable not in self.closed:
            self.closed.append(item.variable)
        blank: list[Node] = [Blank()] if self.choices.chance(30) else []
        closing = self._closing(context, item, reached=not ends(body))
        if kept and not ends(body) and not ends(closing) and not item.label and not item.early_used:
            self.saw("variable of the region read after it")
            closing.append(Plain(self.fill(f"pass({kept}, {{n}});")))
        return [*opened, *blank, *body, *closing]

    def _kept(self) -> str:
        self.saw("variable declared in the region")
        return self.name_for("kept")

    def _item(self, release: str, expression: str, variable: str = "") -> Open:
        return Open("site", (Plain(release),), expression, variable)

    def _initialised(self, context: Context, expression: str, after: Block, middle: Block) -> list[Node]:
        self.saw("override in a declaration")
        old = self.name_for("old")
        item = Open("site", (Plain(f"revert_creds({old});"),), expression, old, in_block=True)
        opened: list[Node] = [Declare(f"const struct cred *{old} = override_creds({expression});")]
        return [Compound("", tuple(self._region(context.inside(), opened, item, after, middle)))]

    def _assigned(self, _: Context, expression: str) -> tuple[list[Node], Open]:
        expression = expression or self.credential()
        old = self._saved()
        opened: list[Node] = [Plain(f"{old} = override_creds({expression});")]
        return opened, self._item(f"revert_creds({old});", expression, old)

    def _odd(self, _: Context, expression: str) -> tuple[list[Node], Open]:
        self.saw("odd layout of an override")
        expression = expression or self.credential()
        old = self._saved()
        text = self.choices.one_of(_ODD).replace("@", old).replace("{e}", expression)
        release = self.choices.one_of(_ODD_REVERTS).replace("@", old)
        return [Plain(self.fill(text))], self._item(self.fill(release), expression, old)

    def _conditional(self, _: Context, expression: str) -> tuple[list[Node], Open]:
        self.saw("conditional override")
        expression = expression or self.credential()
        old = self._saved(null=True)
        test = self.choices.one_of((old, f"{old} != NULL"))
        opened = If(((self.condition(), (Plain(f"{old} = override_creds({expression});"),)),))
        release = If(((test, (Plain(f"revert_creds({old});"),)),))
        return [opened], Open("site", (release,), expression, old)

    def _two_branches(self, _: Context, expression: str) -> tuple[list[Node], Open]:
        self.saw("one revert for two overrides")
        first, second = expression or self.credential(), self.credential()
        old = self._saved()
        one, two = (Plain(f"{old} = override_creds({text});") for text in (first, second))
        return [If(((self.condition(), (one,)),), (two,))], self._item(f"revert_creds({old});", first, old)

    def _in_condition(self, _: Context, expression: str) -> tuple[list[Node], Open]:
        self.saw("override in a condition")
        expression = expression or self.credential()
        old = self._saved()
        opened = If(((f"!({old} = override_creds({expression}))", (self.return_(),)),))
        return [opened], self._item(f"revert_creds({old});", expression, old)

    def _in_struct(self, _: Context, expression: str) -> tuple[list[Node], Open]:
        self.saw("old credentials kept in a structure")
        expression = expression or self.credential()
        saved = self.local("saved", "struct my_saved saved;")
        opened: list[Node] = [Plain(f"{saved}.old = override_creds({expression});")]
        return opened, self._item(f"revert_creds({saved}.old);", expression)

    def _light(self, _: Context, expression: str) -> tuple[list[Node], Open]:
        self.saw("light override in the original")
        expression = expression or self.credential()
        old = self._saved()
        opened: list[Node] = [Plain(f"{old} = override_creds_light({expression});")]
        return opened, self._item(f"revert_creds_light({old});", expression, old)

    # -- sites of wrappers

    def _wrapper(self, _: Context, expression: str) -> tuple[list[Node], Open]:
        name, parameter, expression = self.choices.one_of(_WRAPPERS)
        self.shared.helper(name)
        old = self._saved()
        opened: list[Node] = [Plain(f"{old} = {name}({self.use(parameter)});")]
        return opened, self._item(f"revert_creds({old});", expression, old)

    def _pair(self, _: Context, __: str) -> tuple[list[Node], Open]:
        self.saw("wrapper pair")
        name, ctx, old = self.shared.helper("begin_secure"), self.use("ctx"), self._saved()
        item = self._item(f"end_secure({ctx}, {old});", f"{ctx}->cred", old)
        return [Plain(f"{name}({ctx}, &{old});")], item

    def _saved_pair(self, _: Context, expression: str) -> tuple[list[Node], Open]:
        self.saw("old credentials kept in a structure")
        name, ctx, saved = self.shared.helper("begin_saved"), self.use("ctx"), "saved"
        self.local(saved, "struct my_saved saved;")
        return [Plain(f"{name}({ctx}, &{saved});")], self._item(f"end_saved(&{saved});", expression or f"{ctx}->cred")

    def _failing(self, context: Context, expression: str) -> tuple[list[Node], Open]:
        name = self.shared.helper(self.choices.one_of(("try_begin", "begin_or_null", "begin_or_error")))
        self.saw("wrapper that fails")
        ctx, old = self.use("ctx"), self._saved()
        way_out = tuple(self.leave(context))
        if name != "try_begin":
            test = f"!{old}" if name == "begin_or_null" else f"IS_ERR({old})"
            opened: list[Node] = [Plain(f"{old} = {name}({ctx});"), If(((test, way_out),))]
            return opened, self._item(f"revert_creds({old});", expression or f"{ctx}->cred", old)
        call = f"{name}({ctx}, &{old})"
        opened = [Plain(f"{self.error()} = {call};"), If(((self.err, way_out),))]
        if self.choices.chance(30):
            opened = [If(((call, way_out),))]
        return opened, self._item(f"try_end({old});", expression or f"{ctx}->cred", old)

    def _paused(self, context: Context, expression: str) -> tuple[list[Node], Open]:
        """Within an override, the caller's credentials for a while."""
        outer = [item for item in context.overridden if item.variable]
        if not outer:
            return self._assigned(context, expression)
        self.saw("inverted pair")
        name, ctx, old = self.shared.helper("pause_secure"), self.use("ctx"), outer[-1].variable
        return [Plain(f"{name}({old});")], self._item(f"{old} = resume_secure({ctx});", "", old)
