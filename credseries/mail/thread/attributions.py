"""The lines that say whose words the quote below them is: `On Fri, Jan 26, 2024, Amir Goldstein wrote:`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from credseries.mail.thread.tongues import CALENDAR, JOINTS, PARTICLES, WROTE

LINES = 4  # over so many lines mailers wrap one
_LONGEST = 400  # characters

_WIDE = {0xFF0C: ", ", 0xFF1A: ":"}  # Chinese comma and colon
_ADDRESS = re.compile(r"[\w.+=-]{1,80}@[\w.-]{1,80}")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.]\d\d\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|\d{4}年")
_START = re.compile(
    r"(?:On|Am|Le|El|Em|Il|Den|Op|Dne|Dnia|W dniu|Pe|At|In message|In article|Quoting|Excerpts from|\u5728|\u4e8e)\b"
    r"|\* |\+{2,3} |(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? |\d{1,4}[-/.]\d"
)
_DATED = re.compile(r"(?:\* |\+{3} ).{1,60} \[.*\d.*\]\s*:")  # mutt's, as some have it
_QUOTING = re.compile(r"(?:Quoting|Excerpts from|Thus spake) (?P<who>.{1,80}?)(?:'s message.*|\s*[(<\[].*)?\s*:$")
_WORD = re.compile(r"(?<![\w@.'-])[^\W\d_][\w'-]*", re.UNICODE)
_NOISE = re.compile(r"(?:AM|PM|UTC|GMT|[ECMP][SD]T|CES?T|BST|JST|IST|AES?T|MSK|.*\d.*)[,:.]?")


def whose(text: str) -> str | None:
    """Who wrote the words that a line introduces, empty if it does not tell; None when it is no such line.

    `text` is the line, of whichever depth, without marks; one that is wrapped is given joined.
    """
    line = " ".join(text.translate(_WIDE).split())
    if len(line) > _LONGEST or not line.endswith(":"):
        return None
    if quoting := _QUOTING.fullmatch(line):
        return quoting["who"].strip(" ,\"'")
    verb, date = WROTE.search(line), _DATE.search(line)
    address = next(reversed(list(_ADDRESS.finditer(line))), None)  # one before that may be a Message-Id
    if not (verb or (address and (date or _is_bare(line))) or _DATED.fullmatch(line)):
        return None
    if _odd_words(line, verb) > (2 if address and date else 1 if address or date else 0):
        return None
    name = _name(line, verb, address)
    return name if name or address or date or line.casefold().startswith("you ") else None


def introduces(line: str) -> bool:
    """Whether a line (or the last one of some) ends as one that introduces a quote."""
    text = line.translate(_WIDE).strip()
    return whose(text) is not None or (text.endswith(":") and WROTE.search(text[-60:]) is not None)


def attribution_start(contents: Sequence[str]) -> int | None:
    """Where the introduction starts that ends with the last of some lines, as an index; None if none does.

    `contents` are lines without marks that stand together, at most LINES of them.
    """
    matching = [start for start in reversed(range(len(contents))) if whose(" ".join(contents[start:])) is not None]
    begun = [start for start in matching if _START.match(contents[start].lstrip())]
    if begun:
        return begun[0]
    if not matching:
        return None
    # `<address> wrote:` alone is the rest of a line above.
    rest = re.match(r"\s*(?:<|\[|wrote|writes|schrieb|a écrit)", contents[matching[0]])
    return matching[1] if rest and len(matching) > 1 else matching[0]


def _is_bare(line: str) -> bool:
    return re.fullmatch(r"[^:<>]{0,60}<[^<>]+>\s*:", line) is not None


def _odd_words(line: str, verb: re.Match[str] | None) -> int:
    """How many words in lower case are of no date, name or joint: prose has them, an introduction hardly any."""
    bare = re.sub(r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)", " ", line)
    bare = _ADDRESS.sub(" ", bare.replace(verb.group(), " ") if verb else bare)
    words = [word for word in _WORD.findall(bare) if word[0].islower() and word.isascii()]
    return sum(1 for word in words if word not in JOINTS and word not in PARTICLES and word not in CALENDAR)


def _name(line: str, verb: re.Match[str] | None, address: re.Match[str] | None) -> str:
    """The name next to the verb or the address; the address if there is no name."""
    ends = [found.start() for found in (verb, address) if found]
    before = _last_name(line[: min(ends)] if ends else line[: line.rfind("[")])
    if before:
        return before
    if verb:
        after = re.split(r"[<\[(:]", line[verb.end() :])[0].strip(" ,\"'")
        if after and not _DATE.search(after):
            return after
    return address.group() if address else ""


def _last_name(text: str) -> str:
    """The words at the end of some text that can be a name."""
    found: list[str] = []
    for word in reversed(text.rstrip(" \"',<[(").split()):
        bare = word.strip("\"'()*")
        is_joint = bare.casefold() in JOINTS and bare not in PARTICLES
        if not any(map(str.isalnum, bare)) or bare.endswith((",", ":")) or _NOISE.fullmatch(bare) or is_joint:
            break
        if bare.casefold().rstrip(".") in CALENDAR and not found:
            break
        if bare[0].islower() and bare.isascii() and bare not in PARTICLES and found:
            break
        found.insert(0, bare)
    while found and found[0] in PARTICLES:
        del found[0]
    name = " ".join(found)
    return "" if name.casefold() in {"you", "i"} else name
