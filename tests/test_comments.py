"""What was said of a series, kept: mails once, decisions with the words that they are about, and what is left to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.errors import StoreDamaged, UsageError
from credseries.mail.comments.decisions import Decision, decide, decision_from_json, named, short_key, words_key
from credseries.mail.comments.stored import Added, keep_decisions, keep_letters, kept_decisions, kept_letters
from credseries.mail.comments.todo import Facts, Given, Heard, PatchSeen, Person, by_patch, by_person, todo
from credseries.mail.thread.model import Letter
from credseries.series.remarks import Authors, Kind, Place, Remark, State
from credseries.series.trailers import Trailer
from credseries.store import Store

CHANGE_ID = "20261123-ovl-creds-0123456789ab"
AMIR, BRAUNER, ME = "amir@example.com", "brauner@example.org", "zoe@example.org"
PLACE = Place(1, 2)
NAMES = {AMIR: "Amir", BRAUNER: "Christian", ME: "Zoë", "lkp@example.com": "kernel test robot"}


def letter(message_id: str, raw: bytes = b"") -> Letter:
    return Letter(message_id, "", (), "Re: x", "Amir", AMIR, None, "text", raw=raw or message_id.encode())


def remark(
    identity: str,
    text: str = "Please split this.",
    *,
    address: str = AMIR,
    place: Place | None = PLACE,
    kind: Kind = Kind.REQUEST,
    state: State = State.OPEN,
    quote: tuple[str, ...] = (),
) -> Remark:
    message_id = identity.rpartition("#")[0]
    return Remark(identity, message_id, NAMES[address], address, "", place, kind, state, quote, text)


def decided_of(item: Remark, state: State | None = State.ADDRESSED, **fields: object) -> dict[str, Decision]:
    return {item.id: replace(Decision(words_key(item), state), **fields)}  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state.sqlite")


# -- mails


def test_a_mail_read_twice_is_there_once(store: Store) -> None:
    first = [letter("a@x", b"From: a\n\n\xff\0raw"), letter("b@x")]
    assert keep_letters(store, CHANGE_ID, first) == Added(2, 0)
    assert keep_letters(store, CHANGE_ID, [letter("b@x"), letter("c@x")]) == Added(1, 1)
    assert kept_letters(store, CHANGE_ID) == (b"From: a\n\n\xff\0raw", b"b@x", b"c@x")


def test_the_first_copy_of_a_mail_stays(store: Store) -> None:
    """A list's copy has a footer; the remarks that have ids already are those of the other."""
    keep_letters(store, CHANGE_ID, [letter("a@x", b"one")])
    keep_letters(store, CHANGE_ID, [letter("a@x", b"two")])
    assert kept_letters(store, CHANGE_ID) == (b"one",)


def test_mails_without_an_id_are_told_apart_by_what_they_are(store: Store) -> None:
    keep_letters(store, CHANGE_ID, [letter("", b"one"), letter("", b"two"), letter("", b"one")])
    assert kept_letters(store, CHANGE_ID) == (b"one", b"two")


def test_two_series_share_a_mail_and_not_what_was_decided(store: Store) -> None:
    keep_letters(store, CHANGE_ID, [letter("a@x")])
    keep_letters(store, "other", [letter("a@x")])
    keep_decisions(store, "other", decided_of(remark("a@x#1")))
    assert kept_letters(store, CHANGE_ID) == kept_letters(store, "other") == (b"a@x",)
    assert store.keys("letters") == ["a@x"]
    assert not kept_decisions(store, CHANGE_ID)


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=6), max_size=6))
def test_in_whatever_parts_mails_are_read_the_same_are_kept(
    tmp_path_factory: pytest.TempPathFactory, boxes: list[list[str]]
) -> None:
    """Each once, in the order in which they came first, and reading all of it again adds nothing."""
    store = Store(tmp_path_factory.mktemp("store") / "state.sqlite")
    mails = [[letter(f"{name}@x") for name in box] for box in boxes]
    new = sum(keep_letters(store, CHANGE_ID, box).new for box in mails)
    everything = [item for box in mails for item in box]
    expected = tuple(dict.fromkeys(item.raw for item in everything))
    assert kept_letters(store, CHANGE_ID) == expected
    assert new == len(expected)
    assert keep_letters(store, CHANGE_ID, everything).new == 0
    assert kept_letters(store, CHANGE_ID) == expected
    store.close()


@pytest.mark.parametrize(
    "value",
    [
        ["a@x"],
        {"letters": ["a@x"], "decisions": {}},
        {"schema": True, "letters": [], "decisions": {}},
        {"schema": 2, "letters": ["a@x"], "decisions": {}},
        {"schema": 1, "letters": "a@x", "decisions": {}},
        {"schema": 1, "letters": [1], "decisions": {}},
        {"schema": 1, "letters": []},
        {"schema": 1, "letters": [], "decisions": {"a@x#1": {"state": "gone", "kind": None}}},
    ],
    ids=["list", "without-schema", "schema-of-a-kind", "later", "letters", "names", "no-decisions", "bad-decision"],
)
def test_what_cannot_be_read_is_refused_and_never_written_over(store: Store, value: object) -> None:
    store.put("remarks", CHANGE_ID, value)
    with pytest.raises(StoreDamaged, match="discussion of"):
        kept_letters(store, CHANGE_ID)
    with pytest.raises(StoreDamaged):
        keep_letters(store, CHANGE_ID, [letter("b@x")])
    with pytest.raises(StoreDamaged):
        keep_decisions(store, CHANGE_ID, decided_of(remark("a@x#1")))
    assert store.get("remarks", CHANGE_ID) == value
    assert store.keys("letters") == []


@pytest.mark.parametrize("value", [None, {"raw": "eA=="}, {"schema": 9, "raw": ""}, {"schema": 1, "raw": "eA=="}, 3])
def test_a_mail_that_cannot_be_read_is_said(store: Store, value: object) -> None:
    keep_letters(store, CHANGE_ID, [letter("a@x")])
    store.put("letters", "a@x", value) if value is not None else store.delete("letters", "a@x")
    with pytest.raises(StoreDamaged, match="the mail a@x"):
        kept_letters(store, CHANGE_ID)


# -- decisions


def test_decisions_come_back_as_they_were_kept(store: Store) -> None:
    one, two = remark("a@x#1"), remark("a@x#2", "Ünïcode\n\nand more")
    kept = {
        **decided_of(one, because="moved backing-file first"),
        **decided_of(two, None, kind=Kind.NIT, link="https://example.org/x"),
    }
    keep_decisions(store, CHANGE_ID, kept)
    assert kept_decisions(store, CHANGE_ID) == kept
    keep_decisions(store, CHANGE_ID, decided_of(one, State.OPEN))
    assert kept_decisions(store, CHANGE_ID)["a@x#1"].state is State.OPEN
    assert kept_decisions(store, CHANGE_ID)["a@x#2"].kind is Kind.NIT
    assert {name: decision_from_json(item.to_json()) for name, item in kept.items()} == kept


@pytest.mark.parametrize(
    ("decision", "kind", "state", "why"),
    [
        (
            Decision("", State.ADDRESSED, None, "moved it"),
            Kind.REQUEST,
            State.ADDRESSED,
            "done, said by hand: moved it",
        ),
        (Decision("", State.DECLINED, None, "", "x@y"), Kind.REQUEST, State.DECLINED, "declined by hand: x@y"),
        (Decision("", State.OPEN), Kind.REQUEST, State.OPEN, "opened again by hand"),
        (Decision("", None, Kind.NIT), Kind.NIT, State.OPEN, "called nit by hand"),
        (Decision("", None, Kind.PRAISE), Kind.PRAISE, State.NONE, "called praise by hand"),
    ],
    ids=["resolved", "declined", "reopened", "a-nit", "praise"],
)
def test_what_is_decided_holds(decision: Decision, kind: Kind, state: State, why: str) -> None:
    item = remark("a@x#1")
    [found] = decide([item], {item.id: replace(decision, about=words_key(item))}).remarks
    assert (found.kind, found.state, found.why) == (kind, state, why)


def test_what_was_taken_for_praise_can_be_made_a_request() -> None:
    item = remark("a@x#1", kind=Kind.PRAISE, state=State.NONE)
    [found] = decide([item], decided_of(item, None, kind=Kind.REQUEST)).remarks
    assert found.state is State.OPEN


def test_a_decision_stays_with_the_words_when_ids_move() -> None:
    """A reader that finds one remark more in a mail counts the others otherwise."""
    asked, other = remark("a@x#1", "Split\nthis."), remark("a@x#2", "And why?")
    decisions = decided_of(asked)
    moved = [remark("a@x#1", "Hm."), remark("a@x#2", "Split this."), remark("a@x#3", "And why?")]
    assert [item.state for item in decide(moved, decisions).remarks] == [State.OPEN, State.ADDRESSED, State.OPEN]
    gone = decide([replace(other, id="a@x#1")], decisions)
    assert gone.remarks[0].state is State.OPEN
    assert gone.lost == ("a@x#1",)


def test_of_two_remarks_with_the_same_words_one_is_decided() -> None:
    both = [remark("a@x#1", "Same here."), remark("a@x#2", "Same here.")]
    found = decide(both, decided_of(both[1])).remarks
    assert [item.state for item in found] == [State.OPEN, State.ADDRESSED]


def test_a_remark_is_named_by_its_id_or_by_a_few_digits() -> None:
    items = [remark(f"m{number}@x#1") for number in range(30)]
    for item in items:
        assert named(item.id, items) is item
        assert named(f"<{item.id}>", items) is item
        assert named(short_key(item), items) is item
    with pytest.raises(UsageError, match="no remark has the id"):
        named(short_key(items[0])[:3], items)
    with pytest.raises(UsageError, match="names 2 remarks"):
        named(short_key(items[0]), [items[0], items[0]])


# -- what is left to do

PATCHES = (PatchSeen(2, 1, "cred: Add"), PatchSeen(2, 2, "ovl: Convert"), PatchSeen(1, 1, "cred: Add"))


def facts(**fields: object) -> Facts:
    base = Facts(version=2, patches=PATCHES, asked=(), heard=(), given=(), authors=Authors(frozenset({ME})))
    return replace(base, **fields)  # type: ignore[arg-type]


def test_open_is_what_others_said_and_nothing_became_of() -> None:
    items = [
        remark("a@x#1"),
        remark("a@x#2", state=State.ANSWERED),
        remark("b@x#1", address=ME),
        remark("c@x#1", address="lkp@example.com", kind=Kind.BOT),
        remark("d@x#1", kind=Kind.PRAISE, state=State.NONE),
        remark("e@x#1", kind=Kind.OTHER),
    ]
    found = todo(items, facts())
    assert [item.id for item in found.open] == ["a@x#1", "e@x#1"]
    assert [item.id for item in found.bots] == ["c@x#1"]


def test_who_was_asked_and_said_nothing() -> None:
    asked = (Person("Amir", AMIR.upper()), Person("Christian", BRAUNER), Person("", BRAUNER.upper()), Person("Z", ME))
    found = todo([], facts(asked=asked, heard=(Heard(1, "Amir", AMIR, "a@x"),)))
    assert [person.address for person in found.silent] == [BRAUNER]


def test_who_spoke_of_an_earlier_version_and_not_of_this_one() -> None:
    items = [
        remark("a@x#1"),
        remark("b@x#1", address=BRAUNER),
        remark("c@x#1", address="lkp@example.com", kind=Kind.BOT),
    ]
    heard = (
        Heard(1, "Amir", AMIR, "a@x"),
        Heard(1, "Christian", BRAUNER, "b@x"),
        Heard(2, "Christian", BRAUNER.title(), "b2@x"),
        Heard(1, "robot", "lkp@example.com", "c@x"),
        Heard(1, "Zoë", ME, "z@x"),
    )
    [person] = todo(items, facts(heard=heard)).not_back
    assert person == Person("Amir", AMIR, "said something of v1")
    assert not todo(items, facts(version=1, heard=heard)).not_back


def test_a_question_of_the_author_waits_until_somebody_answers_it() -> None:
    question = remark("q@x#1", "Through which tree should this go?", address=ME, kind=Kind.QUESTION)
    other = remark("q@x#2", "And when?", address=ME, kind=Kind.QUESTION)
    reply = remark("r@x#1", "Through mine.", quote=("Through which tree", "should this go?"), kind=Kind.OTHER)
    heard = (Heard(1, "Zoë", ME, "q@x", "p@x"), Heard(1, "Amir", AMIR, "r@x", "q@x"))
    assert todo([question, other], facts(heard=heard[:1])).questions == (question, other)
    assert todo([question, other, reply], facts(heard=heard)).questions == (other,)
    assert not todo([question, other, replace(reply, quote=())], facts(heard=heard)).questions
    mine = (heard[0], Heard(1, "Zoë", ME, "r@x", "q@x"))
    assert len(todo([question, other, replace(reply, address=ME)], facts(heard=mine)).questions) == 2


def test_a_trailer_alone_answers_no_question() -> None:
    question = remark("q@x#1", "Why?", address=ME, kind=Kind.QUESTION)
    reply = remark("r@x#1", "Acked-by: A", kind=Kind.TRAILER, state=State.NONE)
    heard = (Heard(1, "Amir", AMIR, "r@x", "q@x"),)
    assert todo([question, reply], facts(heard=heard)).questions == (question,)


def given_trailer(name: str, patch: int, version: int = 2, missing: tuple[int, ...] = ()) -> Given:
    return Given(version, patch, Trailer(name, "Amir <amir@example.com>"), "Amir", "a@x", missing)


@pytest.mark.parametrize(
    ("given_now", "left"),
    [
        ((), [1, 2]),
        ((given_trailer("Reviewed-by", 2),), [1]),
        ((given_trailer("acked-by", 0),), []),
        ((given_trailer("Tested-by", 1),), [1, 2]),
        ((given_trailer("Reviewed-by", 1, version=1),), [1, 2]),
    ],
    ids=["none", "of-one", "of-the-cover", "a-test", "of-v1"],
)
def test_which_patches_have_no_review(given_now: tuple[Given, ...], left: list[int]) -> None:
    assert [patch.number for patch in todo([], facts(given=given_now)).unreviewed] == left


def test_a_patch_sent_with_its_review_has_one() -> None:
    reviewed = replace(PATCHES[0], trailers=(Trailer("Reviewed-by", "A <a@b.c>"),))
    [left] = todo([], facts(patches=(reviewed, *PATCHES[1:]))).unreviewed
    assert left.number == 2


def test_trailers_wait_until_the_branch_has_them() -> None:
    waits, there = given_trailer("Reviewed-by", 1, missing=(1,)), given_trailer("Acked-by", 2)
    assert todo([], facts(given=(waits, there))).trailers == (waits,)


def test_groups_by_patch_and_by_person() -> None:
    items = [
        remark("a@x#1", place=None),
        remark("a@x#2", place=Place(1, 3)),
        remark("b@x#1", place=Place(2, 1), address=BRAUNER),
        remark("a@x#3", place=Place(2, 0)),
        remark("c@x#1", place=Place(1, 3), address=BRAUNER),
    ]
    assert [(key, [item.id for item in mine]) for key, mine in by_patch(items)] == [
        ((2, 0), ["a@x#3"]),
        ((2, 1), ["b@x#1"]),
        ((1, 3), ["a@x#2", "c@x#1"]),
        (None, ["a@x#1"]),
    ]
    assert [(person.name, len(mine)) for person, mine in by_person(items)] == [("Amir", 3), ("Christian", 2)]
