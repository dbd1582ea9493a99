"""Who is named in a changelog for what: those whose remarks a new version addresses. Pure.

A remark that points at a place is addressed when that has changed; one on a patch as a whole when the patch has. What
somebody asked for of the series, in a reply to the cover letter, cannot be seen in any patch: its author says it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from credseries.series.remarks import Authors, Kind, Remark, State
from credseries.series.told import Credit
from credseries.series.versions import Became

_ASKING = (Kind.REQUEST, Kind.QUESTION, Kind.NIT, Kind.BOT, Kind.OTHER)


def credits_of(
    remarks: Sequence[Remark], version: int, became: Sequence[Became], said: Mapping[str, str], authors: Authors
) -> list[Credit]:
    """Who asked for what has become of the patches of a version that was sent.

    `remarks` have their state as it is with the new version. `said` are the author's words on what was done about a
    remark, by its id.
    """
    news = {number for item in became if item.is_news for number in item.old}
    found: dict[Credit, None] = {}
    for remark in remarks:
        place = remark.place
        if place is None or place.version != version or not _asks(remark, authors):
            continue
        words = said.get(remark.id, "")
        if words or (place.patch in news and (remark.state is State.ADDRESSED or not place.file)):
            found[Credit(place.patch, remark.name or remark.address, remark.message_id, words)] = None
    return list(found)


def _asks(remark: Remark, authors: Authors) -> bool:
    return remark.kind in _ASKING and remark.state is not State.DECLINED and not authors.made(remark)
