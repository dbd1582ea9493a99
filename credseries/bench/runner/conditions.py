"""What disturbed the runs: other load, a hypervisor that took time away, processors that changed their speed.

How much the values scatter is no part of it: whoever compares them says so from the values themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from credseries.bench import system

# From where on something is worth a word; what is below does not show in a benchmark's figures.
_LOAD = 0.5  # processes that ran or waited to, on average of a minute (proc(5), /proc/loadavg)
_STOLEN = 0.01  # of the processors' time
_FREQUENCY = 0.05  # of the fastest
_STOLEN_COLUMN = 7  # of a line of /proc/stat, the first number being 0 (proc(5))


@dataclass(frozen=True)
class Conditions:
    """The machine at a moment; None for what it does not say.

    `load` is the load average of the last minute. `ticks` is the time of all processors since boot and `stolen` what
    a hypervisor had of it, in the kernel's ticks. `frequency` is that of the fastest processor in kHz. `throttled`
    counts how often processors were slowed down for heat since boot.
    """

    load: float | None = None
    ticks: int | None = None
    stolen: int | None = None
    frequency: int | None = None
    throttled: int | None = None


def conditions(root: Path = Path("/")) -> Conditions:
    """The machine now, from /proc and /sys below a root (for frequencies: Documentation/admin-guide/pm/cpufreq.rst)."""
    load = (system.text(root, "/proc/loadavg") or "").split()
    times = (system.text(root, "/proc/stat") or "").partition("\n")[0].split()[1:]
    # Time of guests, behind the stolen, is counted in the user's already.
    ticks = [int(time) for time in times[: _STOLEN_COLUMN + 1] if time.isdecimal()]
    complete = len(ticks) == _STOLEN_COLUMN + 1
    cpus = "/sys/devices/system/cpu"
    frequencies = _numbers(root, f"{cpus}/cpufreq", "scaling_cur_freq")
    throttled = _numbers(root, cpus, "thermal_throttle/core_throttle_count")
    return Conditions(
        load=float(load[0]) if load and load[0].replace(".", "", 1).isdecimal() else None,
        ticks=sum(ticks) if complete else None,
        stolen=ticks[_STOLEN_COLUMN] if complete else None,
        frequency=max(frequencies, default=None),
        throttled=sum(throttled) if throttled else None,
    )


def _numbers(root: Path, directory: str, file: str) -> list[int]:
    names = system.names(root, directory) or ()
    texts = (system.text(root, f"{directory}/{name}/{file}") for name in names)
    return [int(text) for text in texts if text is not None and text.isdecimal()]


def disturbances(before: Conditions, after: Sequence[Conditions]) -> tuple[str, ...]:
    """Sentences on what disturbed runs: `before` is before the first of them, `after` right after each.

    The frequency is compared right after runs only, because before them the processors were idle.
    """
    found = []
    if before.load is not None and before.load > _LOAD:
        found.append(f"the load average was {before.load:.2f} before the runs: something else ran")
    last = after[-1] if after else before
    ticks, stolen = _grown(before.ticks, last.ticks), _grown(before.stolen, last.stolen)
    if ticks and stolen is not None and stolen / ticks > _STOLEN:
        found.append(
            f"the hypervisor took {100 * stolen / ticks:.1f} % of the processors' time during the runs (steal)"
        )
    speeds = [item.frequency for item in after if item.frequency]
    if speeds and (max(speeds) - min(speeds)) / max(speeds) > _FREQUENCY:
        low, high = min(speeds) / 1e6, max(speeds) / 1e6
        found.append(f"the processors' frequency was from {low:.2f} to {high:.2f} GHz right after runs")
    if throttled := _grown(before.throttled, last.throttled):
        found.append(f"processors were slowed down for heat during the runs (counted {throttled} times)")
    return tuple(found)


def _grown(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before
