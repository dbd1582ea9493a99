"""A letter's text as an exchange: what is quoted, and what the sender says to it. Pure.

Every line that has anything on it ends up in exactly one place: in the words of an exchange, in a quote, or in a
quote's introduction. Greetings, farewells, signatures and the footers of lists are words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from credseries.mail.thread.answered import mend_quotes
from credseries.mail.thread.lines import Line, Part, read_lines
from credseries.mail.thread.model import Exchange, Quote

_CLOSING = re.compile(r"--[ \t]*|_{10,}|-{20,}")  # the mark of a signature; the rule above a list's footer
_CLOSING_LINES = 12


@dataclass
class _Written:
    """Exchanges as they are collected."""

    done: list[Exchange] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    quoted_at: int = 0

    def quote(self, quotes: Sequence[Quote], line: int) -> None:
        if quotes:
            self.quoted_at = self.quoted_at if self.quotes else line
            self.quotes += quotes

    def say(self, words: str, line: int) -> None:
        self.done.append(Exchange(tuple(self.quotes), words, line))
        self.quotes = []


def exchanges(text: str, answered: Sequence[str] = ()) -> tuple[Exchange, ...]:
    """The remarks of a letter in order, each with the quotes above it.

    `answered` are the texts of the letters that it replies to, if they are known: with them, lines are quotes that
    lost their mark or were broken off a quoted line (`Quote.guessed`). Without them such lines are words, as nothing
    that a reviewer says may get lost.
    """
    lines = read_lines(text)
    if answered:
        lines = mend_quotes(lines, answered)
    written = _Written()
    for is_words, run in groupby(_filled(lines), key=lambda line: line.part is Part.WORDS):
        block = list(run)
        shown = [line for line in block if line.part is not Part.BLANK]
        if is_words:
            _say(written, block)
        elif shown:
            written.quote(_quotes(block), shown[0].number)
    if written.quotes:
        written.say("", written.quoted_at)
    return tuple(_top_posted(written.done))


def _filled(lines: Sequence[Line]) -> list[Line]:
    """Blank lines between words as words: they part paragraphs, and no remarks."""
    done = list(lines)
    last = Part.BLANK
    for index, line in enumerate(lines):
        if line.part is not Part.BLANK:
            last = line.part
        elif last is Part.WORDS:
            done[index] = replace(line, part=Part.WORDS)
    return done


def _say(written: _Written, block: Sequence[Line]) -> None:
    shown = [line.number for line in block if line.words.strip()]
    words = [line.words for line in block if shown[0] <= line.number <= shown[-1]]
    written.say("\n".join(words), shown[0])


def _quotes(block: Sequence[Line]) -> list[Quote]:
    """Runs of lines of the same depth; a gap between quotes that has no mark starts another one."""
    found: list[Quote] = []
    introduction: list[str] = []
    for (part, depth, name, guessed), run in groupby(block, key=_kind):
        lines = list(run)
        if part is Part.INTRODUCTION:
            introduction += [line.words for line in lines]
        elif part is Part.QUOTE:
            guessed_at_all = guessed or any(line.guessed for line in lines)
            found.append(Quote(depth, _joined(lines), name, guessed_at_all, "\n".join(introduction)))
            introduction = []
    if introduction:
        found.append(Quote(block[-1].depth + 1, (), "", introduction="\n".join(introduction)))
    return found


def _kind(line: Line) -> tuple[Part, int, str, bool]:
    # A rest that was broken off belongs to the quote; a quote without any mark is one of its own.
    return line.part, line.depth if line.part is Part.QUOTE else 0, line.whose, line.guessed and not line.joins


def _joined(lines: Sequence[Line]) -> tuple[str, ...]:
    done: list[str] = []
    for line in lines:
        if line.joins and done:
            done[-1] = f"{done[-1].rstrip()} {line.words.strip()}"
        else:
            done.append(line.words)
    return tuple(done)


def _top_posted(found: list[Exchange]) -> list[Exchange]:
    """Where all words stand above all quotes, but for a signature or a list's footer, the quotes are below them."""
    if len(found) < 2 or found[0].quotes:
        return found
    first, second, *rest = found
    if rest or not second.quotes or not (second.words == "" or _is_closing(second.words)):
        return found
    top = replace(first, below=second.quotes)
    return [top, Exchange((), second.words, second.line)] if second.words else [top]


def _is_closing(words: str) -> bool:
    lines = words.split("\n")
    return len(lines) <= _CLOSING_LINES and _CLOSING.fullmatch(lines[0]) is not None
