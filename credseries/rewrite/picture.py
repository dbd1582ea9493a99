"""A function's credential flow before and after its rewrite, side by side, or why it is refused: all that is drawn."""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import zip_longest

from credseries.creds.flow.model import Credential, CredentialFlow, Kind, Line
from credseries.creds.flow.read import credential_flow
from credseries.creds.flow.walked import Accessors
from credseries.creds.proof import Counterexample
from credseries.creds.sites import Analysis, SiteKind, analyse
from credseries.rewrite.forms import Form
from credseries.rewrite.plan import Judged, Planner

_LETTERS = string.ascii_uppercase + string.ascii_lowercase
OWN_LETTER, UNKNOWN_LETTER, FURTHER_LETTER = "-", "?", "#"


@dataclass(frozen=True)
class Entry:
    """A line of the legend: the letter of credentials, and how each side spells them."""

    letter: str
    credential: Credential
    spellings: tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """Why a form of a site (any, where `form` is empty) is not proven; `line` is that of its override.

    Where the proof, or the walk before it, found a path that shows it, `counterexample` has its lines.
    """

    line: int
    override: str
    form: str
    reason: str
    counterexample: Counterexample | None = None


@dataclass(frozen=True)
class DrawnSite:
    """A site of the function: `choice` is the form that it gets or has already, or `refused`.

    Where `nothing_to_convert` says why, it is no pair of an override and its revert, and so is not refused either.
    """

    line: int
    override: str
    source: str
    choice: str
    nothing_to_convert: str = ""


@dataclass(frozen=True)
class Row:
    """Lines that belong beside each other; None where a side has none."""

    before: Line | None
    after: Line | None


@dataclass(frozen=True)
class Picture:
    """All that is drawn of a function.

    `after` is None where nothing is rewritten, and then `rows` have no lines on that side. `is_local` says that only
    its own file can call it, `path_is_after` that the lines of the refusals' paths are those of the text after.
    """

    path: str
    function: str
    is_local: bool
    before: CredentialFlow
    after: CredentialFlow | None
    sites: tuple[DrawnSite, ...]
    refusals: tuple[Refusal, ...]
    legend: tuple[Entry, ...]
    rows: tuple[Row, ...]
    path_is_after: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether a site of the function, or the function as a whole, is refused."""
        return bool(self.before.unreadable) or any(site.choice == "refused" for site in self.sites)

    @property
    def counterexample(self) -> Counterexample | None:
        """The path to draw: that of the first refusal which has one."""
        return next((item.counterexample for item in self.refusals if item.counterexample is not None), None)

    def letter(self, credential: Credential) -> str:
        """The letter of credentials."""
        return next(entry.letter for entry in self.legend if entry.credential == credential)


def _legend(flows: Iterable[CredentialFlow]) -> tuple[Entry, ...]:
    spelled: dict[Credential, dict[str, None]] = {}
    for flow in flows:
        for credential in flow.credentials:
            spelled.setdefault(credential, {})[credential.words] = None
    kinds = list(Kind)
    letters = iter(_LETTERS)
    found = []
    for credential in sorted(spelled, key=lambda item: kinds.index(item.kind) if item.kind is not Kind.EARLIER else 1):
        fixed = {Kind.OWN: OWN_LETTER, Kind.UNKNOWN: UNKNOWN_LETTER}.get(credential.kind)
        letter = fixed if fixed is not None else next(letters, FURTHER_LETTER)
        found.append(Entry(letter, credential, tuple(spelled[credential])))
    return tuple(found)


def _rows(before: CredentialFlow, after: CredentialFlow | None) -> tuple[Row, ...]:
    """The lines of both sides beside each other; how far they are indented does not tell them apart."""
    if after is None:
        return tuple(Row(line, None) for line in before.lines)
    old, new = ([line.text.strip() for line in flow.lines] for flow in (before, after))
    found: list[Row] = []
    for tag, low, high, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        ours, theirs = before.lines[low:high], after.lines[start:end]
        if tag == "equal":
            found += map(Row, ours, theirs)
        else:
            found += (Row(one, two) for one, two in zip_longest(ours, theirs))
    return tuple(found)


def _site(judged: Judged) -> DrawnSite:
    site = judged.site
    choice = site.converted or (judged.choice.value if judged.choice is not None else "refused")
    nothing = site.problem or "" if site.kind is not SiteKind.SITE else ""
    return DrawnSite(site.line, site.override, site.source, "" if nothing else choice, nothing)


def _path_of(reason: str, flow: CredentialFlow) -> Counterexample | None:
    """The path that shows what stands in the way of every form, as the walk over the function found it."""
    for item in flow.unfollowed:
        if item.path and reason.startswith(item.reason):
            return Counterexample(item.path, item.line, "this step", "what is followed", item.reason, item.reason)
    if flow.left and "still in force" in reason:
        return Counterexample(flow.left, flow.left[-1], "the end of the function", "a revert", reason, reason)
    return None


def _refusals(judged: Sequence[Judged], flow: CredentialFlow, forms: frozenset[Form]) -> tuple[Refusal, ...]:
    found = []
    for item in judged:
        site = item.site
        if item.choice is not None or site.converted is not None or site.kind is not SiteKind.SITE:
            continue
        if site.problem is not None:
            found.append(Refusal(site.line, site.override, "", site.problem, _path_of(site.problem, flow)))
            continue
        verdicts = [verdict for verdict in item.verdicts if verdict.form in forms]
        reasons = {verdict.reason for verdict in verdicts}
        if len(reasons) == 1 and len(verdicts) > 1:
            found.append(Refusal(site.line, site.override, "", verdicts[0].reason, verdicts[0].counterexample))
            continue
        found += [
            Refusal(site.line, site.override, verdict.form.value, verdict.reason, verdict.counterexample)
            for verdict in verdicts
        ]
    return tuple(found)


def draw(
    planner: Planner, analysis: Analysis, judged: Sequence[Judged], forms: frozenset[Form], *, rewrite: bool = True
) -> Picture:
    """The picture of an analysed function whose sites are judged.

    `forms` are those whose refusal is of interest; without `rewrite`, only what is there before is looked at.
    """
    accessors: Accessors = planner.names.accessors
    before = credential_flow(analysis, accessors=accessors)
    if not rewrite:
        return _picture(analysis, before, None, [replace(_site(item), choice="") for item in judged])
    after: CredentialFlow | None = None
    if analysis.sites:
        rewritten = planner.rewrite(analysis, judged)
        judged = rewritten.judged
        if rewritten.text != analysis.function.source:
            new = analyse(analysis.function.rewritten(rewritten.text), analysis.effects)
            after = credential_flow(new, rewritten.offsets.origin, accessors)
    return _picture(analysis, before, after, [*map(_site, judged)], _refusals(judged, before, forms))


def draw_change(before: Analysis, after: Analysis, accessors: Accessors, findings: Sequence[Refusal] = ()) -> Picture:
    """The picture of a function that somebody changed: what was there and what is there now.

    `findings` say what is wrong with the change, with lines of the text after it; `accessors` gives for each wrapper
    the function that returns what it would put in force.
    """
    flows = credential_flow(before, accessors=accessors), credential_flow(after, accessors=accessors)
    sites = [
        DrawnSite(site.line, site.override, site.source, site.converted or "")
        for site in after.sites
        if site.kind is SiteKind.SITE
    ]
    return replace(_picture(after, *flows, sites, tuple(findings)), path_is_after=True)


def _picture(
    analysis: Analysis,
    before: CredentialFlow,
    after: CredentialFlow | None,
    sites: Sequence[DrawnSite],
    refusals: tuple[Refusal, ...] = (),
) -> Picture:
    function = analysis.function
    legend = _legend([before] if after is None else [before, after])
    rows = _rows(before, after)
    return Picture(function.path, function.name, function.is_local, before, after, tuple(sites), refusals, legend, rows)
