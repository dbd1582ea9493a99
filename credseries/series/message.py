"""Commit messages, from facts about the sites that a patch converts."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from credseries import resources
from credseries.rewrite.forms import Form
from credseries.rewrite.plan import Judged

COLUMNS = 75  # Documentation/process/submitting-patches.rst
_LIFETIME = {
    "mount": "the mount holds its credentials until it is unmounted",
    "ctx": "the caller's context holds its credentials for the whole call",
}


def wrap(text: str) -> str:
    """A paragraph, at most 75 columns wide."""
    return textwrap.fill(" ".join(text.split()), COLUMNS, break_long_words=False, break_on_hyphens=False)


def render_message(subject: str, paragraphs: Sequence[str], author: str) -> str:
    """A commit message: subject, paragraphs that are wrapped already, sign-off."""
    environment = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, autoescape=False)
    template = environment.from_string(resources.read_text("templates", "commit.txt.j2"))
    opening, *rest = paragraphs
    return template.render(subject=subject, opening=opening, paragraphs=rest, author=author).rstrip("\n") + "\n"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _ends(number: int) -> str:
    return "ends" if number == 1 else "end"


def _lifetime(sites: Sequence[Judged]) -> str:
    kinds = sorted({item.site.source for item in sites})
    reasons = [_LIFETIME[kind] for kind in kinds if kind in _LIFETIME]
    return wrap(f"No reference is taken: {' and '.join(reasons)}.") if reasons else ""


def _listed(sites: Sequence[Judged], what: dict[int, str]) -> str:
    lines = []
    for index, item in enumerate(sites):
        reason = what.get(index, "")
        text = f"{item.site.function.name}(): {reason}" if reason else f"{item.site.function.name}()"
        lines.append(
            textwrap.fill(text, COLUMNS, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
        )
    return "\n".join(lines)


def _why_not_guard(item: Judged) -> str:
    verdict = item.verdict(Form.GUARD)
    calls = list(dict.fromkeys(moved.call for moved in verdict.moved))
    parts = []
    if calls:
        shown = calls if len(calls) <= 4 else [*calls[:3], f"{len(calls) - 3} more"]
        parts.append(", ".join(shown))
    if verdict.jumps:
        parts.append(_many(len(verdict.jumps), "jump") + " over it")
    return "; ".join(parts)


def guard_paragraphs(sites: Sequence[Judged]) -> list[str]:
    """What a patch says that converts sites to guards and scoped guards."""
    guards = [item for item in sites if item.choice is Form.GUARD]
    scoped = [item for item in sites if item.choice is Form.SCOPED]
    paragraphs = []
    if guards:
        paragraphs.append(
            wrap(
                f"Use guard(cred) for {_many(len(guards), 'override')} that {_ends(len(guards))} with the block "
                f"{'it stands' if len(guards) == 1 else 'they stand'} in, "
                "so that no path out of it can miss the revert."
            )
        )
    if scoped:
        paragraphs.append(
            wrap(
                f"Use scoped_guard(cred, ..) for {_many(len(scoped), 'override')} where a guard up to the end of the "
                "block would put more than before under the override, or would be jumped over:"
            )
            + "\n\n"
            + _listed(scoped, {index: _why_not_guard(item) for index, item in enumerate(scoped)})
        )
    return [
        *paragraphs,
        *filter(None, [_lifetime(sites)]),
        wrap("No call runs under other credentials than before."),
    ]


def light_paragraphs(sites: Sequence[Judged], *, beside_guards: bool) -> list[str]:
    """What a patch says that converts sites to the light pair, in a tree that has guards or not."""
    why = " that no guard fits without a change of the control flow around it; that is left as it is"
    opening = wrap(f"Use the light pair for {_many(len(sites), 'override')}{why if beside_guards else ''}:")
    listed = _listed(sites, dict.fromkeys(range(len(sites)), ""))
    return [
        opening + "\n\n" + listed,
        *filter(None, [_lifetime(sites)]),
        wrap("No call runs under other credentials than before."),
    ]


def accessor_paragraphs(wrapper: str, name: str, refused: Sequence[str]) -> list[str]:
    """What a patch says that adds an accessor for what a wrapper puts in force."""
    opening = wrap(
        f"{wrapper}() puts credentials in force and returns what was in force before. A guard needs the credentials "
        f"themselves: add {name}(), which returns them."
    )
    if not refused:
        return [opening]
    callers = ", ".join(f"{caller}()" for caller in refused)
    return [opening, wrap(f"{wrapper}() stays for {callers}.")]
