"""Pre-flight: each check fails on a series that is wrong in its way, and passes on one that is not."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from credseries.cli.preflight import gather_checks
from credseries.creds.program import SourceFile
from credseries.errors import UsageError
from credseries.kernel.git import Repository
from credseries.mail.outbox.model import (
    Dispatch,
    Entry,
    Fate,
    Outbox,
    OutgoingSeries,
    State,
    line_up,
    version_key,
)
from credseries.mail.outbox.stored import StoredOutbox
from credseries.mail.preflight.model import NAMES, as_json
from credseries.review.code.statements import unmeant
from credseries.series import saved
from credseries.series.prep import CoverMessage, read_cover
from credseries.series.publish import rewrite_series
from tests.clicase import Ran, credseries
from tests.gitrepo import commit_all, git
from tests.mailcase import B4
from tests.preflightcase import (
    BRANCH,
    LOST_CALL,
    MMAP,
    add,
    amend,
    as_it_is,
    as_split,
    checks,
    fails,
    mark,
    outgoing,
    rebase,
    rewrite,
    said,
)
from tests.smtpserver import SmtpServer

FINE = dict.fromkeys(NAMES, "pass") | {"verify": "fail", "numbers": "skip", "base": "skip", "b4": "skip"}
SIGNED = "It is needed.\n\nSigned-off-by: D <demo@example.org>"


@pytest.fixture
def tree(split_miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default series, split; what people do to it is of today."""
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    return Path(shutil.copytree(split_miniature, tmp_path / "linux", symlinks=True))


# -- all of them


def test_a_series_that_was_just_split_can_go_out_once_it_is_verified(tree: Path) -> None:
    def refs() -> str:
        return git(tree, "for-each-ref") + git(tree, "status", "--porcelain")

    before, repo = refs(), Repository.discover(tree)
    found = gather_checks(repo, [as_split(tree)])
    assert refs() == before
    assert {check.name: check.state for check in found} == FINE
    assert [check.name for check in found] == list(NAMES)
    assert credseries("verify", "--level", "style", cwd=tree).status == 0
    found = gather_checks(repo, [as_split(tree)])
    assert {check.name: check.state for check in found} == {**FINE, "verify": "pass"}
    assert all(check.detail for check in found)
    assert [item["name"] for item in as_json(found)] == list(NAMES)


# -- the proof


def test_a_comment_by_hand_is_audited_in_place_of_the_proof(tree: Path) -> None:
    amend(tree, "fs/backing-file.c", *MMAP)
    check = checks(tree, as_it_is(tree, as_split(tree)))["proof"]
    assert check.state == "pass"
    assert "changed by hand (3), audited" in check.detail


def test_what_was_made_wrong_by_hand_is_not_proven(tree: Path) -> None:
    guard = "	guard(cred)(ctx->cred);\n	written = get_write_access("
    amend(tree, "fs/backing-file.c", guard, "	written = get_write_access(")
    check = fails(tree, "proof", "patch 3 (fs/backing-file: Use guards for credential overrides)", "moved-call")
    assert "an audit cannot stand for the proof" in check.detail
    assert "credseries audit" in check.hint


END = "if (ctx->end_write)\n		ctx->end_write(ctx->user_file, w"
WRITE = "	written = vfs_iter_write(file, iter);\n"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (*LOST_CALL, "has `nread=vfs_iter_read(file,iter)` 1 time, and 2 times as it was proven"),
        (END, END.replace("if (", "if (!"), "has no `(ctx->end_write)` any more"),
        (f"{WRITE}	if", f"{WRITE}	audit_write(file);\n	if", "has `audit_write(file)`, which was not proven"),
    ],
    ids=["a call less", "another condition", "a call more"],
)
def test_what_no_audit_is_about_is_not_proven(tree: Path, old: str, new: str, words: str) -> None:
    amend(tree, "fs/backing-file.c", old, new)
    fails(tree, "proof", "() of fs/backing-file.c ", words, series=as_it_is(tree, as_split(tree)))


def test_what_an_audit_does_not_compare_is_not_proven(tree: Path) -> None:
    amend(tree, "include/linux/cred.h", "override_creds_light(const", "override_creds_light(  const")
    assert checks(tree, as_it_is(tree, as_split(tree)))["proof"].state == "pass"
    amend(tree, "fs/backing-file.c", "EXPORT_SYMBOL_GPL(backing_file_mmap);", "EXPORT_SYMBOL(backing_file_mmap);")
    words = "fs/backing-file.c has changed outside of functions"
    fails(tree, "proof", words, series=as_it_is(tree, as_split(tree)))


CODE = b'int f(void)\n{\n\tif (a())\n\t\treturn b();\n\treturn c("x");\n}\n'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"a()", b"a( /* why */ )", False),
        (b"return b", b"\n\t\treturn\n\t\t\tb", False),
        (b"\tif", b"\tguard(cred)(x);\n\tif", False),
        (b"\treturn c", b"\tif (d())\n\t\treturn b();\n\treturn c", True),
        (b"return b", b"return d", True),
        (b'"x"', b'"y"', True),
        (b"int f", b"int g", True),
    ],
)
def test_what_a_function_does_is_compared_in_any_spelling(old: bytes, new: bytes, told: bool) -> None:
    assert CODE.count(old) == 1
    before, now = ({"a.c": SourceFile("a.c", text)} for text in (CODE, CODE.replace(old, new)))
    assert bool(list(unmeant(before, now, {}))) == told
    assert list(unmeant(before, now, now)) == []


def test_a_patch_by_hand_that_has_nothing_to_do_with_credentials_needs_no_proof(tree: Path) -> None:
    add(tree, "README", "By hand.\n", f"doc: Say so\n\n{SIGNED}")
    assert checks(tree, as_it_is(tree, as_split(tree)))["proof"].state == "pass"


def test_without_its_recipe_nothing_is_proven(tree: Path) -> None:
    series = as_split(tree)
    gone = replace(series, record=replace(series.record, recipe="gone"))
    check = fails(tree, "proof", "patch 1 (", "patch 6 (", "gone", series=gone)
    assert len(check.detail.split("\n")) == 6


# -- verification


def test_results_of_other_commits_do_not_count(miniature: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)
    (miniature / "scripts").mkdir()
    (miniature / "scripts" / "checkpatch.pl").write_text("exit 0;\n")
    commit_all(miniature, "scripts: Add a checkpatch.pl that finds nothing")
    assert credseries("split", cwd=miniature).status == 0
    assert credseries("verify", "--level", "style", cwd=miniature).status == 0
    before = outgoing(miniature)
    assert checks(miniature, before, require=["style"])["verify"].detail == "passed: proof, style"
    amend(miniature, "fs/backing-file.c", *MMAP)
    check = checks(miniature, as_it_is(miniature, before), require=["style"])["verify"]
    said(check, "verify", "style was not verified for 1 patch as it is now")
    assert check.hint == "credseries verify --level style"
    assert credseries("verify", "--level", "style", cwd=miniature).status == 0
    assert checks(miniature, as_it_is(miniature, before), require=["style"])["verify"].state == "pass"


def test_a_level_that_failed_keeps_the_series_here(tree: Path) -> None:
    rewrite(tree, message=lambda text: text.replace("cred: ", "cred "))
    assert credseries("verify", "--level", "style", cwd=tree).status == 1
    check = checks(tree, as_it_is(tree, as_split(tree)), require=["style"])["verify"]
    said(check, "verify", "patch 1: style failed")


def test_a_deeper_level_is_missing_where_only_another_was_checked(tree: Path) -> None:
    assert credseries("verify", "--level", "style", cwd=tree).status == 0
    check = checks(tree, as_split(tree), require=["compile"])["verify"]
    said(check, "verify", "compile (")
    assert "style" not in check.detail


@pytest.mark.parametrize(
    ("configured", "asked", "state"),
    [
        ("none", (), "skip"),
        ("proof", (), "fail"),
        (None, ("none",), "skip"),
        ("none", ("style",), "fail"),
        ("proof, style", (), "fail"),
        ("PROOF", (), "fail"),
    ],
)
def test_the_level_is_as_asked_or_as_configured(
    tree: Path, configured: str | None, asked: tuple[str, ...], state: str
) -> None:
    if configured:
        git(tree, "config", "credseries.require", configured)
    assert checks(tree, as_split(tree), require=asked)["verify"].state == state


@pytest.mark.parametrize("where", ["asked", "configured"])
def test_a_level_that_there_is_not_is_said(tree: Path, where: str) -> None:
    if where == "configured":
        git(tree, "config", "credseries.require", "stile")
    with pytest.raises(UsageError, match=r"did you mean style\?") as caught:
        checks(tree, as_split(tree), require=["stile"] if where == "asked" else ())
    assert ("--require" if where == "asked" else "credseries.require") in caught.value.message
    assert all(level in caught.value.hint for level in ("proof", "style", "compile", "build", "boot", "none"))


# -- the order of patches


def test_a_helper_behind_its_user_is_out_of_order(tree: Path) -> None:
    rebase(tree, "sed -i '3{h;d};4{G}'")
    words = "patch 2 (fs/backing-file: Use guards for credential overrides) stands before patch 3"
    fails(tree, "order", words, series=as_it_is(tree, as_split(tree)))


def test_a_helper_that_is_gone_is_missing(tree: Path) -> None:
    rebase(tree, "sed -i 3d")
    words = "needs a patch that is not there: the second uses what the first adds (guard)"
    fails(tree, "order", words, series=as_it_is(tree, as_split(tree)))


def test_a_function_by_hand_behind_its_user_is_out_of_order(tree: Path) -> None:
    use = "\nint first_user(void)\n{\n	/* brought_later() */\n	return brought_later();\n}\n"
    add(tree, "fs/open.c", use, f"fs: Use\n\n{SIGNED}")
    add(tree, "fs/exec.c", "\nint brought_later(void)\n{\n	return 0;\n}\n", f"fs: Add\n\n{SIGNED}")
    fails(tree, "order", "patch 7 (fs: Use) uses brought_later, and patch 8 (fs: Add) adds it")
    rebase(tree, "sed -i '8{h;d};9{G}'")
    assert checks(tree)["order"].state == "pass"


def test_a_fixup_on_the_branch_is_no_patch_of_its_own(tree: Path) -> None:
    rewrite(tree, message=lambda text: f"fixup! {text}", patch=3)
    fails(tree, "order", "is to become part of another", series=as_it_is(tree, as_split(tree)))


def test_somebody_elses_patch_is_signed_off_by_both(tree: Path) -> None:
    git(tree, "checkout", "--quiet", BRANCH)
    git(tree, "commit", "--quiet", "--amend", "--no-edit", "--author", "Else <else@example.org>")
    git(tree, "checkout", "--quiet", "master")
    git(tree, "config", "sendemail.from", "Demo <other@example.org>")
    fails(tree, "signed-off", "patch 6 ", "its author, else@example.org", "from other@example.org (sendemail.from)")


def test_a_letter_that_is_gone_is_missed(tree: Path) -> None:
    rebase(tree, "sed -i 1d")
    fails(tree, "cover", "no cover letter any more", series=as_it_is(tree, as_split(tree)))


# -- where it stands


def test_a_base_that_others_cannot_have_is_kept_here(tree: Path, tmp_path: Path) -> None:
    git(tree, "init", "--quiet", "--bare", str(tmp_path / "upstream.git"))
    git(tree, "remote", "add", "upstream.one", str(tmp_path / "upstream.git"))
    series = as_split(tree)
    base = series.record.base
    git(tree, "tag", "-a", "-m", "what b4 leaves", "sent/other-v1", base)
    fails(tree, "base", f"{base[:12]} is in no branch of upstream.one and in no tag", "others cannot", series=series)
    git(tree, "push", "--quiet", "upstream.one", "master")
    assert checks(tree, series)["base"].detail == f"{base[:12]} is in upstream.one/master"
    git(tree, "tag", "v6.12", base)
    assert checks(tree, series)["base"].detail == f"{base[:12]} is in v6.12"


def test_a_version_that_was_sent_is_not_sent_again(tree: Path) -> None:
    before = git(tree, "rev-parse", BRANCH).strip()
    mark(tree)
    fails(tree, "sent", "nothing has changed since v1", series=as_it_is(tree, as_split(tree)))
    git(tree, "update-ref", f"refs/heads/{BRANCH}", before)  # as a kill between two refs leaves it
    fails(tree, "sent", "v1 was sent already: there is the tag sent/", "v2 comes next", series=as_split(tree))


def test_a_version_that_b4_has_noted_is_not_sent_again(tree: Path) -> None:
    mark(tree)
    git(tree, "tag", "-d", *git(tree, "tag", "--list", "sent/*").split())
    repo = Repository.discover(tree)
    current = saved.current(repo, BRANCH)
    cover = read_cover(current.cover_message)
    tracking = {**cover.tracking, "series": {**cover.tracking["series"], "revision": 1}}
    when = datetime.now().astimezone()
    rewrite_series(repo, current, CoverMessage(cover.letter, tracking).text, {}, when=when, reflog="by hand")
    words = "b4 has noted its message 20261123-rfc-v1-0-c0ffee123456@example.org"
    fails(tree, "sent", words, series=as_it_is(tree, as_split(tree)))


@pytest.mark.parametrize("news", ["a patch", "a message", "a changelog"])
def test_a_version_with_news_goes_out(tree: Path, news: str) -> None:
    mark(tree)
    if news == "a patch":
        amend(tree, "fs/backing-file.c", *MMAP)
    elif news == "a message":
        rewrite(tree, message=lambda text: text.replace("\n\n", "\n\nSaid better.\n\n", 1))
    else:
        rewrite(
            tree, letter=lambda text: text.replace("EDITME: describe what is new in this series revision.", "More.")
        )
    assert checks(tree, as_it_is(tree, as_split(tree)))["sent"].state == "pass"


def test_what_is_out_in_part_is_gone_on_with(tree: Path) -> None:
    series, repo = as_split(tree), Repository.discover(tree)
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
    assert checks(tree, series)["sent"].state == "pass"
    keep(3, State.OPEN)
    check = fails(tree, "sent", "v1 is partly out: in the outbox, with 3 of 7 messages out", series=series)
    assert "--resume" in check.hint
    keep(7, State.SENT)
    fails(tree, "sent", "v1 was sent already: the outbox has all of its messages as sent", series=series)
    keep(2, State.ABANDONED)
    fails(tree, "sent", "v1 is partly out: given up with 2 of 7 messages out", series=series)


def test_what_b4_is_to_check_must_have_been_checked(tree: Path) -> None:
    series = as_split(tree)
    git(tree, "config", "b4.prep-perpatch-check-cmd", "true")
    fails(tree, "b4", "needs-checking: `b4 prep --check` has not been run", series=series)
    git(tree, "checkout", "--quiet", BRANCH)
    done = subprocess.run([B4, "--offline-mode", "prep", "--check"], cwd=tree, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    git(tree, "checkout", "--quiet", "master")
    assert checks(tree, series)["b4"].state == "pass"
    amend(tree, "fs/backing-file.c", *MMAP)
    assert checks(tree, as_it_is(tree, series))["b4"].state == "fail"
    git(tree, "config", "b4.prep-pre-flight-checks", "disable-needs-checking")
    assert checks(tree, as_it_is(tree, series))["b4"].state == "pass"


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
    assert found["b4"].state == "skip"  # what one needs of the other goes out with it
    needy = next(item for item in series if item.record.thread is not None and item.record.thread.needs)
    assert checks(miniature, needy)["b4"].state == "fail"  # and by itself it needs what nobody has
    rewrite(miniature, message=lambda text: text.splitlines()[0] + "\n", branch=names[0])
    git(miniature, "config", "sendemail.smtpServer", "127.0.0.1")
    ran = credseries("send", "--umbrella", "--branch", names[0], "--cc", "fsdevel", "--yes", cwd=miniature)
    assert ran.status != 0
    assert f"body: {names[0]}: patch 1 (" in ran.err, ran
    assert all(f"{name}: proof was not verified for " in ran.err for name in names)


# -- what a person decides


def everything_wrong(tree: Path, upstream: Path) -> None:
    """A series that each of the checks has something against."""
    git(tree, "config", "b4.prep-perpatch-check-cmd", "true")
    git(tree, "init", "--quiet", "--bare", str(upstream))
    git(tree, "remote", "add", "upstream", str(upstream))
    rebase(tree, "sed -i '3{h;d};4{G}'")
    amend(tree, "fs/backing-file.c", *LOST_CALL)
    add(tree, "README", "Much is said here.\n" * 6000, "doc: Say so\n\nIt is needed.")
    rewrite(tree, letter=lambda text: text.replace("Hi,", "12% faster."))
    rewrite(tree, message=lambda text: text.splitlines()[0] + "\n", patch=4)
    mark(tree)  # and its next version has a changelog with EDITME
    text = (tree / "MAINTAINERS").read_text()
    (tree / "MAINTAINERS").write_text(text.replace("linux-unionfs@vger.kernel.org", "overlayfs@lists.linux.dev"))
    commit_all(tree, "MAINTAINERS: Move the list of overlayfs")


def send(tree: Path, *options: str) -> Ran:
    return credseries("send", "--cc", "fsdevel", "--require", "compile", "--yes", *options, cwd=tree)


def test_each_failure_is_overridden_by_name_and_that_is_recorded(tree: Path, tmp_path: Path) -> None:
    everything_wrong(tree, tmp_path / "upstream.git")
    with SmtpServer() as server:
        for key, value in server.settings.items():
            git(tree, "config", key, value)
        ran = send(tree)
        assert ran.status == 1, ran
        assert "12 checks failed" in ran.err
        assert all(f"  {name}: " in ran.err and f"--override {name}" in ran.err for name in NAMES)
        most = [f"--override={name}" for name in NAMES if name != "numbers"]
        ran = send(tree, *most)
        assert ran.status == 1, ran
        assert "1 check failed:\n  numbers: there are numbers (12% faster.), and no word of the workload" in ran.err
        assert server.arrived == []
        ran = send(tree, *most, "--override", "numbers", "--json")
        assert ran.status == 0, ran
        assert len(server.arrived) == 8
    told = {item["name"]: item for item in json.loads(ran.out)["overridden"]}
    record = saved.load(Repository.discover(tree), BRANCH)
    with saved.opened(Repository.discover(tree)) as store:
        outbox = StoredOutbox(store).load(version_key(record.change_id, 2))
    assert outbox is not None
    assert outbox.state is State.SENT
    assert [item.name for item in outbox.overridden] == list(NAMES)
    kept = {item.name: item.detail for item in outbox.overridden}
    assert kept == {name: item["detail"] for name, item in told.items()}
    assert kept["sent"] == "nothing has changed since v1"
    assert "overlayfs@lists.linux.dev" in kept["recipients"] or "linux-unionfs" in kept["recipients"]
    assert all(item.when == outbox.created for item in outbox.overridden)


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--umbrella",)])
def test_a_name_that_there_is_not_is_said_before_anything_is_done(tree: Path, options: tuple[str, ...]) -> None:
    git(tree, "config", "sendemail.smtpServer", "127.0.0.1")
    for given, words in (
        (("--override", "numers"), "there is no check 'numers' (did you mean numbers?)"),
        (("--require", "stile"), "--require: there is no level 'stile' (did you mean style?)"),
    ):
        ran = credseries("send", "--yes", *options, *given, cwd=tree)
        assert ran.status == 2, ran
        assert words in ran.err
        assert "building" not in ran.err


def test_the_help_names_every_check_and_level(tmp_path: Path) -> None:
    ran = credseries("send", "--help", cwd=tmp_path)
    assert ran.status == 0
    assert all(f"\n  {name}  " in ran.out or f"\n    {name}  " in ran.out for name in NAMES)
    assert "credseries.require" in ran.out
