"""Which mails of a mailbox are about a series: those that belong to a thread with one of its messages. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from credseries.mail.thread.model import Letter


def belonging(letters: Sequence[Letter], ids: Collection[str]) -> list[Letter]:
    """The mails that are, answer, or are answered by, mails with these Message-Ids, directly or through others."""
    parents: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := parents.setdefault(name, name)) != name:
            parents[name] = parents.get(above, above)
            name = above
        return name

    for letter in letters:
        for other in (letter.in_reply_to, *letter.references):
            if letter.message_id and other:
                parents[root(letter.message_id)] = root(other)
    ours = {root(name) for name in ids}
    return [letter for letter in letters if letter.message_id and root(letter.message_id) in ours]
