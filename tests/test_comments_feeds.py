"""What a discussion feeds: who is named in a changelog and for what, which mails count, the versions they are about."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.kernel.git import Repository
from credseries.mail.b4adapter import read_mails_in
from credseries.mail.comments.belonging import belonging
from credseries.mail.comments.versions import known_versions
from credseries.mail.cover import render_cover
from credseries.mail.thread.model import Letter
from credseries.series import saved
from credseries.series.credits import credits_of
from credseries.series.remarks import Authors, Kind, Place, Remark, State
from credseries.series.told import Credit
from credseries.series.versions import Became, Fate
from tests.mailcase import BRANCH, CHANGE_ID, Tree, make_series, make_tree, put_on_branch

OWN = Authors(frozenset({"zoe@example.org"}))
BECAME = (
    Became(Fate.UNCHANGED, (1,), (1,), "cred: Add"),
    Became(Fate.SPLIT, (2,), (2, 3), "ovl: Convert"),
    Became(Fate.UNCHANGED, (3,), (4,), "backing-file: Convert", moved=True),
)


def remark(
    patch: int | None,
    *,
    kind: Kind = Kind.REQUEST,
    state: State = State.OPEN,
    file: str = "",
    version: int = 1,
    address: str = "amir@example.com",
) -> Remark:
    place = Place(version, patch, file) if patch is not None else None
    return Remark("a@x#1", "a@x", "Amir", address, "", place, kind, state, (), "Please.")


# -- who is named


@pytest.mark.parametrize(
    ("item", "is_named"),
    [
        (remark(2), True),
        (remark(3), True),
        (remark(1), False),
        (remark(2, file="fs/x.c", state=State.ADDRESSED), True),
        (remark(2, file="fs/x.c"), False),
        (remark(2, file="fs/x.c", state=State.ANSWERED), False),
        (remark(2, state=State.ANSWERED), True),
        (remark(2, state=State.DECLINED), False),
        (remark(2, kind=Kind.PRAISE, state=State.NONE), False),
        (remark(2, kind=Kind.TRAILER, state=State.NONE), False),
        (remark(2, kind=Kind.BOT), True),
        (remark(2, address="ZOE@example.org"), False),
        (remark(2, version=2), False),
        (remark(0), False),
        (remark(None), False),
    ],
    ids=[
        *("split", "moved", "unchanged", "its-place-changed", "its-place-did-not", "answered-place", "answered"),
        *("declined", "praise", "trailer", "bot", "own", "another-version", "cover", "nowhere"),
    ],
)
def test_those_are_named_whose_remark_the_version_addresses(item: Remark, is_named: bool) -> None:
    found = credits_of([item], 1, BECAME, {}, OWN)
    assert found == ([Credit(item.place.patch, "Amir", "a@x")] if is_named and item.place is not None else [])


@pytest.mark.parametrize("patch", [0, 1, 2])
def test_what_the_author_says_was_done_is_told_whatever_can_be_seen(patch: int) -> None:
    item = remark(patch, file="fs/x.c", state=State.ADDRESSED)
    [credit] = credits_of([item], 1, BECAME, {item.id: "moved backing-file first"}, OWN)
    assert credit == Credit(patch, "Amir", "a@x", "moved backing-file first")


def test_one_person_is_named_once_for_a_patch_in_one_mail() -> None:
    assert len(credits_of([remark(2), remark(2)], 1, BECAME, {}, OWN)) == 1


# -- which mails


def letter(name: str, parent: str = "", *references: str) -> Letter:
    return Letter(name, parent, references, "", "", "", None, "")


def test_a_mail_belongs_by_what_it_answers_and_by_what_answers_it() -> None:
    letters = [letter("a", "root"), letter("b", "gone", "root"), letter("c", "a"), letter("up"), letter("root", "up")]
    others = [letter("x", "y"), letter("", "root"), letter("z")]
    assert belonging([*letters, *others], {"root"}) == letters
    assert belonging(letters, set()) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["", *"abcdefgh"])), unique_by=lambda pair: pair[0]
    ),
    st.permutations("abcdefgh"),
)
def test_the_order_of_mails_does_not_matter(pairs: list[tuple[str, str]], order: list[str]) -> None:
    """Nor do loops of answers: whoever makes some up must not make the reader wait."""
    letters = [letter(name, parent) for name, parent in pairs]
    mixed = sorted(letters, key=lambda item: order.index(item.message_id))
    one, two = belonging(letters, {"a"}), belonging(mixed, {"a"})
    assert {item.message_id for item in one} == {item.message_id for item in two}
    assert belonging(one, {"a"}) == one


# -- the versions as mails


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = make_tree(tmp_path / "linux")
    series = make_series(tree.base, tree.tip)
    put_on_branch(tree.path, series, render_cover(series))
    return tree


def test_the_version_on_the_branch_reads_as_the_patches_that_it_is(tree: Tree) -> None:
    repo = Repository.discover(tree.path)
    [version] = known_versions(repo, saved.current(repo, BRANCH))
    assert (version.version, version.out, len(version.patches)) == (1, False, 3)
    read = read_mails_in(repo.git_dir, version.mails)
    assert [(mail.number, mail.version, mail.is_reply, mail.has_diff) for mail in read] == [
        (0, 1, False, False),
        *((number, 1, False, True) for number in (1, 2, 3)),
    ]
    assert [mail.title for mail in read[1:]] == [patch.subject for patch in version.patches]
    assert [mail.in_reply_to for mail in read] == ["", *[read[0].message_id] * 3]
    assert read[0].title == "overlayfs: Optimize override/revert creds"
    assert CHANGE_ID in read[0].body
    assert all(mail.message_id.endswith(".invalid") for mail in read)


def test_mails_of_versions_keep_what_is_not_ascii(tree: Tree) -> None:
    repo = Repository.discover(tree.path)
    [version] = known_versions(repo, saved.current(repo, BRANCH))
    third = message_from_bytes(version.mails[3], policy=policy.default)
    assert "ünd nöch länger" in str(third["Subject"])
    assert str(third["From"]).startswith("Zoë Łukaszewicz <")
    assert b"light: \xc3\xa9" in version.mails[1]
    assert all(b"\n\n" in mail and b"\r" not in mail.split(b"\n\n")[0] for mail in version.mails)
