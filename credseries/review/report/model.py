"""All that a report tells, as data: a series, its patches, what is drawn, said and measured of it. Pure.

What nobody knows yet is not there (None, or an empty tuple), and `Missing` names the command that makes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from credseries.review.checklist.model import Part
from credseries.review.code.diff import FileDiff
from credseries.review.report.chart import Chart
from credseries.review.report.flow import Flow


class State(StrEnum):
    """What came of something: fine, wrong, something for a person to look at, not known yet, or nothing to tell."""

    PASS = "pass"
    FAIL = "fail"
    LOOK = "look"
    OPEN = "open"  # not done yet, or not known
    NONE = "none"

    @property
    def rank(self) -> int:
        """How much it matters beside others: of several, the greatest is what is shown."""
        return _RANKS[self]


_RANKS = {State.NONE: 0, State.PASS: 1, State.OPEN: 2, State.LOOK: 3, State.FAIL: 4}


def worst(states: tuple[State, ...]) -> State:
    """The state of several together."""
    return max(states, key=lambda state: state.rank, default=State.NONE)


@dataclass(frozen=True)
class Standing:
    """How something stands, in a state and a few words."""

    state: State
    words: str


@dataclass(frozen=True)
class Missing:
    """Why a part of the report is empty, and the command that fills it."""

    why: str
    command: str


# -- patches


@dataclass(frozen=True)
class Check:
    """A check of `credseries verify`: its level, the variant (compiler, architecture), what came of it, and lines on
    what it found. `reproduce` is a command line."""

    level: str
    variant: str
    state: State
    summary: str
    problems: tuple[str, ...] = ()
    reproduce: str = ""


@dataclass(frozen=True)
class Finding:
    """What the audit found in a function: the kind, a sentence, and the lines of a path that shows it."""

    file: str
    function: str
    line: int
    kind: str
    state: State
    message: str
    path: tuple[int, ...] = ()


@dataclass(frozen=True)
class Remark:
    """What somebody said of a version of the series. `patch` is 0 for the cover letter, None when nobody can tell.

    `state` says what came of it (open, answered, ..), `why` how that is known. `link` is an address, or empty.
    """

    key: str
    who: str
    date: str
    kind: str
    state: str
    version: int
    patch: int | None
    place: str
    quote: tuple[str, ...]
    text: str
    why: str = ""
    link: str = ""
    own: bool = False

    @property
    def is_open(self) -> bool:
        """Whether somebody waits for an answer."""
        return self.state == "open" and not self.own


@dataclass(frozen=True)
class Need:
    """Another patch, by number, and the names that it adds and this one uses."""

    patch: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Patch:
    """One patch. `files` are the paths that it changes, `forms` says what becomes of sites ("2 guard, 1 scoped").

    `note` is what a reader should know about it: that somebody has edited it, that it does not apply.
    """

    number: int
    subject: str
    commit: str
    author: str
    message: str
    topic: str
    files: tuple[str, ...]
    added: int
    removed: int
    forms: str
    diff: tuple[FileDiff, ...]
    proof: Standing
    build: Standing
    checklist: Standing
    comments: Standing
    note: str = ""
    part: Part | None = None
    flows: tuple[Flow, ...] = ()
    findings: tuple[Finding, ...] = ()
    checks: tuple[Check, ...] = ()
    remarks: tuple[Remark, ...] = ()
    needs: tuple[Need, ...] = ()
    needed_by: tuple[int, ...] = ()

    @property
    def state(self) -> State:
        """What matters most about it."""
        return worst((self.proof.state, self.build.state, self.checklist.state, self.comments.state))

    @property
    def undrawn(self) -> tuple[Finding, ...]:
        """What the audit found and no picture shows."""
        shown = {(flow.file, flow.function, item.reason, item.line) for flow in self.flows for item in flow.objections}
        return tuple(item for item in self.findings if (item.file, item.function, item.message, item.line) not in shown)


@dataclass(frozen=True)
class Topic:
    """The part of a series that goes through one tree; `after` are the topics that have to be merged before it.

    `standing` says how far it is (draft, sent v2, merged), `waits` for what it waits.
    """

    name: str
    title: str
    tree: str
    patches: tuple[int, ...]
    after: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    note: str = ""
    standing: str = ""
    waits: tuple[str, ...] = ()


# -- the series


@dataclass(frozen=True)
class RefusedSite:
    """A site that stays as it is, and why."""

    line: int
    override: str
    reason: str


@dataclass(frozen=True)
class Refused:
    """A function with sites that stay as they are; `kind` is the class of the first one's reason.

    `flow` is the function, with the path that shows it where there is one.
    """

    file: str
    function: str
    kind: str
    sites: tuple[RefusedSite, ...]
    flow: Flow | None = None


@dataclass(frozen=True)
class Recipient:
    """Somebody who gets mail, and why; `to` and `cc` are numbers of messages (0: the cover letter)."""

    name: str
    address: str
    is_list: bool
    to: tuple[int, ...]
    cc: tuple[int, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Recipients:
    """Who gets what, and what is known against it: sentences."""

    policy: str
    people: tuple[Recipient, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Todo:
    """A thing that is left to do in the discussion: a title, and a line for each case."""

    title: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Discussion:
    """What was said of all versions: remarks in the order of their mails, and what is left to do."""

    remarks: tuple[Remark, ...]
    todo: tuple[Todo, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fact:
    """A thing that is asked, in a word or two, and the answer."""

    title: str
    text: str


@dataclass(frozen=True)
class Table:
    """Figures: a caption, what stands above the columns, and rows; the first cell of a row names it."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Benchmark:
    """What the records of one label say: pictures, the same in tables, where it comes from, and what it cannot say."""

    label: str
    headline: str
    charts: tuple[Chart, ...]
    tables: tuple[Table, ...]
    facts: tuple[Fact, ...]
    warnings: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    in_letter: bool = False


@dataclass(frozen=True)
class Report:
    """A series. `subject` is what the report was asked for: a branch, a range, a mailbox.

    `version` is that in the making (0: nobody knows); `made` is when the report was, ISO 8601. `converted` and `sites`
    count the sites of its paths (0 of 0: nobody knows). `part` is the checklist of the series as a whole. `missing` are
    the parts that are not there, by name.
    """

    title: str
    subject: str
    summary: str
    base: str
    base_version: str
    tip: str
    made: str
    version: int = 0
    recipe: str = ""
    letter: str = ""
    converted: int = 0
    sites: int = 0
    topics: tuple[Topic, ...] = ()
    patches: tuple[Patch, ...] = ()
    part: Part | None = None
    checks: tuple[Check, ...] = ()
    refused: tuple[Refused, ...] = ()
    discussion: Discussion | None = None
    recipients: Recipients | None = None
    benchmarks: tuple[Benchmark, ...] = ()
    assumptions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    missing: dict[str, Missing] = field(default_factory=dict)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of its patches."""
        return tuple(patch.number for patch in self.patches)
