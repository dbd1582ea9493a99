"""A branch as `b4 prep` keeps one: an empty commit at its start holds the cover letter and what b4 tracks.

That is b4's cover strategy `commit`, its default (b4 0.16, `ez.store_cover`, `ez.start_new_series`). What is here
neither needs b4 nor imports it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from credseries.errors import UsageError
from credseries.kernel.git import Repository
from credseries.kernel.values import Identity
from credseries.series.model import SeriesRecord

MARKER = "--- b4-submit-tracking ---"
_NOTE = "# This section is used internally by b4 prep for tracking purposes."
_STRATEGY_KEY = "prep-cover-strategy"


@dataclass(frozen=True)
class CoverMessage:
    """The message of a cover commit: the letter as its author wrote it, with comments, and b4's tracking data."""

    letter: str
    tracking: dict[str, Any]

    @property
    def text(self) -> str:
        """The whole message, as b4 writes it."""
        return f"{self.letter}\n\n{MARKER}\n{_NOTE}\n{json.dumps(self.tracking, indent=2)}"


def is_cover(message: str) -> bool:
    """Whether a commit with this message is one that b4 takes for a cover letter."""
    return MARKER in message


def read_cover(message: str) -> CoverMessage:
    """The parts of a cover commit's message; raises UsageError when b4 could not read it either."""
    letter, marker, rest = message.partition(MARKER)
    try:
        tracking = json.loads(rest[rest.index("{") :])
        if marker and MARKER not in rest and isinstance(tracking["series"]["revision"], int):
            return CoverMessage(letter.strip(), tracking)
    except (ValueError, KeyError, TypeError):
        pass
    raise UsageError(
        "b4's tracking data in the cover letter's commit is damaged",
        hint=f"put back what stood below {MARKER!r}: `git reflog show BRANCH` finds the commit as it was",
    )


def strip_comments(letter: str) -> str:
    """The letter as b4 sends it: without comment lines, and with `>#` as the escaped `#` that it is."""
    text = re.sub(r"^#.*$", "", letter, flags=re.MULTILINE)
    text = re.sub(r"^>(#.*)$", r"\1", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def new_tracking(record: SeriesRecord) -> dict[str, Any]:
    """What b4 tracks of a series that it has not sent yet."""
    series: dict[str, Any] = {
        "revision": record.revision,
        "change-id": record.change_id,
        "prefixes": list(record.prefixes),
        "presubject": "",
    }
    prerequisites = list(record.prerequisites)
    if record.start != record.base and not any(item.startswith("base-commit:") for item in prerequisites):
        # b4 takes the cover's parent for the base, which nobody else has
        prerequisites.append(f"base-commit: {record.base}")
    if prerequisites:
        series["prerequisites"] = prerequisites
    return {"series": series}


def check_branch_name(name: str) -> None:
    """Raise UsageError for a branch name that b4, which uses it as a regular expression, would misread."""
    found = sorted(set(re.findall(r"[.+*?(){}|$^\[\]\\]", name)))
    if found or not name:
        suggestion = re.sub(r"[^\w/-]+", "-", name).strip("-") or "creds"
        raise UsageError(
            f"b4 cannot keep a series on a branch named {name!r}: it reads {' '.join(found)} as a pattern",
            hint=f"use letters, digits, - and /, as in {suggestion}",
        )


def check_namesakes(repo: Repository, branch: str) -> None:
    """Raise UsageError for what b4 would take for the branch: a tag of that name, or `NAME.something`'s settings."""
    if repo.ref(f"refs/tags/{branch}") is not None:
        raise UsageError(
            f"b4 would take the tag {branch} for the branch of that name", hint="choose another branch name"
        )
    for key in repo.config_keys(rf"^branch\.{branch}\.."):
        if key.removeprefix(f"branch.{branch}.").count("."):
            raise UsageError(
                f"b4 cannot tell the branch {branch} from another one: git's config has {key}",
                hint="choose another branch name",
            )


def strategy_setting(branch: str) -> tuple[str, str]:
    """The variable of git's configuration, and its value, that say where this branch has its cover letter."""
    return f"branch.{branch}.b4-{_STRATEGY_KEY}", "commit"


def ensure_strategy(repo: Repository, branch: str) -> None:
    """Tell b4 where this branch's cover letter is, when it would look for it elsewhere."""
    key, strategy = strategy_setting(branch)
    configured = repo.config(key) or b4_setting(repo, _STRATEGY_KEY)
    if configured not in (None, strategy):
        repo.set_config(key, strategy)


def b4_setting(repo: Repository, name: str) -> str | None:
    """What git's configuration sets for b4, or what a project sets for everybody, in a file at the top of its tree."""
    path = repo.work_tree / ".b4-config" if repo.work_tree is not None else None
    configured = repo.config(f"b4.{name}")
    if configured is not None or path is None or not path.is_file():
        return configured
    return repo.config(f"b4.{name}", file=path)


def message_link(repo: Repository, message_id: str) -> str:
    """A link to a message, as b4 is set to give them (its `linkmask`)."""
    mask = b4_setting(repo, "linkmask") or ""
    return (mask if mask.count("%s") == 1 else "https://patch.msgid.link/%s").replace("%s", message_id)


def committer(repo: Repository) -> Identity:
    """Who commits a series: b4 finds and rewrites only what `user.email` committed. Raises MissingIdentity."""
    name, email = repo.config("user.name"), repo.config("user.email")
    if name and name.strip() and email and email.strip():
        return Identity(name.strip(), email.strip())
    return repo.identity("committer")
