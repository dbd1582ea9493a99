"""`credseries bench` as a person uses it: files are added, listed, shown, drawn, exported and imported elsewhere."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from credseries.cli.main import main
from tests.clicase import COMMAND, Ran, environment
from tests.gitrepo import git, make_repo

WHOLE = ("--machine", "2 x Xeon, 2 nodes", "--workload", "64 processes call faccessat().", "--commit", "HEAD")
BELOW = ("add", "edit", "list", "show", "chart", "export", "import", "remove")
PATCHED = (1.31, 1.29, 1.33, 1.30, 1.32)
BASE = (2.01, 2.03, 1.99, 2.04, 2.02)
WITHOUT = (1.92, 1.90, 1.91, 1.94, 1.93)
TABLE = """\
{words}

           ----- HITM -----
    Num    RmtHitm  LclHitm  Symbol                   Object     Source:Line
  .....    .......  .......  .......................  .........  ................
  -------------------------------------------------------------
      0    {remote:7}  {local:7}
  -------------------------------------------------------------
            60.00%   50.00%  [k] ovl_override_creds   [overlay]  util.c:70
            40.00%   50.00%  [k] revert_creds         [kernel]   cred.c:600

"""


def hyperfine(*times: float, command: str = "./storm") -> str:
    return json.dumps({"results": [{"command": command, "mean": 1, "stddev": None, "times": times}]})


def table(words: str, remote: int, local: int) -> str:
    return TABLE.format(words=words, remote=remote, local=local)


def prepared(place: Path) -> Path:
    """A repository with a commit and, beside it, what a benchmark wrote."""
    repository = make_repo(place, {"a.c": "int a;\n"}, name="linux")
    for name, times in {"base": BASE, "patched": PATCHED, "without": WITHOUT}.items():
        for number, time in enumerate(times, 1):
            (place / f"{name}-{number}.json").write_text(hyperfine(time))
    mail = table("Before:", 400, 1000) + table("After:", 20, 40) + table("Without the backing-file patch:", 80, 100)
    (place / "mail.txt").write_text(mail)
    return repository


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository to do with as one likes, without records."""
    return prepared(tmp_path)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory, with git sealed off from the machine while what is in it is made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Test Developer")
            patch.setenv(f"GIT_{role}_EMAIL", "dev@example.org")
        yield tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def measured(sealed: Path) -> Path:
    """A repository with records of all three kinds of kernels under the label `storm`: to look at, not to write to."""
    repository = prepared(sealed)
    for role, name in (("base", "base"), ("patched", "patched"), ("without:overlayfs", "without")):
        add(repository, role, *runs_of(name))
    return repository


def credseries(*arguments: str | Path, cwd: Path) -> Ran:
    """What the command does, without a process of its own: most would take longer to start than to run."""
    out, err = (TextIOWrapper(BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    status: object = 0
    with chdir(cwd), redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["credseries", *map(str, arguments)])
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        finally:
            gc.enable()  # which the command turns off, for it ends soon
    texts = [stream.buffer.getvalue().decode() for stream in (out, err) if isinstance(stream.buffer, BytesIO)]
    assert isinstance(status, int)
    return Ran(status, *texts)


def process(*arguments: str, cwd: Path, data: str | bytes = b"", env: dict[str, str | None] | None = None) -> Ran:
    """The command as a person runs it, with something on standard input."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(env),
        input=data.encode() if isinstance(data, str) else data,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def add(tree: Path, role: str, *files: str, label: str = "storm", told: tuple[str, ...] = WHOLE) -> str:
    """Add files from beside the tree and return the record's id."""
    paths = [str(Path("..", name)) for name in files]
    ran = credseries("bench", "add", "--role", role, "--label", label, *told, *paths, cwd=tree)
    assert ran.status == 0, ran.err
    return ran.out.split()[0]


def runs_of(name: str) -> list[str]:
    return [f"{name}-{number}.json" for number in range(1, 6)]


@pytest.fixture(scope="module")
def two_labels(measured: Path) -> Path:
    """The same with a record of another label, of a topic that no recipe has: to look at, not to write to."""
    other = Path(shutil.copytree(measured, measured.parent / "two-labels"))
    add(other, "without:x", "base-1.json", label="web")
    return other


def listed(tree: Path) -> list[dict[str, Any]]:
    ran = credseries("bench", "list", "--json", cwd=tree)
    assert (ran.status, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert found["schema"] == 1
    records: list[dict[str, Any]] = found["records"]
    return records


def exported(tree: Path, *labels: str) -> dict[str, Any]:
    ran = credseries("bench", "export", *labels, cwd=tree)
    assert (ran.status, ran.err) == (0, "")
    found: dict[str, Any] = json.loads(ran.out)
    return found


def check_error(ran: Ran, *words: str, status: int = 2) -> None:
    """An error of one line and a hint, and nothing on standard output."""
    assert ran.status == status, ran
    assert [line.partition(":")[0] for line in ran.err.splitlines()] == ["error", "hint"], ran.err
    assert ran.out == ""
    for word in words:
        assert word in ran.err


# -- add


def test_files_become_the_runs_of_a_record(tree: Path) -> None:
    identifier = add(tree, "base", *runs_of("base"))
    (record,) = exported(tree)["records"]
    assert record["measurements"] == [{"metric": {"name": "time", "unit": "s", "better": "less"}, "values": [*BASE]}]
    assert record["provenance"] == {
        "commit": git(tree, "rev-parse", "HEAD").strip(),
        "machine": {"name": "2 x Xeon, 2 nodes"},
        "workload": "64 processes call faccessat().",
        "command": "./storm",
    }
    assert [source["name"] for source in record["sources"]] == [*runs_of("base")]
    (known,) = listed(tree)
    assert (known["id"], known["label"], known["role"], known["runs"]) == (identifier, "storm", "base", 5)
    assert (known["metrics"][0]["name"], known["missing"], known["warnings"]) == ("time", [], [])


def test_the_same_files_twice_change_nothing(tree: Path) -> None:
    identifier = add(tree, "base", *runs_of("base"))
    before = exported(tree)
    ran = credseries("bench", "add", "--role", "base", "--label", "storm", *WHOLE, *beside("base"), cwd=tree)
    assert (ran.status, ran.out, ran.err) == (0, f"{identifier}  is there already\n", "")
    assert exported(tree) == before


def beside(name: str) -> list[str]:
    return [f"../{file}" for file in runs_of(name)]


def test_what_a_reviewer_will_ask_is_named_at_once_and_refuses_nothing(tree: Path) -> None:
    (tree.parent / "mean.json").write_text('{"results": [{"command": "x", "mean": 2.0, "stddev": 0.1}]}')
    ran = credseries("bench", "add", "--role", "base", "--label", "storm", "../mean.json", cwd=tree)
    assert ran.status == 0
    assert ran.err.splitlines() == [
        "note: what ran is not known: --workload SENTENCE",
        "note: the machine is not known: --machine TEXT, or --here on that machine",
        "note: the kernel is not known: --commit REV or --kernel RELEASE, or --here while it runs",
        "note: how many runs are behind time is not known: --runs N",
    ]
    (record,) = listed(tree)
    assert record["runs"] is None
    assert len(record["missing"]) == 4
    told = ("--workload", "W.", "--machine", "M", "--kernel", "6.12.0", "--runs", "10")
    ran = credseries("bench", "add", "--role", "base", "--label", "more", *told, "../mean.json", cwd=tree)
    assert (ran.status, ran.err) == (0, "")
    assert exported(tree, "more")["records"][0]["measurements"][0]["summary"]["runs"] == 10


def test_here_is_this_machine_and_its_kernel(tree: Path) -> None:
    add(tree, "base", "base-1.json", told=("--here", "--date", "2024-11-20"))
    add(tree, "patched", "patched-1.json", told=("--here", "--kernel", "6.12.0-creds"))
    base, patched = exported(tree)["records"]
    assert base["provenance"]["kernel"] == os.uname().release
    assert base["provenance"]["date"] == "2024-11-20"
    assert patched["provenance"]["kernel"] == "6.12.0-creds"
    assert base["provenance"]["machine"] == patched["provenance"]["machine"] != {}
    check_error(
        credseries("bench", "edit", listed(tree)[0]["id"], "--here", "--machine", "M", cwd=tree),
        "--here and --machine are given",
    )


def test_a_commit_that_git_does_not_know_is_kept_with_a_note(tree: Path) -> None:
    told = (*WHOLE[:-1], "v6.12-rc7-elsewhere")
    ran = credseries("bench", "add", "--role", "base", "--label", "storm", *told, "../base-1.json", cwd=tree)
    assert ran.err == "note: this repository has no commit v6.12-rc7-elsewhere; it is kept as you gave it\n"
    assert listed(tree)[0]["commit"] == "v6.12-rc7-elsewhere"


def test_standard_input_is_a_file_too(tree: Path) -> None:
    csv = "metric,unit,better,value\nopens,1/s,more,100\nopens,1/s,more,104\n"
    ran = process("bench", "add", "--role", "base", "--label", "opens", *WHOLE, "-", data=csv, cwd=tree)
    assert (ran.status, ran.err) == (0, "")
    (record,) = exported(tree)["records"]
    assert record["measurements"][0]["values"] == [100, 104]
    assert record["sources"][0]["name"] == "standard input"


def test_names_that_are_no_text_are_kept_as_far_as_they_are(tree: Path) -> None:
    name = os.fsdecode(b"gr\xfcn.json")
    (tree / name).write_text(hyperfine(1.0))
    told = ("--kernel", name, "--commit", name, "--workload", name, "--command", name)
    assert credseries("bench", "add", "--role", "base", "--label", "storm", *told, name, cwd=tree).status == 0
    (record,) = listed(tree)
    read = {record["kernel"], record["commit"], record["workload"], record["command"], record["sources"][0]["name"]}
    assert read == {"gr\N{REPLACEMENT CHARACTER}n.json"}


@pytest.mark.parametrize(("pick", "remote"), [("2", 20), ("backing-file", 80), ("before", 400)])
def test_a_table_of_a_mail_is_picked(tree: Path, pick: str, remote: int) -> None:
    add(tree, "base", "mail.txt", told=(*WHOLE, "--table", pick))
    (record,) = exported(tree)["records"]
    assert [line["remote"] for line in record["c2c"][0]["lines"]] == [remote]
    assert listed(tree)[0]["c2c_reports"] == 1


def test_a_mail_with_several_tables_needs_a_choice(tree: Path) -> None:
    ran = credseries("bench", "add", "--role", "base", "--label", "web", "../mail.txt", cwd=tree)
    check_error(ran, "../mail.txt has 3 tables of perf c2c", "--table", "1: ", "Before", "3: ", "backing-file")
    assert listed(tree) == []


def test_a_file_that_counts_twice_is_said(tree: Path) -> None:
    identifier = add(tree, "base", *runs_of("base"))
    ran = credseries("bench", "add", "--role", "base", "--label", "storm", *WHOLE, "../base-1.json", cwd=tree)
    assert ran.status == 0
    assert f"base-1.json is in record {identifier} too" in ran.err
    ran = credseries("bench", "add", "--role", "patched", "--label", "storm", *WHOLE, "../base-1.json", cwd=tree)
    assert (ran.status, ran.err) == (0, "")


def test_what_cannot_be_read_keeps_nothing(tree: Path) -> None:
    (tree.parent / "damaged.json").write_text('{"results": [\n  {"command": "x", "times": ["fast"]}]}')

    def refused(*arguments: str) -> Ran:
        return credseries("bench", "add", "--label", "storm", *arguments, cwd=tree)

    base = ("--role", "base")
    check_error(refused(*base, "../base-1.json", "../damaged.json"), "../damaged.json:2: results[0].times[0]")
    check_error(refused(*base, "../none.json"), "../none.json cannot be read: No such file")
    check_error(refused(*base, ".."), ".. cannot be read: Is a directory")
    check_error(refused(*base, "../base-1.json", "../base-1.json"), "are the same, byte for byte")
    check_error(refused(*base, "--runs", "9", "../base-1.json"), "is of 1 run, and --runs says 9")
    check_error(refused(*base, "--date", "yesterday", "../base-1.json"), "'yesterday' is no date", "2024-11-20")
    check_error(refused(*base, "--side", "base", "../base-1.json"), "--side")
    check_error(refused(*base, "--format", "hyperfin", "../base-1.json"), "did you mean hyperfine?", "csv")
    check_error(
        refused("--role", "pached", "../base-1.json"), "did you mean patched?", "base, patched, or without:TOPIC"
    )
    check_error(refused("--role", "without", "../base-1.json"), "without:TOPIC")
    check_error(refused(*base, "--label", "two  blanks", "../base-1.json"), "two in a row", "overlay-faccessat")
    assert not (tree / ".git/credseries").exists()


# -- edit


def test_what_was_not_said_is_said_later(tree: Path) -> None:
    (tree.parent / "mean.json").write_text('{"results": [{"command": "x", "mean": 2.0, "stddev": 0.1}]}')
    old = add(tree, "base", "mean.json", told=())
    ran = credseries("bench", "edit", old[:6], *WHOLE, "--runs", "7", "--role", "patched", cwd=tree)
    assert (ran.status, ran.err) == (0, "")
    (record,) = listed(tree)
    assert ran.out == f"{old}  is {record['id']} now\n"
    assert (record["role"], record["runs"], record["missing"]) == ("patched", 7, [])
    ran = credseries("bench", "edit", record["id"], *WHOLE, cwd=tree)
    assert ran.out == f"{record['id']}  is as it was\n"


def test_all_are_edited_or_none(tree: Path) -> None:
    one, other = add(tree, "base", "base-1.json"), add(tree, "patched", "patched-1.json")
    before = exported(tree)
    check_error(credseries("bench", "edit", one, other, "--label", "", cwd=tree), "the label ''")
    check_error(credseries("bench", "edit", one, "000000", "--label", "web", cwd=tree), "no record has the id")
    assert exported(tree) == before
    assert credseries("bench", "edit", one, other, "--label", "web", cwd=tree).status == 0
    assert {record["label"] for record in listed(tree)} == {"web"}


# -- list, show, chart


def test_the_list_is_a_table(tree: Path) -> None:
    assert credseries("bench", "list", cwd=tree).out == "no records yet; `credseries bench add` makes them\n"
    whole = add(tree, "base", *runs_of("base"), told=(*WHOLE, "--date", "2024-11-20T12:00"))
    bare = add(tree, "patched", "mail.txt", label="web", told=("--table", "2"))
    commit = git(tree, "rev-parse", "HEAD")[:12]
    rows = [line.split(maxsplit=7) for line in credseries("bench", "list", cwd=tree).out.splitlines()]
    assert rows == [
        ["id", "label", "role", "runs", "metrics", "kernel", "date", "machine"],
        [whole, "storm", "base", "5", "1", commit, "2024-11-20", "2 x Xeon, 2 nodes"],
        [bare, "web", "patched", "1", "c2c", "?", "?", "?"],
    ]


def test_a_terminal_is_not_moved_by_what_a_file_says(tree: Path) -> None:
    (tree.parent / "evil.json").write_text(hyperfine(1.0, command="\x1b[2Jx"))
    add(tree, "base", "evil.json", told=("--kernel", "6.12\x1b[2J"))
    for command in (["list"], ["show"], ["show", "--format", "md"], ["show", "--bars"]):
        ran = credseries("bench", *command, cwd=tree)
        assert ran.status == 0, ran.err
        assert "\x1b" not in ran.out


def test_what_the_records_show(measured: Path) -> None:
    tree = measured
    ran = credseries("bench", "show", cwd=tree)
    assert (ran.status, ran.err) == (0, "")
    assert "time [s]" in ran.out
    assert "-35.1 %" in ran.out  # 1.31 / 2.018
    assert "64 processes call faccessat()." in ran.out
    assert max(map(len, ran.out.splitlines())) <= 72
    assert credseries("bench", "show", "storm", cwd=tree).out == ran.out
    wide = credseries("bench", "show", "--width", "100", "--bars", cwd=tree).out
    assert "█" in wide
    ran = process("bench", "show", "--bars", cwd=tree, env={"PYTHONIOENCODING": "ascii"})
    assert (ran.status, ran.err) == (0, "")
    assert "time [s]" in ran.out
    markdown = credseries("bench", "show", "--format", "md", cwd=tree).out
    assert "| time" in markdown
    found = json.loads(credseries("bench", "show", "--format", "json", cwd=tree).out)
    assert found["label"] == "storm"
    check_error(credseries("bench", "show", "--bars", "--format", "md", cwd=tree), "--bars is for text")


def test_cache_lines_are_known_by_symbols_that_can_be_named(tree: Path) -> None:
    for role, number in (("base", "1"), ("patched", "2"), ("without:backing-file", "3")):
        add(tree, role, "mail.txt", label="web", told=(*WHOLE, "--table", number))
    found = json.loads(credseries("bench", "show", "--format", "json", cwd=tree).out)
    other = json.loads(credseries("bench", "show", "--symbol", "update_cfs_group", "--format", "json", cwd=tree).out)
    assert found != other
    assert "400" in credseries("bench", "show", cwd=tree).out


def test_a_label_must_be_one_that_there_is(tree: Path) -> None:
    check_error(credseries("bench", "show", cwd=tree), "there is no record of a benchmark yet", "bench add")
    check_error(credseries("bench", "export", cwd=tree), "there is no record of a benchmark yet")
    add(tree, "base", "base-1.json")
    add(tree, "base", "base-1.json", label="web")
    check_error(credseries("bench", "show", cwd=tree), "more than one benchmark", "name one: storm, web")
    check_error(credseries("bench", "show", "strom", cwd=tree), "did you mean storm?")
    check_error(credseries("bench", "export", "web", "strom", cwd=tree), "did you mean storm?")
    check_error(credseries("bench", "chart", "strom", "-o", "a.svg", cwd=tree), "did you mean storm?")


def test_pictures_are_drawn(measured: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    ran = credseries("bench", "chart", "-C", measured, "-o", "storm.svg", cwd=tmp_path)
    assert (ran.status, ran.out) == (0, "storm.svg\n")
    assert "<svg" in (tmp_path / "storm.svg").read_text()
    ran = credseries("bench", "chart", "storm", "-C", measured, "-o", "pictures", cwd=tmp_path)
    names = ran.out.split()
    assert {Path(name).suffix for name in names} == {".svg", ".png"}
    assert all((tmp_path / name).stat().st_size for name in names)
    check_error(credseries("bench", "chart", "-C", measured, "-o", "storm.gif", cwd=tmp_path), ".svg or .png")


# -- export, import, remove


def test_records_go_from_one_repository_to_another(measured: Path, tmp_path: Path) -> None:
    tree, other = measured, make_repo(tmp_path, {"b.c": "int b;\n"}, name="elsewhere")
    ran = credseries("bench", "export", "-C", tree, "-o", "all.json", cwd=tmp_path)
    assert (ran.status, ran.out, ran.err) == (0, "all.json: 3 records of storm\n", "")
    ran = credseries("bench", "import", "all.json", "-C", other, cwd=tmp_path)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "3 new records, 0 there already"
    assert exported(other) == exported(tree)
    assert listed(other) == listed(tree)
    assert credseries("bench", "show", cwd=other).out == credseries("bench", "show", cwd=tree).out
    text = (tmp_path / "all.json").read_bytes()
    ran = process("bench", "import", "-", data=text, cwd=other)
    assert (ran.status, ran.out) == (0, "0 new records, 3 there already\n")


def test_a_file_that_cannot_be_written_is_said(measured: Path) -> None:
    check_error(
        process("bench", "export", "-o", "none/all.json", cwd=measured), "none/all.json: No such file", status=4
    )


def test_labels_choose_what_is_exported(tree: Path) -> None:
    add(tree, "base", "base-1.json")
    add(tree, "base", "base-2.json", label="web")
    add(tree, "base", "base-3.json", label="db")
    assert [record["label"] for record in exported(tree, "web", "db")["records"]] == ["db", "web"]
    assert len(exported(tree)["records"]) == 3


def test_a_damaged_file_is_not_imported(tree: Path, tmp_path: Path) -> None:
    add(tree, "base", "base-1.json")
    good, text = tmp_path / "good.json", credseries("bench", "export", cwd=tree).out
    good.write_text(text)
    other = make_repo(tmp_path, {"b.c": "int b;\n"}, name="elsewhere")
    for damaged, words in {
        text.replace("2.01", "NaN"): ("values[0] is not finite", "finite"),
        text.replace('"role": "base"', '"role": "best"'): ("bad.json:6: records[0].role is 'best'", "base, patched"),
        text[:-20]: ("damaged JSON", "bench export"),
        hyperfine(1.0): ("kind is missing", "bench export"),
    }.items():
        (tmp_path / "bad.json").write_text(damaged)
        ran = credseries("bench", "import", good, "../bad.json", cwd=other)
        check_error(ran, *words)
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe")
    check_error(credseries("bench", "import", "../bad.json", cwd=other), "../bad.json is no text")
    assert not (other / ".git/credseries").exists()


def test_records_are_removed_by_the_beginning_of_their_id(tree: Path) -> None:
    one, other = add(tree, "base", "base-1.json"), add(tree, "patched", "patched-1.json")
    check_error(credseries("bench", "remove", one, "ffff", cwd=tree), "no record has the id 'ffff'", "bench list")
    ran = credseries("bench", "remove", one[:5], cwd=tree)
    assert (ran.status, ran.out) == (0, f"{one}  removed\n")
    assert [record["id"] for record in listed(tree)] == [other]


# -- where it runs


def test_all_work_trees_have_the_same_records(tree: Path, tmp_path: Path) -> None:
    git(tree, "worktree", "add", "--quiet", "--detach", str(tmp_path / "second"))
    identifier = add(tmp_path / "second", "base", "base-1.json")
    assert [record["id"] for record in listed(tree)] == [identifier]
    bare = tmp_path / "bare.git"
    shutil.copytree(tree / ".git", bare)
    git(bare, "config", "core.bare", "true")
    assert [record["id"] for record in listed(bare)] == [identifier]


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["show"], ["export"], ["import", "f"], ["remove", "abcd"], ["edit", "abcd"]],
    ids=lambda arguments: arguments[0],
)
def test_outside_a_repository(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "none").mkdir()
    check_error(credseries("bench", *arguments, cwd=tmp_path / "none"), "not a git repository", "--tree DIR")


def test_nothing_is_written_to_the_tree_or_its_refs(measured: Path) -> None:
    credseries("bench", "show", cwd=measured)
    assert git(measured, "status", "--porcelain") == ""
    assert git(measured, "for-each-ref").split()[1:] == ["commit", "refs/heads/master"]


# -- help and the shell


def test_every_help_text_fits_a_terminal_and_has_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for command in BELOW:
        ran = credseries("bench", command, "--help", cwd=tmp_path)
        assert ran.status == 0
        assert "Examples:\n    credseries bench " in ran.out or "| credseries bench " in ran.out
        assert max(map(len, ran.out.splitlines())) <= 88
    ran = credseries("bench", "--help", cwd=tmp_path)
    commands = [line.split()[0] for line in ran.out.partition("Commands:\n")[2].splitlines()]
    assert set(commands) >= {*BELOW, "doctor", "workload", "run"}
    assert "..." not in ran.out.partition("Commands:")[2]
    # The way is told in the order in which one goes it.
    way = [ran.out.index(f"credseries {step}") for step in ("bench doctor", "bench add", "bench show", "cover")]
    assert way == sorted(way)


def test_an_unknown_command_is_answered_with_the_one_that_is_meant(tmp_path: Path) -> None:
    ran = credseries("bench", "exprot", cwd=tmp_path)
    assert ran.status == 2
    assert "Did you mean 'export'" in ran.err


def test_other_commands_do_not_load_those_of_bench(tmp_path: Path) -> None:
    program = "import sys\nfrom credseries.cli.main import app\n" + (
        "try:\n    app(['scan', '--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted(name for name in sys.modules if name.startswith('credseries.cli.bench.')"
        " or name.startswith('credseries.bench.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    assert loaded in ("[]", "['credseries.cli.bench.options']")  # options of bench that the cover letter has too


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("credseries bench e", {"edit", "export"}),
        ("credseries bench show ", {"storm", "web"}),
        ("credseries bench export storm w", {"web"}),
        ("credseries bench add --label st", {"storm"}),
        ("credseries bench add --role ", {"base", "patched", "without:backing-file", "without:overlayfs", "without:x"}),
        ("credseries bench add --format hy", {"hyperfine"}),
        ("credseries bench edit ID --role p", {"patched"}),
    ],
)
def test_the_shell_completes_labels_roles_and_formats(two_labels: Path, line: str, expected: set[str]) -> None:
    assert complete(two_labels, line) == expected


def test_the_shell_completes_ids(two_labels: Path, tmp_path: Path) -> None:
    ids = {record["id"] for record in listed(two_labels)}
    assert len(ids) == 4
    assert complete(two_labels, "credseries bench remove ") == ids
    assert complete(tmp_path, "credseries bench remove ") == set()


def complete(cwd: Path, line: str) -> set[str]:
    asked = {"_CREDSERIES_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    program = "from credseries.cli.main import app; app(prog_name='credseries')"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, env=environment(asked), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return set(done.stdout.split())
