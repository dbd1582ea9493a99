"""What stands around the words of a mail and asks for nothing: greetings, farewells, names, signatures. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SIGNATURE = re.compile(r"^--[ \t]*$", re.MULTILINE)
_SIGNATURE_LINES = 12  # a longer text below the mark is none: somebody has gone on writing
_GREETING = re.compile(
    r"\A\s*(?:(?:hi|hello|hey|dear|good (?:morning|day|afternoon|evening)|greetings)\b[^.!?,:;\n]{0,40}"
    r"(?:[,.!:;]+(?=\s|\Z)|(?=\n|\Z)))\s*",
    re.IGNORECASE,
)
_NAME_ONLY = re.compile(r"\A\s*(?:@?[A-Z][\w'.-]*)(?:[ ,&]+(?:and )?@?[A-Z][\w'.-]*){0,4},[ \t]*\n")
_FAREWELL = re.compile(
    r"(?:(?:many |kind |best |warm )*(?:thanks|thank you|thx|cheers|regards|best|br|bye|wishes|take care|hth"
    r"|hope that helps|greetings)"
    r"(?: (?:a lot|again|so much|very much|in advance|for \w+ing|and regards|for your \w+))?[,.!]*|/?[a-z]{1,3})",
    re.IGNORECASE,
)
_SHORT_NAME = re.compile(r"[-\u2014~]*\s*(?:[A-Z][\w'.-]*)(?:\s[A-Z][\w'.-]*){0,3}[.!]?|[-~]+\s*[a-z]\w{0,11}")


@dataclass(frozen=True)
class Bare:
    """The words of a mail without what is around them; `around` is that, in order."""

    words: str
    around: tuple[str, ...]


def bare_words(words: str, name: str = "") -> Bare:
    """Words without greetings, farewells and signature; `name` is that of the sender."""
    text, around = words.strip("\n"), []
    mark = next(iter(list(_SIGNATURE.finditer(text))[-1:]), None)
    if mark is not None and text.count("\n", mark.end()) <= _SIGNATURE_LINES:
        around.append(text[mark.start() :])
        text = text[: mark.start()].rstrip()
    if greeting := _GREETING.match(text) or _NAME_ONLY.match(text):
        around.insert(0, greeting.group().strip())
        text = text[greeting.end() :]
    kept, farewell = _without_farewell(text.rstrip().split("\n"), name)
    around += farewell
    return Bare("\n".join(kept).strip("\n"), tuple(around))


def _without_farewell(lines: list[str], name: str) -> tuple[list[str], list[str]]:
    """Lines without the last ones that are a name, a farewell, or both."""
    names = {name.casefold(), *name.casefold().split(), "".join(part[:1] for part in name.casefold().split())} - {""}
    kept, found = list(lines), list[str]()
    while kept:
        last = kept[-1].strip()
        if not last:
            kept.pop()
            continue
        is_name = last.casefold().strip(" .,!-~\u2014/") in names
        above = next((line.strip() for line in reversed(kept[:-1]) if line.strip()), "")
        is_signed = not found and _SHORT_NAME.fullmatch(last) is not None and _FAREWELL.fullmatch(above) is not None
        if not (is_name or is_signed or _FAREWELL.fullmatch(last)):
            break
        found.insert(0, kept.pop())
    return kept, found
