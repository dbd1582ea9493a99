"""What a series is, once it is split: the record that later commands (cover, checklist, send) work from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from credseries.series.told import Told, told_from_json


@dataclass(frozen=True)
class SiteRecord:
    """One site of the scanned base and what the series does with it.

    `line` is 1-based in the file at the base commit. `form` is `guard`, `scoped`, `light` or `refused`; `reason` says
    why a form before it in the recipe's order (or, when refused, every form) could not be proven. `moved` holds the
    calls, as (line, call), that an in-place guard would have run under other credentials.
    """

    file: str
    line: int
    function: str
    override: str
    source: str
    kind: str
    form: str
    reason: str
    moved: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class PatchRecord:
    """One commit of the series; `index` counts from 1, `added` and `removed` are lines.

    `key` says what the patch is for, in words that stay the same when the series is made again on another base or by
    a changed recipe; it is empty for a patch that somebody added by hand. `edited` says that the commit's contents are
    not what credseries made (and proved).
    """

    index: int
    commit: str
    subject: str
    topic: str
    tree: str
    files: tuple[str, ...]
    added: int
    removed: int
    sites: tuple[SiteRecord, ...] = ()
    lists: tuple[str, ...] = ()
    key: str = ""
    edited: bool = False

    def count(self, form: str) -> int:
        """The number of this patch's sites that have the given form."""
        return sum(1 for site in self.sites if site.form == form)


@dataclass(frozen=True)
class TopicRecord:
    """A topic of the series: which tree takes it and what must be merged before it."""

    name: str
    title: str
    tree: str
    after: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Selection:
    """What a person asked for beyond the recipe: only these topics, without those, and calls that may move.

    `topics` empty means all. `moves` are patterns (fnmatch) of names of calls that may run under the override.
    """

    topics: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()


@dataclass(frozen=True)
class Needed:
    """What a series needs of another one of its conversion: that series' tree, and its patches by key and subject.

    `whole` says that these are all of them.
    """

    tree: str
    keys: tuple[str, ...]
    subjects: tuple[str, ...]
    whole: bool


@dataclass(frozen=True)
class Thread:
    """A series as one of several: the tree that it goes through, and what all belong to, by a change-id of its own.

    `trees` are those of all the series, in the order in which they can be merged, and `titles` what these are called.
    `needs` is what has to be applied before this one.
    """

    tree: str
    umbrella: str
    trees: tuple[str, ...]
    titles: tuple[str, ...] = ()
    needs: tuple[Needed, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What benchmark records say of a series, as text for its cover letter; `labels` names the records.

    `incomplete` has a sentence for all that a reader will ask and the text cannot answer: its author let it pass.
    """

    text: str = ""
    labels: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()


def measured_from_json(data: dict[str, Any]) -> Measured:
    """What `dataclasses.asdict` made of it; raises KeyError or TypeError on anything else."""
    return Measured(**{**data, "labels": tuple(data["labels"]), "incomplete": tuple(data["incomplete"])})


@dataclass(frozen=True)
class SeriesRecord:
    """A split series on its branch.

    `base`, `start` and `tip` are commit ids: the base that everybody has, the commit that the series begins after
    (another one than the base when other series have to be applied first; `prerequisites` names those, in the format
    of `b4 prep --edit-deps`), and the last patch. `base_version` is the kernel version of the base's Makefile, `title`
    the cover letter's subject without prefixes, `refused` the sites of the recipe's paths that the series leaves as
    they were; `measured`, `numbers` and `note` are what its author gave for the cover letter (benchmark records, text,
    and words), `told` is what a reroll had to tell.
    """

    branch: str
    recipe: str
    title: str
    summary: str
    base: str
    tip: str
    base_version: str
    change_id: str
    revision: int
    prefixes: tuple[str, ...]
    counts_references: bool
    topics: tuple[TopicRecord, ...]
    patches: tuple[PatchRecord, ...]
    refused: tuple[SiteRecord, ...]
    assumptions: tuple[str, ...] = field(default=())
    start: str = ""
    prerequisites: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)
    thread: Thread | None = None
    numbers: str = ""
    measured: Measured = field(default_factory=Measured)
    note: str = ""
    told: Told = field(default_factory=Told)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `series_from_json` reads back."""
        from dataclasses import asdict

        return asdict(self)


def _site(data: dict[str, Any]) -> SiteRecord:
    return SiteRecord(**{**data, "moved": tuple((line, call) for line, call in data["moved"])})


def _patch(data: dict[str, Any]) -> PatchRecord:
    fields = {
        **data,
        "files": tuple(data["files"]),
        "lists": tuple(data["lists"]),
        "sites": tuple(_site(site) for site in data["sites"]),
    }
    return PatchRecord(**fields)


def _needed(data: dict[str, Any]) -> Needed:
    return Needed(**{**data, "keys": tuple(data["keys"]), "subjects": tuple(data["subjects"])})


def _thread(data: dict[str, Any]) -> Thread:
    needs = tuple(_needed(item) for item in data["needs"])
    return Thread(**{**data, "trees": tuple(data["trees"]), "titles": tuple(data["titles"]), "needs": needs})


def series_from_json(data: dict[str, Any]) -> SeriesRecord:
    """The record that `SeriesRecord.to_json` gave; raises KeyError, TypeError or ValueError on anything else."""
    fields = {
        **data,
        "prefixes": tuple(data["prefixes"]),
        "topics": tuple(TopicRecord(**{**topic, "after": tuple(topic["after"])}) for topic in data["topics"]),
        "patches": tuple(_patch(patch) for patch in data["patches"]),
        "refused": tuple(_site(site) for site in data["refused"]),
        "assumptions": tuple(data["assumptions"]),
        "prerequisites": tuple(data["prerequisites"]),
        "selection": Selection(**{key: tuple(value) for key, value in data["selection"].items()}),
        "measured": measured_from_json(data["measured"]) if "measured" in data else Measured(),
        "told": told_from_json(data["told"]) if "told" in data else Told(),
        "thread": _thread(data["thread"]) if data["thread"] else None,
    }
    return SeriesRecord(**fields)
