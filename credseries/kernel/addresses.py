"""Mail addresses as scripts/get_maintainer.pl of the kernel reads, maps and writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NAMED = re.compile(r"([^<]+)<(.+@.*)>.*")
_BRACKETED = re.compile(r"\s*<(.+@\S*)>.*")
_BARE = re.compile(r"(.+@\S*).*")
_BARE_QUOTE = re.compile(r'(?<!\\)"')
_MUST_QUOTE = re.compile(r"[^A-Za-z0-9_ \-]")

# An address as RFC 822 has it, comments taken out. A group (`friends: a@b, c@d;`) and a route (`<@a,@b:c@d>`) are left
# out: no MAINTAINERS has one.
_LWSP = r"(?:(?:\r\n)?[ \t])"
_ATOM = rf'[^()<>@,;:\\".\[\]\x00-\x20\x7f]+(?:{_LWSP}+|\Z|(?=[\[\]()<>@,;:\\".]))'
_QUOTED = rf'"(?:[^\\"\r]|\\.|{_LWSP})*"{_LWSP}*'
_WORD = f"(?:{_ATOM}|{_QUOTED})"
_DOMAIN_PART = rf"(?:{_ATOM}|\[(?:[^\[\]\r\\]|\\.)*\]{_LWSP}*)"
_AT_DOMAIN = rf"@{_LWSP}*{_DOMAIN_PART}(?:\.{_LWSP}*{_DOMAIN_PART})*"
_LOCAL_AT_DOMAIN = rf"{_WORD}(?:\.{_LWSP}*{_WORD})*{_AT_DOMAIN}"
_MAILBOX = rf"{_LWSP}*(?:{_LOCAL_AT_DOMAIN}|{_WORD}*<{_LWSP}*{_LOCAL_AT_DOMAIN}>{_LWSP}*)"
_MAILBOX_LIST = re.compile(f"(?:{_MAILBOX})?(?:,(?:{_MAILBOX})?)*", re.DOTALL)
_ONE_OF_LIST = re.compile(f"(?:^|,{_LWSP}*)({_MAILBOX})", re.DOTALL)
_ONE_MAILBOX = re.compile(_MAILBOX, re.DOTALL)
_COMMENT = re.compile(r"""("(?:[^"\\]|\\.)*")|\\.|\((?:[^()\\]|\\.)*\)""", re.DOTALL)

_MAILMAP_NAME = re.compile(r"([^<]+)<([^>]+)>")
_MAILMAP_ADDRESS = re.compile(r"<([^>]+)>\s*<([^>]+)>")
_MAILMAP_BOTH = re.compile(r"(.+)<([^>]+)>\s*<([^>]+)>")
_MAILMAP_FULL = re.compile(r"(.+)<([^>]+)>\s*(.+)\s*<([^>]+)>")


@dataclass(frozen=True)
class Address:
    """A mail address and the name of its owner (empty for a list)."""

    name: str
    email: str

    def __str__(self) -> str:
        """The address as the script prints it: the name in quotation marks where mail needs them."""
        if not self.name:
            return self.email
        if not _MUST_QUOTE.search(self.name):
            return f"{self.name} <{self.email}>"
        escaped = _BARE_QUOTE.sub(r'\\"', self.name)
        return f'"{escaped}" <{self.email}>'


def parse_address(text: str) -> Address | None:
    """The address in a line of MAINTAINERS; None if there is none (`parse_email` of the script)."""
    if match := _NAMED.fullmatch(text):
        return Address(_bare_name(match[1]), match[2].strip())
    match = _BRACKETED.fullmatch(text) or _BARE.fullmatch(text)
    return Address("", match[1].strip()) if match else None


def parse_addresses(text: str) -> list[Address]:
    """The addresses of an M: or R: line.

    It is one, or several with commas between them if it is a list of the kind that RFC 822 has: a name in which a comma
    stands without quotation marks makes it one address. (The script takes a list for one address, a broken one, if
    there is a letter in it that Latin-1 lacks. This does not.)
    """
    parts = [text]
    bare = _without_comments(text) if "," in text else ""
    if bare and not _ONE_MAILBOX.fullmatch(bare) and _MAILBOX_LIST.fullmatch(bare):
        parts = _ONE_OF_LIST.findall(bare)
    return [address for part in parts if (address := parse_address(part)) is not None]


def _without_comments(text: str) -> str:
    while True:
        shorter = _COMMENT.sub(lambda match: " " if match[0].startswith("(") else match[0], text)
        if shorter == text:
            return text
        text = shorter


def _bare_name(name: str) -> str:
    return re.sub(r'^"|"$', "", name.strip())


@dataclass(frozen=True)
class Mailmap:
    """The names and addresses that people want to be known by (`.mailmap`, gitmailmap(5))."""

    _names: Mapping[str, str] = field(default_factory=dict)
    _emails: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Mailmap:
        """The map in a `.mailmap` file; lines that the script does not understand are skipped as it does."""
        names: dict[str, str] = {}
        emails: dict[str, str] = {}
        for raw in text.splitlines():
            line = raw.partition("#")[0].strip()
            if match := _MAILMAP_NAME.fullmatch(line):
                names[match[2].strip()] = _bare_name(match[1])
            elif match := _MAILMAP_ADDRESS.fullmatch(line):
                emails[match[2]] = match[1]
            elif match := _MAILMAP_BOTH.fullmatch(line):
                names[match[3]], emails[match[3]] = _bare_name(match[1]), match[2].strip()
            elif match := _MAILMAP_FULL.fullmatch(line):
                wrong = str(Address(_bare_name(match[3]), match[4].strip()))
                names[wrong], emails[wrong] = _bare_name(match[1]), match[2].strip()
        return cls(names, emails)

    def apply(self, address: Address) -> Address:
        """The address to write instead of this one; an entry for name and address goes first."""
        full = str(address)
        key = full if full in self._names or full in self._emails else address.email
        return Address(self._names.get(key, address.name), self._emails.get(key, address.email))
