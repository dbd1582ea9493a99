"""A mail of a public list, which quotes a review that is not at hand: what the reviewer asked for is found in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.discussion import Discussion, read_thread
from credseries.series.remarks import Kind, Remark, State

MAIL = Path(__file__).parent / "mail" / "rfc-v2-reply.txt"
REVIEWER, AUTHOR = "Amir Goldstein", "Vinicius Costa Gomes"


@pytest.fixture(scope="module")
def talk() -> Discussion:
    [found] = read_thread([read_letter(MAIL.read_bytes())], {}).discussions
    return found


def the(talk: Discussion, words: str) -> Remark:
    [found] = [item for item in talk.remarks if words in " ".join(item.text.split()) and item.name == REVIEWER]
    return found


def test_the_subject_tells_the_version_and_the_quotes_tell_the_author(talk: Discussion) -> None:
    assert talk.series.title == "overlayfs: Optimize override/revert creds"
    assert talk.authors.names == (AUTHOR,)
    assert {(item.place.version, item.place.patch) for item in talk.remarks if item.place} == {(2, 0)}
    assert {item.name for item in talk.remarks} == {REVIEWER, AUTHOR}


@pytest.mark.parametrize(
    ("words", "kind", "quote", "answer"),
    [
        ("which workloads were running", Kind.REQUEST, "practically gone", "docker image to run a wordpress"),
        ("how much of the improvement came from", Kind.QUESTION, "practically gone", "removing the backing ops patch"),
        ("1. convert backing_file.c", Kind.REQUEST, "", "open to propose (1) first"),
        ("go in via Christian's tree", Kind.REQUEST, "", "Of course"),
        ("please CC fsdevel next time", Kind.REQUEST, "", "Will CC fsdevel"),
    ],
    ids=["workloads", "which-share", "split-in-order", "through-which-tree", "cc-fsdevel"],
)
def test_each_request_of_the_reviewer_is_found_with_the_answer_to_it(
    talk: Discussion, words: str, kind: Kind, quote: str, answer: str
) -> None:
    by_id = {item.id: item for item in talk.remarks}
    candidates = [
        item
        for item in talk.remarks
        if item.name == REVIEWER and words in " ".join(item.text.split()) and item.kind is kind
    ]
    asked = min(candidates, key=lambda item: len(item.text))
    assert quote in " ".join(asked.quote)
    assert asked.state is State.ANSWERED
    assert asked.why.startswith("answered in <")
    answered = [by_id[name] for name in asked.answers]
    assert {item.name for item in answered} == {AUTHOR}
    assert any(answer in " ".join(item.text.split()) for item in answered)


def test_the_order_of_the_two_parts_stays_in_one_request(talk: Discussion) -> None:
    split = the(talk, "course of action")
    assert split.text.index("1. convert backing_file.c") < split.text.index("2. convert overlayfs")


def test_what_the_answer_does_not_reach_stays_open(talk: Discussion) -> None:
    assert the(talk, "according to this merge order").state is State.OPEN
    assert the(talk, "work on the review in parallel").kind is Kind.OTHER


def test_praise_waits_for_nothing(talk: Discussion) -> None:
    praise = the(talk, "very impressive")
    assert (praise.kind, praise.state) == (Kind.PRAISE, State.NONE)


def test_no_word_of_either_is_lost(talk: Discussion) -> None:
    """Everything in the mail that is no quote of the series itself, no introduction, and no farewell."""
    text = " ".join(" ".join(item.text.split()) for item in talk.remarks)
    for line in MAIL.read_text().split("\n"):
        words = " ".join(line.removeprefix(">").split())
        is_quote = line.startswith((">>", ">  ", "> >"))
        introduces = words.startswith("On Fri, Jan 26") or words.endswith(("wrote:", "writes:"))
        if not is_quote and not introduces and len(words) > 40 and not line.startswith(("Re:", "Date:", "From:")):
            assert words in text, line


def test_the_same_mail_gives_the_same_ids(talk: Discussion) -> None:
    [again] = read_thread([read_letter(MAIL.read_bytes())], {}).discussions
    assert [item.id for item in again.remarks] == [item.id for item in talk.remarks]
    assert len({item.id for item in talk.remarks}) == len(talk.remarks)
