"""What a checklist is answered from: all that is known of a series, from its record here or from git and mails alone.

What nobody can know has no value (None, or an empty tuple), and the check that would need it says so. Pure data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from credseries.review.code.diff import FileDiff
from credseries.review.code.model import PatchCode


class Origin(StrEnum):
    """Where a series is from."""

    SAVED = "saved"  # made by `credseries split`, with its record
    COMMITS = "commits"
    MAILS = "mails"


class Known(StrEnum):
    """What is known of a check of `credseries verify`; MISSING: it was not carried out for the patch as it is."""

    PASS = "pass"
    FAIL = "fail"
    MISSING = "missing"
    UNCHECKED = "unchecked"  # it cannot be carried out here


@dataclass(frozen=True)
class Finding:
    """Something that the audit has found, as in its contract; `allowed` says that its author has allowed this call to
    move."""

    kind: str
    severity: str
    file: str
    function: str
    line: int
    call: str
    before: str
    after: str
    path: tuple[int, ...]
    message: str
    allowed: bool = False

    @property
    def is_wrong(self) -> bool:
        """Whether it is more than a note."""
        return self.severity != "note"


@dataclass(frozen=True)
class NotCompared:
    """A function (with an empty name: a file) that could not be compared with what it was, and why."""

    file: str
    function: str
    reason: str


@dataclass(frozen=True)
class Audit:
    """What the audit of a patch gave; `compared` are (file, function)."""

    findings: tuple[Finding, ...] = ()
    compared: tuple[tuple[str, str], ...] = ()
    left: tuple[NotCompared, ...] = ()


@dataclass(frozen=True)
class Proof:
    """The proof of a patch that a recipe made: how many sites and functions it is about, and why the commit is not what
    was proven (empty: it is)."""

    sites: int
    functions: int
    problem: str = ""


@dataclass(frozen=True)
class Verified:
    """A check of `credseries verify`: `problems` are lines, `command` shows them again."""

    level: str
    variant: str
    known: Known
    summary: str = ""
    problems: tuple[str, ...] = ()
    command: str = ""


@dataclass(frozen=True)
class MailingList:
    """A list, and why it is one of a patch; `asked` says that it has to get the patch, `gets` that it does."""

    address: str
    reason: str
    asked: bool
    gets: bool


@dataclass(frozen=True)
class Said:
    """A remark that is open: who said it of which place, and where to read it. `key` is what closes it here."""

    who: str
    kind: str
    text: str
    file: str = ""
    function: str = ""
    line: int = 0
    key: str = ""
    link: str = ""


@dataclass(frozen=True)
class Reviews:
    """The reviews (`Reviewed-by: A Name <a@example.org>`) that a patch carries. `since` says what has changed since
    they were given (empty: nothing), None that nobody knows."""

    trailers: tuple[str, ...]
    since: str | None = None
    version: int = 0


@dataclass(frozen=True)
class Size:
    """Lines added and removed."""

    added: int
    removed: int


@dataclass(frozen=True)
class PatchSubject:
    """One patch. `title` is its subject, `rejected` says why it does not apply.

    `prefixes` are what the subjects of changes to its files begin with in git's log, most frequent first, with their
    numbers. `problems` of its message are sentences, as `credseries verify --level style` finds them. `trees` are the
    maintainers' trees (of the recipe, or the sections of MAINTAINERS) that it may go through. `lists_problem` says
    why it cannot go to anybody.
    """

    number: int
    title: str
    message: str
    author: str = ""
    commit: str = ""
    rejected: str = ""
    files: tuple[FileDiff, ...] = ()
    names: tuple[str, ...] = ()
    code: PatchCode = field(default_factory=lambda: PatchCode(0))
    audit: Audit = field(default_factory=Audit)
    proof: Proof | None = None
    size: Size = Size(0, 0)
    size_without_space: Size = Size(0, 0)
    problems: tuple[str, ...] = ()
    prefixes: tuple[tuple[str, int], ...] = ()
    verified: tuple[Verified, ...] = ()
    lists: tuple[MailingList, ...] | None = None
    lists_problem: str = ""
    said: tuple[Said, ...] | None = None
    reviews: Reviews | None = None
    topic: str = ""
    trees: tuple[str, ...] = ()


@dataclass(frozen=True)
class Topic:
    """A topic of a recipe, with the numbers of its patches."""

    name: str
    tree: str
    after: tuple[str, ...]
    patches: tuple[int, ...]


@dataclass(frozen=True)
class Left:
    """An override that stays as it is: its place (at the base, or after the series), and why no form of it is proven
    (`why`), or one that is (`form`)."""

    file: str
    function: str
    line: int
    override: str
    why: str
    form: str = ""


@dataclass(frozen=True)
class Numbers:
    """What is known of the numbers in a cover letter: `problems` are what a reader will ask, `detail` what is there.

    `there` says that it has any, `by_words` that only words were looked for beside them.
    """

    there: bool
    detail: str
    problems: tuple[str, ...] = ()
    by_words: bool = False


@dataclass(frozen=True)
class Subject:
    """A series. `name` is what was asked for (a branch, a range, a mailbox), `command` what names it on a command line
    of credseries.

    `counts` says that an override holds a reference in its tree. `broken` are sentences on what stands before something
    that it needs, `letter` the text of the cover letter (None: there is none, or none is known). `said` are remarks on
    the letter, or on no patch. `verified` are the checks of the series as a whole.
    """

    title: str
    name: str
    base: str
    tip: str
    origin: Origin
    patches: tuple[PatchSubject, ...]
    base_version: str = ""
    counts: bool = True
    command: str = ""
    broken: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ()
    left: tuple[Left, ...] = ()
    letter: str | None = None
    numbers: Numbers | None = None
    verified: tuple[Verified, ...] = ()
    said: tuple[Said, ...] | None = None
    assumptions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    has_other_series: bool = False
