"""Who commits, who signs, and where mail goes out; no password is asked for, and nothing is connected."""

from __future__ import annotations

from collections.abc import Iterator

from credseries.bench.doctor.finding import Finding, State
from credseries.cli.doctor.model import Check
from credseries.errors import CredseriesError
from credseries.kernel.git import Repository

GROUP = "you, and mail"


def examine(repo: Repository) -> Iterator[Check]:
    """The checks of what git's configuration says of a person."""
    yield Check(GROUP, _identity(repo), ("split", "refresh", "reroll", "send"), needed=True)
    yield Check(GROUP, _outlet(repo), ("send",))
    yield Check(GROUP, _signature(repo), ("send",))
    yield Check(GROUP, _b4(repo), ("split", "send"))


def _identity(repo: Repository) -> Finding:
    from credseries.series.prep import committer

    why = "Commits and mails are yours; b4 finds a series by user.email."
    try:
        return Finding("identity", State.OK, str(committer(repo)), why)
    except CredseriesError as error:
        return Finding("identity", State.MISSING, error.message, why, error.hint)


def _outlet(repo: Repository) -> Finding:
    """Where mail goes; a user name is told, and never a password."""
    from credseries.mail.transport.settings import read_settings

    why = "Without it messages can be written to files only."
    try:
        settings = read_settings(repo)
    except CredseriesError as error:
        return Finding("way out", State.MISSING, error.message, why, error.hint)
    return Finding("way out", State.OK, f"{settings.outlet.description}, from {settings.sender}", why)


def _signature(repo: Repository) -> Finding:
    from credseries.mail.attest import signing_key

    why = "A signed patch can be attested; kernel.org's web endpoint takes no other."
    key = signing_key(repo)
    if key:
        return Finding("signature", State.OK, f"patatt.signingKey or user.signingKey is {key}", why)
    return Finding(
        "signature",
        State.LIMITED,
        "no key is configured: messages go out without a signature",
        why,
        "patatt genkey makes one.",
    )


def _b4(repo: Repository) -> Finding:
    """Settings of b4 that credseries heeds."""
    keys = sorted(repo.config_keys(r"^b4\."))
    file = repo.work_tree / ".b4-config" if repo.work_tree is not None else None
    places = [f"{len(keys)} settings: {', '.join(keys)}"] if keys else []
    places += [f"the tree's {file.name}"] if file is not None and file.is_file() else []
    evidence = "; ".join(places) or "nothing is set, and nothing has to be"
    return Finding("b4 settings", State.OK, evidence, "credseries and b4 work on the same branch.")
