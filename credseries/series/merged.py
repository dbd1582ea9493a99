"""Which patches of a series a tree has already, by what the tree contains: whoever wrote it, and however. Pure, but for
`find`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from credseries.creds.effects import Discipline
from credseries.creds.program import SourceFile
from credseries.creds.sites import Site
from credseries.series.model import PatchRecord, SeriesRecord, SiteRecord
from credseries.series.scan import Survey
from credseries.series.symbols import CONST, GUARD, LIGHT, SHARED, FindName

_SCOPES = ("guard", "scoped")


@dataclass(frozen=True)
class Merged:
    """How much of a patch a tree has: of so many things (sites, or a name that it adds) so many are there."""

    there: int
    of: int

    @property
    def whole(self) -> bool:
        """Whether nothing of the patch is left to merge."""
        return self.there == self.of


def merged_patches(record: SeriesRecord, survey: Survey, find: FindName) -> Mapping[str, Merged]:
    """How much of each patch (by its key) a surveyed tree has.

    A patch that converts is there when the sites that it converts are converted, in the form that it gives them or in
    one that came after it; one that adds a name when the name is defined; one that only prepares when what it prepares
    for is there. Patches that somebody added by hand are left out: nobody knows what to look for. `find` gives the C
    files below a directory of that tree that mention a name.
    """
    tree = _Tree(survey, find)
    found = {patch.key: tree.merged(patch) for patch in record.patches if patch.key}
    return found | {key: Merged(1, 1) for key in found if _is_behind(key, found)}


def _is_behind(key: str, found: Mapping[str, Merged]) -> bool:
    """Whether a patch only prepares that a wrapper is made light, and nothing is left of that to do."""
    topic, what, *_ = [*key.split("/"), ""]
    switches = [item for other, item in found.items() if other.startswith(f"{topic}/switch/")]
    return what in ("counted", "reverts") and bool(switches) and all(item.whole for item in switches)


class _Tree:
    """A surveyed tree, asked for what patches do."""

    def __init__(self, survey: Survey, find: FindName) -> None:
        self._survey, self._find = survey, find
        self._sites: dict[tuple[str, str], list[Site]] = defaultdict(list)
        for analysis in survey.program.analyses.values():
            function = analysis.function
            self._sites[function.path, function.name] += analysis.sites

    def merged(self, patch: PatchRecord) -> Merged:
        """How much of a patch is there."""
        sites = [site for site in patch.sites if site.form != "refused"]
        if sites:
            return self._converted(sites)
        return Merged(int(self._has(patch)), 1)

    def _converted(self, sites: list[SiteRecord]) -> Merged:
        by_function: dict[tuple[str, str], list[SiteRecord]] = defaultdict(list)
        for site in sites:
            by_function[site.file, site.function].append(site)
        there = sum(_count(mine, self._sites.get(place, [])) for place, mine in by_function.items())
        return Merged(there, len(sites))

    def _has(self, patch: PatchRecord) -> bool:
        """Whether what a patch without sites brings is there; its key says what that is (see `drafts.Draft`)."""
        _, what, name, place = (*patch.key.split("/", 3), "", "")[:4]
        interface = self._survey.interface
        match what:
            case _ if what == CONST:
                return interface.guard or not interface.drops_const
            case _ if what == LIGHT:  # nothing is lighter than a pair that takes no reference
                return interface.light or interface.counts_references is False
            case _ if what == GUARD:
                return interface.guard
            case "accessor" | "reverts":
                return self._defines(name, patch) and self._mentions(name, place.partition(":")[0])
            case "counted" | "switch":
                return self._is_light(name)
        return False

    def _defines(self, name: str, patch: PatchRecord) -> bool:
        places = dict.fromkeys([*(str(PurePosixPath(path).parent) for path in patch.files), SHARED])
        texts = ((path, data) for place in places for path, data in self._find(name, place).items())
        return any(extent.name == name for path, data in texts for extent in SourceFile(path, data).extents)

    def _mentions(self, name: str, path: str) -> bool:
        """Whether a file, if there is one to look at, mentions a name."""
        return not path or path in self._find(name, str(PurePosixPath(path).parent))

    def _is_light(self, wrapper: str) -> bool:
        found = (item.wrapper for item in self._survey.program.summaries if item.name == wrapper)
        return any(item is not None and item.discipline is Discipline.LIGHT for item in found)


def _count(wanted: list[SiteRecord], found: list[Site]) -> int:
    """How many sites of a function are converted as a patch converts them.

    A converted site no longer shows what it was, so they are counted: by form, and less those that are as they were.
    """
    left = Counter(site.override for site in found if site.converted is None)
    scopes = sum(1 for site in found if site.converted in _SCOPES)
    light = sum(1 for site in found if site.converted == "light")
    there = 0
    for site in sorted(wanted, key=lambda item: item.form not in _SCOPES):
        if left[site.override]:
            left[site.override] -= 1
        elif scopes and (site.form in _SCOPES or not light):  # a guard is what may come after the light pair
            scopes -= 1
            there += 1
        elif light and site.form == "light":
            light -= 1
            there += 1
    return there
