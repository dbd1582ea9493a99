"""The preprocessor's macros: read from a file's `#define` lines, and expanded where they are used.

Expansion follows C11 6.10.3: arguments are expanded on their own, `#` and `##` work on them as written, the result is
scanned again together with what follows, and a macro does not expand inside of itself (the hide sets of D. Prosser's
algorithm). The GNU forms that the kernel writes are known too: `args...`, and a comma before `##args` that goes when
nothing was passed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

from credseries.csource.lexical import Lexed, uncommented

_DEFINE = re.compile(rb"\s*#\s*define\s+(\w+)(\(([^)]*)\))?(.*)", re.DOTALL)
_TOKEN = re.compile(r"""\s+|[A-Za-z_]\w*|\.?\d(?:[eEpP][+-]|[\w.])*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|##|.""")
_MOST_TOKENS = 20_000  # far more than any macro of the kernel that stands before a statement
_MOST_DEFINITIONS = 16  # of the macros that one use goes through, besides the first of each
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


class TooLong(Exception):
    """A macro expands to more than is followed."""


@dataclass(frozen=True)
class Macro:
    """A macro as it is defined in the file `path`.

    `parameters` is None for a macro without a parameter list; `variadic` says that the last parameter takes all the
    arguments that are left. `body` is one line without comments.
    """

    name: str
    parameters: tuple[str, ...] | None
    variadic: bool
    body: str
    path: str = ""

    @cached_property
    def words(self) -> frozenset[str]:
        """The names that its body uses."""
        return frozenset(words_of(self.body))


@dataclass(frozen=True)
class _Token:
    text: str
    hidden: frozenset[str] = frozenset()

    @property
    def is_name(self) -> bool:
        return self.text[0].isalpha() or self.text[0] == "_"

    @property
    def is_space(self) -> bool:
        return self.text.isspace()


_NOTHING = _Token("\0")  # what an empty argument is to `##`


def _parameters(listed: str) -> tuple[tuple[str, ...], bool]:
    names = [name.strip() for name in listed.split(",")] if listed.strip() else []
    if names and names[-1].endswith("..."):
        last = names[-1].removesuffix("...").strip()
        return (*names[:-1], last or "__VA_ARGS__"), True
    return tuple(names), False


def read_macros(path: str, source: bytes, lexed: Lexed) -> list[Macro]:
    """The macros that a file defines, in text order; `lexed` is its source, lexed."""
    found = []
    for span in lexed.directives(0, len(source)):
        text = source[span.start : span.end]
        if b"define" not in text:
            continue
        match = _DEFINE.match(uncommented(text))
        if match is None:
            continue
        name, has_list, listed, body = (part.decode("utf-8", "replace") if part else "" for part in match.groups())
        parameters, variadic = _parameters(listed) if has_list else (None, False)
        found.append(Macro(name, parameters, variadic, " ".join(body.split()), path))
    return found


def tokens_of(text: str) -> list[str]:
    """The tokens of a piece of C, white space too."""
    return _TOKEN.findall(text)


def words_of(text: str) -> set[str]:
    """The names that a piece of C uses."""
    return {token for token in tokens_of(text) if token[0].isalpha() or token[0] == "_"}


def split_arguments(text: str) -> list[str]:
    """What stands between the commas of an argument list (given without its brackets), stripped."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens_of(text):
        depth += (token in _BRACKETS) - (token in _BRACKETS.values())
        if token == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    found = ["".join(part).strip() for part in parts]
    return [] if found == [""] else found


def closing_in(tokens: Sequence[str], opening: int) -> int:
    """The index of the token that closes the bracket at `opening`, or -1."""
    depth = 0
    for index in range(opening, len(tokens)):
        depth += (tokens[index] in _BRACKETS) - (tokens[index] in _BRACKETS.values())
        if depth == 0:
            return index
    return -1


def _same(one: Macro, two: Macro) -> bool:
    return (one.parameters, one.body) == (two.parameters, two.body)


class Macros:
    """The macros that a file sees. Those of `kept` are never expanded: their names mean something as they are.

    `others` holds the further definitions of a name that differ from the first one.
    """

    def __init__(self, macros: Iterable[Macro], kept: Collection[str] = ()) -> None:
        self.kept = frozenset(kept)
        self.named: dict[str, Macro] = {}
        self.others: dict[str, list[Macro]] = {}
        for macro in macros:
            known = [self.named.setdefault(macro.name, macro), *self.others.get(macro.name, [])]
            if not any(_same(macro, other) for other in known):
                self.others.setdefault(macro.name, []).append(macro)

    def keeping(self, kept: Collection[str]) -> Macros:
        """The same macros, of which others are not expanded."""
        changed = copy(self)  # with what was found out about them, which does not depend on what is kept
        changed.kept = frozenset(kept)
        return changed

    def under(self, macros: Iterable[Macro]) -> Macros:
        """These macros where others are defined too, which hide those of the same name."""
        over = Macros(macros, self.kept)
        if not over.named:
            return self
        changed = Macros((), self.kept)
        changed.named = {**self.named, **over.named}
        changed.others = {name: rest for name, rest in self.others.items() if name not in over.named} | over.others
        changed._words = {**self._words, **over._words}
        changed._users = dict(self._users)
        for name in over.named.keys() & self.named.keys():
            for word in self._words[name]:
                changed._users[word] = [user for user in changed._users[word] if user != name]
        for word, users in over._users.items():
            changed._users[word] = [*changed._users.get(word, ()), *users]
        return changed

    def with_definition(self, macro: Macro) -> Macros:
        """The same macros with this definition of its name."""
        changed = Macros((), self.kept)
        changed.named = {**self.named, macro.name: macro}
        return changed

    def using(self, words: Collection[str]) -> set[str]:
        """The macros whose bodies use one of the words, directly or through other macros."""
        found: set[str] = set()
        fresh = set(words)
        while fresh:
            fresh = {name for word in fresh for name in self._users.get(word, ())} - found
            found |= fresh
        return found

    def used_by(self, name: str) -> set[str]:
        """A macro and the macros that its expansion may use."""
        found: set[str] = set()
        fresh = {name} & set(self.named)
        while fresh:
            found |= fresh
            fresh = {word for item in fresh for word in self._words[item] if word in self.named} - found
        return found

    @cached_property
    def _words(self) -> dict[str, frozenset[str]]:
        once = {name: macro.words for name, macro in self.named.items()}
        more = {name: once[name].union(*(macro.words for macro in others)) for name, others in self.others.items()}
        return once | more

    @cached_property
    def _users(self) -> dict[str, list[str]]:
        users: dict[str, list[str]] = {}
        for name, words in self._words.items():
            for word in words:
                users.setdefault(word, []).append(name)
        return users

    def expand(self, text: str) -> str:
        """A piece of C with all macros expanded. Raises TooLong."""
        tokens = self._scan([_Token(token) for token in tokens_of(text)])
        return " ".join("".join(token.text if not token.is_space else " " for token in tokens).split())

    def _scan(self, tokens: list[_Token]) -> list[_Token]:
        rest = list(reversed(tokens))
        out: list[_Token] = []
        done = 0
        while rest:
            token = rest.pop()
            done += 1
            if done > _MOST_TOKENS or len(rest) > _MOST_TOKENS:
                raise TooLong
            macro = self.named.get(token.text) if token.is_name and token.text not in self.kept else None
            if macro is None or token.text in token.hidden:
                out.append(token)
            elif macro.parameters is None:
                hidden = token.hidden | {macro.name}
                rest += reversed(self._substituted(macro, {}, hidden))
            else:
                passed = self._passed(rest)
                if passed is None:
                    out.append(token)
                    continue
                arguments, length = passed
                del rest[len(rest) - length :]
                bound = _bind(macro, arguments)
                rest += reversed(self._substituted(macro, bound, token.hidden | {macro.name}))
        return out

    @staticmethod
    def _passed(rest: list[_Token]) -> tuple[list[list[_Token]], int] | None:
        """The arguments that follow a macro's name (`rest` is in reverse), and how many tokens they take."""
        index = len(rest) - 1
        while index >= 0 and rest[index].is_space:
            index -= 1
        if index < 0 or rest[index].text != "(":
            return None
        arguments: list[list[_Token]] = [[]]
        depth = 1
        index -= 1
        while index >= 0:
            token = rest[index]
            depth += (token.text in _BRACKETS) - (token.text in _BRACKETS.values())
            if depth == 0:
                return arguments, len(rest) - index
            if token.text == "," and depth == 1:
                arguments.append([])
            else:
                arguments[-1].append(token)
            index -= 1
        return None

    def _substituted(self, macro: Macro, bound: Mapping[str, list[_Token]], hidden: frozenset[str]) -> list[_Token]:
        body = [_Token(token) for token in tokens_of(macro.body)]
        out: list[_Token] = []
        index = 0
        while index < len(body):
            token = body[index]
            before = _previous(out)
            after = _next(body, index)
            if token.text == "#" and macro.parameters is not None and after is not None and body[after].text in bound:
                out.append(_Token('"' + "".join(part.text for part in bound[body[after].text]).strip() + '"'))
                index = after
            elif token.text == "##" and after is not None and before is not None:
                right = bound.get(body[after].text, [body[after]])
                _paste(out, before, [part for part in right if not part.is_space])
                index = after
            elif token.text in bound:
                pasted = after is not None and body[after].text == "##"
                out += bound[token.text] if pasted else self._scan(list(bound[token.text]))
                if pasted and not bound[token.text]:
                    out.append(_NOTHING)
            else:
                out.append(token)
            index += 1
        return [_Token(token.text, token.hidden | hidden) for token in out if token != _NOTHING]


def expansions(macros: Macros, name: str, written: str) -> tuple[str, ...]:
    """What a use of a macro stands for by each definition of the macros that it goes through.

    `written` is as in the source, from the name on. Nothing when that is too much to be followed.
    """
    others = [other for used in sorted(macros.used_by(name)) for other in macros.others.get(used, ())]
    if len(others) > _MOST_DEFINITIONS:
        return ()
    try:
        texts = [macros.expand(written), *(macros.with_definition(other).expand(written) for other in others)]
    except TooLong:
        return ()
    return tuple(dict.fromkeys(texts))


def _previous(tokens: list[_Token]) -> int | None:
    return next((i for i in range(len(tokens) - 1, -1, -1) if not tokens[i].is_space), None)


def _next(tokens: list[_Token], index: int) -> int | None:
    return next((i for i in range(index + 1, len(tokens)) if not tokens[i].is_space), None)


def _paste(out: list[_Token], before: int, right: list[_Token]) -> None:
    """Glue tokens to the one at `before`; nothing pasted to a comma takes the comma away."""
    left = out[before]
    del out[before:]
    if left.text == ",":
        out += [left, *right] if right else []
    elif left == _NOTHING:
        out += right or [left]
    elif right:
        out += [_Token(left.text + right[0].text), *right[1:]]
    else:
        out.append(left)


def _bind(macro: Macro, arguments: list[list[_Token]]) -> dict[str, list[_Token]]:
    """What each parameter stands for, without the spaces around it."""
    names = macro.parameters or ()
    given = list(arguments)
    if macro.variadic and len(given) >= len(names):
        last: list[_Token] = []
        for part in given[len(names) - 1 :]:
            last += [*([_Token(",")] if last else []), *part]
        given = [*given[: len(names) - 1], last]
    bound = {}
    for index, name in enumerate(names):
        part = given[index] if index < len(given) else []
        while part and part[0].is_space:
            part = part[1:]
        while part and part[-1].is_space:
            part = part[:-1]
        bound[name] = part
    return bound
