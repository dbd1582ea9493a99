"""What does no work loads next to nothing, and what is known of commands without them is true."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from credseries.cli import bench
from credseries.cli.lazy import LazyGroup, Listed, load
from credseries.cli.main import Commands
from tests.clicase import COMMAND, environment

OWN = {"", ".__main__", ".cli", ".cli.lazy", ".cli.main", ".errors", ".render"}
# Those of them that cost the most; what typer itself loads is its own.
HEAVY = {
    *("b4", "git", "jinja2", "matplotlib", "patatt", "requests", "rich", "scipy", "sqlite3", "tree_sitter", "yaml"),
    *(
        "concurrent.futures",
        "email",
        "importlib.metadata",
        "json",
        "tempfile",
        "tomllib",
        "tree_sitter_c",
    ),
}
_MARK = "modules: "
_LISTS = f"""
import sys
sys.argv[0] = "credseries"
from credseries.__main__ import main
try:
    main()
finally:
    sys.stderr.write({_MARK!r} + " ".join(sys.modules))
"""


def loaded(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> set[str]:
    """The modules that a run of the command loads."""
    command = [COMMAND[0], "-c", _LISTS, *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=environment(env), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return set(done.stderr.rpartition(_MARK)[2].split())


def own(modules: set[str]) -> set[str]:
    return {name.removeprefix("credseries") for name in modules if name.partition(".")[0] == "credseries"}


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (("--help",), None),
        ((), None),
        (("--version",), None),
        ((), {"_CREDSERIES_COMPLETE": "complete_bash", "COMP_WORDS": "credseries c", "COMP_CWORD": "1"}),
    ],
    ids=["help", "nothing", "version", "completion"],
)
def test_no_command_is_loaded_that_is_not_asked_for(
    tmp_path: Path, arguments: tuple[str, ...], env: Mapping[str, str] | None
) -> None:
    found = loaded(*arguments, cwd=tmp_path, env=env)
    assert own(found) <= OWN
    # Who looks for the version needs the first of these, and typer what it completes with.
    allowed = {"importlib.metadata", "email", "json", "tempfile"} if env or "--version" in arguments else set()
    assert found & (HEAVY - allowed) == set()


def test_a_command_is_loaded_alone(tmp_path: Path) -> None:
    found = own(loaded("scan", "--help", cwd=tmp_path))
    assert ".cli.scan" in found
    assert {name for name in found if re.fullmatch(r"\.cli\.\w+", name)} <= OWN | {".cli.scan", ".cli.options"}


def test_the_status_of_no_series_reads_no_c(pristine_miniature: Path) -> None:
    found = loaded("status", cwd=pristine_miniature)
    assert "credseries.series.status" in found
    assert found & {"tree_sitter", "credseries.creds", "credseries.csource", "credseries.rewrite", "b4"} == set()


@pytest.mark.parametrize("group", [Commands, bench._Commands], ids=["credseries", "bench"])
def test_what_is_listed_is_what_a_command_says_of_itself(group: type[LazyGroup]) -> None:
    assert len(group.listed) > 10
    for name, item in group.listed.items():
        assert Listed(item.module, load(name, item).short_help) == item
