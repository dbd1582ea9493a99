"""Which commits others can have: those that a tag or a branch of a remote contains."""

from __future__ import annotations

from credseries.kernel.git import Repository
from credseries.kernel.values import decode_path

_OURS = "refs/tags/sent/"  # of b4: nobody else has them


def remotes(repo: Repository) -> tuple[str, ...]:
    """The names of the remotes, sorted."""
    keys = repo.config_keys(r"^remote\..*\.url$")
    return tuple(sorted({key.removeprefix("remote.").removesuffix(".url") for key in keys}))


def published_in(repo: Repository, commit: str) -> str:
    """The name of a tag (but b4's of what was sent) or of a remote-tracking branch that contains a commit, or empty.

    Raises GitFailed.
    """
    for place in ("refs/tags", "refs/remotes"):
        finished = repo.ran("for-each-ref", f"--contains={commit}", "--format=%(refname)", place, environment={})
        names = [name for name in decode_path(finished.output).split("\n") if name and not name.startswith(_OURS)]
        if names:
            return names[0].removeprefix("refs/tags/").removeprefix("refs/remotes/")
    return ""
