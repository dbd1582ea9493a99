"""Building a kernel as User Mode Linux, out of its source tree and again and again in the same directory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from credseries.errors import BuildFailed, EnvironmentProblem
from credseries.verify.boot.config import config_text, lacking, required_options, wished_options
from credseries.verify.process import Ran, run

RunMake = Callable[[Sequence[str], Path], Ran]
"""Runs a command in a directory and gives what it left."""

# The same source gives the same kernel, whoever builds it, where and when.
_CONSTANT = (
    "KBUILD_BUILD_TIMESTAMP=1970-01-01",
    "KBUILD_BUILD_USER=credseries",
    "KBUILD_BUILD_HOST=credseries",
    "KBUILD_BUILD_VERSION=1",
    "LOCALVERSION=",
)
# What an outer make or a developer's shell would say about this build.
_NOTHING_OF_OTHERS = dict.fromkeys(
    ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEFILES", "KBUILD_OUTPUT", "KCFLAGS", "KCPPFLAGS", "W", "C", "V"), ""
)
_FRAGMENT = "credseries.config"
_PROPOSAL = "credseries.proposal"


def build_kernel(source: Path, out: Path, *, cc: str, jobs: int, run: RunMake | None = None) -> Path:
    """The kernel of the tree `source`, a program, built with the compiler `cc` by `jobs` processes in `out`.

    Nothing is written to `source`, which may be made of symbolic links; a link that was replaced counts as a change of
    its file. A build in an `out` that has one already does only what changed since, if `source` is the same path as
    before (the compiler's command lines contain it). Raises BuildFailed, and EnvironmentProblem when the tree cannot
    be configured as the tests need it.
    """
    out.mkdir(parents=True, exist_ok=True)
    make = _Make(source.absolute(), out.absolute(), cc, run or _run)
    _configure(make)
    ran = make(f"-j{jobs}", "linux")
    kernel = out / "linux"
    if ran.status != 0 or not kernel.is_file():
        raise BuildFailed(
            f"the kernel does not build with {cc} (ARCH=um)",
            log=_log(ran),
            hint="the compiler's first error says why; does the same build of the base pass?",
        )
    return kernel


def lacking_options(out: Path) -> tuple[str, ...]:
    """The wished options (CONFIG_...) that the kernel built in `out` does not have, in the order of the fragment."""
    return lacking((out / ".config").read_text(encoding="utf-8"), wished_options())


class _Make:
    """Make in a kernel tree, for one compiler and one output directory."""

    def __init__(self, source: Path, out: Path, cc: str, run: RunMake) -> None:
        self.out = out
        self._source = source
        self._run = run
        # -L: a link that now leads to another file is newer than what was made of the former one.
        self._command = ("make", "-L", "-C", str(source), f"O={out}", "ARCH=um", "CROSS_COMPILE=", f"CC={cc}")

    def __call__(self, *arguments: str) -> Ran:
        return self._run((*self._command, *_CONSTANT, *arguments), self._source)


def _configure(make: _Make) -> None:
    """Writes .config; one that is right already is left alone, or everything would be built again."""
    fragment, proposal, config = (make.out / name for name in (_FRAGMENT, _PROPOSAL, ".config"))
    fragment.write_text(config_text(), encoding="utf-8")
    with contextlib.suppress(FileNotFoundError):
        proposal.unlink()
    ran = make(f"KCONFIG_ALLCONFIG={fragment}", f"KCONFIG_CONFIG={proposal}", "allnoconfig")
    if ran.status != 0 or not proposal.is_file():
        raise BuildFailed(
            "the kernel cannot be configured for ARCH=um",
            log=_log(ran),
            hint="is the tree clean (`make mrproper`), and are flex and bison installed?",
        )
    wanted = proposal.read_text(encoding="utf-8")
    missing = lacking(wanted, required_options())
    if missing:
        raise EnvironmentProblem(
            f"this tree cannot be booted for the tests: it has no {', '.join(missing)} with ARCH=um",
            hint="verify it without --level boot",
        )
    if not config.is_file() or config.read_text(encoding="utf-8") != wanted:
        config.write_text(wanted, encoding="utf-8")


def _run(command: Sequence[str], directory: Path) -> Ran:
    return run(command, directory=directory, environment=_NOTHING_OF_OTHERS)


def _log(ran: Ran) -> str:
    """What make and its children wrote as errors; all that they wrote when they wrote none."""
    return ran.errors.strip() or ran.output.decode("utf-8", "replace").strip()
