"""Quotes without marks, found by the text that they repeat: mailers break quoted lines, and people drop marks. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from credseries.mail.thread.lines import Line, Part
from credseries.mail.thread.marks import split_marks

_TAIL = 40  # characters of the line above that must be there too
_ENOUGH = 12  # characters that two pieces of a line must have together
_LONG = 30  # characters of a paragraph that is no accident
_WHOLE = 20  # characters of a line that is no accident
_TRAILER = re.compile(r"\s*[A-Z][A-Za-z-]+(?:-by|-to|s): ")
LIMIT = 2_000_000  # characters of the answered letters that are looked at


class Answered:
    """What the letters say that are answered; white space does not count."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._runs: list[str] = []
        self._lines: set[str] = set()
        room = LIMIT
        for text in texts:
            marked = [split_marks(line) for line in text[: max(room, 0)].split("\n")]
            room -= len(text)
            self._lines.update(_squeezed(words) for _, words in marked)
            said = [(depth, words) for depth, words in marked if words.strip()]
            for _, run in groupby(said, key=lambda item: item[0]):
                self._runs.append("".join(_squeezed(words) for _, words in run))

    def says(self, words: str) -> bool:
        """Whether these words are there, one after the other and all of one writer."""
        squeezed = _squeezed(words)
        return bool(squeezed) and any(squeezed in run for run in self._runs)

    def has_line(self, words: str) -> bool:
        """Whether a line there has just these words."""
        return _squeezed(words) in self._lines

    def has_piece(self, words: str) -> bool:
        """Whether these words are a line there, or long enough not to be there by accident."""
        return self.has_line(words) or (len(_squeezed(words)) >= _WHOLE and self.says(words))


def _squeezed(words: str) -> str:
    return "".join(words.split())


def mend_quotes(lines: Sequence[Line], texts: Sequence[str]) -> list[Line]:
    """The lines of a letter with the quotes that only the answered letters' texts tell; without any, as they are."""
    answered = Answered(texts)
    return _paragraphs(_below_fields(_broken_off(lines, answered), answered), answered)


def _broken_off(lines: Sequence[Line], answered: Answered) -> list[Line]:
    """The rests of quoted lines, and lines without their mark, directly below a quote."""
    done: list[Line] = []
    whole = ""  # the quoted line above, with what was broken off it
    for line in lines:
        above = done[-1] if done else None
        is_rest = (
            above is not None
            and above.part is Part.QUOTE
            and line.part in {Part.WORDS, Part.QUOTE}
            and line.depth < above.depth
            and not line.guessed
        )
        if above is None or not is_rest or not _belongs(whole, line.words, answered):
            done.append(line)
            whole = line.words
            continue
        joins = not (answered.has_line(line.words) and answered.has_line(whole))
        done.append(replace(line, part=Part.QUOTE, depth=above.depth, whose=above.whose, guessed=True, joins=joins))
        whole = f"{whole} {line.words}" if joins else line.words
    return done


def _belongs(above: str, words: str, answered: Answered) -> bool:
    tail, piece = _squeezed(above)[-_TAIL:], _squeezed(words)
    if not tail or not piece or len(tail) + len(piece) < _ENOUGH or _TRAILER.match(words):
        return False
    return answered.says(tail + piece)


def _below_fields(lines: list[Line], answered: Answered) -> list[Line]:
    """Below a block of fields all is taken for the mail that it heads; what that mail does not have are words.

    When hardly any of it is there, it is another mail than those that are known, and stays a quote.
    """
    unmarked = [line for line in lines if line.guessed and not line.joins and line.part is Part.QUOTE]
    shown = [line for line in unmarked if line.words.strip()]
    known = {line.number for line in shown if answered.has_piece(line.words)}
    if not shown or len(known) * 2 < len(shown):
        return lines
    own = {line.number for line in shown if line.number not in known and line.depth == 1}
    gaps = {line.number for line in unmarked if not line.words.strip() and own & _next_to(lines, line.number)}
    done = list(lines)
    for number in own | gaps:
        part = Part.BLANK if number in gaps else Part.WORDS
        done[number - 1] = replace(lines[number - 1], part=part, depth=0, whose="", guessed=False)
    return done


def _next_to(lines: Sequence[Line], number: int) -> set[int]:
    """The numbers of the lines above and below a line that have anything on them."""
    above = next((line.number for line in reversed(lines[: number - 1]) if line.words.strip()), 0)
    below = next((line.number for line in lines[number:] if line.words.strip()), 0)
    return {above, below}


def _paragraphs(lines: list[Line], answered: Answered) -> list[Line]:
    """Paragraphs without marks that say what the answered letter says, word by word."""
    done = list(lines)
    for is_words, run in groupby(lines, key=lambda line: line.part is Part.WORDS):
        paragraph = list(run)
        words = "\n".join(line.words for line in paragraph)
        if not is_words or len(_squeezed(words)) < _LONG or any(_TRAILER.match(line.words) for line in paragraph):
            continue
        if answered.says(words):
            depth, name = _neighbour(lines, paragraph)
            for line in paragraph:
                done[line.number - 1] = replace(line, part=Part.QUOTE, depth=depth, whose=name, guessed=True)
    return done


def _neighbour(lines: Sequence[Line], paragraph: Sequence[Line]) -> tuple[int, str]:
    """The depth and the writer of the quote next to a paragraph; of the letter that is answered if there is none."""
    for number in (paragraph[0].number - 1, paragraph[-1].number + 1):
        if 0 < number <= len(lines) and lines[number - 1].part is Part.QUOTE:
            return lines[number - 1].depth, lines[number - 1].whose
    return 1, ""
