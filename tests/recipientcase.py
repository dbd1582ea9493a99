"""A small MAINTAINERS, changes to plan recipients for, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from credseries.kernel.maintainers import Maintainers
from credseries.mail.message import Address
from credseries.mail.recipients import Change, Known, RecipientPlan, Recipients, Settings, plan_changes

ME = "zoe@example.org"
TEXT = """\
CREDENTIALS
M:	Paul Moore <paul@example.org>
L:	linux-security-module@example.org
S:	Supported
F:	include/linux/cred.h
K:	\\boverride_creds\\b

FILESYSTEMS (VFS and infrastructure)
M:	Christian Brauner <brauner@example.org>
R:	Jan Kara <jack@example.org>
L:	linux-fsdevel@example.org
S:	Maintained
F:	fs/*

OLD FILESYSTEM
M:	Old Hand <old@example.org>
L:	linux-old@example.org
S:	Orphan
F:	fs/old/

OVERLAY FILESYSTEM
M:	Miklos Szeredi <miklos@example.org>
M:	Amir Goldstein <amir@example.org>
L:	linux-unionfs@example.org (moderated for non-subscribers)
L:	ovl-core@example.org (subscribers-only)
S:	Supported
F:	fs/overlayfs/
"""
MAILMAP = "Amir Goldstein <amir@example.org> <amir.old@example.org>\n"
MAINTAINERS = Maintainers.parse(TEXT, mailmap=MAILMAP)
OVERLAY = Change(1, "ovl: Change", ("fs/overlayfs/dir.c",), topic="overlayfs")
BACKING = Change(2, "backing-file: Change", ("fs/backing-file.c",), topic="backing-file")
CRED = Change(3, "cred: Change", ("include/linux/cred.h",), topic="helpers")


def with_trailers(change: Change, *trailers: str) -> Change:
    """The change with a message that ends in these lines."""
    message = "\n".join([change.subject, "", "Why.", "", *trailers])
    return Change(*(change.index, change.subject, change.files, change.topic, change.tree, change.lists), message)


def made(
    *changes: Change, maintainers: Maintainers = MAINTAINERS, settings: Settings | None = None, **options: Any
) -> RecipientPlan:
    """The plan for some changes; what is known (aliases, reviewers, ...) may be given by name."""
    known = Known(settings=settings or Settings(), **{name: options.pop(name) for name in _KNOWN & options.keys()})
    return plan_changes(changes, maintainers, known=known, **{"own_address": ME, **options})


_KNOWN = frozenset({"aliases", "letter", "fixed", "reviewers", "newer", "known_bad"})


def addresses(people: Sequence[Address]) -> list[str]:
    """The addresses of some people, without what stands behind the @."""
    return [person.address.removesuffix("@example.org") for person in people]


def reasons(recipients: Recipients, address: str) -> tuple[str, ...]:
    """Why somebody gets a message; nobody else may have his address."""
    (person,) = (each for each in recipients.everybody if each.address == address)
    return person.reasons


def said(plan: RecipientPlan) -> list[tuple[str, str, tuple[int, ...]]]:
    """The notes of a plan: what they are about, address, and patches."""
    return [(note.concern.value, note.address.removesuffix("@example.org"), note.patches) for note in plan.notes]
