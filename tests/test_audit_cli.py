"""`credseries audit` as a person runs it: ranges, mails and patches, on the miniature tree."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clicase import COMMAND, Ran, credseries, environment
from tests.gitrepo import git

FILE = "fs/backing-file.c"
SPLICE = """\
	prev = override_creds(ctx->cred);
	moved = vfs_splice_read(in, len);
	revert_creds(prev);

	if (ctx->accessed)
		ctx->accessed(ctx->user_file);

	return moved;
}
EXPORT_SYMBOL_GPL(backing_file_splice_read);"""
# a guard in place: what came after the revert is in its scope now
GUARDED = SPLICE.replace("prev = override_creds(ctx->cred)", "guard(cred)(ctx->cred)").replace(
    "\trevert_creds(prev);\n", ""
)
KINDS = {
    *("moved-call", "skipped-guard", "lost-reference", "extra-reference", "lifetime", "lost-return-value"),
    *("uninitialised", "wrong-caller-credentials", "cleanup-order", "mixed-conversion", "unconverted"),
}


def edit(tree: Path, path: str, old: str, new: str) -> None:
    text = (tree / path).read_text()
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    (tree / path).write_text(text.replace(old, new))


def commit(tree: Path, subject: str) -> str:
    git(tree, "commit", "--quiet", "--all", "-m", subject)
    return git(tree, "rev-parse", "HEAD").strip()


def line_of(tree: Path, path: str, text: str, nth: int = 0) -> int:
    lines = [number for number, line in enumerate((tree / path).read_text().split("\n"), 1) if text in line]
    return lines[nth]


@pytest.fixture
def broken(miniature: Path) -> tuple[Path, list[str]]:
    """Three patches by hand on a branch `topic`, master checked out: right, with a moved call, and mended."""
    git(miniature, "checkout", "--quiet", "-b", "topic")
    edit(miniature, FILE, "	if (written)\n		goto revert;\n", "	if (written != 0)\n		goto revert;\n")
    ids = [commit(miniature, "backing-file: Compare with 0")]
    edit(miniature, FILE, SPLICE, GUARDED)
    ids.append(commit(miniature, "backing-file: Use a guard for splice reads"))
    edit(miniature, FILE, GUARDED, SPLICE)
    ids.append(commit(miniature, "backing-file: Go back"))
    return miniature, ids


def audit(tree: Path, *arguments: str | Path, stdin: bytes | None = None, cwd: Path | None = None) -> Ran:
    if stdin is None:
        return credseries("audit", *arguments, cwd=cwd or tree)
    done = subprocess.run(
        [*COMMAND, "audit", *map(str, arguments)],
        cwd=cwd or tree,
        env=environment(),
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def found(ran: Ran) -> dict[str, Any]:
    data = json.loads(ran.out)
    assert isinstance(data, dict)
    return data


# -- what a series is


def test_a_series_right_at_its_end_and_wrong_in_the_middle(broken: tuple[Path, list[str]]) -> None:
    tree, ids = broken
    ran = audit(tree, "master..topic", "--json")
    assert ran.status == 1
    assert ran.err == ""
    finding, back = found(ran)["findings"]
    assert (back["severity"], back["patch"], back["call"]) == ("note", 3, "ctx->accessed")
    assert back["message"].endswith("that is as it was before the series")
    git(tree, "checkout", "--quiet", ids[1])
    line = line_of(tree, FILE, "ctx->accessed(ctx->user_file)", 1)
    assert finding == {
        "kind": "moved-call",
        "severity": "error",
        "commit": ids[1],
        "patch": 2,
        "file": FILE,
        "function": "backing_file_splice_read",
        "line": line,
        "call": "ctx->accessed",
        "before": "the caller's credentials",
        "after": "ctx->cred",
        "path": finding["path"],
        "message": "ctx->accessed() ran under the caller's credentials, and can now run under ctx->cred",
    }
    assert finding["path"][-1] == line
    assert finding["path"] == sorted(finding["path"])


def test_the_json_contract(broken: tuple[Path, list[str]]) -> None:
    tree, _ = broken
    data = found(audit(tree, "master..topic", "--json"))
    assert list(data) == ["schema", "findings", "analysed", "compared", "not_analysed"]
    assert data["schema"] == 1
    assert {"file": FILE, "function": "backing_file_splice_read"} in data["analysed"]
    assert {"file": FILE, "function": "backing_file_write_iter"} in data["analysed"]
    for finding in data["findings"]:
        assert finding["kind"] in KINDS
        assert finding["severity"] in ("error", "warning", "note")
        assert isinstance(finding["patch"], int)


def test_the_text(broken: tuple[Path, list[str]]) -> None:
    tree, ids = broken
    ran = audit(tree, "master..topic")
    assert ran.status == 1
    assert ran.out.startswith(
        f"patch 2/3 {ids[1][:12]} backing-file: Use a guard for splice reads\n  {FILE}: backing_file"
    )
    assert "    error: moved-call, line " in ran.out
    assert "      before the caller's credentials\n      after  ctx->cred\n" in ran.out
    assert ran.out.endswith("3 patches, 2 functions compared, 0 not analysed: 1 error, 0 warnings, 1 note\n")
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("argument", "status", "patches"),
    [
        ("topic", 1, "3 patches"),
        ("refs/heads/topic", 1, "1 patch,"),
        ("topic~1", 1, "1 patch,"),
        ("topic~2", 0, "1 patch,"),
        ("master..topic~2", 0, "1 patch,"),
        ("master...topic", 1, "3 patches"),
        ("topic~2..topic", 1, "2 patches"),
    ],
)
def test_ranges_branches_and_commits(broken: tuple[Path, list[str]], argument: str, status: int, patches: str) -> None:
    tree, _ = broken
    git(tree, "checkout", "--quiet", "master")
    ran = audit(tree, argument)
    assert ran.status == status, ran
    assert ran.out.splitlines()[-1].startswith(patches)


def test_a_branch_leaves_its_base(broken: tuple[Path, list[str]]) -> None:
    tree, _ = broken
    ran = audit(tree, "topic", "--base", "topic~2")
    assert ran.out.splitlines()[-1].startswith("2 patches")
    ran = audit(tree, "topic")  # it is checked out
    assert ran.status == 2
    assert "--base REV" in ran.err


def test_a_merge_is_not_a_patch(broken: tuple[Path, list[str]]) -> None:
    tree, _ = broken
    git(tree, "checkout", "--quiet", "master")
    (tree / "README").write_text("hello\n")
    git(tree, "add", "README")
    side = commit(tree, "Add a file")
    git(tree, "merge", "--quiet", "--no-edit", "topic")
    ran = audit(tree, f"{side}..HEAD", "--json")
    assert only(ran)[:2] == ("moved-call", 2)


# -- patches


@pytest.fixture
def mbox(broken: tuple[Path, list[str]]) -> bytes:
    tree, _ = broken
    git(tree, "checkout", "--quiet", "master")
    return git(tree, "format-patch", "--stdout", "--cover-letter", "--base=master", "master..topic").encode()


def only(ran: Ran) -> tuple[str, int, str]:
    [finding] = [item for item in found(ran)["findings"] if item["severity"] == "error"]
    return finding["kind"], finding["patch"], finding["commit"]


def test_an_mbox_a_pipe_and_files_are_the_same(broken: tuple[Path, list[str]], mbox: bytes, tmp_path: Path) -> None:
    tree, _ = broken
    (tmp_path / "s.mbox").write_bytes(mbox)
    (tmp_path / "s.mbox.gz").write_bytes(gzip.compress(mbox))
    git(tree, "format-patch", "--quiet", "-o", str(tmp_path / "patches"), "master..topic")
    names = sorted(map(str, (tmp_path / "patches").iterdir()))
    before = git(tree, "for-each-ref"), git(tree, "status", "--porcelain"), (tree / ".git/index").read_bytes()
    wanted = ("moved-call", 2, "")
    assert only(audit(tree, tmp_path / "s.mbox", "--json")) == wanted
    assert only(audit(tree, tmp_path / "s.mbox.gz", "--json")) == wanted
    assert only(audit(tree, "-", "--json", stdin=mbox)) == wanted
    assert only(audit(tree, tmp_path / "patches", "--json")) == wanted
    assert only(audit(tree, *reversed(names), "--json")) == wanted
    assert only(audit(tree, "patches", "-C", tree, "--json", cwd=tmp_path)) == wanted
    assert before == (git(tree, "for-each-ref"), git(tree, "status", "--porcelain"), (tree / ".git/index").read_bytes())


def test_a_bare_repository(broken: tuple[Path, list[str]], mbox: bytes, tmp_path: Path) -> None:
    tree, _ = broken
    git(tmp_path, "clone", "--quiet", "--bare", str(tree), "bare.git")
    assert only(audit(tree, "-", "--json", "-C", "bare.git", stdin=mbox, cwd=tmp_path))[0] == "moved-call"


def test_a_plain_diff(broken: tuple[Path, list[str]]) -> None:
    tree, _ = broken
    git(tree, "checkout", "--quiet", "master")
    diff = git(tree, "diff", "topic~2", "topic~1").encode()
    assert only(audit(tree, "-", "--json", stdin=diff)) == ("moved-call", 1, "")


def messages(mbox: bytes) -> list[bytes]:
    return [b"From " + part for part in re.split(rb"^From (?=[0-9a-f]{40} )", mbox, flags=re.MULTILINE)[1:]]


def test_a_thread_with_an_older_version_replies_and_copies(broken: tuple[Path, list[str]], mbox: bytes) -> None:
    tree, _ = broken
    cover, one, two, three = messages(mbox)
    new = [part.replace(b"[PATCH ", b"[PATCH v2 ", 1) for part in (cover, one, two, three)]
    older = three.replace(b"Go back", b"Go somewhere else")
    reply = two.replace(b"Subject: [PATCH", b"Subject: Re: [PATCH", 1)
    thread = [one, older, new[2], reply, new[3], new[0], new[1], new[3], two]
    ran = audit(tree, "-", "--json", stdin=b"".join(thread))
    assert ran.err == ""
    assert only(ran) == ("moved-call", 2, "")


def test_a_patch_that_is_missing_is_said(broken: tuple[Path, list[str]], mbox: bytes) -> None:
    tree, _ = broken
    _, _, two, three = messages(mbox)
    ran = audit(tree, "-", stdin=two + three)
    assert ran.status == 1
    assert "note: patch 1 of the series is not there" in ran.err


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_transfer_encodings_and_line_ends(broken: tuple[Path, list[str]], mbox: bytes, encoding: str) -> None:
    import base64
    import quopri

    tree, _ = broken
    encoded = []
    for message in messages(mbox):
        head, _, body = message.partition(b"\n\n")
        body = body.replace(b"\n", b"\r\n") if encoding == "base64" else body
        changed = base64.encodebytes(body) if encoding == "base64" else quopri.encodestring(body)
        head = re.sub(rb"^(MIME-Version|Content-T\S+):.*\n?", b"", head, flags=re.MULTILINE).rstrip(b"\n")
        kind = b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
        encoded.append(head + b"\n" + kind + encoding.encode() + b"\n\n" + changed.rstrip(b"\n") + b"\n\n")
    assert only(audit(tree, "-", "--json", stdin=b"".join(encoded))) == ("moved-call", 2, "")


def test_another_charset_than_the_file_s(miniature: Path) -> None:
    edit(miniature, FILE, "	/* the I/O goes on without us", "	/* \u00e9tude: the I/O goes on without us")
    commit(miniature, "A comment")
    edit(miniature, FILE, SPLICE, GUARDED)
    edit(miniature, FILE, "\u00e9tude", "\u00e9t\u00e9")
    diff = git(miniature, "diff")
    git(miniature, "checkout", "--quiet", ".")
    head = b"From: A <a@b.c>\nSubject: [PATCH] x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\n"
    mail = head + b"Content-Transfer-Encoding: 8bit\n\n" + diff.encode("iso-8859-1")
    assert only(audit(miniature, "-", "--json", stdin=mail)) == ("moved-call", 1, "")


def test_from_lines_within_a_message(broken: tuple[Path, list[str]], mbox: bytes) -> None:
    tree, _ = broken
    one, *rest = messages(mbox)[1:]
    talk = b"\nFrom here on it gets better.\n>From there too.\n---\n"
    ran = audit(tree, "-", "--json", stdin=b"".join([one.replace(b"\n---\n", talk, 1), *rest]))
    assert only(ran) == ("moved-call", 2, "")


# -- bases


def test_the_series_names_its_base(broken: tuple[Path, list[str]], mbox: bytes) -> None:
    tree, _ = broken
    git(tree, "checkout", "--quiet", "topic")  # HEAD has the patches
    assert only(audit(tree, "-", "--json", stdin=mbox)) == ("moved-call", 2, "")
    without = re.sub(rb"^base-commit: .*\n", b"", mbox, flags=re.MULTILINE)
    ran = audit(tree, "-", "--json", stdin=without)
    assert any("the base has it already" in item["reason"] for item in found(ran)["not_analysed"])
    assert only(audit(tree, "-", "--base", "master", "--json", stdin=without)) == ("moved-call", 2, "")


def test_a_base_that_is_not_here(broken: tuple[Path, list[str]], mbox: bytes) -> None:
    tree, _ = broken
    other = re.sub(rb"^base-commit: .*$", b"base-commit: " + b"1" * 40, mbox, flags=re.MULTILINE)
    ran = audit(tree, "-", stdin=other)
    assert "note: the series is based on 111111111111, which is not in this repository" in ran.err
    assert ran.status == 1


def test_a_three_way_merge(broken: tuple[Path, list[str]], mbox: bytes) -> None:
    tree, _ = broken
    # the context of the second patch has changed, its file's blob is known
    end = "\n}\nEXPORT_SYMBOL_GPL(backing_file_splice_read)"
    edit(tree, FILE, f"	return moved;{end}", f"	return moved + 0;{end}")
    commit(tree, "backing-file: A comment")
    ran = audit(tree, "-", "--base", "HEAD", "--json", stdin=mbox)
    assert only(ran) == ("moved-call", 2, "")
    assert found(ran)["not_analysed"] == []


def test_what_does_not_apply_is_said_and_so_is_what_depends_on_it(broken: tuple[Path, list[str]], mbox: bytes) -> None:
    tree, _ = broken
    edit(tree, FILE, "	moved = vfs_splice_read(in, len);", "	moved = vfs_splice_read(in, len, 0);")
    commit(tree, "backing-file: Another argument")
    ran = audit(tree, "-", "--base", "HEAD", "--json", stdin=mbox)
    data = found(ran)
    reasons = {(item["file"], item["function"]): item["reason"] for item in data["not_analysed"]}
    assert len(data["not_analysed"]) == 2
    assert "does not apply" in reasons[FILE, ""]
    assert "Applied patch to 'fs/backing-file.c' with conflicts" in reasons[FILE, ""]
    assert {"file": FILE, "function": "backing_file_write_iter"} in data["analysed"]
    assert ran.status == 0


def test_a_file_that_is_not_there(miniature: Path) -> None:
    diff = b"diff --git a/fs/none.c b/fs/none.c\n--- a/fs/none.c\n+++ b/fs/none.c\n@@ -1 +1 @@\n-a\n+b\n"
    [left] = found(audit(miniature, "-", "--json", stdin=diff))["not_analysed"]
    assert (left["file"], left["function"]) == ("fs/none.c", "")
    assert "does not exist in index" in left["reason"]


# -- odd input


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"hello\n", "holds no patch"),
        (bytes(range(256)) * 8, "holds no patch"),
        (b"\x1f\x8bnot gzip", "is not a gzip file"),
        (b"From: a@b\nSubject: Re: [PATCH 1/2] x\n\n> diff --git a/x b/x\n", "holds no patch"),
        (b"Subject: [PATCH 0/3] cover\n\nnothing\n", "holds no patch"),
    ],
)
def test_what_is_no_patch(miniature: Path, tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "odd").write_bytes(data)
    ran = audit(miniature, tmp_path / "odd")
    assert (ran.status, ran.out) == (2, "")
    assert words in ran.err
    assert "hint: " in ran.err
    assert "Traceback" not in ran.err


def test_other_wrong_use(broken: tuple[Path, list[str]], mbox: bytes, tmp_path: Path) -> None:
    tree, _ = broken
    (tmp_path / "empty").mkdir()
    twice = messages(mbox)[1] + messages(mbox)[2].replace(b"2/3", b"1/3", 1)
    for arguments, stdin, words in (
        (["nowhere"], None, "neither a revision nor a file"),
        (["nowhere..HEAD"], None, "git knows no commit 'nowhere'"),
        (["topic..master"], None, "is it the wrong way round?"),
        (["topic", "master"], None, "topic is neither a revision nor a file"),
        ([tmp_path / "empty"], None, "holds no patches"),
        (["topic", "--base", "nowhere"], None, "git knows no commit 'nowhere'"),
        (["-"], twice, "there are two patches 1/3"),
    ):
        ran = audit(tree, *arguments, stdin=stdin)
        assert (ran.status, ran.out) == (2, ""), arguments
        assert words in ran.err
    root = git(tree, "rev-list", "--max-parents=0", "HEAD").strip()
    assert "root commit" in audit(tree, root).err
    (tree / "topic").write_text("x")
    assert "is a file and a revision" in audit(tree, "topic").err


def test_a_patch_that_touches_no_code(miniature: Path) -> None:
    file = miniature / "MAINTAINERS"
    file.write_text(file.read_text() + "\n")
    commit(miniature, "MAINTAINERS: A line")
    ran = audit(miniature, "HEAD")
    assert ran == Ran(0, "1 patch, 0 functions compared, 0 not analysed: 0 errors, 0 warnings, 0 notes\n", "")


# -- what a series means for what it does not change


def test_a_wrapper_goes_light_while_its_callers_stay(miniature: Path) -> None:
    edit(miniature, "fs/overlayfs/util.c", "	return override_creds(", "	return override_creds_light(")
    commit(miniature, "ovl: Light overrides")
    data = found(audit(miniature, "HEAD", "--json"))
    callers = {finding["function"] for finding in data["findings"] if finding["kind"] == "lost-reference"}
    assert {"ovl_set_link_redirect", "ovl_llseek", "ovl_create_tmpfile"} <= callers
    assert len(callers) >= 30
    assert all(finding["before"] and finding["after"] for finding in data["findings"])


def test_an_override_left_by_hand(miniature: Path) -> None:
    assert credseries("split", cwd=miniature).status == 0
    ran = audit(miniature, "creds-rfc", "--json")
    data = found(ran)
    assert ran.status == 0
    assert {(finding["kind"], finding["severity"]) for finding in data["findings"]} == {("unconverted", "note")}
    assert data["not_analysed"] == []
    assert len(data["analysed"]) >= 45


def test_a_function_converted_by_half(miniature: Path) -> None:
    assert credseries("split", cwd=miniature).status == 0
    git(miniature, "checkout", "--quiet", "creds-rfc~3")
    path = "fs/overlayfs/dir.c"
    text = (miniature / path).read_text()
    start = text.index("int ovl_set_link_redirect(")
    end = text.index("\n}\n", start)
    body = text[start:end]
    region = "\tsaved = ovl_override_creds(dentry->d_sb);\n\tret = ovl_set_redirect(dentry);\n\trevert_creds(saved);\n"
    scope = "\tscoped_guard(cred, dentry->d_sb->s_fs_info->creator_cred)\n\t\tret = ovl_set_redirect(dentry);\n"
    twice = body.replace("\treturn ret;", f"{region}\n\treturn ret;")
    (miniature / path).write_text(text.replace(body, twice))
    commit(miniature, "Twice")
    (miniature / path).write_text(text.replace(body, twice.replace(region, scope, 1)))
    commit(miniature, "Half")
    data = found(audit(miniature, "HEAD", "--json"))
    assert ("unconverted", "warning", "ovl_set_link_redirect") in {
        (finding["kind"], finding["severity"], finding["function"]) for finding in data["findings"]
    }
