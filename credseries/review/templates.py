"""Filling templates that a user may have changed: `templates/` in his configuration first, then what is shipped.

A template is a program by somebody else, and gets text by somebody else again: it is run in jinja2's sandbox and can
change nothing; in one that makes HTML all text is escaped, and what cannot be seen in it is made visible.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from credseries import resources
from credseries.errors import UsageError
from credseries.review.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jinja2

_HTML = (".html.j2", ".html")


def fill(name: str, facts: Mapping[str, Any], filters: Mapping[str, Any] | None = None) -> str:
    """What a template makes of some facts; `name` is its path in `templates/`. One that ends in `.html.j2` escapes.

    Raises UsageError, with the file and the line, when the template is not there or is broken.
    """
    import jinja2  # 50 ms, which only those pay who fill a template

    environment = _environment(jinja2.FileSystemLoader(resources.roots("templates")), is_html=name.endswith(_HTML))
    environment.filters.update(filters or {})
    try:
        return environment.get_template(name).render(facts)
    except jinja2.TemplateNotFound as error:
        searched = ", ".join(str(root) for root in resources.roots("templates"))
        raise UsageError(f"there is no template {error.name}", hint=f"looked in {searched}") from error
    except jinja2.TemplateSyntaxError as error:
        raise _broken(name, error.filename or error.name or name, error.lineno, error.message or "") from error
    except Exception as error:  # a template is a program, and fails like one
        place = _place(error)
        raise _broken(name, *place, f"{type(error).__name__}: {error}") from error


def source(name: str) -> str:
    """The text of a file in `templates/`, by its path there: the user's own comes first. Raises UsageError."""
    for root in resources.roots("templates"):
        path = root / name
        if path.is_file():
            return path.read_text(encoding="utf-8")
    searched = ", ".join(str(root) for root in resources.roots("templates"))
    raise UsageError(f"there is no {name} among the templates", hint=f"looked in {searched}")


def _environment(loader: jinja2.BaseLoader, *, is_html: bool) -> jinja2.Environment:
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=is_html,
        finalize=_seen if is_html else None,
    )


def _seen(value: Any) -> Any:
    """What a template writes out: text as it can be seen, and nothing for None."""
    if value is None:
        return ""
    return visible(value) if type(value) is str else value


def _place(error: BaseException) -> tuple[str, int]:
    """Where in a template an error came up: file and line."""
    frames = traceback.extract_tb(error.__traceback__)
    return next(((item.filename, item.lineno or 0) for item in reversed(frames) if ".j2" in item.filename), ("", 0))


def _broken(name: str, file: str, line: int, message: str) -> UsageError:
    where = f"{file}:{line}" if file else f"the template {name}"
    return UsageError(f"{where}: {message}", hint=f"this template makes {name.removesuffix('.j2')}; mend or remove it")
