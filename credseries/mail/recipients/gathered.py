"""What a plan of recipients needs, read from a repository: MAINTAINERS, patches, aliases, settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from credseries.kernel.aliases import read_aliases
from credseries.kernel.git import Repository
from credseries.kernel.maintainers import Maintainers
from credseries.kernel.patch_mail import Patch
from credseries.mail.recipients.credited import fixes
from credseries.mail.recipients.earlier import told_reviewers
from credseries.mail.recipients.model import Change, Fixed, Reviewer
from credseries.mail.recipients.planning import changes_of
from credseries.mail.recipients.settings import read_settings
from credseries.mail.recipients.sources import Known
from credseries.series import saved
from credseries.series.model import SeriesRecord
from credseries.series.prep import is_cover, read_cover, strip_comments
from credseries.series.trailers import trailers_of

REFUSED_ADDRESS = "refused-address"  # the store's kind: {"why": ..., "when": ISO date} by address in lower case
_MAINTAINERS = "MAINTAINERS"
_AUTHOR = re.compile(r"([0-9a-f]+)\0([^\0]*)\0([^\0]*)")


@dataclass(frozen=True)
class Gathered:
    """What there is to plan from; `base` is the commit whose MAINTAINERS it is."""

    base: str
    changes: tuple[Change, ...]
    maintainers: Maintainers
    known: Known


def gather_series(
    repo: Repository, series: SeriesRecord, reviewers: Sequence[Reviewer] = (), *, base: str = ""
) -> Gathered:
    """What is known of a series on its branch. `reviewers` are people besides those that its records name, `base` is
    the commit whose MAINTAINERS counts if it is not the series' base.

    Raises UsageError for a setting that is none, and StoreDamaged.
    """
    infos = repo.commits(series.start, series.tip)
    messages = {info.id: info.message for info in infos}
    letters = [read_cover(message).letter for message in messages.values() if is_cover(message)]
    pairs = [(f"{patch.commit}^", patch.commit) for patch in series.patches]
    diffs = repo.tree_diffs(pairs) if all(patch.commit in messages for patch in series.patches) else []
    texts = {
        patch.index: (messages[patch.commit], _as_patch(messages[patch.commit], diff))
        for patch, diff in zip(series.patches, diffs, strict=False)
    }
    gathered = gather(repo, base or series.base, changes_of(series, texts))
    known = replace(
        gathered.known,
        letter=trailers_of(strip_comments(letters[-1])) if letters else (),
        reviewers=(*told_reviewers([*saved.records(repo, series.change_id), series]), *reviewers),
    )
    return replace(gathered, known=known)


def gather(repo: Repository, base: str, changes: Sequence[Change]) -> Gathered:
    """What is known of patches to a commit."""
    known = Known(
        aliases=read_aliases(repo),
        settings=read_settings(repo),
        fixed=find_fixed(repo, (change.message for change in changes)),
        newer=_newer(repo, base),
        known_bad=_known_bad(repo),
    )
    return Gathered(base, tuple(changes), read_maintainers(repo, base), known)


def change_of_files(paths: Sequence[str]) -> Change:
    """Files and directories (with a slash at the end) of which nothing else is known, as one change."""
    return Change(1, "", tuple(paths))


def changes_of_patches(patches: Iterable[Patch], *, first: int = 1) -> list[Change]:
    """Patches that somebody has in files, numbered as they come."""
    return [
        Change(
            index=number,
            subject=patch.subject or "without a subject",
            files=patch.files,
            message=patch.message,
            patch=f"Subject: [PATCH] {patch.subject}\n\n".encode("utf-8", "surrogateescape") + patch.text,
        )
        for number, patch in enumerate(patches, start=first)
    ]


def read_maintainers(repo: Repository, commit: str) -> Maintainers:
    """MAINTAINERS of a commit, with what the user has set for get_maintainer.pl."""
    places = [Path.home()] if repo.work_tree is None else [repo.work_tree, Path.home(), repo.work_tree / ".scripts"]
    return Maintainers.at(repo, commit, places=places)


def find_fixed(repo: Repository, messages: Iterable[str]) -> dict[str, Fixed | None]:
    """The commits that messages say their patches fix, by the id that they write; None for what is not there."""
    return {commit: _fixed(repo, commit) for commit in dict.fromkeys(fix for each in messages for fix in fixes(each))}


def _fixed(repo: Repository, commit: str) -> Fixed | None:
    done = repo.ran(
        *("log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%H%x00%an%x00%ae", f"{commit}^{{commit}}"),
        "--",
        environment={},
    )
    match = _AUTHOR.match(done.output.decode("utf-8", "replace").rstrip("\n")) if done.status == 0 else None
    return Fixed(match[1], match[2], match[3]) if match else None


def _as_patch(message: str, diff: bytes) -> bytes:
    """A commit as get_maintainer.pl gets it, a patch of `git format-patch`."""
    subject, _, body = message.partition("\n")
    head = f"Subject: [PATCH] {subject}\n\n{body.strip()}\n---\n\n"
    return head.encode("utf-8", "surrogateescape") + diff


def _newer(repo: Repository, base: str) -> Maintainers | None:
    """MAINTAINERS of HEAD, where that comes after the base and has another one."""
    if repo.ref("HEAD") is None:
        return None
    head = repo.resolve("HEAD")
    blobs = [repo.blob_ids(commit, [_MAINTAINERS]).get(_MAINTAINERS) for commit in (base, head)]
    if blobs[1] is None or blobs[0] == blobs[1] or repo.merge_base(base, head) != repo.resolve(base):
        return None
    return read_maintainers(repo, head)


def _known_bad(repo: Repository) -> Mapping[str, str]:
    """Why addresses did not take mail before, as far as the outbox has heard."""
    with saved.opened(repo) as store:
        found = {address: store.get(REFUSED_ADDRESS, address) for address in store.keys(REFUSED_ADDRESS)}
    return {
        address: f"{value.get('why', '')} ({value.get('when', '')})"
        for address, value in found.items()
        if isinstance(value, dict)
    }
