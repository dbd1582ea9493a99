"""`credseries recipients` as a person runs it, on the miniature tree and its series."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from credseries.cli.recipients import plan_recipients
from credseries.cli.split import make_all
from credseries.kernel.git import Repository
from credseries.mail.comments.stored import keep_letters
from credseries.mail.recipients.gathered import REFUSED_ADDRESS, gather_series
from credseries.mail.recipients.settings import read_settings
from credseries.mail.thread.model import Letter
from credseries.series import saved
from credseries.series.demo import make_repository
from credseries.series.model import Selection
from credseries.series.split import Stamp
from credseries.series.told import Fact, Told
from tests.clicase import COMMAND, check_snapshot, credseries, environment
from tests.gitrepo import commit_all, git, write_files
from tests.mailcase import TODAY
from tests.mailcase import environment as with_environment

STAMP = Stamp(TODAY, "c0ffee123456")
BRANCH = "creds-rfc"


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The miniature tree with the default series: to look at, not to write to."""
    home = tmp_path_factory.mktemp("home")
    with with_environment(HOME=str(home), GIT_CONFIG_GLOBAL=str(home / "gitconfig"), GIT_CONFIG_NOSYSTEM="1"):
        path = tmp_path_factory.mktemp("recipients") / "linux"
        make_all(make_repository(path), "rfc", ["HEAD"], None, Selection(), "one", STAMP)
        yield path


@pytest.fixture
def tree(split: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(split, tmp_path / "linux", symlinks=True))


def shown(tree: Path, *arguments: str | Path, cwd: Path | None = None) -> str:
    ran = credseries("recipients", *arguments, cwd=cwd or tree)
    assert (ran.status, ran.err) == (0, "")
    return ran.out


def as_json(tree: Path, *arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shown(tree, "--json", *arguments))
    return found


def getting(found: dict[str, Any], address: str) -> dict[str, Any]:
    (entry,) = (each for each in found["recipients"] if each["address"] == address)
    return dict(entry)


def amend(tree: Path, *trailers: str) -> str:
    """Adds trailers to the last patch of the series, as `git commit --amend` does."""
    git(tree, "checkout", "--quiet", BRANCH)
    message = git(tree, "log", "-1", "--format=%B").strip() + "\n" + "\n".join(trailers)
    git(tree, "commit", "--quiet", "--amend", "--message", message)
    return git(tree, "rev-parse", "HEAD").strip()


def test_everybody_is_shown_with_his_patches(tree: Path) -> None:
    check_snapshot("recipients.txt", shown(tree, "--cc", "fsdevel"))


def test_every_message_is_shown_with_its_people(tree: Path) -> None:
    check_snapshot("recipients-by-patch.txt", shown(tree, "--by-patch", "--policy", "topic", "--to", "overlayfs"))


def test_files_and_directories_are_shown_with_their_people(tree: Path) -> None:
    check_snapshot("recipients-files.txt", shown(tree, "fs/overlayfs", "kernel/cred.c"))
    assert shown(tree, "-C", str(tree), "backing-file.c", cwd=tree / "fs") == shown(tree, "fs/backing-file.c")


def test_the_contract_is_as_documented(tree: Path) -> None:
    found = as_json(tree, "--cc", "fsdevel")
    assert list(found) == [
        *("schema", "branch", "change_id", "version", "base", "policy", "recipients", "messages", "notes")
    ]
    assert (found["schema"], found["branch"], found["version"], found["policy"]) == (1, BRANCH, 1, "owners")
    assert found["base"] == git(tree, "rev-parse", "HEAD").strip()
    assert getting(found, "linux-fsdevel@vger.kernel.org") == {
        "name": "",
        "address": "linux-fsdevel@vger.kernel.org",
        "list": True,
        "to": [],
        "cc": [0, 1, 2, 3, 4, 5, 6],
        "reasons": [
            "list of the topic helpers",
            "--cc fsdevel",
            "open list:FILESYSTEMS (VFS and infrastructure)",
            "list of the topic backing-file",
        ],
    }
    assert [message["patch"] for message in found["messages"]] == list(range(7))
    assert found["messages"][3]["files"] == ["fs/backing-file.c"]
    assert {
        "name": "Jun Takeda",
        "address": "jun.takeda@example.org",
        "reasons": ["reviewer:FILESYSTEMS (VFS and infrastructure)"],
    } in found["messages"][3]["to"]


def test_people_and_patches_agree_in_the_contract(tree: Path) -> None:
    found = as_json(tree, "--policy", "topic")
    for way in ("to", "cc"):
        by_message = {(person["address"], m["patch"]) for m in found["messages"] for person in m[way]}
        assert by_message == {(each["address"], number) for each in found["recipients"] for number in each[way]}


def test_patch_files_go_where_their_series_goes(tree: Path, tmp_path: Path) -> None:
    git(tree, "format-patch", "--quiet", "-o", str(tmp_path / "out"), f"HEAD..{BRANCH}")
    files = sorted((tmp_path / "out").iterdir())
    assert files[0].stat().st_size == 0  # of the commit with the cover letter
    from_files, series = as_json(tree, *files), as_json(tree)
    for one, other in zip(from_files["messages"], series["messages"][1:], strict=True):
        assert one["subject"] == other["subject"]
        lists = {"linux-fsdevel@vger.kernel.org"}  # which the recipe names
        people = [{person["address"] for way in ("to", "cc") for person in message[way]} for message in (one, other)]
        assert people[0] | lists == people[1] | lists
    assert from_files["branch"] is None


def test_a_patch_may_come_from_the_input(tree: Path) -> None:
    patch = git(tree, "format-patch", "--stdout", "-1", BRANCH)
    done = subprocess.run(
        [*COMMAND, "recipients", "-"],
        cwd=tree,
        env=environment(),
        input=patch,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("1 patch to ")
    assert "mirela.stan@example.org" in done.stdout


def test_what_is_neither_file_nor_patch_is_refused(tree: Path) -> None:
    ran = credseries("recipients", "fs/nowhere.c", cwd=tree)
    assert ran.status == 2
    assert "fs/nowhere.c is neither in the tree nor a patch" in ran.err


@pytest.mark.parametrize(
    ("name", "said"), [("fsdevl", "did you mean linux-fsdevel@vger.kernel.org?"), ("fs", "write the whole address")]
)
def test_a_name_that_nobody_has_is_an_error(tree: Path, name: str, said: str) -> None:
    ran = credseries("recipients", "--cc", name, cwd=tree)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_an_alias_of_git_send_email_is_known(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "aliases").write_text("alias kin Kin <kin@example.org>\nalias all kin, x@example.org\n")
    git(tree, "config", "sendemail.aliasesfile", str(tmp_path / "aliases"))
    git(tree, "config", "sendemail.aliasfiletype", "mutt")
    found = as_json(tree, "--to", "all")
    assert getting(found, "kin@example.org")["to"] == list(range(7))
    assert getting(found, "x@example.org")["reasons"] == ["--to all, an alias"]


def test_the_policy_comes_from_gits_configuration_unless_it_is_given(tree: Path) -> None:
    git(tree, "config", "credseries.recipients", "all")
    assert as_json(tree)["policy"] == "all"
    assert as_json(tree, "--policy", "owners")["policy"] == "owners"
    git(tree, "config", "credseries.recipients", "topi")
    ran = credseries("recipients", cwd=tree)
    assert ran.status == 2
    assert "did you mean topic?" in ran.err


def test_b4s_settings_are_read_also_those_that_a_project_sets(tree: Path) -> None:
    write_files(
        tree, {".b4-config": b"[b4]\n\tsend-series-to = to@example.org\n\tsend-series-cc = project@example.org\n"}
    )
    git(tree, "config", "b4.send-series-cc", "cc@example.org")
    git(tree, "config", "b4.email-exclude", " *@robots.org , x@example.org,")
    git(tree, "config", "b4.send-me-too", "yes")
    settings = read_settings(Repository.discover(tree))
    assert (settings.to, settings.cc) == ("to@example.org", "cc@example.org")
    assert settings.excluded == ("*@robots.org", "x@example.org")
    assert settings.me_too
    git(tree, "config", "b4.send-me-too", "No")
    assert not read_settings(Repository.discover(tree)).me_too


def test_trailers_and_fixes_of_a_commit_are_read(tree: Path) -> None:
    write_files(tree, {"fs/bug.c": b"int bug;\n"})
    with with_environment(GIT_AUTHOR_NAME="Bo Author", GIT_AUTHOR_EMAIL="bo@example.org"):
        bug = commit_all(tree, "fs: Break it\n\nSigned-off-by: Signer <signer@example.org>")
    trailers = ["Cc: Rosa <rosa.c@example.org>", f"Fixes: {bug[:12]} (fs: Break it)", "Fixes: 0123456789ab (gone)"]
    amend(tree, *trailers)
    found = as_json(tree)
    assert getting(found, "rosa.c@example.org")["cc"] == [0, 6]
    assert getting(found, "bo@example.org")["reasons"] == [f"wrote {bug[:12]}, which this fixes"]
    assert getting(found, "signer@example.org")["reasons"] == [f"signed {bug[:12]}, which this fixes"]
    (note,) = (each for each in found["notes"] if each["concern"] == "unknown-commit")
    assert "0123456789ab" in note["text"]
    assert note["patches"] == [6]


def test_who_stands_in_the_cover_letter_gets_everything(tree: Path) -> None:
    repo = Repository.discover(tree)
    record = saved.current(repo, BRANCH).record
    commits = git(tree, "rev-list", "--reverse", f"{record.base}..{BRANCH}").split()
    message = git(tree, "log", "-1", "--format=%B", commits[0])
    letter, mark, tracking = message.partition("--- b4-submit-tracking ---")
    git(tree, "checkout", "--quiet", "--detach", commits[0])
    text = f"{letter.rstrip()}\n\nTo: Top <top@example.org>\nCc: Cop <cop@example.org>\n\n{mark}{tracking}"
    git(tree, "commit", "--quiet", "--amend", "--allow-empty", "--message", text)
    git(tree, "cherry-pick", f"{commits[0]}..{BRANCH}")
    git(tree, "branch", "--quiet", "--force", BRANCH)
    found = as_json(tree, "--branch", BRANCH)
    assert getting(found, "top@example.org")["to"] == list(range(7))
    assert getting(found, "cop@example.org")["reasons"] == ["Cc of the cover letter"]


def test_whom_a_newer_head_no_longer_names_is_said(tree: Path) -> None:
    text = (tree / "MAINTAINERS").read_text().replace("M:\tAmos Kettle <amos@example.org>\n", "")
    write_files(tree, {"MAINTAINERS": text.encode()})
    commit_all(tree, "MAINTAINERS: Amos retires")
    assert "gone: the MAINTAINERS of HEAD no longer names amos@example.org (4-6)" in shown(tree)


def test_an_address_that_refused_mail_before_is_said(tree: Path) -> None:
    with saved.opened(Repository.discover(tree)) as store:
        store.put(REFUSED_ADDRESS, "amos@example.org", {"why": "550 5.1.1 unknown", "when": "2026-11-23"})
    assert "refused: mail to amos@example.org was refused before: 550 5.1.1 unknown (2026-11-23)" in shown(tree)


def test_a_trailer_that_was_dropped_makes_an_earlier_reviewer(tree: Path) -> None:
    repo = Repository.discover(tree)
    record = saved.current(repo, BRANCH).record
    gone = Fact("dropped", "Reviewed-by: Rhea <rhea@example.org>", 3, (3,))
    plan = plan_recipients(repo, dataclasses.replace(record, told=Told(dropped=(gone,))), [], [])
    reasons = {person.address: person.reasons for person in plan.of(1).cc}
    assert reasons["rhea@example.org"] == ("gave Reviewed-by to an earlier version",)


def test_who_replied_to_an_earlier_version_gets_the_next(tree: Path) -> None:
    repo = Repository.discover(tree)
    record = saved.current(repo, BRANCH).record
    raw = (
        b"From: Rolf Reader <rolf@example.org>\nTo: dev@example.org\nMessage-Id: <reply@example.org>\n"
        b"In-Reply-To: <3@example.org>\nReferences: <3@example.org>\nDate: Mon, 23 Nov 2026 09:00:00 +0000\n"
        b"Subject: Re: [PATCH RFC 3/6] "
        + record.patches[2].subject.encode()
        + b"\n\n> a line\n\nPlease do it elsewhere.\n"
    )
    when = datetime(2026, 11, 23, 9, tzinfo=UTC)
    letter = Letter("reply@example.org", "3@example.org", (), "", "Rolf", "rolf@example.org", when, "", raw=raw)
    git(tree, "tag", "--annotate", "--message", "v1", f"sent/{record.change_id}-v1", record.tip)
    with saved.opened(repo) as store:
        keep_letters(store, record.change_id, [letter])
    found = as_json(tree)
    assert getting(found, "rolf@example.org")["reasons"] == ["replied to v1"]
    assert getting(found, "rolf@example.org")["cc"] == list(range(7))


def test_what_is_planned_for_send_is_what_is_shown(tree: Path) -> None:
    repo = Repository.discover(tree)
    plan = plan_recipients(repo, saved.current(repo, BRANCH).record, ["fsdevel"], [], "topic")
    found = as_json(tree, "--cc", "fsdevel", "--policy", "topic")
    for message in found["messages"]:
        recipients = plan.of(message["patch"])
        assert [person["address"] for person in message["to"]] == [person.address for person in recipients.to]
        assert [person["address"] for person in message["cc"]] == [person.address for person in recipients.cc]


def test_the_text_of_each_patch_is_its_own(tree: Path) -> None:
    repo = Repository.discover(tree)
    record = saved.current(repo, BRANCH).record
    for change, patch in zip(gather_series(repo, record).changes, record.patches, strict=True):
        assert change.message.startswith(f"{patch.subject}\n")
        assert all(f"+++ b/{file}".encode() in change.patch for file in patch.files)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("credseries recipients --cc fs", ["fsdevel"]),
        ("credseries recipients --to k", ["kin", "kernel"]),
        ("credseries recipients --policy ", ["owners", "topic", "all"]),
    ],
)
def test_the_shell_completes_names(tree: Path, tmp_path: Path, line: str, expected: list[str]) -> None:
    (tmp_path / "aliases").write_text("alias kin Kin <kin@example.org>\n")
    git(tree, "config", "sendemail.aliasesfile", str(tmp_path / "aliases"))
    git(tree, "config", "sendemail.aliasfiletype", "mutt")
    assert complete(tree, line) == expected


def test_completion_outside_of_a_tree_is_empty_and_no_error(tmp_path: Path) -> None:
    assert complete(tmp_path, "credseries recipients --cc ") == []


def complete(cwd: Path, line: str) -> list[str]:
    asked = {"_CREDSERIES_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    program = "from credseries.cli.main import app; app(prog_name='credseries')"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, env=environment(asked), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.split()
