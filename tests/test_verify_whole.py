"""`credseries verify` with compilers, as a person runs it: what passes, planted errors, and what is missing here."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.clicase import COMMAND, Ran, credseries, environment
from tests.daskcluster import Cluster
from tests.gitrepo import git

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not all(map(shutil.which, ("make", "flex", "bison", "bc", "perl"))), reason="no kbuild here"),
]
BRANCH = "creds-rfc"
FILE = "fs/backing-file.c"
SIGNED = "Signed-off-by: Test Developer <dev@example.org>"


@pytest.fixture
def split(miniature: Path) -> Path:
    assert credseries("split", cwd=miniature).status == 0
    return miniature


def verify(tree: Path, *arguments: str | Path, env: dict[str, str | None] | None = None) -> Ran:
    return credseries("verify", *arguments, cwd=tree, env=env)


def statuses(ran: Ran) -> set[tuple[str, str, str]]:
    return {(cell["level"], cell["variant"], cell["status"]) for cell in json.loads(ran.out)["cells"]}


def commit(tree: Path, old: str, new: str) -> None:
    """A patch by hand on `topic`."""
    git(tree, "checkout", "--quiet", "-B", "topic")
    path = tree / FILE
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    git(tree, "commit", "--quiet", "--all", "-m", f"fs/backing-file: Change it\n\nIt has to be.\n\n{SIGNED}")


def test_a_series_compiles_and_builds_at_every_patch_and_then_all_is_known(split: Path) -> None:
    ran = verify(split, "--level", "build", "--matrix", "cc=gcc", "--json")
    assert ran.status == 0, ran.out
    assert {("compile", "gcc x86_64", "pass"), ("build", "gcc x86_64", "pass")} <= statuses(ran)
    same_code = [cell for cell in json.loads(ran.out)["cells"] if cell["variant"].endswith("same code")]
    assert [(cell["patch"], cell["status"]) for cell in same_code] == [(1, "pass"), (2, "pass")]
    again = json.loads(verify(split, "--level", "build", "--matrix", "cc=gcc", "--json").out)
    assert all(cell["cached"] for cell in again["cells"] if cell["level"] != "style")


def test_an_error_is_shown_with_its_line_and_fails_its_patch_only(miniature: Path) -> None:
    commit(miniature, "\tprev = override_creds(ctx->cred);\n\tmoved = vfs_splice_read(in, len);", "\tmoved = absent;")
    commit(miniature, "\tmoved = absent;", "\tprev = override_creds(ctx->cred);\n\tmoved = vfs_splice_read(in, len);")
    git(miniature, "checkout", "--quiet", "master")
    ran = verify(miniature, "topic", "--matrix", "cc=gcc")
    assert ran.status == 1
    lines = [line.strip() for line in ran.out.splitlines()]
    place = next(number for number, line in enumerate(lines) if line.startswith(f"{FILE}:") and "absent" in line)
    assert "error: " in lines[place]
    assert lines[place + 1].endswith("| moved = absent;")
    assert any(line.startswith("by hand: git switch --detach") and "fs/backing-file.o" in line for line in lines)
    first, second = (line.split() for line in lines[1:3])
    assert "fail" in first
    assert second[4] == "pass", "what the second patch mends"


def test_a_rename_is_the_same_code_and_a_changed_constant_is_not(miniature: Path) -> None:
    text = (miniature / FILE).read_text()
    assert "\tprev = override_creds(ctx->cred);" in text
    git(miniature, "checkout", "--quiet", "-B", "topic")
    (miniature / FILE).write_text("/* a line more */\n" + text.replace("prev", "saved"))
    git(miniature, "commit", "--quiet", "--all", "-m", f"fs/backing-file: Rename a variable\n\nWhy.\n\n{SIGNED}")
    export = "EXPORT_SYMBOL_GPL(backing_file_splice_read);"
    commit(
        miniature, export, f"int backing_file_more(void);\nint backing_file_more(void)\n{{\n\treturn 1;\n}}\n{export}"
    )
    commit(miniature, "\treturn 1;\n}\nEXPORT", "\treturn 2;\n}\nEXPORT")
    git(miniature, "checkout", "--quiet", "master")
    claims = [word for number in "123" for word in ("--same-code", number)]
    ran = verify(miniature, "topic", "--matrix", "cc=gcc", *claims, "--json")
    found = {cell["patch"]: cell for cell in json.loads(ran.out)["cells"] if cell["variant"].endswith("same code")}
    assert [found[number]["status"] for number in (1, 2, 3)] == ["pass", "fail", "fail"], found
    assert any("backing_file_more: is new" in problem["message"] for problem in found[2]["problems"])
    [problem] = found[3]["problems"]
    head, *lines = problem["message"].split("\n")
    assert "function backing_file_more: differs from byte" in head
    if shutil.which("objdump"):
        assert {line[0] for line in lines} >= {"-", "+"}


@pytest.fixture
def without_clang(tmp_path: Path) -> str:
    """A PATH with all that is here, but for clang."""
    place = tmp_path / "programs"
    place.mkdir()
    for directory in os.environ["PATH"].split(":"):
        for program in Path(directory).iterdir() if Path(directory).is_dir() else ():
            if not program.name.startswith(("clang", "sparse")) and not (place / program.name).is_symlink():
                (place / program.name).symlink_to(program)
    return str(place)


def test_a_missing_compiler_is_named_with_its_package_and_the_rest_runs(split: Path, without_clang: str) -> None:
    ran = verify(split, env={"PATH": without_clang})
    assert ran.status == 4
    assert "not checked: compile clang, compile clang same code: clang not found: apt install" in ran.out
    assert ("compile", "gcc x86_64", "pass") in statuses(verify(split, "--json", env={"PATH": without_clang}))


def test_a_foreign_architecture_names_its_packages(split: Path) -> None:
    if shutil.which("s390x-linux-gnu-gcc"):
        pytest.skip("there is a compiler for s390")
    ran = verify(split, "--matrix", "cc=gcc", "--matrix", "arch=s390")
    assert ran.status == 4
    assert "apt install gcc-s390x-linux-gnu" in ran.out


_SLOW_COMPILER = """#!/bin/sh
case " $* " in
*" -c "*overlayfs/util*)
	touch "$CREDSERIES_TEST/started"
	while :; do sleep 1; done
	;;
esac
exec "$CREDSERIES_GCC" "$@"
"""


def test_ctrl_c_leaves_nothing_running_and_keeps_what_is_finished(split: Path, tmp_path: Path) -> None:
    """It comes while a compiler runs that never ends; what came before that is done."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "gcc").write_text(_SLOW_COMPILER)
    (programs / "gcc").chmod(0o755)
    changes = {
        "CREDSERIES_TEST": str(tmp_path),
        "CREDSERIES_GCC": shutil.which("gcc"),
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    process = subprocess.Popen(
        [*COMMAND, "verify", "--jobs", "1", "--matrix", "cc=gcc"],
        cwd=split,
        env=environment(changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "started").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    assert running_with(f"CREDSERIES_TEST={tmp_path}")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert (process.returncode, "Traceback" in errors) == (130, False)
    while running_with(f"CREDSERIES_TEST={tmp_path}"):  # what was killed needs a moment to be gone
        time.sleep(0.05)
    cells = json.loads(verify(split, "--level", "proof", "--json").out)["cells"]
    assert all(cell["cached"] for cell in cells)


def running_with(marker: str) -> list[int]:
    """The processes that have a variable in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (entry / "environ").read_bytes().split(b"\0") and (entry / "exe").exists():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_a_cluster_gives_the_same_cells(split: Path, tmp_path: Path) -> None:
    def told(ran: Ran) -> list[dict[str, Any]]:
        cells = json.loads(ran.out)["cells"]
        return [{key: cell[key] for key in cell if key not in ("seconds", "cached")} for cell in cells]

    here = verify(split, "--matrix", "cc=gcc", "--json", "--again")
    directory = tmp_path / "cluster"
    directory.mkdir()
    with Cluster(directory) as cluster:
        cluster.start_scheduler()
        for name in ("one", "two"):
            cluster.start_worker(name)
        there = verify(split, "--matrix", "cc=gcc", "--json", "--again", "--scheduler", cluster.address)
    assert (there.status, there.err) == (0, "")
    assert told(there) == told(here)
