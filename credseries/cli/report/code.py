"""What patches do to the code, as a report draws it: pictures, what they need of each other, what stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credseries.review.report.model import Need, Refused, RefusedSite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credseries.kernel.git import Repository
    from credseries.review.checklist.subject import PatchSubject, Subject
    from credseries.review.report.flow import Flow
    from credseries.review.report.pictures import Pictures
    from credseries.series.model import SeriesRecord


def flows_of(pictures: Pictures, patches: Sequence[PatchSubject]) -> dict[int, tuple[Flow, ...]]:
    """The functions that each patch changes, with what is wrong with them."""
    from credseries.review.report.pictures import Fault

    faults = [
        Fault(
            *(patch.number, item.file, item.function, item.line, item.call),
            *(item.before, item.after, item.path, item.message),
        )
        for patch in patches
        for item in patch.audit.findings
        if item.is_wrong and not item.allowed
    ]
    return pictures.flows(faults)


def needs_of(patches: Sequence[PatchSubject]) -> dict[int, tuple[Need, ...]]:
    """What each patch uses that an earlier one adds, by its number."""
    found: dict[int, dict[int, list[str]]] = {}
    for patch in patches:
        for added in patch.code.names:
            for use in added.uses:
                if use.patch > patch.number:
                    found.setdefault(use.patch, {}).setdefault(patch.number, []).append(added.name)
    return {
        number: tuple(Need(adder, tuple(sorted(names))) for adder, names in sorted(needed.items()))
        for number, needed in found.items()
    }


def refused_of(repo: Repository, record: SeriesRecord | None, subject: Subject) -> tuple[Refused, ...]:
    """The functions with sites that a series leaves as they are; of one that was made here, each is drawn."""
    functions: dict[tuple[str, str], list[RefusedSite]] = {}
    if record is None:
        for left in subject.left:
            reason = left.why or "the series converts others of this file"
            functions.setdefault((left.file, left.function), []).append(RefusedSite(left.line, left.override, reason))
        return _grouped(functions, {})
    for site in record.refused:
        made = RefusedSite(site.line, site.override, site.reason)
        functions.setdefault((site.file, site.function), []).append(made)
    return _grouped(functions, _drawn(repo, record) if functions else {})


def _drawn(repo: Repository, record: SeriesRecord) -> Mapping[tuple[str, str], Flow]:
    from credseries.cli.options import take_survey
    from credseries.review.report.pictures import refused_flows
    from credseries.series.recipe import recipe_texts

    tree = repo.resolve_tree(record.base)[1]
    depends = [tree, *recipe_texts(record.recipe, repo.work_tree), *record.selection.moves]
    return refused_flows(
        repo,
        record.refused,
        depends,
        lambda: take_survey(repo, record.base, record.recipe, moves=record.selection.moves),
    )


def _grouped(
    functions: Mapping[tuple[str, str], Sequence[RefusedSite]], flows: Mapping[tuple[str, str], Flow]
) -> tuple[Refused, ...]:
    from credseries.rewrite.refusals import refusal_class

    return tuple(
        Refused(*place, refusal_class(sites[0].reason), tuple(sites), flows.get(place))
        for place, sites in functions.items()
    )


def forms_words(counts: Sequence[tuple[str, int]]) -> str:
    """How many sites get which form, in words."""
    return ", ".join(f"{count} {form}" for form, count in counts if count)
