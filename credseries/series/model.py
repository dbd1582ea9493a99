"""What a series is, once it is split: the record that later commands (cover, checklist, send) work from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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
    """One commit of the series; `index` counts from 1, `added` and `removed` are lines."""

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
class SeriesRecord:
    """A split series on its branch.

    `base` and `tip` are commit ids, `base_version` the kernel version of the base's Makefile, `title` the cover
    letter's subject without prefixes, `refused` the sites of the recipe's paths that the series leaves as they were.
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


def series_from_json(data: dict[str, Any]) -> SeriesRecord:
    """The record that `SeriesRecord.to_json` gave; raises KeyError or TypeError on anything else."""
    fields = {
        **data,
        "prefixes": tuple(data["prefixes"]),
        "topics": tuple(TopicRecord(**{**topic, "after": tuple(topic["after"])}) for topic in data["topics"]),
        "patches": tuple(_patch(patch) for patch in data["patches"]),
        "refused": tuple(_site(site) for site in data["refused"]),
        "assumptions": tuple(data["assumptions"]),
    }
    return SeriesRecord(**fields)
