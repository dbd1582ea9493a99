"""Writing a report: whole or not at all, and over nothing but another report of ours."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from credseries.errors import EnvironmentProblem, UsageError
from credseries.review.report.page import MARK

_HEAD = 4096  # bytes of a file in which its mark stands


def default_name(subject: str) -> str:
    """The name of a report's file, from what it is about."""
    words = re.sub(r"[^A-Za-z0-9._]+", "-", subject).strip("-.")
    return f"report-{words[:60] or 'series'}.html"


def check_place(place: Path) -> None:
    """Raise UsageError when a file is there that is no report, or that cannot be written."""
    if place.is_dir():
        raise UsageError(f"{place} is a directory", hint="name a file: -o FILE.html")
    if not place.parent.is_dir():
        raise UsageError(f"there is no directory {place.parent}", hint="make it, or name another place with -o")
    if place.exists() and place.is_file() and place.stat().st_size:
        with place.open("rb") as file:
            head = file.read(_HEAD)
        if MARK.encode() not in head:
            raise UsageError(f"{place} is there, and is no report of credseries", hint="name another file with -o")


def write(place: Path, text: str) -> int:
    """Write a report in one step, and return its size in bytes. Raises EnvironmentProblem."""
    data = text.encode("utf-8", "replace")
    if place.exists() and not place.is_file():  # a pipe, a device
        place.write_bytes(data)
        return len(data)
    name = ""
    try:
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=f".{place.name}.", delete=False) as file:
            name = file.name
            file.write(data)
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~umask)
        Path(name).replace(place)
    except OSError as error:
        if name:
            Path(name).unlink(missing_ok=True)
        raise EnvironmentProblem(
            f"{place} cannot be written: {error.strerror}", hint="name another place with -o"
        ) from error
    return len(data)
