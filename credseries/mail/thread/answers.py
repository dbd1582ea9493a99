"""Which remarks were answered by mail, and by which words. Pure.

What a reviewer said is answered by the series' author below a quote of it. An answer without any quote is one when only
one remark of the mail that it answers waits. A question of the author is answered by anybody else in the same way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from credseries.mail.thread.remarking import Said
from credseries.mail.thread.voices import Voice
from credseries.series.remarks import Kind


def answers(said: Sequence[Said], is_own: Callable[[Voice], bool]) -> Mapping[str, tuple[str, ...]]:
    """The ids of the remarks that answer each remark, by its id."""
    by_id = {item.id: item for item in said}
    by_mail: dict[str, list[Said]] = defaultdict(list)
    for item in said:
        by_mail[item.voice.message_id].append(item)
    found: dict[str, list[str]] = defaultdict(list)
    for mine in by_mail.values():
        for item in mine:
            if item.part.kind is Kind.BOT:
                continue
            for name in item.targets:
                if _answers(item, by_id[name], is_own):
                    found[name].append(item.id)
    for mine in by_mail.values():
        for item, target in _without_quotes(mine, by_mail, found, is_own):
            found[target.id].append(item.id)
    return {name: tuple(ids) for name, ids in found.items()}


def _answers(item: Said, target: Said, is_own: Callable[[Voice], bool]) -> bool:
    if not target.waits or item.part.kind is Kind.TRAILER:
        return False
    if is_own(target.voice):
        return target.part.kind is Kind.QUESTION and not is_own(item.voice)
    return is_own(item.voice)


def _without_quotes(
    mine: Sequence[Said],
    by_mail: Mapping[str, Sequence[Said]],
    found: Mapping[str, Sequence[str]],
    is_own: Callable[[Voice], bool],
) -> list[tuple[Said, Said]]:
    """The words of a mail that quotes none of the remarks of the one that it answers, and the only one that waits."""
    first = mine[0]
    parent = by_mail.get(first.voice.above[0], ()) if first.voice.above else ()
    if not parent or any(item.targets or item.part.kind is Kind.BOT for item in mine):
        return []
    waiting = [item for item in parent if item.id not in found and any(_answers(one, item, is_own) for one in mine)]
    if len(waiting) != 1:
        return []
    return [(item, waiting[0]) for item in mine if _answers(item, waiting[0], is_own)]
