"""Facts of the code of a series: what of it is proven, and what stands before what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from credseries.creds.program import SourceFile
    from credseries.kernel.git import Repository
    from credseries.mail.preflight.proven import PatchProof
    from credseries.series.model import SeriesRecord
    from credseries.series.scan import Survey


@dataclass(frozen=True)
class Code:
    """For each patch why it is not what was proven (empty: it is), why none can be proven (or nothing), and what stands
    before what it needs."""

    doubts: tuple[str, ...]
    problem: str
    broken: tuple[str, ...]


def read_code(repo: Repository, record: SeriesRecord) -> Code:
    from credseries.errors import CredseriesError
    from credseries.review.proven import compare, plan_again
    from credseries.series.precedence import broken_needs
    from credseries.series.recipe import load_recipe
    from credseries.verify.results import KeptResults

    kept = KeptResults(repo)
    try:
        recipe = load_recipe(record.recipe, repo.work_tree)
        plan = plan_again(repo, record, recipe, lambda: _survey(repo, record), kept)
    except CredseriesError as error:  # a recipe that is gone, a base that cannot be read any more
        return Code((error.message,) * len(record.patches), error.message, ())
    finally:
        kept.close()
    found = compare(plan, record.patches, repo.changes([patch.commit for patch in record.patches]))
    needs = record.thread.needs if record.thread is not None else ()
    elsewhere = [key for item in needs for key in item.keys]
    broken = tuple(broken_needs(plan.needs, record.patches, elsewhere))
    return Code(tuple(item.problem for item in found), "", broken)


def _survey(repo: Repository, record: SeriesRecord) -> Survey:
    from credseries.cli.options import take_survey

    return take_survey(repo, record.base, record.recipe, moves=record.selection.moves)


def proofs(repo: Repository, record: SeriesRecord, code: Code) -> list[PatchProof]:
    """Whether each patch is proven; where it is not what was proven, an audit stands for that when it finds nothing."""
    from credseries.mail.preflight.proven import PatchProof

    if code.problem:
        return [PatchProof(patch.index, patch.subject, code.problem) for patch in record.patches]
    doubts = {patch.index: why for patch, why in zip(record.patches, code.doubts, strict=True) if why}
    audited = _audit(repo, record, doubts) if doubts else {}
    found = []
    for patch in record.patches:
        why = audited.get(patch.index)
        if why is None:
            found.append(PatchProof(patch.index, patch.subject))
        else:
            found.append(PatchProof(patch.index, patch.subject, _not_proven(doubts[patch.index], why), not why))
    return found


def _not_proven(doubt: str, why: str) -> str:
    return f"{doubt}, and an audit cannot stand for the proof: {why}" if why else ""


def _audit(repo: Repository, record: SeriesRecord, doubtful: Collection[int]) -> dict[int, str]:
    """For each of some patches, why an audit cannot stand for its proof; empty when it can."""
    from credseries.cli.verify import planned, series_of, usual_request
    from credseries.verify.model import Level
    from credseries.verify.results import KeptResults
    from credseries.verify.tasks import Place

    series = series_of(repo, record)
    numbers = {patch.commit: patch.index for patch in record.patches}
    unseen = _Unseen(repo, record)
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
        number = numbers.get(step.commit, 0)
        if number in doubtful:
            left = [entry for entry in report["not_analysed"] if entry["patch"] == step.number]
            found[number] = _against(check.judge([report]), left) or unseen.of(number)
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


class _Unseen:
    """What patches change that an audit does not see."""

    def __init__(self, repo: Repository, record: SeriesRecord) -> None:
        from credseries.review.proven import contents_again
        from credseries.series.recipe import load_recipe

        self._repo, self._record = repo, record
        recipe = load_recipe(record.recipe, repo.work_tree)
        self._meant = contents_again(repo, record, recipe, lambda: _survey(repo, record))

    def of(self, number: int) -> str:
        """What a patch changes between functions, or (one that a recipe made and proved) otherwise than was proven."""
        from credseries.review.code.statements import between, changed_between, unmeant

        patch = self._record.patches[number - 1]
        parent = self._record.patches[number - 2].commit if number > 1 else self._record.start
        before, after = (self._files(commit, patch.files) for commit in (parent, patch.commit))
        meant = _sources(self._meant.get(patch.key, {})) if patch.key else {}
        for item in changed_between(before, after):
            planned, now = meant.get(item.file), after.get(item.file)
            if planned is None or now is None or between(planned) != between(now):
                return f"{item.file} has changed outside of functions, and only these are compared"
        return next(unmeant(before, after, meant), "") if patch.key else ""

    def _files(self, commit: str, paths: Sequence[str]) -> dict[str, SourceFile]:
        return _sources(self._repo.read_files(commit, paths))


def _sources(texts: Mapping[str, bytes]) -> dict[str, SourceFile]:
    from credseries.creds.program import SourceFile

    return {path: SourceFile(path, text) for path, text in texts.items() if path.endswith((".c", ".h", ".S"))}


def broken(repo: Repository, record: SeriesRecord, code: Code) -> list[str]:
    from credseries.series.precedence import PatchFiles, defines, topics_out_of_order, used_before_added

    parents = [record.start, *(patch.commit for patch in record.patches)]
    files = [
        PatchFiles(
            patch.index,
            patch.subject,
            repo.read_files(parent, patch.files),
            repo.read_files(patch.commit, patch.files),
        )
        for parent, patch in zip(parents, record.patches, strict=False)
    ]

    def known(name: str) -> bool:
        found = [path for path in repo.grep_files(record.start, [name]) if path.endswith((".c", ".h"))]
        return defines(repo.read_files(record.start, found), name)

    topics = [f"topics out of order: {item}" for item in topics_out_of_order(record)]
    return list(dict.fromkeys([*topics, *code.broken, *used_before_added(files, known)]))
