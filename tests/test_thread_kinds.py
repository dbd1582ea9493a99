"""What a sentence of a review is, how words part into remarks, and that no word gets lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from credseries.mail.thread.courtesies import bare_words
from credseries.mail.thread.kinds import judge
from credseries.mail.thread.parts import parts
from credseries.series.remarks import Kind

REQUEST, QUESTION, PRAISE, NIT, TRAILER, OTHER = (
    Kind.REQUEST,
    Kind.QUESTION,
    Kind.PRAISE,
    Kind.NIT,
    Kind.TRAILER,
    Kind.OTHER,
)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (REQUEST, "Please split this into two patches."),
        (REQUEST, "Could you say which machine this ran on?"),
        (REQUEST, "Can this be moved to a helper?"),
        (REQUEST, "Why not use a scoped guard here?"),
        (REQUEST, "I wonder whether a flag would be simpler."),
        (REQUEST, "This should go through the VFS tree."),
        (REQUEST, "Use the helper from the first patch here."),
        (REQUEST, "Also drop the second argument."),
        (REQUEST, "It would be nice to have a comment on that."),
        (REQUEST, "I'd like to see numbers for a loop mount."),
        (REQUEST, "This leaks the dentry on the error path."),
        (REQUEST, "I don't think that is right."),
        (REQUEST, "The return value is ignored."),
        (REQUEST, "Looks good, but please rename the label."),
        (REQUEST, "Same here."),
        (REQUEST, "How about calling it ovl_begin()?"),
        (REQUEST, "Let\u2019s keep the old name."),
        (QUESTION, "Why is the reference needed?"),
        (QUESTION, "Can this race with umount?"),
        (QUESTION, "I am wondering how much of it comes from the counter."),
        (QUESTION, "I don't understand why the lock is taken twice."),
        (QUESTION, "Is this really safe?"),
        (PRAISE, "That is very impressive."),
        (PRAISE, "Looks good to me."),
        (PRAISE, "LGTM"),
        (PRAISE, "Nice cleanup!"),
        (PRAISE, "Thanks for doing this!"),
        (PRAISE, "Makes sense."),
        (PRAISE, "Otherwise looks fine to me."),
        (PRAISE, "Applied, thanks."),
        (NIT, "nit: the blank line can go"),
        (NIT, "Typo in the comment above."),
        (NIT, "s/recieve/receive/"),
        (NIT, "Trailing whitespace."),
        (TRAILER, "Reviewed-by: Amir Reviewer <amir@example.com>"),
        (TRAILER, 'Fixes: 0123456789ab ("ovl: Break it")'),
        (TRAILER, "+ Christian"),
        (OTHER, "I tested this on arm64."),
        (OTHER, "Once the helpers are merged, the rest can be converted independently."),
        (OTHER, "The mount is created by the init process."),
    ],
    ids=lambda value: value.value if isinstance(value, Kind) else "-".join(value.split()[:4]),
)
def test_a_sentence_is_what_people_mean_by_it(kind: Kind, sentence: str) -> None:
    assert judge(sentence).kind is kind, judge(sentence)


def test_what_is_said_is_known_by_a_named_rule_and_what_is_not_by_none() -> None:
    assert judge("Please split this.").rule == "please"
    assert judge("The mount is created by init.").rule == ""


@pytest.mark.parametrize(
    "sentence",
    ["This looks good if the lock is held.", "Nice, but this should be two patches.", "It is not really good."],
    ids=["if", "but", "not"],
)
def test_praise_with_a_reserve_is_none(sentence: str) -> None:
    assert judge(sentence).kind is not PRAISE


def kinds_of(words: str, name: str = "Amir Reviewer") -> list[Kind]:
    return [part.kind for part in parts(words, name)]


def test_the_sentences_of_one_paragraph_are_remarks_of_their_own() -> None:
    words = (
        "That is very impressive.\nCan you say which workload it was?\nAnd I am wondering how much\nis the counter's."
    )
    assert kinds_of(words) == [PRAISE, REQUEST, QUESTION]
    assert parts(words)[2].text == "And I am wondering how much\nis the counter's."


def test_what_no_rule_knows_belongs_to_what_is_asked_for_beside_it() -> None:
    assert kinds_of("The patch is large. Please split it. The files have other owners.") == [REQUEST]
    assert kinds_of("Why twice? The caller holds it.") == [QUESTION]


def test_paragraphs_stand_by_themselves() -> None:
    assert kinds_of("Please split it.\n\nThe files have other owners.") == [REQUEST, OTHER]


def test_praise_takes_nothing_with_it_that_is_not_understood() -> None:
    assert kinds_of("Nice work. The caller drops the lock here.") == [PRAISE, OTHER]


def test_items_are_requests_of_their_own_when_several_are_announced() -> None:
    words = "Some comments:\n\n1. typo in the subject\n2. please add a Fixes tag\n3. the lock order\n   is new"
    assert kinds_of(words) == [NIT, REQUEST, OTHER]
    assert "3. the lock order\n   is new" in parts(words)[2].text


def test_items_are_asked_for_when_the_line_above_asks_for_them() -> None:
    assert kinds_of("Please change these things:\n- the name\n- the order") == [REQUEST, REQUEST, REQUEST]


def test_the_steps_of_one_request_stay_together() -> None:
    words = "I wonder if we are not better off with this order:\n\n1. convert the helper\n2. convert the rest"
    assert kinds_of(words) == [REQUEST]
    assert parts(words)[0].text.endswith("2. convert the rest")


def test_a_request_in_brackets_is_one_of_its_own() -> None:
    words = "This should go through the VFS tree (please CC fsdevel next time)."
    assert [(part.kind, part.text) for part in parts(words)][1] == (REQUEST, "please CC fsdevel next time")
    assert kinds_of("(please CC fsdevel next time)") == [REQUEST]


def test_code_belongs_to_the_words_above_it() -> None:
    words = "Please write it like this:\n\n\tif (err)\n\t\treturn err;\n\nWhy is it static?"
    assert kinds_of(words) == [REQUEST, QUESTION]
    assert "return err;" in parts(words)[0].text


def test_everything_below_the_word_nit_in_a_paragraph_is_one() -> None:
    assert kinds_of("Nit: this could be shorter. Please use the macro.") == [NIT]


def test_trailers_are_remarks_of_their_own_with_their_rest() -> None:
    words = "Looks good.\n\nReviewed-by: A Very Long Name Indeed\n <long@example.org>\nTested-by: B <b@example.org>"
    assert kinds_of(words) == [PRAISE, TRAILER, TRAILER]
    assert "long@example.org" in parts(words)[1].text


def test_greetings_farewells_and_signatures_are_no_remarks() -> None:
    words = "Hi Zoë,\n\nPlease split it.\n\nThanks,\nAmir\n-- \nAmir Reviewer\nKernel people, Haifa"
    assert kinds_of(words) == [REQUEST]
    assert kinds_of("Hi,\n\nBest regards,\nAmir.") == []
    assert kinds_of("Dear all,\nCheers,\nA.R.", "Amir Reviewer") == []


def test_text_below_a_signature_mark_is_read_when_it_is_no_signature() -> None:
    words = "Yes.\n--\n" + "\n".join(f"Please change line {number}." for number in range(20))
    assert kinds_of(words).count(REQUEST) == 20


WORDS = """please split this why is it safe? nice work. the lock (and more) typo: 1. 2. - reviewed-by: A <a@b> if (x)
return; e.g. hi cheers -- thanks, lgtm # @@ > +"""
WORD = st.sampled_from([*WORDS.split(), "\n", "\n\n", "\t", "", "-- \n"])


@settings(max_examples=300, deadline=None)
@example("please (and please more)", "")
@given(st.lists(WORD, max_size=60).map(" ".join), st.sampled_from(["", "Amir Reviewer"]))
def test_no_word_gets_lost(words: str, name: str) -> None:
    """All words are in a remark or in what is known to stand around them; none is there that was not."""
    kept = " ".join(part.text for part in parts(words, name))
    around = " ".join(bare_words(words, name).around)
    there = f"{kept} {around}".split()
    for word in words.split():
        assert word in there
    assert all(word in words for word in there)  # what is asked for in brackets is there without them too


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_any_text_can_be_parted(words: str) -> None:
    for part in parts(words):
        assert part.text.strip()
