"""Who was asked: the people that a version was sent to, lists left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email import policy
from email.parser import BytesHeaderParser
from email.utils import getaddresses

from credseries.kernel.git import Repository
from credseries.mail.comments.todo import Person
from credseries.mail.comments.versions import KnownVersion
from credseries.mail.recipients.gathered import read_maintainers


def asked_people(
    repo: Repository, base: str, versions: Sequence[KnownVersion], mails: Iterable[bytes]
) -> tuple[Person, ...]:
    """Whom the versions that are out were sent to (To), each once.

    The outbox knows why; of versions that went out in another way their mails tell, where they are among `mails`.
    MAINTAINERS of the commit `base` says which addresses are lists.
    """
    known = [person for version in versions for person in version.asked]
    ids = {message_id for version in versions for message_id in version.message_ids.values()}
    known += [person for mail in mails for person in _addressed(mail, ids)]
    if not known:
        return ()
    lists = {item.address.casefold() for item in read_maintainers(repo, base).lists}
    found: dict[str, Person] = {}
    for person in known:
        if person.address.casefold() not in lists:
            found.setdefault(person.address.casefold(), person)
    return tuple(found.values())


def _addressed(mail: bytes, ids: set[str]) -> list[Person]:
    """The people in To of a mail that is one of the series."""
    try:
        headers = BytesHeaderParser(policy=policy.default).parsebytes(mail)
        if str(headers["Message-Id"] or "").strip().strip("<>") not in ids:
            return []
        pairs = getaddresses([str(value) for value in headers.get_all("To", [])])
    except (ValueError, LookupError, AttributeError, IndexError):  # headers that the email package trips over
        return []
    return [Person(name, address) for name, address in pairs if "@" in address]
