"""Commit messages, from facts about what a patch does."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from credseries import resources
from credseries.rewrite.forms import Form, Names
from credseries.rewrite.plan import Judged
from credseries.words import in_words, many

if TYPE_CHECKING:
    from jinja2 import Template

    from credseries.series.drafts import Draft

COLUMNS = 75  # Documentation/process/submitting-patches.rst
_LIFETIME = {
    "mount": "the mount holds its credentials until it is unmounted",
    "ctx": "the caller's context holds its credentials for the whole call",
    "file": "the file that the caller holds has a reference on its f_cred",
    "global": "a variable of the module holds them until the module goes",
    "prepared": "the function holds a reference of its own",
    "kernel": "the function holds a reference of its own, or they are the kernel's and never freed",
    "task": "the function holds a reference of its own",
}
_LINE = re.compile(r"^line \d+: | \(line \d+\)")
_LISTED = 4  # names that a sentence takes


@dataclass(frozen=True)
class Told:
    """What there is to say of a patch: its sites in their forms, and those of its wrapper that stay as they were."""

    sites: tuple[Judged, ...]
    refused: tuple[Judged, ...]
    names: Names
    beside_guards: bool

    def of(self, *forms: Form) -> list[Judged]:
        """The sites in one of some forms."""
        return [item for item in self.sites if item.choice in forms]

    @property
    def functions(self) -> list[str]:
        """The functions of the sites, each once."""
        return list(dict.fromkeys(item.site.function.name for item in self.sites))

    @property
    def files(self) -> list[str]:
        """The files of the sites, each once."""
        return list(dict.fromkeys(item.site.function.path for item in self.sites))


def wrap(text: str) -> str:
    """A paragraph, at most 75 columns wide."""
    return textwrap.fill(" ".join(text.split()), COLUMNS, break_long_words=False, break_on_hyphens=False)


def _laid_out(body: str) -> list[str]:
    """The paragraphs of a body, wrapped; lines that begin with white space stay as they are."""
    parts = [part.strip("\n") for part in body.split("\n\n") if part.strip()]
    return [part if any(line[:1].isspace() for line in part.split("\n")) else wrap(part) for part in parts]


# -- subjects


def subject_of(draft: Draft, told: Told) -> str:
    """The subject of a patch: the recipe's template, or what credseries writes."""
    if draft.helper is not None:
        return draft.helper.subject
    default = f"{draft.prefix}: {_title(draft, told)}"
    template = draft.topic.messages[draft.kind.value].subject if draft.kind.value in draft.topic.messages else ""
    return " ".join(_filled(template, draft, told, default, "").split()) if template else default


def _title(draft: Draft, told: Told) -> str:
    where = _where(draft)
    wrapper = draft.wrapper.name if draft.wrapper is not None else ""
    match draft.kind.value:
        case "accessor":
            return f"Add {draft.name}()"
        case "counted":
            return f"Override by hand what needs a reference{where}"
        case "reverts":
            if not draft.forms:
                return f"Add {draft.name}()"
            return f"Revert through {draft.name}(){where}" if not draft.adds else f"Add {draft.name}() and use it"
        case "switch":
            return f"Make {wrapper}() light"
        case "guard":
            return _fitting(draft.prefix, _guard_titles(draft, told, where))
        case _:
            beside = " where no guard fits" if told.beside_guards and not where else ""
            long, short = f"Use the light credential override{where}{beside}", f"Use a light override{where}"
            return _fitting(draft.prefix, [long, short])


def _guard_titles(draft: Draft, told: Told, where: str) -> list[str]:
    if ":" not in draft.place:
        return [f"Use guards for credential overrides{where}", f"Use credential guards{where}"]
    forms = {item.choice for item in told.sites}
    what = "guard(cred)" if forms == {Form.GUARD} else "scoped_guard(cred)" if forms == {Form.SCOPED} else "guards"
    return [f"Use {what}{where}", f"Use guards{where}"]


def _where(draft: Draft) -> str:
    """The place of a patch in its subject, when it is less than the topic."""
    path, _, function = draft.place.partition(":")
    if function:
        return f" in {function}()"
    return f" in {in_words(path.rpartition('/')[2])}" if path and list(draft.topic.paths) != [path] else ""


def _fitting(prefix: str, titles: Sequence[str]) -> str:
    """The first title that fits into a line with its prefix, else the last."""
    return next((title for title in titles if len(f"{prefix}: {title}") <= COLUMNS), titles[-1])


# -- bodies


def message_of(draft: Draft, subject: str, told: Told, author: str) -> str:
    """The whole commit message of a patch, signed off by `author`."""
    default = _paragraphs(draft, told)
    template = draft.topic.messages[draft.kind.value].body if draft.kind.value in draft.topic.messages else ""
    paragraphs = _laid_out(_filled(template, draft, told, subject, "\n\n".join(default))) if template else default
    return render_message(subject, paragraphs, author, draft.topic.trailers)


def render_message(subject: str, paragraphs: Sequence[str], author: str, trailers: Sequence[str] = ()) -> str:
    """A commit message: subject, paragraphs that are wrapped already, trailers, sign-off."""
    opening, *rest = paragraphs
    filled = _template(resources.read_text("templates", "commit.txt.j2")).render(
        subject=subject, opening=opening, paragraphs=rest, trailers=trailers, author=author
    )
    return str(filled).rstrip("\n") + "\n"


@lru_cache
def _template(text: str) -> Template:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, autoescape=False)
    return environment.from_string(text)


def _filled(template: str, draft: Draft, told: Told, subject: str, body: str) -> str:
    from credseries.series.wording import render

    functions, files = told.functions, [in_words(path) for path in told.files]
    facts: Mapping[str, object] = {
        "prefix": draft.prefix,
        "topic": draft.topic.name,
        "title": draft.topic.title,
        "tree": draft.topic.tree,
        "kind": draft.kind.value,
        "functions": functions,
        "function": functions[0] if len(functions) == 1 else "",
        "files": files,
        "file": files[0] if len(files) == 1 else "",
        "guards": len(told.of(Form.GUARD)),
        "scoped": len(told.of(Form.SCOPED)),
        "lights": len(told.of(Form.LIGHT)),
        "sites": len(told.sites),
        "wrapper": draft.wrapper.name if draft.wrapper is not None else "",
        "name": draft.name,
        "default_subject": subject,
        "default_body": body,
    }
    return render(template, facts)


def _paragraphs(draft: Draft, told: Told) -> list[str]:
    facts = set(draft.topic.facts)
    if draft.helper is not None:
        body = draft.helper.body.replace("override_creds_light", told.names.override)
        return [wrap(part) for part in body.split("\n\n")]
    match draft.kind.value:
        case "accessor":
            return _accessor(draft, told)
        case "counted":
            return _counted(draft, told)
        case "reverts":
            return _reverts(draft, told)
        case "switch":
            return [*_switch(draft, told), *_closing(told, facts)]
        case "guard":
            return [*_guards(told, facts), *_closing(told, facts)]
        case _:
            return [*_light(told, facts), *_closing(told, facts)]


def _closing(told: Told, facts: set[str]) -> list[str]:
    """What a conversion's message ends with: what keeps the credentials alive, and that the rest is proven."""
    found = []
    moved = _moved(told)
    if moved and "moved" in facts:
        calls = "These calls run" if sum(len(names) for _, names in moved) > 1 else "This call runs"
        listed = _listed([(function, ", ".join(names)) for function, names in moved])
        found.append(wrap(f"{calls} under the override now, and did not before:") + "\n\n" + listed)
    if "lifetime" in facts:
        found += filter(None, [_lifetime(told.sites)])
    if "proof" in facts:
        found.append(wrap(f"No {'other ' if moved else ''}call runs under other credentials than before."))
    return found or [wrap("No functional change is intended.")]


def _ends(number: int) -> str:
    return "ends" if number == 1 else "end"


def _names(sites: Sequence[Judged]) -> str:
    names = list(dict.fromkeys(f"{item.site.function.name}()" for item in sites))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _lifetime(sites: Sequence[Judged]) -> str:
    kinds = sorted({item.site.source for item in sites})
    reasons = list(dict.fromkeys(_LIFETIME[kind] for kind in kinds if kind in _LIFETIME))
    return wrap(f"No reference is taken: {' and '.join(reasons)}.") if reasons else ""


def _listed(items: Sequence[tuple[str, str]]) -> str:
    lines = []
    for name, reason in items:
        text = f"{name}: {reason}" if reason else name
        lines.append(
            textwrap.fill(text, COLUMNS, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
        )
    return "\n".join(lines)


def _moved(told: Told) -> list[tuple[str, list[str]]]:
    """The calls that a person has allowed to run under a guard, by function."""
    found = []
    for item in told.of(Form.GUARD):
        calls = list(dict.fromkeys(f"{moved.call}()" for moved in item.verdict(Form.GUARD).moved))
        if calls:
            found.append((f"{item.site.function.name}()", calls))
    return found


def _why_not_guard(item: Judged) -> str:
    verdict = item.verdict(Form.GUARD)
    if verdict.ok:
        return ""
    calls = list(dict.fromkeys(moved.call for moved in verdict.moved))
    parts = []
    if calls:
        shown = calls if len(calls) <= _LISTED else [*calls[: _LISTED - 1], f"{len(calls) - _LISTED + 1} more"]
        parts.append(", ".join(shown))
    if verdict.jumps:
        parts.append(many(len(verdict.jumps), "jump") + " over it")
    return "; ".join(parts)


def _with_reasons(sites: Sequence[Judged], facts: set[str]) -> str:
    told = "why-not-guard" in facts
    return _listed([(f"{item.site.function.name}()", _why_not_guard(item) if told else "") for item in sites])


def _guards(told: Told, facts: set[str]) -> list[str]:
    guards, scoped = told.of(Form.GUARD), told.of(Form.SCOPED)
    if "forms" not in facts:
        return []
    paragraphs = []
    if guards:
        where = f" in {_names(guards)}" if len(guards) == 1 else ""
        paragraphs.append(
            wrap(
                f"Use guard(cred) for {many(len(guards), 'override')}{where} that {_ends(len(guards))} with the block "
                f"{'it stands' if len(guards) == 1 else 'they stand'} in, "
                "so that no path out of it can miss the revert."
            )
        )
    if scoped:
        opening = wrap(
            f"Use scoped_guard(cred, ..) for {many(len(scoped), 'override')} where a guard up to the end of the "
            "block would put more than before under the override, or would be jumped over:"
        )
        paragraphs.append(opening + "\n\n" + _with_reasons(scoped, facts))
    return paragraphs


def _light(told: Told, facts: set[str]) -> list[str]:
    if "forms" not in facts:
        return []
    lights = told.of(Form.LIGHT)
    why = " that no guard fits without a change of the control flow around it; that is left as it is"
    opening = wrap(f"Use the light pair for {many(len(lights), 'override')}{why if told.beside_guards else ''}:")
    return [opening + "\n\n" + _listed([(f"{name}()", "") for name in told.functions])]


def _accessor(draft: Draft, told: Told) -> list[str]:
    wrapper = draft.wrapper.name if draft.wrapper is not None else ""
    opening = wrap(
        f"{wrapper}() puts credentials in force and returns what was in force before. What follows needs the "
        f"credentials themselves: add {draft.name}(), which returns them."
    )
    if not told.refused or draft.topic.reverts:
        return [opening]
    return [opening, wrap(f"{wrapper}() stays for {_names(told.refused)}.")]


def _counted(draft: Draft, told: Told) -> list[str]:
    wrapper = draft.wrapper.name if draft.wrapper is not None else ""
    verb = "needs" if len(told.functions) == 1 else "need"
    # a line's number says nothing to a reader of the history
    reasons = _listed([(f"{item.site.function.name}()", _LINE.sub("", _counting(item))) for item in told.sites])
    return [
        wrap(
            f"{wrapper}() is about to take no reference any more. {_names(told.sites)} {verb} the one that it takes: "
            "override by hand there with what the wrapper would put in force."
        )
        + "\n\n"
        + reasons,
        wrap("No functional change."),
    ]


def _counting(item: Judged) -> str:
    """Why a site's override has to take a reference."""
    return item.site.problem or item.verdict(Form.LIGHT).reason


def _reverts(draft: Draft, told: Told) -> list[str]:
    wrapper = draft.wrapper.name if draft.wrapper is not None else ""
    where = many(len(told.functions), "function")
    if not draft.adds:
        opening = f"Revert through {draft.name}() in {where} that override with {wrapper}()."
    else:
        use = f", and use it in {where}" if told.sites else ""
        opening = f"Add {draft.name}(), which ends what {wrapper}() began{use}."
    why = "With the pair in functions of its own, how it overrides can be changed in one place."
    return [wrap(f"{opening} {why}"), wrap("No functional change.")]


def _switch(draft: Draft, told: Told) -> list[str]:
    wrapper = draft.wrapper.name if draft.wrapper is not None else ""
    return [
        wrap(
            f"Override with {told.names.override}() in {wrapper}() and revert with {told.names.revert}() in "
            f"{draft.name}(): {many(len(told.sites), 'override')} in {many(len(told.functions), 'function')} "
            "no longer take and drop a reference on credentials that many tasks share."
        )
    ]
