"""Pre-flight of what people read: patches' messages, the letter and its numbers, mails, and what a person overrides."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from credseries.cli.preflight import Outgoing
from credseries.cli.preflight.standing import letter_of
from credseries.errors import NotReady, UsageError
from credseries.kernel.git import Repository
from credseries.mail.message import Address
from credseries.mail.preflight.letter import Letter, cover_check, numbers_check
from credseries.mail.preflight.messages import recipients_check, size_check
from credseries.mail.preflight.model import NAMES, Check, Override, joined, overridden, require_known
from credseries.mail.preflight.patches import PatchText, Sender, body_check, order_check, signed_check
from credseries.mail.recipients import Concern, Note
from credseries.series import saved
from credseries.series.model import Measured
from tests.clicase import credseries
from tests.preflightcase import BRANCH, Edit, as_split, changed, checks, rewrite, said


@pytest.fixture
def tree(split_miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default series, split; what people do to it is of today."""
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    return Path(shutil.copytree(split_miniature, tmp_path / "linux", symlinks=True))


@pytest.fixture
def series(split_miniature: Path) -> Outgoing:
    """The series as it would go out, to look at."""
    return as_split(split_miniature)


# -- the patches

AUTHOR = "demo@example.org"
SIGNED = f"Signed-off-by: Demo <{AUTHOR}>"


def patch(message: str, author: str = AUTHOR) -> PatchText:
    return PatchText(3, message, author)


@pytest.mark.parametrize("mark", ["fixup", "squash", "amend"])
def test_a_fixup_is_no_patch_of_its_own(mark: str) -> None:
    check = order_check([patch(f"{mark}! fs: Do a thing\n\nWhy.\n")], [], [3])
    said(check, "order", f"patch 3 ({mark}! fs: Do a thing) is to become part of another")


def test_a_patch_and_its_message_go_together() -> None:
    said(order_check([patch("fs: Do a thing\n")], [], []), "order", "patch 3 (fs: Do a thing) has no message")
    said(order_check([patch("fs: Do a thing\n")], [], [3, 4]), "order", "message 4 is of no patch of the series")
    assert order_check([patch("fs: Do a thing\n")], [], [3]).state == "pass"


@pytest.mark.parametrize("text", ["fs: Do a thing\n", f"fs: Do a thing\n\n{SIGNED}\n", "fs: Do a thing\n\n  \n"])
def test_a_patch_that_does_not_say_why_is_kept_here(text: str) -> None:
    said(body_check([patch(text)]), "body", "patch 3 (fs: Do a thing) does not say why")
    assert body_check([patch(f"fs: Do a thing\n\nIt was not done.\n\n{SIGNED}\n")]).state == "pass"


@pytest.mark.parametrize(
    ("signed", "words"),
    [
        ("", "not signed off by anybody"),
        ("Signed-off-by: Else <else@example.org>", f"by its author, {AUTHOR}"),
        (f"Reviewed-by: Demo <{AUTHOR}>", "not signed off by anybody"),
    ],
)
def test_who_writes_signs_off(signed: str, words: str) -> None:
    check = signed_check([patch(f"fs: Do a thing\n\nWhy.\n\n{signed}\n")], Sender(AUTHOR, AUTHOR))
    said(check, "signed-off", "patch 3 (fs: Do a thing) is ", words)


def test_who_sends_signs_off_too() -> None:
    text = "fs: Do a thing\n\nWhy.\n\nSigned-off-by: Else <ELSE@example.org>\n"
    check = signed_check([patch(text, "else@example.org")], Sender(AUTHOR, AUTHOR))
    said(check, "signed-off", f"not signed off by who sends it, {AUTHOR}")
    assert signed_check([patch(f"{text}{SIGNED}\n", "else@example.org")], Sender(AUTHOR, AUTHOR)).state == "pass"


# -- the letter


def letter(tree: Path, edit: Edit) -> Letter:
    """The series' letter, edited on the branch."""
    rewrite(tree, letter=edit)
    return letter_of(saved.current(Repository.discover(tree), BRANCH), ())


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda text: text.replace("Hi,", "EDITME: say hello"), "line 3 is still to be written: EDITME: say hello"),
        (
            lambda text: f"{text}\n\n---\nChanges in v1:\n- EDITME: describe",
            "is still to be written: - EDITME: describe",
        ),
        (lambda text: f"EDITME: cover title for creds\n\n{text}", "line 1 is still to be written"),
        (lambda text: text.replace("Hi,", "Describe the purpose of this series. The information"), "line 3 is still"),
        (lambda text: text.split("\n")[0], "it says nothing besides its subject"),
        (lambda text: f"{text.split(chr(10))[0]}\n\nCc: a@example.org", "it says nothing besides its subject"),
        (lambda text: "\n".join(text.split("\n\n", 1)), "it has no subject"),
    ],
    ids=["a mark", "a changelog", "a title", "b4's words", "a subject", "trailers", "no blank line"],
)
def test_a_letter_that_is_not_written_is_kept_here(tree: Path, edit: Edit, words: str) -> None:
    said(cover_check(letter(tree, edit)), "cover", words)


def test_a_mark_in_a_comment_is_not_mailed(tree: Path) -> None:
    found = letter(tree, lambda text: text.replace("Hi,", "# EDITME no more\nHi,"))
    assert cover_check(found).state == "pass"
    assert checks(tree)["cover"].state == "pass"


def test_a_mark_that_only_the_mail_has_is_found(series: Outgoing) -> None:
    mailed = series.messages[0].data.replace(b"Hi,", b"EDITME")
    said(cover_check(Letter("a: Title\n\nText.", "", mailed)), "cover", "EDITME is left in what would be mailed")


GOOD = "stress-ng on a machine with 128 cores, 10 runs: 12% faster"
NUMBERS = [
    (GOOD, ()),
    ("12% faster", ("the workload", "the machine", "the number of runs")),
    ("fio is 12% faster on 10 runs", ("the machine",)),
    ("a Xeon with 2 sockets does fio 1.5x as fast", ("the number of runs",)),
    ("10 runs on an EPYC server: 120k ops/s", ("the workload",)),
    ("some workloads are 12% faster in 10 runs on an EPYC server", ("the workload",)),
    ("Workload: faccessat() in a loop; 12% faster in ten runs on an EPYC server", ()),
]


@pytest.mark.parametrize(("text", "missing"), NUMBERS)
@pytest.mark.parametrize("way", ["given", "by hand"])
def test_numbers_stand_with_workload_machine_and_runs(
    tree: Path, series: Outgoing, text: str, missing: tuple[str, ...], way: str
) -> None:
    if way == "given":
        words = letter_of(saved.current(Repository.discover(tree), BRANCH), ())
        check = numbers_check(words, series.record.measured, text)
    else:
        words = letter(tree, lambda old: old.replace("Hi,", f"Hi,\n\n{text}"))
        check = numbers_check(words, series.record.measured, "")
    if missing:
        said(check, "numbers", text, *missing)
        assert len(check.detail.split("\n")) == len(missing)
        assert "only words were looked for" in check.detail
    else:
        assert check.state == "pass"
        assert "only a person can tell" in check.detail


def test_numbers_are_judged_as_they_were_given(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "numbers").write_text("12% faster")
    assert credseries("cover", "--numbers", tmp_path / "numbers", cwd=tree).status == 0
    said(checks(tree)["numbers"], "numbers", "12% faster", "the workload", "the machine", "the number of runs")
    (tmp_path / "numbers").write_text(GOOD)
    assert credseries("cover", "--numbers", tmp_path / "numbers", cwd=tree).status == 0
    assert checks(tree)["numbers"].state == "pass"


def test_numbers_of_records_are_judged_by_the_records(tree: Path) -> None:
    words = letter(tree, lambda old: old.replace("Hi,", "Hi,\n\n  faccessat  12%"))
    measured = Measured("faccessat  12%", ("faccessat",), ("faccessat: nobody said what the workload was.",))
    said(numbers_check(words, measured, ""), "numbers", "nobody said what the workload was")
    check = numbers_check(words, replace(measured, incomplete=()), "")
    assert (check.state, check.detail) == ("pass", "from the benchmark records of faccessat")
    said(numbers_check(words, Measured("", (), ()), ""), "numbers", "faccessat  12%")


# -- the messages


def test_a_message_that_nobody_gets_is_kept_here(series: Outgoing) -> None:
    said(recipients_check(changed(series, 2, to=(), cc=()).messages, ()), "recipients", "nobody gets patch 2 (")
    said(recipients_check(changed(series, 0, to=(), cc=()).messages, ()), "recipients", "nobody gets the letter (")
    only = changed(series, 2, to=(Address("", "list@example.org", ("asked",)),), cc=())
    assert recipients_check(only.messages, ()).state == "pass"


@pytest.mark.parametrize(
    ("concern", "state"),
    [
        (Concern.REFUSED, "fail"),
        (Concern.GONE, "fail"),
        (Concern.MODERATED, "pass"),
        (Concern.ORPHANED, "pass"),
    ],
)
def test_an_address_that_mail_came_back_from_is_said(series: Outgoing, concern: Concern, state: str) -> None:
    note = Note(concern, "mail to x@example.org: 550 no such user", "x@example.org")
    check = recipients_check(series.messages, [note])
    assert check.state == state
    assert ("550 no such user" in check.detail) == (state == "fail")


HEAD = b"From: a@example.org\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
EIGHT = HEAD + b"Content-Transfer-Encoding: 8bit\n\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (EIGHT.ljust(100_001, b"\n"), "has 100001 characters, and lists take 100000"),
        (EIGHT + b"x" * 998 + b"\n" + b"x" * 999 + b"\n", "has 1 line of more than 998 octets, the first is line 7"),
        (EIGHT + b"caf\xe9\n", "is not UTF-8: line 6, byte 0xe9"),
        (EIGHT + b"a\0b\n", "has a NUL in it"),
        (EIGHT + b"a\r\n", "has a carriage return in it, line 6"),
        (HEAD + b"\ncaf\xc3\xa9\n", "does not say that it is 8bit"),
        (b"From: a@example.org\nContent-Transfer-Encoding: 8bit\n\ncaf\xc3\xa9\n", "does not say that it is UTF-8"),
        (b"From: caf\xc3\xa9@example.org\n\na\n", "has a header that is not ASCII"),
    ],
    ids=["size", "line", "latin-1", "NUL", "CR", "no encoding", "no charset", "header"],
)
def test_what_servers_and_lists_do_not_take_is_kept_here(series: Outgoing, data: bytes, words: str) -> None:
    check = said(size_check(changed(series, 3, data=data).messages), "size", "patch 3 ", words)
    assert ("smaller patches" in check.hint) == ("characters" in words)


def test_what_they_do_take_goes_out(series: Outgoing) -> None:
    long = b"x" * 998 + b"\ncaf\xc3\xa9\n"
    fine = EIGHT + long + b"\n" * (100_000 - len((EIGHT + long).decode()))
    assert size_check(changed(series, 3, data=fine).messages).state == "pass"


# -- what a person decides


FAILED = Check("cover", "fail", "line 3 is still to be written", "`b4 prep --edit-cover`")
OTHER = Check("proof", "fail", "patch 1 (a): b\npatch 2 (c): d", "`credseries checklist`")
PASSED = Check("size", "pass", "7 messages")


def test_a_failure_keeps_everything_here() -> None:
    with pytest.raises(NotReady) as caught:
        overridden([FAILED, PASSED, OTHER], ["cover"])
    assert "1 check failed" in caught.value.message
    assert "proof: patch 1 (a): b\n    patch 2 (c): d" in caught.value.message
    assert "cover" not in caught.value.message
    assert "--override proof" in caught.value.hint
    assert caught.value.exit_status == 1


def test_what_is_overridden_by_name_is_given_to_be_recorded() -> None:
    found = overridden([FAILED, PASSED, OTHER], ["proof", "cover", "size"])
    assert found == (Override("cover", FAILED.detail), Override("proof", OTHER.detail))
    assert overridden([PASSED], []) == ()


@pytest.mark.parametrize("name", NAMES)
def test_one_override_is_for_one_check(name: str) -> None:
    failures = [Check(each, "fail", f"{each} is wrong", "mend it") for each in NAMES]
    with pytest.raises(NotReady) as caught:
        overridden(failures, [name])
    assert f"{name} is wrong" not in caught.value.message
    left = [each for each in NAMES if each != name]
    assert all(f"{each}: {each} is wrong" in caught.value.message for each in left)
    assert caught.value.hint.endswith(" ".join(f"--override {each}" for each in left))


def test_a_check_that_there_is_not_is_said() -> None:
    with pytest.raises(UsageError, match=r"there is no check 'signed_off' \(did you mean signed-off\?\)") as caught:
        require_known(["cover", "signed_off"])
    assert all(name in caught.value.hint for name in NAMES)
    with pytest.raises(UsageError):
        overridden([PASSED], ["everything"])


def test_of_several_the_worst_is_told() -> None:
    parts = [
        ("a", [FAILED, PASSED]),
        ("b", [replace(FAILED, state="pass", detail="fine"), replace(PASSED, state="skip")]),
    ]
    cover, size = joined(parts)
    assert cover == Check("cover", "fail", "a: line 3 is still to be written", FAILED.hint)
    assert size == Check("size", "pass", "a: 7 messages")


def test_mail_from_another_address_than_commits_is_said() -> None:
    text = patch(f"fs: Do a thing\n\nWhy.\n\n{SIGNED}\nSigned-off-by: D <other@example.org>\n")
    check = signed_check([text], Sender("other@example.org", AUTHOR, "other@example.org"))
    said(check, "signed-off", "mail goes out from other@example.org (sendemail.from), and commits are by")
    assert signed_check([text], Sender(AUTHOR, AUTHOR, AUTHOR.title())).state == "pass"
