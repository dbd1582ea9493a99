"""git's sendemail variables as `git send-email` and b4 find them (git-send-email(1), CONFIGURATION).

What the chosen identity sets (`sendemail.<identity>.*`) goes before what is set for all (`sendemail.*`). The identity
is b4.sendemail-identity, else sendemail.identity. One git process reads everything.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from credseries.errors import UsageError
from credseries.kernel.restraint import Setting, parse_settings
from credseries.kernel.values import decode_path
from credseries.words import near

if TYPE_CHECKING:
    from credseries.kernel.git import Repository

_WANTED = r"^(sendemail\..*|b4\.(sendemail-identity|send-endpoint-web)|credseries\.smtptimeout)$"
_ENDPOINT = "b4.send-endpoint-web"


@dataclass(frozen=True)
class Variables:
    """Variables of git's configuration by name, section and name in lower case; passwords are among them.

    `own` are those that the repository's own configuration has set last, unless its user trusts it.
    """

    values: Mapping[str, tuple[str, ...]] = field(repr=False)
    identity: str = ""
    own: frozenset[str] = frozenset()

    def key(self, name: str) -> str:
        """The full name under which a sendemail variable is set, or may be."""
        own = f"sendemail.{self.identity}.{name.lower()}"
        return f"sendemail.{self.identity}.{name}" if self.identity and own in self.values else f"sendemail.{name}"

    def is_own(self, name: str) -> bool:
        """Whether the repository itself sets a sendemail variable, and not its user."""
        section, _, variable = self.key(name).rpartition(".")
        return f"{section}.{variable.lower()}" in self.own

    def every(self, name: str) -> tuple[str, ...]:
        """All values of a sendemail variable."""
        section, _, variable = self.key(name).rpartition(".")
        return self.values.get(f"{section}.{variable.lower()}", ())

    def get(self, name: str) -> str | None:
        """The value of a sendemail variable, None when it is not set (an empty value may mean something)."""
        return (self.every(name) or (None,))[-1]

    def other(self, key: str) -> str | None:
        """The value of a variable that does not belong to sendemail."""
        return (self.values.get(key.lower()) or (None,))[-1]

    def path(self, name: str) -> str | None:
        """The value of a variable that is a path, `~` expanded as git does it."""
        value = self.get(name)
        return os.path.expanduser(value) if value else value  # noqa: PTH111  # an empty path is not "."

    def whole_number(self, name: str, *, lowest: int = 0, highest: int | None = None) -> int | None:
        """The value of a variable that is a number. Raises UsageError when it is none, or not in the range."""
        return _whole_number(self.get(name), self.key(name), lowest, highest)

    def seconds(self, key: str, value: str | None) -> float | None:
        """A value as seconds. Raises UsageError."""
        if not value:
            return None
        try:
            found = float(value)
        except ValueError:
            found = -1.0
        if not 0 <= found < float("inf"):
            raise wrong(key, value, "give a number of seconds")
        return found


def read_variables(repo: Repository) -> Variables:
    """What git's configuration says, and the tree's `.b4-config` of b4's own variables (b4 0.16, `_setup_main_config`).

    Raises UsageError when an identity is chosen that has no variables.
    """
    file = repo.work_tree / ".b4-config" if repo.work_tree is not None else None
    project = _read(repo, "--file", str(file)) if file is not None and file.is_file() else []
    settings = _read(repo)
    # b4 takes send-* from that file, and nothing else of these.
    values: dict[str, tuple[str, ...]] = {item.key: (item.value,) for item in project if item.key == _ENDPOINT}
    for key in dict.fromkeys(setting.key for setting in settings):
        values[key] = tuple(setting.value for setting in settings if setting.key == key)
    last = {setting.key: setting for setting in settings}
    own = frozenset() if repo.restraint.trusted else frozenset(key for key, item in last.items() if item.is_own)
    found = Variables(values)
    identity = found.other("b4.sendemail-identity") or found.get("identity") or ""
    if identity and not any(key.startswith(f"sendemail.{identity}.") for key in values):
        names = sorted({key.split(".", 1)[1].rpartition(".")[0] for key in values if key.count(".") > 1} - {""})
        key = "b4.sendemail-identity" if found.other("b4.sendemail-identity") else "sendemail.identity"
        raise wrong(key, identity, f"nothing is set in sendemail.{identity}.*{near(identity, names)}")
    return Variables(values, identity, own)


def wrong(key: str, value: str, what: str) -> UsageError:
    """The error for a value that a variable must not have."""
    return UsageError(
        f"{key} is {value!r}: {what}", hint=f"`git config --show-origin --get {key}` says where it is set"
    )


def _read(repo: Repository, *source: str) -> list[Setting]:
    done = repo.ran("config", "-z", "--show-scope", *source, "--get-regexp", _WANTED, environment={})
    return parse_settings(decode_path(done.output)) if done.status == 0 else []


def _whole_number(value: str | None, key: str, lowest: int, highest: int | None) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit()) or int(value) < lowest or (highest and int(value) > highest):
        span = f"from {lowest} to {highest}" if highest else f"of at least {lowest}"
        raise wrong(key, value, f"give a whole number {span}")
    return int(value)


def existing(key: str, path: str, what: str) -> str:
    """A path that must be there. Raises UsageError."""
    if not Path(path).exists():
        raise wrong(key, path, f"{what} is not there")
    return path
