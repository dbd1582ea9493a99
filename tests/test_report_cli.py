"""`credseries report`: one page of all that is known of a series, at any stage, of anybody's series."""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path

import pytest

from credseries.cli.report.written import check_place, default_name, write
from credseries.errors import EnvironmentProblem
from credseries.review.report.page import MARK
from tests.clicase import Ran, check_snapshot, credseries, normal
from tests.gitrepo import commit_all, git, write_files
from tests.reportpage import Taken, inert
from tests.rerollcase import AMIR, BRANCH, Case, reply

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x1b[2J\u202eevil\u2066"
SEEN = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&\\x1b[2J\\u202eevil\\u2066"


@pytest.fixture(scope="module")
def drawn_miniature(split_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The miniature tree with a series whose report was made once, so that its pictures are known: to copy."""
    path = Path(shutil.copytree(split_miniature, tmp_path_factory.mktemp("drawn") / "linux", symlinks=True))
    assert credseries("report", "-o", os.devnull, cwd=path).status == 0
    return path


@pytest.fixture
def tree(drawn_miniature: Path, tmp_path: Path) -> Path:
    """A copy of it to do with as one likes."""
    return Path(shutil.copytree(drawn_miniature, tmp_path / "linux", symlinks=True))


def report(tree: Path, *arguments: str | Path) -> Taken:
    """The report that is written, in which nothing acts."""
    place = tree.parent / "page.html"
    ran = credseries("report", "-o", place, *arguments, cwd=tree)
    assert (ran.status, ran.err) == (0, ""), ran
    return inert(place.read_text(encoding="utf-8"))


def in_order(text: str, *words: str) -> None:
    """Asserts that a text has some words, one after the other."""
    at = 0
    for word in words:
        assert word in text[at:], f"{word!r} is not in {text[at:][:2000]!r}"
        at = text.index(word, at) + len(word)


# -- a series of split


def test_the_report_of_the_miniature_series(tree: Path) -> None:
    text = normal(report(tree).text)
    check_snapshot("report.txt", re.sub(r"Made \d\d\d\d-\d\d-\d\d \d\d:\d\d [+-]\d{4}", "Made DATE", text) + "\n")


def test_each_stage_fills_its_part_and_says_what_is_missing(tree: Path, tmp_path: Path) -> None:
    case = Case(tree, tmp_path)
    text = report(case.tree).text
    in_order(text, "Not checked yet: compile, build, boot.", "credseries verify --branch creds-rfc --level compile")
    in_order(text, "No reply has been read yet.", "credseries comments --read MBOX")
    in_order(text, "No benchmark has been recorded here.", "credseries bench run")

    assert case.run("verify", "--level", "style").status == 0
    sent = case.b4_send()
    box = case.replies(reply(sent[5], AMIR, "Please split this, one patch a file."), thread=sent)
    assert case.run("comments", "--read", box).status == 0
    shutil.copy(Path(__file__).parent / "bench" / "c2c" / "mail.txt", case.tree)
    for number, role in enumerate(("base", "patched"), 1):
        added = ("bench", "add", "--role", role, "--label", "web", "--table", str(number), "mail.txt")
        assert case.run(*added).status == 0
    text = report(case.tree).text
    assert "Please split this, one patch a file." in text
    in_order(text, "Review", "1 of 1 remark open", "Amir Goldstein waits")
    in_order(text, "5", "ovl: Use guards for credential overrides", "comments 1 open")
    in_order(text, "Benchmarks", "web", "-95.0 %", "generic_permission")
    in_order(text, "style checked, nothing compiled")


def test_a_commit_that_somebody_has_edited_is_told(tree: Path) -> None:
    git(tree, "checkout", "--quiet", BRANCH)
    write_files(tree, {"fs/overlayfs/extra.c": "int extra;\n"})
    commit_all(tree, "ovl: Something else")
    git(tree, "checkout", "--quiet", "master")
    text = report(tree).text
    in_order(text, "ovl: Something else", "Somebody has added this commit: credseries did not make it.")


# -- anybody's series


def test_the_report_of_a_range_shows_what_is_wrong_on_its_path(miniature: Path) -> None:
    file = miniature / "fs" / "overlayfs" / "file.c"
    git(miniature, "checkout", "--quiet", "-b", "wrong")
    text = file.read_text()
    assert "\tpos = vfs_llseek(fd_file(lower), offset, whence);\n\trevert_creds(saved);\n" in text
    file.write_text(
        text.replace("\trevert_creds(saved);\n\t/* both", "\tif (pos)\n\t\trevert_creds(saved);\n\t/* both")
    )
    commit_all(miniature, "ovl: Revert now and then\n\nWhy not.\n\nSigned-off-by: Test Developer <dev@example.org>")
    git(miniature, "checkout", "--quiet", "master")
    taken = report(miniature, "wrong")
    in_order(
        taken.text,
        "Not ready: see proof and checklist.",
        "1 patch not proven",
        "ovl_llseek()",
        "Drawn: 33 → ",
        "in force: all that",
    )
    marked = [
        attrs["class"] for tag, attrs in taken.elements if tag == "tr" and "end" in attrs.get("class", "").split()
    ]
    assert marked
    assert [attrs for tag, attrs in taken.elements if attrs.get("class") == "goal"]


def test_patches_in_a_mailbox_have_a_report(miniature: Path, split_miniature: Path, tmp_path: Path) -> None:
    box = tmp_path / "series.mbox"
    box.write_text(git(split_miniature, "format-patch", "--stdout", f"master..{BRANCH}"))
    text = report(miniature, box).text
    in_order(text, "6 patches", "fs/backing-file: Use guards for credential overrides", "backing_file_read_iter()")
    assert "ovl_override_creds(inode->i_sb) = ovl_creds(inode->i_sb)" in text  # the accessor of the series' own patch
    in_order(text, "There is no reply among what was read.", "Who gets what is planned for a series")


def test_what_was_said_in_a_mailbox_is_shown(tree: Path, tmp_path: Path) -> None:
    box = tmp_path / "thread.mbox"
    assert credseries("send", "--to-mbox", box, cwd=tree).status == 0
    sent = re.findall(r"^Message-I[dD]: (<.*-5-.*>)$", box.read_text(), re.MULTILINE)
    lines = [
        *("From mboxrd@z Thu Jan  1 00:00:00 1970", f"From: {AMIR}", "Date: Tue, 24 Nov 2026 10:00:00 +0000"),
        *("Message-Id: <said@example.org>", f"In-Reply-To: {sent[0]}", "Subject: Re: [PATCH RFC 5/6] ovl: Use guards"),
        *("", "> quoted", "", "Please split this, one patch a file.", ""),
    ]
    box.write_text(box.read_text() + "\n".join(lines))
    text = report(tree, box).text
    in_order(text, "1 of 1 remark open", "ovl: Use guards for credential overrides", "comments 1 open")
    in_order(text, "Discussion", "Amir Goldstein", "patch 5", "Please split this, one patch a file.")


def test_a_patch_that_does_not_apply_is_told(miniature: Path, split_miniature: Path, tmp_path: Path) -> None:
    box = tmp_path / "one.patch"
    box.write_text(git(split_miniature, "format-patch", "--stdout", "-R", "-1", BRANCH))
    text = report(miniature, box).text
    in_order(text, "proof it does not apply", "There is nothing of this patch to look at")


# -- hostile input


def test_hostile_subjects_files_and_code_are_inert(miniature: Path) -> None:
    name = "fs/overlayfs/<img src=x onerror=alert(3)>\"'.c"
    before = (
        "int f(struct my_ctx *ctx)\n{\n\tconst struct cred *old;\n\tint err;\n\n"
        f"\told = override_creds(ctx->cred); /* {HOSTILE} </script></style>--> */\n"
        '\terr = change(ctx, "<b>\u202e\x1b]0;title\x07");\n\trevert_creds(old);\n\treturn err;\n}\n'
    )
    write_files(miniature, {name: before})
    commit_all(miniature, "Something to convert")
    git(miniature, "checkout", "--quiet", "-b", "hostile")
    after = before.replace("\told = override_creds(ctx->cred);", "\tguard(cred)(ctx->cred);").replace(
        "\trevert_creds(old);\n", ""
    )
    write_files(miniature, {name: after})
    commit_all(miniature, f"ovl: {HOSTILE}\n\n{HOSTILE}\n<!--part top--> {{{{ report }}}} ]]>")
    git(miniature, "checkout", "--quiet", "master")
    text = report(miniature, "master..hostile").text
    shown = f"ovl: {SEEN}"
    in_order(text, shown, shown, SEEN, "<!--part top--> {{ report }} ]]>", "f()")
    assert "/* <script>alert(1)</script>" in text
    assert "<img src=x onerror=alert(3)>\"'.c" in text
    assert '"<b>\\u202e\\x1b]0;title\\x07"' in text


def test_hostile_remarks_are_inert(tree: Path, tmp_path: Path) -> None:
    case = Case(tree, tmp_path)
    sent = case.b4_send()
    who = '"<img src=x onerror=alert(4)>" <"><script>"@example.org>'
    said = reply(sent[5], AMIR, f"Please change {HOSTILE.replace(chr(0x1B), '')} this.")
    said.replace_header("From", who)
    case.run("comments", "--read", case.replies(said, thread=sent))
    text = report(case.tree).text
    assert "Please change <script>alert(1)</script>" in text


# -- where it goes


def test_the_file_is_named_for_the_branch(tree: Path) -> None:
    ran = credseries("report", cwd=tree)
    place = tree / f"report-{BRANCH}.html"
    assert ran == Ran(0, f"report-{BRANCH}.html ({place.stat().st_size} bytes)\n", "")
    assert credseries("report", "-o", "-", cwd=tree).out.startswith("<!doctype html>")
    place.write_text("my own page, <!doctype html>\n")
    ran = credseries("report", cwd=tree)
    assert ran.status == 2
    assert "is there, and is no report of credseries" in ran.err
    assert place.read_text() == "my own page, <!doctype html>\n"


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("creds-rfc", "report-creds-rfc.html"),
        ("v6.12..a/b", "report-v6.12..a-b.html"),
        ("/tmp/x y.mbox -- z", "report-tmp-x-y.mbox-z.html"),
        ("-", "report-series.html"),
        ("x" * 200, f"report-{'x' * 60}.html"),
    ],
)
def test_the_name_is_that_of_what_it_is_about(subject: str, name: str) -> None:
    assert default_name(subject) == name


def test_a_report_is_written_whole_and_over_nothing_but_reports(tmp_path: Path) -> None:
    place = tmp_path / "page.html"
    check_place(place)
    assert write(place, f"<!doctype html>{MARK}\u00e9\udcff") == len(MARK) + 18
    assert stat.S_IMODE(place.stat().st_mode) == 0o644
    place.chmod(0o640)
    check_place(place)
    write(place, f"{MARK} again")
    assert (place.read_text(), stat.S_IMODE(place.stat().st_mode)) == (f"{MARK} again", 0o640)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    place.write_text("")  # nothing is lost
    check_place(place)
    check_place(Path(os.devnull))
    (tmp_path / "shut").mkdir(mode=0o500)
    if os.geteuid():
        with pytest.raises(EnvironmentProblem, match="cannot be written"):
            write(tmp_path / "shut" / "page.html", "x")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "nowhere/page.html"), "there is no directory nowhere"),
        (("-o", "fs"), "fs is a directory"),
        (("--branch", BRANCH, "HEAD~1.."), "--branch and a range or patches are given"),
        (("no-such-thing",), "no-such-thing is neither a revision nor a file"),
    ],
)
def test_what_cannot_be_written_or_read_is_said(drawn_miniature: Path, arguments: tuple[str, ...], words: str) -> None:
    ran = credseries("report", *arguments, cwd=drawn_miniature)
    assert ran.status == 2
    assert words in ran.err


def test_a_browser_is_opened_when_it_is_wanted(drawn_miniature: Path, tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    program.chmod(0o755)
    place = tmp_path / "a page.html"
    ran = credseries("report", "--open", "-o", place, cwd=drawn_miniature, env={"BROWSER": str(program)})
    assert ran.status == 0, ran
    assert (tmp_path / "opened").read_text().strip() == place.as_uri()
