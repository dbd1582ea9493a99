"""Threads as people make them: who said what about which patch, and what became of it."""

from __future__ import annotations

import pytest

from credseries.series.remarks import Kind, Place, State
from tests.threadcase import AMIR, BACKING, COVER, DIR, HELPERS, MIRA, PATCHES, ZOE, Talk, begun, patch_text, quoted

DIR_HEAD = "\n".join(DIR.split("\n")[:19])
COVER_REPLY = "Re: [PATCH 0/3] overlayfs: Optimize creds"
DIR_REPLY = "Re: [PATCH 3/3] ovl: Convert dir.c"
NEW_DIR = DIR.replace("+\tguard(cred)(dentry);\n \terr = work", "+\tguard(cred)(dentry->d_sb);\n \terr = work")


def kinds(talk: Talk, who: tuple[str, str] = AMIR) -> list[tuple[Kind, State]]:
    return [(item.kind, item.state) for item in talk.remarks(who)]


# -- where a remark belongs


def test_a_remark_below_a_quoted_line_is_bound_to_that_line() -> None:
    talk, ids = begun()
    upper, lower = DIR.split("-\trevert(old);")[:2]
    body = quoted(upper + "-\trevert(old);") + "\nWhy is this safe?\n\n"
    body += "\n".join(f"> {line}" for line in (lower + "-\trevert(old);").strip("\n").split("\n")) + "\n\nSame here.\n"
    talk.say(AMIR, DIR_REPLY, body, to=ids[3])
    first, second = talk.remarks(AMIR)
    assert first.place == Place(1, 3, "fs/overlayfs/dir.c", "ovl_remove", 45, removed=True)
    assert second.place == Place(1, 3, "fs/overlayfs/dir.c", "ovl_create", 85, removed=True)
    assert (first.kind, second.kind) == (Kind.QUESTION, Kind.REQUEST)


def test_a_remark_below_the_message_belongs_to_the_patch() -> None:
    talk, ids = begun()
    talk.say(AMIR, DIR_REPLY, quoted("All of the directory operations.") + "\nPlease say which.\n", to=ids[3])
    [remark] = talk.remarks(AMIR)
    assert remark.place == Place(1, 3)
    assert remark.quote == ("All of the directory operations.",)


def test_a_mail_without_in_reply_to_is_found_by_its_subject() -> None:
    talk, _ = begun()
    talk.say(AMIR, DIR_REPLY, "Why all of them?\n")
    [remark] = talk.remarks(AMIR)
    assert remark.place == Place(1, 3)


def test_a_reply_to_a_patch_of_which_only_the_cover_letter_is_here() -> None:
    talk = Talk([])
    root = talk.say(ZOE, "[PATCH 0/3] overlayfs: Optimize creds", COVER, name="root@example.org")
    talk.say(AMIR, DIR_REPLY, "Why all of them?\n", to="gone@example.org", above=[root])
    [remark] = talk.remarks(AMIR)
    assert remark.place == Place(1, 3)
    assert any("patches 1-3 are not here" in problem for problem in talk.discussion().problems)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("Please split patch 3.", Place(1, 3)),
        ("Why is 2/3 needed?", Place(1, 2)),
        ("Please move the change of backing_file.c to the front.", Place(1, 2, "fs/backing-file.c")),
        ("Please look at dir.c and cred.h again.", Place(1, 0)),
        ("Why are patches 2 and patch 3 separate?", Place(1, 0)),
        ("Why 7/9?", Place(1, 0)),
        ("Please describe the workload.", Place(1, 0)),
    ],
    ids=["number", "of-total", "file", "two-files", "two-numbers", "other-total", "nothing"],
)
def test_what_is_said_of_a_cover_letter_is_bound_to_a_patch_that_it_alone_names(words: str, place: Place) -> None:
    talk, ids = begun()
    talk.say(AMIR, COVER_REPLY, quoted("Some workloads suffer from contention.") + f"\n{words}\n", to=ids[0])
    [remark] = talk.remarks(AMIR)
    assert remark.place == place


def test_items_of_a_list_stand_for_the_files_that_they_name() -> None:
    talk, ids = begun()
    body = "I wonder if this order is not better:\n\n1. convert backing-file.c\n2. convert dir.c\n\n"
    talk.say(AMIR, COVER_REPLY, body + "#2 should go through the overlayfs tree.\n", to=ids[0])
    assert [item.place for item in talk.remarks(AMIR)] == [Place(1, 0), Place(1, 3, "fs/overlayfs/dir.c")]


def test_a_line_of_the_list_of_patches_stands_for_the_patch() -> None:
    talk, ids = begun()
    talk.say(AMIR, COVER_REPLY, quoted("  ovl: Convert dir.c") + "\nWhy only this one?\n", to=ids[0])
    assert talk.remarks(AMIR)[0].place == Place(1, 3)


# -- what a mailer has done to it


def test_top_posting_is_a_remark_on_the_patch() -> None:
    talk, ids = begun()
    talk.say(AMIR, DIR_REPLY, "Please split this.\n\n" + quoted(DIR), to=ids[3])
    [remark] = talk.remarks(AMIR)
    assert (remark.place, remark.kind) == (Place(1, 3), Kind.REQUEST)


def test_lines_that_a_mailer_has_wrapped_are_bound_all_the_same() -> None:
    talk, ids = begun()
    body = f"On Monday, {ZOE[0]} wrote:\n"
    body += "> @@ -160,9 +160,8 @@ ssize_t read_iter(struct file *file,\n> struct iov_iter *iter)\n"
    body += ">  {\n>    ssize_t ret;\n>\n> -   old = override(ctx->cred);\n\nWhy?\n"
    talk.say(AMIR, "Re: [PATCH 2/3] backing-file: Convert to guard", body, to=ids[2])
    [remark] = talk.remarks(AMIR)
    assert remark.place == Place(1, 2, "fs/backing-file.c", "read_iter", 163, removed=True)


def test_text_behind_the_last_quote_is_no_quote_of_it() -> None:
    talk, ids = begun()
    talk.say(
        AMIR,
        DIR_REPLY,
        quoted(DIR) + "\nLooks good to me.\n\nReviewed-by: Amir Reviewer <amir@example.com>\n",
        to=ids[3],
    )
    assert kinds(talk) == [(Kind.PRAISE, State.NONE), (Kind.TRAILER, State.NONE)]


# -- who answers whom


def asked(talk: Talk, ids: dict[int, str], words: str = "Why are both converted?") -> str:
    return talk.say(AMIR, DIR_REPLY, quoted(DIR_HEAD) + f"\n{words}\n", to=ids[3])


def test_the_author_answers_below_the_quote() -> None:
    talk, ids = begun()
    question = asked(talk, ids)
    answer = talk.say(
        ZOE, DIR_REPLY, quoted("Why are both converted?", AMIR) + "\nThey share the helper.\n", to=question
    )
    [remark] = talk.remarks(AMIR)
    assert (remark.state, remark.answers) == (State.ANSWERED, (f"{answer}#1",))
    assert remark.why == f"answered in <{answer}>"


def test_an_answer_has_the_place_of_what_it_answers() -> None:
    talk, ids = begun()
    question = asked(talk, ids)
    talk.say(ZOE, DIR_REPLY, quoted("Why are both converted?", AMIR) + "\nThey share the helper.\n", to=question)
    [remark], [answer] = talk.remarks(AMIR), talk.remarks(ZOE)
    assert remark.place is not None
    assert remark.place.file == "fs/overlayfs/dir.c"
    assert answer.place == remark.place


def test_a_quote_with_nothing_below_it_is_no_answer() -> None:
    talk, ids = begun()
    question = asked(talk, ids)
    talk.say(ZOE, DIR_REPLY, quoted("Why are both converted?", AMIR) + "\n-- \nZoë\n", to=question)
    assert talk.remarks(AMIR)[0].state is State.OPEN


def test_another_reviewer_is_not_the_author() -> None:
    talk, ids = begun()
    question = asked(talk, ids)
    talk.say(MIRA, DIR_REPLY, quoted("Why are both converted?", AMIR) + "\nI wonder about that too.\n", to=question)
    assert talk.remarks(AMIR)[0].state is State.OPEN


def test_only_what_is_quoted_is_answered() -> None:
    talk, ids = begun()
    words = "Why are both converted?\n\nPlease split the patch.\n\nThe second one is hot."
    question = asked(talk, ids, words)
    talk.say(ZOE, DIR_REPLY, quoted("Please split the patch.", AMIR) + "\nWill do.\n", to=question)
    assert [item.state for item in talk.remarks(AMIR)] == [State.OPEN, State.ANSWERED, State.OPEN]


def test_an_answer_without_quotes_is_one_when_one_remark_waits() -> None:
    talk, ids = begun()
    one = asked(talk, ids)
    talk.say(ZOE, DIR_REPLY, "They share the helper.\n", to=one)
    two = asked(talk, ids, "Please rename it.\n\nWhy is it static?")
    talk.say(ZOE, DIR_REPLY, "Sure.\n", to=two)
    assert [item.state for item in talk.remarks(AMIR)] == [State.ANSWERED, State.OPEN, State.OPEN]


def test_a_question_of_the_author_is_answered_by_others() -> None:
    talk, ids = begun()
    question = asked(talk, ids)
    back = talk.say(ZOE, DIR_REPLY, quoted("Why are both converted?", AMIR) + "\nShould I split it?\n", to=question)
    assert talk.remarks(ZOE)[0].state is State.OPEN
    talk.say(AMIR, DIR_REPLY, quoted("Should I split it?", ZOE) + "\nNo, that is fine.\n", to=back)
    assert talk.remarks(ZOE)[0].state is State.ANSWERED


def test_a_remark_on_an_answer_is_a_new_one() -> None:
    talk, ids = begun()
    question = asked(talk, ids)
    answer = talk.say(ZOE, DIR_REPLY, quoted("Why are both converted?", AMIR) + "\nThey share it.\n", to=question)
    talk.say(AMIR, DIR_REPLY, quoted("They share it.", ZOE) + "\nThen please say so in the message.\n", to=answer)
    assert [item.state for item in talk.remarks(AMIR)] == [State.ANSWERED, State.OPEN]
    assert talk.remarks(AMIR)[0].place == talk.remarks(AMIR)[1].place


def test_a_remark_on_an_answer_is_not_done_when_the_line_changes() -> None:
    talk, ids = begun()
    question = talk.say(AMIR, DIR_REPLY, quoted(DIR.split(" \terr = work")[0]) + "\nWhy the dentry?\n", to=ids[3])
    answer = talk.say(ZOE, DIR_REPLY, quoted("Why the dentry?", AMIR) + "\nIt is at hand.\n", to=question)
    talk.say(AMIR, DIR_REPLY, quoted("It is at hand.", ZOE) + "\nThen please document it.\n", to=answer)
    second(talk, patches=(*PATCHES[:2], ("ovl: Convert dir.c", NEW_DIR)))
    first, other = talk.remarks(AMIR)
    assert (first.state, other.state) == (State.ADDRESSED, State.OPEN)
    assert other.why.startswith("patch 3 changed in v2 below the same quote")


# -- remarks that are known from quotes alone


def test_a_review_that_is_not_here_is_read_from_the_answer_to_it() -> None:
    talk, ids = begun()
    body = f"On Tuesday, {AMIR[0]} <{AMIR[1]}> wrote:\n"
    body += ">> @@ -40,7 +40,6 @@ static int ovl_remove(struct dentry *dentry)\n>>  {\n>> \tint err;\n"
    body += "> Please use the helper here.\n\nWill do.\n"
    answer = talk.say(ZOE, DIR_REPLY, body, to="gone@example.com", above=[ids[0], ids[3]])
    [remark] = talk.remarks(AMIR)
    assert (remark.id, remark.message_id) == ("gone@example.com#1", "gone@example.com")
    assert (remark.name, remark.address) == AMIR
    assert (remark.kind, remark.state, remark.answers) == (Kind.REQUEST, State.ANSWERED, (f"{answer}#1",))
    assert remark.place == Place(1, 3, "fs/overlayfs/dir.c", "ovl_remove", 41)


def test_a_review_that_is_here_too_is_there_once() -> None:
    talk, ids = begun()
    question = asked(talk, ids, "Please use the helper here.")
    talk.say(ZOE, DIR_REPLY, quoted("Please use the helper here.", AMIR) + "\nWill do.\n", to=question)
    assert len(talk.remarks(AMIR)) == 1


def test_a_quote_of_a_patch_that_is_not_here_is_no_remark() -> None:
    talk = Talk([])
    talk.say(AMIR, DIR_REPLY, quoted(DIR_HEAD) + "\nWhy?\n", to="gone@example.org")
    assert [item.text for item in talk.discussion().remarks] == ["Why?"]


# -- what later versions do about it


def second(talk: Talk, *, patches: tuple[tuple[str, str], ...] = PATCHES, **more: object) -> None:
    talk.post(patches, version=2, **more)  # type: ignore[arg-type]


def test_a_later_version_that_changes_the_line_addresses_the_remark() -> None:
    talk, ids = begun()
    upper = DIR.split(" \terr = work")[0]
    talk.say(AMIR, DIR_REPLY, quoted(upper) + "\nPlease take the superblock.\n", to=ids[3])
    second(talk, patches=(*PATCHES[:2], ("ovl: Convert dir.c", NEW_DIR)))
    [remark] = talk.remarks(AMIR)
    assert (remark.state, remark.why) == (State.ADDRESSED, "patch 3 changed in v2 where it points")


def test_a_later_paragraph_may_be_about_something_else() -> None:
    talk, ids = begun()
    body = quoted(DIR.split(" \terr = work")[0]) + "\nPlease take the superblock.\n\nThe message says little.\n"
    talk.say(AMIR, DIR_REPLY, body + "\nAcked-by: Amir Reviewer <amir@example.com>\n", to=ids[3])
    second(talk, patches=(*PATCHES[:2], ("ovl: Convert dir.c", NEW_DIR)))
    found = talk.remarks(AMIR)
    assert [item.state for item in found] == [State.ADDRESSED, State.OPEN, State.NONE]
    assert found[1].place == found[0].place
    assert found[1].why.startswith("patch 3 changed in v2 below the same quote")
    assert found[2].place == Place(1, 3)


def test_a_change_elsewhere_addresses_nothing() -> None:
    talk, ids = begun()
    talk.say(AMIR, DIR_REPLY, quoted(DIR.rsplit(" \treturn err;", 1)[0]) + "\nWhy is this one hot?\n", to=ids[3])
    second(talk, patches=(*PATCHES[:2], ("ovl: Convert dir.c", NEW_DIR)))
    [remark] = talk.remarks(AMIR)
    assert remark.place is not None
    assert (remark.place.function, remark.state) == ("ovl_create", State.OPEN)


def test_a_patch_that_was_sent_twice_is_quoted_from_the_copy_that_is_answered() -> None:
    talk, ids = begun()
    talk.say(AMIR, DIR_REPLY, quoted(DIR.rsplit(" \treturn err;", 1)[0]) + "\nWhy is this one hot?\n", to=ids[3])
    talk.say(ZOE, "[PATCH RESEND 3/3] ovl: Convert dir.c", patch_text(HELPERS), to=ids[0], name="again@example.org")
    second(talk)
    [remark] = talk.remarks(AMIR)
    assert remark.place == Place(1, 3, "fs/overlayfs/dir.c", "ovl_create", 85, removed=True)
    assert remark.state is State.OPEN


def test_the_same_patch_again_addresses_nothing() -> None:
    talk, ids = begun()
    asked(talk, ids)
    second(talk)
    assert talk.remarks(AMIR)[0].state is State.OPEN


def test_a_message_that_says_something_else_addresses_what_was_said_of_it() -> None:
    talk, ids = begun()
    talk.say(AMIR, DIR_REPLY, quoted("All of the directory operations.") + "\nPlease say which.\n", to=ids[3])
    text = DIR.replace("All of the directory operations.", "Those that create and remove.")
    second(talk, patches=(*PATCHES[:2], ("ovl: Convert dir.c", text)))
    assert talk.remarks(AMIR)[0].why == "patch 3 changed in v2 where it points"


def test_what_points_at_no_line_stays_open_and_says_that_the_patch_changed() -> None:
    talk, ids = begun()
    talk.say(AMIR, DIR_REPLY, "Please rework this.\n", to=ids[3])
    second(talk, patches=(*PATCHES[:2], ("ovl: Convert dir.c", NEW_DIR)))
    [remark] = talk.remarks(AMIR)
    assert remark.state is State.OPEN
    assert remark.why.startswith("patch 3 changed in v2; it points at no line")


def test_a_patch_that_was_split_as_was_asked() -> None:
    talk, ids = begun()
    talk.say(AMIR, DIR_REPLY, "Please split this, one function a patch.\n", to=ids[3])
    head, one, two = (DIR[: DIR.index("@@")], *(f"@@{part}" for part in DIR.split("\n@@", 1)))
    first = head + DIR[DIR.index("@@") : DIR.index("@@ -80")] + "--~\n2.43.0\n"
    other = head + DIR[DIR.index("@@ -80") :]
    assert one
    assert two
    second(talk, patches=(*PATCHES[:2], ("ovl: Convert dir.c", first), ("ovl: Convert ovl_create", other)))
    [remark] = talk.remarks(AMIR)
    assert (remark.state, remark.why) == (State.ADDRESSED, "patch 3 was split into patches 3, 4 in v2")


def test_files_that_are_in_patches_of_their_own_as_was_asked() -> None:
    talk = Talk([])
    both = BACKING.replace("--~\n2.43.0\n", "") + DIR[DIR.index("diff --git") :]
    ids = talk.post([PATCHES[0], ("fs: Convert", both)])
    talk.say(AMIR, "Re: [PATCH 0/2] overlayfs: Optimize creds", "Please split backing_file.c and dir.c.\n", to=ids[0])
    second(talk)
    assert talk.remarks(AMIR)[0].state is State.ADDRESSED


def test_a_patch_that_is_not_there_any_more() -> None:
    talk, ids = begun()
    asked(talk, ids)
    second(talk, patches=PATCHES[:2])
    assert talk.remarks(AMIR)[0].why == "patch 3 is not in v2 any more"


def test_a_patch_whose_mail_is_missing_is_not_taken_for_dropped() -> None:
    talk, ids = begun()
    asked(talk, ids)
    second(talk)
    talk.mails.pop()
    assert talk.remarks(AMIR)[0].state is State.OPEN


def test_a_patch_that_comes_first_as_was_asked() -> None:
    talk, ids = begun()
    talk.say(AMIR, DIR_REPLY, "Please put this first.\n", to=ids[3])
    second(talk, patches=(PATCHES[0], PATCHES[2], PATCHES[1]))
    assert talk.remarks(AMIR)[0].why == "patch 3 comes earlier in v2: as patch 2"


def test_who_was_to_be_copied_and_is() -> None:
    talk, ids = begun()
    talk.say(AMIR, COVER_REPLY, "Please CC fsdevel next time.\n\nPlease Cc Jan Kara too.\n", to=ids[0])
    second(talk, cc=["linux-fsdevel@vger.kernel.org"])
    assert [(item.state, item.why) for item in talk.remarks(AMIR)] == [
        (State.ADDRESSED, "linux-fsdevel@vger.kernel.org gets v2"),
        (State.OPEN, ""),
    ]


def test_a_letter_that_states_what_was_asked_for() -> None:
    talk, ids = begun()
    talk.say(AMIR, COVER_REPLY, "Which workload was running?\n\nOn which machine?\n", to=ids[0])
    second(talk, cover=f"Workload: stress-ng on an overlay mount\n\n{COVER}")
    assert [item.why for item in talk.remarks(AMIR)] == ["the cover letter of v2 states the workload", ""]


def test_the_range_of_what_is_answered_and_addressed_is_that_of_the_mails_that_are_read() -> None:
    talk, ids = begun()
    upper = DIR.split(" \terr = work")[0]
    question = talk.say(AMIR, DIR_REPLY, quoted(upper) + "\nPlease take the superblock.\n", to=ids[3])
    talk.say(ZOE, DIR_REPLY, quoted("Please take the superblock.", AMIR) + "\nWill do.\n", to=question)
    assert kinds(talk) == [(Kind.REQUEST, State.ANSWERED)]
    second(talk, patches=(*PATCHES[:2], ("ovl: Convert dir.c", NEW_DIR)))
    assert kinds(talk) == [(Kind.REQUEST, State.ADDRESSED)]


# -- which mails belong together


def test_two_series_in_one_mailbox_are_two_discussions() -> None:
    talk, ids = begun()
    asked(talk, ids)
    other = talk.say(MIRA, "[PATCH] mm: Do something else", "Text.\n---\n" + DIR[DIR.index("diff --git") :])
    talk.say(AMIR, "Re: [PATCH] mm: Do something else", "Why?\n", to=other)
    talk.say(AMIR, "Lunch?", "Now?\n")
    thread = talk.read()
    assert [item.series.title for item in thread.discussions] == [
        "overlayfs: Optimize creds",
        "mm: Do something else",
    ]
    assert [letter.subject for letter in thread.others] == ["Lunch?"]
    assert [[item.place for item in found.remarks if item.text == "Why?"] for found in thread.discussions] == [
        [],
        [Place(1, 1)],
    ]


def test_a_version_in_a_thread_of_its_own_is_one_of_the_same_series() -> None:
    talk, _ = begun()
    second(talk)
    assert [version.number for version in talk.discussion().series.versions] == [1, 2]


def test_a_patch_that_a_reviewer_proposes_is_part_of_what_he_says() -> None:
    talk, ids = begun()
    body = "How about this?\n---\n" + DIR[DIR.index("diff --git") :]
    talk.say(AMIR, "[PATCH] ovl: Another way", body, to=ids[3], above=[ids[0]])
    assert [len(version.patches) for version in talk.discussion().series.versions] == [3]
    assert talk.remarks(AMIR)[0].kind in (Kind.REQUEST, Kind.QUESTION)


def test_mails_that_answer_each_other_in_a_circle_are_read() -> None:
    talk, _ = begun()
    talk.say(AMIR, "Re: x", "One.\n", name="a@x", to="b@x")
    talk.say(AMIR, "Re: x", "Two.\n", name="b@x", to="a@x")
    assert {letter.message_id for letter in talk.read().others} == {"a@x", "b@x"}


def test_an_attachment_is_told() -> None:
    talk, ids = begun()
    head = (
        f"From: A <{AMIR[1]}>\nMessage-Id: <at@x>\nIn-Reply-To: <{ids[3]}>\nSubject: {DIR_REPLY}\nMIME-Version: 1.0\n"
    )
    parts = 'Content-Type: multipart/mixed; boundary="=B"\n\n--=B\nContent-Type: text/plain\n\nSee there.\n--=B\n'
    parts += 'Content-Type: text/x-patch; name="fix.patch"\n\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n--=B--\n'
    talk.mails.append((head + parts).encode())
    assert "[attached: fix.patch, 5 lines]" in [item.text for item in talk.remarks(AMIR)]
