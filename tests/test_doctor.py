"""The doctor says what is missing, for which command, and what to do; and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from credseries.bench.doctor import State
from credseries.cli.doctor.libraries import Requirement, _examined, parse_requirement
from credseries.cli.doctor.packages import fix
from tests.clicase import Ran, credseries
from tests.gitrepo import git, make_repo

KEYS = ["group", "what", "state", "needed", "commands", "evidence", "why", "advice"]


def found(ran: Ran) -> dict[str, dict[str, object]]:
    """The findings of --json, by what they are about."""
    document = json.loads(ran.out)
    assert list(document) == ["schema", "ready", "findings"]
    assert document["schema"] == 1
    assert document["ready"] == (ran.status == 0)
    for item in document["findings"]:
        assert list(item) == KEYS
        assert item["state"] in set(State)
        assert item["why"]
        assert (item["advice"] is None) <= (item["state"] in ("ok", "unknown"))
    here = {item["what"]: item for item in document["findings"]}
    assert len(here) == len(document["findings"])
    return here


def look(tree: Path, *arguments: str) -> dict[str, dict[str, object]]:
    return found(credseries("doctor", "--json", *arguments, cwd=tree))


def test_a_kernel_tree_with_a_series(split_miniature: Path) -> None:
    before = sorted(os.walk(split_miniature / ".git"))
    here = look(split_miniature)
    assert {name for name, item in here.items() if item["needed"]} >= {"git", "Python", "b4", "kernel", "identity"}
    assert all(item["state"] == "ok" for item in here.values() if item["needed"])
    assert str(here["kernel"]["evidence"]).startswith("Linux 6.12.0-miniature, /")
    assert "takes a reference" in str(here["credential interface"]["evidence"])
    assert here["series"]["evidence"] == "1 here: creds-rfc"
    assert here["way out"]["state"] == "missing"
    assert here["way out"]["commands"] == ["send"]
    assert sorted(os.walk(split_miniature / ".git")) == before


def test_what_a_person_reads(pristine_miniature: Path) -> None:
    ran = credseries("doctor", cwd=pristine_miniature)
    assert ran.status == 0
    assert "\n\n\n" not in ran.out
    assert max(map(len, ran.out.splitlines())) < 120
    assert "  way out (missing; for send)\n" in ran.out
    assert ran.out.splitlines()[-1].startswith(("credseries can work here.", "missing", "limited"))


def test_nothing_of_a_repository_is_missing_where_there_is_none(tmp_path: Path) -> None:
    here = look(tmp_path)
    assert here["repository"]["state"] == "unknown"
    assert "identity" not in here
    ran = credseries("doctor", "--tree", str(tmp_path), "--json", cwd=tmp_path)
    assert (ran.status, found(ran)["repository"]["state"]) == (1, "missing")


def test_a_repository_that_is_no_kernel(tmp_path: Path) -> None:
    tree = make_repo(tmp_path, {"a.c": ""})
    ran = credseries("doctor", cwd=tree)
    assert ran.status == 1
    assert "Missing for everything: kernel." in ran.out
    assert "it has no Makefile, include/linux/cred.h, MAINTAINERS" in " ".join(ran.out.split())
    git(tmp_path, "init", "-q", "empty")
    assert "no commit yet" in str(look(tmp_path / "empty")["kernel"]["evidence"])


def test_a_person_without_a_name(miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    for key in ("user.name", "user.email"):
        git(miniature, "config", "--unset", key)
    ran = credseries("doctor", cwd=miniature)
    assert ran.status == 1
    assert "Missing for everything: identity." in ran.out
    assert "git config --global user.name" in ran.out


def test_what_is_not_on_the_path(miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(programs))
    ran = credseries("doctor", "--json", cwd=miniature)
    assert ran.status == 0  # none of these is needed by all
    here = found(ran)
    for name in ("gcc", "clang", "perl", "sparse", "perf", "ssh-keygen", "gpg", "user mode Linux"):
        assert here[name]["state"] == "missing", name
        assert here[name]["advice"]
        assert here[name]["commands"]
    assert "sparse" in str(here["sparse"]["advice"])
    assert "make, flex, bison, bc, perl" in str(here["gcc"]["evidence"])


def test_without_git_there_is_not_much_to_say(miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = credseries("doctor", cwd=miniature)
    assert ran.status == 1
    assert "Missing for everything: git." in ran.out
    assert "kernel" not in ran.out.split("programs:")[0]


def test_a_git_that_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\necho git version 2.30.9\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = credseries("doctor", "--json", cwd=tmp_path)
    assert (ran.status, found(ran)["git"]["state"]) == (1, "missing")
    assert "2.31" in str(found(ran)["git"]["why"])


def test_what_is_odd_about_a_tree(miniature: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{miniature}", str(shallow))
    assert look(shallow)["history"]["state"] == "limited"
    git(shallow, "config", "remote.origin.promisor", "true")
    git(shallow, "config", "diff.evil.textconv", "evil")
    here = look(shallow)
    assert "partial clone of origin" in str(here["history"]["evidence"])
    assert here["its configuration"]["evidence"] == "programs that are not run: diff.evil.textconv"
    git(shallow, "config", "--global", "credseries.trustedRepository", "*")
    assert look(shallow)["its configuration"]["state"] == "ok"


def test_the_way_out_is_told_without_the_password(miniature: Path) -> None:
    for key, value in (("smtpServer", "mx.example.org"), ("smtpUser", "dev"), ("smtpPass", "s3cret")):
        git(miniature, "config", "--global", f"sendemail.{key}", value)
    git(miniature, "config", "--global", "user.signingKey", "ABCD")
    for arguments in ((), ("--json",)):
        ran = credseries("doctor", *arguments, cwd=miniature)
        assert "mx.example.org:25" in ran.out
        assert "as dev" in ran.out
        assert "ABCD" in ran.out
        assert "s3cret" not in ran.out + ran.err


def test_state_that_is_damaged(miniature: Path) -> None:
    (miniature / ".git/credseries").mkdir(exist_ok=True)
    (miniature / ".git/credseries/state.sqlite").write_text("nothing that a database would have\n" * 40)
    here = look(miniature)
    assert here["series"]["state"] == "missing"
    assert "mv " in str(here["series"]["advice"])


# -- packages


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ("ID=debian\nVERSION_ID=13\n", "apt install libelf-dev sparse"),
        ('ID="linuxmint"\nID_LIKE="ubuntu debian"\n', "apt install libelf-dev sparse"),
        ("NAME=Fedora\nID=fedora\n", "dnf install elfutils-libelf-devel sparse"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf install elfutils-libelf-devel sparse"),
        ("ID=arch\n", "pacman -S libelf sparse"),
        (
            "",
            "Debian: apt install libelf-dev sparse; Fedora: dnf install elfutils-libelf-devel sparse; "
            "Arch: pacman -S libelf sparse",
        ),
    ],
)
def test_packages_are_named_as_the_distribution_does(release: str, command: str) -> None:
    assert fix(["libelf-dev", "sparse", "sparse"], release) == command


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("b4<0.17,>=0.16", ["0.16", "0.16.0", "0.16.9"], ["0.15.2", "0.17", "0.17.0", "1.0"]),
        ("GitPython>=3.1.43", ["3.1.43", "3.2", "4"], ["3.1.42", "3.1"]),
        ("plain", ["0", "99"], []),
        ("exact==1.2", ["1.2", "1.2.0"], ["1.2.1"]),
    ],
)
def test_versions_are_within_their_limits(text: str, good: list[str], bad: list[str]) -> None:
    requirement = parse_requirement(text)
    assert requirement is not None
    assert [version for version in (*good, *bad) if requirement.allows(version)] == good


def test_extras_are_told_apart() -> None:
    assert parse_requirement('matplotlib>=3.8; extra == "bench"') == Requirement(
        "matplotlib", ((">=", "3.8"),), "bench"
    )


def test_a_package_that_is_not_there_or_of_another_version() -> None:
    check = _examined(Requirement("no-such-package-at-all", ((">=", "2"),)))
    assert check.fails
    assert "-m pip install 'no-such-package-at-all>=2'" in check.finding.advice
    check = _examined(Requirement("b4", (("<", "0.1"),)))
    assert check.fails
    assert "it has to be <0.1" in check.finding.evidence
    check = _examined(Requirement("no-such-package-at-all", (), "bench"))
    assert check.finding.state is State.MISSING
    assert not check.fails
    assert "credseries[bench]" in check.finding.advice
