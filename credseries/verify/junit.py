"""JUnit XML for CI systems: a suite for each level and variant, a case for each patch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from credseries.errors import EnvironmentProblem
from credseries.kernel.series_source import Series
from credseries.verify.model import Cell, Status

# XML 1.0 has no way to write these.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(series: Series, cells: Sequence[Cell], path: Path) -> None:
    """Write the cells to a file, which is replaced if it is there. Raises EnvironmentProblem."""
    from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

    made = {Status.FAIL: Failure, Status.ERROR: Error, Status.SKIPPED: Skipped}
    subjects = {step.number: step.subject for step in series.steps}
    suites: dict[str, TestSuite] = {}
    for cell in cells:
        name = f"{cell.level.word} {cell.variant}".strip()
        suite = suites.setdefault(name, TestSuite(name))
        subject = subjects.get(cell.step, "the base")
        case = TestCase(_xml(f"{cell.step} {subject}"), classname=_xml(name.replace(" ", ".")), time=cell.seconds)
        if cell.status in made:
            result = made[cell.status](_xml(cell.summary))
            result.text = _xml(details(cell))
            case.result = [result]
        suite.add_testcase(case)
    document = JUnitXml("credseries verify")
    for suite in suites.values():
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    try:
        document.write(str(path), pretty=True)
    except OSError as error:
        raise EnvironmentProblem(
            f"{path} cannot be written: {error.strerror}", hint="see whether the directory is there and writable"
        ) from error


def details(cell: Cell) -> str:
    """A cell's problems as text, a paragraph each, and how to see them by hand."""
    lines = [line for problem in cell.problems for line in problem.lines]
    if cell.reproduce:
        lines.append(f"by hand: {cell.reproduce}")
    return "\n".join(lines)


def _xml(text: str) -> str:
    return _NOT_XML.sub("?", text)
