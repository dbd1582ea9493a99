"""Facts of where a series stands, for its checklist: lists, remarks, reviews, numbers, and what git's log says."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from credseries.kernel.git import Repository
    from credseries.kernel.maintainers import Maintainers
    from credseries.kernel.series_source import Step
    from credseries.review.checklist.subject import MailingList, Numbers, Reviews, Said
    from credseries.series.current import Current
    from credseries.series.model import Measured, SeriesRecord
    from credseries.verify.results import KeptResults

_ALL = ("F: *", "F: */")  # the section that every file is in, whose list nobody expects to get everything
# -- what git's log says


def read_prefixes(
    repo: Repository, base: str, changed: Mapping[int, Sequence[str]], kept: KeptResults
) -> dict[int, tuple[tuple[str, int], ...]]:
    """For each patch, given with its files, what subjects of changes to them begin with, most frequent first."""
    from credseries.kernel.subjects import prefix_of

    subjects: dict[str, list[str]] = {}
    found = {}
    for number, files in changed.items():
        counts: Counter[str] = Counter()
        for path in _histories(files):
            if path not in subjects:
                subjects[path] = _subjects(repo, base, path, kept)
            counts.update(prefix for text in subjects[path] if (prefix := prefix_of(text)))
        found[number] = tuple(counts.most_common())
    return found


def _histories(files: Sequence[str]) -> list[str]:
    """The paths whose history is looked at: a file's, or that of the directory that several are in."""
    directories = {path.rpartition("/")[0] for path in files}
    if len(directories) == 1 and len(files) > 1 and "/" in next(iter(directories)):
        return sorted(directories)
    return sorted(files)


def _subjects(repo: Repository, base: str, path: str, kept: KeptResults) -> list[str]:
    """The subjects of the last changes of a path; a history that is cut off in another place is another one."""
    from credseries.words import content_key

    key = content_key("subjects", base, path, repo.cut_off)
    known = kept.get(key)
    if known is None:
        known = {"subjects": repo.subjects(base, path)}
        kept.put(key, known)
    return list(known["subjects"])


# -- lists and trees


def read_maintainers(repo: Repository, base: str) -> Maintainers:
    """MAINTAINERS of the base."""
    from credseries.mail.recipients.gathered import read_maintainers as read

    return read(repo, base)


def asked_lists(maintainers: Maintainers, step: Step, patch: bytes, gets: Iterable[str] | None) -> list[MailingList]:
    """The lists that MAINTAINERS asks for, for a patch (its text); `gets` are the addresses that get it, None when that
    is for later, as it is with commits."""
    from credseries.review.checklist.subject import MailingList

    whole = f"Subject: [PATCH] {step.message}\n---\n\n".encode("utf-8", "surrogateescape") + patch
    there = {address.casefold() for address in gets} if gets is not None else None
    return [
        MailingList(
            item.address,
            item.reason,
            asked=item.pattern not in _ALL,
            gets=there is None or item.address.casefold() in there,
        )
        for item in maintainers.for_patch(whole)
        if item.role == "list"
    ]


def trees_of(maintainers: Maintainers, files: Sequence[str]) -> tuple[str, ...]:
    """The maintainers' trees that files go through: the titles of the most specific sections that name one."""
    found: dict[str, str] = {}
    for path in files:
        for section, _ in maintainers.match_file(path):
            if section.trees:
                found.setdefault(section.trees[0], section.name)
                break
    return tuple(found.values())


def planned_lists(repo: Repository, record: SeriesRecord) -> dict[int, tuple[MailingList, ...]] | str:
    """The lists that each patch of a series will go to; or why that cannot be planned."""
    from credseries.cli.recipients import plan_recipients
    from credseries.errors import CredseriesError
    from credseries.mail.recipients.model import Concern
    from credseries.review.checklist.subject import MailingList

    try:
        plan = plan_recipients(repo, record, [], [])
    except CredseriesError as error:
        return f"{error.message}: {error.hint}" if error.hint else error.message
    excluded = [note for note in plan.notes if note.concern is Concern.EXCLUDED]
    left_out = [
        MailingList(note.address, note.text, asked=True, gets=False)
        for note in excluded
        if note.address.casefold() in plan.lists
    ]
    found = {}
    for patch in record.patches:
        people = [person for person in plan.of(patch.index).everybody if person.address.casefold() in plan.lists]
        lists = [MailingList(one.address, "; ".join(one.reasons), asked=True, gets=True) for one in people]
        found[patch.index] = (*lists, *left_out)
    return found


# -- remarks and reviews


def open_remarks(repo: Repository, current: Current) -> dict[int, tuple[Said, ...]] | None:
    """What is open of what was said of a series, by the number of the patch (0: the letter, or no patch); None when no
    mails were read."""
    from credseries.mail.comments.decisions import short_key
    from credseries.mail.comments.gathered import gather, kept
    from credseries.review.checklist.subject import Said
    from credseries.series.prep import message_link

    if not kept(repo, current)[0]:
        return None
    gathered = gather(repo, current)
    found: dict[int, list[Said]] = {}
    for remark in (*gathered.todo.open, *gathered.todo.bots):
        place = remark.place
        said = Said(
            remark.name or remark.address,
            remark.kind.value,
            remark.text,
            *((place.file, place.function, place.line) if place is not None and not place.removed else ("", "", 0)),
            key=short_key(remark),
            link=message_link(repo, remark.message_id),
        )
        found.setdefault(place.patch if place is not None else 0, []).append(said)
    return {number: tuple(listed) for number, listed in found.items()}


def carried_reviews(repo: Repository, current: Current, messages: Mapping[int, str]) -> dict[int, Reviews]:
    """The reviews that patches of a series carry, with what has changed since the version that was sent."""
    from datetime import datetime

    from credseries.review.checklist.subject import Reviews
    from credseries.series.sent import Claim, find_sent, version_patches
    from credseries.series.versions import compare_versions

    given = {number: reviews_in(message) for number, message in messages.items()}
    if not any(item.trailers for item in given.values()) or current.cover is None:
        return given
    sent = find_sent(repo, current, Claim(), datetime.now().astimezone())
    if sent is None:
        return given
    record = current.record
    infos = {info.id: info for info in repo.commits(record.start, record.tip)}
    keyed = [patch if patch.key else None for patch in record.patches]
    now = version_patches(repo, [infos[patch.commit] for patch in record.patches], keyed)
    changed = dict.fromkeys(given, "")
    for item in compare_versions(sent.patches, now):
        for number in item.new:
            changed[number] = _since(item)
    return {number: Reviews(item.trailers, changed[number], sent.version) for number, item in given.items()}


def reviews_in(message: str) -> Reviews:
    """The reviews that a message carries, of which nothing else is known."""
    from credseries.review.checklist.subject import Reviews
    from credseries.series.trailers import trailers_of

    return Reviews(tuple(str(trailer) for trailer in trailers_of(message) if trailer.is_review))


def _since(item: object) -> str:
    """What has become of a patch since it was sent; empty when reviews of it hold."""
    from credseries.series.versions import Became, Fate

    assert isinstance(item, Became)
    if item.keeps_reviews:
        return ""
    if item.fate is Fate.NEW:
        return "it is new: nobody has seen it"
    if item.fate is Fate.CHANGED:
        return f"it has changed: {item.added} lines are only in it now, {item.removed} were only in it then"
    return f"it was {item.fate.value}"


# -- the letter and its numbers


def numbers_of(letter: str | None, measured: Measured | None = None, given: str = "") -> Numbers | None:
    """What is known of the numbers in a letter; None without one."""
    from credseries.mail.preflight.letter import FROM_RECORDS, Letter, numbers_check
    from credseries.review.checklist.subject import Numbers
    from credseries.series.model import Measured

    if letter is None:
        return None
    check = numbers_check(Letter(letter, "", b""), measured or Measured(), given)
    problems = tuple(check.detail.split("\n")) if check.state == "fail" else ()
    by_words = check.state == "pass" and not check.detail.startswith(FROM_RECORDS)
    return Numbers(check.state != "skip", check.detail, problems, by_words)
