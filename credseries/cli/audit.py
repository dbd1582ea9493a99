"""`credseries audit`: a series that somebody wrote by hand, against the proof."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.options import HERE, Json, SeriesBase, Tree, open_repository
from credseries.words import many

if TYPE_CHECKING:
    from credseries.kernel.git import Repository
    from credseries.review.audit import Placed, Report

What = Annotated[
    list[str],
    typer.Argument(
        metavar="RANGE|MBOX|PATCH...",
        help="A range, a branch or a commit; or an mbox, patches, a directory of patches, or - for standard input.",
        show_default=False,
    ),
]
_COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit", short_help="Look for what a hand-written conversion got wrong.")(audit)


def audit(what: What, base: SeriesBase = None, tree: Tree = HERE, json: Json = False) -> None:
    """Audit a series that somebody wrote by hand: every patch of it, function by function, against the one before.

    Patches are applied as git objects, with a three-way merge where that is needed: your work tree, index and branches
    are not touched. Each function that a patch changes and that has to do with credentials is compared with what it
    was, over every path through both, and so is each caller of a wrapper that has changed. Reported are

    \b
    moved-call                a call runs under other credentials than before
    wrong-caller-credentials  what read the caller's credentials reads the override's
    skipped-guard             a goto or a case enters the scope of a guard past it
    lost-reference            a reference is dropped that nobody took
    extra-reference           a reference is kept that was dropped
    lifetime                  a light override may outlive its credentials
    lost-return-value         a return value, or a constant like err = 0, got lost
    uninitialised             a variable can be read before it is set
    cleanup-order             a cleanup runs on the other side of the revert
    mixed-conversion          a half-done conversion (warning)
    unconverted               an override by hand is left where others are converted

    with the line after the patch, a path to it, and the credentials in force before and after. What could not be
    compared is listed, with the reason. Exits with 1 when there is an error or a warning.

    \b
    Examples:
      credseries audit v6.12..topic                  a range of commits
      credseries audit creds-rfc                     a branch, from where it left HEAD
      credseries audit HEAD~2                        one commit
      credseries audit series.mbx --base v6.12       a thread, as `b4 mbox` saves it
      b4 mbox -o- MESSAGE-ID | credseries audit -    the same, from a pipe
      credseries audit --json topic | jq '.findings[] | select(.severity == "error")'
    """
    from credseries.kernel.series_source import read_series
    from credseries.review.audit import audit as audit_series

    repo = open_repository(tree)
    with render.working("comparing functions over every path"):
        start = base if base is not None else _recorded_base(repo, what)
        series = read_series(repo, what, start, sys.stdin.buffer.read)
        report = audit_series(repo, series)
    for remark in series.remarks:
        render.complain(render.printable(f"note: {remark}"))
    if json:
        render.as_json(report.to_json())
    else:
        _show(report)
    if not report.passes:
        raise typer.Exit(1)


def _recorded_base(repo: Repository, what: list[str]) -> str | None:
    """The base of a series that `credseries split` made and that is checked out: HEAD says nothing about it then."""
    from credseries.errors import NotASeries
    from credseries.series import saved

    if len(what) != 1 or what[0] != repo.current_branch():
        return None
    try:
        return saved.load(repo, what[0]).base
    except NotASeries:
        return None


def _show(report: Report) -> None:
    place = None
    for item in report.findings:
        if place is None or item.step.number != place[0]:
            commit = f" {item.step.commit[:12]}" if item.step.commit else ""
            title = f"patch {item.step.number}/{len(report.series.steps)}{commit} {item.step.subject}".rstrip()
            render.say(("" if place is None else "\n") + render.paint(render.printable(title), "bold"))
            place = (item.step.number, "", "")
        if place != (item.step.number, item.finding.file, item.finding.function):
            place = (item.step.number, item.finding.file, item.finding.function)
            render.say(render.printable(f"  {item.finding.file}: {item.finding.function}()"))
        _show_finding(item)
    if report.not_analysed:
        render.say(("\n" if report.findings else "") + render.paint("not analysed", "bold"))
        for left in report.not_analysed:
            name = f": {left.function}()" if left.function else ""
            render.say(render.printable(f"  {left.file}{name}: {left.reason}"))
    render.say(("\n" if report.findings or report.not_analysed else "") + closing(report))


def _show_finding(item: Placed) -> None:
    finding = item.finding
    severity = render.paint(finding.severity.value, _COLOURS[finding.severity.value])
    render.say(f"    {severity}: {finding.kind.value}, line {finding.line}: {render.printable(finding.message)}")
    if finding.path:
        render.say(f"      path   {' -> '.join(map(str, finding.path))}")
    if finding.before and finding.before != finding.after:
        render.say(render.printable(f"      before {finding.before}"))
        render.say(render.printable(f"      after  {finding.after}"))


def closing(report: Report) -> str:
    """The last line: what was compared, and how much of what was found."""
    from credseries.creds.audit.checks import Severity

    found = ", ".join(many(report.count(severity), severity.value) for severity in Severity)
    patches = many(len(report.series.steps), "patch", "patches")
    compared = many(len(report.analysed), "function")
    return f"{patches}, {compared} compared, {len(report.not_analysed)} not analysed: {found}"
