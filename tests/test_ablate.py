"""`ablate` makes what a measurement compares: the series, and the series without each topic; and `split` chooses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from credseries import resources
from credseries.cli.options import take_survey
from credseries.errors import BranchExists, GitFailed, StoreDamaged, UsageError
from credseries.kernel.git import Repository
from credseries.series import saved
from credseries.series.ablation import Ablation, ablate, ablation_from_json, ablations, role_of
from credseries.series.drafts import chosen_topics
from credseries.series.model import Selection
from credseries.series.recipe import load_recipe
from credseries.series.split import Stamp
from tests.clicase import check_snapshot, credseries, normal
from tests.gitrepo import git
from tests.mailcase import TODAY

STAMP = Stamp(TODAY, "c0ffee123456")
TOPICS = ("backing-file", "overlayfs")
HELPERS = [
    "cred: Add a light version of override_creds() and revert_creds()",
    "cred: Add a guard for light credential overrides",
]
# Two topics convert the same file, one after the other; the helpers are those of the recipe rfc.
STEPS = """
[[topics]]
name = "light"
title = "light"
paths = ["fs/backing-file.c"]
tree = "vfs"
after = ["helpers"]
forms = ["light"]
[[topics]]
name = "guards"
title = "guards"
paths = ["fs/backing-file.c"]
tree = "vfs"
after = ["light"]
forms = ["guard", "scoped"]
"""


def references(path: Path) -> str:
    return git(path, "for-each-ref", "--format=%(refname) %(objectname)")


def subjects(path: Path, branch: str) -> list[str]:
    return git(path, "log", "--reverse", "--format=%s", f"master..{branch}").splitlines()


def tree_of(path: Path, revision: str) -> str:
    return git(path, "rev-parse", f"{revision}^{{tree}}").strip()


def made(path: Path, selection: Selection | None = None, name: str = "x") -> Ablation:
    repo = Repository.discover(path)
    return ablate(repo, take_survey(repo, "HEAD", "rfc"), load_recipe("rfc", path), name, STAMP, selection)


class TestBranches:
    def test_are_the_series_and_the_series_without_each_topic(self, miniature: Path) -> None:
        made(miniature)
        assert credseries("split", "--branch", "whole", cwd=miniature).status == 0
        assert tree_of(miniature, "x-full") == tree_of(miniature, "whole")
        for topic in TOPICS:
            ran = credseries("split", "--branch", f"less-{topic}", "--without", topic, cwd=miniature)
            assert ran.status == 0, ran.err
            assert tree_of(miniature, f"x-without-{topic}") == tree_of(miniature, f"less-{topic}")

    def test_differ_from_the_whole_in_the_topics_files_only(self, miniature: Path) -> None:
        made(miniature)
        files = {
            topic: git(miniature, "diff", "--name-only", "x-full", f"x-without-{topic}").split() for topic in TOPICS
        }
        assert files["backing-file"] == ["fs/backing-file.c"]
        assert all(path.startswith("fs/overlayfs/") for path in files["overlayfs"])
        # without a topic, its files are those of the base
        assert git(miniature, "diff", "master", "x-without-backing-file", "--", "fs/backing-file.c") == ""
        assert git(miniature, "diff", "master", "x-without-overlayfs", "--", "fs/overlayfs") == ""

    def test_keep_the_helpers_that_the_rest_needs(self, miniature: Path) -> None:
        made(miniature)
        for topic in TOPICS:
            assert subjects(miniature, f"x-without-{topic}")[:2] == HELPERS

    def test_hold_no_cover_letter_and_are_no_series(self, miniature: Path) -> None:
        made(miniature)
        assert "b4-submit-tracking" not in git(miniature, "log", "--format=%B", "--branches")
        assert saved.branches(Repository.discover(miniature)) == []
        shown = git(miniature, "for-each-ref", "--format=%(refname)")
        assert shown.split() == [
            "refs/heads/master",
            *(f"refs/heads/x-{name}" for name in ("full", "without-backing-file", "without-overlayfs")),
        ]

    def test_are_proven_commit_by_commit(self, miniature: Path) -> None:
        made(miniature)
        for branch in ("x-full", "x-without-backing-file", "x-without-overlayfs"):
            ran = credseries("audit", f"master..{branch}", cwd=miniature)
            assert ran.status == 0, ran.out

    def test_leave_the_work_tree_and_the_index_alone(self, miniature: Path) -> None:
        (miniature / "fs/backing-file.c").write_text("half-written\n")
        index = (miniature / ".git/index").read_bytes()
        made(miniature)
        assert (miniature / "fs/backing-file.c").read_text() == "half-written\n"
        assert (miniature / ".git/index").read_bytes() == index

    def test_tell_steps_on_the_same_sites_apart(self, miniature: Path) -> None:
        helpers = "[[topics]]\n".join(resources.read_text("patches", "rfc.toml").split("[[topics]]\n")[:2])
        (miniature / "steps.toml").write_text(helpers.replace('name = "rfc"', 'name = "steps"') + STEPS)
        ran = credseries("ablate", "--recipe", "./steps.toml", "--json", cwd=miniature)
        assert ran.status == 0, ran.err
        cases = {case["role"]: case for case in json.loads(ran.out)["cases"]}
        assert cases["full"]["sites"] == {"guard": 1, "scoped": 4}
        assert cases["without:guards"]["sites"] == {"light": 5}
        assert cases["without:light"]["sites"] == {"guard": 1, "scoped": 4}
        assert tree_of(miniature, "creds-steps-full") == tree_of(miniature, "creds-steps-without-light")


class TestFailure:
    def test_when_only_one_topic_converts_anything(self, miniature: Path) -> None:
        before = references(miniature)
        with pytest.raises(UsageError, match="only topic backing-file converts anything"):
            made(miniature, Selection(topics=("backing-file",)))
        assert references(miniature) == before

    @pytest.mark.parametrize("taken", ["x-full", "x-without-overlayfs", "x-without-overlayfs/more", "x-full/x"])
    def test_a_taken_name_leaves_no_branch_at_all(self, miniature: Path, taken: str) -> None:
        git(miniature, "branch", taken)
        before = references(miniature)
        with pytest.raises((BranchExists, GitFailed)):
            made(miniature)
        assert references(miniature) == before

    def test_a_ref_that_cannot_be_written_leaves_no_branch_at_all(self, miniature: Path) -> None:
        before = references(miniature)
        lock = miniature / ".git/refs/heads/x-without-overlayfs.lock"
        lock.touch()
        with pytest.raises((BranchExists, GitFailed)):
            made(miniature)
        lock.unlink()
        assert references(miniature) == before
        assert ablations(Repository.discover(miniature)) == []

    def test_a_topic_that_brings_what_others_need_cannot_be_left_out(self, miniature: Path) -> None:
        text = resources.read_text("patches", "rfc.toml")
        # all helpers in the topic backing-file
        first, rest = text.split("[[topics]]\n", 2)[0], text.split("[[topics]]\n")[1:]
        helpers = rest[0][rest[0].index("[[topics.helpers]]") :]
        moved = first + "[[topics]]\n" + rest[1] + "\n" + helpers + "[[topics]]\n" + rest[2]
        moved = moved.replace('after = ["helpers"]\ndefault_prefix = "fs', 'default_prefix = "fs')
        (miniature / "mine.toml").write_text(moved.replace('after = ["helpers"]', 'after = ["backing-file"]'))
        ran = credseries("ablate", "--recipe", "./mine.toml", cwd=miniature)
        assert ran.status == 2
        assert ran.err.startswith("error: topic backing-file cannot be left out: this tree lacks guard and light-pair")

    def test_a_name_that_git_does_not_take(self, miniature: Path) -> None:
        with pytest.raises(UsageError):
            made(miniature, name="a..b")

    def test_a_name_that_only_b4_would_not_take_will_do(self, miniature: Path) -> None:
        made(miniature, name="v6.12")
        assert subjects(miniature, "v6.12-full")


class TestStore:
    def test_says_which_commit_stands_for_what(self, miniature: Path) -> None:
        done = made(miniature)
        repo = Repository.discover(miniature)
        assert ablations(repo) == [done]
        for branch, role, topic in (
            ("master", "base", ""),
            ("x-full", "full", ""),
            ("x-without-overlayfs", "without:overlayfs", "overlayfs"),
        ):
            found = role_of(ablations(repo), git(miniature, "rev-parse", branch).strip())
            assert found is not None
            assert (found[1].role, found[1].without) == (role, topic)
        assert role_of(ablations(repo), "0" * 40) is None

    def test_comes_back_equal(self, miniature: Path) -> None:
        done = made(miniature, Selection(without=("nothing",)[:0], moves=("f*",)))
        assert ablation_from_json(json.loads(json.dumps(done.to_json()))) == done

    def test_forgets_what_has_no_branch_any_more(self, miniature: Path) -> None:
        made(miniature)
        git(miniature, "branch", "--quiet", "-D", "x-full", "x-without-backing-file")
        assert [item.name for item in ablations(Repository.discover(miniature))] == ["x"]
        git(miniature, "branch", "--quiet", "-D", "x-without-overlayfs")
        assert ablations(Repository.discover(miniature)) == []

    def test_damage_is_named(self, miniature: Path) -> None:
        repo = Repository.discover(miniature)
        with saved.opened(repo) as store:
            store.put("ablation", "x", {"name": "x"})
        with pytest.raises(StoreDamaged, match="ablation x"):
            ablations(repo)


class TestCommand:
    def test_says_what_each_branch_is_for(self, miniature: Path) -> None:
        ran = credseries("ablate", cwd=miniature)
        assert (ran.status, ran.err) == (0, "")
        check_snapshot("ablate.txt", normal(ran.out))

    def test_the_contract(self, miniature: Path) -> None:
        found: dict[str, Any] = json.loads(credseries("ablate", "--json", cwd=miniature).out)
        assert list(found) == ["schema", "name", "recipe", "title", "base", "cases"]
        assert (found["schema"], found["name"]) == (1, "creds-rfc")
        assert [case["role"] for case in found["cases"]] == [
            "base",
            "full",
            "without:backing-file",
            "without:overlayfs",
        ]
        for case in found["cases"]:
            assert list(case) == ["role", "topic", "branch", "commit", "patches", "sites"]
            assert git(miniature, "rev-parse", case["branch"] or "master").strip() == case["commit"]
            assert case["patches"] == len(subjects(miniature, case["commit"]))


def test_a_survey_judges_each_function_once(miniature: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repository.discover(miniature)
    survey = take_survey(repo, "HEAD", "rfc")
    asked = []
    judge_all = survey.planner.judge_all
    monkeypatch.setattr(
        survey.planner, "judge_all", lambda analysis: asked.append(analysis.function.name) or judge_all(analysis)
    )
    assert survey.judged
    ablate(repo, survey, load_recipe("rfc", miniature), "x", STAMP)
    assert len(asked) == len(survey.program.analyses)


# -- what `split` leaves out


def test_split_of_a_topic_brings_the_helpers_that_it_needs(miniature: Path) -> None:
    ran = credseries("split", "--topic", "backing-file", "--json", cwd=miniature)
    assert [patch["topic"] for patch in json.loads(ran.out)["patches"]] == ["helpers", "helpers", "backing-file"]
    assert git(miniature, "diff", "master", "creds-rfc", "--", "fs/overlayfs") == ""


def test_split_without_a_topic_leaves_its_files_alone(miniature: Path) -> None:
    record = json.loads(credseries("split", "--without", "backing-file", "--json", cwd=miniature).out)
    assert {patch["topic"] for patch in record["patches"]} == {"helpers", "overlayfs"}
    assert record["selection"] == {"topics": [], "without": ["backing-file"], "moves": []}
    assert git(miniature, "diff", "master", "creds-rfc", "--", "fs/backing-file.c") == ""
    assert "backing-file" not in credseries("cover", cwd=miniature).out.partition("Merge plan:")[2]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (
            ["--topic", "backing-fil"],
            "recipe rfc has no topic 'backing-fil'",
            "did you mean backing-file? its topics: helpers, backing-file, overlayfs",
        ),
        (
            ["--without", "zzz"],
            "recipe rfc has no topic 'zzz'",
            "its topics: helpers, backing-file, overlayfs",
        ),
        (
            ["--without", "helpers"],
            "this tree lacks guard and light-pair, and topic helpers, which adds them, is left out",
            "the other topics need them: take topic helpers in",
        ),
        (["--topic", "helpers"], "the topics that are left convert nothing", "topics that convert: "),
        (["--topic", "overlayfs", "--without", "overlayfs"], "the topics that are left convert nothing", "topics"),
    ],
)
@pytest.mark.parametrize("command", ["split", "ablate"])
def test_a_choice_that_cannot_be_made_is_explained(
    miniature: Path, command: str, arguments: list[str], message: str, hint: str
) -> None:
    before = references(miniature)
    ran = credseries(command, *arguments, cwd=miniature)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {message}")
    assert f"\nhint: {hint}" in ran.err
    assert references(miniature) == before


def test_without_helpers_will_do_on_a_tree_that_has_them(miniature: Path) -> None:
    assert credseries("split", "--topic", "backing-file", "--branch", "first", cwd=miniature).status == 0
    ran = credseries("split", "--base", "first", "--without", "helpers", "--branch", "second", "--json", cwd=miniature)
    assert ran.status == 0, ran.err
    assert {patch["topic"] for patch in json.loads(ran.out)["patches"]} == {"overlayfs"}


def test_chosen_topics_are_in_the_recipes_order() -> None:
    chosen = chosen_topics(load_recipe("rfc", None), Selection(("overlayfs", "backing-file")))
    assert [topic.name for topic in chosen] == ["helpers", "backing-file", "overlayfs"]
