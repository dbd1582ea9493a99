"""What the running kernel was configured with: checks that cost more than what is measured, layout, overlayfs."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping, Sequence

from credseries.bench.doctor.finding import Finding, State, finding
from credseries.bench.doctor.probe import Probe

# Checks that slow the kernel down by much, or make atomic operations and locks other code than they are in production.
_HEAVY = (
    *("PROVE_LOCKING", "LOCKDEP", "DEBUG_LOCK_ALLOC", "LOCK_STAT", "PROVE_RCU"),
    *("DEBUG_SPINLOCK", "DEBUG_MUTEXES", "DEBUG_RWSEMS", "DEBUG_RT_MUTEXES"),
    *("KASAN", "KMSAN", "KCSAN", "KCOV", "GCOV_KERNEL", "DEBUG_KMEMLEAK"),
    *("DEBUG_PAGEALLOC_ENABLE_DEFAULT", "SLUB_DEBUG_ON", "DEBUG_OBJECTS", "DEBUG_PREEMPT", "DEBUG_ATOMIC_SLEEP"),
    "DEBUG_CREDENTIALS",
)
_LAYOUT = ("RANDSTRUCT_FULL", "RANDSTRUCT_PERFORMANCE", "GCC_PLUGIN_RANDSTRUCT")
_OVERLAY = "OVERLAY_FS"


def examine(probe: Probe) -> tuple[Finding, ...]:
    """The findings on the kernel's configuration."""
    places = ("/proc/config.gz", f"/boot/config-{probe.release}", f"/lib/modules/{probe.release}/config")
    for place in places:
        options = _options(probe, place)
        if options:
            return (_debugging(options, place), _layout(options, place), _overlay(probe, options, place))
    where = f"none of {', '.join(places)} can be read"
    return (_debugging(None, where), _layout(None, where), _overlay(probe, None, where))


def _options(probe: Probe, place: str) -> Mapping[str, str]:
    """The options that are set to y or m, by name without CONFIG_."""
    content = probe.content(place)
    if content is None:
        return {}
    if place.endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            return {}
    return dict(re.findall(r"^CONFIG_(\w+)=([ym])$", content.decode("utf-8", "replace"), re.MULTILINE))


def _debugging(options: Mapping[str, str] | None, where: str) -> Finding:
    state, evidence = _none_of(_HEAVY, options, "no expensive check in", where)
    return finding(
        "debug options",
        state,
        evidence,
        why="A debug kernel measures the debugging: checks of locks and of every access cost more than a cache line "
        "that moves, and hide it.",
        advice="Measure kernels with the distribution's configuration, and test with the checks in another build.",
    )


def _layout(options: Mapping[str, str] | None, where: str) -> Finding:
    state, evidence = _none_of(_LAYOUT, options, "structures are not shuffled:", where)
    return finding(
        "structure layout",
        state,
        evidence,
        why="With shuffled structures, other fields stand around the usage count of struct cred in every build with "
        "another seed, so two kernels differ for that alone.",
        advice="Build the kernels that are compared with CONFIG_RANDSTRUCT_NONE.",
    )


def _none_of(names: Sequence[str], options: Mapping[str, str] | None, good: str, where: str) -> tuple[State, str]:
    """Whether none of these options is set, and what says so."""
    if options is None:
        return State.UNKNOWN, where
    found = [f"CONFIG_{name}" for name in names if name in options]
    return (State.LIMITED, f"{', '.join(found)} ({where})") if found else (State.OK, f"{good} {where}")


def _overlay(probe: Probe, options: Mapping[str, str] | None, where: str) -> Finding:
    known = probe.text("/proc/filesystems")
    built = options.get(_OVERLAY) if options is not None else None
    if known is not None and re.search(r"^(?:nodev)?\s+overlay$", known, re.MULTILINE):
        state, evidence = State.OK, "/proc/filesystems has overlay"
    elif built == "m":
        state, evidence = State.OK, f"CONFIG_{_OVERLAY}=m, loaded at the first mount ({where})"
    elif built == "y" or options is None or known is None:
        state, evidence = State.UNKNOWN, "/proc/filesystems has no overlay" + (f", and {where}" if not options else "")
    else:
        state, evidence = State.MISSING, f"/proc/filesystems has no overlay, and CONFIG_{_OVERLAY} is not set ({where})"
    return finding(
        "overlayfs",
        state,
        evidence,
        why="It overrides credentials on nearly every operation, so it is where the contention is made that the series "
        "relieves; without it only the model of the counter in user space runs here.",
        advice="Boot a kernel with CONFIG_OVERLAY_FS for the overlay workloads.",
    )
