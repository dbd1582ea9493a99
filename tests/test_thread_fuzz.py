"""A thread with mails mangled at random is read, and nothing that is in it is lost without a word."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.mail.thread.courtesies import bare_words
from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.discussion import Thread, read_thread
from credseries.mail.thread.model import Letter
from credseries.mail.thread.parts import parts
from credseries.mail.thread.posted import posted_series
from credseries.mail.thread.quotes import exchanges
from credseries.mail.thread.replies import sort_replies
from credseries.mail.thread.voices import voices
from credseries.series.remarks import Kind, State
from tests.fuzz_mails import mangled
from tests.mailcorpus import corpus
from tests.test_thread_cli import reviewed

MAILS = {f"{number:02}": mail for number, mail in enumerate(reviewed().mails)}
EVERYTHING = {**MAILS, **corpus()}


def check(thread: Thread, letters: list[Letter]) -> None:
    """What holds of every thread, whatever its mails are."""
    seen = {id(letter) for letter in thread.others}
    for item in thread.discussions:
        seen |= {id(answer.letter) for answer in item.answers}
        seen |= {id(mail.letter) for mail in item.series.by_id.values()}
        seen |= {id(mail.letter) for version in item.series.versions for mail in version.mails.values()}
    ids = [letter.message_id for letter in letters]
    for letter in letters:
        assert id(letter) in seen or ids.count(letter.message_id) > 1, letter.subject
    for item in thread.discussions:
        assert len({remark.id for remark in item.remarks}) == len(item.remarks)
        known = {remark.id for remark in item.remarks}
        for remark in item.remarks:
            assert remark.text.strip()
            assert remark.place is not None
            assert known.issuperset(remark.answers)
            assert (remark.state is State.ANSWERED) <= bool(remark.answers)
            assert (remark.state in (State.ANSWERED, State.ADDRESSED)) <= bool(remark.why)
            if remark.kind in (Kind.TRAILER, Kind.PRAISE):
                assert remark.state is State.NONE


def check_words(thread: Thread, letters: list[Letter]) -> None:
    """Every word that a person says is in one of his remarks, or known to stand around them."""
    first: dict[str, Letter] = {}
    for letter in letters:
        first.setdefault(letter.message_id, letter)
    unique = list(first.values())
    said: dict[str, list[str]] = {}
    for item in thread.discussions:
        for remark in item.remarks:
            said.setdefault(remark.message_id, []).append(remark.text)
    for series, replies in sort_replies(unique, posted_series(unique)).series:
        for voice in voices(series, replies, exchanges):
            text = " ".join(said.get(voice.message_id, [])).split()
            for exchange in voice.exchanges:
                around = " ".join(bare_words(exchange.words, voice.name).around).split()
                missing = set(exchange.words.split()) - set(text) - set(around)
                assert not missing, (voice.message_id, missing)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**32), st.booleans()), max_size=5), st.randoms(use_true_random=False))
def test_whatever_happens_to_mails_all_of_them_are_accounted_for(
    wrecks: list[tuple[int, bool]], chance: random.Random
) -> None:
    """Some are mangled, some are not there, some are there twice, and they come in any order."""
    mails = [mail for mail in MAILS.values() if chance.random() > 0.1]
    mails += [mangled(seed, MAILS if own else EVERYTHING)[1] for seed, own in wrecks]
    chance.shuffle(mails)
    letters = [read_letter(mail) for mail in mails]
    thread = read_thread(letters, {})
    check(thread, letters)
    check_words(thread, letters)


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_mails_does_not_matter(chance: random.Random) -> None:
    mails = list(MAILS.values())
    straight = read_thread([read_letter(mail) for mail in mails], {})
    chance.shuffle(mails)
    shuffled = read_thread([read_letter(mail) for mail in mails], {})

    def told(thread: Thread) -> list[tuple[object, ...]]:
        return sorted(
            (item.id, str(item.place), item.kind, item.state, item.text, item.answers, item.why)
            for found in thread.discussions
            for item in found.remarks
        )

    assert told(shuffled) == told(straight)


@pytest.mark.parametrize("name", sorted(corpus()))
def test_each_variant_that_the_reader_knows_gives_its_remarks(name: str) -> None:
    letter = read_letter(corpus()[name])
    thread = read_thread([letter], {})
    check(thread, [letter])
    check_words(thread, [letter])
    mine = [remark for item in thread.discussions for remark in item.remarks if remark.name == letter.name]
    assert bool(mine) == ("[PATCH" in letter.subject)
    assert bool(thread.others) != bool(mine)


def test_remarks_of_a_long_thread_are_found_at_every_depth() -> None:
    """Deeper than Python's stack, each mail answering the one before it."""
    talk = reviewed()
    above, count = "v1-3@example.org", 1500
    for number in range(count):
        who = ("A", "a@example.com") if number % 2 else ("B", "b@example.com")
        above = talk.say(who, "Re: [PATCH 3/3] ovl: Convert dir.c", f"Why is it {number}?\n", to=above)
    letters = talk.letters
    thread = read_thread(letters, {})
    check(thread, letters)
    [found] = thread.discussions
    mine = [remark for remark in found.remarks if remark.text.startswith("Why is it ")]
    assert len(mine) == count
    assert {remark.place.patch for remark in mine if remark.place} == {3}


def test_parts_take_time_in_proportion_to_the_words() -> None:
    """Brackets that never close, ends of sentences without end, and lists: each is looked at once."""
    for words in ("(a. " * 30_000, "a? " * 30_000, "1. a\n" * 30_000, "nit: x\n\n" * 10_000, "e.g. " * 30_000):
        assert parts(words)
