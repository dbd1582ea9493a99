"""What a recipe may say, and that each mistake in one is named with its line, its key and what is allowed."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.errors import RecipeError
from credseries.rewrite.forms import FORMS, Form
from credseries.series.recipe import (
    FACTS,
    KINDS,
    PROVIDED,
    Granularity,
    Wording,
    check_recipe,
    load_recipe,
    parse_recipe,
    recipe_to_json,
)
from credseries.series.recipe.lines import line_of, lines

PATCHES = Path(__file__).parent.parent / "patches"
SHIPPED = sorted(path.stem for path in PATCHES.glob("*.toml"))

GOOD = """\
schema = 1
name = "mine"
title = "A title"
summary = "What it is for."
prefixes = ["RFC"]
forms = ["guard", "light"]
granularity = "file"
threads = "tree"
facts = ["forms"]
trailers = ["Suggested-by: A <a@example.org>"]
allow_moves = ["fput"]

[messages.guard]
subject = "{{ prefix }}: Guard {{ sites }} sites"
body = "Do it."

[[topics]]
name = "helpers"
title = "helpers"
tree = "vfs"

[[topics.helpers]]
provides = "light-pair"
file = "include/linux/cred.h"
code = "cred-light.h"
after = "revert_creds"
subject = "cred: Add it"
body = "Add it."

[[topics]]
name = "first"
title = "First"
tree = "vfs"
lists = ["linux-fsdevel@vger.kernel.org"]
paths = ["fs/first"]
after = ["helpers"]
prefix = "first"

[[topics]]
name = "second"
title = "Second"
tree = "two"
paths = ["fs/second.c", "fs/more"]
after = ["helpers"]
default_prefix = "second"
forms = ["light"]
granularity = "function"
facts = []
trailers = ["Link: https://example.org"]
allow_moves = ["iput*"]

[topics.accessors]
override_it = "it_creds"

[topics.reverts]
override_it = "revert_it"

[topics.messages.guard]
body = "Do {{ functions | join(', ') }}."

[topics.messages.light]
subject = "{{ prefix }}: Be light"
"""


def wrong(text: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        parse_recipe("mine", text)
    return [caught.value.message, caught.value.hint]


def line(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


# -- what a recipe says


def test_what_is_said_once_holds_for_every_topic_that_says_nothing_else() -> None:
    recipe = parse_recipe("mine", GOOD)
    helpers, first, second = recipe.topics
    assert (recipe.threads, recipe.prefixes, recipe.origin) == ("tree", ("RFC",), "mine")
    assert first.forms == helpers.forms == recipe.forms == (Form.GUARD, Form.LIGHT)
    assert second.forms == (Form.LIGHT,)
    assert (first.granularity, second.granularity) == (Granularity.FILE, Granularity.FUNCTION)
    assert (first.facts, second.facts) == (("forms",), ())
    assert first.trailers == ("Suggested-by: A <a@example.org>",)
    assert second.trailers == ("Suggested-by: A <a@example.org>", "Link: https://example.org")
    assert (first.moves, second.moves) == (("fput",), ("fput", "iput*"))
    assert first.messages == {"guard": Wording("{{ prefix }}: Guard {{ sites }} sites", "Do it.")}
    assert second.messages == {
        "guard": Wording("{{ prefix }}: Guard {{ sites }} sites", "Do {{ functions | join(', ') }}."),
        "light": Wording("{{ prefix }}: Be light"),
    }
    assert recipe.accessors == second.accessors == {"override_it": "it_creds"}
    assert second.reverts == {"override_it": "revert_it"}
    assert (first.prefix, first.default_prefix, second.prefix, second.default_prefix) == ("first", "", "", "second")
    assert helpers.helpers[0].code == (PATCHES / "cred-light.h").read_bytes()


def test_defaults() -> None:
    text = GOOD
    for key in ("forms", "granularity", "threads", "facts", "trailers", "allow_moves", "prefixes"):
        text = re.sub(rf"^{key} = .*\n", "", text, count=1, flags=re.MULTILINE)
    recipe = parse_recipe("mine", text)
    first = recipe.topics[1]
    assert recipe.forms == first.forms == (Form.GUARD, Form.SCOPED, Form.LIGHT)
    assert (first.granularity, first.facts, first.trailers, first.moves) == (Granularity.TOPIC, FACTS, (), ())
    assert (recipe.threads, recipe.prefixes) == ("one", ())


def test_topics_can_be_written_in_any_order() -> None:
    head, *topics = GOOD.split("[[topics]]\n")
    for order in ((2, 1, 0), (1, 0, 2), (2, 0, 1)):
        text = "[[topics]]\n".join([head, *(topics[index].rstrip("\n") + "\n\n" for index in order)])
        names = [topic.name for topic in parse_recipe("mine", text).topics]
        written = [("helpers", "first", "second")[index] for index in order]
        assert names == ["helpers", *(name for name in written if name != "helpers")]


def test_two_topics_can_convert_the_same_path_one_after_the_other() -> None:
    text = GOOD.replace('after = ["helpers"]\ndefault_prefix', 'after = ["first"]\ndefault_prefix')
    recipe = parse_recipe("mine", text.replace('"fs/more"', '"fs/first/a.c"'))
    assert [topic.name for topic in recipe.topics if topic.covers("fs/first/a.c")] == ["first", "second"]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_recipe_is_right_and_has_the_name_of_its_file(name: str) -> None:
    checked = check_recipe(name)
    assert checked.problems == ()
    assert checked.recipe is not None
    assert checked.recipe.name == checked.recipe.origin == name
    assert checked.source.text.startswith("# ")
    json.dumps(recipe_to_json(checked.recipe))


def test_the_shipped_recipes_differ_in_what_they_say() -> None:
    recipes = {name: load_recipe(name) for name in SHIPPED}
    rfc = recipes["rfc"]
    for name, granularity in (("per-file", Granularity.FILE), ("per-function", Granularity.FUNCTION)):
        assert [dataclasses.replace(topic, granularity=Granularity.TOPIC) for topic in recipes[name].topics] == list(
            rfc.topics
        )
        assert {topic.granularity for topic in recipes[name].topics} == {granularity}
    assert {form for topic in recipes["light"].topics for form in topic.forms} == {Form.LIGHT}
    guards = recipes["guards"]
    assert [topic.name for topic in guards.topics if Form.LIGHT in topic.forms and topic.paths] == [
        "backing-file-light",
        "overlayfs-light",
    ]
    provided = [helper.provides for topic in guards.topics for helper in topic.helpers]
    assert provided == ["light-pair", "guard-const", "guard"]


def test_a_sound_recipe_needs_nothing_that_errors_need() -> None:
    load_recipe("rfc")
    before = set(sys.modules)
    load_recipe("rfc")
    assert set(sys.modules) == before


# -- what is wrong

IN_GOOD = [
    # what is written, what instead, the key, and what must be said of it
    ("schema = 1", "schema = 2", "schema", "is 2; it must be 1"),
    ("schema = 1", "schema = true", "schema", "is true; it must be 1"),
    ('name = "mine"', 'name = "My Recipe"', "name", "lower-case letters, digits"),
    ('name = "mine"', 'nmae = "mine"', "nmae", "is not a key here (did you mean name?)"),
    ('title = "A title"', "title = 3", "title", "is 3; it must be a text"),
    ('title = "A title"', 'title = "A\\ntitle"', "title", "must be one line"),
    ('"What it is for."', '" \\n "', "summary", "is empty"),
    ('prefixes = ["RFC"]', 'prefixes = "RFC"', "prefixes", "is 'RFC'; it must be a list of texts"),
    ('["RFC"]', '["[RFC]"]', "prefixes[0]", "b4 adds the brackets"),
    ('["RFC"]', '["RFC", "v2"]', "prefixes[1]", "b4 adds PATCH, the version"),
    ('["RFC"]', '["1/3"]', "prefixes[0]", "b4 adds PATCH, the version"),
    ('["RFC"]', '[" "]', "prefixes[0]", "is empty"),
    ('["RFC"]', '["RFC", "RFC"]', "prefixes[1]", "is in the list already"),
    ('["guard", "light"]', '["guard", "lihgt"]', "forms[1]", "(did you mean light?); it may be guard, scoped, light"),
    ('["guard", "light"]', '["guard", "guard"]', "forms[1]", "is in the list already"),
    ('["guard", "light"]', '["guard", 1]', "forms[1]", "is 1; it must be a text"),
    ('["guard", "light"]', "[]", "forms", "is empty; it may hold guard, scoped, light"),
    ('granularity = "file"', 'granularity = "flie"', "granularity", "(did you mean file?); it may be topic, file"),
    ('granularity = "file"', "granularity = 1", "granularity", "is 1; it may be topic, file, function"),
    ('"tree"', '"three"', "threads", "is 'three' (did you mean tree?); it may be one, tree"),
    ('facts = ["forms"]', 'facts = ["form"]', "facts[0]", f"(did you mean forms?); it may be {', '.join(FACTS)}"),
    ('"Suggested-by: A <a@example.org>"', '"Suggested by me"', "trailers[0]", "of the form 'Key: value'"),
    ('"Suggested-by: A <a@example.org>"', '"Sug_by: me"', "trailers[0]", "of the form 'Key: value'"),
    ('"Suggested-by: A', '"Signed-off-by: A', "trailers[0]", "credseries adds that of the author"),
    ('["fput"]', '["fput it"]', "allow_moves[0]", "without spaces"),
    ("[messages.guard]", "[messages.gaurd]", "messages.gaurd", "(did you mean guard?); there are accessor, counted"),
    ("Do it.", "{% if %}", "messages.guard.body", "is no template: Expected an expression"),
    ("Do it.", "{{ a b }}", "messages.guard.body", "is no template: "),
    ("Do it.", "{{ sites|nofilter }}", "messages.guard.body", "is no template: No filter named 'nofilter'"),
    ("Do it.", "{{ functoin }}", "messages.guard.body", "uses functoin (did you mean function?); there are prefix,"),
    ("Do it.", "{% include 'x' %}", "messages.guard.body", "takes in another template; there are none"),
    ("Do it.", "{{ functions[1] }}", "messages.guard.body", "cannot be rendered: "),
    ("Do it.", "{{ files.append(1) }}", "messages.guard.body", "cannot be rendered: "),
    ("Guard {{ sites }} sites", "Guard.", "messages.guard.subject", "ends with a full stop: 'first: Guard.'"),
    ("Guard {{ sites }} sites", "Guard{{ '\\\\n' }}them", "messages.guard.subject", "must be one line"),
    ("Guard {{ sites }} sites", "x" * 80, "messages.guard.subject", "columns wide, at most 75 are good"),
    ("{{ prefix }}: Guard", "{{ default_body * 9 }}", "messages.guard.subject", "columns wide, at most 75 are good"),
    ('name = "first"', 'name = "helpers"', 'topics[1] "helpers".name', "as the name of topics[0]"),
    ('name = "first"', 'name = "First"', 'topics[1] "First".name', "lower-case letters"),
    ('name = "first"', "", "topics[1].name", "is missing"),
    ('title = "First"', 'title = ""', 'topics[1] "first".title', "is empty"),
    ('tree = "two"', "", 'topics[2] "second".tree', "is missing"),
    ('tree = "two"', "tree = []", 'topics[2] "second".tree', "is a list; it must be a text"),
    ('"linux-fsdevel@vger.kernel.org"', '"fsdevel"', 'topics[1] "first".lists[0]', "is no mail address"),
    ('"linux-fsdevel@vger.kernel.org"', '"F <a@b.org>"', 'topics[1] "first".lists[0]', "is no mail address"),
    ('["fs/first"]', '["/fs/first"]', 'topics[1] "first".paths[0]', "without a slash before it"),
    ('["fs/first"]', '["fs/../first"]', 'topics[1] "first".paths[0]', "as git writes it"),
    ('["fs/first"]', '["fs\\\\first"]', 'topics[1] "first".paths[0]', "directories are parted by '/'"),
    ('["fs/first"]', '["fs/*.c"]', 'topics[1] "first".paths[0]', "there are no patterns"),
    ('["fs/first"]', '["fs/more/x.c"]', 'topics[2] "second".paths[1]', "one of the two must come after the other"),
    ('["fs/first"]', "[]", 'topics[1] "first"', "has neither paths to convert nor helpers to add"),
    ('"first"\n\n', '"first:"\n\n', 'topics[1] "first".prefix', "the colon is added"),
    ('["helpers"]\nprefix', '["helper"]\nprefix', 'topics[1] "first".after[0]', "(did you mean helpers?), which is no"),
    ('["helpers"]\nprefix', '["first"]\nprefix', 'topics[1] "first".after[0]', "does not come after itself"),
    ('["light"]\ngran', '["light", "guard"]\ngran', 'topics[2] "second".reverts.override_it', 'forms = ["light"] and'),
    ('override_it = "it_creds"', 'x-y = "it_creds"', 'topics[2] "second".accessors.x-y', "the name of a C function"),
    ('"it_creds"', '"9"', 'topics[2] "second".accessors.override_it', "cannot be the name of a C function"),
    ('"it_creds"', '"while"', 'topics[2] "second".accessors.override_it', "cannot be the name of a C function"),
    ('"it_creds"', "1", 'topics[2] "second".accessors.override_it', "is 1; it must be a text"),
    ('"it_creds"', '"override_it"', 'topics[2] "second".accessors.override_it', "is the name of a wrapper"),
    ('"revert_it"', '"it_creds"', 'topics[2] "second".reverts.override_it', "is the accessor of override_it already"),
    ('override_it = "it_creds"', "", 'topics[2] "second".reverts.override_it', "needs override_it in [topics.acc"),
    ("[topics.accessors]", "[[topics.accessors]]", 'topics[2] "second".accessors', "is a list; it must be a table"),
    ('"light-pair"', '"light-pairs"', 'topics[0] "helpers".helpers[0] "light-pairs".provides', ", ".join(PROVIDED)),
    ('"cred-light.h"', '"cred-ligth.h"', 'topics[0] "helpers".helpers[0] "light-pair".code', "mean cred-light.h?)"),
    ('"cred-light.h"', '"../x.h"', 'topics[0] "helpers".helpers[0] "light-pair".code', "without directories"),
    ('code = "cred-light.h"', "", 'topics[0] "helpers".helpers[0] "light-pair".code', "is missing: light-pair is"),
    ('after = "revert_creds"', "", 'topics[0] "helpers".helpers[0] "light-pair".after', "is missing"),
    ('"cred: Add it"', '"cred: Add it."', 'topics[0] "helpers".helpers[0] "light-pair".subject', "ends with a full"),
    ('"cred: Add it"', f'"{"x" * 76}"', 'topics[0] "helpers".helpers[0] "light-pair".subject', "is 76 columns wide"),
]


@pytest.mark.parametrize(("old", "new", "key", "says"), IN_GOOD)
def test_a_mistake_is_named_with_its_line_its_key_and_what_is_allowed(old: str, new: str, key: str, says: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    message, hint = wrong(text)
    file, number, place, rest = re.fullmatch(r"(\w+):(\d+): (.+?): (.*)", message, re.DOTALL).groups()  # type: ignore[union-attr]
    assert (file, place) == ("mine", key)
    assert says in rest
    assert hint
    # the line of what was changed, of the table where something is missing, or of what it now contradicts
    changed = line(GOOD, old) + old[: len(old) - len(old.lstrip("\n"))].count("\n")
    expected = {
        'topics[2] "second".paths[1]': line(GOOD, '"fs/more"'),
        'topics[2] "second".reverts.override_it': line(GOOD, 'override_it = "revert_it"'),
        'topics[1] "first"': line(GOOD, 'name = "first"') - 1,
        "topics[1].name": line(GOOD, 'name = "first"') - 1,
        'topics[2] "second".tree': line(GOOD, 'tree = "two"') if "[]" in new else line(GOOD, 'name = "second"') - 1,
    }.get(key, line(GOOD, "[[topics.helpers]]") if rest.startswith("is missing") else changed)
    assert int(number) == expected


@pytest.mark.parametrize(
    ("text", "line_number", "says"),
    [
        ("schema = 1\nname = \n", 2, "is not valid TOML: Invalid value"),
        ("schema = 1\nname = 'x'\nname = 'y'\n", 3, "is not valid TOML: "),
        ("schema = 1\nname = '''x\n\n", 3, "is not valid TOML: "),
        ("", 1, "schema: is missing; it must be 1"),
        ("schema = 1\nname = 'x'\ntitle = 'x'\nsummary = 'x'\n", 1, "topics: is missing"),
        (
            "schema = 1\nname = 'x'\ntitle = 'x'\nsummary = 'x'\ntopics = [1]\n",
            5,
            "topics[0]: is 1; it must be a table",
        ),
        ("schema = 1\nname = 'x'\ntitle = 'x'\nsummary = 'x'\ntopics = 1\n", 5, "is 1; it must be a list of tables"),
    ],
)
def test_a_text_that_is_hardly_a_recipe(text: str, line_number: int, says: str) -> None:
    message = wrong(text)[0]
    assert message.startswith(f"mine:{line_number}: ")
    assert says in message


def test_topics_that_need_each_other_are_named_in_their_order() -> None:
    text = GOOD.replace('tree = "vfs"\n\n[[topics.helpers]]', 'tree = "vfs"\nafter = ["second"]\n\n[[topics.helpers]]')
    message = wrong(text)[0]
    assert message.startswith(f'mine:{line(text, "after = [")}: topics[0] "helpers".after: ')
    assert "helpers -> second -> helpers" in message


def test_an_accessor_of_another_topic_for_the_same_wrapper() -> None:
    text = GOOD.replace('prefix = "first"\n', 'prefix = "first"\naccessors = { override_it = "its_creds" }\n', 1)
    assert 'topics[2] "second".accessors.override_it: is for a wrapper that topics[1] "first" has' in wrong(text)[0]


def test_helper_code_that_is_provided_twice() -> None:
    block = GOOD[GOOD.index("[[topics.helpers]]") : GOOD.index('[[topics]]\nname = "first"')]
    text = GOOD.replace(block, block + block)
    message = wrong(text)[0]
    assert f'{line(GOOD, block) + 9}: topics[0] "helpers".helpers[1] "light-pair".provides: ' in message
    assert 'topics[0] "helpers".helpers[0] "light-pair" provides already' in message


def test_one_error_is_raised_and_the_others_are_counted(tmp_path: Path) -> None:
    text = GOOD.replace('"A title"', "1").replace('"tree"', '"no"').replace('"fs/more"', '"/"')
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        load_recipe(str(path))
    assert caught.value.message == f"{path}:3: title: is 1; it must be a text"
    assert caught.value.hint == f"and 2 more: credseries recipe check {path}"
    assert [problem.line for problem in check_recipe(str(path)).problems] == [3, 8, line(text, '"/"')]


def test_a_misspelt_key_is_not_missed_as_well() -> None:
    text = GOOD.replace('title = "A title"', 'tilte = "A title"')
    assert "more" not in wrong(text)[1]


# -- positions


def test_the_line_of_every_way_to_write_a_key() -> None:
    text = (
        '# first\na = 1\nb.c = [\n  1, # one\n  # two\n  {d = 2, "e f" = 3},\n]\n[g]\nh = """\n\n"""\n'
        '[[i]]\nj = 1\n[[i]]\nj = 2\n[i.k]\nl = 3\n[[i.m]]\n[[i.m]]\n"n" = 1\n[o."p.q".r]\ns = 1\n'
    )
    known = lines(text)
    for keys, number in {
        ("a",): 2,
        ("b",): 3,
        ("b", "c"): 3,
        ("b", "c", 0): 4,
        ("b", "c", 1): 6,
        ("b", "c", 1, "d"): 6,
        ("b", "c", 1, "e f"): 6,
        ("g",): 8,
        ("g", "h"): 9,
        ("i",): 12,
        ("i", 0): 12,
        ("i", 0, "j"): 13,
        ("i", 1, "j"): 15,
        ("i", 1, "k"): 16,
        ("i", 1, "k", "l"): 17,
        ("i", 1, "m", 0): 18,
        ("i", 1, "m", 1): 19,
        ("i", 1, "m", 1, "n"): 20,
        ("o", "p.q", "r", "s"): 22,
        ("i", 1, "nothing", "there"): 14,
        ("nothing",): 1,
    }.items():
        assert line_of(known, keys) == number, keys


# -- any recipe

words = st.text("abcdefgh", min_size=1, max_size=8)
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="{"), min_size=1, max_size=20
)
subsets = st.lists(st.sampled_from([form.value for form in FORMS]), min_size=1, unique=True)
common = {
    "forms": subsets,
    "granularity": st.sampled_from([item.value for item in Granularity]),
    "facts": st.lists(st.sampled_from(FACTS), unique=True),
    "trailers": st.lists(words.map("Link: {}".format), unique=True, max_size=2),
    "allow_moves": st.lists(words, unique=True, max_size=2),
    "messages": st.dictionaries(
        st.sampled_from(KINDS), st.fixed_dictionaries({}, optional={"subject": words, "body": texts.map(str.strip)})
    ),
}
helper = st.fixed_dictionaries(
    {
        "provides": st.just("guard-const"),
        "file": words.map("include/{}.h".format),
        "subject": words,
        "body": words,
    }
)


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(words, min_size=1, max_size=4, unique=True))
    topics: list[dict[str, Any]] = []
    for name in names:
        before = [topic["name"] for topic in topics]
        required = {
            "name": st.just(name),
            "title": words,
            "tree": words,
            # a directory of its own: what two topics share must be in an order
            "paths": st.lists(words.map(f"{name}0/{{}}".format), min_size=1, max_size=3, unique=True),
        }
        optional = {
            "after": st.lists(st.sampled_from(before), unique=True) if before else st.just([]),
            "lists": st.lists(words.map("{}@example.org".format), unique=True, max_size=2),
            "note": texts,
            "prefix": words,
            "default_prefix": words,
            "accessors": st.dictionaries(words.map(f"{name}_{{}}_wrapper".format), words, max_size=2),
            **common,
        }
        topics.append(draw(st.fixed_dictionaries(required, optional=optional)))
    if draw(st.booleans()):
        topics[0]["helpers"] = [draw(helper)]
    top = st.fixed_dictionaries(
        {"schema": st.just(1), "name": words, "title": words, "summary": words},
        optional={
            "prefixes": st.lists(words.map("RFC-{}".format), unique=True, max_size=2),
            "threads": st.sampled_from(["one", "tree"]),
            **common,
        },
    )
    return {**draw(top), "topics": draw(st.permutations(topics))}


def toml(table: dict[str, Any], name: str = "") -> list[str]:
    """The lines of a table: what is simple first, then the tables below it."""
    found, below = [], []
    for key, value in table.items():
        path = f"{name}.{key}" if name else key
        if isinstance(value, dict):
            below += [f"[{path}]", *toml(value, path)]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for item in value:
                below += [f"[[{path}]]", *toml(item, path)]
        else:
            found.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return [*found, *below]


def tables(value: Any) -> list[dict[str, Any]]:
    """The tables of a recipe whose keys are not free."""
    found = [value]
    for topic in value["topics"]:
        found += [topic, *topic.get("helpers", []), *topic.get("messages", {}).values()]
    return [*found, *value.get("messages", {}).values()]


@settings(max_examples=60, deadline=None)
@given(recipes())
def test_any_recipe_is_taken(recipe: dict[str, Any]) -> None:
    found = parse_recipe("any", "\n".join(toml(recipe)))
    assert sorted(topic.name for topic in found.topics) == sorted(topic["name"] for topic in recipe["topics"])
    placed: set[str] = set()
    for topic in found.topics:
        assert placed.issuperset(topic.after)
        assert topic.forms
        placed.add(topic.name)


@settings(max_examples=60, deadline=None)
@given(recipes(), st.data())
def test_any_recipe_with_an_unknown_key_is_refused_at_its_line(recipe: dict[str, Any], data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(tables(recipe)))
    table["zz_unknown"] = 1
    text = toml(recipe)
    (message, hint) = wrong("\n".join(text))
    assert re.match(rf"mine:{text.index('zz_unknown = 1') + 1}: (?:\S.*\.)?zz_unknown: is not a key here", message)
    assert "more" not in hint
