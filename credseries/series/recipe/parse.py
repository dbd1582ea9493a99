"""From the tables of a recipe to what it says; the checks of its parts are called from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from credseries.rewrite.forms import FORMS, Form
from credseries.series.recipe import order, templates, values
from credseries.series.recipe.document import Document
from credseries.series.recipe.model import FACTS, PROVIDED, THREADS, Granularity, Helper, Recipe, Topic
from credseries.series.recipe.places import code_names, helper_code
from credseries.series.recipe.problems import Problems
from credseries.series.recipe.tables import Table
from credseries.words import near

# What the topics of a recipe have in common, or each for itself.
_COMMON = ("forms", "granularity", "facts", "trailers", "allow_moves", "messages")
TOP = ("schema", "extends", "name", "title", "summary", "prefixes", "threads", *_COMMON, "topics")
TOPIC = (
    *("name", "title", "tree", "lists", "note", "paths", "after", "prefix", "default_prefix"),
    *_COMMON,
    *("helpers", "accessors", "reverts"),
)
HELPER = ("provides", "file", "code", "after", "include", "subject", "body")
_FORMS = tuple(form.value for form in FORMS)
_GRANULARITIES = tuple(item.value for item in Granularity)


@dataclass(frozen=True)
class _Common:
    """What a topic has where it says nothing itself."""

    forms: tuple[Form, ...] = FORMS
    granularity: Granularity = Granularity.TOPIC
    facts: tuple[str, ...] = FACTS
    trailers: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()


def _common(table: Table, around: _Common) -> _Common:
    forms = tuple(Form(form) for form in table.choices("forms", _FORMS, [form.value for form in around.forms]))
    if not forms:
        if not table.faulty("forms"):
            table.wrong(f"is empty; it may hold {', '.join(_FORMS)}", "forms")
        forms = around.forms
    return _Common(
        forms,
        Granularity(table.choice("granularity", _GRANULARITIES, around.granularity.value)),
        table.choices("facts", FACTS, around.facts),
        tuple(dict.fromkeys((*around.trailers, *table.texts("trailers", values.trailer)))),
        tuple(dict.fromkeys((*around.moves, *table.texts("allow_moves", values.pattern)))),
    )


def _helper(table: Table) -> Helper:
    provides = table.choice("provides", PROVIDED, "") if "provides" in table.data else table.text("provides")
    code = table.text("code", values.any_text, default="")
    after = table.text("after", values.identifier, default="")
    if provides and provides != "guard-const":
        if not code and not table.faulty("code"):
            table.wrong(f"is missing: {provides} is what the code in a file beside the recipe provides", "code")
        if not after and not table.faulty("after"):
            table.wrong("is missing: the code goes after the function that it names", "after")
    return Helper(
        provides=provides,
        file=table.text("file", values.path),
        subject=table.text("subject", values.subject),
        body=table.text("body"),
        code=_code(table, code) if code else b"",
        after=after,
        include=table.text("include", values.path, default=""),
    )


def _code(table: Table, name: str) -> bytes:
    source = table.document.source(table.keys)
    if Path(name).name != name:
        table.wrong(f"is '{name}'; it must be the name of a file beside the recipe, without directories", "code")
        return b""
    code = helper_code(source, name)
    if code is None:
        known = code_names(source)
        there = f"there are {', '.join(known)}" if known else "there are no .h files"
        table.wrong(f"is '{name}'{near(name, known)}, which is no file beside the recipe, nor shipped; {there}", "code")
    return code or b""


def _topic(table: Table, around: _Common, given: templates.Templates) -> Topic:
    common = _common(table, around)
    merged: Mapping[tuple[str, str], templates.Template] = {**given, **templates.read_templates(table)}
    topic = Topic(
        name=table.text("name", values.slug),
        title=table.text("title", values.one_line),
        tree=table.text("tree", values.one_line),
        lists=table.texts("lists", values.address),
        note=table.text("note", values.any_text, default=""),
        paths=table.texts("paths", values.path),
        after=table.texts("after"),
        prefix=table.text("prefix", values.subject_prefix, default=""),
        default_prefix=table.text("default_prefix", values.subject_prefix, default=""),
        forms=common.forms,
        granularity=common.granularity,
        helpers=tuple(_helper(item) for item in table.tables("helpers", HELPER, "provides")),
        accessors=table.names("accessors", values.identifier),
        reverts=table.names("reverts", values.identifier),
        facts=common.facts,
        trailers=common.trailers,
        moves=common.moves,
        messages=templates.wordings(merged),
    )
    if not topic.paths and not topic.helpers and not table.faulty():
        table.wrong("has neither paths to convert nor helpers to add")
    if topic.paths:
        templates.check_rendered(topic, merged)
    return topic


def _check_provided(entries: list[order.Entry]) -> None:
    """Note helper code that is there twice: the second would define the same names again."""
    known: dict[str, str] = {}
    for entry in entries:
        for table in entry.table.tables("helpers", HELPER, "provides"):
            provides = table.data.get("provides")
            if isinstance(provides, str) and provides in known:
                table.wrong(f"is '{provides}', which {known[provides]} provides already", "provides")
            elif isinstance(provides, str) and provides in PROVIDED:
                known[provides] = table.name


def parse(document: Document, problems: Problems) -> Recipe:
    """What a recipe says; it is good for nothing when there are problems afterwards."""
    top = Table(document, problems, TOP)
    common, given = _common(top, _Common()), templates.read_templates(top)
    entries = [order.Entry(_topic(table, common, given), table) for table in top.tables("topics", TOPIC, "name")]
    if not entries and not top.faulty("topics"):
        top.wrong("is missing: a recipe has one table [[topics]] at least", "topics")
    _check_provided(entries)
    order.check_names(entries)
    return Recipe(
        name=top.text("name", values.slug),
        title=top.text("title", values.one_line),
        summary=top.text("summary"),
        prefixes=top.texts("prefixes", values.series_prefix),
        forms=common.forms,
        topics=order.in_order(entries),
        threads=top.choice("threads", THREADS, "one"),
    )
