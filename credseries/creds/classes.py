"""Guard classes that a tree defines itself: `DEFINE_CLASS()` and `DEFINE_GUARD()` whose constructor overrides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from credseries.creds.canonical import Meaning
from credseries.creds.effects import Discipline
from credseries.creds.program import SourceFile
from credseries.csource.mask import closing

_DEFINITION = re.compile(rb"\bDEFINE_(CLASS|GUARD)\s*\(")
_CALL = re.compile(rb"\b(\w+)\s*\(")
_LAST_NAME = re.compile(r"(\w+)\s*$")
# include/linux/cleanup.h: (name, type, exit, init, arguments of init..) and (name, type, lock, unlock)
_CONSTRUCTOR = {b"CLASS": 3, b"GUARD": 2}
_GUARDED = "_T"  # what the lock of a DEFINE_GUARD() calls the guarded value


@dataclass(frozen=True)
class GuardClass:
    """A class whose guards override: the discipline, and the credential as an expression in the guard's arguments."""

    name: str
    discipline: Discipline
    meaning: Meaning


def spelled(name: str) -> str:
    """The name by which the meaning of a class is looked up: no function can have it."""
    return f"class {name}"


def _split(text: bytes) -> list[bytes]:
    """The arguments of a macro."""
    parts, depth, start = [], 0, 0
    for at, byte in enumerate(text):
        if byte in b"([{":
            depth += 1
        elif byte in b")]}":
            depth -= 1
        elif byte == 0x2C and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _read(kind: bytes, text: bytes, path: str, overrides: Mapping[str, Discipline]) -> GuardClass | None:
    parts = _split(text)
    place = _CONSTRUCTOR[kind]
    if len(parts) <= place:
        return None
    constructor = parts[place]
    for match in _CALL.finditer(constructor):
        called = match.group(1).decode()
        if called not in overrides:
            continue
        end = closing(constructor, match.end() - 1)
        passed = constructor[match.end() : end].decode("utf-8", "replace").strip()
        names = [_LAST_NAME.search(part.decode("utf-8", "replace").strip()) for part in parts[place + 1 :]]
        parameters = (_GUARDED,) if kind == b"GUARD" else tuple(name.group(1) if name else "" for name in names)
        direct = called in ("override_creds", "override_creds_light")
        expression = passed if direct else f"{called}({passed})"
        name = parts[0].decode("utf-8", "replace").strip()
        return GuardClass(name, overrides[called], Meaning(parameters, expression, path=path))
    return None


def guard_classes(files: Iterable[SourceFile], overrides: Mapping[str, Discipline]) -> dict[str, GuardClass]:
    """The classes of some files whose guards override, by name; `overrides` are the functions that do."""
    found = {}
    for file in files:
        if b"DEFINE_CLASS" not in file.source and b"DEFINE_GUARD" not in file.source:
            continue
        code = file.lexed.code
        for match in _DEFINITION.finditer(code):
            end = closing(code, match.end() - 1)
            item = _read(match.group(1), code[match.end() : end], file.path, overrides) if end > 0 else None
            if item is not None:
                found[item.name] = item
    return found
