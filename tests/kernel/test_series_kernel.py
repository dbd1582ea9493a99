"""The series for Linux 6.12 applies, pleases checkpatch.pl, and builds at every commit."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from credseries.cli.send import build_messages
from credseries.mail.files import write_messages
from tests.gitrepo import git
from tests.kernel.conftest import KernelSeries

pytestmark = pytest.mark.kernel

CLANG = "clang-19" if shutil.which("clang-19") else "clang"
COMPILERS = [
    pytest.param(cc, marks=pytest.mark.skipif(not shutil.which(cc), reason=f"no {cc} here")) for cc in ("gcc", CLANG)
]
OBJECTS = ("fs/backing-file.o", "fs/overlayfs/")
# what the converted functions' #if lines ask for, on top of tinyconfig
OPTIONS = (
    *("MULTIUSER", "BLOCK", "FILE_LOCKING", "SHMEM", "TMPFS", "TMPFS_XATTR", "TMPFS_POSIX_ACL"),
    *("MISC_FILESYSTEMS", "FS_VERITY", "OVERLAY_FS", "OVERLAY_FS_DEBUG"),
)
CHECKPATCH = ("scripts/checkpatch.pl", "scripts/spelling.txt", "scripts/const_structs.checkpatch")


@pytest.fixture(scope="module")
def patches(series: KernelSeries, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The patches' messages as files, without the cover letter."""
    messages = build_messages(series.repo, series.record, ["fsdevel"])
    return write_messages(messages, tmp_path_factory.mktemp("eml"))[1:]


PATCHES = {"rfc": 5, "light": 5, "guards": 8, "per-file": 13, "per-function": 40}


def test_number_of_patches(every_series: dict[str, KernelSeries]) -> None:
    """6.12 has ovl_creds() already, so no patch adds it."""
    assert {recipe: len(series.commits) for recipe, series in every_series.items()} == PATCHES


def _tree_of(path: Path, revision: str) -> str:
    return git(path, "rev-parse", f"{revision}^{{tree}}").strip()


def test_every_message_applies_to_the_same_tree(
    series: KernelSeries, patches: list[Path], kernel_tree: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", "--shared", "--no-checkout", str(kernel_tree), "linux")
    linux = tmp_path / "linux"
    directories = sorted({str(Path(file).parent) for patch in series.record.patches for file in patch.files})
    git(linux, "sparse-checkout", "set", "--cone", *directories)
    git(linux, "checkout", "--quiet", "--detach", series.record.base)
    assert len(patches) == len(series.commits) >= 5
    for path, commit in zip(patches, series.commits, strict=True):
        git(linux, "am", "--quiet", str(path))
        assert _tree_of(linux, "HEAD") == _tree_of(series.path, commit)


def test_checkpatch_finds_no_error(series: KernelSeries, patches: list[Path], tmp_path: Path) -> None:
    for name in CHECKPATCH:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(series.repo.read_files(series.record.base, [name])[name])
    found: Counter[str] = Counter()
    errors = []
    for path in patches:
        command = ["perl", "scripts/checkpatch.pl", "--no-tree", "--terse", "--show-types", "--no-summary", str(path)]
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        lines = [line for line in said.stdout.splitlines() if re.search(r": (ERROR|WARNING|CHECK):", line)]
        assert said.returncode == 0 or lines, said.stderr
        errors += [line for line in lines if ": ERROR:" in line]
        found.update(re.findall(r": (?:ERROR|WARNING|CHECK):([A-Z_]+):", "\n".join(lines)))
    print(f"checkpatch.pl: {dict(found)}")
    assert errors == []


@contextmanager
def _source(series: KernelSeries, kernel_tree: Path, cache: Path) -> Iterator[Path]:
    """A private checkout that is kept for the next run, for one user at a time."""
    place = cache / f"build-{series.record.base[:12]}"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        linux = place / "linux"
        if not linux.exists():
            shutil.rmtree(place / "unfinished", ignore_errors=True)
            git(place, "clone", "--quiet", "--shared", "--no-checkout", str(kernel_tree), "unfinished")
            git(place / "unfinished", "checkout", "--quiet", "--detach", series.record.base)
            (place / "unfinished").rename(linux)
        git(linux, "fetch", "--quiet", str(series.path), f"refs/heads/{series.record.branch}")
        git(linux, "reset", "--quiet", "--hard", series.record.base)
        yield linux


class _Build:
    """The converted objects, built by one compiler outside of the source."""

    def __init__(self, linux: Path, out: Path, cc: str) -> None:
        self.linux, self.out, self.cc = linux, out, cc
        out.mkdir(parents=True, exist_ok=True)

    def make(self, *targets: str) -> str:
        """What the compiler has to say."""
        command = ["make", f"-j{os.cpu_count()}", f"O={self.out}", f"CC={self.cc}", *targets]
        done = subprocess.run(command, cwd=self.linux, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{self.cc}: {' '.join(targets)}\n{done.stderr[-4000:]}"
        return done.stderr

    def configure(self) -> None:
        self.make("tinyconfig")
        enable = [word for option in OPTIONS for word in ("-e", option)]
        subprocess.run(
            [self.linux / "scripts/config", "--file", self.out / ".config", *enable], check=True, cwd=self.linux
        )
        self.make("olddefconfig")
        config = (self.out / ".config").read_text()
        missing = [option for option in OPTIONS if f"CONFIG_{option}=y\n" not in config]
        assert not missing, missing
        self.make("prepare")

    def warnings(self) -> Counter[str]:
        """The compiler's warnings about the objects, without their line numbers."""
        said = self.make(*OBJECTS)
        found = [line for line in said.splitlines() if re.search(r"\b(warning|error):", line)]
        return Counter(re.sub(r":\d+(:\d+)?:", ":", line) for line in found)


@pytest.mark.parametrize("cc", COMPILERS)
def test_every_commit_builds_without_a_new_warning(
    series: KernelSeries, kernel_tree: Path, cache: Path, cc: str
) -> None:
    with _source(series, kernel_tree, cache) as linux:
        build = _Build(linux, linux.parent / f"out-{cc}", cc)
        build.configure()
        for built in ("fs/backing-file.o", "fs/overlayfs"):  # what was not compiled now would not warn now
            subprocess.run(["rm", "-rf", build.out / built], check=True)
        before = build.warnings()
        for patch in series.record.patches:
            git(linux, "checkout", "--quiet", "--detach", patch.commit)
            new = build.warnings() - before
            assert not new, f"{patch.commit}: {new}"
            for source in (linux / file for file in patch.files if file.endswith(".c")):
                built = build.out / source.relative_to(linux).with_suffix(".o")
                assert built.stat().st_mtime >= source.stat().st_mtime, f"{built} is not of this commit"
        print(f"{cc}: {len(series.commits)} commits built, {before.total()} warnings before")
