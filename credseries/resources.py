"""The files that credseries ships beside its code: recipes (`patches`) and text templates (`templates`).

A wheel carries them inside the package; in a checkout, and so in an editable install, they are top-level
directories beside it. A file of the same name in `$XDG_CONFIG_HOME/credseries/templates` (or `patches`) replaces the
one that is shipped.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from credseries.errors import EnvironmentProblem, UsageError

Kind = Literal["patches", "templates"]

_PACKAGE = Path(__file__).resolve().parent


def user_root(kind: Kind) -> Path:
    """The user's own directory for files of this kind, which need not exist."""
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    # The XDG specification: a relative path is invalid and must be ignored.
    base = Path(configured) if configured.startswith("/") else Path.home() / ".config"
    return base / "credseries" / kind


def shipped_roots(kind: Kind) -> list[Path]:
    """The existing directories of files of this kind that came with credseries, the one that wins first."""
    candidates = [_PACKAGE / kind]
    # Beside an installed package lies site-packages, and a `templates` in there would be somebody else's.
    if (_PACKAGE.parent / "pyproject.toml").is_file():
        candidates.append(_PACKAGE.parent / kind)
    return [path for path in candidates if path.is_dir()]


def roots(kind: Kind) -> list[Path]:
    """The existing directories that may hold files of this kind, the one that wins first."""
    return [path for path in (user_root(kind), *shipped_roots(kind)) if path.is_dir()]


def find(kind: Kind, name: str) -> Path:
    """The path of the file `name` of this kind; raises UsageError when there is none."""
    if not name or Path(name).name != name:
        raise UsageError(
            f"{name!r} is not the plain name of a file in {kind}/",
            hint="give a file name without directories",
        )
    searched = roots(kind)
    for root in searched:
        path = root / name
        if path.is_file():
            return path
    if not searched:
        raise EnvironmentProblem(
            f"this installation has no {kind} directory",
            hint="reinstall credseries: its data files are missing",
        )
    places = ", ".join(str(root) for root in searched)
    raise UsageError(f"there is no {name} in {kind}", hint=f"looked in {places}")


def read_text(kind: Kind, name: str) -> str:
    """The text of the file that `find` gives."""
    return find(kind, name).read_text(encoding="utf-8")
