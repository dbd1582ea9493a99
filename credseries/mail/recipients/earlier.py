"""Who has looked at earlier versions of a series: by what they said of it, and by trailers that were dropped since.
Pure."""

from __future__ import annotations

from collections.abc import Iterable

from credseries.mail.recipients.address import find_addresses
from credseries.mail.recipients.model import Reviewer
from credseries.series.model import SeriesRecord
from credseries.series.remarks import Kind, Remark
from credseries.series.trailers import parse_trailer


def reviewers_of(remarks: Iterable[Remark]) -> list[Reviewer]:
    """Everybody who said something of a version, each once with the versions; programs want no answer."""
    versions: dict[str, set[int]] = {}
    names: dict[str, tuple[str, str]] = {}
    for remark in remarks:
        if remark.kind is Kind.BOT or not remark.address:
            continue
        key = remark.address.casefold()
        names.setdefault(key, (remark.name, remark.address))
        versions.setdefault(key, set()).update({remark.place.version} if remark.place is not None else ())
    return [Reviewer(*names[key], _replied(known)) for key, known in versions.items()]


def told_reviewers(records: Iterable[SeriesRecord]) -> list[Reviewer]:
    """Who gave trailers to earlier versions that were dropped since: those in the commits are found there."""
    found: dict[Reviewer, None] = {}
    for record in records:
        for fact in record.told.dropped:
            trailer = parse_trailer(fact.trailer)
            if trailer is None:
                continue
            for person in find_addresses(trailer.value, ""):
                reason = f"gave {trailer.name} to an earlier version"
                found[Reviewer(person.name, person.address, reason)] = None
    return list(found)


def _replied(versions: Iterable[int]) -> str:
    known = ", ".join(f"v{version}" for version in sorted(versions))
    return f"replied to {known or 'an earlier version'}"
