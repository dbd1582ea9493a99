"""Two versions of a series: each patch that was sent is found again, or said to be gone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.series.current import Side
from credseries.series.model import SiteRecord
from credseries.series.versions import Became, Fate, VersionPatch, compare_versions


def site(function: str, form: str = "guard", line: int = 1, override: str = "ovl_creds(sb)") -> SiteRecord:
    return SiteRecord("fs/ovl.c", line, function, override, "mount", "site", form, "")


def patch(
    number: int, name: str, *sites: SiteRecord, key: str = "", content: str | None = None, text: str = ""
) -> VersionPatch:
    content = content if content is not None else name
    diff = f"diff --git a/{name} b/{name}\n@@\n+{content}\n"
    return VersionPatch(number, name, text, key, sites, content, Side(name, (), diff.encode()))


def fates(items: list[Became]) -> list[tuple[Fate, tuple[int, ...], tuple[int, ...]]]:
    return [(item.fate, item.old, item.new) for item in items]


def test_the_same_is_unchanged_and_another_message_reworded() -> None:
    old = [patch(1, "a", key="a"), patch(2, "b", key="b"), patch(3, "c", key="c")]
    new = [old[0], replace(old[1], text="more"), replace(old[2], subject="C")]
    found = compare_versions(old, new)
    assert fates(found) == [(Fate.UNCHANGED, (1,), (1,)), (Fate.REWORDED, (2,), (2,)), (Fate.REWORDED, (3,), (3,))]
    assert [item.now for item in found] == ["", "", "C"]
    assert [item.is_news for item in found] == [False, True, True]


def test_changed_counts_the_lines_that_differ_and_names_the_sites() -> None:
    old = patch(1, "a", site("f", "scoped"), site("g"), key="a", content="one\n+two\n-three")
    new = patch(1, "a", site("f", "guard"), site("g"), key="a", content="one\n+four")
    [found] = compare_versions([old], [new])
    assert (found.fate, found.added, found.removed) == (Fate.CHANGED, 1, 2)
    assert found.forms == ("f() is guard now, was scoped",)
    assert not found.keeps_reviews


def test_a_fixup_behind_a_patch_changes_it() -> None:
    old = patch(1, "a", key="a")
    [found] = compare_versions([old], [replace(old, open=True)])
    assert (found.fate, found.reason) == (Fate.CHANGED, "fixup! commits are behind it")


def test_split_and_merged_by_their_sites() -> None:
    whole = patch(1, "all", site("f"), site("g"), key="topic/guard")
    parts = [patch(1, "f", site("f"), key="topic/f"), patch(2, "g", site("g"), key="topic/g")]
    [split] = compare_versions([whole], parts)
    assert (split.fate, split.new, split.each) == (Fate.SPLIT, (1, 2), "function")
    [merged] = compare_versions(parts, [whole])
    assert (merged.fate, merged.old, merged.now) == (Fate.MERGED, (1, 2), "all")


def test_sites_that_move_between_patches_of_both_versions_change_nothing_else() -> None:
    """The same site can be in two patches (light first, then a guard): keys decide."""
    old = [patch(1, "light", site("f", "light"), key="light"), patch(2, "guard", site("f"), key="guard")]
    assert fates(compare_versions(old, old)) == [(Fate.UNCHANGED, (1,), (1,)), (Fate.UNCHANGED, (2,), (2,))]


def test_some_sites_get_a_patch_of_their_own() -> None:
    old = patch(1, "all", site("f"), site("g"), key="topic/guard")
    new = [replace(old, sites=(site("f"),), patch_id="x"), patch(2, "g", site("g"), key="topic/g")]
    assert fates(compare_versions([old], new)) == [(Fate.SPLIT, (1,), (1, 2))]


def test_several_patches_parted_in_another_way() -> None:
    old = [patch(1, "x", site("f"), site("g"), key="x"), patch(2, "y", site("h"), site("i"), key="y")]
    new = [patch(1, "v", site("f"), key="v"), patch(2, "w", site("g"), site("h"), site("i"), key="w")]
    assert fates(compare_versions(old, new)) == [(Fate.REGROUPED, (1, 2), (1, 2))]


def test_sites_keep_their_names_when_lines_move() -> None:
    old = patch(1, "x", site("f", line=10), site("f", line=20), key="x")
    new = [patch(1, "v", site("f", line=15), key="v"), patch(2, "w", site("f", line=25), key="w")]
    [found] = compare_versions([old], new)
    assert (found.fate, found.each) == (Fate.SPLIT, "")


def test_dropped_with_its_reason_and_new() -> None:
    found = compare_versions([patch(1, "a", key="a")], [patch(1, "b", key="b")], {1: "by hand"})
    assert fates(found) == [(Fate.DROPPED, (1,), ()), (Fate.NEW, (), (1,))]
    assert found[0].reason == "by hand"


def test_a_file_in_common_makes_no_patch_the_same() -> None:
    def mine(subject: str, text: bytes) -> VersionPatch:
        from credseries.kernel.values import FileChange

        change = FileChange("f.c", ("100644", "100644"), ("a" * 40, text.hex().ljust(40, "0")[:40]), 1, 1)
        return VersionPatch(1, subject, "", "", (), subject, Side(subject, (change,), text))

    assert fates(compare_versions([mine("one", b"1")], [mine("two", b"2")])) == [
        (Fate.DROPPED, (1,), ()),
        (Fate.NEW, (), (1,)),
    ]


@pytest.mark.parametrize(
    ("order", "moved"), [((1, 2, 3), []), ((2, 1, 3), [2]), ((3, 1, 2), [3]), ((2, 3, 1), [1]), ((3, 2, 1), [1, 2])]
)
def test_as_few_as_possible_are_moved(order: tuple[int, ...], moved: list[int]) -> None:
    old = [patch(number, f"p{number}", key=f"k{number}") for number in (1, 2, 3)]
    new = [replace(old[which - 1], number=place) for place, which in enumerate(order, 1)]
    found = compare_versions(old, new)
    assert len([item for item in found if item.moved]) == len(moved)


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)), st.integers(0, 3))
def test_every_patch_of_both_versions_is_told_of_once(
    order: list[int], dropped: set[int], changed: set[int], fresh: int
) -> None:
    old = [patch(number + 1, f"p{number}", site(f"f{number}"), key=f"k{number}") for number in range(6)]
    kept = [replace(old[n], patch_id="other") if n in changed else old[n] for n in order if n not in dropped]
    kept += [patch(0, f"n{number}", key=f"n{number}") for number in range(fresh)]
    new = [replace(item, number=number) for number, item in enumerate(kept, 1)]
    found = compare_versions(old, new)
    assert sorted(number for item in found for number in item.old) == [1, 2, 3, 4, 5, 6]
    assert sorted(number for item in found for number in item.new) == list(range(1, len(new) + 1))
    assert sum(item.fate is Fate.DROPPED for item in found) == len(dropped)
    assert sum(item.fate is Fate.CHANGED for item in found) == len(changed - dropped)
