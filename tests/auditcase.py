"""The audit of small pieces of C, and the miniature tree's functions in every form that is proven for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import credseries
from credseries.creds.audit.checks import Audited, Finding, audit_function
from credseries.creds.audit.reading import Reading
from credseries.creds.effects import CREDENTIALS, Effects
from credseries.creds.program import Program, SourceFile
from credseries.csource.function import Function

MINIATURE = Path(credseries.__file__).parent / "miniature"
CRED_H = "include/linux/cred.h"

# What every case below can use. Only the names are the kernel's.
HEADER = b"""\
#define current_cred() rcu_dereference(current->cred)
#define current_fsuid() (current_cred()->fsuid)
static inline const struct cred *get_current_cred(void)
{
	return get_cred(current_cred());
}
const struct cred *override_creds(const struct cred *new);
void revert_creds(const struct cred *old);
"""


@cache
def source_file(path: str, source: bytes) -> SourceFile:
    """A file, read once however many trees have it."""
    return SourceFile(path, source)


def reading(files: Mapping[str, bytes], base: Effects = CREDENTIALS) -> Reading:
    """What a tree that consists of some files says."""
    program = Program({path: source_file(path, source) for path, source in files.items()}, base)
    program.run()
    return Reading(program)


def functions(item: Reading, path: str) -> dict[str, Function]:
    """The functions of a file by name."""
    file = item.program.files[path]
    return {extent.name: file.function(extent) for extent in file.extents}


def audit_text(before: str, after: str, name: str = "f", extra: str = "", extra_after: str | None = None) -> Audited:
    """Audit a function of a file whose text is `before` and then `after`.

    `extra` is a header of the tree (`extra_after`: what it is afterwards).
    """
    more = extra.encode(), (extra if extra_after is None else extra_after).encode()
    old = reading({CRED_H: HEADER, "fs/t.c": before.encode(), "fs/extra.h": more[0]})
    new = reading({CRED_H: HEADER, "fs/t.c": after.encode(), "fs/extra.h": more[1]})
    olds, news = functions(old, "fs/t.c"), functions(new, "fs/t.c")
    removed = {key: olds[key] for key in olds.keys() - news.keys()}
    added = {key: news[key] for key in news.keys() - olds.keys()}
    return audit_function(olds.get(name), news[name], old, new, removed, added)


def errors(audited: Audited) -> list[Finding]:
    """The findings that are more than a note."""
    return [finding for finding in audited.findings if finding.severity.value != "note"]


def told(audited: Audited) -> list[str]:
    """The findings as lines for an assertion's message."""
    return [f"{item.kind.value} {item.function}:{item.line} {item.call}: {item.message}" for item in audited.findings]


@dataclass(frozen=True)
class Plant:
    """A change that is wrong: what the function was, what was made of it, and what has to be found and where.

    `line` is the 1-based line, in `after`, that holds the text `at` (for the `nth` time, from 0).
    """

    name: str
    before: str
    after: str
    kind: str
    at: str
    extra: str = ""
    extra_after: str | None = None
    function: str = "f"
    nth: int = 0

    @property
    def line(self) -> int:
        """The line of what is wrong."""
        lines = [number for number, text in enumerate(self.after.split("\n"), 1) if self.at in text]
        assert lines, f"{self.at!r} is nowhere"
        return lines[self.nth]
