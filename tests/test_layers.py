"""The package keeps its layers, and the check that says so sees each way of breaking them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.gitrepo import write_files
from tests.layers import check

ROOT = Path(__file__).parent.parent
SOUND = {
    "credseries/__init__.py": "",
    "credseries/errors.py": "import subprocess\n",
    "credseries/store.py": "from credseries.errors import StoreDamaged\n",
    "credseries/kernel/__init__.py": "",
    "credseries/kernel/git.py": "import subprocess\nfrom credseries import errors\nfrom . import release\n",
    "credseries/kernel/release.py": "",
    "credseries/csource/__init__.py": "",
    "credseries/creds/proof.py": "from credseries.csource import flow\nimport credseries.kernel.release\n",
    "credseries/review/audit.py": "from credseries.series import model\nimport credseries.creds.proof\n",
    "credseries/render.py": "print('x')\n",
    "credseries/cli/main.py": "import sys\nfrom credseries.render import table\nprint()\nsys.exit(1)\n",
}


def test_the_package_keeps_its_layers() -> None:
    assert [str(violation) for violation in check(ROOT)] == []


def test_a_sound_package_has_no_violation(tmp_path: Path) -> None:
    write_files(tmp_path, SOUND)
    assert check(tmp_path) == []


@pytest.mark.parametrize(
    ("file", "source", "what"),
    [
        ("kernel/x.py", "from credseries.creds.proof import prove", "higher layer"),
        ("kernel/x.py", "import credseries.creds.proof", "higher layer"),
        ("kernel/x.py", "from credseries import creds", "higher layer"),
        ("kernel/x.py", "from ..creds import proof", "higher layer"),
        ("kernel/x.py", "def f():\n    from credseries.creds import proof", "higher layer"),
        ("kernel/x.py", "if TYPE_CHECKING:\n    from credseries.creds import proof", "higher layer"),
        ("creds/x.py", "from credseries.render import table", "higher layer"),
        ("errors.py", "from credseries import store", "higher layer"),
        ("__init__.py", "from credseries.errors import UsageError", "higher layer"),
        ("csource/x.py", "from credseries.kernel.release import x", "the same layer"),
        ("mail/x.py", "from credseries.review import audit", "the same layer"),
        ("creds/x.py", "from credseries.kernel.git import Repository", "creds imports credseries.kernel.git"),
        ("rewrite/x.py", "from credseries.kernel import git", "rewrite imports credseries.kernel.git"),
        ("rewrite/x.py", "import subprocess", "rewrite imports subprocess"),
        ("series/x.py", "from rich.table import Table", "for the terminal"),
        ("series/x.py", "print('x')", r"calls print\(\)"),
        ("series/x.py", "import sys\nsys.exit(1)", r"uses sys\.exit"),
        ("series/x.py", "from sys import exit", r"imports sys\.exit"),
        ("series/x.py", "import sys\nsys.stdout.write('x')", r"uses sys\.stdout"),
        ("series/x.py", "raise SystemExit(1)", "raises SystemExit"),
        ("utils.py", "", "in no layer"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, file: str, source: str, what: str) -> None:
    write_files(tmp_path, {**SOUND, f"credseries/{file}": source + "\n"})
    (violation,) = check(tmp_path)
    assert violation.file == f"credseries/{file}"
    assert re.search(what, violation.what)
