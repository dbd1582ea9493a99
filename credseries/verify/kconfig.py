"""Which lines a .config needs so that wished symbols are set: what they depend on, by the text of the Kconfig files.

The language is that of Documentation/kbuild/kconfig-language.rst. What is found is a proposal: kconfig itself decides,
and with the values that it settled on the next proposal is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Read = Callable[[str], str | None]  # a file's text by its path in the tree; None: there is no such file
Values = Mapping[str, str]  # of symbols, without CONFIG_; what is not set is missing

_TOKEN = re.compile(r'\s*(&&|\|\||!=|<=|>=|[!()=<>]|"(?:[^"\\]|\\.)*"|\'[^\']*\'|\$\((?:[^()]|\([^()]*\))*\)|[\w./-]+)')
_DEFINITION = re.compile(r"(?:menu)?config\s+(\w+)")
_SOURCE = re.compile(r'o?source\s+"?([^"\s]+)"?')
_TYPE = re.compile(r"(def_bool|def_tristate|bool|tristate|int|hex|string|prompt)\b\s*(.*)")
_PROMPT = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\'[^\']*\')(?:\s+if\s+(.*))?')
_VALUE = re.compile(r"^CONFIG_(\w+)=(.*)$", re.MULTILINE)
_BLOCKS = frozenset(("menu", "choice", "comment", "if", "mainmenu", "endmenu", "endchoice", "endif"))
_DEEP = 40  # symbols that depend on each other
_CHEAP = 6  # symbols that a wish may set

# An expression: a name, or an operator with what it is applied to.
Expression = str | tuple["str | Expression", ...]


@dataclass
class Definition:
    """One `config` entry of a symbol: what it depends on, its prompt's condition (None: no prompt), its default."""

    depends: list[Expression] = field(default_factory=list)
    prompt: list[Expression] | None = None
    has_default: bool = False


@dataclass
class Tree:
    """The symbols of a kernel, and for each the symbols that select it with the conditions."""

    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    selectors: dict[str, list[tuple[str, list[Expression]]]] = field(default_factory=dict)
    switches: set[str] = field(default_factory=set)  # that are bool or tristate


def config_values(text: str) -> dict[str, str]:
    """The symbols that a .config sets."""
    return dict(_VALUE.findall(text))


# -- reading


def read_tree(read: Read, srcarch: str) -> Tree:
    """All Kconfig files of a tree for an architecture (kbuild's SRCARCH, as the directory in arch/)."""
    tree = Tree()
    _File(tree, read, srcarch).read("Kconfig", [])
    return tree


@dataclass
class _File:
    tree: Tree
    read_text: Read
    srcarch: str
    seen: set[str] = field(default_factory=set)

    def read(self, path: str, around: list[Expression]) -> None:
        """Reads a file, and those that it names; `around` is what holds for all of it."""
        text = self.read_text(path)
        if text is None or path in self.seen:
            return
        self.seen.add(path)
        scopes = [around]
        entry: _Entry | None = None
        for line in _statements(text):
            if match := _DEFINITION.fullmatch(line):
                entry = _Entry(self.tree, match[1], scopes[-1])
            elif match := _SOURCE.fullmatch(line):
                entry = None
                self.read(self._expanded(match[1]), scopes[-1])
            elif line.split()[0] in _BLOCKS:
                entry = None
                _enter_or_leave(line, scopes)
            elif entry is not None:
                entry.take(line)
            elif line.startswith(("depends on", "visible if")) and len(scopes) > 1:
                scopes[-1].append(parse_expression(line.split(None, 2)[2]))

    def _expanded(self, name: str) -> str:
        for variable in ("$(SRCARCH)", "$SRCARCH", "$(HEADER_ARCH)"):
            name = name.replace(variable, self.srcarch)
        return name.replace("$(srctree)/", "")


def _statements(text: str) -> Iterator[str]:
    """The lines of a file without help texts, comments and empty ones."""
    # A help text ends before the first line that is indented less than its own first line.
    help_indent: int | None = None
    for row in re.sub(r"\\\n", " ", text).expandtabs().splitlines():
        line = row.strip()
        indent = len(row) - len(row.lstrip())
        if help_indent is not None:
            if not line or (indent > 0 and indent >= help_indent):
                help_indent = help_indent or indent if line else help_indent
                continue
            help_indent = None
        line = _without_comment(line)
        if line in ("help", "---help---"):
            help_indent = 0
        elif line:
            yield line


def _enter_or_leave(line: str, scopes: list[list[Expression]]) -> None:
    word = line.split(maxsplit=1)[0]
    if word in ("menu", "choice"):
        scopes.append(list(scopes[-1]))
    elif word == "if":
        scopes.append([*scopes[-1], parse_expression(line[2:])])
    elif word.startswith("end") and len(scopes) > 1:
        scopes.pop()


class _Entry:
    def __init__(self, tree: Tree, name: str, around: list[Expression]) -> None:
        self._tree, self._name = tree, name
        self._definition = Definition(list(around))
        tree.definitions.setdefault(name, []).append(self._definition)

    def take(self, line: str) -> None:
        """A line of the entry."""
        if match := _TYPE.fullmatch(line):
            kind, rest = match.groups()
            if kind in ("bool", "tristate", "def_bool", "def_tristate"):
                self._tree.switches.add(self._name)
            if kind.startswith("def_"):
                self._definition.has_default |= not rest.startswith("n")
            elif prompt := _PROMPT.fullmatch(rest):
                self._definition.prompt = [parse_expression(prompt[1])] if prompt[1] else []
        elif line.startswith("depends on "):
            self._definition.depends.append(parse_expression(line[len("depends on ") :]))
        elif line.startswith("default "):
            self._definition.has_default |= not line.split()[1].startswith("n")
        elif line.startswith("select "):
            target, _, condition = line[len("select ") :].partition(" if ")
            conditions = [parse_expression(condition)] if condition else []
            self._tree.selectors.setdefault(target.strip(), []).append((self._name, conditions))


def _without_comment(line: str) -> str:
    return line if "#" not in line or '"' in line else line.split("#", 1)[0].strip()


# -- expressions


def parse_expression(text: str) -> Expression:
    """An expression of the language; what cannot be read counts as true ("y")."""
    tokens = _TOKEN.findall(text)
    position = 0

    def take(*wanted: str) -> str:
        nonlocal position
        if position < len(tokens) and (not wanted or tokens[position] in wanted):
            position += 1
            return str(tokens[position - 1])
        return ""

    def either() -> Expression:
        left = both()
        while take("||"):
            left = ("||", left, both())
        return left

    def both() -> Expression:
        left = single()
        while take("&&"):
            left = ("&&", left, single())
        return left

    def single() -> Expression:
        if take("!"):
            return ("!", single())
        if take("("):
            inner = either()
            take(")")
            return inner
        left = take() or "y"
        if operator := take("=", "!=", "<", ">", "<=", ">="):
            return (operator, left, take() or "y")
        return left

    return either()


def holds(expression: Expression, values: Values) -> bool:
    """Whether an expression is true (m counts) with these values; calls of macros count as true."""
    if isinstance(expression, str):
        return expression.startswith("$(") or values.get(expression, expression if expression in "ym" else "n") in "ym"
    operator, *parts = expression
    if operator == "&&":
        return all(holds(part, values) for part in parts)
    if operator == "||":
        return any(holds(part, values) for part in parts)
    if operator == "!":
        return not holds(parts[0], values)
    left, right = (_value(str(part), values) for part in parts)
    if operator in ("=", "!="):
        return (left == right) is (operator == "=")
    return True


def _value(word: str, values: Values) -> str:
    if word[0] in "\"'":
        return word[1:-1]
    return values.get(word, word if word in ("y", "m") or not re.fullmatch(r"[A-Z]\w*", word) else "n").strip('"')


# -- wishes


def proposal(tree: Tree, required: Iterable[str], wished: Iterable[str], values: Values) -> dict[str, str]:
    """What to set so that symbols get set: those that are `required`, and what costs little of those `wished` for.

    `values` are those that kconfig settled on last time. What nobody can set directly waits until it is the last that
    is left, as something else may select it by then.
    """
    found: dict[str, str] = {}
    unset = [name for name in required if values.get(name) not in ("y", "m")]
    settable = [name for name in unset if _has_prompt(tree, name)]
    for name in settable or unset:
        found.update(assignments(tree, name, {**values, **found}) or {})
    for name in wished:
        more = assignments(tree, name, {**values, **found}) or {}
        if len(more) <= _CHEAP and _has_prompt(tree, name) and not set(more) & set(required) - set(found):
            found.update({other: value for other, value in more.items() if other not in found})
    return found


def _has_prompt(tree: Tree, name: str) -> bool:
    return any(definition.prompt is not None for definition in tree.definitions.get(name, ()))


def assignments(tree: Tree, wish: str, values: Values) -> dict[str, str] | None:
    """What to set so that a symbol gets set, given the values of now; None if no way is seen.

    It is empty when the symbol is set already.
    """
    found: dict[str, str] = {}
    return found if _set(tree, wish, values, found, 0) else None


def _set(tree: Tree, name: str, values: Values, found: dict[str, str], depth: int) -> bool:
    if values.get(name) in ("y", "m") or found.get(name) == "y":
        return True
    if name not in tree.switches or found.get(name) == "n" or depth > _DEEP:
        return False
    ways = sorted(tree.definitions[name], key=lambda item: (item.prompt is None, not _holds_all(item.depends, values)))
    for definition in ways:
        if definition.prompt is None and not definition.has_default:
            continue
        trial = {**found, name: "y"}
        if _satisfy_all([*definition.depends, *(definition.prompt or [])], tree, values, trial, depth):
            found.update(trial)
            return True
    selectors = tree.selectors.get(name, [])
    for selector, conditions in sorted(selectors, key=lambda item: item[0] not in found):
        trial = {**found, name: "y"}
        if _set(tree, selector, values, trial, depth + 1) and _satisfy_all(conditions, tree, values, trial, depth):
            found.update(trial)
            return True
    return False


def _holds_all(expressions: Iterable[Expression], values: Values) -> bool:
    return all(holds(expression, values) for expression in expressions)


def _satisfy_all(
    expressions: Iterable[Expression], tree: Tree, values: Values, found: dict[str, str], depth: int
) -> bool:
    return all(_satisfy(expression, tree, values, found, depth) for expression in expressions)


def _satisfy(expression: Expression, tree: Tree, values: Values, found: dict[str, str], depth: int) -> bool:
    """Adds to `found` what makes an expression true, and says whether there is a way."""
    if holds(expression, {**values, **found}):
        return True
    if isinstance(expression, str):
        return _set(tree, expression, values, found, depth + 1)
    operator, *parts = expression
    if operator == "&&":
        return all(_satisfy(part, tree, values, found, depth) for part in parts)
    if operator == "||":
        for part in parts:
            trial = dict(found)
            if _satisfy(part, tree, values, trial, depth):
                found.update(trial)
                return True
        return False
    target: Expression | None = None
    value = "n"
    if operator == "!":
        target = parts[0]
    elif operator in ("=", "!="):
        target = parts[0]
        value = str(parts[1]) if operator == "=" else ("y" if parts[1] == "n" else "n")
    if not isinstance(target, str) or found.get(target) == "y":
        return False
    if value == "y":
        return _set(tree, target, values, found, depth + 1)
    if value != "n" or target not in tree.switches:
        return False
    found[target] = "n"
    return True
