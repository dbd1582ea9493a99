"""Facts of the code of a series: what of it is proven, and what stands before what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.kernel.git import Repository
    from credseries.mail.preflight.proven import PatchProof
    from credseries.review.evidence import PatchEvidence
    from credseries.series.model import SeriesRecord


@dataclass(frozen=True)
class Code:
    """The evidence of a series' patches, why none can be proven (or nothing), and what stands before what it needs."""

    evidence: tuple[PatchEvidence, ...]
    problem: str
    broken: tuple[str, ...]


def read_code(repo: Repository, record: SeriesRecord) -> Code:
    from credseries.cli.options import take_survey
    from credseries.errors import CredseriesError
    from credseries.review.evidence import evidence_of
    from credseries.series.assemble import make_builder
    from credseries.series.precedence import broken_needs, needs_of
    from credseries.series.recipe import load_recipe
    from credseries.series.threads import drafts_of

    try:
        survey = take_survey(repo, record.base, record.recipe, moves=record.selection.moves)
        recipe = load_recipe(record.recipe, repo.work_tree)
    except CredseriesError as error:  # a recipe that is gone, a base that cannot be read any more
        return Code(tuple(evidence_of(repo, record, [], error.message)), error.message, ())
    try:
        builder = make_builder(repo, survey, recipe, record.selection)
        drafts = drafts_of(builder.drafts, record.thread)
        evidence = evidence_of(repo, record, builder.patches(drafts))
    except CredseriesError as error:  # the recipe gives no patches any more: the evidence says so, for each
        return Code(tuple(evidence_of(repo, record, [], error.message)), "", ())
    needs = record.thread.needs if record.thread is not None else ()
    elsewhere = [key for item in needs for key in item.keys]
    return Code(tuple(evidence), "", tuple(broken_needs(needs_of(drafts), record.patches, elsewhere)))


def proofs(repo: Repository, record: SeriesRecord, code: Code) -> list[PatchProof]:
    """Whether each patch is proven; where it is not what was proven, an audit stands for that when it finds nothing."""
    from credseries.mail.preflight.proven import PatchProof

    if code.problem:
        return [PatchProof(patch.index, patch.subject, code.problem) for patch in record.patches]
    doubtful = {
        patch.index: item for patch, item in zip(record.patches, code.evidence, strict=True) if item.proven_again
    }
    audited = _audit(repo, record, doubtful) if doubtful else {}
    found = []
    for patch in record.patches:
        why = audited.get(patch.index)
        if why is None:
            found.append(PatchProof(patch.index, patch.subject))
        else:
            found.append(PatchProof(patch.index, patch.subject, _not_proven(patch.index, doubtful, why), not why))
    return found


def _not_proven(number: int, doubtful: dict[int, PatchEvidence], why: str) -> str:
    return f"{doubtful[number].proven_again}, and an audit cannot stand for the proof: {why}" if why else ""


def _audit(repo: Repository, record: SeriesRecord, doubtful: dict[int, PatchEvidence]) -> dict[int, str]:
    """For each of some patches, why an audit cannot stand for its proof; empty when it can."""
    from credseries.cli.verify import planned, series_of, usual_request
    from credseries.verify.model import Level
    from credseries.verify.results import KeptResults
    from credseries.verify.tasks import Place

    series = series_of(repo, record)
    numbers = {patch.commit: patch.index for patch in record.patches}
    made = {patch.commit: bool(patch.key) for patch in record.patches}
    # The audit of the level `proof`: with the calls that may move, and from its results where there are some.
    checks = planned(repo, series, record, usual_request(record, Level.PROOF))
    [task] = checks[0].tasks
    results = KeptResults(repo)
    try:
        report = results.get(task.key)
        if report is None:
            report = task.run(Place(repo, repo.common_dir, 1))
            results.put(task.key, report)
    finally:
        results.close()
    found = {}
    for step, check in zip(series.steps, checks, strict=True):
        item = doubtful.get(numbers.get(step.commit, 0))
        if item is None:
            continue
        left = [entry for entry in report["not_analysed"] if entry["patch"] == step.number]
        found[numbers[step.commit]] = _against(check.judge([report]), left) or _unseen(item, made[step.commit])
    return {**dict.fromkeys(doubtful, "it is not in the series"), **found}


def _against(judged: Any, left: Sequence[dict[str, Any]]) -> str:
    """What an audit has found, or could not compare."""
    from credseries.verify.model import Severity, Status

    if judged.status is not Status.PASS:
        problems = [item.message for item in judged.problems if item.severity is not Severity.NOTE]
        return "; ".join(problems[:3]) or judged.summary
    if left:
        name = f"{left[0]['function']}() of {left[0]['file']}" if left[0]["function"] else left[0]["file"]
        return f"{name} could not be compared ({left[0]['reason']})"
    return ""


def _unseen(item: PatchEvidence, made: bool) -> str:
    """What has changed that an audit does not see; `made` says that the patch was made, and proven, by a recipe."""
    from credseries.review.by_hand import changed_between_functions, changed_statements

    between = changed_between_functions(item.before, item.after, item.proven)
    if between:
        return f"{between[0]} has changed outside of functions, and only these are compared"
    return next(iter(changed_statements(item.before, item.after, item.proven)), "") if made else ""


def broken(repo: Repository, record: SeriesRecord, code: Code) -> list[str]:
    from credseries.series.precedence import PatchFiles, defines, topics_out_of_order, used_before_added

    files = [
        PatchFiles(patch.index, patch.subject, item.before, item.after)
        for patch, item in zip(record.patches, code.evidence, strict=True)
    ]

    def known(name: str) -> bool:
        found = [path for path in repo.grep_files(record.start, [name]) if path.endswith((".c", ".h"))]
        return defines(repo.read_files(record.start, found), name)

    topics = [f"topics out of order: {item}" for item in topics_out_of_order(record)]
    return list(dict.fromkeys([*topics, *code.broken, *used_before_added(files, known)]))
