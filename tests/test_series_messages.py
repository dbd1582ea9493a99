"""Commit messages: the facts of a patch, in the recipe's words, under the prefix that the tree's history shows."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from credseries.series.build import PlannedPatch
from credseries.series.recipe import Recipe, Topic, Wording, load_recipe
from tests.clicase import check_snapshot
from tests.gitrepo import commit_all, git
from tests.test_series_build import builder


def changed(recipe: Recipe, name: str, **values: object) -> Recipe:
    """A recipe with something changed in one of its topics."""
    topics = [replace(topic, **values) if topic.name == name else topic for topic in recipe.topics]  # type: ignore[arg-type]
    return replace(recipe, topics=tuple(topics))


def patch(tree: Path, recipe: Recipe, key: str) -> PlannedPatch:
    return next(item for item in builder(tree, recipe).patches() if item.key == key)


@pytest.fixture(scope="module")
def tree(pristine_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(pristine_miniature, tmp_path_factory.mktemp("messages") / "linux", symlinks=True))


@pytest.mark.parametrize("recipe", ["light", "guards", "per-file"])
def test_the_whole_text(tree: Path, recipe: str) -> None:
    text = "=====\n".join(item.message for item in builder(tree, recipe).patches())
    check_snapshot(f"messages-{recipe}.txt", text)


def test_templates_of_the_recipe(tree: Path) -> None:
    words = Wording(
        "{{ prefix }}: guards for {{ sites }} overrides of {{ file or topic }}",
        "In {{ functions[0] }}() and {{ sites - 1 }} more: {{ guards }} guard, {{ scoped }} scoped.\n\n"
        "  kept\n    as it is\n\n{{ default_body }}",
    )
    recipe = changed(load_recipe("rfc"), "backing-file", messages={"guard": words})
    found = patch(tree, recipe, "backing-file/guard")
    assert found.subject == "fs/backing-file: guards for 5 overrides of fs/backing-file.c"
    head = found.message.split("\n\n")
    assert head[1] == "In backing_file_read_iter() and 4 more: 1 guard, 4 scoped."
    assert head[2] == "  kept\n    as it is"
    assert head[3].startswith("Use guard(cred) for 1 override in backing_file_write_iter()")


def test_trailers_stand_before_the_sign_off(tree: Path) -> None:
    trailers = ("Suggested-by: A B <a@example.org>", "Link: https://example.org/r/1")
    found = patch(tree, changed(load_recipe("rfc"), "backing-file", trailers=trailers), "backing-file/guard")
    assert found.message.rstrip("\n").split("\n")[-3:-1] == list(trailers)
    assert found.message.rstrip("\n").split("\n")[-1].startswith("Signed-off-by: ")
    assert found.message.split("\n\n")[-1].startswith("Suggested-by: ")


def test_only_the_facts_that_are_asked_for(tree: Path) -> None:
    def body(*facts: str) -> str:
        recipe = changed(load_recipe("rfc"), "backing-file", facts=facts)
        return patch(tree, recipe, "backing-file/guard").message

    assert "ctx->accessed" in body("forms", "why-not-guard")
    assert "ctx->accessed" not in body("forms")
    assert "No reference is taken" not in body("forms")
    assert "No reference is taken" in body("lifetime")
    assert "No call runs under other credentials" in body("proof")
    assert "No call runs under other credentials" not in body("forms", "lifetime")
    assert body().split("\n\n")[1] == "No functional change is intended."


class TestPrefix:
    """`git log` knows how subjects begin; a recipe may know better, or stand in where there is no history."""

    @pytest.fixture
    def grown(self, miniature: Path) -> Path:
        for number in range(4):
            (miniature / "fs/backing-file.c").open("a").write(f"/* {number} */\n")
            commit_all(miniature, f"fs: Say {number} in the backing file")
            (miniature / "fs/overlayfs/util.c").open("a").write(f"/* {number} */\n")
            commit_all(miniature, f"overlayfs: Say {number}")
        return miniature

    @staticmethod
    def subjects(tree: Path, recipe: Recipe) -> list[str]:
        return [item.subject.split(": ")[0] for item in builder(tree, recipe).patches()]

    def test_of_the_history(self, grown: Path) -> None:
        found = self.subjects(grown, load_recipe("rfc"))
        assert found == ["cred", "cred", "fs", *["overlayfs"] * 3]

    def test_of_the_recipe(self, grown: Path) -> None:
        found = self.subjects(grown, changed(load_recipe("rfc"), "overlayfs", prefix="ovl"))
        assert found == ["cred", "cred", "fs", *["ovl"] * 3]

    def test_without_either(self, tree: Path) -> None:
        topic = next(item for item in load_recipe("rfc").topics if item.name == "overlayfs")
        assert isinstance(topic, Topic)
        found = self.subjects(tree, changed(load_recipe("rfc"), "overlayfs", default_prefix=""))
        assert found[3:] == ["fs/overlayfs"] * 3
        assert git(tree, "rev-list", "--count", "HEAD").strip() == "1"
