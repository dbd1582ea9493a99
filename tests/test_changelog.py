"""The changelog: what it says, where it stands, and that nobody's lines are lost when it is written again."""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.mail.changelog import RANGE_DIFF_BYTES, bullet, range_diff_text
from credseries.mail.cover import Cover, check_cover, check_notes
from credseries.series.changelog import items_of, join_letter, merge_logs, split_letter, write_log
from credseries.series.trailers import Trailer, parse_trailer, revise, split_message, trailers_of
from credseries.words import numbered

LINK = "- Link to v1: https://patch.msgid.link/20261123-x-v1-0-0123456789ab@example.org"
SOB = "Signed-off-by: Zoë <zoe@example.org>"


# -- the text


@given(st.lists(st.text(max_size=300), min_size=1, max_size=5), st.text(max_size=500))
def test_any_facts_make_a_changelog_that_survives_b4(texts: list[str], rangediff: str) -> None:
    items = [item for text in texts if (item := bullet(text))]
    log = write_log(2, [*items, LINK], range_diff_text(rangediff), 1)
    check_notes(log)
    for line in "\n".join(items).split("\n"):
        longest = max((len(word) for word in line.split()), default=0)
        assert len(line) <= 72 or longest > 68, line
    assert split_letter(join_letter("Subject\n\nBody", log)) == ("Subject\n\nBody", log.strip("\n").rstrip())


def test_a_range_diff_has_a_limit() -> None:
    text = range_diff_text("\n".join(f"{number}: 0123456789ab = the same" for number in range(5000)))
    assert len(text.encode()) < RANGE_DIFF_BYTES + 100
    assert re.search(r"\n  \(\d+ more lines of 5000 are left out\)$", text)


def test_a_line_of_dashes_without_a_changelog_below_is_no_letter() -> None:
    check_cover(Cover("subject", f"Body.\n\n---\n{write_log(2, [LINK])}"))
    with pytest.raises(Exception, match="---"):
        check_cover(Cover("subject", "Body.\n\n---\n\nMore."))


def test_numbers_in_ranges() -> None:
    assert numbered([3]) == "patch 3"
    assert numbered([1, 2, 4, 5, 6, 9]) == "patches 1, 2, 4-6, 9"


# -- written again


def test_b4s_template_is_filled_in() -> None:
    now = f"Changes in v2:\n- EDITME: describe what is new in this series revision.\n- EDITME: x.\n{LINK}"
    fresh = write_log(2, ["- a: changed", LINK])
    assert merge_logs("", fresh, now) == fresh


def test_what_the_author_wrote_stays_where_it_stands() -> None:
    before = write_log(2, ["- a: changed", "- b: new", LINK])
    now = "Changes in v2:\n- a: changed\n- mine, of two\n  lines\n- b: new\n* and mine\n\nA paragraph.\n" + LINK
    fresh = write_log(2, ["- a: changed", "- c: new", LINK])
    merged = merge_logs(before, fresh, now)
    assert merged == (
        "Changes in v2:\n- a: changed\n- mine, of two\n  lines\n* and mine\n\nA paragraph.\n- c: new\n" + LINK
    )
    assert merge_logs(fresh, fresh, merged) == merged


def test_what_the_author_took_out_stays_out() -> None:
    before = write_log(2, ["- a: changed", "- b: new", LINK])
    now = write_log(2, ["- b: new", LINK])
    assert merge_logs(before, before, now) == now


def test_an_item_put_into_other_words_is_the_authors() -> None:
    before = write_log(2, ["- a: changed (+1 -1 lines)", LINK])
    now = write_log(2, ["- a: use a guard", LINK])
    assert merge_logs(before, before, now) == now


def test_older_versions_other_notes_and_a_head_of_the_authors_stay() -> None:
    v2 = "Changes in v2 (thanks, Amir):\n- a: changed\n- mine\n" + LINK
    now = f"My notes.\n---\n{v2}\n---\nMore notes."
    fresh = write_log(3, ["- b: new", "- Link to v2: https://x/y@z"])
    merged = merge_logs(write_log(2, ["- a: changed", LINK]), fresh, now)
    assert merged == f"My notes.\n---\n{fresh}\n\n{v2}\n---\nMore notes."


def test_a_range_diff_is_replaced_and_stays_last() -> None:
    now = write_log(2, ["- a: changed", LINK], "  1: a = 1: b", 1)
    assert merge_logs(now, write_log(2, ["- a: changed", LINK], "  1: a ! 1: c", 1), now).endswith("  1: a ! 1: c")
    assert "Range-diff" not in merge_logs(now, write_log(2, ["- a: changed", LINK]), now)


_ITEMS = st.lists(st.text("abc", min_size=1, max_size=4).map(lambda text: f"- {text}"), unique=True, max_size=6)


@given(_ITEMS, _ITEMS, _ITEMS)
def test_no_line_of_the_authors_is_ever_lost(before: list[str], fresh: list[str], now: list[str]) -> None:
    written, made, mine = (write_log(2, [*items, LINK]) for items in (before, fresh, now))
    merged = items_of(merge_logs(written, made, mine), 2)
    assert set(now) - set(before) <= set(merged)
    assert set(fresh) - (set(before) - set(now)) <= set(merged)
    assert len(merged) == len(set(merged))
    again = merge_logs(made, made, merge_logs(written, made, mine))
    assert again == merge_logs(written, made, mine)


# -- trailers


MESSAGES = (
    f"subject\n\nBody.\n\n{SOB}\n",
    f"subject\n\nBody.\n\nSuggested-by: Amir <a@example.org>\n{SOB}\n",
    f"subject\n\nBody.\n\nLink: https://lore.kernel.org/r/x@y\n[zoe: a note]\n{SOB}\n",
    "subject\n\nBody without any.\n",
    f"subject\n\n{SOB}\n",
)
NEW = (
    "Reviewed-by: Amir <a@example.org>",
    "Link: https://patch.msgid.link/x@y",
    "Suggested-by: AMIR <a@example.org>",
)


@pytest.mark.parametrize("message", MESSAGES)
def test_trailers_go_where_b4_puts_them(message: str) -> None:
    import argparse

    import b4

    b4.setup_config(argparse.Namespace(config={}))
    b4.USER_CONFIG.update({"name": "Zoë", "email": "zoe@example.org"})
    mail = EmailMessage()
    subject, _, body = message.partition("\n\n")
    mail["Subject"], mail["Message-Id"] = f"[PATCH] {subject}", "<x@y>"
    mail.set_payload(
        body + "---\n x | 1 +\n 1 file changed, 1 insertion(+)\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n", "utf-8"
    )
    theirs = b4.LoreMessage(mail)
    for line in NEW:
        name, _, value = line.partition(": ")
        theirs.followup_trailers.append(b4.LoreTrailer(name, value))
    theirs.fix_trailers()
    parsed = [trailer for line in NEW if (trailer := parse_trailer(line)) is not None]
    ours = revise(message, parsed, (), "Zoë <zoe@example.org>")
    assert ours.rstrip("\n") == theirs.message.partition("\n---\n")[0].rstrip("\n")


def test_a_trailer_that_goes_takes_its_note_along() -> None:
    message = f"s\n\nBody.\n\nReviewed-by: A <a@b.c>\n[a note]\n{SOB}\n"
    [review, _] = trailers_of(message)
    assert review == Trailer("Reviewed-by", "A <a@b.c>", "[a note]")
    assert revise(message, (), [review], "Zoë <zoe@example.org>") == f"s\n\nBody.\n\n{SOB}\n"


def test_notes_below_a_line_stay_and_hold_no_trailers() -> None:
    message = f"s\n\nBody.\n\n{SOB}\n---\nv2: x\nReviewed-by: N <n@b.c>\n"
    [own] = trailers_of(message)
    review = Trailer("Reviewed-by", "A <a@b.c>")
    changed = revise(message, [review], (), own.value)
    assert changed == f"s\n\nBody.\n\n{review}\n{SOB}\n---\nv2: x\nReviewed-by: N <n@b.c>\n"


@pytest.mark.parametrize("message", [*MESSAGES, "one line", "odd\n\n\n\nspaces  \n\n"])
def test_nothing_to_do_leaves_a_message_alone(message: str) -> None:
    assert revise(message, (), (), "Zoë <zoe@example.org>") == message
    assert split_message(message)[0]
