"""What the author decided about a remark where the mails do not tell: done, declined, open, of another kind. Pure.

A decision is about a remark's words as much as about its id: ids count the remarks of a message, and a reader that gets
better may count otherwise. So a remark that has moved within its message keeps its decision, and another one that came
to have its id does not inherit it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from credseries.errors import UsageError
from credseries.series.remarks import Kind, Remark, State
from credseries.words import content_key

_KEY_DIGITS = 8
_FEWEST = 4  # with which a person may name a remark
_WITHOUT_STATE = (Kind.PRAISE, Kind.TRAILER)


@dataclass(frozen=True)
class Decision:
    """What the author says of a remark: its state and its kind (None: as the mails tell), `because` of what, and a
    `link` (or Message-Id) to where it was declined. `about` tells the remark's words from others."""

    about: str
    state: State | None = None
    kind: Kind | None = None
    because: str = ""
    link: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "about": self.about,
            "state": self.state.value if self.state is not None else None,
            "kind": self.kind.value if self.kind is not None else None,
            "because": self.because,
            "link": self.link,
        }


@dataclass(frozen=True)
class Decided:
    """Remarks with what was decided about them (`decisions`, by the ids that the remarks have now), and the ids of
    decisions whose remark is not there any more."""

    remarks: tuple[Remark, ...]
    decisions: Mapping[str, Decision]
    lost: tuple[str, ...]


def decision_from_json(data: Mapping[str, Any]) -> Decision:
    """What `to_json` gave; raises KeyError, TypeError or ValueError on anything else."""
    state, kind = data["state"], data["kind"]
    texts = [data[name] for name in ("about", "because", "link")]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a text is none")
    about, because, link = texts
    return Decision(about, State(state) if state else None, Kind(kind) if kind else None, because, link)


def words_key(remark: Remark) -> str:
    """What tells the words of a remark from others, however they are wrapped."""
    return content_key(" ".join(remark.text.split()))


def short_key(remark: Remark) -> str:
    """A name for a remark that a person can type: a few digits that its id alone makes."""
    return content_key(remark.id)[:_KEY_DIGITS]


def named(name: str, remarks: Sequence[Remark]) -> Remark:
    """The remark that has this id, or whose short key alone begins with it (4 digits or more). Raises UsageError."""
    exact = [remark for remark in remarks if remark.id == name.strip().strip("<>")]
    found = exact or [remark for remark in remarks if len(name) >= _FEWEST and short_key(remark).startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        keys = ", ".join(short_key(remark) for remark in found)
        raise UsageError(f"{name!r} names {len(found)} remarks", hint=f"they are {keys}")
    raise UsageError(f"no remark has the id {name!r}", hint="`credseries comments` shows ids")


def decide(remarks: Sequence[Remark], decisions: Mapping[str, Decision]) -> Decided:
    """The remarks, with state and kind as they were decided."""
    places = _places(remarks, decisions)
    mine = {place: decisions[name] for name, place in places.items()}
    done = tuple(_with(remark, mine[number]) if number in mine else remark for number, remark in enumerate(remarks))
    by_id = {remarks[number].id: decision for number, decision in mine.items()}
    return Decided(done, by_id, tuple(name for name in decisions if name not in places))


def _places(remarks: Sequence[Remark], decisions: Mapping[str, Decision]) -> dict[str, int]:
    """Which remark each decision is about, by position."""
    by_id = {remark.id: number for number, remark in enumerate(remarks)}
    found: dict[str, int] = {}
    for name, decision in decisions.items():
        place = by_id.get(name)
        if place is not None and words_key(remarks[place]) == decision.about:
            found[name] = place
    for name, decision in decisions.items():
        if name in found:
            continue
        message_id = name.rpartition("#")[0]
        moved = [
            number
            for number, remark in enumerate(remarks)
            if remark.message_id == message_id and words_key(remark) == decision.about and number not in found.values()
        ]
        if moved:
            found[name] = moved[0]
    return found


def _with(remark: Remark, decision: Decision) -> Remark:
    kind = decision.kind or remark.kind
    state, why = remark.state, remark.why
    if decision.kind is not None and decision.kind is not remark.kind:
        why = f"called {kind.value} by hand" + (f"; {why}" if why else "")
        if kind in _WITHOUT_STATE:
            state = State.NONE
        elif state is State.NONE:
            state = State.OPEN
    if decision.state is not None:
        state, why = decision.state, _why(decision)
    return replace(remark, kind=kind, state=state, why=why)


def _why(decision: Decision) -> str:
    """How the state is known, in words."""
    because = f": {decision.because}" if decision.because else ""
    match decision.state:
        case State.DECLINED:
            return f"declined by hand: {decision.link}" + (f" ({decision.because})" if decision.because else "")
        case State.OPEN:
            return f"opened again by hand{because}"
    return f"done, said by hand{because}"
