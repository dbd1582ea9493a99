"""Who answers as the author of a series: who sent it, from whichever address and through whatever."""

from __future__ import annotations

import pytest

from credseries.series.remarks import Authors, State
from tests.threadcase import AMIR, BACKING, PATCHES, ROBOT, ZOE, Talk, begun, quoted

RELAY = (f"{ZOE[0]} via B4 Relay", "devnull+zoe.example.org@kernel.org")
LIST = (f"{ZOE[0]} via linux-unionfs", "linux-unionfs@vger.kernel.org")
ASKED = "Please rename the label."


def answered(talk: Talk, ids: dict[int, str], who: tuple[str, str], author: tuple[str, str] = ZOE) -> State:
    """What becomes of a request when somebody answers it."""
    ask = talk.say(AMIR, "Re: [PATCH 2/3] backing-file", f"{quoted(BACKING, author)}\n{ASKED}\n", to=ids[2])
    body = f"{quoted(ASKED, AMIR)}\nIt has another name already.\n"
    talk.say(who, "Re: [PATCH 2/3] backing-file", body, to=ask, above=(ids[2],))
    [remark] = [item for item in talk.remarks(AMIR) if item.text == ASKED]
    return remark.state


def posted_by(who: tuple[str, str], first: str = "") -> tuple[Talk, dict[int, str]]:
    talk = Talk([])
    ids = {0: talk.say(who, "[PATCH 0/3] overlayfs: Optimize creds", "Why.\n", name="v1-0@example.org")}
    for number, (subject, text) in enumerate(PATCHES, 1):
        name = f"v1-{number}@example.org"
        ids[number] = talk.say(who, f"[PATCH {number}/3] {subject}", first + text, name=name, to=ids[0])
    return talk, ids


@pytest.mark.parametrize(
    "who", [ZOE, (ZOE[0], "zoe@phone.example.com"), ("Z.", ZOE[1].upper())], ids=["both", "name", "address"]
)
def test_the_author_answers_by_name_or_by_address(who: tuple[str, str]) -> None:
    assert answered(*begun(), who) is State.ANSWERED


def test_nobody_else_does() -> None:
    assert answered(*begun(), ("Somebody Else", "else@example.com")) is State.OPEN
    assert answered(*begun(), ("", "")) is State.OPEN


@pytest.mark.parametrize("sender", [RELAY, LIST], ids=["relay", "list"])
def test_what_a_relay_or_a_list_sends_is_of_the_one_whom_it_names(sender: tuple[str, str]) -> None:
    assert answered(*posted_by(sender), ZOE) is State.ANSWERED
    other = (f"{ROBOT[0]} via linux-unionfs", sender[1])
    assert answered(*posted_by(sender), other) is State.OPEN


def test_the_address_that_a_relay_writes_into_a_patch_is_the_author_s() -> None:
    talk, ids = posted_by(RELAY, f"From: {ZOE[0]} <{ZOE[1]}>\n\n")
    assert answered(talk, ids, ("Z. L.", ZOE[1])) is State.ANSWERED


def test_authors_are_told_from_others_whatever_the_case() -> None:
    one = Authors(frozenset({"zoe@example.org"}), ("Zoë",))
    both = one | Authors(frozenset({"z@example.com"}), ("Zoë", "Z."))
    assert both == Authors(frozenset({"zoe@example.org", "z@example.com"}), ("Zoë", "Z."))
    assert both.has("ZOË", "x@example.net")
    assert both.has("", "Z@Example.com")
    assert not both.has("", "")
    assert not Authors().has("Zoë", "zoe@example.org")
