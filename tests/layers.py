"""The layer rule of the package, checked on the imports and calls that its source contains."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "credseries"
# Lowest first. A module imports from its own unit or a lower layer; the units of a layer are strangers.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors"}),
    frozenset({"store", "resources", "words"}),
    frozenset({"csource", "kernel"}),
    frozenset({"creds"}),
    frozenset({"rewrite"}),
    frozenset({"series"}),
    frozenset({"bench", "mail", "verify", "review"}),
    frozenset({"cli", "render", "__main__"}),
)
TOP = LAYERS[-1]
LEVEL = {unit: level for level, units in enumerate(LAYERS) for unit in units}
# The credential model knows neither git, nor mail, nor the terminal, nor any process.
PURE = frozenset({"csource", "creds", "rewrite"})
IMPURE_MODULES = (
    "credseries.kernel.git",
    "credseries.mail",
    "subprocess",
    "git",
    "pygit2",
    "b4",
)
TERMINAL_MODULES = ("rich", "typer", "click")
TERMINAL_NAMES = {"sys.exit", "sys.stdout", "sys.stderr", "os._exit"}
TERMINAL_CALLS = {"print", "exit", "quit", "input"}


@dataclass(frozen=True)
class Violation:
    """A line that breaks the rule."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def check(root: Path) -> list[Violation]:
    """The violations below a directory that holds the package; sources are parsed, never imported."""
    violations = []
    for path in sorted((root / PACKAGE).rglob("*.py")):
        tree = ast.parse(path.read_text(), str(path))
        for line, what in _check_module(root, path, tree):
            violations.append(Violation(str(path.relative_to(root)), line, what))
    return list(dict.fromkeys(violations))  # a line that imports two names breaks the rule once


def _check_module(root: Path, path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    parts = path.relative_to(root).with_suffix("").parts
    unit = parts[1]
    if unit == "__init__":  # of the package itself: every module imports it, so it imports none
        level, unit = -1, ""
    elif unit in LEVEL:
        level = LEVEL[unit]
    else:
        yield 1, f"{unit} is in no layer: give it one in {Path(__file__).name}"
        return
    # Walking the whole tree counts imports inside functions and under TYPE_CHECKING too.
    for line, name in _imports(root, parts, tree):
        if problem := _import_problem(unit, level, name):
            yield line, problem
    if unit not in TOP:
        yield from _terminal_uses(tree)


def _import_problem(unit: str, level: int, name: str) -> str:
    if unit in PURE and any(_is_or_is_in(name, module) for module in (*IMPURE_MODULES, *TERMINAL_MODULES)):
        return f"{unit} imports {name}"
    if unit not in TOP and any(_is_or_is_in(name, module) for module in TERMINAL_MODULES):
        return f"{unit} imports {name}, which is for the terminal"
    other = name.split(".")[1] if name.startswith(f"{PACKAGE}.") else unit
    if other == unit:
        return ""
    position = "no" if other not in LEVEL else "a higher" if LEVEL[other] > level else ""
    if not position and LEVEL[other] == level and unit not in TOP:
        position = "the same"
    return f"{unit or PACKAGE} imports {name}, which is in {position} layer" if position else ""


def _imports(root: Path, parts: tuple[str, ...], tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(parts[: len(parts) - node.level]) if node.level else ""
            module = ".".join(part for part in (package, node.module) if part)
            for alias in node.names:
                name = f"{module}.{alias.name}"
                yield node.lineno, name if _is_module(root, name) else module


def _is_module(root: Path, name: str) -> bool:
    path = root.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def _terminal_uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TERMINAL_CALLS:
            yield node.lineno, f"calls {node.func.id}()"
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in TERMINAL_NAMES:
            yield node.lineno, f"uses {ast.unparse(node)}"
        elif isinstance(node, ast.ImportFrom) and node.module in ("sys", "os"):
            for alias in node.names:
                if f"{node.module}.{alias.name}" in TERMINAL_NAMES:
                    yield node.lineno, f"imports {node.module}.{alias.name}"
        elif isinstance(node, ast.Raise) and node.exc is not None and "SystemExit" in ast.unparse(node.exc):
            yield node.lineno, "raises SystemExit"


def _is_or_is_in(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")
