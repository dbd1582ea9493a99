"""Where recipes are found: in the tree, in the user's configuration, among the shipped; and what extends what."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from credseries.errors import RecipeError
from credseries.series.recipe import check_recipe, load_recipe, recipe_text, recipe_texts
from credseries.series.recipe.places import Place, introduction, listing

PATCHES = Path(__file__).parent.parent / "patches"
CHILD = 'schema = 1\nname = "{name}"\nextends = "{base}"\ntitle = "{title}"\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "linux/.credseries/patches").mkdir(parents=True)
    return tmp_path / "linux"


@pytest.fixture
def config() -> Path:
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "credseries/patches"
    path.mkdir(parents=True)
    return path


def write(directory: Path, name: str, base: str = "rfc", title: str = "T", more: str = "") -> Path:
    path = directory / f"{name}.toml"
    path.write_text(CHILD.format(name=name, base=base, title=title) + more)
    return path


def in_tree(tree: Path) -> Path:
    return tree / ".credseries/patches"


def test_the_tree_goes_before_the_configuration_and_that_before_the_shipped(tree: Path, config: Path) -> None:
    assert load_recipe("light", tree).title == load_recipe("light").title != "config"
    write(config, "light", title="config")
    assert load_recipe("light").title == load_recipe("light", tree).title == "config"
    write(in_tree(tree), "light", title="tree")
    assert load_recipe("light", tree).title == "tree"
    assert load_recipe("light").title == "config"
    (light,) = (item for item in listing(tree) if item.name == "light")
    assert (light.place, light.hides) == (Place.TREE, (Place.CONFIG, Place.SHIPPED))
    assert light.path == in_tree(tree) / "light.toml"


def test_what_finds_a_recipe_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(in_tree(tree), "mine")
    assert load_recipe("mine", tree).origin == "mine"
    monkeypatch.chdir(path.parent)
    assert load_recipe("mine.toml").origin == load_recipe("./mine.toml").origin == str(path)
    monkeypatch.chdir("/")
    assert load_recipe(str(path)).title == "T"


def test_a_recipe_is_shown_as_it_is(tree: Path) -> None:
    path = in_tree(tree) / "odd.toml"
    path.write_bytes("# Über\r\nschema = 1\r\n".encode())
    assert recipe_text("odd", tree) == "# Über\r\nschema = 1\r\n"


@pytest.mark.parametrize("name", ["rcf", "", "..", "RFC", "rfc ", "-rfc"])
def test_a_name_that_no_recipe_has(name: str) -> None:
    with pytest.raises(RecipeError, match="there is no recipe") as caught:
        load_recipe(name)
    assert "there are: guards, light, per-file, per-function, rfc" in caught.value.hint
    assert ("did you mean rfc?" in caught.value.message) == ("f" in name.lower() and name != "RFC")


@pytest.mark.parametrize(("data", "reason"), [(None, "No such file"), (b"\xff", "it is not UTF-8")])
def test_a_file_that_cannot_be_read(tmp_path: Path, data: bytes | None, reason: str) -> None:
    path = tmp_path / "x.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(RecipeError, match=rf"recipe .*x.toml cannot be read: {reason}") as caught:
        load_recipe(str(path))
    assert "credseries recipe show rfc" in caught.value.hint
    with pytest.raises(RecipeError, match="cannot be read: Is a directory"):
        load_recipe(f"{tmp_path}/")


def test_what_is_not_said_is_that_of_the_recipe_which_is_extended(tree: Path) -> None:
    write(in_tree(tree), "base", more='granularity = "file"\nprefixes = ["RFT"]\n')
    write(in_tree(tree), "child", base="base", title="C", more='forms = ["light"]\n')
    child, rfc = load_recipe("child", tree), load_recipe("rfc")
    assert (child.name, child.title, child.prefixes, child.summary) == ("child", "C", ("RFT",), rfc.summary)
    assert [topic.name for topic in child.topics] == [topic.name for topic in rfc.topics]
    assert {topic.granularity.value for topic in child.topics} == {"file"}
    assert [form.value for form in child.topics[1].forms] == ["light"]
    assert [helper.code for helper in child.topics[0].helpers] == [helper.code for helper in rfc.topics[0].helpers]
    assert len(recipe_texts("child", tree)) == 3
    assert recipe_texts("child", tree)[2] == recipe_text("rfc")


def test_a_recipe_can_extend_the_one_that_it_hides(tree: Path, config: Path) -> None:
    write(config, "rfc", title="config")
    write(in_tree(tree), "rfc", title="tree")
    assert load_recipe("rfc", tree).title == "tree"
    assert len(recipe_texts("rfc", tree)) == 3


def test_a_recipe_in_a_file_extends_one_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "base", title="beside")
    path = tmp_path / "mine.toml"
    path.write_text('schema = 1\nname = "mine"\nextends = "base"\n')
    assert load_recipe(str(path)).title == "beside"


def test_its_own_name_is_what_no_recipe_takes_over(tree: Path) -> None:
    (in_tree(tree) / "mine.toml").write_text('schema = 1\nextends = "rfc"\n')
    (problem,) = check_recipe("mine", tree).problems
    assert str(problem) == f"{in_tree(tree)}/mine.toml:1: name: is missing"


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ('"two"', "goes round in a circle: one -> two -> one"),
        ('"rcf"', "is 'rcf' (did you mean rfc?); there is no such recipe, there are guards,"),
        ("1", "is 1; it must be the name of a recipe"),
        ('"../x"', "there is no such recipe"),
    ],
)
def test_what_cannot_be_extended(tree: Path, base: str, says: str) -> None:
    (in_tree(tree) / "one.toml").write_text(f'schema = 1\nname = "one"\nextends = {base}\n')
    write(in_tree(tree), "two", base="one")
    problems = check_recipe("one", tree).problems
    assert any(problem.key == "extends" and says in problem.text and problem.line == 3 for problem in problems)


def test_a_mistake_in_what_is_extended_is_named_in_its_file(tree: Path) -> None:
    base = write(in_tree(tree), "base", more='granularity = "flie"\n')
    child = write(in_tree(tree), "child", base="base", more='forms = ["gard"]\n')
    found = [(problem.file, problem.line, problem.key) for problem in check_recipe("child", tree).problems]
    assert sorted(found) == [(str(base), 5, "granularity"), (str(child), 5, "forms[0]")]
    base.write_text("[")
    (problem,) = check_recipe("child", tree).problems
    assert (problem.file, problem.line) == (str(base), 1)


def test_helper_code_lies_beside_the_recipe_or_is_shipped(tree: Path, config: Path) -> None:
    text = (PATCHES / "light.toml").read_text()
    (in_tree(tree) / "light.toml").write_text(text)
    assert load_recipe("light", tree).topics[0].helpers[0].code == (PATCHES / "cred-light.h").read_bytes()
    (in_tree(tree) / "cred-light.h").write_text("/* mine */\n")
    (config / "cred-light.h").write_text("/* not for a recipe of the tree */\n")
    assert load_recipe("light", tree).topics[0].helpers[0].code == b"/* mine */\n"
    assert load_recipe("light").topics[0].helpers[0].code == (PATCHES / "cred-light.h").read_bytes()


def test_files_that_are_no_recipes_have_no_name(tree: Path) -> None:
    (in_tree(tree) / "Odd Name.toml").write_text("")
    (in_tree(tree) / "directory.toml").mkdir()
    (in_tree(tree) / "dangling.toml").symlink_to("nothing")
    assert [item.name for item in listing(tree)] == ["guards", "light", "per-file", "per-function", "rfc"]


def test_the_first_line_says_what_a_recipe_is_for() -> None:
    assert introduction("# For me.\n# And more\n") == "For me."
    assert introduction("schema = 1\n# no\n") == ""
    assert introduction("") == ""
