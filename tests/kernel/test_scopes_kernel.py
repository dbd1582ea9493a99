"""The scopes that Linux 6.12 itself has: read from its headers, found in the driver that uses one."""

from __future__ import annotations

from pathlib import Path

import pytest

from credseries.creds.effects import Discipline
from credseries.creds.program import Program, SourceFile
from credseries.csource.flow import Kind
from credseries.csource.statements import Part, Shape

pytestmark = pytest.mark.kernel
FILES = ("include/linux/cred.h", "include/linux/cleanup.h", "kernel/cred.c", "drivers/md/dm.c")


@pytest.fixture(scope="module")
def program(kernel_tree: Path) -> Program:
    found = Program({path: SourceFile(path, (kernel_tree / path).read_bytes()) for path in FILES})
    found.run()
    return found


def test_its_class_counts_references(program: Program) -> None:
    found = program.effects("drivers/md/dm.c").classes["override_creds"]
    assert (found.discipline, found.problem, found.credential(["c"])) == (Discipline.COUNTED, None, "c")


def test_its_cleanup_h_says_what_is_known_of_it(program: Program) -> None:
    """Nothing in the tree's own text contradicts what the analysis takes its forms for."""
    macros = program.scopes.statements("drivers/md/dm.c")
    assert {"scoped_guard", "scoped_class", "guard", "CLASS"} <= macros.macros.kept
    meaning = macros.meaning("scoped_with_kernel_creds", "scoped_with_kernel_creds()")
    assert meaning is not None
    assert meaning.shape is Shape.ONCE
    assert meaning.parts == (Part("scoped_class", "override_creds", ("kernel_cred()",)),)


def test_the_site_of_the_device_mapper_is_converted_already(program: Program) -> None:
    [site] = [site for site in program.sites if site.function.path == "drivers/md/dm.c"]
    assert (site.function.name, site.override, site.source, site.converted) == (
        "open_table_device",
        "scoped_class(override_creds, kernel_cred())",
        "kernel",
        "scoped",
    )
    flow = site.function.variants[0].flow
    assert [node.tag for node in flow.nodes if node.kind is Kind.CLEANUP] == ["override_creds"]
