"""Requests that can be seen to be met without a look at code: who is to get a copy, what a letter is to say. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.utils import getaddresses

from credseries.mail.thread.mentions import changed_as, files_named
from credseries.mail.thread.model import Letter
from credseries.mail.thread.posted import Posted, Version

COPIED = re.compile(
    r"\bcc\b|\bcc'?(?:ing|ed)\b|\bin copy\b|\bcopy (?:in )?\w+|\badd \S+(?: \S+){0,5} to (?:the )?cc", re.IGNORECASE
)
_TO_CC = re.compile(r"\badd (?P<who>[^.;?!()]+?) (?:to|on|in) (?:the )?cc\b", re.IGNORECASE)
_CC = re.compile(r"\b(?:cc'?(?:ing|ed)?|copy(?: in)?)\b[: ]+(?P<who>[^.;?!()]+(?:\.\w[^.;?!()]*)*)", re.IGNORECASE)
_ENDS = re.compile(
    r"\s+(?:on|in|for|next|too|as|when|if|from|since|so|because|who|which|with|while|then|again|also|please|of|here|at)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_PARTS = re.compile(r"\s*(?:,|&|\band\b|\bplus\b|\bas well as\b)\s*", re.IGNORECASE)
_NO_NAME = re.compile(
    r"\b(?:the|a|an|mailing|lists?|ml|maintainers?|folks?|people|guys|at|least|all|relevant)\b", re.IGNORECASE
)
# What a letter can be asked to state, and the words for it there.
_LABELS = {
    "workload": r"workloads?|benchmarks?|test ?cases?",
    "machine": r"machines?|hardware|systems?|test ?beds?|set-?ups?|cpus?|servers?|environment",
    "kernel": r"kernels?|kernel config\w*|\.config|base kernel",
    "number of runs": r"runs|iterations|repetitions|samples",
}


def in_copy(words: str, letters: Sequence[Letter]) -> tuple[str, ...]:
    """The addresses that were asked to be copied, when every one of them gets some of the mails; else nothing."""
    people = [pair for letter in letters for pair in recipients(letter)]
    wanted = list(dict.fromkeys(_wanted(words)))
    found = [next((address for name, address in people if _is(who, name, address)), "") for who in wanted]
    return tuple(dict.fromkeys(found)) if found and all(found) else ()


def recipients(letter: Letter) -> list[tuple[str, str]]:
    """Name and address of those in To and Cc of a mail."""
    return [pair for pair in getaddresses([value for name, value in letter.headers if name in ("to", "cc")]) if pair[1]]


def _wanted(words: str) -> Iterator[str]:
    text = " ".join(words.split())
    match = _TO_CC.search(text) or _CC.search(text)
    if match is None:
        return
    for part in _PARTS.split(_ENDS.sub("", match["who"])):
        name = " ".join(_NO_NAME.sub(" ", part).split()).strip(" :'\"<>[]")
        if name:
            yield name.casefold()


def _is(who: str, name: str, address: str) -> bool:
    """Whether a name that somebody was called by is that of an address: the address, a part of it, or a person's."""
    if "@" in who:
        return who == address.casefold()
    local = re.split(r"[^a-z0-9]+", address.casefold().partition("@")[0])
    if who in local or who == address.casefold().partition("@")[0]:
        return True
    words = who.split()
    return bool(words) and set(words) <= set(name.casefold().replace(",", " ").split())


def wanted_labels(words: str) -> list[str]:
    """What a remark asks a letter to state."""
    return [label for label, names in _LABELS.items() if re.search(rf"\b(?:{names})\b", words, re.IGNORECASE)]


def lacks_label(label: str, text: str) -> bool:
    """Whether no line of a letter begins with a word for something, a colon, and what it is."""
    return (
        re.search(rf"^[ \t*-]*(?:\w+ )?(?:{_LABELS[label]})\b[^:\n]{{0,24}}:", text, re.IGNORECASE | re.MULTILINE)
        is None
    )


def split_files(words: str, old: Version, new: Version) -> list[str]:
    """The files named in some words, when a patch had several of them, and no patch has any longer."""
    named = files_named(words)

    def together(mails: Sequence[Posted]) -> bool:
        return any(sum(1 for name in named if changed_as(name, mail)) > 1 for mail in mails)

    there = all(any(changed_as(name, mail) for mail in new.patches) for name in named)
    return named if len(named) > 1 and there and together(old.patches) and not together(new.patches) else []
