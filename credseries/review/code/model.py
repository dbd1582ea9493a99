"""What a patch does to the code, as data that JSON can hold: functions with overrides, names, includes. Pure.

Lines are 1-based in the file after the patch, unless something else is said.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Ran:
    """Something that runs under an override: a call, a read of the current credentials, the end of another scope."""

    line: int
    name: str


@dataclass(frozen=True)
class Override:
    """An override of a function, on one side of a patch (lines are those of that side).

    `line` is where it is put in force, `last` the last line that has to do with it. `text` is how it is written;
    `words` and `key` name what it puts in force (`key` is the same however it is spelled). `form` is `by hand`,
    `light`, `guard`, `scoped` or, where a called function overrides, `pair`; `saved` is the variable that keeps what
    was in force. `counted` says that it holds a reference of its own; `lost` why it is not proven that the credential
    outlives it without one, empty when it is. `brace` says of a scoped form whether its statement has braces,
    `guard` whether a guard would have been proven in its place.
    """

    line: int
    last: int
    text: str
    words: str
    key: str
    form: str
    source: str
    counted: bool
    lost: str = ""
    saved: str = ""
    brace: bool = True
    ran: tuple[Ran, ...] = ()
    guard: bool = False

    @property
    def is_scope(self) -> bool:
        """Whether the end of a block ends it."""
        return self.form in ("guard", "scoped")


@dataclass(frozen=True)
class Jump:
    """A goto: its line, its label, and the line of that."""

    line: int
    label: str
    to: int


@dataclass(frozen=True)
class Root:
    """Where a way to a function begins: `how` is the method of a table, or what takes the address of `function`; empty
    when nothing is known. `way` are the functions from there on that lead to it, the last one first.

    `is_callback` says that nobody is known to hold what it works on.
    """

    how: str
    file: str
    line: int
    function: str
    way: tuple[str, ...] = ()
    is_callback: bool = False


@dataclass(frozen=True)
class FunctionChange:
    """A function that has to do with credentials and changes in a patch: where it is after that, and its overrides.

    `mixed` says that it had gotos beside a scoped cleanup before; `first_before` is where it began (0: it is new).
    `unknown` says why nothing is known of one of its sides. `roots` are where every way to it begins, if an override of
    it has no reference any more.
    """

    file: str
    function: str
    line: int
    last: int
    before: tuple[Override, ...] = ()
    after: tuple[Override, ...] = ()
    gotos: tuple[Jump, ...] = ()
    mixed: bool = False
    first_before: int = 0
    unknown: str = ""
    roots: tuple[Root, ...] = ()

    @property
    def converts(self) -> bool:
        """Whether the patch changes how it overrides credentials."""
        return sorted(_shape(item) for item in self.before) != sorted(_shape(item) for item in self.after)

    @property
    def name_and_file(self) -> tuple[str, str]:
        """What it is found by."""
        return self.function, self.file

    @property
    def newly_light(self) -> tuple[tuple[Override, Override | None], ...]:
        """The overrides that hold no reference any more, each with the one that it takes the place of: of the same
        credentials, in order (None: of none that is known). Those that held none before are left out."""
        before, found = list(self.before), []
        for item in self.after:
            was = next((one for one in before if one.key == item.key), None)
            if was is not None:
                before.remove(was)
            if not item.counted and (was is None or was.counted):
                found.append((item, was))
        return tuple(found)


def _shape(item: Override) -> tuple[str, bool]:
    return item.form, item.counted


@dataclass(frozen=True)
class Caller:
    """A function that calls what means something else now; `changed` says that the patch changes it too."""

    file: str
    function: str
    line: int
    changed: bool


@dataclass(frozen=True)
class Meaning:
    """A name that was there before and means something else after a patch.

    `before` and `after` say what it does in words; `same_head` that its declaration is the same, so that code written
    for the old meaning still compiles; `local` that only its own file can call it.
    """

    name: str
    file: str
    line: int
    before: str
    after: str
    same_head: bool
    local: bool
    callers: tuple[Caller, ...] = ()


@dataclass(frozen=True)
class Use:
    """Where a patch (by number) uses a name first: a file, a line."""

    patch: int
    file: str
    line: int


@dataclass(frozen=True)
class NewName:
    """A function, macro or class that a patch adds; `uses` has the first use in each patch that uses it."""

    name: str
    file: str
    line: int
    local: bool
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True)
class Needed:
    """A name of a header that a file begins to use in a patch, and the includes that lead from the file to it.

    `way` starts with what the file itself includes; it is empty where no way is found.
    """

    file: str
    line: int
    name: str
    header: str
    way: tuple[str, ...]


@dataclass(frozen=True)
class Other:
    """A function that a patch changes and that has nothing to do with credentials."""

    file: str
    function: str
    line: int
    last: int


@dataclass(frozen=True)
class Statement:
    """What a function does more or less often than before: a statement or a condition, in one spelling; no overrides.

    `line` is where it stands, or where the function begins when it is gone.
    """

    file: str
    function: str
    line: int
    text: str
    before: int
    after: int


@dataclass(frozen=True)
class Between:
    """A file in which something changes outside of functions besides comments and includes; `line` 0: it only goes."""

    file: str
    line: int


@dataclass(frozen=True)
class PatchCode:
    """What a patch (by number) does to the code."""

    number: int
    functions: tuple[FunctionChange, ...] = ()
    meanings: tuple[Meaning, ...] = ()
    names: tuple[NewName, ...] = ()
    needed: tuple[Needed, ...] = ()
    others: tuple[Other, ...] = ()
    statements: tuple[Statement, ...] = ()
    between: tuple[Between, ...] = ()


@dataclass(frozen=True)
class Remaining:
    """An override by hand that is left at the end of a series, in a file that it converts others of: `form` is one that
    is proven for it, or `why` says why none is."""

    file: str
    function: str
    line: int
    text: str
    why: str
    form: str = ""


@dataclass(frozen=True)
class SeriesCode:
    """What the patches of a series do, in order, and what they leave. `counts` says that an override of the base takes
    a reference."""

    patches: tuple[PatchCode, ...]
    left: tuple[Remaining, ...]
    counts: bool

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `series_code_from_json` reads back."""
        return asdict(self)


def series_code_from_json(data: dict[str, Any]) -> SeriesCode:
    """What `SeriesCode.to_json` gave; raises KeyError, TypeError or ValueError on anything else."""
    patches = tuple(_patch(item) for item in data["patches"])
    return SeriesCode(patches, tuple(Remaining(**item) for item in data["left"]), data["counts"])


def _overrides(data: list[dict[str, Any]]) -> tuple[Override, ...]:
    return tuple(Override(**{**item, "ran": tuple(Ran(**ran) for ran in item["ran"])}) for item in data)


def _function(data: dict[str, Any]) -> FunctionChange:
    sides = {side: _overrides(data[side]) for side in ("before", "after")}
    gotos = tuple(Jump(**item) for item in data["gotos"])
    roots = tuple(Root(**{**item, "way": tuple(item["way"])}) for item in data["roots"])
    return FunctionChange(**{**data, **sides, "gotos": gotos, "roots": roots})


def _patch(data: dict[str, Any]) -> PatchCode:
    return PatchCode(
        data["number"],
        tuple(_function(item) for item in data["functions"]),
        tuple(Meaning(**{**item, "callers": tuple(Caller(**c) for c in item["callers"])}) for item in data["meanings"]),
        tuple(NewName(**{**item, "uses": tuple(Use(**use) for use in item["uses"])}) for item in data["names"]),
        tuple(Needed(**{**item, "way": tuple(item["way"])}) for item in data["needed"]),
        tuple(Other(**item) for item in data["others"]),
        tuple(Statement(**item) for item in data["statements"]),
        tuple(Between(**item) for item in data["between"]),
    )
