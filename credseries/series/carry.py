"""What people did to the commits of a series, carried onto the same series made anew: nothing of it is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from credseries.kernel.apply import Rejected, Stack, stack
from credseries.kernel.git import Repository
from credseries.kernel.merge import merge_texts
from credseries.kernel.values import CommitInfo, NewCommit
from credseries.series.assemble import Made
from credseries.series.current import Current
from credseries.series.model import PatchRecord
from credseries.series.trailers import revise, split_message, trailers_of

FIXUP = "fixup! "


class What(Enum):
    """What somebody did to a series."""

    FIXUP = "edited"
    COMMIT = "added"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Deed:
    """Something that somebody did: to the patch `number` of the series made anew (-1: before all of them).

    `old` and `new` are trees: what there was without it, and with it; `commit` is the commit that has it.
    """

    what: What
    number: int
    subject: str
    info: CommitInfo | None = None
    old: str = ""
    new: str = ""

    @property
    def commit(self) -> str:
        """The commit on the branch that it is in; empty for a dropped patch."""
        return self.info.id if self.info is not None else ""


@dataclass(frozen=True)
class Conflict:
    """A deed that does not fit onto the series made anew, and why."""

    deed: Deed
    reason: str


@dataclass(frozen=True)
class Carried:
    """A series' commits with what people did; the deeds that are in it, those that are not, and what to know of it.

    `places` says for each commit which of the series made anew it is, by position; None for somebody's own.
    """

    commits: tuple[NewCommit, ...]
    places: tuple[int | None, ...]
    kept: tuple[Deed, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass
class _Run:
    """One try; `culprit` is a deed without which a patch would fit."""

    commits: list[NewCommit] = field(default_factory=list)
    places: list[int | None] = field(default_factory=list)
    kept: list[Deed] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    culprit: Conflict | None = None


def carry(repo: Repository, current: Current, made: Made, *, squash: bool) -> Carried:
    """The commits of a series made anew with all that was done to it by hand on its branch.

    Changes to a patch become a `fixup!` commit behind it, or with `squash` a part of it. Raises GitFailed.
    """
    remarks: list[str] = []
    messages: dict[int, NewCommit] = {}
    deeds = list(_deeds(repo, current, made, messages, remarks))
    generated = [messages.get(number, commit) for number, commit in enumerate(made.commits)]
    if not deeds:
        return Carried(tuple(generated), tuple(range(len(generated))), remarks=tuple(remarks))
    out: dict[int, Conflict] = {}  # deeds that are left out, by their place among all
    while True:
        chosen = [deed for number, deed in enumerate(deeds) if number not in out]
        run = _try(repo, made, generated, chosen, squash=squash)
        if run.culprit is None:
            conflicts = [*out.values(), *run.conflicts]
            return Carried(tuple(run.commits), tuple(run.places), tuple(run.kept), tuple(conflicts), tuple(remarks))
        out[deeds.index(run.culprit.deed)] = run.culprit


# -- what was done


def _deeds(
    repo: Repository, current: Current, made: Made, messages: dict[int, NewCommit], remarks: list[str]
) -> Iterator[Deed]:
    """What was done, in the order of the branch; messages that somebody changed go to `messages`."""
    pristine = {patch.key: patch for patch in current.pristine.patches}
    infos = {info.id: info for info in repo.commits(current.record.start, current.record.tip)}
    before = {info.id: info for info in repo.commits(current.pristine.start, current.pristine.tip)}
    _, tree = repo.resolve_tree(current.record.start)
    number = -1
    with stack(repo, tree) as scratch:
        for patch in current.record.patches:
            info, parent = infos[patch.commit], tree
            tree = info.tree
            old = pristine.get(patch.key)
            if old is None:
                yield Deed(What.COMMIT, number, info.subject, info, parent, tree)
                continue
            places = _places_of(old, made)
            place = places[-1] if places else None
            number = number if place is None else place
            if patch.edited:
                without = _without_edit(scratch, before, current, old, parent)
                what, subject = (What.FIXUP, old.subject) if place is not None else (What.COMMIT, info.subject)
                yield Deed(what, number, subject, info, without, tree)
            anew = {spot: messages.get(spot, made.commits[spot]) for spot in places}
            if place is not None and made.record.patches[place].key == old.key:
                messages[place] = _message(repo, before[old.commit], info, anew[place], remarks)
            else:
                messages |= _trailers(repo, before[old.commit], info, anew, remarks)
    exact = {patch.key: index for index, patch in enumerate(made.record.patches)}
    for patch in current.dropped:
        if patch.key in exact:
            yield Deed(What.DROPPED, exact[patch.key], patch.subject)
        elif _places_of(patch, made):
            remarks.append(f"'{patch.subject}' was dropped by hand, but other patches convert its sites now")


def _places_of(patch: PatchRecord, made: Made) -> list[int]:
    """Which patches of a series made anew a patch is: the one for the same, else those that convert its sites (a recipe
    may part differently now)."""
    for index, other in enumerate(made.record.patches):
        if other.key == patch.key:
            return [index]
    sites = {(site.file, site.function) for site in patch.sites}
    return [
        index
        for index, other in enumerate(made.record.patches)
        if sites & {(site.file, site.function) for site in other.sites}
    ]


def _without_edit(
    scratch: Stack, before: Mapping[str, CommitInfo], current: Current, old: PatchRecord, parent: str
) -> str:
    """The tree that an edited commit would have, had it been left as it was made."""
    made = before[old.commit]
    scratch.tree, scratch.clean = parent, False
    start = before[made.parents[0]].tree if made.parents[0] in before else current.pristine.start
    return made.tree if scratch.carry(start, made.tree) is not None else scratch.tree


def _message(repo: Repository, old: CommitInfo, now: CommitInfo, new: NewCommit, remarks: list[str]) -> NewCommit:
    """A commit made anew with what somebody did to its message and author."""
    merged = merge_texts(repo, old.message, new.message, now.message)
    if merged is None:
        remarks.append(f"the message of '{now.subject}' is kept as you wrote it, although what it tells has changed")
        merged = now.message
    return replace(new, message=merged, author=now.author if now.author != old.author else new.author)


def _trailers(
    repo: Repository, old: CommitInfo, now: CommitInfo, new: Mapping[int, NewCommit], remarks: list[str]
) -> dict[int, NewCommit]:
    """Commits that a changed recipe makes instead of another one, each with the trailers that were given to that one.

    Its words would be wrong there.
    """
    known = {trailer.identity for trailer in trailers_of(old.message)}
    given = [trailer for trailer in trailers_of(now.message) if trailer.identity not in known]
    if new and split_message(now.message)[0] != split_message(old.message)[0]:
        remarks.append(f"the message that you gave '{now.subject}' is not used: that patch is not made any more")
    author = str(repo.identity("author"))
    return {spot: replace(commit, message=revise(commit.message, given, (), author)) for spot, commit in new.items()}


# -- putting it all together


def _try(repo: Repository, made: Made, generated: Sequence[NewCommit], deeds: Sequence[Deed], *, squash: bool) -> _Run:
    run = _Run()
    _, start = repo.resolve_tree(made.record.start)
    dropped = {deed.number: deed for deed in deeds if deed.what is What.DROPPED}
    run.kept += dropped.values()
    with stack(repo, start) as tree:
        for number in range(-1, len(generated)):
            if number >= 0 and number not in dropped:
                commit = generated[number]
                old = made.commits[number - 1].tree if number else start
                rejected = tree.carry(old or start, commit.tree or start)
                if rejected is not None:
                    run.culprit = _culprit(run, made.record.patches[number], rejected)
                    return run
                run.commits.append(replace(commit, tree=tree.tree))
                run.places.append(number)
            for deed in deeds:
                if deed.number == number and deed.what is not What.DROPPED:
                    _do(run, tree, deed, squash=squash and number >= 0 and number not in dropped)
    return run


def _do(run: _Run, tree: Stack, deed: Deed, *, squash: bool) -> None:
    """Carry a deed onto the tree, as a commit of its own or as a part of the one before."""
    before = tree.tree
    rejected = tree.carry(deed.old, deed.new)
    if rejected is not None:
        run.conflicts.append(Conflict(deed, rejected.reason))
        return
    run.kept.append(deed)
    if tree.tree == before or deed.info is None:
        return  # the series made anew has it already
    fixes = deed.what is What.FIXUP or deed.subject.startswith((FIXUP, "squash! "))
    if squash and fixes:
        run.commits[-1] = replace(run.commits[-1], tree=tree.tree)
        return
    message = f"{FIXUP}{deed.subject}\n" if deed.what is What.FIXUP else deed.info.message
    run.commits.append(NewCommit(message, tree=tree.tree, author=deed.info.author, author_date=deed.info.author_date))
    run.places.append(None)


def _culprit(run: _Run, patch: PatchRecord, rejected: Rejected) -> Conflict:
    """The last deed so far that a patch may stumble over."""
    candidates = [deed for deed in run.kept if deed.what is not What.DROPPED] or run.kept
    reason = f"'{patch.subject}' would not apply on top of it: {rejected.reason}"
    return Conflict(candidates[-1], reason)
