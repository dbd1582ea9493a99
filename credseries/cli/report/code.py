"""What patches do to the code: their diffs, what an audit says of them, pictures, and what they need of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credseries.review.report.model import Finding, Need, RefusedSite, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credseries.kernel.git import Repository
    from credseries.kernel.series_source import Series
    from credseries.review.report.flow import Flow
    from credseries.review.report.pictures import Pictures
    from credseries.series.model import SeriesRecord

_SEVERITIES = {"error": State.FAIL, "warning": State.FAIL, "note": State.NONE}


def audited(repo: Repository, series: Series, pictures: Pictures) -> dict[str, Any]:
    """What the audit of a series gives (its contract, schema 1): from the results of verify, or made and kept now."""
    from credseries.review.audit import audit
    from credseries.review.audit_task import audit_task
    from credseries.verify.results import KeptResults

    task = audit_task(repo, series)
    results = KeptResults(repo)
    try:
        found = results.get(task.key)
        if found is None:
            found = audit(repo, series, lambda: pictures.snapshots).to_json()
            results.put(task.key, found)
        return found
    finally:
        results.close()


def findings_of(report: Mapping[str, Any]) -> dict[int, tuple[Finding, ...]]:
    """The findings of an audit, by patch."""
    found: dict[int, list[Finding]] = {}
    for item in report["findings"]:
        state = _SEVERITIES[item["severity"]]
        made = Finding(
            item["file"],
            item["function"],
            item["line"],
            item["kind"],
            state,
            item["message"],
            tuple(item["path"]),
        )
        found.setdefault(item["patch"], []).append(made)
    return {number: tuple(mine) for number, mine in found.items()}


def flows_of(pictures: Pictures, report: Mapping[str, Any]) -> dict[int, tuple[Flow, ...]]:
    """The functions that each patch changes, with what is wrong with them."""
    from credseries.review.report.pictures import Fault

    faults = [
        Fault(
            *(item["patch"], item["file"], item["function"], item["line"], item["call"], item["before"]),
            *(item["after"], tuple(item["path"]), item["message"]),
        )
        for item in report["findings"]
        if item["severity"] != "note"
    ]
    return pictures.flows(faults)


def needs_of(repo: Repository, series: Series, files: Mapping[int, Sequence[str]]) -> dict[int, tuple[Need, ...]]:
    """What each patch uses that another one adds."""
    from credseries.series.precedence import PatchFiles, uses

    patches = [
        PatchFiles(
            step.number,
            step.subject,
            repo.read_files(step.before, files[step.number]),
            repo.read_files(step.after, files[step.number]),
        )
        for step in series.steps
        if not step.rejected
    ]
    names: dict[int, dict[int, list[str]]] = {}
    for use in uses(patches):
        names.setdefault(use.patch, {}).setdefault(use.adder, []).append(use.name)
    return {
        number: tuple(Need(adder, tuple(mine)) for adder, mine in sorted(found.items()))
        for number, found in names.items()
    }


def refused_of(repo: Repository, record: SeriesRecord) -> tuple[RefusedSite, ...]:
    """The sites that a series leaves as they are, each with its function."""
    from credseries.cli.options import take_survey
    from credseries.review.report.pictures import refused_flows
    from credseries.rewrite.refusals import refusal_class
    from credseries.series.recipe import recipe_texts

    if not record.refused:
        return ()
    tree = repo.resolve_tree(record.base)[1]
    depends = [tree, *recipe_texts(record.recipe, repo.work_tree), *record.selection.moves]
    flows = refused_flows(
        repo,
        record.refused,
        depends,
        lambda: take_survey(repo, record.base, record.recipe, moves=record.selection.moves),
    )
    return tuple(
        RefusedSite(
            *(site.file, site.line, site.function, site.override, site.reason, refusal_class(site.reason)),
            flow=flows.get((site.file, site.function)),
        )
        for site in record.refused
    )


def forms_words(counts: Sequence[tuple[str, int]]) -> str:
    """How many sites get which form, in words."""
    return ", ".join(f"{count} {form}" for form, count in counts if count)
