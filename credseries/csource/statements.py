"""What a macro is that stands before a statement, or opens a scope where it stands: read from its definition.

The forms of `include/linux/cleanup.h` (`guard()`, `CLASS()`, `scoped_guard()`, `scoped_class()`, `__free()`) are known
by name; every other macro is expanded until one of them, or a `for`, `while` or `if`, is left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from credseries.csource.macros import Macro, Macros, TooLong, closing_in, expansions, split_arguments, tokens_of
from credseries.csource.syntax import parse, walk

SCOPED = ("scoped_guard", "scoped_class")
DECLARED = ("guard", "CLASS")
_AS_STATEMENT = {"guard": "scoped_guard", "CLASS": "scoped_class"}  # a declaration that a `for` runs once makes
DEFINING = (
    "DEFINE_FREE",
    "DEFINE_CLASS",
    "EXTEND_CLASS",
    "DEFINE_GUARD",
    "DEFINE_GUARD_COND",
    "DEFINE_LOCK_GUARD_0",
    "DEFINE_LOCK_GUARD_1",
    "DEFINE_LOCK_GUARD_1_COND",
)
CLEANUP_HEADER = "include/linux/cleanup.h"
KEPT = frozenset({*SCOPED, *DECLARED, *DEFINING, "scoped_cond_guard", "__free", "__cleanup", "__UNIQUE_ID"})
# What a definition has to use, itself or through others, to be more than an expression.
_STRUCTURE = frozenset({"for", "while", "if", "else", "do", "switch", "cleanup", "__cleanup__"}) | KEPT
_OPENS = frozenset({"guard", "CLASS", "__free", "__cleanup", "cleanup", "__cleanup__"})
_KEYWORDS = frozenset({"return", "goto", "break", "continue", "if", "else", "for", "while", "do"}) | {
    *("switch", "case", "default")
}
_PAIRS = {"(": ")", "{": "}", "[": "]"}
_LOOPS = ("for_statement", "while_statement", "do_statement")
_LEAVES_FROM = {  # what a statement leaves, or belongs to
    "break_statement": (*_LOOPS, "switch_statement"),
    "continue_statement": _LOOPS,
    "case_statement": ("switch_statement",),
}
_LEAVING = frozenset({"break", "continue", "case", "default"})
_ATTRIBUTE = r"(?:__cleanup|__attribute__\s*\(\s*\(\s*(?:__)?cleanup(?:__)?)\s*\(\s*(\w+)\s*\)(?:\s*\)\s*\))?"
_CLEANUP = re.compile(rf"\b__free\s*\(\s*(\w+)\s*\)|{_ATTRIBUTE}")
_BY_HAND = re.compile(rf"\bclass_(\w+)_t\s+\w+\s+{_ATTRIBUTE}\s*=\s*class_(\w+)_constructor\s*(?=\()")
_FALSE = r"(?:NULL|0|false|\(\s*void\s*\*\s*\)\s*0)"
_TRUE = r"(?:\(\s*void\s*\*\s*\)\s*)?(?:1|true)"
_LEAVES = re.compile(r"\(\s*\{\s*goto\s+([\w()]+)\s*;\s*\}\s*\)")
_TYPES = r"(?:(?:const|struct|union|enum|unsigned|signed)\s+)*\w[\w\s]*[\s*]"
_VARIABLE = re.compile(rf"{_TYPES}\w+\s*(?=__free|__cleanup|__attribute__)")


class Shape(Enum):
    """What a macro makes of the statement after it (or, for DECLARATION, of the rest of its block)."""

    ONCE = "runs it once, in a scope of its own"
    LOOP = "runs it any number of times"
    BRANCH = "runs it or not, and an `else` can follow"
    CLOSED_BRANCH = "runs it or not, and no `else` can follow"
    PLAIN = "runs it"
    DECLARATION = "opens a scope that ends with the block"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Part:
    """A scope that a macro opens: by which form of cleanup.h, of which class, with which arguments (texts)."""

    macro: str
    tag: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Meaning:
    """What a macro does at one of its uses: the scopes that it opens, outermost first; why it is UNKNOWN.

    `evaluates` is what the macro computes besides the arguments of its scopes: the heads of its own loops and branches.
    `name` is the macro's, where one of the tree's own was used.
    """

    shape: Shape
    parts: tuple[Part, ...] = ()
    reason: str = ""
    evaluates: str = ""
    name: str = ""


def _call(text: str, name: str) -> tuple[list[str], str] | None:
    """The arguments of a text that begins with `name(..)`, and what follows it."""
    tokens = [token for token in tokens_of(text) if not token.isspace()]
    spaced = tokens_of(text)
    if len(tokens) < 2 or tokens[0] != name or tokens[1] != "(":
        return None
    opening = next(index for index, token in enumerate(spaced) if token == "(")
    close = closing_in(spaced, opening)
    if close < 0:
        return None
    return split_arguments("".join(spaced[opening + 1 : close])), "".join(spaced[close + 1 :]).strip()


def _declared(text: str) -> tuple[Part, str] | None:
    """The scope of a text that begins with `guard(class)(..)`, `CLASS(class, var)(..)` or either written out."""
    for name in DECLARED:
        called = _call(text, name)
        if called is None or not called[0]:
            continue
        passed = _call(f"x{called[1]}", "x") if called[1].startswith("(") else None
        if passed is not None:
            return Part(name, called[0][0], tuple(passed[0])), passed[1]
    match = _BY_HAND.match(text)
    if (
        match is not None
        and match.group(2) == f"class_{match.group(1)}_destructor"
        and match.group(1) == match.group(3)
    ):
        passed = _call(f"x{text[match.end() :]}", "x")
        if passed is not None:
            return Part("CLASS", match.group(1), tuple(passed[0])), passed[1]
    return None


def _split(text: str, separator: str) -> list[str]:
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens_of(text):
        depth += (token in "([{") - (token in ")]}")
        if token == separator and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return ["".join(part).strip() for part in parts]


def _head(text: str, word: str) -> tuple[str, str] | None:
    """What stands in the brackets after a keyword that begins a text, and what follows them."""
    spaced = tokens_of(text)
    names = [index for index, token in enumerate(spaced) if not token.isspace()]
    if len(names) < 2 or spaced[names[0]] != word or spaced[names[1]] != "(":
        return None
    close = closing_in(spaced, names[1])
    if close < 0:
        return None
    return "".join(spaced[names[1] + 1 : close]), "".join(spaced[close + 1 :]).strip()


def _flag_runs_once(rest: str, condition: str, update: str) -> bool:
    """`*done = NULL; !done; done = (void *)1` and its like: a flag that lets the loop run once."""
    condition, update = condition.strip(), update.strip()
    negated = condition.startswith("!")
    name = condition.lstrip("! ").strip("() ")
    if not re.fullmatch(r"\w+", name):
        return False
    first, then = (_FALSE, _TRUE) if negated else (_TRUE, _FALSE)
    begins = re.search(rf"\b{name}\s*=\s*{first}\s*(?:,|$)", rest)
    steps = rf"{name}\s*=\s*{then}" + (rf"|{name}\s*\+\+|\+\+\s*{name}" if negated else rf"|{name}\s*--|--\s*{name}")
    return begins is not None and re.fullmatch(steps, update) is not None


def _cleanups(text: str, arguments: tuple[str, ...] = ()) -> list[Part]:
    """The scopes of variables that a text declares; `arguments` are what the variables begin with."""
    return [
        Part("__free", match.group(1), arguments) if match.group(1) else Part("__cleanup", match.group(2), arguments)
        for match in _CLEANUP.finditer(text)
    ]


def _for(inside: str, rest: str) -> tuple[Meaning, str]:
    """A `for` written out: whether it runs once, and which cleanup it declares."""
    clauses = _split(inside, ";")
    if len(clauses) != 3:
        return Meaning(Shape.UNKNOWN, reason="its `for` is not understood"), rest
    begin, condition, update = clauses
    parts: list[Part] = []
    remaining = begin
    declared = _declared(begin)
    if declared is not None:
        part, remaining = declared
        parts.append(part)
    parts += _cleanups(remaining)
    evaluates = f"{remaining} {condition} {update}"
    if len(parts) > 1 or re.search(r"\b(?:guard|CLASS)\s*\(", remaining):
        return Meaning(Shape.UNKNOWN, reason="its `for` declares more than one cleanup"), rest
    once = _flag_runs_once(begin, condition, update)
    leaves = _LEAVES.fullmatch(update)
    if leaves is not None:
        label = re.escape(leaves.group(1))
        through = re.match(rf"if\s*\(\s*0\s*\)\s*\{{\s*{label}\s*:\s*break\s*;\s*\}}\s*else\b\s*", rest)
        certain = condition in ("", "1", "true") or "is_cond" in condition
        if through is None or not certain:
            return Meaning(Shape.UNKNOWN, reason="its `for` jumps"), rest
        once, rest = True, rest[through.end() :]
    if once and parts:
        scoped = tuple(replace(part, macro=_AS_STATEMENT.get(part.macro, part.macro)) for part in parts)
        return Meaning(Shape.ONCE, scoped, evaluates=evaluates), rest
    return Meaning(Shape.LOOP, tuple(parts), evaluates=evaluates), rest


def _if(condition: str, rest: str) -> tuple[Meaning, str]:
    """An `if`, of which either way is taken to be possible."""
    if rest.startswith("{"):
        spaced = tokens_of(rest)
        close = closing_in(spaced, 0)
        inside, after = "".join(spaced[1:close]), "".join(spaced[close + 1 :]).strip()
        if close < 0 or not re.match(r"else\b", after):
            return Meaning(Shape.UNKNOWN, reason="its `if` is not understood"), rest
        if re.search(r"\b(?:return|goto|break|continue)\b", inside):
            return Meaning(Shape.UNKNOWN, reason="its `if` jumps"), rest
        return Meaning(Shape.CLOSED_BRANCH, evaluates=f"{condition} {inside}"), after[4:].strip()
    through = re.match(r";\s*else\b\s*", rest)
    if through is not None:
        return Meaning(Shape.CLOSED_BRANCH, evaluates=condition), rest[through.end() :]
    return Meaning(Shape.BRANCH, evaluates=condition), rest


def _elements(text: str) -> list[Meaning] | None:
    """The statements, outermost first, that a text puts before what follows it; None when it is none of that kind."""
    found: list[Meaning] = []
    rest = text.strip()
    while rest:
        word = tokens_of(rest)[0]
        if word in SCOPED:
            called = _call(rest, word)
            given = called[0] if called is not None else []
            names = 1 if word == "scoped_guard" else 2
            if called is None or len(given) < names:
                return None
            found.append(Meaning(Shape.ONCE, (Part(word, given[0], tuple(given[names:])),)))
            rest = called[1]
            continue
        head = _head(rest, word) if word in ("for", "while", "if") else None
        if head is None:
            return None
        if word == "for":
            element, rest = _for(*head)
        elif word == "if":
            element, rest = _if(*head)
        else:
            element, rest = Meaning(Shape.LOOP, evaluates=head[0]), head[1]
        found.append(element)
        if element.shape is Shape.UNKNOWN:
            return found
    return found


def _combined(elements: Sequence[Meaning]) -> Meaning:
    shapes = [element.shape for element in elements]
    parts = tuple(part for element in elements for part in element.parts)
    branches = (Shape.BRANCH, Shape.CLOSED_BRANCH)
    if not shapes:
        return Meaning(Shape.PLAIN)
    if Shape.UNKNOWN in shapes:
        return elements[-1]
    evaluates = " ".join(element.evaluates for element in elements).strip()
    if all(shape is Shape.ONCE for shape in shapes):
        return Meaning(Shape.ONCE, parts, evaluates=evaluates)
    if all(shape in branches for shape in shapes):
        return Meaning(Shape.BRANCH if Shape.BRANCH in shapes else Shape.CLOSED_BRANCH, evaluates=evaluates)
    if shapes[0] is Shape.LOOP and all(shape in branches for shape in shapes[1:]):
        return Meaning(Shape.LOOP, parts, evaluates=evaluates)
    return Meaning(Shape.UNKNOWN, reason="it puts several statements around the next one")


def read_meaning(text: str) -> Meaning | None:
    """The meaning of expanded text that stands before a statement or is one; None when it opens nothing."""
    text = text.strip()
    bare = text.rstrip("; ")
    declared = _declared(bare)
    if declared is not None and not declared[1]:
        return Meaning(Shape.DECLARATION, (declared[0],))
    if _VARIABLE.match(bare) is not None and ";" not in bare:
        attribute, value = bare.partition("=")[0], bare.partition("=")[2].strip()
        parts = _cleanups(attribute, (value,) if value else ())
        if len(parts) == 1 and not _CLEANUP.search(value):
            return Meaning(Shape.DECLARATION, tuple(parts))
    elements = _elements(text)
    if elements is not None:
        return _combined(elements)
    if _CLEANUP.search(text) or re.search(r"\b(?:guard|CLASS|scoped_guard|scoped_class)\s*\(", text):
        return Meaning(Shape.UNKNOWN, reason="its definition has a cleanup that is not understood")
    return None


def _unpaired(body: str) -> bool:
    """Whether a text has brackets that do not pair up."""
    if all(body.count(left) == body.count(right) for left, right in _PAIRS.items()):
        return False
    tokens = tokens_of(body)
    return any(tokens.count(left) != tokens.count(right) for left, right in _PAIRS.items())


def _by_its_parameters(macro: Macro) -> str:
    """A use of a macro, given its own parameters."""
    return macro.name if macro.parameters is None else f"{macro.name}({', '.join(macro.parameters)})"


def _leaves(text: str) -> bool:
    """Whether statements break off, or are a case of, what is around them."""
    root = parse(f"void f(void)\n{{\n{text};\n}}".encode())
    for node in walk(root):
        if node.is_error:
            return True
        if node.type in _LEAVES_FROM:
            around = node.parent
            while around is not None and around.type not in _LEAVES_FROM[node.type]:
                around = around.parent
            if around is None:
                return True
    return False


class StatementMacros:
    """The macros of a tree that may stand before a statement or open a scope, and what they do there.

    `conditional` are the guard classes whose scope may be skipped (`DEFINE_GUARD_COND()`).
    """

    def __init__(self, macros: Macros, conditional: frozenset[str] = frozenset()) -> None:
        self.macros = self._without_contradictions(macros)
        self.conditional = conditional
        self._known: dict[tuple[str, str], Meaning | None] = {}

    @staticmethod
    def _without_contradictions(macros: Macros) -> Macros:
        """Forms of cleanup.h that another file of the tree defines otherwise are macros like any other."""
        otherwise = set()
        for name, use in (
            ("scoped_guard", "scoped_guard(class, argument)"),
            ("scoped_class", "scoped_class(class, variable, argument)"),
            ("guard", "guard(class)(argument)"),
            ("CLASS", "CLASS(class, variable)(argument)"),
        ):
            if name not in macros.named or macros.named[name].path == CLEANUP_HEADER:
                continue
            meaning = _expanded(macros.keeping(macros.kept - {name}), use)
            shape = Shape.ONCE if name in SCOPED else Shape.DECLARATION
            part = meaning.parts[0] if meaning is not None and len(meaning.parts) == 1 else None
            if meaning is None or meaning.shape is not shape or part is None or part.tag != "class":
                otherwise.add(name)
        return macros.keeping(macros.kept - otherwise) if otherwise else macros

    @cached_property
    def before_statements(self) -> frozenset[bytes]:
        """The names of macros that may be more than an expression."""
        empty = {name for name, macro in self.macros.named.items() if not macro.body}
        return _encoded((self.macros.using(_STRUCTURE) | empty) - self.macros.kept)

    @cached_property
    def opening(self) -> frozenset[bytes]:
        """The names of macros that may be a statement of their own that opens a scope."""
        return _encoded(self.macros.using(_OPENS) - self.macros.kept)

    @cached_property
    def disfiguring(self) -> frozenset[bytes]:
        """The names of macros that no syntax can be told of: brackets that do not pair up, and statements' keywords."""
        found = {name for name, macro in self.macros.named.items() if _unpaired(macro.body)}
        found |= {macro.name for others in self.macros.others.values() for macro in others if _unpaired(macro.body)}
        return _encoded((self.macros.named.keys() & _KEYWORDS) | found)

    @cached_property
    def jumping(self) -> frozenset[bytes]:
        """The names of macros that return from the function or jump in it, by their definitions.

        `return_ptr()` of cleanup.h is a `return`, and known as that.
        """
        found = {name for name in self.macros.using(_LEAVING) - self.macros.kept if self._leaves(name)}
        for name in self.macros.using({"return", "goto"}) - {"return_ptr"} - self.macros.kept:
            bodies = " ; ".join(self.macros.named[used].body for used in self.macros.used_by(name))
            targets = re.findall(r"\bgoto\s+(\w+)", bodies)
            own = set(re.findall(r"(?:^|[;{}])\s*(\w+)\s*:", bodies))
            if re.search(r"\breturn\b", bodies) or not own.issuperset(targets):
                found.add(name)
        return _encoded(found)

    def _leaves(self, name: str) -> bool:
        """Whether a macro may break off what is around it."""
        texts = expansions(self.macros, name, _by_its_parameters(self.macros.named[name]))
        return not texts or any(map(_leaves, texts))

    def defines(self, name: str) -> bool:
        """Whether the name is a macro that is what its definition says."""
        return name in self.macros.named and name not in self.macros.kept

    def takes_arguments(self, name: str) -> bool:
        """Whether a use of the macro has to be followed by brackets."""
        macro = self.macros.named[name]
        return macro.parameters is not None

    def meaning(self, name: str, written: str) -> Meaning | None:
        """What a macro is at a use, `written` as in the source from its name on; None when it opens nothing."""
        key = (name, written)
        if key not in self._known:
            self._known[key] = self._meaning(name, written)
        return self._known[key]

    def _meaning(self, name: str, written: str) -> Meaning | None:
        first = _expanded(self.macros, written)
        for used in sorted(self.macros.used_by(name)):
            for other in self.macros.others.get(used, []):
                if _expanded(self.macros.with_definition(other), written) != first:
                    return Meaning(Shape.UNKNOWN, reason=f"{used} is defined in more than one way")
        return first


def _expanded(macros: Macros, written: str) -> Meaning | None:
    try:
        return read_meaning(macros.expand(written))
    except TooLong:
        return Meaning(Shape.UNKNOWN, reason="it expands to too much")


def _encoded(names: set[str]) -> frozenset[bytes]:
    return frozenset(name.encode() for name in names)


NO_MACROS = StatementMacros(Macros((), KEPT))
