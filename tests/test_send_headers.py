"""Nothing that goes into a message can give it a header that nobody asked for: a test for every path in.

Recipients have their own tests (test_recipients_headers.py). What cannot go into a header is cleaned where nobody typed
it, and refused where somebody did; in the end `check_headers` looks at every message.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries import resources
from credseries.cli.send.made import Request, find_series, make
from credseries.cli.split import make_all
from credseries.errors import CredseriesError, UsageError
from credseries.kernel.git import Repository
from credseries.mail.b4adapter import Stamp as MailStamp
from credseries.mail.headers import check_headers, check_identifier
from credseries.mail.message import Message as Built
from credseries.mail.text import one_line
from credseries.series import saved
from credseries.series.model import Selection
from credseries.series.prep import CoverMessage, read_cover
from credseries.series.publish import rewrite_series
from credseries.series.sent_tag import write_sent_tag
from credseries.series.split import Stamp
from tests.gitrepo import git
from tests.mailcase import TODAY

OWN = "dev@example.org"
EVIL = "evil@evil.org"
BRANCH = "mine"
MAIL_STAMP = MailStamp(datetime(2026, 11, 23, 9, 30, tzinfo=UTC), "c0ffee123456")

VALUES = {
    "line-break": f"Fix it\nBcc: {EVIL}\nX-Evil: 1",
    "line-breaks": f"Fix it\r\nBcc: {EVIL}\r\n\r\nX-Evil: 1",
    "old-line-break": f"Fix it\rBcc: {EVIL}",
    "end-of-headers": f"Fix it\n\nBcc: {EVIL}\n\nFrom: {EVIL}",
    "unicode-line-breaks": f"Fix it\u2028Bcc: {EVIL}\u2029X-Evil: 1\x85X-Evil: 2\x0bX-Evil: 3\x0cX-Evil: 4\x1cX: 5",
    "controls": f"Fix it\x01\x08\x1b[2J\x7f Bcc: {EVIL}",
    "nul": f"Fix it\0Bcc: {EVIL}",
    "encoded": "=?utf-8?q?Fix=0D=0ABcc=3A_evil=40evil=2Eorg?= it",
    "header": f"Bcc: {EVIL}",
}
CONFIGURED = ("line-break", "end-of-headers", "encoded")  # what git keeps in a configuration
HARMLESS = "Fix it for Zoë"
# Refused by git (a command that fails) or the system (a NUL in an argument), before it gets to us.
NOT_TAKEN = dict.fromkeys(VALUES, (subprocess.CalledProcessError,)) | {
    "nul": (subprocess.CalledProcessError, ValueError)
}
# What takes no text but an address, a name of something, or what is not read at all.
NO_TEXT = ("config-", "option-cc-list", "option-to", "change-id", "list-of", "prefix-of-a-recipe")

Way = Callable[[Path, str], Request]


@pytest.fixture(scope="module")
def template(pristine_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small series on its branch."""
    path = Path(shutil.copytree(pristine_miniature, tmp_path_factory.mktemp("headers") / "linux", symlinks=True))
    git(path, "config", "user.name", "Dev")
    git(path, "config", "user.email", OWN)
    split(path)
    return path


@pytest.fixture
def tree(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    return Path(shutil.copytree(template, tmp_path / "linux", symlinks=True))


def split(tree: Path, recipe: str = "rfc", threads: str | None = None) -> None:
    """The helpers and the conversion of one file."""
    selection = Selection(topics=("backing-file",)) if threads is None else Selection()
    make_all(Repository.discover(tree), recipe, ["master"], BRANCH, selection, threads, Stamp(TODAY, "c0ffee123456"))


def split_again(tree: Path, recipe: str = "rfc") -> None:
    git(tree, "branch", "--quiet", "-D", BRANCH)
    split(tree, recipe)


def built(tree: Path, request: Request) -> list[Built]:
    """All messages, as they would be sent."""
    repo = Repository.discover(tree)
    return make(repo, find_series(repo, request), request, MAIL_STAMP).messages


def usual(**more: Any) -> Request:
    return Request(**{"branch": BRANCH, "to": ("Boss <boss@example.org>",), **more})


# -- the ways in


def rewrite(tree: Path, *, cover: Callable[[CoverMessage], CoverMessage] = lambda it: it, message: str = "") -> None:
    """The series with another letter, or with another message of its first patch."""
    repo = Repository.discover(tree)
    current = saved.current(repo, BRANCH)
    messages = {current.record.patches[0].commit: message} if message else {}
    text = cover(read_cover(current.cover_message)).text
    rewrite_series(repo, current, text, messages, when=datetime.now(UTC), reflog="test")


def subject_of_a_commit(tree: Path, value: str) -> Request:
    rewrite(tree, message=f"{value}\n\nA body.\n\nSigned-off-by: Dev <{OWN}>\n")
    return usual()


def body_of_a_commit(tree: Path, value: str) -> Request:
    rewrite(tree, message=f"A subject\n\n{value}\n\nA body.\n\nSigned-off-by: Dev <{OWN}>\n")
    return usual()


def author_of_a_commit(tree: Path, value: str) -> Request:
    git(tree, "checkout", "--quiet", BRANCH)
    environment = {**os.environ, "GIT_AUTHOR_NAME": value, "GIT_AUTHOR_EMAIL": "eve@example.org"}
    subprocess.run(
        ["git", "-C", tree, "commit", "--quiet", "--amend", "--reset-author", "--no-edit"], env=environment, check=True
    )
    git(tree, "checkout", "--quiet", "master")
    return usual()


def subject_of_the_letter(tree: Path, value: str) -> Request:
    def edit(cover: CoverMessage) -> CoverMessage:
        return replace(cover, letter=f"{value}\n\n{cover.letter.partition(chr(10) * 2)[2]}")

    rewrite(tree, cover=edit)
    return usual()


def text_of_the_letter(tree: Path, value: str) -> Request:
    def edit(cover: CoverMessage) -> CoverMessage:
        return replace(cover, letter=f"A subject\n\n{value}\n\nA letter.\n\n{value}")

    rewrite(tree, cover=edit)
    return usual()


def tracked(key: str, value: Any) -> Callable[[CoverMessage], CoverMessage]:
    def edit(cover: CoverMessage) -> CoverMessage:
        return replace(cover, tracking={**cover.tracking, "series": {**cover.tracking["series"], key: value}})

    return edit


def prefix_in_b4s_tracking(tree: Path, value: str) -> Request:
    rewrite(tree, cover=tracked("prefixes", ["RFC", value]))
    return usual()


def first_prefix_in_b4s_tracking(tree: Path, value: str) -> Request:
    rewrite(tree, cover=tracked("presubject", value))
    return usual()


def change_id_in_b4s_tracking(tree: Path, value: str) -> Request:
    rewrite(tree, cover=tracked("change-id", f"20261123-{value}-0123456789ab"))
    return usual()


def configured(key: str) -> Way:
    def way(tree: Path, value: str) -> Request:
        git(tree, "config", key, value)
        return usual()

    return way


def recipes(tree: Path, old: str, new: str) -> None:
    """Split by a recipe in which something is otherwise; `new` is a value of TOML."""
    text = resources.read_text("patches", "rfc.toml")
    assert text.count(old) >= 1, old
    path = tree.parent / "mine.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    shutil.copytree(resources.shipped_roots("patches")[-1], tree.parent, dirs_exist_ok=True)
    split_again(tree, str(path))


def toml(value: str) -> str:
    """A value as TOML writes it: as JSON does, but for DEL."""
    return json.dumps(value).replace("\x7f", "\\u007f")


def title_of_a_recipe(tree: Path, value: str) -> Request:
    recipes(tree, 'title = "overlayfs: Optimize override/revert creds"', f"title = {toml(value)}")
    return usual()


def prefix_of_a_recipe(tree: Path, value: str) -> Request:
    recipes(tree, 'prefixes = ["RFC"]', f"prefixes = [{toml(value)}]")
    return usual()


def subject_in_a_recipe(tree: Path, value: str) -> Request:
    line = 'subject = "cred: Add a light version of override_creds() and revert_creds()"'
    recipes(tree, line, f"subject = {toml(value)}")
    return usual()


def list_of_a_recipe(tree: Path, value: str) -> Request:
    recipes(tree, 'lists = ["linux-fsdevel@vger.kernel.org"]', f"lists = [{toml(value)}]")
    return usual()


def tree_of_a_recipe(tree: Path, value: str) -> Request:
    recipes(tree, 'tree = "vfs"', f"tree = {toml(value)}")
    return usual()


def replace_template(tree: Path, name: str, value: str, rest: str) -> Request:
    """Split with a template of the user's own, whose first line is the value."""
    root = resources.user_root("templates")
    root.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("{{ '" + value.replace("'", "") + "' }}\n\n" + rest)
    split_again(tree)
    return usual()


def template_of_the_letter(tree: Path, value: str) -> Request:
    text = resources.read_text("templates", "cover.txt.j2")
    return replace_template(tree, "cover.txt.j2", value, text.partition("\n\n")[2])


def template_of_commits(tree: Path, value: str) -> Request:
    return replace_template(tree, "commit.txt.j2", value, resources.read_text("templates", "commit.txt.j2"))


def option_cc(_tree: Path, value: str) -> Request:
    return usual(cc=(f"{value} <eve@example.org>",))


def option_cc_list(_tree: Path, value: str) -> Request:
    return usual(cc=(f"fsdevel{value}",))


def option_to(_tree: Path, value: str) -> Request:
    return usual(to=(f"eve@example.org {value}",))


def option_preview_to(_tree: Path, value: str) -> Request:
    return usual(only_to=(f"{value} <eve@example.org>",))


def message_of_a_tag(tree: Path, value: str) -> Request:
    """What was sent is sent once more from its tag, which anybody may have written."""
    repo = Repository.discover(tree)
    current = saved.current(repo, BRANCH)
    record, letter = current.record, read_cover(current.cover_message).letter
    sent = write_sent_tag(repo, record, (current.cover or "", letter), record.change_id, 1, TODAY)
    text = f"[RFC] {value}\n\nA letter.\n---\nbase-commit: {record.base}\nchange-id: {record.change_id}\n\n-- \nDev\n"
    tagged = subprocess.run(
        ["git", "-C", tree, "tag", "-a", "-F", "-", "--cleanup=verbatim", sent.name, sent.tip],
        input=text.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
    )
    if tagged.returncode != 0:
        raise UsageError(tagged.stderr.decode())
    return usual(resend=1)


def title_above_an_umbrella(tree: Path, value: str) -> Request:
    text = resources.read_text("patches", "rfc.toml")
    path = tree.parent / "mine.toml"
    shutil.copytree(resources.shipped_roots("patches")[-1], tree.parent, dirs_exist_ok=True)
    old = 'title = "overlayfs: Optimize override/revert creds"'
    path.write_text(text.replace(old, f"title = {toml(value)}"), encoding="utf-8")
    git(tree, "branch", "--quiet", "-D", BRANCH)
    split(tree, str(path), "tree")
    return usual(umbrella=True, branch=f"{BRANCH}-vfs")


WAYS: dict[str, Way] = {
    way.__name__.replace("_", "-"): way
    for way in (
        *(subject_of_a_commit, body_of_a_commit, author_of_a_commit, subject_of_the_letter, text_of_the_letter),
        *(prefix_in_b4s_tracking, first_prefix_in_b4s_tracking, change_id_in_b4s_tracking, title_of_a_recipe),
        *(prefix_of_a_recipe, subject_in_a_recipe, list_of_a_recipe, tree_of_a_recipe, template_of_the_letter),
        *(template_of_commits, option_cc, option_cc_list, option_to, option_preview_to, message_of_a_tag),
        title_above_an_umbrella,
    )
} | {
    f"config-{key}": configured(key)
    for key in (
        *("user.name", "user.email", "sendemail.from", "b4.send-prefixes", "b4.send-series-to", "b4.send-series-cc"),
        *("b4.email-exclude", "format.subjectPrefix", "format.from", "format.headers", "format.signature"),
    )
}
HEADERS = {
    *("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "mime-version"),
    *("content-type", "content-transfer-encoding", "x-mailer", "x-b4-tracking", "x-change-id"),
}


def check(data: bytes) -> None:
    """The message has the headers of a patch, each once, for programs that read them as is done now, and was once."""
    check_headers(data, "test")
    new, old = message_from_bytes(data, policy=policy.default), message_from_bytes(data)
    assert isinstance(new, EmailMessage)
    for message in (new, old):
        assert {name.lower() for name in message} <= HEADERS
        assert len({name.lower() for name in message}) == len(message)
    for name, value in new.items():
        assert one_line(str(value)) == " ".join(str(value).split()), name
    for line in data.partition(b"\n\n")[0].split(b"\n"):
        assert line.strip()
        assert b"\r" not in line


def check_people(message: Built) -> None:
    """It goes to those who were shown, and is from one sender."""
    parsed = message_from_bytes(message.data, policy=policy.default)
    for header, people in (("From", None), ("To", message.to), ("Cc", message.cc)):
        found = [address for _, address in getaddresses([str(value) for value in parsed.get_all(header, [])])]
        assert len(found) == 1 if people is None else found == [person.address for person in people]


@pytest.mark.parametrize(
    ("way", "value"),
    [(way, value) for way in WAYS for value in (CONFIGURED if way.startswith("config-") else VALUES)],
)
def test_no_header_gets_in(tree: Path, way: str, value: str) -> None:
    with contextlib.suppress(CredseriesError, *NOT_TAKEN[value]):
        for message in built(tree, WAYS[way](tree, VALUES[value])):
            check(message.data)
            check_people(message)


@pytest.mark.parametrize("way", [way for way in WAYS if not way.startswith(NO_TEXT)])
def test_every_way_leads_into_the_messages(tree: Path, way: str) -> None:
    """Else the test above would hold for nothing."""
    messages = built(tree, WAYS[way](tree, HARMLESS))
    parsed = [message_from_bytes(message.data, policy=policy.default) for message in messages]
    texts = [str(value) for message in parsed for value in message.values()]
    assert any(HARMLESS in text for text in (*texts, *(message.data.decode() for message in messages)))


# -- the last look

FINE = b"From: a@b.org\nTo: c@d.org,\n e@f.org\nSubject: x\nDate: now\nMessage-Id: <a@b>\n\nbody\nBcc: x@y.org\n"


def test_a_message_that_is_right_is_left_alone() -> None:
    check_headers(FINE, "x")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b"Date: now", b"Date: now\nBcc: e@e.org", "'bcc' that nobody asked for"),
        (b"Date: now", b"Date: now\nX-Evil: 1", "'x-evil'"),
        (b"Date: now", b"Date: now\nFROM: e@e.org", "'from' twice"),
        (b"Date: now\n", b"", "no header 'date'"),
        (b"Date: now", b"Date: now\nno header", "a line of its headers is none"),
        (b"Date: now", b"Date : now", "a line of its headers is none"),
        (b"Date: now", b"Date: now\n \n x", "goes on with an empty line"),
        (b"Subject: x", b"Subject: x\rBcc: e@e.org", "control characters"),
        (b"Subject: x", b"Subject: x\x00", "control characters"),
        (b"Subject: x", b"Subject: \xc3\xa9", "not encoded"),
        (b"From: a@b.org", b" From: a@b.org", "a line of its headers is none"),
    ],
    ids=["bcc", "x", "twice", "missing", "none", "space", "empty-fold", "cr", "nul", "raw", "first-folded"],
)
def test_a_message_with_other_headers_is_not_made(old: bytes, new: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        check_headers(FINE.replace(old, new, 1), "x")


@pytest.mark.parametrize("identifier", ["a@b", "<a>", "<a@b", "<a b@c>", "<a@b>\nBcc: e@e.org", "<a@b>x", "<é@b>", ""])
def test_a_message_id_that_nobody_could_name_is_refused(identifier: str) -> None:
    with pytest.raises(UsageError, match="Message-Id"):
        check_identifier(identifier, "x")


@given(st.lists(st.sampled_from([b"From: a@b", b"Bcc: x@y", b" folded", b"", b"\r", b"X: 1", b"To: a@b"]), max_size=8))
def test_whatever_passes_has_only_headers_that_are_known_once_each(lines: Sequence[bytes]) -> None:
    data = b"\n".join([b"Subject: x", b"Date: now", b"Message-Id: <a@b>", *lines]) + b"\n\nbody\n"
    try:
        check_headers(data, "x")
    except UsageError:
        return
    check(data)
