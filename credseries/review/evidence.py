"""What a checklist is answered from: the commits as they are, and the same patches built and proven again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from credseries.errors import CredseriesError
from credseries.kernel.git import Repository
from credseries.rewrite.plan import Judged
from credseries.series.assemble import make_builder
from credseries.series.build import PlannedPatch
from credseries.series.model import PatchRecord, SeriesRecord
from credseries.series.recipe import Recipe
from credseries.series.scan import Survey
from credseries.series.threads import drafts_of


@dataclass(frozen=True)
class PatchEvidence:
    """One commit: its message, its files before and after, the sites that it converts, and the functions (file and
    name) that its proof is about.

    `proven_again` is empty when the patch, built anew from the base and proven, has the commit's very contents.
    `proven` are the contents that it was proven with, none where the recipe gives no such patch.
    """

    message: str
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    sites: tuple[Judged, ...]
    proven_again: str
    functions: tuple[tuple[str, str], ...] = ()
    proven: Mapping[str, bytes] = field(default_factory=dict)


def gather(repo: Repository, series: SeriesRecord, survey: Survey, recipe: Recipe) -> list[PatchEvidence]:
    """The evidence for each patch of a series, in order."""
    try:
        builder = make_builder(repo, survey, recipe, series.selection)
        planned = builder.patches(drafts_of(builder.drafts, series.thread))
    except CredseriesError as error:
        return evidence_of(repo, series, [], error.message)
    return evidence_of(repo, series, planned)


def evidence_of(
    repo: Repository, series: SeriesRecord, planned: Sequence[PlannedPatch], problem: str = ""
) -> list[PatchEvidence]:
    """The evidence for each patch of a series, in order, from the patches that its recipe gives now; `problem` says why
    it gives none."""
    messages = {item.id: f"{item.subject}\n\n{item.body}" for item in repo.commits(series.start, series.tip)}
    found = []
    parent = series.start
    for patch in series.patches:
        before = repo.read_files(parent, patch.files)
        after = repo.read_files(patch.commit, patch.files)
        again = problem or "it is none of the patches that the recipe gives now"
        sites: tuple[Judged, ...] = ()
        made = _counterpart(planned, patch)
        if made is not None:
            sites = made.sites
            differing = [path for path in patch.files if made.changes.get(path) != after.get(path)]
            again = f"{differing[0]} differs from what the proof is about" if differing else ""
        functions = made.proven if made is not None else ()
        proven = made.changes if made is not None else {}
        found.append(PatchEvidence(messages.get(patch.commit, ""), before, after, sites, again, functions, proven))
        parent = patch.commit
    return found


def _counterpart(planned: Sequence[PlannedPatch], patch: PatchRecord) -> PlannedPatch | None:
    """The patch of the recipe that a patch of the series is, by what it is for."""
    return next((made for made in planned if patch.key and made.key == patch.key), None)
