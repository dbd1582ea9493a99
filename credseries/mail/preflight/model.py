"""What a pre-flight check says, and which failures a person has decided to send in spite of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from credseries.errors import NotReady, UsageError
from credseries.words import many, near

State = Literal["pass", "fail", "skip"]
# In the order in which they are shown; the names are what --override takes.
NAMES = (
    "proof",
    "verify",
    "order",
    "body",
    "signed-off",
    "cover",
    "numbers",
    "recipients",
    "size",
    "base",
    "sent",
    "b4",
)


@dataclass(frozen=True)
class Check:
    """A check by its name (one of NAMES). `detail` says what was found and where, `hint` what to do about a failure.

    What does not apply, or cannot be told, is skipped, and the detail says why.
    """

    name: str
    state: State
    detail: str
    hint: str = ""

    @property
    def failed(self) -> bool:
        """Whether the series must not go out for this, unless somebody says so by name."""
        return self.state == "fail"


@dataclass(frozen=True)
class Override:
    """A failure that a person has decided to send in spite of: the check's name, and what it had found."""

    name: str
    detail: str


def passed(name: str, detail: str) -> Check:
    """A check that found nothing wrong."""
    return Check(name, "pass", detail)


def skipped(name: str, why: str) -> Check:
    """A check that there is nothing to do for."""
    return Check(name, "skip", why)


def verdict(name: str, problems: Sequence[str], fine: str, hint: str) -> Check:
    """A check that fails with these problems, a line each, and passes without."""
    return Check(name, "fail", "\n".join(problems), hint) if problems else passed(name, fine)


def require_known(names: Iterable[str]) -> None:
    """Raise UsageError for a name that no check has."""
    for name in names:
        if name not in NAMES:
            raise UsageError(
                f"--override: there is no check {name!r}{near(name, NAMES)}", hint=f"it is one of {', '.join(NAMES)}"
            )


def overridden(checks: Iterable[Check], names: Sequence[str]) -> tuple[Override, ...]:
    """The failures that are sent in spite of, by the names that a person gave: what is to be recorded.

    A name of a check that does not fail changes nothing. Raises UsageError for a name that no check has, and NotReady,
    which names every failure that is left.
    """
    require_known(names)
    failures = [check for check in checks if check.failed]
    left = [check for check in failures if check.name not in names]
    if left:
        lines = "\n".join(f"  {check.name}: {_indented(check.detail)}" for check in left)
        hints = [f"{check.name}: {check.hint}" for check in left if check.hint]
        again = " ".join(f"--override {check.name}" for check in left)
        raise NotReady(
            f"the series is not ready to be sent, {many(len(left), 'check')} failed:\n{lines}",
            hint="; ".join([*hints, f"or send it all the same: {again}"]),
        )
    return tuple(Override(check.name, check.detail) for check in failures)


def joined(parts: Sequence[tuple[str, Sequence[Check]]]) -> tuple[Check, ...]:
    """The checks of several series that go out together, given with what each is called, as one of each name."""
    if len(parts) == 1:
        return tuple(parts[0][1])
    found = []
    for name in NAMES:
        same = [(title, check) for title, checks in parts for check in checks if check.name == name]
        if not same:
            continue
        states = {check.state for _, check in same}
        worst: State = "fail" if "fail" in states else "pass" if "pass" in states else "skip"
        told = [(title, check) for title, check in same if check.state == worst]
        lines = [f"{title}: {line}" for title, check in told for line in check.detail.split("\n")]
        hints = dict.fromkeys(check.hint for _, check in told if check.hint)
        found.append(Check(name, worst, "\n".join(lines), "; ".join(hints)))
    return tuple(found)


def as_json(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """A JSON-ready form: `name`, `state`, `detail` and `hint` of each."""
    return [asdict(check) for check in checks]


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
