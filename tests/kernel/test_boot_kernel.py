"""The base and the series boot and behave alike, and each way of breaking a conversion is seen in a boot.

All kernels are built in one directory of the cache, which stays: a first run takes minutes, later ones build little.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from credseries.cli.split import make_series
from credseries.kernel.git import Identity, NewCommit, Repository
from credseries.kernel.series_source import from_range
from credseries.review.audit_task import audit_task
from credseries.verify.boot.build import build_kernel, lacking_options
from credseries.verify.boot.compare import differences, problems
from credseries.verify.boot.config import config_text
from credseries.verify.boot.initramfs import make_initramfs
from credseries.verify.boot.run import BootRun, boot
from credseries.verify.boot.tools import busybox, missing
from credseries.verify.levels.proof import allowed, proof_checks
from credseries.verify.model import Status
from credseries.verify.tasks import Place
from credseries.words import content_key
from tests.gitrepo import git
from tests.kernel.conftest import KernelSeries
from tests.mailcase import environment

pytestmark = pytest.mark.kernel

CC = "gcc"
JOBS = os.cpu_count() or 1
TIME = 600.0  # seconds, on a machine that does a lot else
INODE, XATTRS = "fs/overlayfs/inode.c", "fs/overlayfs/xattrs.c"


@dataclass(frozen=True)
class Plant:
    """A mistake in the converted source: texts of one file and what replaces them; `seen` is in what a boot says, and
    `proof` what the audit calls it."""

    name: str
    file: str
    edits: tuple[tuple[str, str], ...]
    seen: str
    proof: str

    def grown(self, text: str) -> str:
        """The file's text with the mistake."""
        for old, new in self.edits:
            assert text.count(old) == 1, f"{self.name}: the series has another text here than this test expects"
            text = text.replace(old, new)
        return text

    def grow(self, source: Path) -> None:
        """Makes the mistake in a source tree."""
        path = source / self.file
        path.write_text(self.grown(path.read_text()))


PLANTS = (
    Plant(
        "a missing revert on an error path of ovl_permission",
        INODE,
        (
            (
                "\tguard(cred)(ovl_creds(inode->i_sb));\n\tif (!upperinode &&\n",
                "\tconst struct cred *old = override_creds_light(ovl_creds(inode->i_sb));\n\tif (!upperinode &&\n",
            ),
            (
                "\terr = inode_permission(mnt_idmap(realpath.mnt), realinode, mask);\n",
                "\terr = inode_permission(mnt_idmap(realpath.mnt), realinode, mask);\n"
                "\tif (err)\n\t\treturn err;\n\trevert_creds_light(old);\n",
            ),
        ),
        "and the caller's credentials are still: uid 0/0 gid 0/0 fs 0/0 groups 7777",
        "moved-call",
    ),
    Plant(
        "a second put of the creator's credentials",
        INODE,
        (
            (
                "\t\tstat->nlink = dentry->d_inode->i_nlink;\n",
                "\t\tstat->nlink = dentry->d_inode->i_nlink;\n\tput_cred(ovl_creds(dentry->d_sb));\n",
            ),
        ),
        "kernel/cred.c",
        "lifetime",
    ),
    Plant(
        "a reference that is taken and never dropped",
        INODE,
        (
            (
                "\tguard(cred)(ovl_creds(inode->i_sb));\n\tif (!upperinode &&\n",
                "\tconst struct cred *old = override_creds(ovl_creds(inode->i_sb));\n\tif (!upperinode &&\n",
            ),
            (
                "\terr = inode_permission(mnt_idmap(realpath.mnt), realinode, mask);\n",
                "\terr = inode_permission(mnt_idmap(realpath.mnt), realinode, mask);\n\trevert_creds_light(old);\n",
            ),
        ),
        "plain/full/user/credentials: the outcome is '1 are never freed' and must be 'all freed'",
        "extra-reference",
    ),
    Plant(
        "a guard that a goto skips",
        INODE,
        (
            (
                "\tguard(cred)(ovl_creds(inode->i_sb));\n\tif (!upperinode &&\n",
                "\tif (mask & MAY_EXEC)\n\t\tgoto check;\n"
                "\tguard(cred)(ovl_creds(inode->i_sb));\n\tif (!upperinode &&\n",
            ),
            (
                "\terr = inode_permission(mnt_idmap(realpath.mnt), realinode, mask);\n",
                "check:\n\terr = inode_permission(mnt_idmap(realpath.mnt), realinode, mask);\n",
            ),
        ),
        "the kernel complains",
        "skipped-guard",
    ),
    Plant(
        "a return value that is dropped",
        INODE,
        (
            (
                "\t\t\terr = ovl_do_notify_change(ofs, upperdentry, attr);\n",
                "\t\t\tovl_do_notify_change(ofs, upperdentry, attr);\n",
            ),
        ),
        "'OK 100666 0:0'",
        "lost-return-value",
    ),
    Plant(
        "a permission filter under the mounter's credentials",
        XATTRS,
        (
            (
                "\tscoped_guard(cred, ovl_creds(dentry->d_sb)) {\n"
                "\t\tres = vfs_listxattr(realdentry, list, size);\n\t}\n",
                "\tguard(cred)(ovl_creds(dentry->d_sb));\n\tres = vfs_listxattr(realdentry, list, size);\n",
            ),
        ),
        "trusted_name_lower: the outcome is 'shown' and must be 'not shown'",
        "moved-call",
    ),
)


@dataclass(frozen=True)
class Machine:
    """Where kernels are built and booted; `source` is a checkout that changes from kernel to kernel."""

    source: Path
    out: Path
    initramfs: Path
    runs: Path

    def check_out(self, commit: str) -> None:
        """Puts a commit's files into the source tree; what is the same already is not touched."""
        git(self.source, "checkout", "--quiet", "--force", "--detach", commit)

    def build(self) -> Path:
        return build_kernel(self.source, self.out, cc=CC, jobs=JOBS)

    def boot(self, kernel: Path) -> BootRun:
        return boot(kernel, self.initramfs, seconds=TIME, directory=self.runs)


@pytest.fixture(scope="module")
def machine(kernel_tree: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    lacking = missing(CC)
    if lacking:
        pytest.skip("not installed: " + ", ".join(f"{tool.name} ({tool.package})" for tool in lacking))
    static = busybox()
    assert static is not None
    tree = git(kernel_tree, "rev-parse", "HEAD^{tree}").strip()
    place = cache / f"boot-{content_key(config_text(), tree, CC)[:16]}"
    source = place / "source"
    if not source.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(place / "unfinished", ignore_errors=True)
        git(place, "clone", "--quiet", "--shared", str(kernel_tree), "unfinished")
        (place / "unfinished").rename(source)
    directory = tmp_path_factory.mktemp("boot")
    return Machine(source, place / "out", make_initramfs(directory, cc=CC, busybox=static), directory / "runs")


@pytest.fixture(scope="module")
def base(machine: Machine, kernel_tree: Path) -> BootRun:
    """The boot of the base, whose kernel is kept: to build it again would be to build nearly everything again."""
    kernel = machine.out.parent / "linux-base"
    if not kernel.is_file():
        machine.check_out(git(kernel_tree, "rev-parse", "HEAD").strip())
        shutil.copy2(machine.build(), kernel.with_suffix(".new"))
        kernel.with_suffix(".new").rename(kernel)
    return machine.boot(kernel)


@pytest.fixture(scope="module")
def series_commit(machine: Machine, kernel_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The last patch of the default series, fetched into the machine's source tree."""
    top = tmp_path_factory.mktemp("series")
    git(top, "clone", "--quiet", "--shared", "--no-checkout", str(kernel_tree), "linux")
    with environment(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1"):
        git(top / "linux", "config", "user.name", "Test Developer")
        git(top / "linux", "config", "user.email", "dev@example.org")
        record = make_series(Repository.discover(top / "linux"), "rfc", "HEAD", None)
    tip = record.patches[-1].commit
    git(machine.source, "fetch", "--quiet", str(top / "linux"), tip)
    return tip


@pytest.fixture(scope="module")
def series_source(machine: Machine, base: BootRun, series_commit: str) -> Iterator[Path]:
    """The source tree with the series in it, as it is found and left."""
    machine.check_out(series_commit)
    yield machine.source
    machine.check_out(series_commit)


@pytest.fixture(scope="module")
def series_run(machine: Machine, series_source: Path) -> BootRun:
    return machine.boot(machine.build())


def test_the_base_passes(base: BootRun) -> None:
    assert problems(base) == ()
    assert len(base.outcomes) > 5000


def test_the_kernel_has_the_options_that_find_mistakes(machine: Machine, base: BootRun, series_run: BootRun) -> None:
    """DEBUG_CREDENTIALS went away in Linux 6.7."""
    assert set(lacking_options(machine.out)) <= {"CONFIG_DEBUG_CREDENTIALS"}


def test_what_must_be_refused_is_refused(base: BootRun) -> None:
    assert base.outcomes["plain/full/user/read_shut"] == "EACCES"
    assert base.outcomes["plain/full/user/read_locked"] == "read the lower data"
    assert base.outcomes["plain/weak/root/write_other"] == "EPERM"
    assert base.outcomes["plain/full/root/credentials"] == "all freed"


def test_two_boots_of_one_kernel_are_equal(machine: Machine, base: BootRun) -> None:
    assert differences(base, machine.boot(machine.out.parent / "linux-base")) == ()


def test_the_series_passes_and_behaves_as_its_base(base: BootRun, series_run: BootRun) -> None:
    assert problems(series_run) == ()
    assert differences(base, series_run) == ()


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.name for plant in PLANTS])
def test_a_mistake_is_caught(plant: Plant, machine: Machine, base: BootRun, series_source: Path) -> None:
    with contextlib.ExitStack() as after:
        after.callback(git, series_source, "checkout", "--quiet", "--force", "HEAD", "--", plant.file)
        plant.grow(series_source)
        run = machine.boot(machine.build())
    found = (*problems(run), *differences(base, run))
    assert any(plant.seen in sentence for sentence in found), f"found only: {found[:10]}"


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.name for plant in PLANTS])
def test_the_proof_has_seen_it_before(plant: Plant, every_series: dict[str, KernelSeries]) -> None:
    """What a boot catches in minutes, the first level catches in seconds."""
    rfc = every_series["rfc"]
    tip, person = rfc.commits[-1], Identity("Test Developer", "dev@example.org")
    text = plant.grown(rfc.repo.read_files(tip, [plant.file])[plant.file].decode())
    commit = NewCommit(f"ovl: Plant {plant.name}\n", {plant.file: text.encode()})
    when = datetime(2025, 1, 1, tzinfo=UTC)
    [last] = rfc.repo.write_commits(tip, [commit], author=person, committer=person, when=when)
    series = from_range(rfc.repo, f"{tip}..{last}", None)
    [check] = proof_checks(series, audit_task(rfc.repo, series), allowed([]))
    judged = check.judge([task.run(Place(rfc.repo, Path(), 1)) for task in check.tasks])
    assert judged.status is Status.FAIL
    assert any(f": {plant.proof}: " in problem.message for problem in judged.problems), judged.problems
