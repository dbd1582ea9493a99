"""Facts of the mails that a series was read from: its letter, who gets each patch, and what was said of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credseries.cli.checklist.source import Source
    from credseries.kernel.git import Repository
    from credseries.mail.thread.discussion import Discussion
    from credseries.mail.thread.posted import Posted, Version
    from credseries.review.checklist.subject import Reviews, Said


@dataclass(frozen=True)
class Mails:
    """What mails tell: by the number of a patch, who gets it, open remarks (0: on the letter; None: there are no mails)
    and the reviews that it carries."""

    title: str = ""
    letter: str | None = None
    gets: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    said: Mapping[int, tuple[Said, ...]] | None = None
    reviews: Mapping[int, Reviews] = field(default_factory=dict)


def read_mails(repo: Repository, source: Source) -> Mails:
    """What the mails of a series tell; of commits, what b4's cover letter among them says.

    Patches without a thread around them are a discussion each.
    """
    if not source.is_mail:
        return _of_commits(repo, source)
    from credseries.mail.thread.discussion import read_thread

    numbers = {(step.number, step.subject): step.number for step in source.series.steps}
    numbers |= {(0, step.subject): step.number for step in source.series.steps}
    found = [
        _of_discussion(repo, discussion, version, numbers)
        for discussion in read_thread(source.letters, {}).discussions
        for version in discussion.series.versions[-1:]
        if any(_number(mail, numbers) for mail in version.patches)
    ]
    return _joined(found)


def _number(mail: Posted, numbers: Mapping[tuple[int, str], int]) -> int:
    """Which patch of the series a mail is; 0: none."""
    return numbers.get((mail.number, mail.title), 0) or numbers.get((0, mail.title), 0)


def _joined(parts: Sequence[Mails]) -> Mails:
    first = next((part for part in parts if part.letter is not None), parts[0] if parts else Mails())
    said: dict[int, tuple[Said, ...]] = {}
    for part in parts:
        for number, items in (part.said or {}).items():
            said[number] = (*said.get(number, ()), *items)
    gets = {number: people for part in parts for number, people in part.gets.items()}
    reviews = {number: item for part in parts for number, item in part.reviews.items()}
    title = first.title if first.letter is not None else ""
    return Mails(title, first.letter, gets, said if parts else None, reviews)


def _of_discussion(
    repo: Repository, discussion: Discussion, version: Version, numbers: Mapping[tuple[int, str], int]
) -> Mails:
    from credseries.mail.thread.asked import recipients

    cover = version.cover.letter if version.cover is not None else None
    patches = {number: mail for mail in version.patches if (number := _number(mail, numbers))}
    gets = {
        number: tuple(address for _, address in recipients(mail.letter))
        for number, mail in patches.items()
        if mail.letter is not None
    }
    place = {mail.number: number for number, mail in patches.items()}
    return Mails(
        discussion.series.title,
        f"{cover.subject}\n\n{cover.text}" if cover is not None else None,
        {number: people for number, people in gets.items() if people},
        _said(repo, discussion, version.number, place),
        {number: _reviews(mail, discussion) for number, mail in patches.items()},
    )


def _said(
    repo: Repository, discussion: Discussion, version: int, numbers: Mapping[int, int]
) -> dict[int, tuple[Said, ...]]:
    """What is open of what was said, by the number of the patch in the series."""
    from credseries.review.checklist.subject import Said
    from credseries.series.prep import message_link
    from credseries.series.remarks import State

    found: dict[int, list[Said]] = {}
    for remark in discussion.remarks:
        place = remark.place
        if remark.state is not State.OPEN or discussion.authors.made(remark):
            continue
        here = place is not None and place.version == version
        at = (place.file, place.function, place.line) if place is not None and here and not place.removed else ()
        said = Said(
            remark.name or remark.address,
            remark.kind.value,
            remark.text,
            *(at or ("", "", 0)),
            link=message_link(repo, remark.message_id) if remark.message_id else "",
        )
        number = numbers.get(place.patch, 0) if place is not None and here else 0
        found.setdefault(number, []).append(said)
    return {number: tuple(listed) for number, listed in found.items()}


def _reviews(mail: Posted, discussion: Discussion) -> Reviews:
    """The reviews in a patch's mail; the same patch in the version before tells whether they were given to it."""
    from credseries.cli.checklist.standing import reviews_in
    from credseries.review.checklist.subject import Reviews

    found = reviews_in(_message(mail))
    earlier = [
        (version.number, other)
        for version in discussion.series.versions
        for other in version.patches
        if version.number < mail.version and other.title == mail.title and other.has_diff
    ]
    if not found.trailers or not earlier:
        return found
    number, before = earlier[-1]
    return Reviews(found.trailers, "" if _diff(before) == _diff(mail) else "the patch has changed", number)


def _message(mail: Posted) -> str:
    return f"{mail.title}\n\n{mail.text.partition(chr(10) + '---' + chr(10))[0]}"


def _diff(mail: Posted) -> bytes:
    """What a mailed patch changes, without places."""
    from credseries.series.current import without_places

    text = mail.text[mail.text.find("\ndiff --git ") + 1 :].rpartition("\n-- \n")[0] or mail.text
    return without_places(text.encode("utf-8", "surrogateescape"))


def _of_commits(repo: Repository, source: Source) -> Mails:
    """The letter that b4 keeps in a commit of the branch, where there is one."""
    from credseries.errors import CredseriesError
    from credseries.series.prep import is_cover, read_cover, strip_comments

    steps = source.series.steps
    infos = repo.commits(source.series.base, steps[-1].commit)
    covers = [info.message for info in infos if is_cover(info.message)]
    try:
        letter = strip_comments(read_cover(covers[-1]).letter) if covers else None
    except CredseriesError:
        letter = None
    title = letter.partition("\n")[0] if letter else ""
    return Mails(title, letter)
