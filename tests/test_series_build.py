"""Every recipe gives a series whose every prefix is proven, in an order that the names and the proof ask for."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from credseries.errors import ImpossibleOrder, ProofError, UsageError
from credseries.kernel.git import Repository
from credseries.kernel.series_source import from_range
from credseries.kernel.values import NewCommit
from credseries.review.audit import audit
from credseries.rewrite.forms import Form
from credseries.series.assemble import make_builder
from credseries.series.build import Builder, PlannedPatch
from credseries.series.cache import Cache
from credseries.series.drafts import Kind
from credseries.series.model import Selection
from credseries.series.recipe import Granularity, Recipe, load_recipe
from credseries.series.scan import Survey, survey
from credseries.series.search import Search
from credseries.series.threads import by_tree
from tests import credtrace
from tests.gitrepo import commit_all, git, write_files

RECIPES = ("rfc", "light", "guards", "per-file", "per-function")
WHEN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def take(repo: Repository, recipe: Recipe, moves: Sequence[str] = ()) -> Survey:
    cache = Cache(repo)
    try:
        return survey(repo, Search(repo, "HEAD", cache), recipe, moves=moves)
    finally:
        cache.close()


def builder(path: Path, recipe: Recipe | str, selection: Selection | None = None) -> Builder:
    repo = Repository.discover(path)
    loaded = load_recipe(recipe) if isinstance(recipe, str) else recipe
    moves = selection.moves if selection is not None else ()
    return make_builder(repo, take(repo, loaded, moves), loaded, selection)


def commit(path: Path, patches: Sequence[PlannedPatch]) -> list[str]:
    repo = Repository.discover(path)
    who = repo.identity("author")
    chain = [NewCommit(patch.message, patch.changes) for patch in patches]
    return repo.write_commits(repo.resolve("HEAD"), chain, author=who, committer=who, when=WHEN)


def final_text(patches: Sequence[PlannedPatch]) -> dict[str, bytes]:
    return {path: text for patch in patches for path, text in patch.changes.items()}


@pytest.fixture(scope="module")
def tree(pristine_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(pristine_miniature, tmp_path_factory.mktemp("build") / "linux", symlinks=True))


@pytest.fixture(scope="module", params=RECIPES)
def built(request: pytest.FixtureRequest, tree: Path) -> tuple[str, Builder, list[PlannedPatch]]:
    name: str = request.param
    made = builder(tree, name)
    return name, made, made.patches()


class TestEveryRecipe:
    def test_the_audit_finds_nothing_in_any_prefix(
        self, built: tuple[str, Builder, list[PlannedPatch]], tree: Path
    ) -> None:
        """The audit compares each patch's tree with the one before by another way than the proof."""
        repo, ids = Repository.discover(tree), commit(tree, built[2])
        report = audit(repo, from_range(repo, f"HEAD..{ids[-1]}", None))
        wrong = [item for item in report.findings if item.finding.severity.value != "note"]
        assert not wrong
        assert len(report.analysed) >= 50

    def test_every_site_of_the_paths_is_accounted_for(self, built: tuple[str, Builder, list[PlannedPatch]]) -> None:
        name, made, patches = built
        converted = {(item.site.function.path, item.site.line) for patch in patches for item in patch.sites}
        refused = {(item.site.function.path, item.site.line) for item in made.sites if item.choice is None}
        assert not converted & refused
        assert len(converted) + len(refused) == len(made.sites)
        assert len(refused) == 11, name

    def test_light_and_guards_are_never_in_one_patch(self, built: tuple[str, Builder, list[PlannedPatch]]) -> None:
        for patch in built[2]:
            forms = {item.choice for item in patch.sites}
            assert not (Form.LIGHT in forms and len(forms) > 1), patch.subject

    def test_no_two_patches_are_for_the_same(self, built: tuple[str, Builder, list[PlannedPatch]]) -> None:
        keys = [patch.key for patch in built[2]]
        assert len(set(keys)) == len(keys)
        assert len({patch.subject for patch in built[2]}) == len(keys), "subjects tell patches apart, too"

    def test_messages_are_as_the_kernel_wants_them(self, built: tuple[str, Builder, list[PlannedPatch]]) -> None:
        for patch in built[2]:
            subject, blank, *body = patch.message.rstrip("\n").split("\n")
            assert re.match(r"[\w/-]+: [A-Z]", subject), subject
            assert len(subject) <= 75, subject
            assert blank == ""
            assert all(len(line) <= 75 for line in body if not line.startswith("Signed-off-by:")), patch.message
            assert body[-1].startswith("Signed-off-by: ")
            assert "line " not in "\n".join(body), "a line's number says nothing in a history"

    def test_names_come_before_their_users(self, built: tuple[str, Builder, list[PlannedPatch]], tree: Path) -> None:
        """By the text alone: what a file calls by then, some file of that tree has."""
        names = ("override_creds_light", "revert_creds_light", "ovl_creds", "ovl_revert_creds")
        texts = {path: (tree / path).read_bytes() for path in git(tree, "ls-files").split()}
        for patch in built[2]:
            texts |= patch.changes
            whole = b"".join(text for path, text in texts.items() if path.endswith((".c", ".h")))
            for name in names:
                called = re.search(rb"^\t.*\b" + name.encode() + rb"\(", whole, re.MULTILINE)
                defined = re.search(rb"^[a-z].*\b" + name.encode() + rb"\(", whole, re.MULTILINE)
                assert not called or defined, (patch.subject, name)
            assert b"guard(cred)(" not in whole or b"DEFINE_GUARD(cred" in whole, patch.subject


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name != "per-function"])
def test_every_commit_builds_and_runs_as_the_base(tree: Path, tmp_path: Path, recipe: str) -> None:
    before = credtrace.explore_all(credtrace.build(tree, tmp_path / "base"))
    for number, at in enumerate(commit(tree, builder(tree, recipe).patches())):
        there = tmp_path / str(number)
        there.mkdir()
        archive = subprocess.run(["git", "-C", tree, "archive", at], check=True, capture_output=True)
        subprocess.run(["tar", "-x", "-C", there], input=archive.stdout, check=True)
        program = credtrace.build(there, tmp_path / f"{number}.out")
        for function, runs in before.items():
            if function == "ovl_override_creds" and recipe in ("light", "guards"):
                continue  # it leaves its caller without a reference, and that is what is wanted
            assert credtrace.explore(program, function) == runs, (number, function)


class TestGranularity:
    def test_a_patch_a_function(self, tree: Path) -> None:
        patches = builder(tree, "per-function").patches()
        for patch in patches:
            if patch.kind in (Kind.GUARD, Kind.LIGHT):
                assert len({item.site.function.name for item in patch.sites}) == 1
                assert len(patch.changes) == 1

    def test_however_it_is_parted_the_end_is_the_same(self, tree: Path) -> None:
        whole = final_text(builder(tree, "rfc").patches())
        assert final_text(builder(tree, "per-file").patches()) == whole
        assert final_text(builder(tree, "per-function").patches()) == whole

    def test_guards_on_top_of_light_are_the_same_guards(self, tree: Path) -> None:
        guards = final_text(builder(tree, "guards").patches())
        whole = final_text(builder(tree, "rfc").patches())
        assert guards["fs/backing-file.c"] == whole["fs/backing-file.c"]
        assert guards["fs/overlayfs/inode.c"] == whole["fs/overlayfs/inode.c"]


class TestLight:
    """A wrapper is made light for all that call it, and for nobody who needs the reference."""

    def test_kinds_in_order(self, tree: Path) -> None:
        kinds = [patch.kind.value for patch in builder(tree, "light").patches()]
        assert kinds == ["helper", "light", "accessor", "counted", "reverts", "switch", "light"]

    def test_the_switch_is_two_lines(self, tree: Path) -> None:
        made = builder(tree, "light").patches()
        ids = commit(tree, made)
        number = [patch.kind for patch in made].index(Kind.SWITCH)
        assert git(tree, "diff", "--numstat", ids[number - 1], ids[number]).split() == ["2", "2", "fs/overlayfs/util.c"]
        assert len(made[number].sites) == 46

    def test_a_switch_before_its_callers_revert_light_is_wrong(self, tree: Path) -> None:
        made = builder(tree, "light")
        drafts = made.drafts
        reverts = next(draft for draft in drafts if draft.kind is Kind.REVERTS)
        switch = next(draft for draft in drafts if draft.kind is Kind.SWITCH)
        order = [draft for draft in drafts if draft not in (reverts, switch)]
        with pytest.raises(ProofError, match=r"patch 5 \(ovl: Make ovl_override_creds\(\) light\) is wrong") as caught:
            made.patches([*order[:4], switch, reverts, *order[4:]])
        assert "a refcounted revert ends a light override" in caught.value.message
        assert "'ovl: Add ovl_revert_creds() and use it'" in caught.value.message

    def test_the_audit_sees_that_as_well(self, miniature: Path) -> None:
        """Done by hand: the wrapper light, its callers as they were."""
        light = {
            path: text for path, text in final_text(builder(miniature, "light").patches()).items() if "cred.h" in path
        }
        write_files(miniature, light)
        path = miniature / "fs/overlayfs/util.c"
        path.write_text(
            path.read_text().replace("return override_creds(overlay", "return override_creds_light(overlay")
        )
        commit_all(miniature, "Make the wrapper light")
        repo = Repository.discover(miniature)
        report = audit(repo, from_range(repo, "HEAD~1..HEAD", None))
        wrong = {item.finding.function for item in report.findings if item.finding.severity.value == "error"}
        assert {"ovl_permission", "ovl_create_or_link", "ovl_lookup"} <= wrong
        assert len(wrong) >= 40

    def test_a_switch_without_those_that_need_the_reference_is_wrong(self, tree: Path) -> None:
        made = builder(tree, "light")
        with pytest.raises(ProofError, match=r"ovl_create_or_link\(\)"):
            made.patches([draft for draft in made.drafts if draft.kind is not Kind.COUNTED])

    def test_one_caller_that_is_not_covered_is_enough_to_refuse(self, miniature: Path) -> None:
        recipe = load_recipe("light")
        topics = [
            replace(topic, paths=("fs/overlayfs/dir.c", "fs/overlayfs/util.c")) if topic.reverts else topic
            for topic in recipe.topics
        ]
        with pytest.raises(ProofError, match=r"cannot be made light: \w+\(\) in fs/overlayfs/copy_up\.c calls it"):
            builder(miniature, replace(recipe, topics=tuple(topics)))

    @pytest.mark.parametrize(
        ("code", "why"),
        [
            ("const struct cred *(*ovl_hook)(struct super_block *) = ovl_override_creds;\n", "its address is taken"),
            ("#define OVL_ENTER(sb) ovl_override_creds(sb)\n", "a macro uses it"),
            (
                "void ovl_call(void (*f)(void *))\n{\n\tf(ovl_override_creds);\n}\n",
                "it is no call that is followed",
            ),
        ],
        ids=["pointer", "macro", "argument"],
    )
    def test_what_is_no_call_is_enough_to_refuse(self, miniature: Path, code: str, why: str) -> None:
        path = miniature / "fs/overlayfs/util.c"
        path.write_text(path.read_text() + "\n" + code)
        commit_all(miniature, "Use it in another way")
        with pytest.raises(ProofError, match=why):
            builder(miniature, "light")

    def test_a_name_that_is_taken_is_an_error(self, miniature: Path) -> None:
        path = miniature / "fs/overlayfs/util.c"
        path.write_text(path.read_text() + "\nvoid ovl_revert_creds(int a)\n{\n\tpr_debug(a);\n}\n")
        commit_all(miniature, "Take the name")
        with pytest.raises(ProofError, match="the tree has a ovl_revert_creds that is not a revert of"):
            builder(miniature, "light")

    def test_on_a_tree_that_is_light_already_guards_go_on_top(self, miniature: Path) -> None:
        """Somebody else has merged the light half meanwhile."""
        light = builder(miniature, "light").patches()
        write_files(miniature, final_text(light))
        commit_all(miniature, "Merge the light half")
        again = builder(miniature, "light")
        assert not any(draft.forms for draft in again._drafts)

    def test_a_static_wrapper_gets_a_static_function(self, miniature: Path) -> None:
        write_files(miniature, {"fs/own.c": OWN})
        commit_all(miniature, "Add a file with a wrapper of its own")
        recipe = load_recipe("light")
        topic = next(item for item in recipe.topics if item.reverts)
        mine = replace(
            topic,
            name="own",
            paths=("fs/own.c",),
            accessors={"own_override": "own_creds"},
            reverts={"own_override": "own_revert"},
            default_prefix="own",
        )
        recipe = replace(recipe, topics=(recipe.topics[0], mine))
        patches = builder(miniature, recipe).patches()
        text = final_text(patches)["fs/own.c"].decode()
        assert "static void own_revert(const struct cred *old_cred)\n{\n\trevert_creds_light(old_cred);\n}\n" in text
        assert text.index("own_revert(const") < text.index("int own_open")
        assert [patch.kind.value for patch in patches] == ["helper", "reverts", "switch"]

    def test_what_a_wrapper_passes_to_another_is_not_what_is_put_in_force(self, miniature: Path) -> None:
        text = OWN.replace("int own_open", OUTER + "\nint own_open").replace("old = own_override(", "old = own_outer(")
        write_files(miniature, {"fs/own.c": text})
        commit_all(miniature, "Add a wrapper of a wrapper")
        recipe = load_recipe("rfc")
        topic = replace(recipe.topics[2], name="own", paths=("fs/own.c",), accessors={"own_outer": "own_creds"})
        recipe = replace(recipe, topics=(*recipe.topics[:2], topic))
        made = builder(miniature, recipe)
        site = next(item for item in made.sites if item.site.function.name == "own_open")
        assert site.choice is None
        assert "own_outer() overrides through another wrapper" in site.reason
        assert not any("own_creds" in patch.message for patch in made.patches())


OUTER = """\
static const struct cred *own_outer(struct super_block *sb)
{
	return own_override(sb);
}
"""
OWN = """\
#include <linux/cred.h>
#include "overlayfs/overlayfs.h"

static const struct cred *own_override(struct super_block *sb)
{
	struct ovl_fs *overlay = OVL_FS(sb);

	return override_creds(overlay->creator_cred);
}

int own_open(struct super_block *sb, struct file *file)
{
	const struct cred *old = own_override(sb);
	int err = vfs_fsync(file, 0);

	revert_creds(old);
	return err;
}
"""


class TestOrder:
    def test_names_move_patches_where_topics_do_not(self, tree: Path) -> None:
        """A recipe may list its helpers last: they come first all the same."""
        recipe = load_recipe("rfc")
        topics = [replace(topic, after=()) for topic in recipe.topics]
        patches = builder(tree, replace(recipe, topics=(*topics[1:], topics[0]))).patches()
        kinds = [patch.kind for patch in patches]
        assert kinds.index(Kind.HELPER) < kinds.index(Kind.GUARD)
        assert kinds.index(Kind.GUARD) > kinds.index(Kind.HELPER, kinds.index(Kind.HELPER) + 1)

    def test_an_impossible_order_names_the_patches(self, tree: Path) -> None:
        recipe = load_recipe("rfc")
        helpers, *users = recipe.topics
        topics = (*(replace(topic, after=()) for topic in users), replace(helpers, after=("overlayfs",)))
        with pytest.raises(ImpossibleOrder) as caught:
            builder(tree, replace(recipe, topics=topics)).patches()
        assert re.search(r"'cred: Add a .*' before 'ovl: Use .*'", caught.value.message)
        assert "the second uses what the first adds" in caught.value.message
        assert "topic helpers comes after overlayfs" in caught.value.message
        assert caught.value.exit_status == 2

    def test_a_helper_that_nothing_adds_is_an_error(self, tree: Path) -> None:
        recipe = load_recipe("rfc")
        with pytest.raises(UsageError, match="adds no guard"):
            builder(tree, replace(recipe, topics=tuple(replace(topic, helpers=()) for topic in recipe.topics)))


class TestSelection:
    def test_one_topic_and_what_it_needs(self, tree: Path) -> None:
        patches = builder(tree, "rfc", Selection(topics=("backing-file",))).patches()
        assert [patch.topic.name for patch in patches] == ["helpers", "helpers", "backing-file"]

    def test_without_a_topic(self, tree: Path) -> None:
        patches = builder(tree, "rfc", Selection(without=("backing-file",))).patches()
        assert {patch.topic.name for patch in patches} == {"helpers", "overlayfs"}

    def test_helpers_that_only_others_need_stay_away(self, tree: Path) -> None:
        patches = builder(tree, "guards", Selection(topics=("backing-file-light",))).patches()
        assert [patch.key for patch in patches] == ["helpers/light-pair", "backing-file-light/light"]

    def test_a_topic_that_there_is_not(self, tree: Path) -> None:
        with pytest.raises(UsageError, match="recipe rfc has no topic 'overlay'") as caught:
            builder(tree, "rfc", Selection(without=("overlay",)))
        assert "helpers, backing-file, overlayfs" in caught.value.hint


class TestThreads:
    def test_a_tree_has_its_own_and_what_has_to_come_first(self, tree: Path) -> None:
        vfs, overlayfs = by_tree(builder(tree, "rfc").drafts)
        assert (vfs.tree, vfs.before) == ("vfs", ())
        assert [draft.key for draft in overlayfs.before] == ["helpers/light-pair", "helpers/guard"]
        assert [draft.topic.name for draft in overlayfs.own] == ["overlayfs"] * 3

    def test_trees_that_wait_for_each_other(self, tree: Path) -> None:
        recipe = load_recipe("guards")
        topics = [replace(topic, tree="vfs") if topic.name == "overlayfs" else topic for topic in recipe.topics]
        topics = [
            replace(topic, after=(*topic.after, "overlayfs-light")) if topic.helpers else topic for topic in topics
        ]
        made = builder(tree, replace(recipe, topics=(topics[1], topics[2], topics[3], topics[4], topics[5], topics[0])))
        with pytest.raises(ImpossibleOrder):
            by_tree(made.drafts)


class TestMoves:
    """A person may let calls run under a guard that came after the revert; the proof holds for all the others."""

    def test_it_is_a_guard_then_and_the_message_says_so(self, tree: Path) -> None:
        plain = builder(tree, "rfc")
        allowed = builder(tree, "rfc", Selection(moves=("fd_file", "ovl_inode_unlock", "fdput")))

        def form(made: Builder) -> Form | None:
            return next(item.choice for item in made.sites if item.site.function.name == "ovl_llseek")

        assert (form(plain), form(allowed)) == (Form.SCOPED, Form.GUARD)
        patch = next(patch for patch in allowed.patches() if patch.key == "overlayfs/guard")
        assert "These calls run under the override now, and did not before:" in patch.message
        assert re.search(r"ovl_llseek\(\): fd_file\(\), ovl_inode_unlock\(\), fdput\(\)", patch.message)
        assert "No other call runs under other credentials than before." in patch.message

    def test_all_of_them_have_to_be_allowed(self, tree: Path) -> None:
        made = builder(tree, "rfc", Selection(moves=("fdput",)))
        site = next(item for item in made.sites if item.site.function.name == "ovl_llseek")
        assert site.choice is Form.SCOPED

    def test_a_recipe_allows_them_in_its_topic_only(self, tree: Path) -> None:
        recipe = load_recipe("rfc")
        topics = [replace(t, moves=("ctx->*",)) if t.name == "overlayfs" else t for t in recipe.topics]
        made = builder(tree, replace(recipe, topics=tuple(topics)))
        assert next(i.choice for i in made.sites if i.site.function.name == "backing_file_splice_read") is Form.SCOPED
        topics = [replace(t, moves=("ctx->*",)) if t.name == "backing-file" else t for t in recipe.topics]
        made = builder(tree, replace(recipe, topics=tuple(topics)))
        assert next(i.choice for i in made.sites if i.site.function.name == "backing_file_splice_read") is Form.GUARD

    def test_what_gives_up_the_credentials_may_not_move(self, miniature: Path) -> None:
        """The guard's scope is longer than the override was: what held the credentials must still be there."""
        write_files(miniature, {"fs/ends.c": ENDS})
        commit_all(miniature, "Add a file that drops what holds the credentials after the revert")
        recipe = load_recipe("rfc")
        topic = replace(recipe.topics[1], name="ends", paths=("fs/ends.c",), granularity=Granularity.TOPIC)
        recipe = replace(recipe, topics=(recipe.topics[0], topic))
        made = builder(miniature, recipe, Selection(moves=("*",)))
        by_name = {item.site.function.name: item for item in made.sites}
        assert by_name["ends_quietly"].choice is Form.GUARD
        assert by_name["ends_badly"].choice is not Form.GUARD
        assert "give up what holds" in by_name["ends_badly"].verdict(Form.GUARD).reason


ENDS = """\
#include <linux/cred.h>
#include "overlayfs/overlayfs.h"

int ends_quietly(struct file *file)
{
	const struct cred *old = override_creds(file->f_cred);
	int err = vfs_fsync(file, 0);

	revert_creds(old);
	pr_debug("%d", err);
	return err;
}

int ends_badly(struct file *file)
{
	const struct cred *old = override_creds(file->f_cred);
	int err;

	err = vfs_fsync(file, 0);
	revert_creds(old);
	fput(file);
	return err;
}
"""
