"""Facts of the code of a series for its checklist: what its patches do, what the audit finds, and what is proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credseries import render

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from credseries.kernel.git import Repository
    from credseries.kernel.series_source import Series
    from credseries.review.checklist.subject import Audit, Proof
    from credseries.review.code.model import SeriesCode
    from credseries.review.snapshots import Snapshots
    from credseries.series.model import SeriesRecord
    from credseries.series.scan import Survey
    from credseries.verify.results import KeptResults


@dataclass(frozen=True)
class Code:
    """What the patches of a series do, and the audit of each, by its number."""

    series: SeriesCode
    audits: dict[int, Audit]


def read_code(
    repo: Repository,
    series: Series,
    kept: KeptResults,
    may_move: Callable[[str, str], bool],
    read: Callable[[], Snapshots] | None = None,
) -> Code:
    """What is kept of the very same trees, or read now. Raises NotAKernelTree and GitFailed.

    `may_move` says of a call (file, name) that the series' author has allowed it to run under a guard; `read` gives the
    trees, where somebody else reads them as well.
    """
    from credseries.review.audit import audit
    from credseries.review.audit_task import audit_task
    from credseries.review.code.model import series_code_from_json
    from credseries.review.code.task import code_task

    audit_work, code_work = audit_task(repo, series), code_task(repo, series)
    report, code = kept.get(audit_work.key), kept.get(code_work.key)
    if report is None or code is None:
        from credseries.review.snapshots import read_snapshots

        with render.working("comparing functions over every path"):
            snapshots = read() if read is not None else read_snapshots(repo, series)
            if report is None:
                report = audit(repo, series, lambda: snapshots).to_json()
                kept.put(audit_work.key, report)
            if code is None:
                code = code_work.run(repo, snapshots)
                kept.put(code_work.key, code)
    audits = {step.number: _audit(report, step.number, may_move) for step in series.steps}
    return Code(series_code_from_json(code), audits)


def _audit(report: dict[str, Any], number: int, may_move: Callable[[str, str], bool]) -> Audit:
    from credseries.review.checklist.subject import Audit, Finding, NotCompared

    def finding(item: dict[str, Any]) -> Finding:
        kept = {key: value for key, value in item.items() if key not in ("commit", "patch")}
        allowed = item["kind"] == "moved-call" and may_move(item["file"], item["call"])
        return Finding(**{**kept, "path": tuple(item["path"])}, allowed=allowed)

    def mine(name: str) -> Sequence[dict[str, Any]]:
        return [item for item in report[name] if item["patch"] == number]

    return Audit(
        tuple(finding(item) for item in mine("findings")),
        tuple((item["file"], item["function"]) for item in mine("compared")),
        tuple(NotCompared(item["file"], item["function"], _without_number(item)) for item in mine("not_analysed")),
    )


def _without_number(item: dict[str, Any]) -> str:
    return str(item["reason"]).removeprefix(f"patch {item['patch']}: ")


# -- a series that was made here


@dataclass(frozen=True)
class Proven:
    """The proof of each patch of a series, by its number, and what stands before what it needs."""

    patches: dict[int, Proof]
    broken: tuple[str, ...]


def read_proof(repo: Repository, record: SeriesRecord, kept: KeptResults) -> Proven:
    """The recipe's patches, made and proven again (or kept from before), beside the commits."""
    from credseries.cli.options import take_survey
    from credseries.errors import CredseriesError
    from credseries.review.checklist.subject import Proof
    from credseries.review.proven import Plan, compare, plan_again
    from credseries.series.precedence import broken_needs, topics_out_of_order
    from credseries.series.recipe import load_recipe

    try:
        recipe = load_recipe(record.recipe, repo.work_tree)

        def survey() -> Survey:
            return take_survey(repo, record.base, record.recipe, moves=record.selection.moves)

        plan = plan_again(repo, record, recipe, survey, kept)
    except CredseriesError as error:  # a recipe that is gone
        plan = Plan(problem=error.message)
    found = compare(plan, record.patches, repo.changes([patch.commit for patch in record.patches]))
    proofs = {}
    for patch, again in zip(record.patches, found, strict=True):
        planned = again.planned
        sites, functions = (planned.sites, planned.functions) if planned is not None else (0, 0)
        proofs[patch.index] = Proof(sites, functions, again.problem)
    needs = record.thread.needs if record.thread is not None else ()
    elsewhere = [key for item in needs for key in item.keys]
    topics = [f"topics out of order: {item}" for item in topics_out_of_order(record)]
    return Proven(proofs, tuple(dict.fromkeys([*topics, *broken_needs(plan.needs, record.patches, elsewhere)])))
