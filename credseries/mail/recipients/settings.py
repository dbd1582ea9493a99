"""What git's configuration says about recipients: credseries' own setting and b4's."""

from __future__ import annotations

from credseries.errors import UsageError
from credseries.kernel.git import Repository
from credseries.mail.recipients.model import POLICIES, Policy, Settings
from credseries.series.prep import b4_setting
from credseries.words import near

_KEY = "credseries.recipients"
_NO = frozenset({"no", "n", "false", "0"})  # b4 0.16, `ez.cmd_send`


def read_settings(repo: Repository) -> Settings:
    """The settings. Raises UsageError for a policy that is none."""
    me_too = b4_setting(repo, "send-me-too")
    return Settings(
        policy=parse_policy(repo.config(_KEY) or "owners", f"git config {_KEY}"),
        to=b4_setting(repo, "send-series-to") or "",
        cc=b4_setting(repo, "send-series-cc") or "",
        excluded=tuple(filter(None, map(str.strip, (repo.config("b4.email-exclude") or "").split(",")))),
        me_too=me_too is not None and me_too.lower() not in _NO,
    )


def parse_policy(text: str, where: str) -> Policy:
    """A policy by name; `where` says who wants it. Raises UsageError."""
    for policy in POLICIES:
        if policy == text:
            return policy
    raise UsageError(
        f"{where}: {text!r} is no policy{near(text, POLICIES)}", hint=f"the policies are {', '.join(POLICIES)}"
    )
