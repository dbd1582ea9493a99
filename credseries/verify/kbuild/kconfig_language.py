"""The Kconfig files of a tree as values: symbols, what they depend on, what selects them; and expressions.

The language is that of Documentation/kbuild/kconfig-language.rst.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
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
