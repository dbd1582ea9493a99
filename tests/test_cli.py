"""The commands on the miniature tree: what they print, the contracts of their JSON, and what they leave behind."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.clicase import COMMAND, check_snapshot, credseries, environment, normal
from tests.gitrepo import git
from tests.mailcase import B4

FORMS = ("guard", "scoped", "light")
ACCOUNT = ("converted", "refused", "already_converted", "wrapper_bodies", "not_code")
TEXT = {
    "scan": ["scan"],
    "convert": ["convert", "ovl_fsync", "ovl_llseek"],
    "convert-refused": ["convert", "--form", "guard", "ovl_llseek"],
    "split": ["split", "--branch", "again"],
    "cover": ["cover"],
    "checklist": ["checklist"],
    "send": ["send", "--cc", "fsdevel", "--dry-run"],
}


@pytest.fixture(scope="module")
def split_once(pristine_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("split")
    tree = Path(shutil.copytree(pristine_miniature, place / "linux"))
    sealed = {"HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "TZ": "UTC"}
    ran = credseries("split", cwd=tree, env=sealed)
    assert ran.status == 0, ran.err
    return tree


@pytest.fixture
def series(split_once: Path, tmp_path: Path) -> Path:
    """The miniature tree with the series on `creds-rfc`, to do with as one likes."""
    return Path(shutil.copytree(split_once, tmp_path / "linux"))


def as_json(*arguments: str, cwd: Path) -> Any:
    ran = credseries(*arguments, cwd=cwd)
    assert ran.err == ""
    return json.loads(ran.out)


# -- text


@pytest.mark.parametrize("name", TEXT)
def test_what_a_person_reads(series: Path, name: str) -> None:
    ran = credseries(*TEXT[name], cwd=series)
    assert ran.err == ""
    assert ran.status == (1 if name == "convert-refused" else 0)
    check_snapshot(f"{name}.txt", normal(ran.out))


def test_every_help_text_fits_a_terminal_and_has_examples(tmp_path: Path) -> None:
    single = ("demo", "scan", "convert", "show", "split", "status", "ablate", "reroll", "cover", "checklist", "send")
    below = (("recipe", name) for name in ("list", "show", "check"))
    for command in (*((name,) for name in single), *below):
        ran = credseries(*command, "--help", cwd=tmp_path, env={"COLUMNS": "80"})
        assert ran.status == 0
        assert "Examples:\n    credseries " in ran.out
        assert max(map(len, ran.out.splitlines())) <= 88
    ran = credseries("--help", cwd=tmp_path, env={"COLUMNS": "80"})
    assert "..." not in ran.out.partition("Commands:")[2]
    assert credseries("--version", cwd=tmp_path).out == "credseries 0.1.0\n"


def test_completion_knows_the_commands(tmp_path: Path) -> None:
    asked = {"_CREDSERIES_COMPLETE": "complete_bash", "COMP_WORDS": "credseries c", "COMP_CWORD": "1"}
    script = Path(COMMAND[0]).parent / "credseries"
    if not script.exists():
        pytest.skip("credseries is not installed here")
    done = subprocess.run([script], cwd=tmp_path, env=environment(asked), capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["convert", "cover", "checklist", "comments"]


def on_a_terminal(arguments: list[str], cwd: Path, **env: str) -> str:
    reading, writing = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, env=environment(env), stdin=writing, stdout=writing, stderr=writing
    )
    os.close(writing)
    parts = []
    while True:
        try:
            part = os.read(reading, 4096)
        except OSError:  # Linux says EIO when the other side is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(reading)
    process.wait(timeout=60)
    return b"".join(parts).decode()


def test_colour_is_for_terminals_that_want_it(series: Path) -> None:
    assert "\x1b[32m" in on_a_terminal(["scan", "fs/backing-file.c"], series, TERM="xterm")
    assert "\x1b[32m" in on_a_terminal(["convert", "ovl_fsync"], series, TERM="xterm")
    assert "\x1b[32m" not in on_a_terminal(["scan", "fs/backing-file.c"], series, TERM="xterm", NO_COLOR="1")
    assert "\x1b" not in credseries("scan", cwd=series).out


# -- scan


def test_the_scan_contract(series: Path) -> None:
    found = as_json("scan", "--json", cwd=series)
    assert list(found) == ["schema", "tree", "sites", "unreadable", "findings", "refusals", "accounting"]
    assert found["schema"] == 1
    assert found["tree"] == {
        "version": "6.12.0-miniature",
        "commit": git(series, "rev-parse", "HEAD").strip(),
        "counts_references": True,
    }
    keys = ["file", "line", "function", "override", "source", "kind", "forms", "choice", "reason", "converted"]
    for site in found["sites"]:
        assert list(site) == keys
        assert site["kind"] in ("site", "wrapper", "split", "revert-only")
        assert site["choice"] in (*FORMS, "refused")
        assert tuple(site["forms"]) == FORMS
        for form in site["forms"].values():
            assert list(form) == ["ok", "reason", "moved", "jumps"]
            assert form["ok"] == (form["reason"] == "")
            assert all(list(moved) == ["line", "call"] for moved in form["moved"])
        if site["choice"] != "refused":
            assert site["forms"][site["choice"]]["ok"]
        text = git(series, "show", f"HEAD:{site['file']}").splitlines()[site["line"] - 1]
        assert "cred" in text
    places = [(site["file"], site["line"]) for site in found["sites"]]
    assert places == sorted(places)


def test_scan_accounts_for_every_hit(series: Path) -> None:
    account = as_json("scan", "--json", cwd=series)["accounting"]
    assert tuple(account) == ("hits", *ACCOUNT, "not_code_kinds")
    assert account["hits"] == sum(account[name] for name in ACCOUNT)
    assert account["not_code"] == sum(account["not_code_kinds"].values())
    found = subprocess.run(
        ["git", "grep", "-oF", "-e", "override_creds", "-e", "revert_creds", "HEAD"],
        cwd=series,
        capture_output=True,
        check=True,
    )
    assert account["hits"] == len(found.stdout.splitlines())


def test_scans_of_parts_add_up(series: Path) -> None:
    whole = as_json("scan", "fs", "--json", cwd=series)
    parts = [
        as_json("scan", path, "--json", cwd=series) for path in ("fs/open.c", "fs/backing-file.c", "fs/overlayfs/")
    ]
    assert [site for part in (parts[1], parts[0], parts[2]) for site in part["sites"]] == whole["sites"]
    for name in ("hits", *ACCOUNT):
        assert sum(part["accounting"][name] for part in parts) == whole["accounting"][name]


def test_a_scan_of_the_series_has_nothing_left_to_convert(series: Path) -> None:
    """A guard has no textual hit; the light pair has, and is known as converted already, as guards beside it are."""
    before = as_json("scan", "--json", cwd=series)
    after = as_json("scan", "--json", "--base", "creds-rfc", cwd=series)
    chosen, converted = (
        {
            form: {(site["file"], site["function"]) for site in scan["sites"] if site[key] == form}
            for form in ("guard", "scoped", "light")
        }
        for scan, key in ((before, "choice"), (after, "converted"))
    )
    assert converted["light"] == chosen["light"]
    assert converted["guard"] <= chosen["guard"]
    assert converted["scoped"] <= chosen["scoped"]
    assert converted["guard"]
    assert after["accounting"]["converted"] == 0
    assert after["accounting"]["refused"] == before["accounting"]["refused"]


# -- convert


def applies(tree: Path, diff: str) -> None:
    subprocess.run(["git", "apply", "--check", "-"], cwd=tree, input=diff.encode(), check=True, capture_output=True)


def test_the_diff_of_everything_applies_and_is_what_split_commits(series: Path) -> None:
    ran = credseries("convert", "--diff", "fs/backing-file.c", cwd=series)
    assert ran.status == 0
    assert ran.out.startswith("--- a/fs/backing-file.c\n")
    subprocess.run(["git", "apply", "-"], cwd=series, input=ran.out.encode(), check=True)
    assert (series / "fs/backing-file.c").read_text() == git(series, "show", "creds-rfc:fs/backing-file.c")
    git(series, "checkout", "--quiet", ".")
    everything = credseries("convert", "--diff", cwd=series)
    applies(series, everything.out)
    assert all(line.startswith("# ") for line in everything.err.splitlines())
    assert "ovl_finish_upper() refused" in everything.err


def test_convert_without_diff_can_be_applied_too(series: Path) -> None:
    ran = credseries("convert", "fs/overlayfs/file.c", cwd=series)
    assert ran.out.startswith("# fs/overlayfs/file.c:")
    applies(series, ran.out)


@pytest.mark.parametrize(
    ("form", "mark"),
    [("guard", "\tguard(cred)("), ("scoped", "\tscoped_guard(cred, "), ("light", "override_creds_light(")],
)
def test_a_form_can_be_asked_for(series: Path, form: str, mark: str) -> None:
    ran = credseries("convert", "--form", form, "ovl_fsync", cwd=series)
    assert ran.status == 0
    assert mark in ran.out
    applies(series, ran.out)
    others = {"\tguard(cred)(", "\tscoped_guard(cred, ", "override_creds_light("} - {mark}
    assert not any(other in ran.out for other in others)


def test_a_refusal_shows_the_path_the_call_and_both_credentials(series: Path) -> None:
    ran = credseries("convert", "--form", "guard", "ovl_llseek", cwd=series)
    assert ran.status == 1
    assert "--- a/" not in ran.out
    assert "path 33 -> " in ran.out
    assert "fd_file() (line 52) ran under the caller's credentials, would run under ovl_override_creds(" in ran.out


def test_nothing_is_written_by_looking(series: Path) -> None:
    before = git(series, "for-each-ref"), git(series, "status", "--porcelain"), (series / ".git/index").read_bytes()
    for name in ("scan", "convert", "checklist", "cover", "send"):
        credseries(*TEXT[name], cwd=series)
    after = git(series, "for-each-ref"), git(series, "status", "--porcelain"), (series / ".git/index").read_bytes()
    assert after == before
    assert git(series, "worktree", "list").count("\n") == 1


# -- split


def test_split_as_json_says_what_is_on_the_branch(series: Path) -> None:
    record = as_json("split", "--branch", "other", "--json", cwd=series)
    assert record["branch"] == "other"
    assert record["base"] == git(series, "rev-parse", "HEAD").strip()
    assert record["tip"] == git(series, "rev-parse", "other").strip()
    cover, *commits = git(series, "log", "--reverse", "--format=%H %s", "master..other").splitlines()
    assert cover.endswith(f" {record['title']}")
    assert [f"{patch['commit']} {patch['subject']}" for patch in record["patches"]] == commits
    for patch in record["patches"]:
        stat = [
            line.split("\t") for line in git(series, "show", "--format=", "--numstat", patch["commit"]).splitlines()
        ]
        assert [path for _, _, path in stat] == patch["files"]
        assert sum(int(added) for added, _, _ in stat) == patch["added"]
        assert sum(int(removed) for _, removed, _ in stat) == patch["removed"]


def test_every_commit_message_is_well_made(series: Path) -> None:
    for commit in git(series, "rev-list", "master..creds-rfc").split()[:-1]:
        message = git(series, "log", "-1", "--format=%B", commit).rstrip("\n")
        subject, *rest = message.split("\n")
        assert len(subject) <= 75
        assert rest[0] == ""
        assert "\n\n\n" not in message
        assert not any(line != line.rstrip() or len(line) > 75 for line in rest)
        assert message.count("Signed-off-by: ") == 1
        assert rest[-1] == "Signed-off-by: Demo Developer <demo@example.org>"
        assert rest[-2] == ""


def test_what_needs_no_b4_does_not_load_it(series: Path) -> None:
    for arguments in (["split", "--branch", "other"], ["cover", "--branch", "other", "--note", "New."]):
        command = [COMMAND[0], "-X", "importtime", *COMMAND[1:], *arguments]
        done = subprocess.run(command, cwd=series, capture_output=True, text=True, check=True)
        loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "credseries.series.publish" in loaded
        assert not {name for name in loaded if name.partition(".")[0] == "b4"}


def test_an_audit_of_the_branch_sees_its_patches_and_not_the_letter(series: Path) -> None:
    ran = credseries("audit", "--json", "creds-rfc", cwd=series)
    assert ran.status == 0, ran
    assert credseries("audit", "creds-rfc", cwd=series).out.splitlines()[-1].startswith("6 patches, ")
    ran = credseries("audit", "creds-rfc~6", cwd=series)
    assert (ran.status, "change nothing" in ran.err) == (2, True)


def test_b4_takes_the_branch_for_its_own(series: Path) -> None:
    git(series, "checkout", "--quiet", "creds-rfc")
    done = subprocess.run(
        [B4, "--offline-mode", "prep", "--show-info"], cwd=series, capture_output=True, text=True, check=True
    )
    assert "needs-editing: False" in done.stdout
    assert "prefixes: RFC" in done.stdout


# -- cover


def test_numbers_and_a_note_are_stored_where_b4_finds_them(series: Path, tmp_path: Path) -> None:
    (tmp_path / "bench.txt").write_text("stat storm, 64 tasks: 1.00 -> 1.36\n")
    ran = credseries("cover", "--numbers", tmp_path / "bench.txt", "--note", "Hello from me.", cwd=series)
    assert ran.status == 0, ran.err
    assert "stat storm, 64 tasks: 1.00 -> 1.36" in ran.out
    assert "Hello from me." in ran.out
    assert "No benchmark numbers" not in ran.out
    assert credseries("cover", cwd=series).out == ran.out
    git(series, "checkout", "--quiet", "creds-rfc")
    done = subprocess.run(
        [B4, "--offline-mode", "send", "--output-dir", str(tmp_path / "b4"), "--no-sign", "--to", "a@example.org"],
        cwd=series,
        capture_output=True,
        text=True,
        input="\n",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    letter = next((tmp_path / "b4").glob("*0000*")).read_text()
    assert "stat storm, 64 tasks: 1.00 -> 1.36" in letter
    assert "Hello from me." in letter


# -- checklist


def test_the_checklist_contract(series: Path) -> None:
    ran = credseries("checklist", "--format", "json", cwd=series)
    assert ran.status == 0
    found = json.loads(ran.out)
    assert list(found) == ["schema", "title", "subject", "base", "parts"]
    assert (found["schema"], found["subject"]) == (2, "creds-rfc")
    assert found["base"] == git(series, "rev-parse", "master").strip()
    commits = git(series, "rev-list", "--reverse", "master..creds-rfc").split()[1:]
    assert [part["index"] for part in found["parts"]] == list(range(len(commits) + 1))
    assert [part["commit"] for part in found["parts"]] == [commits[-1], *commits]
    for part in found["parts"]:
        assert list(part) == ["index", "title", "commit", "lines"]
        for line in part["lines"]:
            assert list(line) == ["check", "question", "answer", "evidence", "path", "places", "look"]
            assert line["answer"] in ("pass", "fail", "human", "n/a")
            assert line["check"]
            assert line["question"]
            assert line["evidence"]
            for place in line["places"]:
                assert list(place) == ["file", "line", "last", "function", "before"]


def test_a_commit_that_differs_from_its_proof_fails_the_checklist(series: Path) -> None:
    git(series, "checkout", "--quiet", "creds-rfc")
    path = series / "fs/overlayfs/util.c"
    path.write_text(path.read_text().replace("revert_creds_light(", "revert_creds(", 1))
    git(series, "commit", "--quiet", "--all", "--amend", "--no-edit")
    ran = credseries("checklist", "--format", "json", cwd=series)
    assert ran.status == 1, ran
    parts = json.loads(ran.out)["parts"]
    failed = [(part["index"], line) for part in parts for line in part["lines"] if line["answer"] == "fail"]
    assert [(index, line["check"]) for index, line in failed] == [(0, "proof"), (6, "proof"), (6, "references")]
    assert "fs/overlayfs/util.c differs from what the proof is about" in failed[1][1]["evidence"]
    assert failed[2][1]["places"][0]["file"] == "fs/overlayfs/util.c"


# -- send


def test_the_messages_are_written_threaded_and_apply(series: Path, tmp_path: Path) -> None:
    out = tmp_path / "outgoing"
    ran = credseries("send", "--cc", "fsdevel", "--output-dir", out, cwd=series)
    assert ran.status == 0, ran.err
    assert "7 messages written to" in ran.out
    paths = sorted(out.glob("*.eml"))
    messages = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
    assert len(messages) == 7
    for message in messages[1:]:
        assert message["In-Reply-To"] == messages[0]["Message-Id"]
    assert all("linux-fsdevel@vger.kernel.org" in str(message["Cc"]) for message in messages)
    unionfs = ["linux-unionfs@vger.kernel.org" in str(message["Cc"]) for message in messages]
    assert unionfs == [True, False, False, False, True, True, True]
    git(series, "checkout", "--quiet", "-b", "applied", "master")
    git(series, "am", "--quiet", *map(str, paths[1:]))
    assert git(series, "rev-parse", "HEAD^{tree}") == git(series, "rev-parse", "creds-rfc^{tree}")


def test_a_dry_run_writes_nothing(series: Path, tmp_path: Path) -> None:
    ran = credseries("send", "--dry-run", "--output-dir", tmp_path / "outgoing", cwd=series)
    assert ran.status == 0
    assert ran.out.endswith("nothing was sent\n")
    assert not (tmp_path / "outgoing").exists()


# -- demo


def test_the_demo_leaves_what_it_says(tmp_path: Path) -> None:
    ran = credseries("demo", "--keep", "kept", cwd=tmp_path)
    assert ran.status == 0, ran.err
    assert ran.err == ""
    place = tmp_path / "kept"
    assert f"Everything is in {place}:" in ran.out
    assert sorted(path.name for path in place.iterdir()) == ["checklist.md", "cover.txt", "eml", "linux"]
    assert len(list((place / "eml").glob("*.eml"))) == 7
    assert "creds-rfc" in git(place / "linux", "branch")
    for step in range(1, 7):
        assert f"[{step}/6]" in ran.out
    assert (place / "checklist.md").read_text() == credseries("checklist", "--format", "md", cwd=place / "linux").out
