"""The templates (jinja2) that a recipe has for subjects and bodies: what they use, how they are rendered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from credseries.errors import RecipeError

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

# What a template may use: of the topic, of what the patch converts, of its sites, of an accessor, and what credseries
# would have written. `functions` and `files` are lists; `function` and `file` are texts, empty where there are several.
NAMES = (
    *("prefix", "topic", "title", "tree", "kind"),
    *("functions", "function", "files", "file"),
    *("guards", "scoped", "lights", "sites"),
    *("wrapper", "name"),
    *("default_subject", "default_body"),
)


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )


def _is_plain(template: str) -> bool:
    return "{" not in template


def check(template: str) -> str | None:
    """What is wrong with a template: it does not parse, or uses what there is not. None for a good one."""
    if _is_plain(template):
        return None
    from difflib import get_close_matches

    from jinja2 import TemplateSyntaxError, meta

    environment = _environment()
    try:
        environment.from_string(template)  # unknown filters are found here only
        tree = environment.parse(template)
    except TemplateSyntaxError as error:
        where = f" in line {error.lineno} of it" if "\n" in template else ""
        return f"is no template: {error.message}{where}"
    if any(True for _ in meta.find_referenced_templates(tree)):
        return "takes in another template; there are none"
    unknown = sorted(meta.find_undeclared_variables(tree) - set(NAMES))
    if not unknown:
        return None
    close = get_close_matches(unknown[0], NAMES, 1)
    meant = f" (did you mean {close[0]}?)" if close else ""
    return f"uses {unknown[0]}{meant}; there are {', '.join(NAMES)}"


def render(template: str, facts: Mapping[str, object]) -> str:
    """A template with its facts put in (those of NAMES). Raises RecipeError when it cannot be rendered."""
    if _is_plain(template):
        return template
    try:
        return _environment().from_string(template).render(facts)
    except Exception as error:  # a template is a program: it can raise whatever its filters and operators can
        first = template.strip().partition("\n")[0]
        raise RecipeError(
            f"the template '{first}' cannot be rendered: {error}", hint="mend it in the recipe"
        ) from error
