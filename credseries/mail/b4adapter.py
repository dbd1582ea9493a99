"""b4 as a library: the one module that imports it.

b4 0.16 has no documented library interface. It runs git in the current directory, keeps state in module
globals, ends the process when it fails and says why in its log only. `_session` contains all of that. b4 is
imported inside functions: that costs half a second, which only the commands that mail something should pay.

The letter and b4's tracking data are in the branch's first commit (see `series.prep`), which credseries reads
and writes itself. b4 makes the messages; in some places it looks at the branch that is checked out, hence the
private worktree.
"""

from __future__ import annotations

import argparse
import base64
import logging
import re
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from credseries import resources
from credseries.errors import B4Failed, CredseriesError, MissingIdentity, UsageError
from credseries.kernel.git_process import hardened
from credseries.kernel.worktrees import private_worktree
from credseries.mail.thread.mbox import split_mbox
from credseries.series.prep import check_branch_name, check_namesakes, is_cover, read_cover, strategy_setting

if TYPE_CHECKING:
    from credseries.kernel.git import Repository
    from credseries.series.model import SeriesRecord

_GLOBALS = (
    *("MAIN_CONFIG", "USER_CONFIG", "SENDEMAIL_CONFIG", "can_network", "LORENODE", "REQSESSION"),
    "_run_command",
)
_REMEMBERED = 365 * 86400  # seconds: b4 looks for no cover letter that was committed before that
# b4 does not guard its `git show`: what a user has set for reading diffs would end up in the patches.
_GIT_CONFIG = (
    ("color.diff", "false"),
    ("color.show", "false"),
    ("diff.context", "3"),
    ("diff.mnemonicPrefix", "false"),
    ("diff.noprefix", "false"),
    ("diff.submodule", "short"),
)
# b4 leaves these on, and they are for looking at a patch, not for mailing it.
_PLAIN_DIFF = ("--no-textconv", "--no-ext-diff")
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Stamp:
    """What would make two builds of the same series differ: the clock and the parts of its Message-Ids.

    `token` is the random part of every Message-Id (b4 takes 12 hex digits); an empty `domain` means that of
    the sender's address.
    """

    now: datetime
    token: str
    domain: str = ""


class _NoNetwork:
    """Stands where b4 keeps its connections: a way to the network that b4 forgot to guard ends here."""

    def __getattr__(self, name: str) -> NoReturn:
        raise B4Failed(f"b4 tried to use the network ({name})", hint="this is a bug in credseries: please report it")


class _Reasons(logging.Handler):
    """Collects what b4 logs as the reason before it ends the process."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(re.sub(r"^(?:CRITICAL|ERROR):\s*", "", record.getMessage().strip()))

    def text(self) -> str:
        return " ".join(line for line in self.lines if line.strip("- "))


@contextmanager
def _logged() -> Iterator[_Reasons]:
    """b4's log, and that of its library for archives, goes here and nowhere else."""
    loggers = [logging.getLogger(name) for name in ("b4", "liblore")]
    saved = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
    reasons = _Reasons()
    for logger in loggers:
        logger.handlers, logger.propagate = [reasons], False
        logger.setLevel(logging.WARNING)
    try:
        yield reasons
    finally:
        for logger, (handlers, propagate, level) in zip(loggers, saved, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)


def _only_git(run: Any) -> Any:
    """b4's way to start a program, for git alone: what else its configuration may name, nothing here needs."""

    def run_git(cmdargs: list[str], stdin: bytes | None = None, rundir: str | None = None) -> Any:
        if cmdargs[0] != "git":
            raise B4Failed(f"b4 tried to run {cmdargs[0]}", hint="this is a bug in credseries: please report it")
        arguments = [part for item in cmdargs for part in ((item, *_PLAIN_DIFF) if item == "show" else (item,))]
        return run(arguments, stdin=stdin, rundir=rundir)

    return run_git


@contextmanager
def _b4_state(directory: Path, config: Mapping[str, str]) -> Iterator[None]:
    """b4's globals, set for this directory and without a network."""
    import b4
    from b4 import ez

    # b4 types these one by one; here they are only kept and put back.
    module: Any = b4
    caches: tuple[dict[str, Any], ...] = (ez.PFHASH_CACHE, b4.MAILMAP_INFO, b4.ALIAS_INFO)
    saved = {name: getattr(module, name) for name in _GLOBALS}
    contents = [dict(cache) for cache in caches]
    try:
        module.can_network = False
        module.LORENODE = module.REQSESSION = _NoNetwork()
        module._run_command = _only_git(saved["_run_command"])
        for cache in caches:
            cache.clear()
        b4.setup_config(argparse.Namespace(config=dict(config)), topdir=str(directory))
        yield
    finally:
        for name, value in saved.items():
            setattr(module, name, value)
        for cache, content in zip(caches, contents, strict=True):
            cache.clear()
            cache.update(content)


@contextmanager
def _session(directory: Path, branch: str, places: Iterable[Path] = ()) -> Iterator[None]:
    """b4 at work in a directory, on a branch (empty: on none); what it fails with becomes a B4Failed.

    There is one at a time in a process. `places` are those by which its repository may be trusted.
    """
    config = {
        # b4's own template writes a signature mark that is none (`--` and two spaces).
        "b4.prep-cover-template": str(resources.find("templates", "b4-cover-message.txt")),
    }
    settings = (*_GIT_CONFIG, *((strategy_setting(branch),) if branch else ()))
    with _LOCK, _logged() as reasons:
        try:
            with hardened(directory, settings, places), _b4_state(directory, config):
                yield
        except CredseriesError:
            raise
        except UnicodeDecodeError as error:
            raise B4Failed(
                "b4 cannot mail a patch with text that is not UTF-8",
                hint="such a series needs `git format-patch` and `git send-email`, or its files in UTF-8 first",
            ) from error
        except (Exception, SystemExit) as error:  # b4 has no errors of its own to tell apart
            said = "" if isinstance(error, SystemExit) else f"{error}"
            reason = reasons.text() or said or type(error).__name__
            raise B4Failed(
                f"b4 failed: {reason}", hint="see what `b4 prep --show-info` says with the branch checked out"
            ) from error


def series_messages(
    repo: Repository, series: SeriesRecord, stamp: Stamp | None = None, prefixes: Sequence[str] = ()
) -> list[tuple[str, EmailMessage]]:
    """The series as b4 makes it into messages, without recipients: (commit id or "" for the cover, message).

    A series of one patch has no cover message; b4 puts the letter below the patch's `---`. `prefixes` come before the
    series' own in each subject. Without a stamp, b4 takes time and chance as they are. Raises B4Failed, with the reason
    when b4 does not find the cover letter.
    """
    branch = series.branch
    check_branch_name(branch)
    check_namesakes(repo, branch)
    tracking = _find_cover(repo, series)
    with private_worktree(repo, branch) as directory, _session(directory, branch, repo.places):
        from b4 import ez

        email = _sender_email()
        _, _, _, messages = ez.get_prep_branch_as_patches(
            usebranch=branch, expandprereqs=False, prefixes=list(prefixes)
        )
        if stamp is not None:
            _restamp(messages, tracking["series"], replace(stamp, domain=stamp.domain or email.rpartition("@")[2]))
        return messages


def sent_messages(
    repo: Repository, series: SeriesRecord, tag: str, version: int, stamp: Stamp
) -> list[tuple[str, EmailMessage]]:
    """A version that was sent as b4 makes it into messages once more (`b4 send --resend`), from its `tag`.

    They are as those of `series_messages`, their subjects begin with RESEND. Raises B4Failed.
    """
    branch = series.branch
    check_branch_name(branch)
    with private_worktree(repo, branch) as directory, _session(directory, branch, repo.places):
        from b4 import ez

        email = _sender_email()
        _, _, messages = ez.get_sent_tag_as_patches(tag, revision=version)
        tracking = {"change-id": series.change_id, "revision": version}
        _restamp(messages, tracking, replace(stamp, domain=stamp.domain or email.rpartition("@")[2]))
        return messages


def _find_cover(repo: Repository, series: SeriesRecord) -> dict[str, Any]:
    """b4's tracking data; raises B4Failed when b4 would not find it (b4 0.16, `ez.find_cover_commit`)."""
    covers = [info for info in repo.commits(series.start, series.tip) if is_cover(info.message)]
    if not covers:
        raise B4Failed(
            f"branch {series.branch} has no cover letter any more: for b4 it is no series",
            hint="`credseries cover --note TEXT` renders it anew",
        )
    cover, email = covers[-1], repo.config("user.email")
    if email and email.strip() and cover.committer.email != email.strip():
        raise B4Failed(
            f"the cover letter was committed by {cover.committer.email}, and b4 looks for one by {email}",
            hint=f"with {series.branch} checked out: b4 prep --claim",
        )
    if time.time() - cover.committed > _REMEMBERED:
        raise B4Failed(
            "the cover letter was committed more than a year ago, and b4 looks no further back",
            hint="`credseries refresh` makes the series anew, and `credseries cover --note TEXT` its letter",
        )
    return read_cover(cover.message).tracking


def _sender_email() -> str:
    import b4

    user = b4.get_user_config()
    for key in ("name", "email"):
        if not str(user.get(key) or "").strip():
            raise MissingIdentity(f"user.{key} is not set", hint=f"git config --global user.{key} ...")
    return str(user["email"])


def _restamp(messages: Sequence[tuple[str, EmailMessage]], series: Mapping[str, Any], stamp: Stamp) -> None:
    """Replaces ids and dates by the stamp's, in the shape that b4 gives them."""
    first = 1 if messages[0][0] else 0
    root = messages[0][1]["Message-Id"]
    renamed: dict[str, str] = {}
    for number, (_, message) in enumerate(messages, start=first):
        identifier = new_message_id(str(series["change-id"]), series["revision"], number, stamp)
        renamed[message["Message-Id"]] = identifier
        message.replace_header("Message-Id", identifier)
        message.replace_header("Date", format_datetime(stamp.now + timedelta(seconds=number)))
    for _, message in messages[1:]:
        for header in ("In-Reply-To", "References"):
            if message[header] == root:
                message.replace_header(header, renamed[root])
    tracking = messages[0][1]["X-B4-Tracking"]
    if tracking is not None:
        messages[0][1].replace_header("X-B4-Tracking", _restamp_tracking(str(tracking), stamp))


def _restamp_tracking(header: str, stamp: Stamp) -> str:
    """b4's tracking data is gzip in base64, and gzip notes the time (RFC 1952, MTIME): put the stamp's there."""
    mark, _, encoded = header.partition(" b=")
    packed = bytearray(base64.b64decode("".join(encoded.split())))
    packed[4:8] = int(stamp.now.timestamp()).to_bytes(4, "little")
    letters = iter(base64.b64encode(packed).decode())
    return f"{mark} b=" + "".join(char if char.isspace() else next(letters) for char in encoded)


@dataclass(frozen=True)
class Incoming:
    """A message of a thread as b4 reads it.

    `title` is the subject without prefixes, `version` and `number` what the prefixes say (1 where they say nothing),
    `is_reply` and `has_diff` tell replies from patches. `trailers` are those that b4 takes from a reply, `mismatched`
    those that it would not apply as they do not name the sender.
    """

    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    title: str
    version: int
    number: int
    is_reply: bool
    has_diff: bool
    name: str
    address: str
    body: str
    trailers: tuple[str, ...]
    mismatched: tuple[str, ...]
    raw: bytes = field(default=b"", repr=False)


def read_mails_in(directory: Path, mails: Sequence[bytes]) -> list[Incoming]:
    """Mails, given as they came, in order; those without a Message-Id, and second copies, are left out.

    b4 works in the directory, which need not be in a repository.
    """
    found: dict[str, Incoming] = {}
    with _session(directory, ""):
        import b4

        for raw in mails:
            message = message_from_bytes(raw, policy=b4.emlpolicy)
            if b4.LoreMessage.get_clean_msgid(message):
                read = _incoming(b4.LoreMessage(message))
                found.setdefault(read.message_id, read)
    return list(found.values())


def fetch_thread(directory: Path, message_id: str) -> tuple[bytes, ...]:
    """The mails of a thread as the archive has them that b4 is set up for: lore, or what `b4.midmask` names.

    `message_id` is that of one of them, bare or not, or its address there. `directory` is one whose git configuration
    counts; it need not be in a repository. The one function here that uses the network. Raises UsageError when the
    archive has no such mail, B4Failed when it does not answer or its answer cannot be read.
    """
    with _session(directory, ""):
        import b4
        import liblore

        module: Any = b4
        module.can_network, module.LORENODE, module.REQSESSION = True, None, None
        identity = b4.parse_msgid(message_id)
        node = b4.get_lore_node()
        try:
            mailbox = node.get_mbox_by_msgid(identity, nocache=True)
        except liblore.RemoteError as error:
            if error.status_code == HTTPStatus.NOT_FOUND:
                raise UsageError(
                    f"{node.hostname} has no mail <{identity}>",
                    hint="it may not have arrived there yet: give an mbox, or look at the Message-Id again",
                ) from error
            raise _no_answer(node.hostname, identity, error) from error
        except (OSError, EOFError, zlib.error) as error:  # what came is no gzip, or was cut off
            raise _no_answer(node.hostname, identity, error) from error
        finally:
            node.close()
    return split_mbox(mailbox)


def _no_answer(host: str, identity: str, error: Exception) -> B4Failed:
    return B4Failed(
        f"the thread of <{identity}> cannot be fetched from {host}: {error}",
        hint="without a network, give a file: `b4 mbox MESSAGE-ID` writes one where there is one",
    )


def _incoming(message: Any) -> Incoming:
    good, mismatched = message.get_trailers()
    return Incoming(
        message_id=message.msgid,
        in_reply_to=message.in_reply_to or "",
        references=tuple(message.references),
        title=message.subject,
        version=message.revision,
        number=message.counter,
        is_reply=bool(message.reply),
        has_diff=message.has_diff,
        name=message.fromname,
        address=message.fromemail,
        body=message.body or "",
        trailers=tuple(trailer.as_string() for trailer in good),
        mismatched=tuple(sorted(trailer.as_string() for trailer in mismatched)),
        raw=message.msg.as_bytes(),
    )


def letter_message(repo: Repository, branch: str, subject: str, body: str, change_id: str) -> EmailMessage:
    """A letter that belongs to no branch (`branch` is one to stand on), signed as b4 signs a cover letter.

    It has From, Subject and body; the change-id stands where b4 puts one. Raises B4Failed, MissingIdentity.
    """
    message = EmailMessage()
    with private_worktree(repo, branch) as directory, _session(directory, branch, repo.places):
        import b4

        _sender_email()
        message["From"] = format_addresses([b4.get_mailfrom()])
        signature = b4.get_email_signature().strip()
    message["Subject"] = subject
    message["X-Change-ID"] = change_id
    text = f"{body}\n\n---\nchange-id: {change_id}\n\nBest regards,\n-- \n{signature}\n"
    message.set_payload(text, charset="utf-8")
    return message


def unchecked(repo: Repository, series: SeriesRecord) -> list[str]:
    """The names of b4's own checks before sending (0.16, `ez.get_info`) that nobody has made of the series as it is:
    `needs-checking` and `needs-checking-deps`, but for those that b4.prep-pre-flight-checks disables.

    b4 keeps which were made by the contents of the patches, in its cache. Raises B4Failed.
    """
    with private_worktree(repo, series.branch) as directory, _session(directory, series.branch, repo.places):
        import b4
        from b4 import ez

        disabled = {item.strip() for item in str(b4.get_main_config().get("prep-pre-flight-checks", "")).split(",")}
        if "disable-all" in disabled:
            return []
        found = ez.get_info(usebranch=series.branch)
        names = ("needs-checking", "needs-checking-deps")
        return [name for name in names if found[name] and f"disable-{name}" not in disabled]


def new_message_id(change_id: str, revision: int, number: int, stamp: Stamp) -> str:
    """A Message-Id in the shape that b4 gives one; the stamp must have a domain."""
    stable, _, _ = change_id.rpartition("-")
    slug = re.sub(r"^\d{8}-", "", stable)
    return f"<{stamp.now:%Y%m%d}-{slug}-v{revision}-{number}-{stamp.token}@{stamp.domain}>"


def format_addresses(pairs: Sequence[tuple[str, str]]) -> str:
    """(name, address) pairs as the value of a To or Cc header."""
    import b4

    return b4.format_addrs(list(pairs))


def message_bytes(message: EmailMessage) -> bytes:
    """The message as b4 puts it on the wire, with lines ending in LF: headers encoded, body in UTF-8."""
    import b4

    if not message["X-Mailer"]:
        message["X-Mailer"] = f"credseries, b4 {b4.__VERSION__}"
    message.set_charset("utf-8")
    return b4.LoreMessage.get_msg_as_bytes(message, nl="\n", headers="encode")
