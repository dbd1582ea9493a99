"""The changelog of a cover letter: below a line `---`, newest version first, as b4 keeps it (0.16, `ez.reroll`). Pure.

b4 cuts a letter at its lines `---` and writes in front of the part that has a line `Changes in v2`; in a letter without
such a line that is the whole letter, subject and all. So the changelog has a part of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

RULE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_HEAD = re.compile(r"^changes in v(\d+)\b.*$", re.MULTILINE | re.IGNORECASE)
_RANGE_DIFF = "Range-diff against v"
_BULLET = re.compile(r"^[-*] ")
_LINK = re.compile(r"^- Link to (v\d+):")
_TEMPLATE = "EDITME"  # what b4 writes for the author to fill in
_TO_FILL_IN = (  # its very words, so that who knows b4 knows what to do
    f"- {_TEMPLATE}: describe what is new in this series revision.",
    f"- {_TEMPLATE}: use bulletpoints and terse descriptions.",
)


@dataclass(frozen=True)
class Section:
    """What changed in a version: its head line, and its items (a bullet, or a paragraph of the author's)."""

    version: int
    head: str
    items: tuple[str, ...]

    @property
    def text(self) -> str:
        """The section as it is written."""
        return "\n".join([self.head, *self.items])


@dataclass(frozen=True)
class Log:
    """A changelog: sections, newest first, what somebody wrote `above` them, and the range-diff `below`."""

    above: str
    sections: tuple[Section, ...]
    below: str

    @property
    def text(self) -> str:
        """The changelog as it is written."""
        parts = (self.above, *(section.text for section in self.sections), self.below)
        return "\n\n".join(part for part in parts if part)


def split_letter(letter: str) -> tuple[str, str]:
    """A cover letter (subject and body) up to the first line `---`, and what is below it."""
    rule = RULE.search(letter)
    if rule is None:
        return letter.strip(), ""
    return letter[: rule.start()].strip(), letter[rule.end() :].strip("\n").rstrip()


def join_letter(letter: str, notes: str) -> str:
    """The letter with its notes below a line `---`."""
    return f"{letter}\n\n---\n{notes}" if notes else letter


def has_log(notes: str) -> bool:
    """Whether there is a changelog among a letter's notes, as b4 looks for one."""
    return _HEAD.search(notes) is not None


def write_log(version: int, items: Sequence[str], range_diff: str = "", against: int = 0) -> str:
    """The changelog of one version, and a range-diff (indented) below it."""
    below = f"{_RANGE_DIFF}{against}:\n\n{range_diff}" if range_diff else ""
    return Log("", (Section(version, f"Changes in v{version}:", tuple(items)),), below).text


def open_version(notes: str, version: int, link: str) -> str:
    """A letter's notes with the head of a new version's changelog, for its author to fill in, as b4 leaves it there
    when it has sent the version before; `link` is that of the one.

    What the author has written of the new version already stays. A range-diff goes: it was of the versions before.
    """
    above, log_text, below = _parts(notes)
    log = _parse(log_text)
    item = f"- Link to v{version - 1}: {link}"
    known = next((section for section in log.sections if section.version == version), None)
    others = tuple(section for section in log.sections if section.version != version)
    head = known.head if known is not None else f"Changes in v{version}:"
    written = known.items if known is not None else _TO_FILL_IN
    items = written if item in written else (*written, item)
    text = Log(log.above, (Section(version, head, items), *others), "").text
    return "\n---\n".join(part for part in (above, text, below) if part)


def items_of(notes: str, version: int) -> tuple[str, ...]:
    """The items of a version in a letter's notes, without what b4 left for the author to fill in."""
    found = [
        item for section in _parse(_parts(notes)[1]).sections if section.version == version for item in section.items
    ]
    return tuple(item.strip("\n") for item in found if _TEMPLATE not in item)


def merge_logs(before: str, fresh: str, now: str) -> str:
    """A letter's notes `now`, with the version of the changelog `fresh` made anew; `before` is what was written last.

    Items that were written and are not any more are replaced, those that the author took out stay out, and the author's
    own stay, behind the one that they stand behind. Other versions stay as they are.
    """
    above, log_text, below = _parts(now)
    old, new, mine = _parse(_parts(before)[1]), _parse(_parts(fresh)[1]), _parse(log_text)
    sections = {section.version: section for section in mine.sections}
    for section in new.sections:
        written = next((item.items for item in old.sections if item.version == section.version), ())
        kept = sections.get(section.version)
        items = _merge_items(written, section.items, kept.items if kept is not None else ())
        sections[section.version] = Section(section.version, kept.head if kept else section.head, items)
    ordered = sorted(sections.values(), key=lambda section: -section.version)
    log = Log(mine.above, tuple(ordered), new.below).text
    return "\n---\n".join(part for part in (above, log, below) if part)


def _merge_items(written: Sequence[str], fresh: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    old, mine = {_same(item) for item in written}, {_same(item) for item in now}
    taken_out = old - mine
    result = [item for item in fresh if _same(item) not in taken_out]
    links = {match.group(1) for item in result if (match := _LINK.match(item))}
    before: str | None = None
    for number, item in enumerate(now):
        name, link = _same(item), _LINK.match(item.strip("\n"))
        known = [_same(other) for other in result]
        if name not in old and name not in known and _TEMPLATE not in item and not (link and link.group(1) in links):
            place = known.index(before) + 1 if before in known else _before_links(result) if number else 0
            result.insert(place, item)
            known.insert(place, name)
        before = name if name in known else before
    return tuple(result)


def _before_links(items: Sequence[str]) -> int:
    return next((number for number, item in enumerate(items) if _LINK.match(item)), len(items))


def _same(item: str) -> str:
    return " ".join(item.split())


def _parts(notes: str) -> tuple[str, str, str]:
    """Notes as what is above the part with the changelog, that part, and what is below it."""
    parts = [part.strip("\n") for part in RULE.split(notes)]
    place = next((number for number, part in enumerate(parts) if _HEAD.search(part)), None)
    if place is None:
        return notes.strip("\n"), "", ""
    return "\n---\n".join(parts[:place]), parts[place], "\n---\n".join(parts[place + 1 :])


def _parse(text: str) -> Log:
    body, mark, _ = text.partition(f"\n{_RANGE_DIFF}")
    below = text[len(body) :].strip("\n") if mark else ""
    heads = list(_HEAD.finditer(body))
    if not heads:
        return Log(body.strip("\n"), (), below)
    ends = [match.start() for match in heads[1:]] + [len(body)]
    sections = [
        Section(int(match.group(1)), match.group(), _items(body[match.end() : end]))
        for match, end in zip(heads, ends, strict=True)
    ]
    return Log(body[: heads[0].start()].strip("\n"), tuple(sections), below)


def _items(text: str) -> tuple[str, ...]:
    """The items of a section; one that a blank line comes before has it at its start."""
    items: list[str] = []
    blank = False
    for line in text.strip("\n").split("\n"):
        if not line.strip():
            blank = True
            continue
        if _BULLET.match(line) or not items or (blank and not line[:1].isspace()):
            items.append(("\n" if blank and items else "") + line)
        else:
            items[-1] += ("\n\n" if blank else "\n") + line
        blank = False
    return tuple(items)
