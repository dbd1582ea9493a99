"""Mail aliases: the files that `git send-email` reads (git-send-email(1), sendemail.aliasesFile), in all their formats.

The parsers take what git's take and leave out what git's leave out; where git warns of a line that it does not
understand, the line is a problem here. They are pure; `read_aliases` looks where git's configuration says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from credseries.errors import UnknownRecipient
from credseries.kernel.git import Repository
from credseries.kernel.values import decode_path
from credseries.words import near

_MUTT = re.compile(r"\s*alias\s+(?:-group\s+\S+\s+)*(\S+)\s+(.*)")
_MAILRC = re.compile(r"alias\s+(\S+)\s+(.*?)\s*")
_PINE = re.compile(r"(\S+)\t[^\t]*\t\(?([^\t]+?)\)?(?::?\t[^\t]*){0,2}")
_ELM = re.compile(r"(\S+)\s+=\s+[^=]+=\s(\S+)")
_GNUS = re.compile(r'\(define-mail-alias\s+"(\S+?)"\s+"(\S+?)"\)')
_SENDMAIL = re.compile(r"(\S+?)\s*:\s*(.+)")
_QUOTED = re.compile(r"""(\\.)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'""")


@dataclass(frozen=True)
class Aliases:
    """What each alias stands for: addresses, with names or without, and other aliases. `problems` are sentences on what
    could not be read."""

    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def expand(self, name: str) -> tuple[str, ...]:
        """The addresses that an alias stands for, or the name itself if it is none.

        Raises UnknownRecipient for an alias that stands for itself, be it through others.
        """
        return tuple(dict.fromkeys(self._expanded(name, ())))

    def _expanded(self, name: str, above: tuple[str, ...]) -> Iterator[str]:
        if name in above:
            chain = " -> ".join([*above[above.index(name) :], name])
            raise UnknownRecipient(f"the alias {name!r} stands for itself: {chain}", hint="mend sendemail.aliasesFile")
        if name not in self.members:
            yield name
            return
        for member in self.members[name]:
            yield from self._expanded(member, (*above, name))


Parser = Callable[[str], Aliases]


def parse_mutt(text: str) -> Aliases:
    """`alias [-group GROUP] NAME ADDRESS, ADDRESS # a remark`."""
    found: dict[str, tuple[str, ...]] = {}
    for line in _lines(text):
        if match := _MUTT.fullmatch(line):
            value = match[2].partition("#")[0]
            found[match[1]] = tuple(member.replace('\\"', '"') for member in split_addresses(value))
    return Aliases(found)


def parse_mailrc(text: str) -> Aliases:
    """`alias NAME ADDRESS "NAME <ADDRESS>"`: spaces stand between addresses, as mail(1) has it."""
    found: dict[str, tuple[str, ...]] = {}
    for line in _lines(text):
        if match := _MAILRC.fullmatch(line):
            found[match[1]] = tuple(_unquoted(member) for member in _split(match[2], re.compile(r"\s+")))
    return Aliases(found)


def parse_pine(text: str) -> Aliases:
    """`NAME<tab>FULL NAME<tab>ADDRESS` or `(ADDRESS,ADDRESS)`; a line that starts with spaces goes on with the last."""
    joined: list[str] = []
    for line in _lines(text):
        if (more := re.fullmatch(r" +(.*)", line)) and joined:
            joined[-1] += more[1]
        else:
            joined.append(line)
    matches = filter(None, map(_PINE.fullmatch, joined))
    return Aliases({match[1]: split_addresses(match[2]) for match in matches})


def parse_elm(text: str) -> Aliases:
    """`NAME = FULL NAME = ADDRESS,ADDRESS`."""
    matches = filter(None, map(_ELM.match, _lines(text)))
    return Aliases({match[1]: split_addresses(match[2]) for match in matches})


def parse_gnus(text: str) -> Aliases:
    """`(define-mail-alias "NAME" "ADDRESS")` of Emacs."""
    matches = filter(None, map(_GNUS.search, _lines(text)))
    return Aliases({match[1]: (match[2],) for match in matches})


def parse_sendmail(text: str) -> Aliases:
    """`NAME: ADDRESS, ADDRESS` of aliases(5), without quotation marks, `:include:`, files and programs."""
    found: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for line in _joined(text):
        match = None if re.search(r'["/|]|:include:', line) else _SENDMAIL.fullmatch(line)
        if match is None:
            problems.append(f"git does not understand the line {line!r}")
        else:
            found[match[1]] = split_addresses(match[2])
    return Aliases(found, tuple(problems))


PARSERS: Mapping[str, Parser] = {
    "mutt": parse_mutt,
    "mailrc": parse_mailrc,
    "pine": parse_pine,
    "elm": parse_elm,
    "gnus": parse_gnus,
    "sendmail": parse_sendmail,
}


def read_aliases(repo: Repository) -> Aliases:
    """The aliases in all files that git's configuration names; of an alias that two have, the later file's.

    Nothing is raised for a file that is not there: many run this who need no alias.
    """
    files = _setting(repo, "aliasesfile", is_path=True)
    if not files:
        return Aliases()
    kind = (_setting(repo, "aliasfiletype") or [""])[-1]
    parser = PARSERS.get(kind)
    if parser is None:
        what = f"sendemail.aliasFileType is {kind!r}{near(kind, list(PARSERS))}" if kind else "its type is not set"
        return Aliases({}, (f"{', '.join(files)} is not read: {what} (git config sendemail.aliasFileType mutt)",))
    return _merged([_parsed(parser, Path(file)) for file in files])


def _parsed(parser: Parser, file: Path) -> Aliases:
    try:
        found = parser(file.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        return Aliases({}, (f"{file} cannot be read: {error.strerror or error}",))
    return Aliases(found.members, tuple(f"{file}: {problem}" for problem in found.problems))


def _merged(parts: Sequence[Aliases]) -> Aliases:
    members = {name: value for part in parts for name, value in part.members.items()}
    return Aliases(members, tuple(problem for part in parts for problem in part.problems))


def _setting(repo: Repository, name: str, *, is_path: bool = False) -> list[str]:
    """The values of a variable of sendemail: those of the identity that is chosen go first."""
    identity = repo.config("sendemail.identity")
    sections = [f"sendemail.{identity}", "sendemail"] if identity else ["sendemail"]
    as_path = ("--type=path",) if is_path else ()
    for section in sections:
        done = repo.ran("config", "-z", *as_path, "--get-all", f"{section}.{name}", environment={})
        if done.status == 0:
            return [value for value in decode_path(done.output).split("\0") if value]
    return []


def split_addresses(text: str) -> tuple[str, ...]:
    """The addresses of a list with commas between them; a comma in quotation marks separates nothing."""
    return tuple(part for part in _split(text, re.compile(r"\s*,\s*")) if part.strip())


def _split(text: str, delimiter: re.Pattern[str]) -> Iterator[str]:
    """The parts of a text between delimiters outside of quotation marks and apostrophes.

    A mark that is never closed is a letter like another: git gives nothing for such a line (Text::ParseWords).
    """
    start = place = 0
    while place < len(text):
        if text[place] == "\\":
            place += 2
        elif text[place] in "\"'":
            place = _closing(text, place) + 1
        elif (found := delimiter.match(text, place)) and found.end() > place:
            yield text[start:place]
            start = place = found.end()
        else:
            place += 1
    yield text[start:]


def _closing(text: str, opening: int) -> int:
    """Where a quotation ends that starts here; here, if it never does."""
    place = opening + 1
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        if text[place] == text[opening]:
            return place
        place += 1
    return opening


def _unquoted(text: str) -> str:
    """A word without its quotation marks; a backslash stands for what comes after it."""
    return _QUOTED.sub(lambda match: re.sub(r"\\(.)", r"\1", next(filter(None, match.groups()), "")), text)


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _joined(text: str) -> list[str]:
    """The lines of aliases(5) without remarks: one that starts with white space, or comes after a backslash, goes on
    with the last one."""
    joined: list[str] = []
    goes_on = False
    for line in _lines(text):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        bare = line.removesuffix("\\")
        if joined and (goes_on or line[0].isspace()):
            joined[-1] += bare if goes_on else bare.lstrip()
        else:
            joined.append(bare.lstrip())
        goes_on = bare != line
    return joined
