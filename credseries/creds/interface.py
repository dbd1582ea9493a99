"""What a tree's credential interface is, read from its own headers and from the body of `override_creds()`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from credseries.csource.lexical import lex
from credseries.csource.outline import functions

CRED_HEADER = "include/linux/cred.h"
CRED_SOURCE = "kernel/cred.c"
CLEANUP_HEADER = "include/linux/cleanup.h"
FILES = (CRED_HEADER, CRED_SOURCE, CLEANUP_HEADER)

_TAKES_REFERENCE = re.compile(rb"\bget_(?:new_)?cred(?:_many)?\s*\(")
_GUARD = re.compile(rb"\bDEFINE_(?:GUARD|CLASS)\s*\(\s*cred\s*,\s*const\s+struct\s+cred\s*\*")
_ANY_GUARD = re.compile(rb"\bDEFINE_(?:GUARD|CLASS|LOCK_GUARD_\d)\s*\(\s*cred\s*,")
# Older DEFINE_GUARD() returns `*_T` as a `void *`, which drops the const of a `const struct cred *`.
_DROPS_CONST = re.compile(rb"_lock_ptr\(class_##_name##_t \*_T\)\s*\\?\s*\{\s*return \*_T;")


@dataclass(frozen=True)
class Interface:
    """The credential interface of a tree.

    `counts_references` is None when the tree has no `override_creds()` body that could be read. `light`, `guard` and
    `cleanup` say whether the light pair, the `cred` guard and `include/linux/cleanup.h` exist; `drops_const` whether
    `DEFINE_GUARD()` cannot take a const type; `foreign_guard` whether a guard named `cred` has another type.
    """

    counts_references: bool | None
    light: bool
    guard: bool
    cleanup: bool
    drops_const: bool
    foreign_guard: bool


def _body_of(name: str, *sources: bytes) -> bytes | None:
    for source in sources:
        code = lex(source).code
        for extent in functions(code):
            if extent.name == name:
                return code[extent.body : extent.end]
    return None


def read_interface(cred_header: bytes, cred_source: bytes, cleanup_header: bytes | None) -> Interface:
    """Read the interface from the text of `include/linux/cred.h`, `kernel/cred.c` and (or None) `cleanup.h`."""
    body = _body_of("override_creds", cred_source, cred_header)
    header = lex(cred_header).code
    guard = _GUARD.search(header) is not None
    return Interface(
        counts_references=None if body is None else _TAKES_REFERENCE.search(body) is not None,
        light=re.search(rb"\boverride_creds_light\s*\(", header) is not None,
        guard=guard,
        cleanup=cleanup_header is not None,
        drops_const=cleanup_header is not None and _DROPS_CONST.search(cleanup_header) is not None,
        foreign_guard=not guard and _ANY_GUARD.search(header) is not None,
    )
