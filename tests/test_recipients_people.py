"""Who gets a patch besides its maintainers, who does not, and what is said of those who do."""

from __future__ import annotations

import dataclasses

import pytest

from credseries.errors import UnknownRecipient
from credseries.kernel.aliases import Aliases
from credseries.kernel.maintainers import Maintainers
from credseries.mail.recipients import POLICIES, Fixed, Policy, Reviewer, Settings
from credseries.mail.recipients.earlier import reviewers_of
from credseries.series.remarks import Kind, Place, Remark, State
from credseries.series.trailers import parse_trailer
from tests.recipientcase import (
    BACKING,
    CRED,
    MAILMAP,
    MAINTAINERS,
    ME,
    OVERLAY,
    TEXT,
    addresses,
    made,
    reasons,
    said,
    with_trailers,
)

BUG = "0123456789ab"


@pytest.mark.parametrize(
    "name",
    ["Reported-by", "Suggested-by", "Cc", "Reviewed-by", "Acked-by", "Tested-by", "Co-developed-by", "Signed-off-by"],
)
def test_people_in_trailers_get_that_patch_as_cc_and_the_cover(name: str) -> None:
    plan = made(with_trailers(OVERLAY, f"{name}: Rosa D <rosa@example.org>"), BACKING)
    assert "rosa" in addresses(plan.of(1).cc)
    assert "rosa" in addresses(plan.cover.cc)
    assert reasons(plan.of(1), "rosa@example.org") == (name,)
    assert "rosa" not in addresses(plan.of(2).everybody)


@pytest.mark.parametrize(
    "value",
    [
        "<stable@example.org> # v6.1+",
        "stable@example.org # 5.15.x: abc: requires this",
        "Stable <stable@example.org> [on x86]",
        "stable@example.org",
    ],
)
def test_a_remark_behind_an_address_is_no_part_of_it(value: str) -> None:
    assert addresses(made(with_trailers(OVERLAY, f"Cc: {value}")).of(1).cc) == ["linux-unionfs", "stable"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("A <a@example.org>, b@example.org", ["a", "b"]),
        ("Last, First <l@example.org>, z@example.org", ["l", "z"]),
        ('"Last, First" <l@example.org>', ["l"]),
        ("a@example.org (The A), nonsense", ["a"]),
        ("stable@example.org # 5.1, 5.2: x@example.org", ["stable"]),
    ],
)
def test_a_trailer_may_name_several_people(value: str, expected: list[str]) -> None:
    assert addresses(made(with_trailers(OVERLAY, f"Cc: {value}")).of(1).cc)[1:] == expected


@pytest.mark.parametrize(
    "trailer", ["Link: https://lore.kernel.org/r/a@example.org", "Message-ID: <a@example.org>", "Closes: a@example.org"]
)
def test_trailers_that_name_no_person_bring_nobody(trailer: str) -> None:
    assert addresses(made(with_trailers(OVERLAY, trailer)).of(1).cc) == ["linux-unionfs"]


def test_a_person_without_an_address_is_said() -> None:
    plan = made(with_trailers(OVERLAY, "Reported-by: somebody on IRC", "Cc: Rosa <rosa@example.org>"))
    (note,) = (note for note in plan.notes if note.concern == "no-address")
    assert "Reported-by: somebody on IRC" in note.text
    assert note.patches == (1,)


def test_trailers_that_an_empty_line_parts_count_as_well() -> None:
    change = with_trailers(OVERLAY, "Reported-by: R <r@example.org>", "", "Signed-off-by: S <s@example.org>")
    assert addresses(made(change).of(1).cc)[1:] == ["r", "s"]


def test_prose_that_looks_like_a_trailer_brings_nobody() -> None:
    change = with_trailers(OVERLAY, "Note: mail a@example.org about it,", "he knows.", "", "Cc: c@example.org")
    assert addresses(made(change).of(1).cc)[1:] == ["c"]


def test_who_wrote_what_a_patch_fixes_gets_it() -> None:
    change = with_trailers(OVERLAY, f'Fixes: {BUG} ("ovl: Break")')
    plan = made(change, fixed={BUG: Fixed(BUG + "0" * 28, "Bo", "bo@example.org")})
    assert reasons(plan.of(1), "bo@example.org") == (f"wrote {BUG}, which this fixes",)
    assert "unknown-commit" not in {note.concern for note in plan.notes}


def test_who_signed_what_a_patch_fixes_gets_it() -> None:
    asked: list[str] = []

    def message(commit: str) -> str:
        asked.append(commit)
        return "Signed-off-by: Signer <signer@example.org>\n"

    maintainers = Maintainers.parse(TEXT, read_message=message)
    text = f"Subject: x\n\nFixes: {BUG} (y)\n---\n--- a/fs/overlayfs/dir.c\n+++ b/fs/overlayfs/dir.c\n@@ -1,1 +1,1 @@\n"
    change = dataclasses.replace(OVERLAY, patch=text.encode())
    first = made(change, maintainers=maintainers).of(1)
    assert asked == [BUG]
    assert reasons(first, "signer@example.org") == (f"signed {BUG}, which this fixes",)
    assert "signer" in addresses(first.cc)


def test_a_fixed_commit_that_is_not_here_is_said() -> None:
    plan = made(BACKING, with_trailers(OVERLAY, f"Fixes: {BUG} (x)"), fixed={BUG: None})
    assert ("unknown-commit", "", (1,)) in said(plan)


def test_a_keyword_in_the_text_brings_its_section() -> None:
    text = (
        b"Subject: x\n---\n--- a/fs/backing-file.c\n+++ b/fs/backing-file.c\n@@ -1,1 +1,1 @@\n+\toverride_creds(c);\n"
    )
    second = made(OVERLAY, dataclasses.replace(BACKING, patch=text)).of(2)
    assert addresses(second.to) == ["brauner", "jack", "paul"]
    assert "Keyword" in reasons(second, "paul@example.org")[0]


def test_earlier_reviewers_get_everything() -> None:
    plan = made(OVERLAY, BACKING, reviewers=[Reviewer("Rosa", "rosa@example.org", "replied to v1")])
    assert all("rosa" in addresses(each.cc) for each in (plan.cover, *plan.patches))
    assert reasons(plan.of(2), "rosa@example.org") == ("replied to v1",)


def remark(number: int, address: str, version: int | None, kind: Kind = Kind.REQUEST) -> Remark:
    place = Place(version, 1) if version is not None else None
    return Remark(f"a@b#{number}", "a@b", "N", address, "", place, kind, State.OPEN, (), "words")


def test_reviewers_are_those_who_said_something_and_no_programs() -> None:
    found = reviewers_of(
        [
            remark(1, "rosa@example.org", 1),
            remark(2, "Rosa@example.org", 2, Kind.TRAILER),
            remark(3, "bot@example.org", 1, Kind.BOT),
            remark(4, "paul@example.org", None, Kind.PRAISE),
            remark(5, "", 1),
        ]
    )
    assert found == [
        Reviewer("N", "rosa@example.org", "replied to v1, v2"),
        Reviewer("N", "paul@example.org", "replied to an earlier version"),
    ]


def test_the_cover_letters_trailers_and_b4s_settings_are_for_everything() -> None:
    lines = ("To: T <t@example.org>", "Cc: C <c@example.org>", "Suggested-by: S <s@example.org>")
    letter = tuple(filter(None, map(parse_trailer, lines)))
    settings = Settings(to="mine", cc='"K, L" <k@example.org>, fsdevel')
    plan = made(OVERLAY, BACKING, letter=letter, settings=settings, aliases=Aliases({"mine": ("m@example.org",)}))
    for each in (plan.cover, *plan.patches):
        assert {"t", "m"} <= set(addresses(each.to))
        assert {"c", "s", "k", "linux-fsdevel"} <= set(addresses(each.cc))
    assert reasons(plan.of(1), "t@example.org") == ("To of the cover letter",)
    assert reasons(plan.of(1), "m@example.org") == ("b4.send-series-to, an alias",)


def test_a_setting_of_b4s_that_names_nobody_says_which() -> None:
    with pytest.raises(UnknownRecipient, match=r"b4\.send-series-cc: no list"):
        made(OVERLAY, settings=Settings(cc="nobody-here"))


def test_mailmap_holds_for_everybody_and_reasons_add_up() -> None:
    plan = made(
        with_trailers(OVERLAY, "Acked-by: A <Amir.Old@example.org>", "Reported-by: A <amir.old@example.org>"),
        cc=["amir.old@example.org"],
    )
    people = [*addresses(plan.of(1).to), *addresses(plan.of(1).cc)]
    assert people.count("amir") == 1
    assert reasons(plan.of(1), "amir@example.org") == (
        "supporter:OVERLAY FILESYSTEM",
        "--cc amir.old@example.org",
        "Reported-by",
    )


def test_ones_own_trailers_bring_oneself_nothing() -> None:
    assert "zoe" not in addresses(made(with_trailers(OVERLAY, f"Signed-off-by: Zoë <{ME}>")).cover.everybody)


def test_ones_own_old_address_is_ones_own() -> None:
    mapped = Maintainers.parse(TEXT, mailmap=f"Zoë <{ME}> <paul@example.org>\n")
    plan = made(CRED, maintainers=mapped, own_address="paul@example.org")
    assert addresses(plan.of(1).everybody) == ["linux-security-module"]


def test_me_too_is_as_b4_is_told() -> None:
    change = with_trailers(OVERLAY, f"Signed-off-by: Zoë <{ME}>")
    plan = made(change, BACKING, settings=Settings(me_too=True))
    assert "zoe" in addresses(plan.of(1).cc)
    assert "zoe" not in addresses(plan.of(2).everybody)


@pytest.mark.parametrize("me_too", [True, False])
def test_ones_own_sign_off_is_nobody_to_send_to(me_too: bool) -> None:
    nobody = with_trailers(dataclasses.replace(OVERLAY, files=("x",)), f"Signed-off-by: Zoë <{ME}>")
    with pytest.raises(UnknownRecipient, match="nobody would get patch 1"):
        made(nobody, settings=Settings(me_too=me_too))


def test_excluded_addresses_get_nothing_and_are_said() -> None:
    change = with_trailers(OVERLAY, "Cc: bot@robots.org", "Cc: c@example.org")
    plan = made(change, cc=["fsdevel"], settings=Settings(excluded=("*@robots.org", "linux-fsdevel@*")))
    assert addresses(plan.cover.cc) == ["linux-unionfs", "c"]
    assert [note.text for note in plan.notes if note.concern == "excluded"] == [
        "b4.email-exclude leaves linux-fsdevel@example.org out (--cc fsdevel)",
        "b4.email-exclude leaves bot@robots.org out (Cc)",
    ]


def test_a_patch_whose_people_are_all_excluded_is_refused() -> None:
    with pytest.raises(UnknownRecipient, match="nobody would get patch 2") as caught:
        made(OVERLAY, BACKING, settings=Settings(excluded=("brauner@*", "jack@*", "linux-fsdevel@*")))
    assert "b4.email-exclude leaves brauner@example.org, jack@example.org" in caught.value.hint


def test_with_policy_topic_a_patch_goes_to_all_people_of_its_topic() -> None:
    cred = dataclasses.replace(CRED, index=2, topic=OVERLAY.topic)
    backing = dataclasses.replace(BACKING, index=3)
    plan = made(OVERLAY, cred, backing, policy="topic")
    assert addresses(plan.of(1).to) == addresses(plan.of(2).to) == ["miklos", "amir", "paul"]
    assert addresses(plan.of(3).to) == ["brauner", "jack"]


@pytest.mark.parametrize("policy", POLICIES)
def test_whatever_the_policy_the_cover_goes_to_the_same_people(policy: Policy) -> None:
    assert made(OVERLAY, BACKING, policy=policy).cover == made(OVERLAY, BACKING).cover


def test_lists_that_are_moderated_or_closed_are_said() -> None:
    plan = made(BACKING, dataclasses.replace(OVERLAY, index=2))
    assert ("moderated", "linux-unionfs", (2,)) in said(plan)
    assert ("subscribers-only", "ovl-core", (2,)) in said(plan)
    assert "ovl-core" not in addresses(plan.cover.everybody)
    asked = made(BACKING, cc=["ovl-core"])
    assert "ovl-core" in addresses(asked.of(1).cc)
    assert [note.text for note in asked.notes] == ["ovl-core@example.org takes mail of its subscribers only"]


def test_orphans_are_said() -> None:
    plan = made(dataclasses.replace(OVERLAY, files=("fs/old/a.c",)))
    assert said(plan) == [("orphaned", "old", (1,)), ("orphaned", "linux-old", (1,)), ("orphaned", "", (1,))]


def test_whom_a_living_section_names_as_well_is_no_orphan() -> None:
    both = Maintainers.parse(TEXT + "\nNEW\nM:\told@example.org\nS:\tMaintained\nF:\tnew/\n")
    plan = made(dataclasses.replace(OVERLAY, files=("fs/old/a.c",)), maintainers=both)
    assert ("orphaned", "old", (1,)) not in said(plan)


def test_whom_the_newer_maintainers_no_longer_name_is_said_with_the_new_address() -> None:
    newer = Maintainers.parse(
        TEXT.replace("Jan Kara <jack@", "Jan Kara <jan@").replace("M:\tChristian Brauner <brauner@example.org>\n", ""),
        mailmap=MAILMAP + "Jan Kara <jan@example.org> <jack@example.org>\n",
    )
    plan = made(BACKING, OVERLAY, newer=newer)
    gone = {note.address: note.text for note in plan.notes if note.concern == "gone"}
    assert set(gone) == {"brauner@example.org", "jack@example.org"}
    assert gone["jack@example.org"].endswith("and its .mailmap has jan@example.org instead")


def test_an_address_that_refused_mail_before_is_said() -> None:
    plan = made(OVERLAY, known_bad={"miklos@example.org": "550 no such\nuser"})
    (note,) = (note for note in plan.notes if note.concern == "refused")
    assert note.text == "mail to miklos@example.org was refused before: 550 no such user"


def test_an_entry_of_maintainers_that_is_no_address_is_said_and_left_out() -> None:
    broken = Maintainers.parse(TEXT.replace("<paul@example.org>", "<paul@exa mple.org>"))
    plan = made(dataclasses.replace(CRED, index=1), maintainers=broken)
    assert addresses(plan.of(1).to) == ["linux-security-module"]
    assert ("no-address", "", (1,)) in said(plan)
    assert MAINTAINERS.sections[0].people != broken.sections[0].people
