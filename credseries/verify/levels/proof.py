"""The level `proof`: what the audit of a series says about each of its patches. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from credseries.kernel.series_source import Series, Step
from credseries.verify.model import Level, Problem, Severity, Status
from credseries.verify.tasks import Check, Judgement, Result, Task
from credseries.words import many

MOVED_CALL = "moved-call"


def proof_checks(series: Series, audit: Task, may_move: Callable[[str, str], bool]) -> list[Check]:
    """A check for each patch, all judged from one audit (the `audit` contract, schema 1).

    `may_move` says of a call (file, name) that a person has allowed it to run under a guard.
    """
    return [
        Check(step.number, Level.PROOF, "", (audit,), partial(_judge, step, may_move), _reproduce(series, step))
        for step in series.steps
    ]


def allowed(patterns: Sequence[tuple[str, str]]) -> Callable[[str, str], bool]:
    """From (path prefix, pattern of names): whether a call in a file may move."""

    def may_move(file: str, call: str) -> bool:
        return any(file.startswith(prefix) and fnmatchcase(call, pattern) for prefix, pattern in patterns)

    return may_move


def _reproduce(series: Series, step: Step) -> str:
    return f"credseries audit {step.commit[:12]}" if step.commit else f"credseries audit --base {series.base[:12]} MBOX"


def _judge(step: Step, may_move: Callable[[str, str], bool], results: Sequence[Result]) -> Judgement:
    report = results[0]
    if step.rejected:
        return Judgement(Status.FAIL, step.rejected, (Problem(Severity.ERROR, step.rejected),))
    problems = [_problem(item, may_move) for item in report["findings"] if item["patch"] == step.number]
    left = [item for item in report["not_analysed"] if item["patch"] == step.number]
    compared = sum(item["patch"] == step.number for item in report["compared"])
    problems += [
        Problem(Severity.NOTE, f"{item['function']}() could not be compared: {item['reason']}", item["file"])
        for item in left
    ]
    bad = sum(problem.severity is not Severity.NOTE for problem in problems)
    if bad:
        return Judgement(Status.FAIL, many(bad, "finding"), tuple(problems))
    summary = many(compared, "function") if compared else "no function to prove"
    if left:
        summary += f", {len(left)} not compared"
    return Judgement(Status.PASS, summary, tuple(problems))


def _problem(item: dict[str, Any], may_move: Callable[[str, str], bool]) -> Problem:
    message, severity = f"{item['function']}(): {item['kind']}: {item['message']}", Severity(item["severity"])
    if item["kind"] == MOVED_CALL and may_move(item["file"], item["call"]):
        message, severity = f"{message} (allowed to move)", Severity.NOTE
    if item["path"] and severity is not Severity.NOTE:
        message += f"; path {' -> '.join(map(str, item['path']))}"
    return Problem(severity, message, item["file"], item["line"])
