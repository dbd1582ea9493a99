"""The README is true: every command that it shows is run on the miniature tree, and its output compared."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from credseries.series.demo import make_repository
from tests.clicase import credseries, normal

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"```console\n\$ credseries ([^\n]*)\n(.*?)```\n", re.DOTALL)


def test_every_block_is_what_the_command_prints(tmp_path: Path) -> None:
    make_repository(tmp_path / "linux")
    text = README.read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    assert len(blocks) >= 5

    def run(match: re.Match[str]) -> str:
        done = credseries(*shlex.split(match[1]), cwd=tmp_path / "linux")
        assert not done.err, done.err
        return f"```console\n$ credseries {match[1]}\n{normal(done.out)}```\n"

    shown = BLOCK.sub(run, text)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        README.write_text(shown, encoding="utf-8")
    assert text == shown or os.environ.get("UPDATE_SNAPSHOTS"), (
        "run again with UPDATE_SNAPSHOTS=1 and look at the README"
    )


def test_every_command_that_it_names_exists() -> None:
    named = set(re.findall(r"`credseries ([a-z]+)", README.read_text(encoding="utf-8")))
    for name in sorted(named):
        assert credseries(name, "--help", cwd=Path.cwd()).status == 0, name
