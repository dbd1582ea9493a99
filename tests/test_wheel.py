"""The wheel is complete: the demo runs away from the checkout, with the wheel's recipes, templates and miniature."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ASK = """
from credseries import resources
from credseries.series.demo import MINIATURE
print(resources.find("patches", "rfc.toml"))
print(resources.find("templates", "checklist.md.j2"))
print(MINIATURE)
"""


def run(*command: str | Path, cwd: Path) -> str:
    sealed = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=sealed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (found,) = out.glob("credseries-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with the wheel; the dependencies are those of this one, without the network."""
    venv = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=venv)
    (site,) = venv.glob("lib/python*/site-packages")
    # By path and not by .pth file, whose own .pth files (an editable install of the checkout) would be followed too.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", venv / "bin/python", "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", "--ignore-installed", wheel, cwd=venv)
    return venv


def test_the_wheel_has_what_the_commands_read(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for directory in ("patches", "templates"):
        for path in (item for item in (ROOT / directory).rglob("*") if item.is_file()):
            assert f"credseries/{path.relative_to(ROOT)}" in names
    for directory in ("credseries/miniature", "credseries/bench/workloads"):
        for path in (ROOT / directory).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert str(path.relative_to(ROOT)) in names
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)


def test_what_it_reads_comes_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    found = run(installed / "bin/python", "-c", ASK, cwd=tmp_path).split()
    assert len(found) == 3
    assert all(Path(path).is_relative_to(installed) for path in found), found


def test_the_demo_runs_from_another_directory(installed: Path, tmp_path: Path) -> None:
    out = run(installed / "bin/credseries", "demo", "--keep", "kept", cwd=tmp_path)
    assert f"Everything is in {tmp_path / 'kept'}" in out
    assert (tmp_path / "kept/cover.txt").is_file()
    assert len(list((tmp_path / "kept/eml").glob("*.eml"))) == 7
