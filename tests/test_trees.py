"""What a tree has decides what is inserted: older and newer trees, and trees that are half converted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from credseries.errors import ProofError
from credseries.kernel.git import Repository
from credseries.series.build import PlannedPatch
from credseries.series.cache import Cache
from credseries.series.demo import make_repository
from credseries.series.recipe import load_recipe
from credseries.series.scan import Survey, survey
from credseries.series.search import Search
from credseries.series.split import make_builder
from tests.gitrepo import commit_all

CRED_C, CRED_H, OVL_H = "kernel/cred.c", "include/linux/cred.h", "fs/overlayfs/overlayfs.h"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    make_repository(tmp_path / "linux")
    return tmp_path / "linux"


def change(tree: Path, path: str, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, (tree / path).read_text(), flags=re.DOTALL)
    assert count, f"{pattern} is not in {path}"
    (tree / path).write_text(text)


def plan(tree: Path) -> tuple[Survey, Sequence[PlannedPatch]]:
    commit_all(tree, "Change")
    repo = Repository.discover(tree)
    recipe = load_recipe("rfc")
    cache = Cache(repo)
    found = survey(repo, Search(repo, "HEAD", cache), recipe)
    cache.close()
    return found, make_builder(repo, found, recipe).patches()


def subjects(patches: Sequence[PlannedPatch]) -> list[str]:
    return [patch.subject for patch in patches]


def test_a_tree_without_cleanup_h_gets_the_light_pair_alone(tree: Path) -> None:
    (tree / "include/linux/cleanup.h").unlink()
    found, patches = plan(tree)
    assert {item.choice.value for item in found.judged if item.choice is not None} == {"light"}
    assert {item.reason for item in found.judged if item.choice is not None} == {
        "the tree has no include/linux/cleanup.h"
    }
    assert subjects(patches) == [
        "cred: Add a light version of override_creds() and revert_creds()",
        "fs/backing-file: Use the light credential override",
        "ovl: Add ovl_creds()",
        "ovl: Use the light credential override",
    ]


def test_a_tree_whose_override_takes_no_reference_needs_no_light_pair(tree: Path) -> None:
    change(tree, CRED_C, r"\n\tget_new_cred\(\(struct cred \*\)new\);", "")
    found, patches = plan(tree)
    assert found.interface.counts_references is False
    assert "light" not in {item.choice.value for item in found.judged if item.choice is not None}
    assert subjects(patches)[0] == "cred: Add a guard for light credential overrides"
    helper = patches[0]
    assert b"_T = override_creds(_T)" in helper.changes[CRED_H]
    assert b"override_creds_light" not in helper.changes[CRED_H]
    assert "override_creds_light" not in helper.message


def test_where_overrides_hold_no_reference_the_same_sites_are_converted(tree: Path, tmp_path: Path) -> None:
    counted, _ = plan(tree)
    other = tmp_path / "other"
    make_repository(other)
    change(other, CRED_C, r"\n\tget_new_cred\(\(struct cred \*\)new\);", "")
    found, _ = plan(other)

    def choices(scanned: Survey) -> dict[tuple[str, int], str]:
        chosen = ((item.site, item.choice) for item in scanned.judged if item.choice is not None)
        return {(site.function.name, site.line): choice.value for site, choice in chosen}

    in_both = {key: form for key, form in choices(counted).items() if form != "light"}
    assert in_both.items() <= choices(found).items()
    assert found.accounting.already_converted == counted.accounting.already_converted
    assert found.accounting.total == counted.accounting.total


def test_where_overrides_hold_no_reference_the_pairs_may_be_mixed(tree: Path) -> None:
    backing = tree / "fs/backing-file.c"
    text = backing.read_text()
    backing.write_text(text.replace("revert_creds(saved)", "revert_creds_light(saved)", 1))
    counted, _ = plan(tree)
    mixed = "a light revert ends a refcounted override"
    assert any(mixed in item.reason for item in counted.judged)
    change(tree, CRED_C, r"\n\tget_new_cred\(\(struct cred \*\)new\);", "")
    found, _ = plan(tree)
    assert not any(mixed in item.reason for item in found.judged)


def test_helpers_that_the_tree_has_are_not_inserted_again(tree: Path) -> None:
    _, patches = plan(tree)
    for patch in patches[:2]:
        for path, data in patch.changes.items():
            (tree / path).write_bytes(data)
    _, again = plan(tree)
    assert subjects(again) == subjects(patches)[2:]


def test_a_guard_of_that_name_with_another_type_is_not_used(tree: Path) -> None:
    with (tree / CRED_H).open("a") as header:
        header.write("\nDEFINE_GUARD(cred, struct mutex *, mutex_lock(_T), mutex_unlock(_T));\n")
    found, patches = plan(tree)
    assert {item.choice.value for item in found.judged if item.choice is not None} == {"light"}
    assert not any("guard" in subject for subject in subjects(patches)[:1])


def test_an_accessor_that_the_tree_has_is_used(tree: Path) -> None:
    head, body = (
        "static inline const struct cred *ovl_creds(struct super_block *sb)",
        "return OVL_FS(sb)->creator_cred;",
    )
    accessor = f"\n{head}\n{{\n\t{body}\n}}\n"
    change(tree, OVL_H, r"(const struct cred \*ovl_override_creds\([^;]*;\n)", r"\1" + accessor)
    _, patches = plan(tree)
    assert "ovl: Add ovl_creds()" not in subjects(patches)
    assert any(b"guard(cred)(ovl_creds(" in data for patch in patches for data in patch.changes.values())


def test_a_name_that_is_taken_is_an_error(tree: Path) -> None:
    change(tree, OVL_H, r"(const struct cred \*ovl_override_creds\([^;]*;\n)", r"\1int ovl_creds(int x);\n")
    with pytest.raises(ProofError, match="ovl_creds that is not what ovl_override_creds"):
        plan(tree)
