"""The words that stand below a quote as remarks: each thing that is asked for or said by itself is one. Pure.

Sentences of a paragraph that no rule knows belong to the one before that asks for something, and at its beginning to
the next one. Paragraphs stand by themselves: who answers one has not answered the other. No word is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

from credseries.mail.thread.courtesies import bare_words
from credseries.mail.thread.kinds import Judged, judge, waits
from credseries.mail.thread.sentences import Block, Shape, blocks, sentences
from credseries.mail.thread.spoken import GOES_ON, spoken_lines
from credseries.series.remarks import Kind

_GOES_ON = re.compile(r"(?:or|and|if (?:so|not)|e\.g|i\.e|for example|like)\b", re.IGNORECASE)
_LEANS = re.compile(r"(?:this|that|it|these|those|they|otherwise|because|since|so|which|then|i mean)\b", re.IGNORECASE)
_FIRM = ("please", "asked whether somebody could", "asked what one could do instead")
_SEVERAL = re.compile(
    r"\b(?:comments|issues|things|nits|questions|points|problems|remarks|requests|suggestions|changes|concerns|thoughts"
    r"|the following|these|a few|several|a couple)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\((?=(?:and |so |also )?(?:please|pls)\b)([^()]*)\)", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One remark: what it is, by which rule, and its words. `paragraph` counts those of the words around it."""

    kind: Kind
    rule: str
    text: str
    paragraph: int = 0


def parts(words: str, name: str = "") -> tuple[Part, ...]:
    """The remarks that some words hold, without greeting, farewell and signature of `name`."""
    found: list[Part] = []
    lead: Part | None = None
    bare = bare_words(words, name).words
    spoken = spoken_lines(bare)
    for block in blocks(bare):
        mine = list(_of_block(block, spoken))
        if block.shape is Shape.CODE or block.lines[0] in spoken:
            _join(found, Part(Kind.OTHER, "", block.text, block.paragraph))
            continue
        if block.shape is Shape.ITEM and lead is not None:
            if _SEVERAL.search(lead.text) is None:
                _join(found, replace(mine[0], text=block.text))
                continue
            mine = [_as_asked(part, lead) for part in mine]
            if lead.kind is Kind.OTHER and found[-1:] == [lead]:  # `A few comments:` says nothing by itself
                mine[0] = replace(mine[0], text=f"{found.pop().text}\n{mine[0].text}")
        elif block.shape is Shape.TEXT:
            lead = None
        found += mine
        if block.shape is Shape.TEXT and mine and mine[-1].text.endswith(":") and waits(mine[-1].kind):
            lead = mine[-1] if mine[-1].kind is not Kind.OTHER or _SEVERAL.search(mine[-1].text) else None
    return tuple(_with_asides(found))


def _join(found: list[Part], more: Part) -> None:
    """Code, steps of what was asked for, and a trailer that is only spoken of belong to the words above them."""
    if found and found[-1].kind is not Kind.TRAILER:
        between = "\n" if found[-1].paragraph == more.paragraph else "\n\n"
        found[-1] = replace(found[-1], text=f"{found[-1].text}{between}{more.text}", paragraph=more.paragraph)
    else:
        found.append(more)


def _as_asked(part: Part, lead: Part) -> Part:
    """An item that no rule knows is what the words above the list call it."""
    known = part.kind is not Kind.OTHER or lead.kind is Kind.OTHER
    return part if known else replace(part, kind=lead.kind, rule="an item of what was asked for")


def _of_block(block: Block, spoken: Set[str]) -> Iterator[Part]:
    if block.shape is Shape.ITEM:
        yield _item(block)
        return
    if block.shape is Shape.CODE:
        return
    text: list[str] = []
    for trailer, lines in _trailers(block.lines, spoken):
        if trailer:
            yield from _sentences("\n".join(text), block.paragraph)
            text = []
            yield Part(Kind.TRAILER, "a trailer", "\n".join(lines), block.paragraph)
            yield from _asked_behind(lines[0], block.paragraph)
        else:
            text += lines
    yield from _sentences("\n".join(text), block.paragraph)


def _trailers(lines: Sequence[str], spoken: Set[str]) -> Iterator[tuple[bool, list[str]]]:
    """Lines, and whether they are a trailer with what belongs to it."""
    here: list[str] | None = None
    for line in lines:
        if line not in spoken and judge(line).rule == "a trailer":
            if here is not None:
                yield True, here
            here = [line]
        elif here is not None and GOES_ON.match(line):
            here.append(line)
        else:
            if here is not None:
                yield True, here
                here = None
            yield False, [line]
    if here is not None:
        yield True, here


def _asked_behind(line: str, paragraph: int) -> Iterator[Part]:
    """What is asked for behind the address of a trailer: `<a@b.org>, but please rename it`."""
    _, address, rest = line.rpartition(">")
    words = rest.strip(" ,;-()#")
    judged = judge(words) if address else Judged(Kind.OTHER)
    if judged.rule and waits(judged.kind):
        yield Part(judged.kind, judged.rule, words, paragraph)


def _item(block: Block) -> Part:
    """An item of a list is one remark, of the first kind in it that waits for something."""
    judged = [judge(sentence) for sentence in sentences(block.text)]
    asking = [item for item in judged if item.rule and waits(item.kind)]
    known = asking or [item for item in judged if item.rule]
    first = known[0] if known and (asking or len(known) == len(judged)) else Judged(Kind.OTHER)
    return Part(first.kind, first.rule, block.text, block.paragraph)


def _sentences(text: str, paragraph: int) -> list[Part]:
    """The remarks of one paragraph."""
    found: list[Part] = []
    before: list[str] = []  # what no rule knows, and no remark is there yet that it could belong to
    for sentence in sentences(text):
        judged = judge(sentence)
        last = found[-1] if found else None
        if last is not None and waits(last.kind) and _belongs(sentence, judged, last):
            found[-1] = replace(last, text=f"{last.text}{_gap(text, last.text)}{sentence}")
            continue
        if judged.kind is Kind.OTHER:
            before.append(sentence)
            continue
        if before and not waits(judged.kind):
            found.append(Part(Kind.OTHER, "", "\n".join(before), paragraph))
            before = []
        found.append(Part(judged.kind, judged.rule, "\n".join([*before, sentence]), paragraph))
        before = []
    if before:
        found.append(Part(Kind.OTHER, "", "\n".join(before), paragraph))
    return found


def _gap(text: str, before: str) -> str:
    """What stands behind some words: a space or a line end."""
    place = text.find(before)
    after = text[place + len(before) :][:1] if place >= 0 else ""
    return after if after in ("\n", " ") else "\n"


def _belongs(sentence: str, judged: Judged, last: Part) -> bool:
    """Whether a sentence goes on with what the one before it asks for."""
    if judged.kind is Kind.OTHER or (last.rule == "called a nit" and waits(judged.kind)):
        return True
    if judged.kind is Kind.QUESTION and last.kind is Kind.QUESTION:
        return _GOES_ON.match(sentence) is not None
    is_same = judged.kind is last.kind and judged.rule not in _FIRM
    return is_same and judged.kind is Kind.REQUEST and _LEANS.match(sentence) is not None


def _with_asides(found: Sequence[Part]) -> Iterator[Part]:
    """Remarks, and what is asked for in brackets inside of one that stands without it too."""
    for part in found:
        asides = [match.group(1).strip() for match in _ASIDE.finditer(part.text)]
        asides = [aside for aside in asides if judge(aside).kind is Kind.REQUEST]
        rest = judge(_ASIDE.sub("", part.text)) if asides else Judged(part.kind, part.rule)
        if not asides or rest.kind is Kind.OTHER:
            yield part
            continue
        yield replace(part, kind=rest.kind, rule=rest.rule)
        for aside in asides:
            yield Part(Kind.REQUEST, "please", aside, part.paragraph)
