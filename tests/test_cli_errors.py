"""What can go wrong for a user: one line that says what, a hint that says what to do, and the right exit status."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.clicase import COMMAND, Ran, credseries, environment
from tests.gitrepo import commit_all, git, make_repo

SHIPPED = Path(__file__).parent.parent / "patches" / "rfc.toml"


def check_error(ran: Ran, status: int, *words: str) -> None:
    """An error as it should be: a line, a hint, no traceback, nothing on standard output."""
    lines = ran.err.splitlines()
    assert ran.status == status, ran
    assert [line.partition(":")[0] for line in lines] == ["error", "hint"], ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""
    for word in words:
        assert word in ran.err


def replace(tree: Path, path: str, old: bytes, new: bytes) -> None:
    file = tree / path
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new, 1))


def state(tree: Path) -> tuple[str, str, str]:
    """What a refused command must leave alone: refs, what b4 keeps in the config, and the work tree."""
    return git(tree, "for-each-ref"), (tree / ".git/config").read_text(), git(tree, "status", "--porcelain")


# -- where it runs


@pytest.mark.parametrize(
    "arguments",
    [["scan"], ["convert", "ovl_fsync"], ["split"], ["cover"], ["checklist"], ["send", "--dry-run"]],
    ids=lambda arguments: arguments[0],
)
def test_outside_a_repository(tmp_path: Path, arguments: list[str]) -> None:
    check_error(credseries(*arguments, cwd=tmp_path), 2, "not a git repository", "--tree DIR")


def test_a_tree_that_is_not_there(tmp_path: Path) -> None:
    check_error(credseries("scan", "--tree", "nowhere", cwd=tmp_path), 2, "nowhere is not a directory")


@pytest.mark.parametrize("command", ["scan", "convert", "split"])
def test_a_repository_that_is_no_kernel(tmp_path: Path, command: str) -> None:
    tree = make_repo(tmp_path, {"main.c": "int main(void) { return 0; }\n"})
    check_error(credseries(command, cwd=tree), 2, "is not a kernel tree: it has no Makefile", "--tree DIR")


def test_a_kernel_whose_makefile_says_no_version(miniature: Path) -> None:
    (miniature / "Makefile").write_text("all:\n")
    commit_all(miniature, "Empty")
    ran = credseries("scan", cwd=miniature)
    assert ran.status in (2, 3)
    assert "Makefile" in ran.err
    assert "Traceback" not in ran.err


def test_a_repository_without_commits(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "linux")
    check_error(credseries("scan", cwd=tmp_path / "linux"), 2, "has no commit yet")


def test_a_bare_repository_is_as_good(miniature: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(miniature), str(bare))
    assert credseries("scan", cwd=bare).out == credseries("scan", cwd=miniature).out
    ran = credseries("split", cwd=bare)
    assert ran.status == 0, ran.err
    assert credseries("cover", cwd=bare).status == 0
    assert credseries("checklist", cwd=bare).status == 0


def test_any_directory_of_the_tree_is_as_good(miniature: Path, tmp_path: Path) -> None:
    there = credseries("scan", cwd=miniature).out
    assert credseries("scan", cwd=miniature / "fs/overlayfs").out == there
    assert credseries("scan", "--tree", miniature, cwd=tmp_path).out == there
    assert credseries("scan", cwd=tmp_path, env={"CREDSERIES_TREE": str(miniature)}).out == there


def test_without_git(miniature: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    ran = credseries("scan", cwd=miniature, env={"PATH": str(tmp_path / "bin")})
    check_error(ran, 4, "git cannot be run", "install it")


# -- what it is asked for


def test_an_unknown_path(miniature: Path) -> None:
    check_error(credseries("scan", "fs/overlay", cwd=miniature), 2, "fs/overlay is not in commit", "top of the tree")
    check_error(credseries("convert", "fs/overlay", cwd=miniature), 2, "fs/overlay is not in commit")


def test_an_unknown_function_and_its_neighbours(miniature: Path) -> None:
    check_error(credseries("convert", "ovl_fsnyc", cwd=miniature), 2, "no function ovl_fsnyc", "did you mean ovl_fsync")
    check_error(credseries("convert", "zzz", cwd=miniature), 2, "no function zzz", "`credseries scan` lists")


def test_an_unknown_revision(miniature: Path) -> None:
    check_error(credseries("scan", "--base", "v9.9", cwd=miniature), 2, "git knows no commit 'v9.9'")
    check_error(credseries("scan", "--base=--all", cwd=miniature), 2, "git knows no commit '--all'")


@pytest.mark.parametrize(
    "arguments", [["scna"], ["scan", "--jsno"], ["convert", "--form", "gard"], ["checklist", "--format", "htm"]]
)
def test_a_typo_is_wrong_use(miniature: Path, arguments: list[str]) -> None:
    ran = credseries(*arguments, cwd=miniature)
    assert ran.status == 2
    assert "Usage: " in ran.err
    assert "Traceback" not in ran.err


def test_an_unknown_recipe(miniature: Path) -> None:
    check_error(credseries("scan", "--recipe", "rcf", cwd=miniature), 2, "there is no recipe 'rcf'", "rfc")
    check_error(credseries("split", "--recipe", "./x.toml", cwd=miniature), 2, "recipe ./x.toml cannot be read")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("schema = 1", "schema = ", "is not valid TOML"),
        ("schema = 1", "schema = 2", "mine.toml:6: schema: is 2; it must be 1"),
        ('forms = ["guard", "scoped"', 'forms = ["gard", "scoped"', "forms[0]: is 'gard' (did you mean guard?)"),
        ('tree = "vfs"', 'treee = "vfs"', "treee: is not a key here (did you mean tree?)"),
        ('note = "no user', 'after = ["overlayfs"]\nnote = "no user', "helpers -> overlayfs -> helpers"),
        ('code = "cred-light.h"', 'code = "../cred-light.h"', "the name of a file beside the recipe"),
        ('code = "cred-light.h"', 'code = "cred-heavy.h"', "no file beside the recipe, nor shipped"),
        ('provides = "guard"', 'provides = "guards"', "provides: is 'guards' (did you mean guard?); it may be"),
        ("[topics.accessors]", "accessors = 1\n[topics.other]", "is 1; it must be a table"),
    ],
)
def test_a_damaged_recipe(miniature: Path, tmp_path: Path, old: str, new: str, says: str) -> None:
    text = SHIPPED.read_text()
    assert old in text
    recipe = tmp_path / "mine.toml"
    recipe.write_text(text.replace(old, new, 1))
    before = state(miniature)
    check_error(credseries("split", "--recipe", recipe, cwd=miniature), 2, says)
    assert state(miniature) == before


def test_a_recipe_of_ones_own_keeps_its_path(miniature: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text(SHIPPED.read_text().replace('name = "rfc"', 'name = "mine"', 1))
    ran = credseries("split", "--recipe", recipe, cwd=miniature)
    assert ran.status == 0, ran.err
    assert "branch creds-mine is ready" in ran.out
    ran = credseries("checklist", cwd=miniature)
    assert ran.status == 0, ran


# -- split


def test_a_dirty_work_tree_does_not_matter(miniature: Path) -> None:
    (miniature / "fs/backing-file.c").write_text("not C {{{\n")
    (miniature / "fs/new.c").write_text("override_creds(\n")
    git(miniature, "add", "fs/new.c")
    before = git(miniature, "status", "--porcelain")
    assert credseries("split", cwd=miniature).status == 0
    assert git(miniature, "status", "--porcelain") == before
    assert (miniature / "fs/backing-file.c").read_text() == "not C {{{\n"


def test_a_branch_that_exists(miniature: Path) -> None:
    git(miniature, "branch", "creds-rfc")
    before = state(miniature)
    check_error(credseries("split", cwd=miniature), 2, "branch creds-rfc exists already", "--branch NAME")
    assert state(miniature) == before


@pytest.mark.parametrize("name", ["a..b", "-x", "a b", "HEAD", "x.lock", "creds.v2", "a+b", "", "master/x"])
def test_a_branch_name_that_cannot_be(miniature: Path, name: str) -> None:
    before = state(miniature)
    ran = credseries("split", f"--branch={name}", cwd=miniature)
    check_error(ran, 2)
    assert state(miniature) == before


def test_no_identity(miniature: Path) -> None:
    git(miniature, "config", "--unset", "user.email")
    before = state(miniature)
    hermit = {"GIT_CONFIG_GLOBAL": "/dev/null"}
    ran = credseries("split", cwd=miniature, env=hermit)
    check_error(ran, 4, "git does not know the name and address", "git config --global user.email")
    assert state(miniature) == before
    assert credseries("scan", cwd=miniature, env=hermit).status == 0


def test_a_locked_config_is_no_obstacle_unless_something_has_to_be_written(miniature: Path) -> None:
    lock = miniature / ".git/config.lock"
    git(miniature, "config", "b4.prep-cover-strategy", "tip-commit")
    lock.touch()
    before = state(miniature)
    check_error(credseries("split", cwd=miniature), 4, "could not lock config file")
    assert state(miniature) == before
    lock.unlink()
    git(miniature, "config", "--unset", "b4.prep-cover-strategy")
    lock.touch()
    assert credseries("split", cwd=miniature).status == 0


def test_a_series_whose_cover_letter_is_gone(miniature: Path) -> None:
    assert credseries("split", cwd=miniature).status == 0
    git(miniature, "checkout", "--quiet", "creds-rfc")
    git(miniature, "rebase", "--quiet", "--onto", "master", "creds-rfc~6")
    check_error(credseries("cover", cwd=miniature), 2, "has no cover letter any more", "cover --note")
    check_error(credseries("send", "--dry-run", cwd=miniature), 4, "has no cover letter any more", "cover --note")
    assert credseries("checklist", cwd=miniature).status == 0
    assert credseries("cover", "--note", "Here it is again.", cwd=miniature).status == 0
    assert "Here it is again." in credseries("cover", cwd=miniature).out
    assert git(miniature, "status", "--porcelain") == ""


def test_a_series_whose_record_is_gone(miniature: Path) -> None:
    assert credseries("split", cwd=miniature).status == 0
    shutil.rmtree(miniature / ".git/credseries")
    check_error(credseries("cover", cwd=miniature), 2, "record of series creds-rfc is gone", "git branch -D")
    git(miniature, "branch", "-D", "creds-rfc")
    assert credseries("split", cwd=miniature).status == 0
    assert credseries("cover", cwd=miniature).status == 0


def test_nothing_to_convert(miniature: Path) -> None:
    for path in ("fs/backing-file.c", "fs/overlayfs"):
        git(miniature, "rm", "-r", "--quiet", path)
    commit_all(miniature, "Remove them")
    before = state(miniature)
    check_error(credseries("split", cwd=miniature), 1, "no site of the recipe's paths can be converted")
    assert state(miniature) == before
    assert credseries("convert", cwd=miniature).status == 1


# -- a series that is not there, or not as it was


def test_no_series_yet(miniature: Path) -> None:
    for command in (["cover"], ["checklist"], ["send", "--dry-run"]):
        check_error(credseries(*command, cwd=miniature), 2, "there is no series yet", "credseries split")
    check_error(credseries("cover", "--branch", "master", cwd=miniature), 2, "master is not a branch that")


def test_more_than_one_series(miniature: Path) -> None:
    for name in ("one", "two"):
        assert credseries("split", "--branch", name, cwd=miniature).status == 0
    check_error(credseries("cover", cwd=miniature), 2, "more than one series", "one, two")
    assert credseries("cover", "--branch", "two", cwd=miniature).status == 0
    git(miniature, "checkout", "--quiet", "one")
    assert credseries("cover", cwd=miniature).status == 0


def test_a_series_that_was_moved_away(miniature: Path) -> None:
    assert credseries("split", cwd=miniature).status == 0
    tip = git(miniature, "rev-parse", "creds-rfc")[:12]
    (miniature / "more.c").write_text("int more;\n")
    commit_all(miniature, "Add more")
    git(miniature, "rebase", "--quiet", "master", "creds-rfc")
    check_error(credseries("checklist", cwd=miniature), 2, "has been rebased", f"git branch -f creds-rfc {tip}")
    git(miniature, "switch", "--quiet", "--detach")
    git(miniature, "branch", "--force", "creds-rfc", "master")
    check_error(credseries("checklist", cwd=miniature), 2, "credseries refresh", f"git branch -f creds-rfc {tip}")
    git(miniature, "branch", "--force", "creds-rfc", tip)
    assert credseries("checklist", cwd=miniature).status == 0


def test_a_store_that_is_damaged(miniature: Path) -> None:
    assert credseries("split", cwd=miniature).status == 0
    (miniature / ".git/credseries/state.sqlite").write_bytes(b"this is no database" * 100)
    check_error(credseries("cover", cwd=miniature), 4, "state.sqlite")


def test_unknown_recipients(miniature: Path) -> None:
    assert credseries("split", cwd=miniature).status == 0
    check_error(credseries("send", "--dry-run", "--cc", "fsdevl", cwd=miniature), 2, "fsdevl", "fsdevel")
    check_error(credseries("send", "--dry-run", "--to", "a@b@c", cwd=miniature), 2, "a@b@c")


def test_nothing_is_sent_before_somebody_says_so(miniature: Path) -> None:
    check_error(credseries("send", cwd=miniature), 2, "no terminal to ask at", "--yes", "--dry-run")


def test_numbers_that_cannot_be_read(miniature: Path, tmp_path: Path) -> None:
    assert credseries("split", cwd=miniature).status == 0
    check_error(credseries("cover", "--numbers", tmp_path / "none", cwd=miniature), 2, "none")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    check_error(credseries("cover", "--numbers", tmp_path / "binary", cwd=miniature), 2, "binary", "UTF-8")


def test_a_demo_where_something_is(tmp_path: Path) -> None:
    check_error(credseries("demo", "--keep", tmp_path, cwd=tmp_path), 2, "exists already")
    (tmp_path / "file").touch()
    check_error(credseries("demo", "--keep", "file/x", cwd=tmp_path), 2, "cannot be made")


# -- source that is not as it should be


def test_a_file_that_is_not_utf8(miniature: Path) -> None:
    path = "fs/overlayfs/file.c"
    replace(miniature, path, b"int ovl_fsync(", b"/* Andr\xe9 wrote this */\nint ovl_fsync(")
    replace(miniature, path, b"ovl_override_creds(", b"/* \xfcber */ ovl_override_creds(")
    commit_all(miniature, "Write Latin-1")
    ran = credseries("scan", path, cwd=miniature)
    assert ran.status == 0, ran.err
    assert "Traceback" not in ran.err
    assert credseries("scan", path, "--json", cwd=miniature).status == 0
    assert credseries("convert", "ovl_fsync", cwd=miniature).status == 0
    ran = credseries("split", cwd=miniature)
    assert ran.status == 0, ran.err
    data = subprocess.run(
        ["git", "-C", str(miniature), "show", f"creds-rfc:{path}"], check=True, capture_output=True
    ).stdout
    assert b"Andr\xe9 wrote" in data
    assert b"guard(cred)(" in data
    assert credseries("checklist", cwd=miniature).status == 0
    # b4 0.16 reads patches as UTF-8 only
    check_error(credseries("send", "--dry-run", cwd=miniature), 4, "not UTF-8", "git format-patch")


def test_a_diff_of_a_file_that_is_not_utf8_applies(miniature: Path, tmp_path: Path) -> None:
    replace(miniature, "fs/overlayfs/file.c", b"ovl_override_creds(", b"/* Andr\xe9\f */ ovl_override_creds(")
    commit_all(miniature, "Write Latin-1")
    with (tmp_path / "d.diff").open("wb") as stream:
        subprocess.run([*COMMAND, "convert", "--diff", "fs/overlayfs"], cwd=miniature, stdout=stream, check=True)
    git(miniature, "apply", "--check", str(tmp_path / "d.diff"))


def test_latin1_in_code_refuses_the_function_only(miniature: Path) -> None:
    replace(miniature, "fs/overlayfs/file.c", b"int ovl_fsync(", b"int \xe9\xe9;\n\nint ovl_fsync(")
    commit_all(miniature, "Write Latin-1 in code")
    ran = credseries("scan", "fs/overlayfs/file.c", cwd=miniature)
    assert ran.status == 0, ran.err
    assert "textual hits" in ran.out


def test_a_truncated_file(miniature: Path) -> None:
    path = miniature / "fs/overlayfs/inode.c"
    data = path.read_bytes()
    whole = credseries("scan", "fs/overlayfs/inode.c", cwd=miniature).out.splitlines()[-1]
    middle = data.index(b"override_creds", len(data) // 2) + 30
    path.write_bytes(data[:middle])
    commit_all(miniature, "Truncate")
    ran = credseries("scan", "fs/overlayfs/inode.c", cwd=miniature)
    assert ran.status == 0, ran.err
    identity = ran.out.splitlines()[-1]
    total, _, parts = identity.partition(" textual hits = ")
    numbers = [int(part.split()[0]) for part in parts.partition(" (")[0].split(" + ")]
    assert int(total) == sum(numbers) == data[:middle].count(b"override_creds") + data[:middle].count(b"revert_creds")
    assert identity != whole
    ran = credseries("split", cwd=miniature)
    assert ran.status == 0, ran.err
    after = git(miniature, "show", "creds-rfc:fs/overlayfs/inode.c").encode()
    broken = data[:middle].rindex(b"\n{")
    assert after.endswith(data[broken:middle])


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 200 + b"override_creds(x)", b"override_creds", b"{" * 3000 + b"revert_creds(x);\n"]
)
def test_files_that_are_hardly_c(miniature: Path, content: bytes) -> None:
    (miniature / "fs/odd.c").write_bytes(content)
    commit_all(miniature, "Add an odd file")
    ran = credseries("scan", "fs/odd.c", cwd=miniature)
    assert ran.status == 0, ran.err
    assert "textual hit" in ran.out


# -- being interrupted


def test_interrupted_while_it_splits(miniature: Path) -> None:
    """Whenever it comes, there is no branch, or a complete one."""
    kept = miniature / ".git/credseries"
    for delay in (0.0, 0.1, 0.3, 0.6):
        shutil.rmtree(kept, ignore_errors=True)
        process = subprocess.Popen(
            [*COMMAND, "split"],
            cwd=miniature,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 30
        while not kept.exists() and time.monotonic() < deadline:  # it is there as soon as the work starts
            time.sleep(0.01)
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors, errors
        assert process.returncode in (130, 0), errors
        assert git(miniature, "worktree", "list").count("\n") == 1
        if git(miniature, "branch", "--list", "creds-rfc"):
            assert credseries("checklist", cwd=miniature).status == 0
            git(miniature, "branch", "-D", "creds-rfc")


def test_an_interrupt_in_a_destructor_is_not_lost(tmp_path: Path) -> None:
    code = (
        "import sys, time, credseries.__main__ as command\n"
        "class Interrupted:\n"
        "    def __del__(self): raise KeyboardInterrupt\n"
        "def run():\n"
        "    Interrupted()\n"
        "    time.sleep(60)\n"
        "sys.modules['credseries.cli.main'] = type(sys)('main')\n"
        "sys.modules['credseries.cli.main'].main = run\n"
        "command.main()\n"
    )
    done = subprocess.run(
        [COMMAND[0], "-c", code],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize("arguments", [["scan"], ["scan", "--json"], ["convert"], ["--help"]], ids=str)
def test_a_reader_that_leaves(miniature: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=miniature,
            env=environment(),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.stderr == ""
    assert done.returncode in (1, 141)


def test_a_disk_that_is_full(miniature: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "scan"], cwd=miniature, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ")


def test_control_characters_of_a_tree_do_not_reach_the_terminal(miniature: Path) -> None:
    shutil.copy(miniature / "fs/backing-file.c", miniature / "fs/\x1b[31mred.c")
    commit_all(miniature, "Name it badly")
    ran = credseries("scan", cwd=miniature)
    assert ran.status == 0, ran.err
    assert "\x1b" not in ran.out
