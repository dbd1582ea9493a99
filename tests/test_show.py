"""`credseries show` as a person runs it: which function is meant, what is printed where, and the exit status."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clicase import COMMAND, check_snapshot, credseries, environment, normal
from tests.gitrepo import git
from tests.test_cli import on_a_terminal

TWICE = """\
#include <linux/cred.h>

static int settle(struct my_ctx *ctx)
{
	const struct cred *old = override_creds(ctx->cred);

	change(ctx);
	revert_creds(old);
	return 0;
}
"""
ELSEWHERE = """\
int plain(int n)
{
	return n ? twice(n) : 0;
}
"""
BROKEN = """\
int broken(struct my_ctx *ctx)
{
	const struct cred *old = override_creds(ctx->cred);

	IF_READY(ctx {
	revert_creds(old);
	return 0;
}
"""
ODD = "static int odd(struct my_ctx *ctx)\n{\n\tconst struct cred *old = override_creds(ctx->cred);\n\n"
ODD += '\tsay("\x1b]0;title\x07 \u202e");\n\t/* BYTES */\n\trevert_creds(old);\n\treturn 0;\n}\n'


@pytest.fixture(scope="module")
def tree(pristine_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The miniature tree with some more files."""
    place = Path(shutil.copytree(pristine_miniature, tmp_path_factory.mktemp("show") / "linux", symlinks=True))
    for path, text in {
        "fs/first.c": TWICE,
        "fs/second.c": TWICE,
        "fs/third.c": TWICE.replace("settle", "alone").replace("override_creds", "no_creds").replace("revert", "rest"),
        "fs/elsewhere.c": ELSEWHERE,
        "fs/broken.c": BROKEN,
    }.items():
        (place / path).write_text(text)
    (place / "fs/odd.c").write_bytes(ODD.encode().replace(b"BYTES", b"\xff\xc3("))
    git(place, "add", "fs")
    git(place, "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", "more")
    return place


# -- what is printed


def test_a_function_before_and_after(tree: Path) -> None:
    ran = credseries("show", "ovl_llseek", cwd=tree, env={"COLUMNS": "180"})
    assert (ran.status, ran.err) == (0, "")
    check_snapshot("show-cli.txt", normal(ran.out))


def test_a_refusal_with_its_path(tree: Path) -> None:
    ran = credseries("show", "--form", "guard", "ovl_llseek", cwd=tree)
    assert (ran.status, ran.err) == (1, "")
    check_snapshot("show-cli-refused.txt", normal(ran.out))
    marked = [int(line.split()[0].lstrip(">!")) for line in ran.out.splitlines() if re.match(r"[>!] *\d", line)]
    [path] = re.findall(r"path ([\d >-]+):", ran.out)
    assert set(marked) <= {int(number) for number in path.split(" -> ")}


@pytest.mark.parametrize(("option", "has"), [("--before", "revert_creds(saved)"), ("--after", "scoped_guard(cred")])
def test_one_side_alone(tree: Path, option: str, has: str) -> None:
    ran = credseries("show", option, "ovl_llseek", cwd=tree)
    assert ran.status == 0
    other = {"--before": "scoped_guard", "--after": "revert_creds(saved)"}[option]
    assert has in ran.out
    assert other not in ran.out
    both = credseries("show", "--both", "ovl_llseek", cwd=tree).out
    assert has in both
    assert other in both


def test_without_a_terminal_there_is_no_colour(tree: Path) -> None:
    assert "\x1b" not in credseries("show", "ovl_llseek", cwd=tree).out


def test_colour_is_for_terminals_that_want_it(tree: Path) -> None:
    shown = on_a_terminal(["show", "ovl_llseek"], tree, TERM="xterm")
    assert "\x1b[32mA\x1b[0m" in shown
    assert "\x1b[1;31m>\x1b[0m" in on_a_terminal(["show", "--form", "guard", "ovl_llseek"], tree, TERM="xterm")
    for wish in ({"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}):
        plain = on_a_terminal(["show", "ovl_llseek"], tree, **wish)
        assert "\x1b[32m" not in plain
        assert " A │" in plain


def test_an_output_that_has_no_lines_to_draw_gets_plain_ones(tree: Path) -> None:
    ran = credseries("show", "ovl_llseek", cwd=tree, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert ran.status == 0
    assert ran.out.isascii()
    assert re.search(r"A \|  +pos = vfs_llseek", ran.out)


def test_code_does_nothing_to_the_terminal(tree: Path) -> None:
    ran = credseries("show", "odd", cwd=tree)
    assert ran.status == 0
    assert all(char.isprintable() or char == "\n" for char in ran.out)
    assert '"?]0;title? ?"' in ran.out
    assert "\ufffd" in ran.out
    shown = on_a_terminal(["show", "odd"], tree, TERM="xterm")
    assert "\x1b]" not in shown
    assert "\u202e" not in shown


def test_the_width_may_be_given(tree: Path) -> None:
    wide = credseries("show", "--width", "200", "ovl_llseek", cwd=tree).out
    assert credseries("show", "ovl_llseek", cwd=tree, env={"COLUMNS": "200"}).out == wide
    assert "\nbefore\n" in credseries("show", "--width", "60", "ovl_llseek", cwd=tree).out
    assert "\nbefore\n" not in wide


def test_json_is_the_contract(tree: Path) -> None:
    ran = credseries("show", "--json", "ovl_llseek", cwd=tree)
    assert ran.status == 0
    [function] = json.loads(ran.out)["functions"]
    assert function["function"] == "ovl_llseek"
    assert function["sites"][0]["choice"] == "scoped"
    text = git(tree, "show", f"HEAD:{function['file']}").splitlines()
    assert all(text[line["line"] - 1] == line["text"] for line in function["before"]["lines"])


def test_json_does_nothing_to_the_terminal_and_loses_nothing(tree: Path) -> None:
    ran = credseries("show", "--json", "odd", cwd=tree)
    assert all(char.isprintable() or char == "\n" for char in ran.out)
    [function] = json.loads(ran.out)["functions"]
    [line] = [line["text"] for line in function["before"]["lines"] if "say(" in line["text"]]
    assert line == '\tsay("\x1b]0;title\x07 \u202e");'


# -- which function


def test_a_static_function_is_found(tree: Path) -> None:
    ran = credseries("show", "--before", "odd", cwd=tree)
    assert ran.out.startswith("fs/odd.c:1: odd()\n")


def test_parentheses_after_a_name_do_no_harm(tree: Path) -> None:
    assert credseries("show", "odd()", cwd=tree).out == credseries("show", "odd", cwd=tree).out


def test_a_name_in_several_files_is_not_guessed(tree: Path) -> None:
    ran = credseries("show", "settle", cwd=tree)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err == "error: settle is in 2 files\nhint: say which with --file: fs/first.c, fs/second.c\n"
    chosen = credseries("show", "--file", "fs/second.c", "settle", cwd=tree)
    assert chosen.status == 0
    assert chosen.out.startswith("fs/second.c:3: settle()")


def test_a_name_that_is_mistyped_has_its_nearest(tree: Path) -> None:
    ran = credseries("show", "ovl_lseek", cwd=tree)
    assert ran.status == 2
    assert "no function ovl_lseek has to do with credentials here" in ran.err
    assert "did you mean ovl_llseek" in ran.err
    ran = credseries("show", "--file", "fs/elsewhere.c", "plane", cwd=tree)
    assert ran.err == "error: no function plane is in fs/elsewhere.c\nhint: did you mean plain?\n"


def test_a_function_that_no_scan_knows_is_shown_from_its_file(tree: Path) -> None:
    ran = credseries("show", "plain", cwd=tree)
    assert ran.status == 2
    assert "--file PATH" in ran.err
    ran = credseries("show", "--file", "fs/elsewhere.c", "plain", cwd=tree)
    assert ran.status == 0
    assert "no override of its own" in ran.out
    assert "3 - " in ran.out


def test_a_file_that_is_not_there_is_said(tree: Path) -> None:
    ran = credseries("show", "--file", "fs/none.c", "plain", cwd=tree)
    assert ran.status == 2
    assert "fs/none.c is no file of commit" in ran.err


@pytest.mark.parametrize("name", ["first.c", "../fs/first.c", "fs/first.c"])
def test_a_path_from_where_one_is_will_do(tree: Path, name: str) -> None:
    ran = credseries("show", "--file", name, "settle", cwd=tree / "fs")
    assert ran.status == 0
    assert ran.out.startswith("fs/first.c:3: settle()")


def test_a_path_outside_of_the_tree_is_none_of_it(tree: Path) -> None:
    ran = credseries("show", "--file", "/etc/passwd", "settle", cwd=tree)
    assert ran.status == 2
    assert "/etc/passwd is no file of commit" in ran.err


def test_another_directory_and_another_commit(tree: Path, tmp_path: Path) -> None:
    ran = credseries("show", "-C", tree, "odd", cwd=tmp_path)
    assert ran.status == 0
    ran = credseries("show", "-C", tree, "--rev", "HEAD~1", "odd", cwd=tmp_path)
    assert ran.status == 2
    assert credseries("show", "-C", tree, "--rev", "none", "odd", cwd=tmp_path).status == 2


def test_a_bare_repository_will_do(tree: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(tree), "bare.git")
    assert credseries("show", "-C", tmp_path / "bare.git", "--file", "fs/first.c", "settle", cwd=tmp_path).status == 0


# -- the exit status


def test_a_wrapper_is_no_refusal(tree: Path) -> None:
    ran = credseries("show", "ovl_override_creds", cwd=tree)
    assert ran.status == 0
    assert "nothing to convert: the function leaves the credentials changed for its caller" in ran.out
    assert "it ends with" in ran.out


def test_a_function_that_cannot_be_read_is_status_3(tree: Path) -> None:
    ran = credseries("show", "broken", cwd=tree)
    assert ran.status == 3
    assert "not read: line " in ran.out
    assert "revert_creds(old);" in ran.out


def test_what_is_there_is_not_refused(tree: Path) -> None:
    assert credseries("show", "--form", "guard", "ovl_llseek", cwd=tree).status == 1
    assert credseries("show", "--form", "guard", "--before", "ovl_llseek", cwd=tree).status == 0


# -- completion


def test_a_shell_completes_what_a_scan_has_found(tree: Path) -> None:
    script = Path(COMMAND[0]).parent / "credseries"
    if not script.exists():
        pytest.skip("credseries is not installed here")
    credseries("show", "odd", cwd=tree)
    asked = {"_CREDSERIES_COMPLETE": "complete_bash", "COMP_WORDS": "credseries show ovl_ll", "COMP_CWORD": "2"}
    done = subprocess.run([script], cwd=tree, env=environment(asked), capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["ovl_llseek"]


def test_a_shell_completes_nothing_where_nothing_is_known(tmp_path: Path) -> None:
    script = Path(COMMAND[0]).parent / "credseries"
    if not script.exists():
        pytest.skip("credseries is not installed here")
    asked = {"_CREDSERIES_COMPLETE": "complete_bash", "COMP_WORDS": "credseries show ov", "COMP_CWORD": "2"}
    done = subprocess.run([script], cwd=tmp_path, env=environment(asked), capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("", 0)
