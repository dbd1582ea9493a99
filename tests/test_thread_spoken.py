"""Words about a trailer are none: what stands in a sentence with a condition, a refusal or a wish is not given."""

from __future__ import annotations

from pathlib import Path

import pytest

from credseries.mail.thread.kinds import waits
from credseries.mail.thread.parts import Part, parts
from credseries.mail.thread.signed import signed_by
from credseries.mail.thread.spoken import spoken_lines
from credseries.series.remarks import Kind
from tests.threadcase import AMIR, BACKING, begun, quoted

MINE = f"Reviewed-by: {AMIR[0]} <{AMIR[1]}>"

SPOKEN = {
    "a condition in the same sentence": f"You can add my\n{MINE}\nif you rename the label.",
    "a condition below": f"Feel free to add\n\n{MINE}\n\nif the label is renamed.",
    "a condition above": f"If you rename the label you can add\n{MINE}",
    "a condition far above": f"Once it is renamed, feel free to take my\n\n{MINE}\nTested-by: A <a@example.org>\n",
    "what is to be done first": f"With the label renamed, feel free to add:\n\n{MINE}",
    "no more than what is to be done": f"With that fixed:\n\n{MINE}",
    "a condition behind it": f"{MINE} if you rename the label",
    "a condition in brackets": f"{MINE} (with the label renamed)",
    "a refusal": f"I won't give my\n{MINE}\nto this.",
    "no more": f"I can no longer give you my\n{MINE}\non this.",
    "taken back": f"Please drop my\n{MINE}\nfrom this patch, it has changed.",
    "taken back above": f"Please remove this from the patch:\n\n{MINE}",
    "a question": f"Did you drop my\n{MINE}\non purpose?",
    "a wish": "Before I take this, I'd like to see a\nReviewed-by: Mira Maintainer <mira@example.net>\nhere.",
    "a wish for one's own": f"Can you add a\n{MINE}\nhere?",
    "one's own sign-off": "You need to add your own\nSigned-off-by: A <a@example.org>\nwhen you send it.",
    "an example": f"The trailers should be in this order:\n\n  {MINE}\n  Signed-off-by: You <you@example.org>\n",
}
GIVEN = {
    "alone": MINE,
    "below praise": f"Looks good to me\n{MINE}",
    "offered": f"You can add my\n{MINE}",
    "offered above": f"Feel free to add:\n\n{MINE}\n",
    "here it is": f"Here is my\n{MINE}",
    "a courtesy": f"If that helps:\n{MINE}",
    "for the next version": f"If you respin, feel free to add:\n\n{MINE}",
    "a sentence above with a condition": f"If the lock is held, this is fine.\n{MINE}",
    "a sentence below with a condition": f"{MINE}\n\nIf you respin, please rename the label.",
    "a test with a condition": f"I ran it once on arm64:\n\nTested-by: {AMIR[0]} <{AMIR[1]}>",
    "thanks below": f"{MINE}\nthanks",
    "a part of it": f"{MINE} # fs/overlayfs only",
    "a remark behind it": f"{MINE}, with one nit",
    "asked for": 'Please add\nFixes: 0123456789ab ("ovl: Break it")\nto this.',
    "asked for one's part": f"This should have\nSuggested-by: {AMIR[0]} <{AMIR[1]}>",
    "said and given": f"I'd have given my\n{MINE}\nif the label had another name, but it is fine:\n\n{MINE}",
}


def trailers_in(words: str, tmp_path: Path) -> tuple[list[str], list[str]]:
    """The trailers that a reply gives (b4 says which there are) and those that it speaks of."""
    talk, ids = begun()
    name = talk.say(AMIR, "Re: [PATCH 2/3] backing-file", f"{quoted(BACKING)}\n{words}\n", to=ids[2], above=(ids[0],))
    signed = signed_by(talk.letters[-1:], tmp_path).get(name)
    if signed is None:
        return [], []
    return [str(one) for one in (*signed.trailers, *signed.mismatched)], [str(one) for one in signed.spoken]


@pytest.mark.parametrize("words", SPOKEN.values(), ids=SPOKEN)
def test_words_about_a_trailer_give_none_and_stay_to_be_read(words: str, tmp_path: Path) -> None:
    given, spoken = trailers_in(words, tmp_path)
    assert given == []
    assert spoken
    found = parts(words, AMIR[0])
    assert Kind.TRAILER not in {part.kind for part in found}
    (about,) = [part for part in found if "-by: " in part.text]
    assert waits(about.kind)


@pytest.mark.parametrize("words", GIVEN.values(), ids=GIVEN)
def test_a_trailer_among_words_is_given_all_the_same(words: str, tmp_path: Path) -> None:
    given, spoken = trailers_in(words, tmp_path)
    assert len(set(given)) == 1
    assert spoken == []
    assert [part.kind for part in parts(words, AMIR[0])].count(Kind.TRAILER) >= 1
    assert spoken_lines(words) == frozenset()


@pytest.mark.parametrize(
    "words",
    [
        "You can add my Reviewed-by if you rename the label.",
        f"You can add my {MINE} if you rename the label.",
        "I'd like to see a Reviewed-by from Mira before I take this.",
        "I'd like to see a\nReviewed-by: from Mira before I take this.",
        "Reviewed-by: lines go below the Signed-off-by.",
        "Fixes: tag is missing",
        "Cc: stable is missing",
        "Link: would be good to have",
    ],
)
def test_the_name_of_a_trailer_in_a_sentence_is_none(words: str, tmp_path: Path) -> None:
    assert trailers_in(words, tmp_path)[0] == []
    assert [part.kind for part in parts(words)] != []
    assert all(waits(part.kind) for part in parts(words))


def test_what_is_asked_for_behind_an_address_is_a_remark_of_its_own() -> None:
    assert parts(f"{MINE}, but please rename the label") == (
        Part(Kind.TRAILER, "a trailer", f"{MINE}, but please rename the label"),
        Part(Kind.REQUEST, "please", "but please rename the label"),
    )


def test_a_missing_trailer_is_a_remark_of_its_own() -> None:
    assert [part.text for part in parts("Please split it.\n\nFixes: tag is missing")] == [
        "Please split it.",
        "Fixes: tag is missing",
    ]
