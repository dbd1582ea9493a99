"""A series that somebody made, wherever it is: a range, a branch, a commit, mails or patches; as a chain of trees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from credseries.errors import EnvironmentProblem, UnknownRevision, UsageError
from credseries.kernel.apply import Rejected, stack
from credseries.kernel.git import Repository
from credseries.kernel.patch_mail import Patch, PatchSet, read_patches

STDIN = "-"
_SUFFIXES = (".patch", ".eml", ".diff", ".mbox", ".mbx", ".txt", ".gz")


@dataclass(frozen=True)
class Step:
    """One patch of a series: its number from 1, its commit (or empty), and the trees before and after it.

    `message` and `author` (`Name <address>`, or empty) are those of the commit, or of the one that a mail asks for.
    `rejected` says why there is nothing of it to look at; then both trees are the same, and `files` are those that it
    names. `message_id` is that of the mail that it came in, without brackets, or empty.
    """

    number: int
    subject: str
    commit: str
    before: str
    after: str
    files: tuple[str, ...] = ()
    rejected: str = ""
    message: str = ""
    author: str = ""
    message_id: str = ""


@dataclass(frozen=True)
class Series:
    """Steps in order on a base commit; `remarks` are what a person should know about how it was read."""

    base: str
    steps: tuple[Step, ...]
    remarks: tuple[str, ...] = ()


def _is_revision(repo: Repository, text: str) -> bool:
    try:
        repo.resolve(text)
    except UnknownRevision:
        return False
    return True


def _resolve(repo: Repository, revision: str) -> str:
    return repo.resolve(revision or "HEAD")


# -- ranges


def _unrelated(repo: Repository, hint: str) -> str:
    """What to do where two commits have no common history; a shallow clone may only lack it."""
    shallow = (repo.common_dir / "shallow").exists()
    return f"{hint}; this is a shallow clone, and git fetch --unshallow gets the rest" if shallow else hint


def _ends(repo: Repository, text: str, base: str | None) -> tuple[str, str]:
    """The commit that a range starts after, and the one that it ends with. Raises UsageError."""
    if "..." in text:
        left, _, right = text.partition("...")
        one, tip = _resolve(repo, left), _resolve(repo, right)
        common = repo.merge_base(one, tip)
        if common is None:
            hint = _unrelated(repo, "give A..B")
            raise UsageError(f"{left or 'HEAD'} and {right or 'HEAD'} have no common history", hint=hint)
        return common, tip
    if ".." in text:
        left, _, right = text.partition("..")
        return _resolve(repo, left), _resolve(repo, right)
    tip = repo.resolve(text)
    if base is not None or repo.branch_tip(text) is not None:
        start = repo.resolve(base or "HEAD")
        common = repo.merge_base(start, tip)
        if common is None:
            hint = _unrelated(repo, "name its base with --base")
            raise UsageError(f"{text} and {base or 'HEAD'} have no common history", hint=hint)
        if common == tip:
            hint = f"say where it starts: --base REV, or REV..{text}"
            raise UsageError(f"{text} has no commit that {base or 'HEAD'} has not", hint=hint)
        return common, tip
    parent = repo.parent(tip)
    if parent is None:
        raise UsageError(f"{text} is a root commit: there is nothing before it", hint="give a range, A..B")
    return parent, tip


def from_range(repo: Repository, text: str, base: str | None) -> Series:
    """The commits of `A..B`, of a branch (from where it left `base`, by default HEAD), or one commit.

    Raises UnknownRevision, and UsageError for a range that holds no commit.
    """
    start, tip = _ends(repo, text, base)
    commits = repo.history(start, tip)
    if not commits:
        raise UsageError(
            f"there is no commit in {text}", hint="is it the wrong way round? A..B is what B has and A has not"
        )
    if any(parent is None for _, parent in commits):
        raise UsageError(f"{text} goes back to a root commit", hint="give a range, A..B, that starts at a commit")
    infos = {info.id: info for info in repo.commits(start, tip)}
    trees = {start: repo.resolve_tree(start)[1], **{commit: info.tree for commit, info in infos.items()}}
    # What changes nothing is no patch: b4 keeps a series' cover letter in a commit like that.
    patches = [(commit, parent or "") for commit, parent in commits if trees.get(parent or "") != trees[commit]]
    if not patches:
        raise UsageError(f"the commits of {text} change nothing", hint="name the range that has the patches, A..B")
    steps = [
        Step(
            *(number, infos[commit].subject, commit, parent, commit),
            message=infos[commit].message,
            author=str(infos[commit].author),
        )
        for number, (commit, parent) in enumerate(patches, 1)
    ]
    return Series(steps[0].before, tuple(steps))


# -- patches


def _files_of(place: str, read_stdin: Callable[[], bytes]) -> list[tuple[str, bytes]]:
    """The files that an argument names, by name. Raises UsageError and EnvironmentProblem."""
    if place == STDIN:
        return [("standard input", read_stdin())]
    path = Path(place)
    paths = [path]
    if path.is_dir():
        paths = sorted(item for item in path.iterdir() if item.suffix in _SUFFIXES and item.is_file())
        if not paths:
            raise UsageError(f"{place} holds no patches", hint=f"files of these kinds are read: {' '.join(_SUFFIXES)}")
    try:
        return [(str(item), item.read_bytes()) for item in paths]
    except OSError as error:
        raise EnvironmentProblem(f"{place} cannot be read: {error.strerror}", hint="is it readable?") from error


def _apply(repo: Repository, base: str, found: PatchSet) -> list[Step]:
    steps = []
    _, tree = repo.resolve_tree(base)
    with stack(repo, tree) as applied:
        for number, patch in enumerate(found.patches, 1):
            before = applied.tree
            rejected = applied.apply(patch.text)
            if rejected is not None and patch.raw is not None and applied.apply(patch.raw) is None:
                rejected = None
            steps.append(_step(number, patch, before, applied.tree, rejected))
    return steps


def _step(number: int, patch: Patch, before: str, after: str, rejected: Rejected | None) -> Step:
    reason = f"it does not apply: {rejected.reason}" if rejected is not None else ""
    if rejected is None and before == after:
        reason = "it changes nothing: the base has it already"
    return Step(
        *(patch.number or number, patch.subject, "", before, after, patch.files, reason, patch.message, patch.author),
        message_id=patch.message_id,
    )


def from_patches(repo: Repository, places: Sequence[str], base: str | None, read_stdin: Callable[[], bytes]) -> Series:
    """The patches of files, directories and `-` (standard input), applied to `base` as git objects.

    Without `base`, to the commit that the series names itself, or to HEAD. Raises UsageError.
    """
    found = read_patches([item for place in places for item in _files_of(place, read_stdin)])
    remarks = []
    if base is None and found.base:
        if _is_revision(repo, found.base):
            base = found.base
        else:
            remarks.append(f"the series is based on {found.base[:12]}, which is not in this repository: HEAD is taken")
    if found.missing:
        numbers = ", ".join(map(str, found.missing))
        remarks.append(f"patch {numbers} of the series is not there: what it changes is not known")
    start = repo.resolve(base or "HEAD")
    return Series(start, tuple(_apply(repo, start, found)), tuple(remarks))


def read_series(
    repo: Repository, arguments: Sequence[str], base: str | None, read_stdin: Callable[[], bytes]
) -> Series:
    """The series that a command line names: a range, a branch or a commit; or files, directories and `-`.

    Raises UsageError (UnknownRevision) when an argument is neither.
    """
    if len(arguments) == 1 and arguments[0] != STDIN:
        text = arguments[0]
        is_path = Path(text).exists()
        if ".." in text and not is_path:
            return from_range(repo, text, base)
        if _is_revision(repo, text):
            if is_path and Path(text).is_file():
                hint = f"write ./{text} for the file, or refs/heads/{text} for the branch"
                raise UsageError(f"{text} is a file and a revision", hint=hint)
            return from_range(repo, text, base)
    for place in arguments:
        if place != STDIN and not Path(place).exists():
            hint = "give a range (A..B), a branch or one commit, or an mbox, patches, a directory of patches, or -"
            raise UsageError(f"{place} is neither a revision nor a file", hint=hint)
    return from_patches(repo, arguments, base, read_stdin)
