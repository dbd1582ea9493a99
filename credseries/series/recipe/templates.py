"""The checks of commit message templates: each is rendered with facts that a patch of its topic could have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from credseries.errors import RecipeError
from credseries.series.recipe.model import KINDS, Topic, Wording
from credseries.series.recipe.tables import Table
from credseries.series.recipe.values import subject
from credseries.series.wording import check, render

_PARTS = ("subject", "body")


@dataclass(frozen=True)
class Template:
    """A template and where it is written."""

    text: str
    table: Table
    part: str

    def wrong(self, text: str) -> None:
        """Note what is wrong with it."""
        self.table.wrong(text, self.part)


Templates = Mapping[tuple[str, str], Template]  # by kind of patch and part of the message


def read_templates(table: Table) -> Templates:
    """The templates in the `messages` of a table; what is no template is noted."""
    messages = table.table("messages", KINDS)
    found: dict[tuple[str, str], Template] = {}
    for kind in KINDS if messages is not None else ():
        assert messages is not None
        parts = messages.table(kind, _PARTS)
        for part in _PARTS if parts is not None else ():
            assert parts is not None
            if part not in parts.data:
                continue
            text = parts.text(part, default="")
            problem = check(text)
            if problem:
                parts.wrong(problem, part)
            found[kind, part] = Template(text, parts, part)
    return found


def wordings(templates: Templates) -> dict[str, Wording]:
    """The templates by kind of patch."""
    return {
        kind: Wording(*(templates[kind, part].text if (kind, part) in templates else "" for part in _PARTS))
        for kind in KINDS
        if any((kind, part) in templates for part in _PARTS)
    }


def check_rendered(topic: Topic, templates: Templates) -> None:
    """Note what cannot be rendered in a topic, and subjects that are not as a subject has to be."""
    for (kind, part), template in templates.items():
        if not template.text or template.table.faulty(part):
            continue
        for facts in _samples(topic, kind):
            try:
                text = render(template.text, facts)
            except RecipeError as error:
                template.wrong(error.message)
                break
            if part == "subject" and (problem := subject(text.strip())):
                template.wrong(f"{problem} (in topic {topic.name})" if problem != "must be one line" else problem)
                break


def _samples(topic: Topic, kind: str) -> Iterable[dict[str, object]]:
    """The facts of a patch that converts one function, and of one that converts two."""
    wrapper, name = next(iter(topic.accessors.items()), ("override_example_creds", "example_creds"))
    prefix = topic.prefix or topic.default_prefix or topic.name
    for functions, files in ((["example_read"], ["a.c"]), (["example_read", "example_write"], ["a.c", "b.c"])):
        number = len(functions)
        yield {
            "prefix": prefix,
            "topic": topic.name,
            "title": topic.title,
            "tree": topic.tree,
            "kind": kind,
            "functions": functions,
            "function": functions[0] if number == 1 else "",
            "files": files,
            "file": files[0] if number == 1 else "",
            "guards": number if kind == "guard" else 0,
            "scoped": 0,
            "lights": number if kind != "guard" else 0,
            "sites": number,
            "wrapper": wrapper,
            "name": name,
            "default_subject": f"{prefix}: Use guards for credential overrides",
            "default_body": "Use guards.",
        }
