"""Findings as pictures, SVG or PNG: drawn with matplotlib, without a display, and the same bytes every time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from credseries.bench.findings import Findings
from credseries.bench.output.charts import attribution, change, places, scaling
from credseries.bench.output.charts.caption import LINE_INCHES, caption_lines, write_caption
from credseries.bench.output.charts.style import DOTS_PER_INCH, SETTINGS, WIDTH_INCHES, Picture
from credseries.bench.output.provenance import in_a_line
from credseries.errors import EnvironmentProblem, UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".png")
# A date or the version of the library would make other bytes of the same picture.
_METADATA: dict[str, dict[str, str | None]] = {
    ".svg": {"Date": None, "Creator": None},
    ".png": {"Software": None},
}


def pictures(findings: Findings) -> tuple[Picture, ...]:
    """What there is to draw: changes of metrics, scaling over tasks, places of perf c2c, and attributions."""
    found = (
        *change.pictures(findings),
        *scaling.pictures(findings),
        *places.pictures(findings),
        *attribution.pictures(findings),
    )
    return tuple(_named_apart(found))


def _named_apart(found: Sequence[Picture]) -> Iterator[Picture]:
    seen: dict[str, int] = {}
    for picture in found:
        seen[picture.name] = seen.get(picture.name, 0) + 1
        count = seen[picture.name]
        name = picture.name if count == 1 else f"{picture.name}-{count}"
        yield Picture(name, picture.height, picture.paint)


def draw(findings: Findings, directory_or_file: Path) -> list[Path]:
    """Draw the findings, and return the files that were written.

    A path that ends in .svg or .png becomes one picture of everything. Any other is a directory, made if need be, that
    gets a file of each kind for each picture. Where the numbers come from stands below. Raises UsageError when there
    is nothing to draw or a file cannot be written, and EnvironmentProblem when matplotlib is missing.
    """
    found = pictures(findings)
    if not found:
        raise UsageError(
            f"there is nothing to draw in the findings of {findings.label or 'this benchmark'}",
            hint="add records of at least two kernels with the same label: base and patched",
        )
    _check_matplotlib()
    path = directory_or_file
    if path.suffix and not path.is_dir() and path.suffix not in SUFFIXES:
        raise UsageError(
            f"{path}: pictures are not drawn as {path.suffix}",
            hint=f"end the name in {' or '.join(SUFFIXES)}, or name a directory",
        )
    caption = in_a_line(findings)
    try:
        if path.suffix in SUFFIXES and not path.is_dir():
            _write(found, caption, path)
            return [path]
        path.mkdir(parents=True, exist_ok=True)
        files = [(picture, path / f"{picture.name}{suffix}") for picture in found for suffix in SUFFIXES]
        for picture, file in files:
            _write((picture,), caption, file)
    except OSError as error:
        raise UsageError(
            f"{error.filename or path}: cannot be written: {error.strerror or error}",
            hint="name a directory that exists and that you may write to",
        ) from error
    return [file for _, file in files]


def _check_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise EnvironmentProblem(
            "pictures need matplotlib, which is not installed", hint="pip install 'credseries[bench]'"
        ) from error


def _write(found: Sequence[Picture], caption: str, file: Path) -> None:
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()  # what a user has set for other pictures must not change these
        matplotlib.rcParams.update(SETTINGS)
        # A name in a script that the font does not have is drawn as boxes; that is nothing to say on a terminal.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = _figure(found, caption)
        figure.savefig(file, dpi=DOTS_PER_INCH, metadata=_METADATA[file.suffix])


def _figure(found: Sequence[Picture], caption: str) -> Figure:
    """Pictures below each other, and the caption; a figure that is not pyplot's needs no display."""
    from matplotlib.figure import Figure

    lines = caption_lines(caption)
    heights = [*(picture.height for picture in found), LINE_INCHES * (len(lines) + 0.6)]
    figure = Figure(figsize=(WIDTH_INCHES, sum(heights)), layout="constrained")
    rows = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    for picture, part in zip(found, rows, strict=False):
        picture.paint(part)
    write_caption(rows[-1], lines)
    return figure
