"""The expressions of MAINTAINERS (N: and K: lines), which are Perl's with the flag /x, in Python's language.

What they are for is to ask thousands of names and lines, of which nearly none matches, so each one knows words of
which a text that it matches must have one; to look for a word costs next to nothing, to compile an expression does not.

Source of the rules: perlre(1). Not understood are recursion, conditions, named classes of Unicode (`\\p{L}`) and verbs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_PLAIN = re.compile(r"[\w/@,;:<>=!%~&'\"-]+")
_SPACE = re.compile(r"(?:\s|#[^\n]*(?:\n|$))+")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})[?+]?")
_FLAGS = re.compile(r"\((?P<opening>\?(?P<reset>\^?)(?P<on>[imsx]*)(?:-(?P<off>[imsx]+))?(?P<end>[:)]))")
_GROUP = re.compile(r"\((?:\?(?:[=!>]|<[=!]|(?P<name>(?:P?<\w+>|'\w+'))))?")
_COMMENT = re.compile(r"\(\?#[^)]*\)")
_ESCAPE = re.compile(
    r"\\(?:x\{(?P<code>[0-9A-Fa-f]+)\}|x(?P<hex>[0-9A-Fa-f]{1,2})|(?P<digits>\d+)|(?P<letter>.))", re.DOTALL
)
_NAMED_CLASS = re.compile(r"\[:(\w+):\]")
_POSIX = {
    "alpha": r"^\W\d_",
    "digit": r"\d",
    "alnum": r"^\W_",
    "word": r"\w",
    "space": r"\s",
    "upper": "A-Z",
    "lower": "a-z",
    "xdigit": "0-9A-Fa-f",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
}
_ANCHORS = {"b": r"\b", "B": r"\B", "A": r"\A", "z": r"\Z", "Z": r"(?=\n?\Z)"}
_SETS = {"d": r"\d", "D": r"\D", "s": r"\s", "S": r"\S", "w": r"\w", "W": r"\W"} | {
    "h": r"[ \t]",
    "H": r"[^ \t]",
    "v": r"[\n\x0b\f\r]",
    "N": r"[^\n]",
    "R": r"(?:\r\n|[\n\x0b\f\r])",
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b", "0": "\0"}
_UNKNOWN = frozenset("CEGKLPQUXcgklopux123456789")


class NotUnderstood(ValueError):
    """An expression that is not valid, or of a kind that is not known here."""


@dataclass(frozen=True)
class Expression:
    """An expression, compiled when it is first needed. One that is not understood matches nothing."""

    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Words, in folded case, one of which is in every text, folded, that the expression matches; `""` if none is
        known, and none for one that is not understood."""
        if _PLAIN.fullmatch(self.text):
            return (self.text.casefold(),)
        try:
            return _Translation(self.text).words
        except NotUnderstood:
            return ()

    @cached_property
    def compiled(self) -> re.Pattern[str] | None:
        """The expression in Python's language; None for one that is not understood."""
        return compile_perl(self.text)

    @cached_property
    def changed(self) -> re.Pattern[str] | None:
        """The expression as the script looks for it in a diff.

        It writes its own one for added and removed lines before it, without parentheses: of `a|b`, b is found in lines
        of context too.
        """
        return compile_perl(f"^[+-].*{self.text}")


def compile_perl(text: str, *, extended: bool = True) -> re.Pattern[str] | None:
    """An expression in Python's language, with Perl's flag /x or without; None for one that is not understood."""
    try:
        return re.compile(_Translation(text, "x" if extended else "").python)
    except (NotUnderstood, re.error, OverflowError):
        return None


@dataclass
class _Branch:
    """One of several alternatives while it is read: its text in Python, and what it cannot match without."""

    python: str = ""
    run: str = ""
    best: tuple[str, ...] = ("",)
    wrapped: int = 0

    def add_character(self, character: str, quantifier: str, *, insensitive: bool) -> None:
        needed = not _may_be_absent(quantifier)
        # German sharp s and its like are one character for Python and two for Perl: no word goes over them.
        plain = len(character.casefold()) == 1 and (not insensitive or character.isascii())
        if needed and plain:
            self.run += character.casefold()
        if quantifier or not plain:
            self.end_run()
        self.python += re.escape(character) + quantifier

    def add(self, python: str, words: tuple[str, ...] = ("",)) -> None:
        self.end_run()
        self._offer(words)
        self.python += python

    def end_run(self) -> None:
        self._offer((self.run,))
        self.run = ""

    def _offer(self, words: tuple[str, ...]) -> None:
        if min(map(len, words), default=0) > min(map(len, self.best)):
            self.best = words

    def closed(self) -> str:
        return self.python + ")" * self.wrapped


class _Translation:
    """A Perl expression, read once from left to right."""

    def __init__(self, text: str, flags: str = "x") -> None:
        self._text = text
        self._at = 0
        self.python, self.words = self._alternatives(frozenset(flags))
        if self._at < len(text):
            raise NotUnderstood(f"{text!r} closes a group that is not open")

    def _alternatives(self, outer: frozenset[str]) -> tuple[str, tuple[str, ...]]:
        branches = [_Branch()]
        flags = outer
        while self._at < len(self._text) and self._text[self._at] != ")":
            if "x" in flags and (match := self._take(_SPACE)):
                continue
            if self._text[self._at] == "|":
                self._at += 1
                branches.append(_Branch())
                self._wrap(branches[-1], outer, flags)
            elif self._take(_COMMENT):
                continue
            elif (match := _FLAGS.match(self._text, self._at)) and match["end"] == ")":
                self._at = match.end()
                before, flags = flags, _changed(flags, match)
                self._wrap(branches[-1], before, flags)
            else:
                self._item(branches[-1], flags)
        for branch in branches:
            branch.end_run()
        words = tuple(dict.fromkeys(word for branch in branches for word in branch.best))
        return "|".join(branch.closed() for branch in branches), ("",) if "" in words else words

    def _wrap(self, branch: _Branch, before: frozenset[str], after: frozenset[str]) -> None:
        # Perl changes flags from here to the end of the group, over alternatives; Python only for a group of its own.
        opening = _opening(before, after)
        if opening:
            branch.python += opening
            branch.wrapped += 1

    def _item(self, branch: _Branch, flags: frozenset[str]) -> None:
        character = self._text[self._at]
        if character == "(":
            self._group(branch, flags)
        elif character == "[":
            branch.add(self._class() + self._quantifier(flags))
        elif character == "\\":
            self._escape(branch, flags)
        elif character == ".":
            self._at += 1
            branch.add("." + self._quantifier(flags))
        elif character in "^$":
            self._at += 1
            branch.python += character
        elif character in "*+?":
            raise NotUnderstood(f"{self._text!r} repeats nothing")
        else:
            self._at += 1
            branch.add_character(character, self._quantifier(flags), insensitive="i" in flags)

    def _group(self, branch: _Branch, flags: frozenset[str]) -> None:
        inner = flags
        if match := _FLAGS.match(self._text, self._at):
            inner = _changed(flags, match)
            opening = _opening(flags, inner) or "(?:"
        else:
            match = _GROUP.match(self._text, self._at)
            assert match is not None
            opening = match[0]
            if match["name"]:
                name = match["name"].strip("P<>'")
                opening = f"(?P<{name}>"
            elif self._text[match.end() : match.end() + 1] in ("?", "*"):
                raise NotUnderstood(f"{self._text!r} has a group of a kind that is not known")
        self._at = match.end()
        python, words = self._alternatives(inner)
        if self._at == len(self._text):
            raise NotUnderstood(f"{self._text!r} leaves a group open")
        self._at += 1
        quantifier = self._quantifier(flags)
        if opening in ("(?=", "(?!", "(?<=", "(?<!") or _may_be_absent(quantifier):
            words = ("",)
        branch.add(f"{opening}{python}){quantifier}", words)

    def _escape(self, branch: _Branch, flags: frozenset[str]) -> None:
        match = self._take(_ESCAPE)
        if match is None:
            raise NotUnderstood(f"{self._text!r} ends in a backslash")
        letter = match["letter"]
        if letter in _ANCHORS:
            branch.python += _ANCHORS[letter]
        elif letter in _SETS:
            branch.add(_SETS[letter] + self._quantifier(flags))
        elif match["digits"] and match["digits"] != "0":
            branch.add(f"(?:\\{int(match['digits'])})" + self._quantifier(flags))
        else:
            branch.add_character(self._character(match), self._quantifier(flags), insensitive="i" in flags)

    def _character(self, match: re.Match[str]) -> str:
        if code := match["code"] or match["hex"]:
            try:
                return chr(int(code, 16))
            except (ValueError, OverflowError) as error:
                raise NotUnderstood(f"{self._text!r} names no character") from error
        letter: str = match["letter"] or match["digits"]
        if letter in _UNKNOWN:
            raise NotUnderstood(f"{self._text!r} has \\{letter}, which is not known")
        return _CONTROLS.get(letter, letter)

    def _class(self) -> str:
        python = "[^" if self._text.startswith("[^", self._at) else "["
        self._at += len(python)
        for item in self._class_items():
            python += item
        return python + "]"

    def _class_items(self) -> Iterator[str]:
        start = self._at
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == "]" and self._at > start:
                self._at += 1
                return
            if named := _NAMED_CLASS.match(self._text, self._at):
                self._at = named.end()
                yield self._named_class(named[1])
            elif match := self._take(_ESCAPE):
                yield self._class_escape(match)
            else:
                self._at += 1
                yield f"\\{character}" if character in "[]&~|\\" else character
        raise NotUnderstood(f"{self._text!r} leaves a class open")

    def _named_class(self, name: str) -> str:
        members = _POSIX.get(name, "^")
        if members.startswith("^"):
            raise NotUnderstood(f"{self._text!r} has [:{name}:], which is not known")
        return members

    def _class_escape(self, match: re.Match[str]) -> str:
        letter = match["letter"]
        if letter in ("d", "D", "s", "S", "w", "W"):
            return f"\\{letter}"
        if letter == "h":
            return r" \t"
        return r"\x08" if letter == "b" else re.escape(self._character(match))

    def _quantifier(self, flags: frozenset[str]) -> str:
        if "x" in flags:
            self._take(_SPACE)
        match = self._take(_QUANTIFIER)
        return match[0] if match else ""

    def _take(self, what: re.Pattern[str]) -> re.Match[str] | None:
        match = what.match(self._text, self._at)
        if match:
            self._at = match.end()
        return match


def _changed(flags: frozenset[str], match: re.Match[str]) -> frozenset[str]:
    kept = frozenset() if match["reset"] else flags
    return (kept | set(match["on"])) - set(match["off"] or "")


def _opening(before: frozenset[str], after: frozenset[str]) -> str:
    """The group that changes Python's flags; empty where nothing changes. White space has been dropped by now."""
    on, off = ("".join(sorted(flags - {"x"})) for flags in (after - before, before - after))
    return f"(?{on}{'-' if off else ''}{off}:" if on or off else ""


def _may_be_absent(quantifier: str) -> bool:
    return (quantifier[:1] in ("*", "?") and quantifier != "") or quantifier.startswith(("{0", "{,"))
