"""Checks of what is known of the code: the proof of each patch, and what `credseries verify` found. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from credseries.mail.preflight.model import Check, skipped, verdict
from credseries.words import many

Known = Literal["pass", "fail", "missing", "unchecked"]
_SHOWN = 8  # problems; more are counted


@dataclass(frozen=True)
class PatchProof:
    """Whether a patch is proven as it is: `problem` says why not. `audited` says that an audit stands for the proof."""

    number: int
    subject: str
    problem: str = ""
    audited: bool = False


@dataclass(frozen=True)
class Verified:
    """What is known of one check of `credseries verify`, by content: `patch` 0 is the base or the series as a whole.

    A check is `missing` when nobody has carried it out for the series as it is, and `unchecked` when it cannot be here.
    """

    level: str
    patch: int
    variant: str
    status: Known
    summary: str = ""


def proof_check(patches: Sequence[PatchProof]) -> Check:
    """Fails when a patch is neither what the proof is about nor audited without a finding."""
    problems = [f"patch {item.number} ({item.subject}): {item.problem}" for item in patches if item.problem]
    audited = [str(item.number) for item in patches if item.audited]
    fine = f"{many(len(patches), 'patch', 'patches')} proven as they are"
    if audited:
        fine += f"; {many(len(audited), 'patch', 'patches')} changed by hand ({', '.join(audited)}), audited"
    hint = "`credseries checklist` and `credseries audit` show more; `credseries refresh` makes the series anew"
    return verdict("proof", problems, fine, hint)


def verify_check(level: str, found: Sequence[Verified]) -> Check:
    """Fails when a required level has failed, or is not known to have passed for the series as it is.

    An empty level requires none.
    """
    if not level:
        return skipped("verify", "no level is required (credseries.require)")
    problems = [_said(item) for item in found if item.status in ("fail", "unchecked")]
    missing = Counter((item.level, item.variant) for item in found if item.status == "missing")
    for (name, variant), count in missing.items():
        patches = f"{many(count, 'patch', 'patches')} as {'it is' if count == 1 else 'they are'}"
        problems.append(f"{_column(name, variant)} was not verified for {patches} now")
    if len(problems) > _SHOWN:
        problems = [*problems[:_SHOWN], f"and {len(problems) - _SHOWN} more"]
    columns = dict.fromkeys(_column(item.level, item.variant) for item in found)
    hint = f"credseries verify --level {level}"
    return verdict("verify", problems, f"passed: {', '.join(columns)}", hint)


def _said(item: Verified) -> str:
    where = f"patch {item.patch}" if item.patch else "the series"
    what = "failed" if item.status == "fail" else "could not be checked"
    return f"{where}: {_column(item.level, item.variant)} {what}" + (f": {item.summary}" if item.summary else "")


def _column(level: str, variant: str) -> str:
    return f"{level} ({variant})" if variant else level
