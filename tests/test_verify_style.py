"""Messages of patches against the rules for them, and the tree's own checkpatch.pl."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series, read_series
from credseries.verify.levels.style import CHECKPATCH, message_problems, style_checks
from credseries.verify.model import Severity, Status
from credseries.verify.tasks import Judgement, Place
from tests.gitrepo import git

GOOD = "ovl: Use a guard\n\nIt ends where its scope ends.\n\nSigned-off-by: A <a@example.org>\n"
# A checkpatch.pl of a few lines: it says about each added line with XXX what the real one says about a line.
SCRIPT = r"""#!/usr/bin/perl
my ($file, $line, $said) = ("", 0, 0);
while (<STDIN>) {
	$file = $1 if m{^\+\+\+ b/(\S+)};
	$line = $1 - 1 if m{^@@ -\S+ \+(\d+)};
	$line++ if m{^[ +]} && !m{^\+\+\+};
	$said = 1 if m{XXX|YYY|nobody};
	print "$file:$line: ERROR:XXX_LINE: marked: $ARGV[0]\n" if m{^\+.*XXX};
	print "$file:$line: CHECK:YYY_LINE: remarked\n" if m{^\+.*YYY};
	print "WARNING:NO_NAME: nobody wrote it\n" if m{^From: nobody};
}
exit $said;
"""


def texts(message: str) -> list[tuple[Severity, str]]:
    return [(problem.severity, problem.message) for problem in message_problems(message)]


def test_a_good_message_has_no_problem() -> None:
    assert texts(GOOD) == []


@pytest.mark.parametrize(
    ("message", "severity", "words"),
    [
        (GOOD.replace("ovl: ", ""), Severity.ERROR, "no prefix"),
        (GOOD.replace("ovl: ", "fixup! ovl: "), Severity.ERROR, "folded into another"),
        (GOOD.replace("guard\n", "guard " + "x" * 75 + "\n"), Severity.ERROR, "columns, more than 75"),
        (GOOD.replace("guard\n", "guard.\n"), Severity.WARNING, "period"),
        (GOOD.replace("Signed-off-by", "Acked-by"), Severity.ERROR, "no Signed-off-by"),
        (GOOD.replace("It ends where its scope ends.\n\n", ""), Severity.ERROR, "no text that says why"),
        (GOOD.replace("scope", "very " * 20 + "scope"), Severity.WARNING, "1 line of the message longer than 75"),
    ],
)
def test_what_a_message_lacks_is_said(message: str, severity: Severity, words: str) -> None:
    [(found, text)] = texts(message)
    assert found is severity
    assert words in text


@pytest.mark.parametrize(
    "line",
    [
        "  [  12.345678] Call trace: " + "x" * 60,
        "Link: https://lore.kernel.org/r/" + "x" * 60,
        'Fixes: 0123456789ab ("' + "x" * 70 + '")',
        "Reported-by: Somebody With A Long Name <" + "x" * 60 + "@example.org>",
        "> " + "quoted " * 15,
    ],
)
def test_what_cannot_be_wrapped_may_be_long(line: str) -> None:
    assert texts(GOOD.replace("Signed-off-by", f"{line}\nSigned-off-by")) == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with a checkpatch.pl and one file."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "scripts").mkdir()
    (tmp_path / CHECKPATCH).write_text(SCRIPT)
    (tmp_path / "a.c").write_text("int a;\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "--quiet", "-m", "start")
    return tmp_path


def commit(tree: Path, line: str, message: str = GOOD) -> None:
    with (tree / "a.c").open("a") as file:
        file.write(f"{line}\n")
    git(tree, "commit", "--quiet", "--all", "-m", message)


def judged(tree: Path, *arguments: str, perl: bool = True) -> list[Judgement]:
    repo = Repository.discover(tree)
    series: Series = read_series(repo, arguments, None, lambda: b"")
    place = Place(repo, tree / "cache", 1)
    checks = style_checks(repo, series, perl=perl)
    return [check.judge([task.run(place) for task in check.tasks]) for check in checks]


@pytest.mark.skipif(not shutil.which("perl"), reason="no perl here")
def test_what_checkpatch_says_is_at_its_patch_and_line(tree: Path) -> None:
    commit(tree, "int b;")
    commit(tree, "int c; // XXX")
    commit(tree, "int d; // YYY")
    clean, failed, remarked = judged(tree, "HEAD~3..HEAD")
    assert (clean.status, clean.summary, clean.problems) == (Status.PASS, "clean", ())
    assert failed.status is Status.FAIL
    [problem] = failed.problems
    assert (problem.severity, problem.file, problem.line) == (Severity.ERROR, "a.c", 3)
    assert problem.message == "checkpatch XXX_LINE: marked: --strict"
    assert (remarked.status, remarked.summary) == (Status.PASS, "1 remark")


@pytest.mark.skipif(not shutil.which("perl"), reason="no perl here")
def test_what_is_about_no_line_has_none(tree: Path) -> None:
    (tree / "b.c").write_text("int b;\n")
    git(tree, "add", "-A")
    git(tree, "-c", "user.name=nobody", "commit", "--quiet", "-m", GOOD)
    [one] = judged(tree, "HEAD~1..HEAD")
    [problem] = one.problems
    assert (problem.message, problem.file, problem.line) == ("checkpatch NO_NAME: nobody wrote it", "", 0)


@pytest.mark.skipif(not shutil.which("perl"), reason="no perl here")
def test_a_mailed_patch_is_checked_like_its_commit(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    commit(tree, "int c; // XXX", GOOD.replace("ovl: ", ""))
    mail = tmp_path_factory.mktemp("mail") / "one.patch"
    mail.write_text(git(tree, "format-patch", "-1", "--stdout"))
    git(tree, "branch", "topic")
    git(tree, "reset", "--quiet", "--hard", "HEAD~1")
    [of_mail], [of_commit] = judged(tree, str(mail)), judged(tree, "HEAD..topic")
    assert of_mail == of_commit
    assert [problem.severity for problem in of_mail.problems] == [Severity.ERROR, Severity.ERROR]


def test_without_perl_the_message_is_checked_and_perl_is_asked_for(tree: Path) -> None:
    commit(tree, "int c; // XXX")
    commit(tree, "int d;", GOOD.replace("ovl: ", ""))
    first, second = judged(tree, "HEAD~2..HEAD", perl=False)
    assert (first.status, first.summary) == (Status.ERROR, "scripts/checkpatch.pl needs perl: apt install perl")
    assert (second.status, second.summary) == (Status.FAIL, "1 error, message only")


def test_a_tree_without_checkpatch_has_its_messages_checked(tree: Path) -> None:
    git(tree, "rm", "--quiet", CHECKPATCH)
    git(tree, "commit", "--quiet", "-m", "drop it")
    commit(tree, "int c; // XXX")
    [one] = judged(tree, "HEAD~1..HEAD")
    assert (one.status, one.summary) == (Status.PASS, "message only")


def test_a_checkpatch_that_breaks_is_no_verdict(tree: Path) -> None:
    from credseries.errors import EnvironmentProblem

    (tree / CHECKPATCH).write_text("die 'broken';")
    git(tree, "commit", "--quiet", "--all", "-m", "break it")
    commit(tree, "int c;")
    with pytest.raises(EnvironmentProblem, match="broken"):
        judged(tree, "HEAD~1..HEAD")
