"""Messages of real compilers become values, and only what a change brings is new."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from credseries.verify.kbuild.diagnostics import (
    Diagnostic,
    from_json,
    last_words,
    new_ones,
    parse,
    problems_of,
    with_sources,
)
from credseries.verify.model import Severity
from tests.gitrepo import write_files

CLANG = "clang-19" if shutil.which("clang-19") else "clang"
COMPILERS = [
    pytest.param(cc, marks=pytest.mark.skipif(not shutil.which(cc), reason=f"no {cc} here")) for cc in ("gcc", CLANG)
]
FILES = {
    "fs/x.h": "static inline int twice(int x)\n{\n\tint unused;\n\treturn 2 * x;\n}\n",
    "fs/a.c": '#include "x.h"\nint f(int x)\n{\n\tif (x = 2)\n\t\treturn twice(x);\n\treturn missing;\n}\n',
}


@pytest.mark.parametrize("cc", COMPILERS)
def test_a_compilers_messages(cc: str, tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    command = [cc, "-Wall", "-c", "-o", "/dev/null", str(tmp_path / "fs/a.c")]
    said = subprocess.run(command, capture_output=True, text=True, check=False, env={"LC_ALL": "C", "PATH": "/usr/bin"})
    found = with_sources(parse(said.stderr, [tmp_path]), lambda path: FILES[path].encode())
    places = {(item.path, item.line, item.severity.value, item.flag): item for item in found}
    assert set(places) == {
        ("fs/x.h", 3, "warning", "unused-variable"),
        ("fs/a.c", 4, "warning", "parentheses"),
        ("fs/a.c", 6, "error", ""),
    }
    error = places["fs/a.c", 6, "error", ""]
    assert "missing" in error.text
    assert error.source == "\treturn missing;"
    assert error.problem().line == 6
    assert problems_of(found)[0].severity is Severity.ERROR
    assert [from_json(item.to_json()) for item in found] == found


def test_other_tools_messages() -> None:
    output = (
        "/src/fs/a.c:3:9: warning: incorrect type in argument 1 (different address spaces)\n"
        "/src/fs/a.c:3:9:    expected void *p\n"
        "/tmp/x.s: Assembler messages:\n"
        "/tmp/x.s:12: Error: no such instruction: `hop'\n"
        "fs/a.o: warning: objtool: f+0x10: unreachable instruction\n"
        "/src/fs/a.c:9:1: error: control reaches end of non-void function [-Werror=return-type]\n"
        "/src/fs/a.c:9:1: error: jump bypasses [-Werror,-Wjump]\n"
        "/src/fs/a.c:8:1: note: it is here\n"
        "cc1: all warnings being treated as errors\n"
        "make[2]: *** [/src/Makefile:1: fs/a.o] Error 1\n"
        "  CC      fs/a.o\n"
    )
    found = parse(output, [Path("/src")], "fs/a.c")
    assert [(item.path, item.line, item.severity.value, item.flag) for item in found] == [
        ("fs/a.c", 3, "warning", ""),
        ("fs/a.c", 0, "error", ""),
        ("fs/a.o", 0, "warning", ""),
        ("fs/a.c", 9, "error", "return-type"),
        ("fs/a.c", 9, "error", "jump"),
    ]
    assert found[-1].notes == ("fs/a.c:8: note: it is here",)
    assert found[-1].problem().message == "jump bypasses [-Wjump]\nfs/a.c:8: note: it is here"


def test_a_tool_that_dies_has_last_words() -> None:
    assert last_words("a\n\nKilled\n", "fs/a.c") == Diagnostic("fs/a.c", 0, Severity.ERROR, "a\nKilled")


def test_only_what_is_not_known_is_new() -> None:
    def said(line: int, text: str = "unused variable 'x'", path: str = "fs/a.c") -> Diagnostic:
        return Diagnostic(path, line, Severity.WARNING, text, "unused-variable")

    assert new_ones([said(3)], [said(9)]) == []
    assert new_ones([said(3)], [said(3), said(9)]) == [said(9)]
    assert new_ones([said(3), said(9)], [said(9)]) == []
    assert new_ones([said(3)], [said(3, "unused variable 'y'")]) == [said(3, "unused variable 'y'")]
    assert new_ones([said(3)], [said(3, path="fs/b.c")]) == [said(3, path="fs/b.c")]


def test_a_headers_problem_is_shown_once() -> None:
    header = Diagnostic("fs/x.h", 3, Severity.WARNING, "unused variable 'x'")
    assert len(problems_of([header, header])) == 1
