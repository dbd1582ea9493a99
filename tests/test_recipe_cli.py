"""`credseries recipe`, and recipes of one's own in the other commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clicase import check_snapshot, credseries, environment, normal
from tests.gitrepo import git

SHIPPED = Path(__file__).parent.parent / "patches"
BAD = """\
# A recipe with many mistakes.
schema = 1
name = "Bad Name"
titel = "Misspelt"
summary = ""
prefixes = ["[RFC]", "v2"]
forms = ["gard"]
granularity = "flie"
trailers = ["Signed-off-by: A <a@example.org>"]

[messages.guard]
subject = "{{ prefx }}: Use guards"

[[topics]]
name = "one"
title = "One"
tree = "vfs"
lists = ["fsdevel"]
paths = ["/fs/overlayfs", "fs/x"]

[topics.accessors]
"override-it" = "it_creds"

[[topics]]
name = "two"
title = "Two"
tree = "vfs"
paths = ["fs/x/y.c"]

[[topics]]
name = "three"
title = "Three"
tree = "vfs"

[[topics.helpers]]
provides = "guards"
file = "include/linux/cred.h"
subject = "cred: Add a guard."
body = "Add it."
code = "cred-gaurd.h"
"""
MINE = 'schema = 1\nname = "{name}"\nextends = "rfc"\ntitle = "Mine"\n'


def write(directory: Path, name: str, text: str | None = None) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.toml"
    path.write_text(text if text is not None else MINE.format(name=name))
    return path


def in_config(name: str) -> Path:
    return write(Path(os.environ["XDG_CONFIG_HOME"]) / "credseries/patches", name)


def test_the_list_of_recipes(miniature: Path) -> None:
    in_config("own")
    in_config("rfc")
    write(miniature / ".credseries/patches", "rfc", "# The order of this tree.\n" + MINE.format(name="rfc"))
    write(miniature / ".credseries/patches", "damaged", "schema = 1\n")
    (miniature / ".credseries/patches/latin.toml").write_bytes(b"\xff")
    ran = credseries("recipe", "list", cwd=miniature)
    assert (ran.status, ran.err) == (0, "")
    check_snapshot("recipe-list.txt", normal(ran.out))
    found = json.loads(credseries("recipe", "list", "--json", cwd=miniature).out)["recipes"]
    assert [item["name"] for item in found] == [
        "damaged",
        "guards",
        "latin",
        "light",
        "own",
        "per-file",
        "per-function",
        "rfc",
    ]
    assert [item["ok"] for item in found] == [False, True, False, True, True, True, True, True]
    assert found[-1] == {
        "name": "rfc",
        "place": "tree",
        "path": str(miniature / ".credseries/patches/rfc.toml"),
        "hides": ["config", "shipped"],
        "ok": True,
        "about": "The order of this tree.",
        "title": "Mine",
        "topics": ["helpers", "backing-file", "overlayfs"],
        "granularity": ["topic"],
    }


def test_outside_a_repository_there_are_the_others(tmp_path: Path) -> None:
    in_config("own")
    ran = credseries("recipe", "list", cwd=tmp_path)
    assert ran.status == 0
    names = [line.split()[0] for line in ran.out.splitlines() if not line.startswith(" ")]
    assert names == ["guards", "light", "own", "per-file", "per-function", "rfc"]
    assert credseries("recipe", "list", "-C", tmp_path / "none", cwd=tmp_path).status == 2


def test_a_recipe_is_printed_as_it_is(tmp_path: Path) -> None:
    ran = credseries("recipe", "show", "rfc", cwd=tmp_path)
    assert ran.out == (SHIPPED / "rfc.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text(ran.out)
    assert (
        credseries("recipe", "check", path, cwd=tmp_path).out == f"{path}: ok: 3 topics, 3 helpers, a patch per topic\n"
    )


def test_what_a_recipe_means(tmp_path: Path) -> None:
    found = json.loads(credseries("recipe", "show", "per-file", "--resolved", cwd=tmp_path).out)
    assert found["schema"] == 1
    assert (found["name"], found["threads"], found["prefixes"]) == ("per-file", "one", ["RFC"])
    assert [topic["granularity"] for topic in found["topics"]] == ["file"] * 3
    overlayfs = found["topics"][2]
    assert overlayfs["forms"] == ["guard", "scoped", "light"]
    assert overlayfs["accessors"] == {"ovl_override_creds": "ovl_creds"}
    assert found["topics"][0]["helpers"][1]["code"] == (SHIPPED / "cred-light.h").read_text()


def test_all_that_is_wrong_is_said_in_one_go(tmp_path: Path) -> None:
    write(tmp_path, "bad", BAD)
    ran = credseries("recipe", "check", "rfc", "bad.toml", cwd=tmp_path)
    assert (ran.status, ran.err) == (2, "")
    check_snapshot("recipe-check.txt", ran.out)
    found = json.loads(credseries("recipe", "check", "rfc", "bad.toml", "--json", cwd=tmp_path).out)
    rfc, bad = found["recipes"]
    assert rfc == {"recipe": "rfc", "ok": True, "topics": ["helpers", "backing-file", "overlayfs"], "problems": []}
    assert (bad["recipe"], bad["ok"]) == ("bad.toml", False)
    lines = [f"{item['file']}:{item['line']}: {item['key']}: {item['problem']}" for item in bad["problems"]]
    assert lines == ran.out.splitlines()[1:]


def test_the_commands_use_the_recipes_of_the_tree(miniature: Path, tmp_path: Path) -> None:
    write(miniature / ".credseries/patches", "mine")
    assert (
        credseries(
            "scan", "--recipe", "mine", "fs/open.c", cwd=tmp_path, env={"CREDSERIES_TREE": str(miniature)}
        ).status
        == 0
    )
    ran = credseries("split", "--recipe", "mine", cwd=miniature)
    assert ran.status == 0, ran.err
    assert ran.out.startswith("Mine: ")
    ran = credseries("checklist", "-C", miniature, cwd=tmp_path)
    assert ran.status == 0, ran.err


def test_a_scan_is_made_again_when_what_its_recipe_extends_has_changed(miniature: Path) -> None:
    base = write(miniature / ".credseries/patches", "base")
    write(miniature / ".credseries/patches", "mine", MINE.format(name="mine").replace("rfc", "base"))
    scan = ("scan", "fs/backing-file.c", "--recipe", "mine")
    assert " scoped " in credseries(*scan, cwd=miniature).out
    base.write_text(base.read_text() + 'forms = ["light"]\n')
    out = credseries(*scan, cwd=miniature).out
    assert " scoped " not in out
    assert " light " in out


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("credseries split --recipe ", {"guards", "light", "mine", "per-file", "per-function", "rfc"}),
        ("credseries scan --recipe per", {"per-file", "per-function"}),
        ("credseries recipe show m", {"mine"}),
        ("credseries recipe check rfc l", {"light"}),
        ("credseries recipe ", {"list", "show", "check"}),
    ],
)
def test_the_shell_completes_names(miniature: Path, line: str, expected: set[str]) -> None:
    write(miniature / ".credseries/patches", "mine")
    asked = {"_CREDSERIES_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    program = "from credseries.cli.main import app; app(prog_name='credseries')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=miniature,
        env=environment(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert set(done.stdout.split()) == expected, done.stderr


def test_nothing_is_written_to_the_tree(miniature: Path) -> None:
    before = git(miniature, "status", "--porcelain")
    for command in (["list"], ["show", "rfc"], ["check", "rfc"]):
        assert credseries("recipe", *command, cwd=miniature).status == 0
    assert git(miniature, "status", "--porcelain") == before
    assert not (miniature / ".git/credseries").exists()
