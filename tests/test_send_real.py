"""`credseries send` as a person runs it: nothing goes out unasked, all of it once, and what became of it is said."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.mail.outbox.stored import StoredOutbox
from credseries.series import saved
from tests.clicase import COMMAND, Ran, credseries
from tests.gitrepo import git
from tests.sendcase import BRANCH, CC, SEND, SendCase, finish, on_a_terminal
from tests.smtpserver import Fault, Manner, Point, SmtpServer

MESSAGES = 7


@pytest.fixture
def case(split_miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SendCase:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)  # b4 finds a cover letter that is younger than a year
    return SendCase(Path(shutil.copytree(split_miniature, tmp_path / "linux", symlinks=True)), tmp_path)


@contextmanager
def serving(case: SendCase, *faults: Fault | None, manner: Manner | None = None) -> Iterator[SmtpServer]:
    with SmtpServer(faults, manner) as server:
        case.goes_to(server)
        yield server


def failed(ran: Ran, status: int, *words: str) -> None:
    assert ran.status == status, ran
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err, ran.err


def state(case: SendCase) -> tuple[str, str]:
    return git(case.tree, "for-each-ref"), git(case.tree, "status", "--porcelain")


# -- it goes out


def test_a_series_is_shown_sent_and_marked(case: SendCase) -> None:
    head = git(case.tree, "rev-parse", BRANCH).strip()
    with serving(case) as server:
        ran = case.run(*SEND, "--yes")
        assert ran.status == 0, ran.err
    assert ran.err == ""
    assert "0  [PATCH RFC 0/6] overlayfs: Optimize override/revert creds" in ran.out
    assert "1  [PATCH RFC 1/6]" in ran.out
    assert "bytes), a reply to 0\n" in ran.out
    assert "Cc: linux-fsdevel@vger.kernel.org  (list of the topic helpers; --cc fsdevel" in ran.out
    assert "12 checks: " in ran.out
    assert f"sent through 127.0.0.1:{server.port}" in ran.out
    [tag] = case.tag()
    assert f"v1 of {BRANCH} is tagged {tag}; {BRANCH} is v2 now" in ran.out
    assert case.tree_of(tag) == case.tree_of(head)
    assert (case.version(), case.outboxes()) == (2, [])
    assert len(server.arrived) == MESSAGES
    assert len(server.sessions) == 1
    assert all(CC in mail.recipients for mail in server.arrived)
    assert "sent v1 on" in case.run("status").out


def test_what_is_sent_is_what_was_shown(case: SendCase) -> None:
    with serving(case) as server:
        ran = case.run(*SEND, "--yes", "--json")
        assert ran.status == 0, ran.err
    found = json.loads(ran.out)
    for shown, mail in zip(found["messages"], server.arrived, strict=True):
        parsed = message_from_bytes(mail.data, policy=policy.default)
        assert shown["message_id"] == mail.message_id.strip("<>")
        assert shown["size"] == len(mail.data)
        assert shown["subject"] == " ".join(str(parsed["Subject"]).split())
        assert tuple(shown["recipients"]) == mail.recipients
        assert [person["address"] for person in (*shown["to"], *shown["cc"])] == list(mail.recipients)


def test_the_contract(case: SendCase) -> None:
    keys = ["schema", "key", "state", "sender", "route", "signed", "created", "series", "messages", "checks"]
    keys += ["overridden", "marked"]
    dry = json.loads(case.run(*SEND, "--dry-run", "--json").out)
    with serving(case):
        sent = json.loads(case.run(*SEND, "--override", "verify", "--yes", "--json").out)
    for found in (dry, sent):
        assert list(found) == keys
        assert found["schema"] == 1
        assert [list(item) for item in found["series"]] == [["branch", "change_id", "revision", "tip", "generated"]]
        assert len(found["messages"]) == MESSAGES
        for message in found["messages"]:
            assert list(message) == [
                *("number", "series", "patch", "commit", "subject", "message_id", "in_reply_to", "size", "to", "cc"),
                *("recipients", "fate", "when", "answer", "refused"),
            ]
        assert [list(check) for check in found["checks"]] == [["name", "state", "detail", "hint"]] * 12
    assert {message["fate"] for message in dry["messages"]} == {"waiting"}
    assert {message["fate"] for message in sent["messages"]} == {"sent"}
    assert (dry["state"], sent["state"]) == ("open", "sent")
    [marked] = sent["marked"]
    assert list(marked) == ["branch", "version", "tag", "now", "changed", "note"]
    assert (marked["version"], marked["now"]) == (1, 2)


def test_the_next_version_is_another_send(case: SendCase) -> None:
    with serving(case) as server:
        assert case.run(*SEND, "--yes").status == 0
        failed(case.run(*SEND, "--yes"), 1, "nothing has changed since v1")
        assert case.run("reroll", "--because", "0=Said better.").status == 0
        ran = case.run(*SEND, "--override", "numbers", "--yes")
        assert ran.status == 0, ran.err
    assert len(server.arrived) == 2 * MESSAGES
    assert len(set(server.message_ids())) == 2 * MESSAGES
    assert " v2 " in str(message_from_bytes(server.arrived[-1].data)["Subject"])
    assert case.version() == 3


# -- nothing goes out unasked


def test_without_a_terminal_somebody_has_to_have_said_so(case: SendCase) -> None:
    before = state(case)
    with serving(case) as server:
        failed(case.run(*SEND), 2, "no terminal to ask at", "--yes")
        failed(case.run(*SEND, "--reflect"), 2, "no terminal to ask at")
    assert server.sessions == []
    assert state(case) == before
    assert case.outboxes() == []


@pytest.mark.parametrize("typed", ["\n", "no\n", "n\n", "sen\n", "\x04"], ids=["enter", "no", "n", "half", "end"])
def test_at_a_terminal_it_is_asked_and_anything_but_yes_is_no(case: SendCase, typed: str) -> None:
    before = state(case)
    with serving(case) as server:
        ended = on_a_terminal(SEND, case.tree, typed)
    assert ended.status == 1, ended.text
    assert f"7 messages to 11 addresses, through 127.0.0.1:{server.port}" in ended.text
    assert "nothing was sent" in ended.text
    assert server.sessions == []
    assert (state(case), case.outboxes()) == (before, [])


@pytest.mark.parametrize("typed", ["send\n", "yes\n"], ids=["send", "yes"])
def test_at_a_terminal_it_goes_when_somebody_says_so(case: SendCase, typed: str) -> None:
    with serving(case) as server:
        ended = on_a_terminal(SEND, case.tree, typed)
    assert ended.status == 0, ended.text
    assert "[send/N]" in ended.text
    assert "/7" in ended.text  # how far it was, as it went
    assert len(server.arrived) == MESSAGES


def test_a_series_that_fails_a_check_stays_here(case: SendCase) -> None:
    before = state(case)
    with serving(case) as server:
        ran = case.run("send", "--cc", "fsdevel", "--yes")
        failed(ran, 1, "verify: ", "--override verify", "credseries verify")
        assert server.sessions == []
        assert (state(case), case.outboxes()) == (before, [])
        failed(case.run("send", "--override", "verfiy", "--yes"), 2, "no check 'verfiy'", "verify")
        ran = case.run("send", "--cc", "fsdevel", "--override", "verify", "--yes")
        assert ran.status == 0, ran.err
    assert "verify overridden" in ran.out
    with saved.opened(Repository.discover(case.tree)) as store:
        [key] = store.keys("outbox")
        outbox = StoredOutbox(store).load(key)
    assert outbox is not None
    assert [(item.name, "not verified" in item.detail) for item in outbox.overridden] == [("verify", True)]


def test_without_a_way_out_nothing_is_kept(case: SendCase) -> None:
    ran = case.run(*SEND, "--yes")
    assert ran.status in (2, 4), ran
    assert "sendemail" in ran.err
    assert case.outboxes() == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--resume", "--abandon"], ["--resume and --abandon do not go together"]),
        (["--reflect", "--preview-to", "a@b.org"], ["--reflect and --preview-to"]),
        (["--reflect", "--output-dir", "out"], ["--reflect and --output-dir"]),
        (["--resume", "--to-mbox", "out"], ["--resume and --to-mbox"]),
        (["--resume", "--cc", "fsdevel"], ["--cc does not go with --resume"]),
        (["--resume", "--override", "proof"], ["--override does not go with --resume"]),
        (["--resume", "--umbrella"], ["--umbrella does not go with --resume"]),
        (["--abandon", "--to", "a@b.org"], ["--to does not go with --abandon"]),
        (["--abandon", "--seen", "box"], ["--seen does not go with --abandon"]),
        (["--abandon", "--dry-run"], ["--dry-run does not go with --abandon"]),
        (["--umbrella", "--resend", "v1"], ["--umbrella and --resend"]),
        (["--seen", "box"], ["--seen says what became", "--resume"]),
        (["--arrived", "3"], ["--arrived says what became", "--resume"]),
        (["--again", "3", "--dry-run"], ["--again says what became", "--resume"]),
        (["--resume"], ["nothing is on its way"]),
        (["--abandon"], ["nothing is on its way"]),
        (["--resume", "--branch", BRANCH], [f"nothing of {BRANCH} is on its way"]),
        (["--resend", "v1"], ["'v1' is no version"]),
        (["--resend", ""], ["'' is no version"]),
        (["--require", "everything"], ["--require: there is no level 'everything'"]),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, list) else value,
)
def test_options_that_cannot_be_are_errors(case: SendCase, options: list[str], words: list[str]) -> None:
    failed(case.run("send", "--yes", *options), 2, *words)


# -- what breaks off


def test_a_server_that_refuses_a_message_keeps_back_those_after_it(case: SendCase) -> None:
    with serving(case, None, None, Fault(Point.END, "554 5.7.1 no")) as server:
        ran = case.run(*SEND, "--yes")
        failed(ran, 4, "message 2 (", "554", "4 messages after it are kept back", "2 of 7 are out", "--resume")
        assert case.tag() == []
        assert f"not all sent: 2 of 7 messages of v1 of {BRANCH} are out" in case.run("status").out
        [series] = json.loads(case.run("status", "--json").out)["series"]
        box = series["outbox"]
        assert (box["version"], box["messages"], box["sent"], box["refused"], box["waiting"]) == (1, 7, 2, 1, 4)
        failed(case.run(*SEND, "--yes"), 2, "2 of 7 messages of v1", "credseries send --resume", "--abandon")
        failed(case.run("send", "--resume"), 2, "no terminal to ask at")
        ran = case.run("send", "--resume", "--yes")
        assert ran.status == 0, ran.err
    assert f"2 of 7 messages of v1 of {BRANCH} are out" in ran.out
    assert len(server.arrived) == len(set(server.message_ids())) == MESSAGES
    assert case.version() == 2
    [series] = json.loads(case.run("status", "--json").out)["series"]
    assert series["outbox"] is None


def test_when_nobody_knows_its_author_is_asked(case: SendCase) -> None:
    lost = Fault(Point.END, taken=True), Fault(Point.END)
    with serving(case, None, lost[0], None, lost[1]) as server:
        failed(case.run(*SEND, "--yes"), 4, "nobody knows whether 1 message arrived", "--seen MAILBOX", "--arrived 1")
        failed(case.run("send", "--resume", "--yes"), 4, "nobody knows whether 1 message arrived")
        looked = case.run("send", "--resume", "--dry-run")
        assert looked.status == 0
        assert "1  unknown" in looked.out
        assert len(server.arrived) == 2
        failed(case.run("send", "--resume", "--yes", "--seen", case.collected(server)), 4, "--again 3")
        assert len(server.arrived) == 3
        unhelpful = case.run("send", "--resume", "--yes", "--seen", case.collected(server))
        failed(unhelpful, 4, "nobody knows whether 1 message arrived")
        assert "3 of 7 messages found in" in unhelpful.out
        failed(case.run("send", "--resume", "--yes", "--again", "0"), 2, "message 0 is out already")
        failed(case.run("send", "--resume", "--yes", "--again", "9"), 2, "no message 9", "0 to 6")
        ran = case.run("send", "--resume", "--yes", "--again", "3")
        assert ran.status == 0, ran.err
    assert len(server.arrived) == len(set(server.message_ids())) == MESSAGES


def test_its_author_may_say_that_it_arrived(case: SendCase) -> None:
    with serving(case, Fault(Point.END, taken=True)) as server:
        failed(case.run(*SEND, "--yes"), 4, "nobody knows")
        ran = case.run("send", "--resume", "--yes", "--arrived", "0", "--json")
        assert ran.status == 0, ran.err
    assert json.loads(ran.out)["messages"][0]["answer"] == "it arrived, its author says"
    assert len(server.arrived) == len(set(server.message_ids())) == MESSAGES


def test_a_dry_run_of_what_goes_on_writes_nothing_down(case: SendCase) -> None:
    with serving(case, Fault(Point.END)) as server:
        failed(case.run(*SEND, "--yes"), 4, "nobody knows")
        ran = case.run("send", "--resume", "--dry-run", "--again", "0")
        assert "0  waiting" in ran.out
        assert "0  unknown" in case.run("send", "--resume", "--dry-run").out
    assert server.arrived == []


def test_what_was_given_up_is_known_and_the_version_may_be_sent_anew(case: SendCase) -> None:
    with serving(case, None, Fault(Point.DATA, "554 no")) as server:
        failed(case.run(*SEND, "--yes"), 4, "1 of 7 are out")
        failed(case.run("send", "--abandon"), 2, "no terminal")
        ended = on_a_terminal(["send", "--abandon"], case.tree, "\n")
        assert (ended.status, "nothing was given up" in ended.text) == (1, True)
        assert len(case.outboxes()) == 1
        ran = case.run("send", "--abandon", "--yes")
        assert ran.status == 0, ran.err
        assert "given up: 1 of 7 messages" in ran.out
        assert case.outboxes() == []
        failed(case.run(*SEND, "--yes"), 1, "v1 is partly out", "given up with 1 of 7", "--override sent")
        ran = case.run(*SEND, "--override", "sent", "--yes")
        assert ran.status == 0, ran.err
    assert len(server.arrived) == 1 + MESSAGES
    assert case.version() == 2


def test_a_server_that_is_not_there_leaves_all_of_it_to_be_sent(case: SendCase) -> None:
    with serving(case) as server:
        gone = server.settings
    failed(case.run(*SEND, "--yes"), 4, gone["sendemail.smtpServerPort"], "0 of 7 are out", "--resume")
    [box] = case.outboxes()
    assert not box.begun
    with serving(case) as server:
        ran = case.run("send", "--resume", "--yes")
        assert ran.status == 0, ran.err
    assert [mail.data for mail in server.arrived] == [entry.message.data for entry in box.entries]


def by_hand(case: SendCase) -> None:
    """The series is changed on its branch."""
    git(case.tree, "checkout", "--quiet", BRANCH)
    path = case.tree / "fs/open.c"
    path.write_text(path.read_text() + "\n/* by hand */\n")
    git(case.tree, "commit", "--quiet", "--all", "--signoff", "-m", "fs: Leave a comment\n\nIt is needed.")
    git(case.tree, "checkout", "--quiet", "master")


def test_when_the_branch_has_changed_what_is_half_out_goes_on_as_it_was_built(case: SendCase) -> None:
    tree = case.tree_of(BRANCH)
    with serving(case, None, Fault(Point.DATA, "554 no")) as server:
        failed(case.run(*SEND, "--yes"), 4, "1 of 7 are out")
        by_hand(case)
        ran = case.run("send", "--resume", "--yes")
        assert ran.status == 0, ran.err
    assert f"{BRANCH} has changed since; what goes out is v1 as it was" in ran.out
    assert f"{BRANCH} has changed since its messages were built; the tag is of what was sent" in ran.out
    assert case.applied(case.collected(server), "master") == tree
    assert case.tree_of(case.tag()[0]) == tree
    assert "by hand" in git(case.tree, "show", f"{BRANCH}:fs/open.c")


def test_when_the_branch_has_changed_and_nothing_is_out_it_is_built_anew(case: SendCase) -> None:
    with serving(case):
        pass
    failed(case.run(*SEND, "--yes"), 4, "0 of 7 are out")
    [box] = case.outboxes()
    by_hand(case)
    with serving(case) as server:
        failed(case.run("send", "--resume", "--yes"), 2, "has changed since its messages were built", "anew")
        assert server.sessions == []
        checks = [part for name in ("proof", "signed-off", "body") for part in ("--override", name)]
        ran = case.run(*SEND, *checks, "--yes")
        assert ran.status == 0, ran.err
    assert len(server.arrived) == MESSAGES + 1
    assert not {entry.message_id for entry in box.entries} & set(server.message_ids())
    assert case.outboxes() == []


def test_a_branch_that_is_gone_is_no_reason_not_to_go_on(case: SendCase) -> None:
    with serving(case, None, Fault(Point.DATA, "554 no")) as server:
        failed(case.run(*SEND, "--yes"), 4, "1 of 7 are out")
        git(case.tree, "branch", "--quiet", "-D", BRANCH)
        assert f"not all sent: 1 of 7 messages of v1 of {BRANCH} is out" in case.run("status").out
        ran = case.run("send", "--resume", "--yes")
        assert ran.status == 0, ran.err
    assert "what was sent is tagged" in ran.out
    assert len(server.arrived) == MESSAGES


def test_when_all_is_out_and_only_the_mark_fails_that_is_said_and_made_up_for(case: SendCase) -> None:
    lock = case.tree / f".git/refs/heads/{BRANCH}.lock"
    lock.touch()  # somebody else is just moving the branch
    with serving(case) as server:
        failed(case.run(*SEND, "--yes"), 4, "7 of 7 messages of v1", "`credseries send --resume` marks it as sent")
        failed(case.run(*SEND, "--yes"), 2, "7 of 7 messages of v1", "--resume")
        lock.unlink()
        ran = case.run("send", "--resume", "--yes")
        assert ran.status == 0, ran.err
    assert len(server.arrived) == MESSAGES
    assert (len(case.tag()), case.version(), case.outboxes()) == (1, 2, [])


def test_recipients_that_the_server_refuses_are_said(case: SendCase) -> None:
    manner = Manner(refuse={"torl@example.org": "550 5.1.1 no such user"})
    with serving(case, manner=manner) as server:
        ran = case.run(*SEND, "--yes")
        assert ran.status == 0, ran.err
    assert "torl@example.org did not get 0, 1, 2, 3" in ran.out
    assert "550" in ran.out
    assert len(server.arrived) == MESSAGES
    assert all("torl@example.org" not in mail.recipients for mail in server.arrived)
    assert "torl@example.org" in case.run("recipients").out.partition("refused")[0]


def test_an_umbrella_goes_on_with_all_of_its_series_and_none_of_them_alone(
    miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    case = SendCase(miniature, tmp_path)
    assert case.run("split", "--threads", "tree").status == 0
    with serving(case, *[None] * 5, Fault(Point.MAIL, "554 no")) as server:
        failed(case.run(*SEND, "--umbrella", "--yes"), 4, "message 5 (", "5 of 9 are out")
        for branch in ("creds-rfc-vfs", "creds-rfc-overlayfs"):
            failed(case.run(*SEND, "--branch", branch, "--yes"), 2, "5 of 9 messages", f"--resume --branch {branch}")
        boxes = [item["outbox"] for item in json.loads(case.run("status", "--json").out)["series"]]
        assert [box["sent"] for box in boxes] == [5, 5]
        assert case.tag() == []
        ran = case.run("send", "--resume", "--branch", "creds-rfc-overlayfs", "--yes")
        assert ran.status == 0, ran.err
    assert len(server.arrived) == len(set(server.message_ids())) == 9
    assert len(case.tag()) == 2


# -- one at a time, interrupted, killed


@contextmanager
def at_work(case: SendCase, server: SmtpServer, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A send that waits for a server which says nothing."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=case.tree, stdin=subprocess.DEVNULL, stdout=-1, stderr=-1, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], server: SmtpServer, command: str, times: int = 1) -> None:
    """Until the server has got a command that often."""
    while process.poll() is None:
        commands = [line for session in list(server.sessions) for line in list(session.commands)]
        if sum(line.startswith(command) for line in commands) >= times:
            return
        time.sleep(0.01)
    raise AssertionError(process.communicate())


def test_two_at_once_are_one(case: SendCase) -> None:
    with serving(case, Fault(Point.MAIL, silent=True)) as server, at_work(case, server, *SEND, "--yes") as process:
        wait_for(process, server, "MAIL")
        for arguments in (SEND, ("send", "--resume"), ("send", "--abandon")):
            failed(case.run(*arguments, "--yes"), 4, "another `credseries send` is at work", str(process.pid))
        assert case.run("status").status == 0
    assert len(case.outboxes()) == 1


def test_ctrl_c_says_how_far_it_has_come(case: SendCase) -> None:
    faults = None, None, Fault(Point.MAIL, silent=True)
    with serving(case, *faults) as server, at_work(case, server, *SEND, "--yes") as process:
        wait_for(process, server, "MAIL", 3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        assert process.returncode == 130
        assert f"2 of 7 messages of v1 of {BRANCH} are out; `credseries send --resume` goes on from there" in err
    with serving(case) as second:
        ran = case.run("send", "--resume", "--yes")
        assert ran.status == 0, ran.err
    assert len({*server.message_ids(), *second.message_ids()}) == len(server.arrived) + len(second.arrived) == MESSAGES


def test_ctrl_c_at_the_question_keeps_nothing(case: SendCase) -> None:
    with serving(case) as server:
        ended = on_a_terminal(SEND, case.tree, "\x03")
    assert ended.status in (130, -signal.SIGINT), ended.text
    assert server.sessions == []
    assert case.outboxes() == []


@pytest.mark.parametrize("number", [0, 3, 6], ids=str)
@pytest.mark.parametrize(
    ("point", "taken"),
    [*((point, False) for point in (Point.CONNECT, Point.MAIL, Point.DATA, Point.BODY, Point.END)), (Point.END, True)],
    ids=lambda value: str(value) if isinstance(value, Point) else ("taken" if value else "lost"),
)
def test_killed_in_the_middle_each_arrives_once(case: SendCase, point: Point, taken: bool, number: int) -> None:
    faults: list[Fault | None] = [None] * number
    faults.append(Fault(point, silent=True, taken=taken))
    with serving(case, *faults) as server:
        with at_work(case, server, *SEND, "--yes") as process:
            server.silent.wait()
            assert process.poll() is None
            os.kill(process.pid, signal.SIGKILL)
        finish(case, server, case.run)
        assert len(server.arrived) == len(set(server.message_ids())) == MESSAGES
        assert case.version() == 2


# -- asides


def test_to_oneself_it_comes_as_to_the_others_and_does_not_count(case: SendCase) -> None:
    before = state(case)
    with serving(case) as server:
        ran = case.run(*SEND, "--reflect", "--yes")
        assert ran.status == 0, ran.err
        again = case.run(*SEND, "--reflect", "--yes")
        assert again.status == 0, again.err
    assert "it does not count as sent" in ran.out
    assert len(server.arrived) == len(set(server.message_ids())) == 2 * MESSAGES
    assert {mail.recipients for mail in server.arrived} == {("demo@example.org",)}
    assert all(CC in str(message_from_bytes(mail.data)["Cc"]) for mail in server.arrived)
    assert (state(case), case.outboxes()) == (before, [])


def test_a_preview_is_for_those_who_are_named_and_says_what_it_is(case: SendCase) -> None:
    before = state(case)
    with serving(case) as server:
        ran = case.run("send", "--preview-to", "Amir <amir@example.org>", "--yes")
        assert ran.status == 0, ran.err
    assert {mail.recipients for mail in server.arrived} == {("amir@example.org",)}
    for mail in server.arrived:
        parsed = message_from_bytes(mail.data)
        assert "[PATCH PREVIEW RFC " in str(parsed["Subject"]) or "PREVIEW" in str(parsed["Subject"])
        assert (str(parsed["To"]), parsed["Cc"]) == ("Amir <amir@example.org>", None)
    assert (state(case), case.outboxes()) == (before, [])


def test_an_aside_that_breaks_off_is_just_done_again(case: SendCase) -> None:
    with serving(case, None, Fault(Point.END), Fault(Point.DATA, "554 no")):
        for _ in range(2):
            ran = case.run(*SEND, "--reflect", "--yes")
            failed(ran, 4, "not all of it was sent")
            assert "--resume" not in ran.err
    assert case.outboxes() == []


def test_a_version_that_was_sent_goes_out_once_more(case: SendCase) -> None:
    with serving(case) as server:
        assert case.run(*SEND, "--yes").status == 0
        by_hand(case)
        before = state(case)
        ran = case.run("send", "--cc", "fsdevel", "--resend", "v1", "--yes")
        failed(ran, 2, "v1 has 6 patches", "has 7")
        git(case.tree, "branch", "--quiet", "--force", BRANCH, f"{BRANCH}^")
        before = state(case)
        ran = case.run("send", "--cc", "fsdevel", "--resend", "latest", "--yes")
        assert ran.status == 0, ran.err
    assert state(case) == before
    assert len(server.arrived) == len(set(server.message_ids())) == 2 * MESSAGES
    assert all("RESEND" in str(message_from_bytes(mail.data)["Subject"]) for mail in server.arrived[MESSAGES:])
    server.arrived[:] = server.arrived[MESSAGES:]
    assert case.applied(case.collected(server), "master") == case.tree_of(case.tag()[0])


def test_what_is_written_to_files_is_threaded_and_not_sent(case: SendCase, tmp_path: Path) -> None:
    out, mbox = tmp_path / "out", tmp_path / "all.mbox"
    ran = case.run(*SEND, "--output-dir", out, "--to-mbox", mbox)
    assert ran.status == 0, ran.err
    assert f"7 messages written to {out}" in ran.out
    assert f"7 messages written to {mbox}" in ran.out
    assert case.applied(mbox, "master") == case.tree_of(BRANCH)
    assert sorted(path.read_bytes() for path in out.iterdir())
    assert case.outboxes() == []


def test_help_says_what_the_exit_statuses_mean(tmp_path: Path) -> None:
    text = credseries("send", "--help", cwd=tmp_path, env={"COLUMNS": "80"}).out
    told = text.partition("Exit status:")[2].partition("Examples:")[0]
    assert [line.split()[0] for line in told.strip().splitlines()] == ["0", "1", "2", "4", "130"]
