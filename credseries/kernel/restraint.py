"""What keeps git from running the programs that a repository's own configuration names.

Whoever made a directory chose what is in its `.git/config`, and a tarball or a shared disk brings that along. Git runs
what it says: filters, monitors, merge drivers, helpers. What is asked for here is to read a repository, so every git
that credseries starts is told other values, by settings that go before those of the repository. What the user's own
configuration (global, the system's, the command line's) says holds as before.

A repository is trusted when the user's own configuration has its path, or `*`, in `credseries.trustedRepository`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from credseries.errors import NotTrusted

TRUSTED = "credseries.trustedRepository"
_OWN = ("local", "worktree")  # git-config(1), SCOPES: those that come with a repository
_FAILS = "false"  # a program that does nothing and says so: for what credseries never makes git run
_HELPER = re.compile(r"credential\.(?:.*\.)?helper")

# What takes the place of a program, by section and name (a `*` for any subsection), as git-config(1) and what it refers
# to have them. The first ones may come to be used, and do what git does where nothing is configured.
_INSTEAD: Mapping[str, str] = {
    "core.fsmonitor": "false",
    "core.hookspath": os.devnull,
    "core.sshcommand": "ssh",
    "core.askpass": "",
    "core.alternaterefscommand": "true",
    "diff.*.textconv": "cat",
    "filter.*.clean": "",
    "filter.*.smudge": "",
    "filter.*.process": "",
    "merge.*.driver": "git merge-file -q %A %O %B",
    "remote.*.uploadpack": "git-upload-pack",
    "remote.*.receivepack": "git-receive-pack",
    "remote.*.vcs": "",
    **dict.fromkeys(
        (
            *("core.pager", "pager.*", "interactive.difffilter", "diff.external", "diff.*.command", "imap.tunnel"),
            *("gpg.program", "gpg.*.program", "gpg.*.defaultkeycommand", "trailer.*.command", "trailer.*.cmd"),
            *("difftool.*.cmd", "difftool.*.path", "mergetool.*.cmd", "mergetool.*.path", "guitool.*.cmd"),
            *("patatt.gpg-bin", "patatt.*.gpg-bin", "patatt.ssh-keygen-bin", "patatt.*.ssh-keygen-bin"),
            *("browser.*.cmd", "browser.*.path", "man.*.cmd", "man.*.path", "tar.*.command", "web.browser"),
        ),
        _FAILS,
    ),
}
_EDITORS = ("core.editor", "sequence.editor")
# What goes along with a program that is gone.
_BESIDE: Mapping[str, tuple[str, str]] = {
    "filter.*.clean": ("required", "false"),
    "filter.*.smudge": ("required", "false"),
    "filter.*.process": ("required", "false"),
    "diff.*.textconv": ("cachetextconv", "false"),  # a note for each file, otherwise
    "hook.*.command": ("enabled", "false"),
}


@dataclass(frozen=True)
class Setting:
    """A variable as one scope of the configuration sets it; section and name in lower case, as git lists them."""

    scope: str
    key: str
    value: str

    @property
    def is_own(self) -> bool:
        """Whether the repository says so, and not its user."""
        return self.scope in _OWN

    @property
    def kind(self) -> str:
        """The key with a `*` for its subsection."""
        section, _, rest = self.key.partition(".")
        return f"{section}.*.{rest.rpartition('.')[2]}" if "." in rest else self.key


@dataclass(frozen=True)
class Restraint:
    """Settings that go before those of a repository, with what else has to be in the environment of its git.

    `names` are the variables by which the repository's own configuration would have programs run. `trusted` says that
    its user lets it: then there are none of all these.
    """

    settings: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    trusted: bool = False

    def refuse(self, *patterns: str) -> None:
        """Raises NotTrusted when a program that one of these (patterns for variables) names would have to be run."""
        for name in self.names:
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                raise not_trusted(name, "names a program")


def parse_settings(listed: str) -> list[Setting]:
    """The settings that `git config --list --show-scope -z` lists, in the order in which they are read."""
    fields = iter(listed.split("\0"))
    found = []
    for scope, entry in zip(fields, fields, strict=False):
        key, mark, value = entry.partition("\n")
        found.append(Setting(scope, key, value if mark else "true"))
    return found


def restrain(settings: Sequence[Setting], places: Iterable[Path]) -> Restraint:
    """What a repository with these settings needs; `places` are its directories, by which it may be trusted."""
    if _is_trusted(settings, places):
        return Restraint(trusted=True)
    last = {setting.key: setting for setting in settings}
    own = [setting for setting in settings if setting.is_own and _names_program(setting, last)]
    users = {setting.key: setting.value for setting in settings if not setting.is_own}
    found: dict[str, str] = {}
    for setting in own:
        if not _HELPER.fullmatch(setting.key):
            found |= _instead(setting, users)
    pairs = [*found.items()]
    if any(_HELPER.fullmatch(setting.key) for setting in own):
        # An empty value forgets all that came before (gitcredentials(7)): the user's own helpers have to come again.
        helpers = [setting for setting in settings if _HELPER.fullmatch(setting.key) and not setting.is_own]
        pairs += [("credential.helper", ""), *((helper.key, helper.value) for helper in helpers)]
    # Of several proxies git takes the first, so a later one is none instead; the environment's goes before all.
    proxy = () if all(setting.key != "core.gitproxy" for setting in own) else (("GIT_PROXY_COMMAND", ""),)
    return Restraint(tuple(pairs), proxy, tuple(dict.fromkeys(setting.key for setting in own)))


def not_trusted(key: str, what: str) -> NotTrusted:
    """The error for a variable that a repository's own configuration must not set for this purpose."""
    return NotTrusted(
        f"{key} {what}, and it is set in the repository's own configuration, which may come from anybody",
        hint=f"set it with `git config --global {key} ...` if it is yours; or trust all that this repository's "
        f"configuration says: git config --global --add {TRUSTED} DIR",
    )


def _names_program(setting: Setting, last: Mapping[str, Setting]) -> bool:
    """Whether it would have a program run; `last` are the settings that hold, of variables with one value."""
    kind = setting.kind
    if _HELPER.fullmatch(setting.key) or kind == "core.gitproxy":
        return True
    if not last[setting.key].is_own:
        return False
    if kind == "core.fsmonitor":
        return setting.value.lower() not in ("false", "no", "off", "0", "")
    known = (*_INSTEAD, *_BESIDE, *_EDITORS)
    return kind in known or _wild(setting.key) in known


def _wild(key: str) -> str:
    """The key with a `*` for its name: `pager.log` is one of `pager.*`."""
    return f"{key.partition('.')[0]}.*"


def _instead(setting: Setting, users: Mapping[str, str]) -> dict[str, str]:
    """The settings that take the place of one: the user's own if there is one, else what does no harm."""
    key, kind = setting.key, setting.kind
    found = {}
    usual = _editor() if kind in _EDITORS else _INSTEAD.get(kind, _INSTEAD.get(_wild(key)))
    if usual is not None:
        found[key] = users.get(key, usual)
    if kind in _BESIDE and key not in users:
        name, value = _BESIDE[kind]
        found[f"{key.rpartition('.')[0]}.{name}"] = value
    return found


def _editor() -> str:
    """What git takes where no editor is configured (git-var(1), GIT_EDITOR)."""
    return os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"


def _is_trusted(settings: Iterable[Setting], places: Iterable[Path]) -> bool:
    named = [item.value for item in settings if item.key == TRUSTED.lower() and not item.is_own]
    paths = {Path(name).expanduser().resolve() for name in named if name and name != "*"}
    return "*" in named or any(place.resolve() in paths for place in places)
