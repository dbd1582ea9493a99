"""The programs that commands run, and what they need to build with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from credseries.bench.doctor.finding import State, finding
from credseries.bench.doctor.probe import Probe
from credseries.cli.doctor.model import Check
from credseries.cli.doctor.packages import fix

GROUP = "programs"
_GIT_SINCE = (2, 31)  # settings from the environment, and paths as absolute ones
_STYLE, _COMPILE = "verify --level style", "verify --level compile"
_BUILD, _BOOT = "verify --level build", "verify --level boot"


@dataclass(frozen=True)
class _Program:
    name: str
    package: str
    commands: tuple[str, ...]
    why: str


_OTHERS = (
    _Program("perl", "perl", (_STYLE,), "The kernel's checkpatch.pl is written in it."),
    _Program("sparse", "sparse", (_COMPILE,), "Its warnings are compared besides those of the compilers."),
    _Program("perf", "linux-perf", ("bench add",), "It counts, and shows who took a cache line: see bench doctor."),
    _Program(
        "ssh-keygen", "openssh-client", ("send",), "It signs messages with an SSH key (patatt.signingKey openssh)."
    ),
    _Program("gpg", "gnupg", ("send",), "It signs messages with an OpenPGP key (patatt.signingKey openpgp)."),
)


def examine(probe: Probe) -> Iterator[Check]:
    """The checks of programs."""
    system = probe.text("/etc/os-release") or ""
    yield _git(probe, system)
    yield from _compilers(probe, system)
    for program in _OTHERS:
        path = probe.find(program.name)
        found = finding(
            program.name,
            State.MISSING if path is None else State.OK,
            f"no {program.name} on PATH" if path is None else path,
            why=program.why,
            advice=fix([program.package], system),
        )
        yield Check(GROUP, found, program.commands)
    yield _booting(probe, system)


def _git(probe: Probe, system: str) -> Check:
    path = probe.find("git")
    ran = probe.run((path, "--version")) if path is not None else None
    said = ran.first_line if ran is not None else ""
    match = re.search(r"(\d+)\.(\d+)", said, re.ASCII)
    state, evidence = State.OK, f"{said} ({path})"
    if path is None or match is None:
        state, evidence = State.MISSING, f"{path}: {said or 'says no version'}" if path else "no git on PATH"
    elif (int(match[1]), int(match[2])) < _GIT_SINCE:
        state, evidence = State.MISSING, f"{said} is too old ({path})"
    since = ".".join(map(str, _GIT_SINCE))
    why = f"All is read from git's objects, and written to them; version {since} or later."
    return Check(GROUP, finding("git", state, evidence, why=why, advice=fix(["git"], system)), ("all",), needed=True)


def _compilers(probe: Probe, system: str) -> Iterator[Check]:
    """What `verify` compiles a patch with when it is not told with what."""
    from credseries.verify.kbuild.toolchains import default_variants, missing_for

    def exists(path: Path) -> bool:
        return (probe.root / path.relative_to("/")).exists()

    for variant in default_variants(probe.find):
        lacking = missing_for(variant, probe.find, exists)
        names = [item.name for item in lacking]
        state = State.MISSING if variant.cc in names else State.LIMITED if names else State.OK
        found = finding(
            variant.cc,
            state,
            f"without {', '.join(names)}" if names else f"{probe.find(variant.cc)}, and what a kernel takes besides",
            why="Patches are compiled with gcc and with clang: each sees what the other does not. clang refuses a goto "
            "over a guard, gcc compiles it.",
            advice=fix([item.package for item in lacking], system),
        )
        yield Check(GROUP, found, (_COMPILE, _BUILD))


def _booting(probe: Probe, system: str) -> Check:
    from credseries.verify.boot.tools import missing

    lacking = missing("gcc") if probe.find("gcc") else ()
    names = [item.name for item in lacking] if probe.find("gcc") else ["gcc"]
    found = finding(
        "user mode Linux",
        State.MISSING if names else State.OK,
        f"without {', '.join(names)}" if names else "all that a kernel to boot is built from",
        why="The base and the last patch are booted, without root, and must do the same.",
        advice=fix([item.package for item in lacking] or ["gcc"], system),
    )
    return Check(GROUP, found, (_BOOT,))
