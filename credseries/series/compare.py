"""Two makings of a series, site by site and patch by patch: what appeared, vanished, changed, or is merged. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from credseries.series.model import PatchRecord, SeriesRecord, SiteRecord


@dataclass(frozen=True)
class SiteChange:
    """A site in both makings (one of them None), and what has become of it: a word for a person."""

    what: str
    old: SiteRecord | None
    new: SiteRecord | None

    @property
    def site(self) -> SiteRecord:
        """The site, as it is now if it is there."""
        found = self.new or self.old
        assert found is not None
        return found


@dataclass(frozen=True)
class Converted:
    """A site that the new base has converted already, by somebody else, and the form that it has there."""

    file: str
    function: str
    form: str


@dataclass(frozen=True)
class Changes:
    """What differs between two makings: `sites`, and the patches that only one of them has."""

    sites: tuple[SiteChange, ...] = ()
    gone: tuple[PatchRecord, ...] = ()
    new: tuple[PatchRecord, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "sites": [
                {
                    "what": item.what,
                    "file": item.site.file,
                    "function": item.site.function,
                    "override": item.site.override,
                    "old": asdict(item.old) if item.old is not None else None,
                    "new": asdict(item.new) if item.new is not None else None,
                }
                for item in self.sites
            ],
            "gone": [{"key": patch.key, "subject": patch.subject} for patch in self.gone],
            "new": [{"key": patch.key, "subject": patch.subject} for patch in self.new],
        }


def sites_of(record: SeriesRecord) -> dict[tuple[str, str], list[SiteRecord]]:
    """The sites of a series by file and function, in text order, each as the last patch that converts it leaves it."""
    last: dict[tuple[str, str, int], SiteRecord] = {}
    for site in (*(site for patch in record.patches for site in patch.sites), *record.refused):
        last[site.file, site.function, site.line] = site
    found: dict[tuple[str, str], list[SiteRecord]] = defaultdict(list)
    for file, function, line in sorted(last):
        found[file, function].append(last[file, function, line])
    return dict(found)


def compare(old: SeriesRecord, new: SeriesRecord, converted: Iterable[Converted] = ()) -> Changes:
    """What differs; `converted` are sites of the new base that need no conversion any more."""
    merged = {(item.file, item.function): item.form for item in converted}
    return Changes(
        tuple(_site_changes(sites_of(old), sites_of(new), merged)),
        tuple(patch for patch in old.patches if patch.key and patch.key not in {item.key for item in new.patches}),
        tuple(patch for patch in new.patches if patch.key not in {item.key for item in old.patches}),
    )


def _site_changes(
    old: dict[tuple[str, str], list[SiteRecord]],
    new: dict[tuple[str, str], list[SiteRecord]],
    merged: dict[tuple[str, str], str],
) -> list[SiteChange]:
    found: list[SiteChange] = []
    lost: list[SiteRecord] = []
    fresh: list[SiteRecord] = []
    for place in sorted({*old, *new}):
        pairs, before, after = _pairs(old.get(place, []), new.get(place, []))
        found += [SiteChange(what, one, two) for one, two in pairs if (what := _difference(one, two))]
        same = min(len(before), len(after))  # the same place, and another credential
        found += [SiteChange(_difference(one, two), one, two) for one, two in zip(before, after, strict=False)]
        lost += before[same:]
        fresh += after[same:]
    for one in lost:
        two = next((site for site in fresh if _same(one, site) and site.function == one.function), None)
        if two is not None:
            fresh.remove(two)
            found.append(SiteChange(f"moved from {one.file}{_verdict(one, two)}", one, two))
        elif one.form != "refused" and (one.file, one.function) in merged:
            found.append(SiteChange(f"merged as {merged[one.file, one.function]}", one, None))
        else:
            found.append(SiteChange("vanished", one, None))
    found += [SiteChange("appeared", None, two) for two in fresh]
    return sorted(found, key=lambda item: (item.site.file, item.site.line, item.what))


def _pairs(
    old: list[SiteRecord], new: list[SiteRecord]
) -> tuple[list[tuple[SiteRecord, SiteRecord]], list[SiteRecord], list[SiteRecord]]:
    """The sites of a function that are the same before and after, in order; and those that are not."""
    pairs, rest = [], list(new)
    lost = []
    for one in old:
        two = next((site for site in rest if _same(one, site)), None)
        if two is None:
            lost.append(one)
        else:
            rest.remove(two)
            pairs.append((one, two))
    return pairs, lost, rest


def _same(one: SiteRecord, two: SiteRecord) -> bool:
    return one.override == two.override


def _difference(one: SiteRecord, two: SiteRecord) -> str:
    """How a site of the same function differs; empty when it does not."""
    other = "" if _same(one, two) else f"overrides with {two.override} instead of {one.override}"
    return (other + _verdict(one, two)).removeprefix("; ")


def _verdict(one: SiteRecord, two: SiteRecord) -> str:
    return "" if one.form == two.form else f"; was {one.form}, is {two.form}"
