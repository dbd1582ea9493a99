"""Expressions of generated functions: credentials, conditions, returned values; and the calls made of them."""

from __future__ import annotations

import re

from tests.programs.context import Shared
from tests.programs.wrappers import MACROS

PARAMETERS = {
    "ctx": "struct my_ctx *ctx",
    "other": "struct my_ctx *other",
    "cred": "const struct cred *cred",
    "file": "struct file *file",
    "sb": "struct super_block *sb",
    "flag": "int flag",
}
_LOCALS = {
    "alias": "struct my_ctx *alias = ctx;",
    "tsk": "struct task_struct *tsk = current;",
    "scope": "int scope = 7;",  # the name that scoped_guard() gives its variable
}
_ERROR_NAMES = ("err", "ret", "error")
_CODES = ("EPERM", "ENOENT", "EIO", "ENOMEM", "EACCES", "EINVAL")

# How often, the name in the census, and the text. In it, {n} is a number of its own each time, {err} the function's
# error variable, {code} an error number, {credential} an expression for one; the rest are parameters, locals, macros.
Table = tuple[tuple[int, str, str], ...]
_CREDENTIALS: Table = (
    (40, "ctx", "{ctx}->cred"),
    (14, "parameter", "{cred}"),
    (12, "file", "{file}->f_cred"),
    (9, "mount", "{sb}->s_cred"),
    (5, "other", "{other}->cred"),
    (4, "alias", "{alias}->cred"),
    (3, "next", "{ctx}->next->cred"),
    (3, "global", "global_cred"),
    (3, "current", "current_cred()"),
    (3, "ternary", "{flag} ? {ctx}->cred : {cred}"),
    (2, "info", "{sb}->s_fs_info->creator"),
)
_CONDITIONS: Table = (
    (30, "probe", "probe({n})"),
    (8, "not", "!probe({n})"),
    (10, "check", "check({ctx}, {n})"),
    (8, "flag", "{flag}"),
    (8, "and", "probe({n}) && !probe({n})"),
    (6, "or", "probe({n}) || check({ctx}, {n})"),
    (6, "assigned", "({err} = probe({n})) < 0"),
    (5, "error", "{err} < 0"),
    (5, "current", "look(current_cred(), {n}) && probe({n})"),
    (4, "ternary", "{flag} ? probe({n}) : more({n})"),
    (4, "unlikely", "unlikely(probe({n}))"),
    (3, "compare", "pick({n}) > 1"),
)
_VALUES: Table = (
    (30, "error", "{err}"),
    (20, "code", "-{code}"),
    (14, "zero", "0"),
    (14, "call", "probe({n})"),
    (8, "ternary", "{flag} ? act({n}) : probe({n})"),
    (5, "nested", "pass(probe({n}), {n})"),
    (5, "current", "look(current_cred(), {n})"),
    (4, "macro", "{NOT_NOW}"),
)
_POINTERS: Table = ((2, "null", "NULL"), (2, "error pointer", "ERR_PTR(-{code})"), (2, "object", "get_obj({n})"))
_CALLS: Table = (
    (24, "note", "note({n});"),
    (14, "act", "{err} = act({n});"),
    (9, "check", "{err} = check({ctx}, {n});"),
    (9, "look", "look({credential}, {n});"),
    (7, "current", "look(current_cred(), {n});"),
    (4, "current member", "look(current->cred, {n});"),
    (2, "real credentials", "look(current->real_cred, {n});"),
    (5, "nested", "pass(check({ctx}, {n}), {n});"),
    (5, "ternary", "{err} = {flag} ? act({n}) : probe({n});"),
    (4, "or else", "{err} = probe({n}) ?: act({n});"),
    (3, "macro", "note({MAX_TRIES});"),
    (3, "task", "look({tsk}->cred, {n});"),
    (2, "scope", "note({scope});"),
    (3, "odd layout", "note(/* with (odd */\n\t     {n}\n\t     );"),
)
_PART = re.compile(r"\{(\w+)\}")


class Expressions:
    """The names of a function, and expressions that use them."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.choices = shared.choices
        self.result = self.choices.weighted([(70, "int"), (18, "void"), (12, "pointer")])
        self.err = self.choices.one_of(_ERROR_NAMES)
        self.parameters: list[str] = []
        self.locals: dict[str, str] = {}
        self._names: dict[str, int] = {}

    def saw(self, shape: str) -> None:
        """Note that the program has a shape."""
        self.shared.saw(shape)

    # -- names

    def name_for(self, stem: str) -> str:
        """A name that the function does not have yet."""
        count = self._names.get(stem, 0) + 1
        self._names[stem] = count
        return stem if count == 1 else f"{stem}{count}"

    def use(self, parameter: str) -> str:
        """A parameter's name; the function has it then."""
        if parameter not in self.parameters:
            self.parameters.append(parameter)
        return parameter

    def local(self, name: str, declaration: str) -> str:
        """A local variable's name; it is declared at the function's top."""
        self.locals.setdefault(name, declaration)
        return name

    def new_local(self, stem: str, declaration: str) -> str:
        """A new local variable; `@` in its declaration stands for its name."""
        name = self.name_for(stem)
        return self.local(name, declaration.replace("@", name))

    def error(self) -> str:
        """The variable for error numbers."""
        return self.local(self.err, f"int {self.err} = 0;")

    def ordered(self) -> list[str]:
        """The parameters in the order of the function's head."""
        return [name for name in PARAMETERS if name in self.parameters]

    # -- texts

    def fill(self, template: str) -> str:
        """A template with its parts filled in from left to right."""
        return _PART.sub(lambda match: self._part(match.group(1)), template)

    def _part(self, name: str) -> str:
        if name == "n":
            return str(self.shared.number())
        if name == "err":
            return self.error()
        if name == "code":
            return self.choices.one_of(_CODES)
        if name == "credential":
            return self.credential()
        if name in MACROS:
            if name not in self.shared.macros:
                self.shared.macros.append(name)
            return name
        if name == "alias":
            self.use("ctx")
        return self.local(name, _LOCALS[name]) if name in _LOCALS else self.use(name)

    def _from(self, table: Table, what: str) -> str:
        name, template = self.choices.weighted([(weight, (name, text)) for weight, name, text in table])
        self.saw(f"{what} {name}")
        return self.fill(template)

    def credential(self) -> str:
        """A credential that somebody else holds."""
        if not self.shared.wild and self.choices.chance(80):
            return self._from(_CREDENTIALS[:1], "credential of")
        return self._from(_CREDENTIALS, "credential of")

    def condition(self) -> str:
        """A condition, most often with a call."""
        return self._from(_CONDITIONS, "condition with")

    def value(self) -> str:
        """What a way out of the function returns."""
        return self._from(_POINTERS if self.result == "pointer" else _VALUES, "return of")

    def called(self, *, scoped: bool) -> str:
        """A statement with a call; in a scoped macro, no variable that has the name of that macro's own."""
        return self._from(tuple(row for row in _CALLS if not (scoped and row[1] == "scope")), "call with")
