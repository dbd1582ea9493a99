"""What a changelog says of a new version: facts as items of a list, wrapped. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from credseries.mail.text import one_line, prose, verbatim
from credseries.series.reroll import Rerolled
from credseries.series.told import Credit, Fact
from credseries.series.trailers import parse_trailer
from credseries.series.versions import Became, Fate
from credseries.words import numbered

RANGE_DIFF_BYTES = 40_000  # lists take 100 kB for the whole letter
_FORMS = 3  # sites that an item names
_NAMES = 4


def changelog_items(rerolled: Rerolled, link: Callable[[str], str]) -> list[str]:
    """The items of a version's changelog in its letter, each as it is printed; `link` gives that of a Message-Id."""
    told, sent = rerolled.told, rerolled.sent
    texts = [told.because[0]] if 0 in told.because else []
    texts += _asked_of_the_series(rerolled, link)
    texts += _rebased(rerolled)
    texts += [text for item in rerolled.became if (text := _patch(item, rerolled, link))]
    texts += _added(rerolled)
    texts += _dropped(rerolled)
    if not texts:
        texts = [f"No change since v{sent.version}, resent"]
    items = [item for text in texts if (item := bullet(text))]
    if sent.message_id:
        items.append(f"- Link to v{sent.version}: {link(sent.message_id)}")  # in one line, as b4 has it
    return items


def bullet(text: str) -> str:
    """A text as an item of a list, wrapped at 72 columns; links are not broken."""
    return prose(one_line(text), "- ", "  ")


def range_diff_text(text: str) -> str:
    """A range-diff as it can stand in a letter: indented, harmless, and not longer than mail can be."""
    safe = verbatim(text)
    if len(safe.encode()) <= RANGE_DIFF_BYTES:
        return safe
    lines, size = [], 0
    for line in safe.split("\n"):
        size += len(line.encode()) + 1
        if size > RANGE_DIFF_BYTES:
            break
        lines.append(line)
    total = safe.count("\n") + 1
    return "\n".join([*lines, "", f"  ({total - len(lines)} more lines of {total} are left out)"])


def _rebased(rerolled: Rerolled) -> list[str]:
    if not rerolled.rebased:
        return []
    record, sent = rerolled.remade.made.record, rerolled.sent
    what = "No change but a rebase" if not any(item.is_news for item in rerolled.became) else "Rebased"
    return [f"{what}, to Linux {record.base_version} ({record.base[:12]}); v{sent.version} was on {sent.base[:12]}"]


def _asked_of_the_series(rerolled: Rerolled, link: Callable[[str], str]) -> list[str]:
    """What was done about what somebody asked for in a reply to the cover letter, in the author's words."""
    by_words: dict[str, list[Credit]] = {}
    for credit in rerolled.told.credits:
        if credit.patch == 0 and credit.said:
            by_words.setdefault(credit.said, []).append(credit)
    return [_credited(words, credits, link) for words, credits in by_words.items()]


def _patch(item: Became, rerolled: Rerolled, link: Callable[[str], str]) -> str:
    """What is told of a patch; nothing when there is nothing to tell."""
    because = [rerolled.told.because[number] for number in item.old if number in rerolled.told.because]
    credits = [credit for credit in rerolled.told.credits if credit.patch in item.old]
    if not item.is_news:
        credits = [credit for credit in credits if credit.said]
    because += [credit.said for credit in credits if credit.said]
    if not item.is_news and not because:
        return ""
    what = describe(item)
    if item.fate in (Fate.MERGED, Fate.REGROUPED):
        subject = f"{numbered(item.old)} of v{rerolled.sent.version}".capitalize()
    else:
        subject = item.subject
    said = "; ".join(dict.fromkeys([*([what] if item.is_news else []), *because]))
    return _credited(f"{subject}: {said}", credits, link)


def _credited(text: str, credits: Sequence[Credit], link: Callable[[str], str]) -> str:
    """A text with who asked for it, and where."""
    named = text + (f" ({_names(credits)})" if credits else "")
    links = dict.fromkeys(link(credit.message_id) for credit in _first_of_each(credits))
    return " ".join([named, *links])


def _first_of_each(credits: Sequence[Credit]) -> list[Credit]:
    found: dict[str, Credit] = {}
    for credit in credits:
        found.setdefault(credit.name, credit)
    return list(found.values())[:_NAMES]


def _names(credits: Sequence[Credit]) -> str:
    names = list(dict.fromkeys(credit.name for credit in credits))
    more = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {more} more" if more > 0 else "")


def describe(item: Became) -> str:
    """What has become of a patch, in a few words."""
    now = f', now "{item.now}"' if item.now else ""
    moved = f", moved to {item.new[0]}" if item.moved and item.new else ""
    ways: Mapping[Fate, str] = {
        Fate.UNCHANGED: moved.removeprefix(", ") or "unchanged",
        Fate.REWORDED: f"reworded{now}{moved}",
        Fate.CHANGED: f"{_change(item)}{now}{moved}",
        Fate.SPLIT: f"split into {len(item.new)} patches{f', one a {item.each}' if item.each else ''}",
        Fate.MERGED: f'merged into "{item.now}"',
        Fate.REGROUPED: f"parted otherwise, into {numbered(item.new)}",
        Fate.DROPPED: "dropped" + (f", {item.reason}" if item.reason not in ("", "by hand") else ""),
        Fate.NEW: "new",
    }
    return ways[item.fate]


def _change(item: Became) -> str:
    if item.reason:
        return f"changed, {item.reason}"
    if item.forms:
        more = len(item.forms) - _FORMS
        return "; ".join(item.forms[:_FORMS]) + (f"; {more} more sites" if more > 0 else "")
    if item.added or item.removed:
        return f"changed (+{item.added} -{item.removed} lines)"
    return "changed only in the lines around it"


def _added(rerolled: Rerolled) -> list[str]:
    every = len(rerolled.patches)
    return [
        f"{_said(trailer)} added to {'all patches' if 1 < len(numbers) == every else numbered(numbers)}"
        for what, trailer, _, numbers in trailer_groups(rerolled.trailers)
        if what == "added"
    ]


def _dropped(rerolled: Rerolled) -> list[str]:
    """By the numbers that reviewers know."""
    texts = []
    for fact in rerolled.told.dropped:
        patches = f"{numbered(fact.old)} of v{rerolled.sent.version}"
        which = "which changed" if fact.reason == "changed" else fact.reason
        texts.append(f"{_said(fact.trailer)} dropped from {patches}, {which}")
    return texts


def trailer_groups(facts: Iterable[Fact]) -> list[tuple[str, str, str, list[int]]]:
    """What became of each trailer, the trailer, the reason, and the patches of the new version that this is about."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for fact in facts:
        found.setdefault((fact.what, fact.trailer, fact.reason), []).append(fact.patch)
    return [(*key, numbers) for key, numbers in found.items()]


def _said(trailer: str) -> str:
    parsed = parse_trailer(trailer)
    return f"{parsed.name} of {parsed.person}" if parsed is not None and "<" in trailer else f'"{one_line(trailer)}"'
