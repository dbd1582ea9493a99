"""The templates of commit messages: what they may use, and what they give."""

from __future__ import annotations

import pytest

from credseries.errors import RecipeError
from credseries.series.wording import NAMES, check, render


def test_a_template_is_rendered_with_its_facts() -> None:
    facts = {"prefix": "ovl", "functions": ["a", "b"], "sites": 2}
    assert render("{{ prefix }}: Convert {{ functions | join(' and ') }}", facts) == "ovl: Convert a and b"
    assert render("{% if sites > 1 %}\nmany\n{% else %}\none\n{% endif %}\nend", facts) == "many\nend"
    assert render("no <markup> & none \\ of that", facts) == "no <markup> & none \\ of that"


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_be_used(name: str) -> None:
    assert check(f"{{{{ {name} }}}}") is None


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("plain", None),
        ("{% for name in functions %}{{ name }}, {{ loop.index }}{% endfor %}", None),
        ("{% set x = sites %}{{ x }}", None),
        ("{{ sitess }}", "uses sitess (did you mean sites?); there are prefix, topic"),
        ("{{ range(3) | list }}", None),
        ("one\n{{ two", "is no template: unexpected end of template, expected 'end of print statement'. in line 2"),
        ("{% extends 'x' %}", "takes in another template"),
        ("{{ name | upperr }}", "No filter named 'upperr'"),
    ],
)
def test_what_is_wrong_with_a_template(template: str, problem: str | None) -> None:
    found = check(template)
    assert (found is None) == (problem is None)
    assert (problem or "") in (found or "")


@pytest.mark.parametrize(
    "template",
    ["{{ name }}", "{{ 1 / 0 }}", "{{ sites.__class__.__mro__ }}", "{{ files.append(1) }}", "{{ range(10 ** 9) }}"],
)
def test_a_template_that_cannot_be_rendered(template: str) -> None:
    with pytest.raises(RecipeError, match="cannot be rendered"):
        render(template, {"sites": 1, "files": []})
