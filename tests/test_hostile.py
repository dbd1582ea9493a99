"""A repository that somebody has prepared makes credseries run nothing, whatever is asked of it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from credseries.errors import NotTrusted
from credseries.kernel.apply import stack
from credseries.kernel.git import Repository
from credseries.kernel.restraint import Restraint, Setting, parse_settings, restrain
from credseries.mail.attest import attest
from credseries.mail.transport.credentials import Credentials
from credseries.mail.transport.settings import Program, Server, read_settings
from tests import hostilecase
from tests.clicase import credseries
from tests.gitrepo import commit_all, git, make_repo, write_files
from tests.hostilecase import Hostile

BRANCH = "creds-rfc"


@pytest.fixture
def hostile(split_miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hostile:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.delenv(name)  # b4 finds a cover letter that is younger than a year
    monkeypatch.delenv("GIT_EDITOR")
    tree = Path(shutil.copytree(split_miniature, tmp_path / "linux", symlinks=True))
    git(tmp_path, "clone", "-q", "--bare", str(tree), str(tmp_path / "other.git"))
    return hostilecase.prepare(tree, tmp_path, BRANCH)


def plainly(hostile: Hostile, *arguments: str) -> list[str]:
    """What a git command runs, as git is."""
    subprocess.run(["git", "-C", hostile.tree, *arguments], check=False, capture_output=True, stdin=subprocess.DEVNULL)
    return hostile.ran()


def test_what_is_planted_would_run(hostile: Hostile, tmp_path: Path) -> None:
    assert plainly(hostile, "update-ref", "refs/heads/new", "HEAD") == ["hook reference-transaction"]
    assert {"core.fsmonitor", "filter.evil.process"} <= set(plainly(hostile, "status"))
    without = ("-c", "filter.evil.process=", "-c", "filter.evil.required=false")
    assert "diff.evil.textconv" in plainly(hostile, *without, "log", "-p", "-1", BRANCH)
    assert "core.sshCommand" in plainly(hostile, "fetch", "ssh://127.0.0.1:1/x")
    assert "core.gitProxy" in plainly(hostile, "fetch", "git://127.0.0.1:1/x")
    assert "helper" in plainly(hostile, "fetch", "https://example.org/linux")
    assert "remote.file----elsewhere.uploadpack" in plainly(hostile, "fetch", "file:///elsewhere")
    asked = tmp_path / "asked"
    asked.write_text("protocol=smtp\nhost=127.0.0.1\nusername=dev\n\n")
    with asked.open() as stdin:
        subprocess.run(["git", "-C", hostile.tree, "credential", "fill"], check=False, capture_output=True, stdin=stdin)
    assert "credential.helper" in hostile.ran()


def test_no_command_runs_it(hostile: Hostile, tmp_path: Path) -> None:
    mbox, numbers = str(tmp_path / "series.mbox"), tmp_path / "numbers"
    numbers.write_text("Workload: stat storm on overlayfs. Machine: Xeon, 8 CPUs. 5 runs: +36%\n")
    of = ("--branch", BRANCH)
    send = ("send", *of, "--require", "none", "--cc", "fsdevel")
    statuses: list[tuple[int, Sequence[str]]] = [
        (0, (*send, "--to-mbox", mbox)),
        (0, (*send, "--dry-run")),
        (0, ("scan", "--base", BRANCH)),
        (0, ("convert", "fs/backing-file.c")),
        (0, ("show", "ovl_llseek")),
        (0, ("split", "--branch", "another")),
        (0, ("status", "--onto", BRANCH)),
        (0, ("ablate",)),
        (0, ("refresh", *of, "--dry-run")),
        (0, ("cover", *of, "--numbers", str(numbers), "--note", "x")),
        (0, ("checklist", *of)),
        (0, ("verify", *of, "--level", "proof")),
        (0, ("recipients", *of)),
        (0, ("thread", mbox)),
        (0, ("comments", *of, "--read", mbox)),
        (0, ("audit", mbox)),
        (0, ("reroll", *of, "--sent-as", "v1@example.org", "--because", "0=once more", "--resend")),
        (0, ("recipe", "check", "rfc")),
        (0, ("bench", "list")),
        (0, ("landed", *of, str(tmp_path / "other.git"))),
        # These cannot be had, and nothing of the repository's is asked for them.
        (4, ("landed", *of, "https://example.org/linux")),
        (4, ("landed", *of, "ssh://127.0.0.1:1/x")),
        (4, ("landed", *of, "git://127.0.0.1:1/x")),
        (2, ("landed", *of, "file:///elsewhere")),
    ]
    before = git(hostile.tree, "ls-files", "--stage")
    hostile.ran()
    for status, command in statuses:
        ran = credseries(*command, cwd=hostile.tree)
        assert (hostile.ran(), ran.status) == ([], status), (command, ran)
        assert "Traceback" not in ran.err
    assert git(hostile.tree, "ls-files", "--stage") == before
    assert git(hostile.tree, "branch", "--list", "fetched/*") == ""


# -- what takes the place of it


def listed(*settings: tuple[str, str, str]) -> list[Setting]:
    return parse_settings("".join(f"{scope}\0{key}\n{value}\0" for scope, key, value in settings))


def test_only_what_the_repository_says_is_replaced() -> None:
    found = restrain(
        listed(
            ("global", "filter.lfs.process", "git-lfs filter-process"),
            ("global", "core.sshcommand", "ssh -i key"),
            ("local", "core.sshcommand", "evil"),
            ("local", "filter.x=y.clean", "evil"),
            ("local", "user.name", "Dev"),
            ("command", "core.pager", "less"),
        ),
        [],
    )
    assert dict(found.settings) == {
        "core.sshcommand": "ssh -i key",
        "filter.x=y.clean": "",
        "filter.x=y.required": "false",
    }
    assert found.names == ("core.sshcommand", "filter.x=y.clean")


def test_what_its_user_says_last_holds() -> None:
    assert restrain(listed(("local", "core.pager", "evil"), ("command", "core.pager", "less")), []) == Restraint()


def test_the_users_helpers_for_passwords_stay_and_no_other() -> None:
    found = restrain(
        listed(
            ("system", "credential.https://example.org.helper", "site"),
            ("global", "credential.helper", "cache"),
            ("worktree", "credential.helper", "evil"),
            ("global", "credential.helper", "store"),
        ),
        [],
    )
    assert found.settings == (
        ("credential.helper", ""),
        ("credential.https://example.org.helper", "site"),
        ("credential.helper", "cache"),
        ("credential.helper", "store"),
    )


def test_a_monitor_that_is_off_is_no_program() -> None:
    assert restrain(listed(("local", "core.fsmonitor", "false")), []) == Restraint()
    assert restrain(listed(("local", "core.fsmonitor", "true")), []).names == ("core.fsmonitor",)


# Variables of git 2.39 whose names sound like programs and that name none, or none that git would find there: names of
# tools and browsers that are configured elsewhere, words, numbers, addresses; and what only protected configuration
# says (git-config(1), SCOPES).
_HARMLESS = {
    *("advice.ignoredHook", "advice.waitingForEditor", "clone.filterSubmodules", "color.pager", "completion.commands"),
    *("commitGraph.maxNewFilters", "core.fsmonitorHookVersion", "gitcvs.dbDriver", "help.browser", "instaweb.browser"),
    *("diff.<driver>.binary", "diff.<driver>.cachetextconv", "diff.<driver>.wordRegex", "diff.<driver>.xfuncname"),
    *("http.proxy", "http.proxyAuthMethod", "http.proxySSLCAInfo", "http.proxySSLCert", "http.proxySSLKey"),
    *("http.proxySSLCertPasswordProtected", "man.viewer", "merge.<driver>.name", "merge.<driver>.recursive"),
    *("notes.rewrite.<command>", "rebase.abbreviateCommands", "remote.<name>.partialclonefilter"),
    *("remote.<name>.proxy", "remote.<name>.proxyAuthMethod", "uploadpack.packObjectsHook", "uploadpack.allowFilter"),
    *("uploadpackfilter.<filter>.allow", "uploadpackfilter.allow", "uploadpackfilter.tree.maxDepth"),
    # git send-email's, which credseries never runs
    *("sendemail.ccCmd", "sendemail.tocmd", "sendemail.headerCmd"),
}


def test_every_program_of_git_is_known() -> None:
    words = "cmd command program helper hook textconv driver editor pager askpass external filter proxy browser viewer"
    words += " vcs tunnel .uploadpack .receivepack"
    variables = subprocess.run(["git", "help", "--config"], check=True, capture_output=True, text=True).stdout.split()
    sounding = {name for name in variables if any(word in name.lower() for word in words.split())} - _HARMLESS
    named = {name: name.replace("<", "").replace(">", "").replace("*", "x").lower() for name in sounding}
    assert len(sounding) > 25
    for name, key in named.items():
        assert restrain([Setting("local", key, "evil")], []).names == (key,), f"what is {name}?"


def test_a_merge_driver_of_the_repository_gives_way_to_git_s_own(tmp_path: Path) -> None:
    lines = [f"line {number}\n" for number in range(9)]
    tree = make_repo(tmp_path, {"a.c": "".join(lines)})
    hostile = Hostile(tree, tmp_path / "marks")
    hostile.marks.mkdir()
    hostile.configure("merge.evil.driver")
    (tree / ".git/info/attributes").write_text("* merge=evil\n")
    ours = commit_all(tree, "ours") if write_files(tree, {"a.c": "".join(["ours\n", *lines[1:]])}) is None else ""
    repo = Repository.discover(tree)
    theirs, clash = "".join([*lines[:2], "theirs\n", *lines[3:]]), "".join(["theirs\n", *lines[1:]])
    for text, merged in ((theirs, "".join(["ours\n", lines[1], "theirs\n", *lines[3:]])), (clash, None)):
        git(tree, "checkout", "-q", "HEAD~1")
        write_files(tree, {"a.c": text})
        patch = git(tree, "diff", "--full-index").encode()
        git(tree, "hash-object", "-w", "a.c")
        git(tree, "checkout", "-q", "-f", "master")
        hostile.ran()
        with stack(repo, repo.resolve_tree(ours)[1]) as applied:
            rejected = applied.apply(patch)
            assert (rejected is None) == (merged is not None)
            if merged is not None:
                assert git(tree, "show", f"{applied.tree}:a.c") == merged
        assert hostile.ran() == []


def test_a_submodule_starts_no_git_of_its_own(tmp_path: Path) -> None:
    inner = make_repo(tmp_path, {"b.c": ""}, name="inner")
    tree = make_repo(tmp_path, {"a.c": ""})
    git(tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    commit_all(tree, "submodule")
    hostile = Hostile(tree / "sub", tmp_path / "marks")
    hostile.marks.mkdir()
    hostile.configure("core.fsmonitor")
    git(tree, "status")
    assert hostile.ran() == ["core.fsmonitor"]
    repo = Repository.discover(tree)
    assert not repo.is_dirty()
    assert list(repo.grep_files(repo.resolve("HEAD"), ["x"])) == []
    assert hostile.ran() == []


def test_a_replaced_object_is_not_what_everybody_has(tmp_path: Path) -> None:
    tree = make_repo(tmp_path, {"a.c": "honest\n"})
    honest = git(tree, "rev-parse", "HEAD:a.c").strip()
    (tree / "other").write_text("forged\n")
    git(tree, "replace", honest, git(tree, "hash-object", "-w", "other").strip())
    assert git(tree, "show", "HEAD:a.c") == "forged\n"
    repo = Repository.discover(tree)
    assert repo.read_files(repo.resolve("HEAD"), ["a.c"]) == {"a.c": b"honest\n"}


# -- what its user asks for, and the repository must not say how


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_repo(tmp_path, {"Makefile": "all:\n"})


def refused(tree: Path, *pairs: tuple[str, str]) -> None:
    """The first of these is not taken from the repository's own configuration; the user's is, or his word for it."""
    for key, value in pairs:
        git(tree, "config", key, value)
    with pytest.raises(NotTrusted, match=f"(?i){pairs[0][0]} says") as caught:
        read_settings(Repository.discover(tree))
    assert f"git config --global {pairs[0][0]}" in caught.value.hint
    git(tree, "config", "--global", "credseries.trustedRepository", str(tree))
    read_settings(Repository.discover(tree))
    git(tree, "config", "--global", "--unset", "credseries.trustedRepository")
    git(tree, "config", "credseries.trustedRepository", "*")
    with pytest.raises(NotTrusted):
        read_settings(Repository.discover(tree))
    git(tree, "config", "--unset", pairs[0][0])
    git(tree, "config", "--global", *pairs[0])
    read_settings(Repository.discover(tree))


def test_a_command_that_sends_mail(tree: Path) -> None:
    refused(tree, ("sendemail.sendmailCmd", "msmtp"))


def test_a_program_that_sends_mail(tree: Path) -> None:
    refused(tree, ("sendemail.smtpServer", "/bin/true"))


def test_a_program_that_an_identity_names(tree: Path) -> None:
    refused(tree, ("sendemail.work.sendmailCmd", "msmtp"), ("sendemail.identity", "work"))


def test_what_the_users_program_is_given(tree: Path) -> None:
    git(tree, "config", "--global", "sendemail.sendmailCmd", "msmtp")
    refused(tree, ("sendemail.smtpServerOption", "--file=./evil"))


@pytest.mark.parametrize(
    "pair",
    [("smtpServer", "evil.example.org"), ("smtpServerPort", "26"), ("smtpSSLCertPath", ""), ("smtpEncryption", "")],
)
def test_where_the_users_password_goes(tree: Path, pair: tuple[str, str]) -> None:
    for key, value in (("smtpServer", "mx.example.org"), ("smtpUser", "dev"), ("smtpPass", "s3cret")):
        git(tree, "config", "--global", f"sendemail.{key}", value)
    refused(tree, (f"sendemail.{pair[0]}", pair[1]))


def test_a_server_is_no_program(tree: Path) -> None:
    git(tree, "config", "sendemail.smtpServer", "mx.example.org")
    assert isinstance(read_settings(Repository.discover(tree)).outlet, Server)


def test_the_users_own_program_sends(tree: Path) -> None:
    git(tree, "config", "sendemail.sendmailCmd", "evil")
    git(tree, "config", "--global", "--add", "credseries.trustedRepository", "*")
    assert read_settings(Repository.discover(tree)).outlet == Program("evil", through_shell=True)


@pytest.mark.parametrize("key", ["credential.helper", "credential.smtp://mx:25.helper", "core.askPass"])
def test_whom_to_ask_for_a_password(tree: Path, tmp_path: Path, key: str) -> None:
    mark, helper = tmp_path / "mark", tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\n: > {mark}\necho password=s3cret\n")
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    server = Server("mx", 25, user="dev")
    git(tree, "config", key, str(helper))
    with pytest.raises(NotTrusted, match=r"(?i)askpass|helper"):
        Credentials(Repository.discover(tree), server, terminal=False).password()
    assert not mark.exists()
    git(tree, "config", "--unset", key)
    git(tree, "config", "--global", "credential.helper", str(helper))
    assert Credentials(Repository.discover(tree), server, terminal=False).password() == "s3cret"
    assert mark.exists()


@pytest.mark.parametrize("key", ["gpg.program", "gpg.ssh.program", "patatt.gpg-bin", "patatt.ssh-keygen-bin"])
def test_what_signs(tree: Path, key: str) -> None:
    git(tree, "config", key, "evil")
    with pytest.raises(NotTrusted, match=f"{key} names a program"):
        attest(Repository.discover(tree), [])


def test_a_repository_of_somebody_else_is_git_s_to_refuse(miniature: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    for path in (miniature, miniature / ".git"):
        os.chown(path, 12345, 12345)
    ran = credseries("scan", cwd=miniature)
    assert ran.status == 2
    assert "dubious ownership" in ran.err
    assert "safe.directory" in ran.err
