"""Pre-flight: each check fails on a series that is wrong in its way, and passes on one that is not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from credseries.cli.preflight import Outgoing, gather_checks
from credseries.cli.recipients import plan_recipients
from credseries.errors import NotReady, UsageError
from credseries.kernel.git import Repository
from credseries.mail.message import Address, Message
from credseries.mail.preflight.model import NAMES, Check, Override, as_json, joined, overridden
from credseries.mail.recipients import Concern, Note
from credseries.mail.send import prepare
from credseries.series import saved
from credseries.series.model import Measured
from credseries.series.prep import CoverMessage, read_cover
from credseries.series.publish import rewrite_series
from credseries.series.sending import SentSeries, mark_sent
from tests.clicase import credseries
from tests.gitrepo import git
from tests.mailcase import B4

BRANCH = "creds-rfc"
FINE = dict.fromkeys(NAMES, "pass") | {"verify": "fail", "numbers": "skip", "base": "skip", "b4": "skip"}
Edit = Callable[[str], str]


@pytest.fixture
def tree(miniature: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default series, split; its commits and those of people are of today."""
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    assert credseries("split", cwd=miniature).status == 0
    return miniature


def outgoing(tree: Path, branch: str = BRANCH) -> Outgoing:
    """The series as it would go out."""
    repo = Repository.discover(tree)
    record = saved.load(repo, branch)
    plan = plan_recipients(repo, record, ["linux-fsdevel@vger.kernel.org"], [])
    return Outgoing(record, plan, tuple(prepare(repo, record, plan)))


def checks(tree: Path, *series: Outgoing, require: str = "") -> dict[str, Check]:
    """The checks by name."""
    found = gather_checks(
        Repository.discover(tree), series or [outgoing(tree)], require=[require] if require else ["none"]
    )
    return {check.name: check for check in found}


def fails(tree: Path, name: str, *words: str, series: Outgoing | None = None) -> Check:
    """The check has failed, says all that, and says what to do about it."""
    check = checks(tree, *([series] if series else []))[name]
    assert check.failed, check
    assert check.hint
    for word in words:
        assert word in check.detail, check
    return check


def rewrite(tree: Path, *, letter: Edit = str, message: Edit = str, patch: int = 1, branch: str = BRANCH) -> None:
    """The letter or the message of a patch, edited."""
    repo = Repository.discover(tree)
    current = saved.current(repo, branch)
    cover = read_cover(current.cover_message)
    commit = current.record.patches[patch - 1].commit
    infos = {info.id: info for info in repo.commits(current.record.start, current.record.tip)}
    rewrite_series(
        repo,
        current,
        CoverMessage(letter(cover.letter), cover.tracking).text,
        {commit: message(infos[commit].message)},
        when=datetime.now().astimezone(),
        reflog="by hand",
    )


def rebase(tree: Path, editor: str, *more: str) -> None:
    """The branch's commits in another order, or fewer of them; `editor` edits the list as sed does."""
    git(tree, "checkout", "--quiet", BRANCH)
    subprocess.run(
        ["git", "-C", tree, "rebase", "--quiet", "-i", "--keep-empty", *more, "master"],
        env={**os.environ, "GIT_SEQUENCE_EDITOR": editor, "GIT_EDITOR": "true"},
        check=True,
        capture_output=True,
    )
    git(tree, "checkout", "--quiet", "master")


def amend(tree: Path, path: str, old: str, new: str) -> None:
    """The last patch that changes a file, changed by hand as one does it."""
    patch = git(tree, "log", "-1", "--format=%H", BRANCH, "--", path).strip()
    git(tree, "checkout", "--quiet", BRANCH)
    text = (tree / path).read_text()
    assert text.count(old) == 1, old
    (tree / path).write_text(text.replace(old, new))
    git(tree, "commit", "--quiet", "--all", f"--fixup={patch}")
    git(tree, "checkout", "--quiet", "master")
    rebase(tree, "true", "--autosquash")


# -- all of them


def test_a_series_that_was_just_split_can_go_out_once_it_is_verified(tree: Path) -> None:
    found = gather_checks(Repository.discover(tree), [outgoing(tree)])
    assert {check.name: check.state for check in found} == FINE
    assert [check.name for check in found] == list(NAMES)
    assert credseries("verify", "--level", "style", cwd=tree).status == 0
    found = gather_checks(Repository.discover(tree), [outgoing(tree)])
    assert {check.name: check.state for check in found} == {**FINE, "verify": "pass"}
    assert all(check.detail for check in found)
    assert [item["name"] for item in as_json(found)] == list(NAMES)


def test_a_look_changes_nothing(tree: Path) -> None:
    def refs() -> str:
        return git(tree, "for-each-ref") + git(tree, "status", "--porcelain")

    before = refs()
    checks(tree)
    assert refs() == before


# -- the proof


def test_a_comment_by_hand_is_audited_in_place_of_the_proof(tree: Path) -> None:
    amend(tree, "fs/backing-file.c", "int backing_file_mmap(", "/* by hand */ int backing_file_mmap(")
    check = checks(tree)["proof"]
    assert check.state == "pass"
    assert "changed by hand (3), audited" in check.detail


def test_what_was_made_wrong_by_hand_is_not_proven(tree: Path) -> None:
    amend(
        tree, "fs/backing-file.c", "	nread = vfs_iter_read(file, iter);\n			kfree(aio);", "	kfree(aio);"
    )
    check = fails(tree, "proof", "patch 3 (fs/backing-file: Use guards for credential overrides)")
    assert "an audit cannot stand for the proof" in check.detail


def test_what_an_audit_does_not_compare_is_not_proven(tree: Path) -> None:
    amend(tree, "include/linux/cred.h", "override_creds_light(const", "override_creds_light(  const")
    text = (git(tree, "show", f"{BRANCH}:fs/backing-file.c")).split("ssize_t", 1)[0].strip().split("\n")[-1]
    assert text is not None
    amend(tree, "fs/backing-file.c", "EXPORT_SYMBOL_GPL(backing_file_mmap);", "EXPORT_SYMBOL(backing_file_mmap);")
    fails(tree, "proof", "fs/backing-file.c has changed outside of functions")


def test_a_patch_by_hand_that_has_nothing_to_do_with_credentials_needs_no_proof(tree: Path) -> None:
    git(tree, "checkout", "--quiet", BRANCH)
    (tree / "README").write_text("By hand.\n")
    git(tree, "add", "README")
    git(tree, "commit", "--quiet", "-m", "doc: Say so\n\nIt was not said.\n\nSigned-off-by: D <demo@example.org>")
    assert checks(tree)["proof"].state == "pass"


def test_without_its_recipe_nothing_is_proven(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    series = outgoing(tree)
    gone = replace(series, record=replace(series.record, recipe="gone"))
    fails(tree, "proof", "gone", series=gone)


# -- verification


def test_results_of_an_older_state_do_not_count(tree: Path) -> None:
    assert credseries("verify", "--level", "style", cwd=tree).status == 0
    assert checks(tree, require="style")["verify"].state == "pass"
    amend(tree, "fs/backing-file.c", "int backing_file_mmap(", "/* by hand */ int backing_file_mmap(")
    check = checks(tree, require="style")["verify"]
    assert check.failed
    assert "was not verified for 6 patches as they are now" in check.detail
    assert check.hint == "credseries verify --level style"


def test_a_level_that_failed_keeps_the_series_here(tree: Path) -> None:
    rewrite(tree, message=lambda text: text.replace("cred: ", "cred "))
    assert credseries("verify", "--level", "style", cwd=tree).status == 1
    check = checks(tree, require="style")["verify"]
    assert check.failed
    assert "patch 1: style failed" in check.detail


def test_a_deeper_level_is_missing_where_only_another_was_checked(tree: Path) -> None:
    assert credseries("verify", "--level", "style", cwd=tree).status == 0
    check = checks(tree, require="compile")["verify"]
    assert check.failed
    assert "compile" in check.detail
    assert "style" not in check.detail


@pytest.mark.parametrize(
    ("configured", "asked", "state"),
    [
        ("none", (), "skip"),
        ("proof", (), "fail"),
        (None, ("none",), "skip"),
        ("none", ("style",), "fail"),
        ("proof, style", (), "fail"),
    ],
)
def test_the_level_is_as_asked_or_as_configured(
    tree: Path, configured: str | None, asked: tuple[str, ...], state: str
) -> None:
    if configured:
        git(tree, "config", "credseries.require", configured)
    found = gather_checks(Repository.discover(tree), [outgoing(tree)], require=asked)
    assert next(check.state for check in found if check.name == "verify") == state


@pytest.mark.parametrize("where", ["asked", "configured"])
def test_a_level_that_there_is_not_is_said(tree: Path, where: str) -> None:
    if where == "configured":
        git(tree, "config", "credseries.require", "stile")
    with pytest.raises(UsageError, match=r"did you mean style\?"):
        gather_checks(Repository.discover(tree), [outgoing(tree)], require=["stile"] if where == "asked" else ())


# -- the patches


def test_a_helper_behind_its_user_is_out_of_order(tree: Path) -> None:
    rebase(tree, "sed -i '3{h;d};4{G}'")
    fails(tree, "order", "patch 2 (fs/backing-file: Use guards for credential overrides) stands before patch 3")


def test_a_helper_that_is_gone_is_missing(tree: Path) -> None:
    rebase(tree, "sed -i 3d")
    fails(tree, "order", "needs a patch that is not there: the second uses what the first adds (guard)")


def test_a_function_by_hand_behind_its_user_is_out_of_order(tree: Path) -> None:
    git(tree, "checkout", "--quiet", BRANCH)
    for path, text, subject in (
        (
            "fs/open.c",
            "\nint first_user(void)\n{\n	/* brought_later() */\n	return brought_later();\n}\n",
            "fs: Use",
        ),
        ("fs/exec.c", "\nint brought_later(void)\n{\n	return 0;\n}\n", "fs: Add"),
    ):
        place = tree / path
        place.write_text((place.read_text() if place.exists() else "") + text)
        git(tree, "add", path)
        git(tree, "commit", "--quiet", "-m", f"{subject}\n\nIt is needed.\n\nSigned-off-by: D <demo@example.org>")
    git(tree, "checkout", "--quiet", "master")
    fails(tree, "order", "patch 7 (fs: Use) uses brought_later, and patch 8 (fs: Add) adds it")
    rebase(tree, "sed -i '8{h;d};9{G}'")
    assert checks(tree)["order"].state == "pass"


def test_a_fixup_is_no_patch_of_its_own(tree: Path) -> None:
    series = outgoing(tree)
    rewrite(tree, message=lambda text: f"fixup! {text}", patch=3)
    now = replace(series, record=saved.load(Repository.discover(tree), BRANCH))
    fails(tree, "order", "is to become part of another", series=now)


def test_a_patch_without_a_message_is_missed(tree: Path) -> None:
    series = outgoing(tree)
    fails(tree, "order", "patch 6 ", "has no message", series=replace(series, messages=series.messages[:-1]))


def test_a_patch_that_does_not_say_why_is_kept_here(tree: Path) -> None:
    rewrite(tree, message=lambda text: f"{text.splitlines()[0]}\n\n{text.splitlines()[-1]}\n", patch=2)
    fails(tree, "body", "patch 2 (cred: Add a guard for light credential overrides) does not say why")


@pytest.mark.parametrize(
    ("signed", "said"),
    [
        ("", "not signed off by anybody"),
        ("Signed-off-by: Else <else@example.org>", "by its author, demo@example.org"),
        ("Reviewed-by: Demo <demo@example.org>", "not signed off by anybody"),
    ],
)
def test_who_writes_and_sends_signs_off(tree: Path, signed: str, said: str) -> None:
    rewrite(tree, message=lambda text: "\n".join([*text.strip().split("\n")[:-1], signed]).strip() + "\n", patch=3)
    fails(tree, "signed-off", "patch 3 ", said)


def test_somebody_elses_patch_is_signed_off_by_both(tree: Path) -> None:
    git(tree, "checkout", "--quiet", BRANCH)
    git(tree, "commit", "--quiet", "--amend", "--no-edit", "--author", "Else <else@example.org>")
    git(tree, "checkout", "--quiet", "master")
    fails(tree, "signed-off", "patch 6 ", "its author, else@example.org")
    rewrite(tree, message=lambda text: text.strip() + "\nSigned-off-by: Else <ELSE@example.org>\n", patch=6)
    assert checks(tree)["signed-off"].state == "pass"


def test_mail_from_another_address_than_commits_is_said(tree: Path) -> None:
    git(tree, "config", "sendemail.from", "Demo <other@example.org>")
    check = fails(tree, "signed-off", "mail goes out from other@example.org (sendemail.from)")
    assert "patch 1 (cred: Add a light version" in check.detail
    git(tree, "config", "sendemail.from", "Demo <Demo@example.org>")
    assert checks(tree)["signed-off"].state == "pass"


# -- the letter


@pytest.mark.parametrize(
    ("edit", "said"),
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
def test_a_letter_that_is_not_written_is_kept_here(tree: Path, edit: Edit, said: str) -> None:
    rewrite(tree, letter=edit)
    fails(tree, "cover", said)


def test_a_mark_in_a_comment_is_not_mailed(tree: Path) -> None:
    rewrite(tree, letter=lambda text: text.replace("Hi,", "# EDITME no more\nHi,"))
    assert checks(tree)["cover"].state == "pass"


def test_a_letter_that_is_gone_is_missed(tree: Path) -> None:
    series = outgoing(tree)
    rebase(tree, "sed -i 1d")
    now = replace(series, record=saved.load(Repository.discover(tree), BRANCH))
    fails(tree, "cover", "no cover letter any more", series=now)


GOOD = "stress-ng on a machine with 128 cores, 10 runs: 12% faster"


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (GOOD, ()),
        ("12% faster", ("the workload", "the machine", "the number of runs")),
        ("fio is 12% faster on 10 runs", ("the machine",)),
        ("a Xeon with 2 sockets does fio 1.5x as fast", ("the number of runs",)),
        ("10 runs on an EPYC server: 120k ops/s", ("the workload",)),
    ],
)
@pytest.mark.parametrize("way", ["--numbers", "by hand"])
def test_numbers_stand_with_workload_machine_and_runs(
    tree: Path, tmp_path: Path, text: str, missing: tuple[str, ...], way: str
) -> None:
    if way == "--numbers":
        (tmp_path / "numbers").write_text(text)
        assert credseries("cover", "--numbers", tmp_path / "numbers", cwd=tree).status == 0
    else:
        rewrite(tree, letter=lambda letter: letter.replace("Hi,", f"Hi,\n\n{text}"))
    if missing:
        check = fails(tree, "numbers", *missing)
        assert len(check.detail.split("\n")) == len(missing)
        assert "only words were looked for" in check.detail
    else:
        check = checks(tree)["numbers"]
        assert check.state == "pass"
        assert "only a person can tell" in check.detail


def test_numbers_of_records_are_judged_by_the_records(tree: Path) -> None:
    series = outgoing(tree)
    measured = Measured("faccessat  12%", ("faccessat",), ("faccessat: nobody said what the workload was.",))
    bad = replace(series, record=replace(series.record, measured=measured))
    fails(tree, "numbers", "nobody said what the workload was", series=bad)
    rewrite(tree, letter=lambda letter: letter.replace("Hi,", "Hi,\n\n  faccessat  12%"))
    good = replace(
        series, record=replace(saved.load(Repository.discover(tree), BRANCH), measured=replace(measured, incomplete=()))
    )
    check = checks(tree, good)["numbers"]
    assert (check.state, check.detail) == ("pass", "from the benchmark records of faccessat")


# -- the messages


def changed(series: Outgoing, number: int, **fields: object) -> Outgoing:
    """The series with something of one of its messages changed."""
    messages: list[Message] = [
        replace(message, **fields) if message.index == number else message  # type: ignore[arg-type]
        for message in series.messages
    ]
    return replace(series, messages=tuple(messages))


def test_a_message_that_nobody_gets_is_kept_here(tree: Path) -> None:
    series = outgoing(tree)
    fails(tree, "recipients", "nobody gets patch 2", series=changed(series, 2, to=(), cc=()))
    fails(tree, "recipients", "nobody gets the letter", series=changed(series, 0, to=(), cc=()))
    only = changed(series, 2, to=(Address("", "list@example.org", ("asked",)),), cc=())
    assert checks(tree, only)["recipients"].state == "pass"


@pytest.mark.parametrize(
    ("concern", "state"),
    [
        (Concern.REFUSED, "fail"),
        (Concern.GONE, "fail"),
        (Concern.MODERATED, "pass"),
        (Concern.ORPHANED, "pass"),
    ],
)
def test_an_address_that_mail_came_back_from_is_said(tree: Path, concern: Concern, state: str) -> None:
    series = outgoing(tree)
    note = Note(concern, "mail to x@example.org: 550 no such user", "x@example.org")
    check = checks(tree, replace(series, plan=replace(series.plan, notes=(note,))))["recipients"]
    assert check.state == state
    assert ("550 no such user" in check.detail) == (state == "fail")


HEAD = b"From: a@example.org\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
EIGHT = HEAD + b"Content-Transfer-Encoding: 8bit\n\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (EIGHT + b"x\n" * 50_001, "has 100153 characters, and lists take 100000"),
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
def test_what_servers_and_lists_do_not_take_is_kept_here(tree: Path, data: bytes, said: str) -> None:
    fails(tree, "size", "patch 3 ", said, series=changed(outgoing(tree), 3, data=data))


def test_what_they_do_take_goes_out(tree: Path) -> None:
    fine = EIGHT + b"x" * 998 + b"\ncaf\xc3\xa9\n" + b"x\n" * 40_000
    assert checks(tree, changed(outgoing(tree), 3, data=fine))["size"].state == "pass"


# -- where it stands


def test_a_base_that_others_cannot_have_is_kept_here(tree: Path, tmp_path: Path) -> None:
    git(tree, "init", "--quiet", "--bare", str(tmp_path / "upstream.git"))
    git(tree, "remote", "add", "upstream.one", str(tmp_path / "upstream.git"))
    base = saved.load(Repository.discover(tree), BRANCH).base
    fails(tree, "base", f"{base[:12]} is in no branch of upstream.one and in no tag")
    git(tree, "tag", "-a", "-m", "what b4 leaves", "sent/other-v1", base)
    fails(tree, "base", "others cannot have it")
    git(tree, "push", "--quiet", "upstream.one", "master")
    assert checks(tree)["base"].detail == f"{base[:12]} is in upstream.one/master"
    git(tree, "tag", "v6.12", base)
    assert checks(tree)["base"].detail == f"{base[:12]} is in v6.12"


def mark(tree: Path) -> None:
    """The series as if it had been sent."""
    repo = Repository.discover(tree)
    record = saved.load(repo, BRANCH)
    ids = {number: f"20261123-rfc-v{record.revision}-{number}-c0ffee123456@example.org" for number in range(7)}
    mark_sent(repo, [SentSeries(record, ids)], datetime.now().astimezone())


def test_a_version_that_was_sent_is_not_sent_again(tree: Path) -> None:
    before = git(tree, "rev-parse", BRANCH).strip()
    mark(tree)
    fails(tree, "sent", "nothing has changed since v1")
    git(tree, "update-ref", f"refs/heads/{BRANCH}", before)  # as a kill between two refs leaves it
    fails(tree, "sent", "v1 was sent already: there is the tag sent/", "v2 comes next")


def test_a_version_that_b4_has_noted_is_not_sent_again(tree: Path) -> None:
    mark(tree)
    git(tree, "tag", "-d", *git(tree, "tag", "--list", "sent/*").split())
    repo = Repository.discover(tree)
    current = saved.current(repo, BRANCH)
    cover = read_cover(current.cover_message)
    tracking = {**cover.tracking, "series": {**cover.tracking["series"], "revision": 1}}
    when = datetime.now().astimezone()
    rewrite_series(repo, current, CoverMessage(cover.letter, tracking).text, {}, when=when, reflog="by hand")
    fails(tree, "sent", "b4 has noted its message 20261123-rfc-v1-0-c0ffee123456@example.org")


@pytest.mark.parametrize("news", ["a patch", "a message", "a changelog"])
def test_a_version_with_news_goes_out(tree: Path, news: str) -> None:
    mark(tree)
    if news == "a patch":
        amend(tree, "fs/backing-file.c", "int backing_file_mmap(", "/* by hand */ int backing_file_mmap(")
    elif news == "a message":
        rewrite(tree, message=lambda text: text.replace("\n\n", "\n\nSaid better.\n\n", 1))
    else:
        rewrite(
            tree, letter=lambda text: text.replace("EDITME: describe what is new in this series revision.", "More.")
        )
    assert checks(tree)["sent"].state == "pass"


def test_what_is_out_in_part_is_gone_on_with(tree: Path) -> None:
    from credseries.mail.outbox.model import Dispatch, Entry, Fate, Outbox, OutgoingSeries, State, line_up, version_key
    from credseries.mail.outbox.stored import StoredOutbox

    series, repo = outgoing(tree), Repository.discover(tree)
    record = series.record

    def keep(fates: int, state: State) -> None:
        entries = tuple(
            Entry(
                e.number, e.series, e.message, e.recipients, Dispatch(Fate.SENT if e.number < fates else Fate.WAITING)
            )
            for e in line_up([(record.change_id, series.messages)])
        )
        mine = (OutgoingSeries(BRANCH, record.change_id, record.revision, record.tip),)
        key, now = version_key(record.change_id, record.revision), datetime.now().astimezone()
        outbox = Outbox(key, mine, entries, "demo@example.org", now, "c0ffee123456")
        with saved.opened(repo) as store:
            stored = StoredOutbox(store)
            stored.keep(outbox)
            if state is not State.OPEN:
                stored.close(outbox, state)

    keep(0, State.OPEN)
    assert checks(tree)["sent"].state == "pass"
    keep(3, State.OPEN)
    assert "--resume" in fails(tree, "sent", "v1 is partly out: in the outbox, with 3 of 7 messages out").hint
    keep(7, State.SENT)
    fails(tree, "sent", "v1 was sent already: the outbox has all of its messages as sent")
    keep(2, State.ABANDONED)
    fails(tree, "sent", "v1 is partly out: given up with 2 of 7 messages out")


def test_what_b4_is_to_check_must_have_been_checked(tree: Path) -> None:
    git(tree, "config", "b4.prep-perpatch-check-cmd", "true")
    fails(tree, "b4", "needs-checking: `b4 prep --check` has not been run")
    git(tree, "checkout", "--quiet", BRANCH)
    done = subprocess.run([B4, "--offline-mode", "prep", "--check"], cwd=tree, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert checks(tree)["b4"].state == "pass"
    git(tree, "checkout", "--quiet", "master")
    amend(tree, "fs/backing-file.c", "int backing_file_mmap(", "/* by hand */ int backing_file_mmap(")
    assert checks(tree)["b4"].state == "fail"
    git(tree, "config", "b4.prep-pre-flight-checks", "disable-needs-checking")
    assert checks(tree)["b4"].state == "pass"


# -- several series below a letter


def test_series_that_go_out_together_are_checked_together(miniature: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    assert credseries("split", "--threads", "tree", cwd=miniature).status == 0
    names = saved.branches(Repository.discover(miniature))
    assert len(names) > 1
    series = [outgoing(miniature, name) for name in names]
    letter = replace(series[0].messages[0], title="EDITME", data=b"From: a@example.org\n\nEDITME\n")
    repo = Repository.discover(miniature)
    found = {check.name: check for check in gather_checks(repo, series, letter=letter, require=["none"])}
    assert found["cover"].failed
    assert found["cover"].detail.startswith("the letter over all: line 1 is still to be written")
    assert found["proof"].state == "pass"
    assert all(f"{name}: " in found["proof"].detail for name in names)
    assert found["order"].state == "pass", found["order"]
    rewrite(miniature, message=lambda text: text.splitlines()[0] + "\n", branch=names[0])
    again = [outgoing(miniature, name) for name in names]
    found = {check.name: check for check in gather_checks(repo, again, require=["none"])}
    assert [line.split(": ")[0] for line in found["body"].detail.split("\n")] == [names[0]]


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


def test_a_check_that_there_is_not_is_said() -> None:
    with pytest.raises(UsageError, match=r"there is no check 'signed_off' \(did you mean signed-off\?\)"):
        overridden([PASSED], ["signed_off"])


def test_of_several_the_worst_is_told() -> None:
    parts = [
        ("a", [FAILED, PASSED]),
        ("b", [replace(FAILED, state="pass", detail="fine"), replace(PASSED, state="skip")]),
    ]
    cover, size = joined(parts)
    assert cover == Check("cover", "fail", "a: line 3 is still to be written", FAILED.hint)
    assert size == Check("size", "pass", "a: 7 messages")
