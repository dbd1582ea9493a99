"""Repositories as they are rarely: every command works in them, or says what is wrong, where, and what to do.

What works is measured by the plain tree: the same accounting, the same patches.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from credseries.errors import GitFailed
from credseries.kernel.git import Repository
from credseries.store import Store
from tests.clicase import COMMAND, Ran, credseries, environment
from tests.gitrepo import commit_all, git, make_repo, write_files

BRANCH = "creds-rfc"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)  # b4 finds a cover letter that is younger than a year


@pytest.fixture(scope="module")
def accounting(pristine_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The last line of a scan of the plain tree."""
    tree = shutil.copytree(pristine_miniature, tmp_path_factory.mktemp("plain") / "linux", symlinks=True)
    return credseries("scan", cwd=Path(tree)).out.splitlines()[-1]


def fine(*arguments: str | Path, cwd: Path) -> Ran:
    ran = credseries(*arguments, cwd=cwd)
    assert (ran.status, ran.err) == (0, ""), ran
    return ran


def fails(status: int, *words: str, ran: Ran) -> None:
    """It says so in an error, with a hint, and not by a crash."""
    assert ran.status == status, ran
    assert re.match(r"error: .*\nhint: .*\n\Z", ran.err, re.DOTALL), ran.err
    for word in words:
        assert word in " ".join(ran.err.split()), ran.err


def goes_through(tree: Path, place: Path, accounting: str, branch: str = BRANCH) -> None:
    """Scan, split, the letter, the messages and the audit of them; work tree and index stay as they are."""
    before = git(tree, "status", "--porcelain", "-z")
    assert fine("scan", cwd=tree).out.splitlines()[-1] == accounting
    fine("split", "--branch", branch, cwd=tree)
    fine("cover", "--branch", branch, "--note", "It goes on.", cwd=tree)
    mbox = place / f"{branch}.mbox"
    fine("send", "--branch", branch, "--require", "none", "--cc", "fsdevel", "--to-mbox", mbox, cwd=tree)
    audited = fine("audit", mbox, cwd=tree)
    assert audited.out.splitlines()[-1].startswith("6 patches, ")
    assert git(tree, "status", "--porcelain", "-z") == before


# -- where it is


def test_a_path_that_shells_and_terminals_would_act_on(
    pristine_miniature: Path, tmp_path: Path, accounting: str
) -> None:
    name = b"-a b\t\"q'$(touch x)`y`;z\\%s{}\xff\x1b[31m" + "ü".encode()
    tree = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    shutil.copytree(pristine_miniature, tree, symlinks=True)
    goes_through(tree, tmp_path, accounting)
    assert [entry.name for entry in tmp_path.iterdir()].count("x") == 0
    assert "\x1b" not in credseries("doctor", cwd=tree).out


def test_a_path_with_a_line_s_end(pristine_miniature: Path, tmp_path: Path) -> None:
    tree = Path(shutil.copytree(pristine_miniature, tmp_path / "new\nline", symlinks=True))
    fails(2, "has a line's end in it", "move the repository", ran=credseries("scan", cwd=tree))


def test_a_work_tree_that_is_linked_to_a_bare_repository(
    pristine_miniature: Path, tmp_path: Path, accounting: str
) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(pristine_miniature), "bare.git")
    git(tmp_path / "bare.git", "worktree", "add", "-q", "--detach", str(tmp_path / "linked tree"))
    for key, value in (("name", "Dev"), ("email", "dev@example.org")):
        git(tmp_path / "bare.git", "config", f"user.{key}", value)
    goes_through(tmp_path / "linked tree", tmp_path, accounting)
    assert BRANCH in fine("status", cwd=tmp_path / "bare.git").out
    shutil.move(tmp_path / "bare.git", tmp_path / "gone.git")
    fails(2, "not a git repository", ran=credseries("scan", cwd=tmp_path / "linked tree"))


def test_a_submodule(pristine_miniature: Path, tmp_path: Path, accounting: str) -> None:
    tree = make_repo(tmp_path, {"a.txt": ""})
    git(tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(pristine_miniature), "linux")
    goes_through(tree / "linux", tmp_path, accounting)


# -- how it is kept


def test_ids_of_64_digits(pristine_miniature: Path, tmp_path: Path, accounting: str) -> None:
    tree = tmp_path / "linux"
    shutil.copytree(pristine_miniature, tree, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    git(tree, "init", "-q", "--object-format=sha256")
    assert len(commit_all(tree, "Start")) == 64
    goes_through(tree, tmp_path, accounting)


def test_a_shallow_clone(split_miniature: Path, tmp_path: Path, accounting: str) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{split_miniature}", "shallow")
    tree = tmp_path / "shallow"
    goes_through(tree, tmp_path, accounting)
    fails(
        2,
        "have no common history",
        "git fetch --unshallow",
        ran=credseries("audit", f"origin/{BRANCH}...HEAD", cwd=tree),
    )


def test_a_partial_clone_fetches_nothing_unasked(pristine_miniature: Path, tmp_path: Path, accounting: str) -> None:
    source = Path(shutil.copytree(pristine_miniature, tmp_path / "source", symlinks=True))
    git(source, "config", "uploadpack.allowFilter", "true")
    git(source, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{source}", "partial")
    tree = tmp_path / "partial"
    before = sorted((tree / ".git/objects/pack").iterdir())
    for command in (("scan",), ("split",), ("audit", "HEAD")):
        ran = credseries(*command, cwd=tree)
        fails(ran.status, ran=ran)
        assert ran.status in (2, 4)
    fails(4, "partial clone", "git fetch --refetch --no-filter", ran=credseries("scan", cwd=tree))
    assert sorted((tree / ".git/objects/pack").iterdir()) == before
    git(tree, "fetch", "-q", "--refetch", "--no-filter")  # as it was told
    assert fine("scan", cwd=tree).out.splitlines()[-1] == accounting
    # where the files are checked out all is there that a series needs
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{source}", "checked-out")
    goes_through(tmp_path / "checked-out", tmp_path, accounting)


def test_contents_that_are_lost_are_no_file_that_is_absent(tmp_path: Path) -> None:
    tree = make_repo(tmp_path, {"a.c": "override_creds(x);\n", "b.c": "b\n", "sub/c.c": "c\n"})
    repo = Repository.discover(tree)
    head = repo.resolve("HEAD")
    asked = ["a.c", "sub/c.c", "sub", "nowhere.c", "sub/nowhere.c", ""]
    assert set(repo.read_files(head, asked)) == {"a.c", "sub/c.c"}
    blob = git(tree, "rev-parse", "HEAD:sub/c.c").strip()
    (tree / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(GitFailed, match=r"sub/c\.c is in commit .* not in the repository"):
        repo.read_files(head, ["a.c", "sub/c.c"])


# -- what is checked out


def test_heads(split_miniature: Path, tmp_path: Path, accounting: str) -> None:
    tree = Path(shutil.copytree(split_miniature, tmp_path / "linux", symlinks=True))
    git(tree, "checkout", "-q", "--detach")
    assert BRANCH in fine("status", cwd=tree).out
    subprocess.run([b"git", b"checkout", b"-q", b"-b", b"odd-\xff\"'$(x)"], cwd=tree, check=True)
    assert BRANCH in fine("status", "--onto", BRANCH, cwd=tree).out
    fine("audit", BRANCH, cwd=tree)
    git(tree, "symbolic-ref", "HEAD", "refs/heads/unborn")
    assert BRANCH in fine("status", cwd=tree).out
    fails(2, "HEAD has no commit yet", "name a commit", ran=credseries("scan", cwd=tree))
    assert fine("scan", "--base", "master", cwd=tree).out.splitlines()[-1] == accounting
    (tree / ".git/HEAD").write_text("ref: refs/heads/../../../etc/passwd\n")
    fails(2, "HEAD has no commit yet", ran=credseries("scan", cwd=tree))
    (tree / ".git/HEAD").write_text("nothing\n")
    fails(2, "not a git repository", ran=credseries("scan", cwd=tree))


# -- what is in it

_SITE = """\
#include <linux/cred.h>
int odd_%d(struct inode *inode)
{
	const struct cred *saved;
	int err;

	saved = ovl_override_creds(inode->i_sb);
	err = vfs_odd(inode);
	revert_creds(saved);
	return err;
}
"""
_ODD_FILES = (
    *(b"a b.c", b"qu\"o'te.c", b"new\nline.c", b"tab\there.c", b"non\xffutf8.c", b"-dash.c", b"$(touch x).c"),
    *(b"back\\slash.c", b":(top)x.c", b"*.c", b"\x1b[31m.c"),
)


def test_files_with_odd_names(miniature: Path, tmp_path: Path) -> None:
    for number, name in enumerate(_ODD_FILES):
        Path(os.fsdecode(os.fsencode(miniature / "fs/overlayfs") + b"/" + name)).write_text(_SITE % number)
    commit_all(miniature, "Files")
    scanned = fine("scan", cwd=miniature)
    assert scanned.out.count("odd_") == len(_ODD_FILES)
    assert "\x1b" not in scanned.out
    for recipe in ("rfc", "per-file"):
        branch = f"odd-{recipe}"
        fine("split", "--recipe", recipe, "--branch", branch, cwd=miniature)
        mbox = tmp_path / f"{recipe}.mbox"
        fine("send", "--branch", branch, "--require", "none", "--cc", "fsdevel", "--to-mbox", mbox, cwd=miniature)
        audited = fine("audit", "--json", mbox, cwd=miniature)
        found = json.loads(audited.out)
        assert [item for item in found["findings"] if item["function"].startswith("odd_")] == []
        assert len([item for item in found["analysed"] if item["function"].startswith("odd_")]) == len(_ODD_FILES)
        assert git(miniature, "grep", "-c", "-e", "guard(cred", branch, "--", "fs/overlayfs").count("\n") >= len(
            _ODD_FILES
        )
        for command in ("status", "checklist", "recipients"):
            assert credseries(command, "--branch", branch, cwd=miniature).status in (0, 1)
    assert not (miniature / "x").exists()
    fine("show", "odd_4", cwd=miniature)
    fine("convert", "odd_2", cwd=miniature)


def test_names_that_differ_in_case_only(miniature: Path) -> None:
    text = (miniature / "fs/overlayfs/file.c").read_text()
    write_files(
        miniature, {"fs/overlayfs/FILE.c": text.replace("ovl_", "Ovl_").replace("Ovl_override", "ovl_override")}
    )
    commit_all(miniature, "Another")
    git(miniature, "config", "core.ignoreCase", "true")
    fine("split", cwd=miniature)
    for name, prefix in (("file.c", "ovl_"), ("FILE.c", "Ovl_")):
        assert f"loff_t {prefix}llseek(" in git(miniature, "show", f"{BRANCH}:fs/overlayfs/{name}")
    assert " 0 errors" in fine("audit", BRANCH, cwd=miniature).out


def test_links_are_not_followed(miniature: Path, tmp_path: Path, accounting: str) -> None:
    secret = tmp_path / "secret.c"
    secret.write_text(_SITE % 0)
    directory = miniature / "fs/overlayfs"
    (directory / "link.c").symlink_to(secret)
    (directory / "all").symlink_to("/")
    (directory / "loop.c").symlink_to("loop.c")
    (directory / "text.c").symlink_to("override_creds(x); revert_creds(y)")
    commit_all(miniature, "Links")
    assert fine("scan", cwd=miniature).out.splitlines()[-1] == accounting
    fails(2, "odd_0", ran=credseries("show", "odd_0", cwd=miniature))
    fails(2, ran=credseries("show", "--file", "fs/overlayfs/link.c", "odd_0", cwd=miniature))
    # and a directory of the work tree that is elsewhere
    shutil.move(directory, tmp_path / "elsewhere")
    directory.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/file.c").write_text(_SITE % 1)
    assert fine("scan", cwd=miniature).out.splitlines()[-1] == accounting


def test_a_file_of_many_lines(miniature: Path) -> None:
    calls = "\tcall();\n" * 20_000
    body = f"{{\n\tconst struct cred *o = override_creds(x);\n{calls}\trevert_creds(o);\n\treturn 0;\n}}\n"
    write_files(
        miniature,
        {
            "fs/overlayfs/long.c": f"int f(void)\n{body}",
            "fs/overlayfs/deep.c": f"int g(void) {{ override_creds({'(' * 50_000}x{')' * 50_000}); }}\n",
            "fs/overlayfs/huge.c": "/* override_creds */\n" + "int x;\n" * 1_000_000,
        },
    )
    commit_all(miniature, "Much")
    assert "deep.c" in fine("scan", cwd=miniature).out


# -- what cannot be written


@pytest.mark.parametrize(
    ("lock", "command"),
    [
        (f"refs/heads/{BRANCH}.lock", ("split",)),
        ("packed-refs.lock", ("split",)),
        ("index.lock", ("split",)),
        ("HEAD.lock", ("split",)),
    ],
)
def test_locks_that_somebody_left(miniature: Path, lock: str, command: tuple[str, ...]) -> None:
    (miniature / ".git" / lock).write_text("")
    ran = credseries(*command, cwd=miniature)
    if lock.startswith("refs"):
        fails(4, lock, "remove that file", ran=ran)
        (miniature / ".git" / lock).unlink()
        fine(*command, cwd=miniature)
    else:
        assert (ran.status, ran.err) == (0, "")


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(place)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def refs(tree: Path) -> str:
    return git(tree, "for-each-ref")


def test_a_disk_that_is_full(mounted: Path, split_miniature: Path) -> None:
    tree = Path(shutil.copytree(split_miniature, mounted / "linux", symlinks=True))
    before = refs(tree)
    with contextlib.suppress(OSError), (mounted / "fill").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert credseries("scan", cwd=tree).status == 0
    fails(4, "make room on that disk", ran=credseries("split", "--branch", "new", cwd=tree))
    fails(4, "make room on that disk", ran=credseries("cover", "--branch", BRANCH, "--note", "x", cwd=tree))
    ran = credseries("send", "--branch", BRANCH, "--require", "none", "--to-mbox", "out.mbox", cwd=tree)
    fails(4, ran=ran)
    assert refs(tree) == before
    (mounted / "fill").unlink()
    assert "dangling" not in git(tree, "fsck", "--no-dangling")
    fine("split", "--branch", "new", cwd=tree)


def test_a_disk_that_is_read_only(mounted: Path, split_miniature: Path, accounting: str) -> None:
    tree = Path(shutil.copytree(split_miniature, mounted / "linux", symlinks=True))
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    assert fine("scan", cwd=tree).out.splitlines()[-1] == accounting
    for command in (("status",), ("cover", "--branch", BRANCH), ("audit", BRANCH), ("recipients", "--branch", BRANCH)):
        fine(*command, cwd=tree)
    fails(4, "Read-only file system", "a clone of your own", ran=credseries("split", "--branch", "new", cwd=tree))
    fails(4, "Read-only", ran=credseries("cover", "--branch", BRANCH, "--note", "x", cwd=tree))


def test_what_one_may_not_read(miniature: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read all")
    (miniature / "fs/overlayfs/file.c").chmod(0)
    fails(4, "Permission denied", "who may read", ran=credseries("scan", cwd=miniature))


# -- time, and others


@pytest.mark.parametrize("when", ["0 +0000", "4102444800 +1400", "253402300800 -1200"])
def test_dates_that_cannot_be(pristine_miniature: Path, tmp_path: Path, when: str, accounting: str) -> None:
    tree = Path(shutil.copytree(pristine_miniature, tmp_path / "linux", symlinks=True))
    top = git(tree, "rev-parse", "HEAD^{tree}").strip()
    raw = f"tree {top}\nauthor A <a@example.org> {when}\ncommitter A <a@example.org> {when}\n\nFrom elsewhere\n"
    write = ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
    made = subprocess.run(write, cwd=tree, input=raw, capture_output=True, text=True, check=True).stdout.strip()
    git(tree, "update-ref", "refs/heads/master", made)
    goes_through(tree, tmp_path, accounting)
    fine("refresh", "--branch", BRANCH, "--dry-run", cwd=tree)


def test_several_at_once(miniature: Path) -> None:
    commands = (("split",), ("split",), ("split", "--branch", "other"), ("scan",), ("ablate",), ("status",))
    running = [
        subprocess.Popen(
            [*COMMAND, *command],
            cwd=miniature,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    ended = [Ran(process.returncode, out, err) for process in running for out, err in [process.communicate()]]
    assert sorted(ran.status for ran in ended[:2])[0] == 0
    for ran in ended[:2]:
        if ran.status:
            fails(2, f"{BRANCH} exists already", ran=ran)
    for ran in ended[2:]:
        assert (ran.status, ran.err) == (0, "")
    assert sum(ran.status == 0 for ran in ended[:2]) == 1
    assert "error" not in git(miniature, "fsck")


def test_the_store_keeps_paths_that_are_no_text(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.sqlite")
    value = {"path": os.fsdecode(b"fs/non\xffutf8.c"), "text": "grüße"}
    store.put("kind", "key", value)
    assert store.get("kind", "key") == value
    store.close()
