"""The trailers of a commit message: which there are, with more of them, without some. Pure.

What a trailer is, which are the same, and where a new one goes is as b4 has it (0.16, `LoreMessage.find_trailers`,
`LoreTrailer.__eq__`, `LoreMessage.fix_trailers`): behind those that are there, but before the author's own sign-off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

# What somebody says of the patch as it was: of a patch that has changed since they have not said it.
REVIEWS = ("reviewed-by", "acked-by", "tested-by")
_APPROVALS = ("reviewed-by", "acked-by")
_LINE = re.compile(r"^\s*(\w[\w-]*):\s+(\S.*)$")
_NOTES = re.compile(r"^---[ \t]*$", re.MULTILINE)  # b4 keeps what is below in the commit, and git am drops it
_MORE = re.compile(r"^\s*\[[^]]+\]\s*$")  # said of the trailer above it
_LINK = re.compile(r"https?://[^@]+/([^/]+@[^/]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Trailer:
    """A trailer; `more` is the line in brackets below it, or empty."""

    name: str
    value: str
    more: str = ""

    @property
    def is_review(self) -> bool:
        """Whether it is about the patch as its reviewer saw it."""
        return self.name.lower() in REVIEWS

    @property
    def is_approval(self) -> bool:
        """Whether somebody has looked at the patch and stands for it; a Tested-by says nothing of the code."""
        return self.name.lower() in _APPROVALS

    @property
    def person(self) -> str:
        """Whom it names, without the address."""
        return re.sub(r"\s*<[^>]*>.*$", "", self.value).strip() or self.value

    @property
    def identity(self) -> tuple[str, str]:
        """The same for trailers that are the same."""
        name, value = self.name.lower(), self.value.lower()
        found = _LINK.match(unquote(self.value)) if name == "link" else None
        return name, found.group(1).lower() if found else value

    def __str__(self) -> str:
        return f"{self.name}: {self.value}" + (f"\n{self.more}" if self.more else "")


def parse_trailer(text: str) -> Trailer | None:
    """The trailer that a line is, or None."""
    first, _, more = text.partition("\n")
    match = _LINE.match(first)
    return Trailer(match.group(1), match.group(2).strip(), more) if match else None


def split_message(message: str) -> tuple[str, tuple[Trailer, ...]]:
    """A commit message (up to a line `---`) without the trailers of its last paragraph, and those."""
    text = _NOTES.split(message, maxsplit=1)[0].strip("\n")
    above, blank, last = text.rpartition("\n\n")
    if not blank:
        return text, ()
    trailers: list[Trailer] = []
    others: list[str] = []
    for line in last.split("\n"):
        trailer = parse_trailer(line)
        if trailer is not None:
            trailers.append(trailer)
        elif trailers and not others and _MORE.match(line) and not trailers[-1].more:
            trailers[-1] = Trailer(trailers[-1].name, trailers[-1].value, line)
        else:
            others.append(line)
    if not trailers:
        return text, ()
    rest = "\n".join(others)
    return (f"{above}\n\n{rest}" if rest.strip() else above).rstrip("\n"), tuple(trailers)


def trailers_of(message: str) -> tuple[Trailer, ...]:
    """The trailers of a commit message."""
    return split_message(message)[1]


def revise(message: str, add: Sequence[Trailer], drop: Iterable[Trailer], author: str) -> str:
    """A commit message without some trailers and with others, unless it has them; `author` is `Name <email>`.

    A message that nothing is done to stays as it is, byte for byte.
    """
    text, present = split_message(message)
    gone = {trailer.identity for trailer in drop}
    kept = [trailer for trailer in present if trailer.identity not in gone]
    known = {trailer.identity for trailer in kept}
    fresh: list[Trailer] = []
    for trailer in add:
        if trailer.identity not in known:
            known.add(trailer.identity)
            fresh.append(trailer)
    if not fresh and len(kept) == len(present):
        return message
    own = Trailer("Signed-off-by", author).identity
    last = [trailer for trailer in kept if trailer.identity == own]
    lines = [*(trailer for trailer in kept if trailer.identity != own), *fresh, *last[:1]]
    notes = _NOTES.search(message)
    below = message[notes.start() :] if notes is not None else ""
    return "\n\n".join(part for part in (text, "\n".join(str(line) for line in lines)) if part) + "\n" + below
