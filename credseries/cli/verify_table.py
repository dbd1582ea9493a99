"""How `credseries verify` looks: a table of patches by level that fills while it runs, and what is wrong below it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from credseries import render
from credseries.verify.model import Cell, Level, Severity, Status
from credseries.words import many

if TYPE_CHECKING:
    from rich.table import Table

    from credseries.kernel.series_source import Series, Step

Column = tuple[Level, str]
_STYLES = {Status.PASS: "green", Status.FAIL: "red", Status.ERROR: "yellow", Status.SKIPPED: "dim"}
_SHOWN = 3  # problems of a cell


class Sheet:
    """The cells of a series as they come in. `arch` is the architecture that goes without saying."""

    def __init__(
        self, series: Series, columns: Sequence[Column], checks: Sequence[tuple[int, Column]], arch: str = ""
    ) -> None:
        self.series, self.columns = series, columns
        self._arch = arch
        self.cells: dict[tuple[int, Column], Cell] = {}
        self._wanted = set(checks)
        self._printed = 0

    @property
    def rows(self) -> list[int]:
        """The numbers of the rows: 0, for what is about the base, only if there is such a check."""
        base = [0] if any(step == 0 for step, _ in self._wanted) else []
        return [*base, *(step.number for step in self.series.steps)]

    def add(self, cell: Cell) -> None:
        """Fill a cell."""
        self.cells[cell.step, (cell.level, cell.variant)] = cell

    def heading(self, column: Column) -> str:
        """The title of a column."""
        level, variant = column
        return " ".join([level.word, *(word for word in variant.split() if word != self._arch)])

    def word(self, row: int, column: Column) -> tuple[str, str]:
        """What stands in a cell, and its style."""
        cell = self.cells.get((row, column))
        if cell is not None:
            return cell.status.value, _STYLES[cell.status]
        return ("..", "dim") if (row, column) in self._wanted else ("", "")

    def complete(self, row: int) -> bool:
        """Whether all cells of a row are filled."""
        return all(key in self.cells for key in self._wanted if key[0] == row)

    def label(self, row: int) -> str:
        """The name of a row: `3/40 1a2b3c4d5e6f`."""
        if row == 0:
            return "base"
        step = self._step(row)
        total = max(len(self.series.steps), *(step.number for step in self.series.steps))
        return f"{row}/{total} {step.commit[:12]}".rstrip()

    def subject(self, row: int) -> str:
        """The patch of a row."""
        return render.printable(self._step(row).subject) if row else ""

    def _step(self, row: int) -> Step:
        return next(step for step in self.series.steps if step.number == row)


@contextmanager
def filling(sheet: Sheet) -> Iterator[Any]:
    """Gives what to call when a cell has been added: a table that changes on a terminal, plain lines elsewhere."""
    if not render.colours(sys.stdout):
        rows = _Lines(sheet)
        rows.update()
        yield rows.update
        return
    from rich.live import Live

    with Live(_table(sheet), refresh_per_second=8, vertical_overflow="ellipsis") as live:
        yield lambda: live.update(_table(sheet))


def _table(sheet: Sheet) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    table.add_column("patch", no_wrap=True)
    for column in sheet.columns:
        # The titles break between words, so that there is room for the subjects.
        title = sheet.heading(column)
        table.add_column(title, width=max(map(len, (*title.split(), *Status))))
    table.add_column("", no_wrap=True, overflow="ellipsis", style="dim", ratio=1)
    for row in sheet.rows:
        words = [Text(*sheet.word(row, column)) for column in sheet.columns]
        table.add_row(sheet.label(row), *words, Text(sheet.subject(row)))
    return table


class _Lines:
    """A line for each row, in order, as soon as it and all before it are complete."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet, self._next, self._left = sheet, 0, sheet.rows
        titles = ["patch", *map(sheet.heading, sheet.columns)]
        labels = [[sheet.label(row) for row in sheet.rows], *([[status.value for status in Status]] * len(titles[1:]))]
        self._widths = [max(map(len, [title, *below])) for title, below in zip(titles, labels, strict=True)]
        self._say(titles, "")

    def _say(self, cells: Sequence[str], subject: str) -> None:
        row = [cell.ljust(width) for cell, width in zip(cells, self._widths, strict=True)]
        render.say("  ".join([*row, subject]).rstrip())

    def update(self) -> None:
        """Write the rows that are complete now."""
        sheet = self._sheet
        while self._left and sheet.complete(self._left[0]):
            row = self._left.pop(0)
            self._say([sheet.label(row), *(sheet.word(row, column)[0] for column in sheet.columns)], sheet.subject(row))
            sys.stdout.flush()


def show_problems(sheet: Sheet) -> None:
    """What is wrong, patch by patch, each with the first errors, their source lines and how to see them by hand."""
    for row in sheet.rows:
        bad = [
            cell
            for column in sheet.columns
            if (cell := sheet.cells.get((row, column))) is not None and cell.status is Status.FAIL
        ]
        if bad:
            title = f"{sheet.label(row)} {sheet.subject(row)}".rstrip()
            render.say("\n" + render.paint(f"patch {title}" if row else title, "bold"))
        for cell in bad:
            _show_cell(sheet, cell)
    reasons: dict[str, list[str]] = {}
    for cell in sheet.cells.values():
        if cell.status in (Status.ERROR, Status.SKIPPED):
            key = cell.problems[0].message if cell.problems else cell.summary
            reasons.setdefault(key, []).append(sheet.heading((cell.level, cell.variant)))
    for reason, where in reasons.items():
        names = ", ".join(dict.fromkeys(where))
        render.say(f"\n{render.paint('not checked', 'yellow')}: {names}: {render.printable(reason)}")


def _show_cell(sheet: Sheet, cell: Cell) -> None:
    name = sheet.heading((cell.level, cell.variant))
    render.say(f"  {render.paint(name, _STYLES[cell.status])}: {render.printable(cell.summary)}")
    worst = sorted(cell.problems, key=lambda problem: list(Severity).index(problem.severity))
    for problem in worst[:_SHOWN]:
        for line in problem.lines:
            render.say(render.printable(f"    {line}"))
    if len(worst) > _SHOWN:
        render.say(f"    and {len(worst) - _SHOWN} more: --json has them all")
    if cell.reproduce:
        render.say(render.printable(f"    by hand: {cell.reproduce}"))


def closing(sheet: Sheet) -> str:
    """The last line: how many patches, and what came of the checks."""
    cells = sheet.cells.values()
    words = {Status.PASS: "passed", Status.FAIL: "failed", Status.ERROR: "not checked", Status.SKIPPED: "skipped"}
    counts = {status: sum(cell.status is status for cell in cells) for status in words}
    told = ", ".join(f"{number} {words[status]}" for status, number in counts.items() if number)
    known = sum(cell.cached for cell in cells)
    patches = many(len(sheet.series.steps), "patch", "patches")
    return f"{patches}, {many(len(cells), 'check')}: {told}" + (f" ({known} known from before)" if known else "")
