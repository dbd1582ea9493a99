"""What holds of every plan, whoever owns what and whatever somebody asks for."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from credseries.errors import UnknownRecipient
from credseries.kernel.aliases import Aliases
from credseries.kernel.maintainers import Maintainers
from credseries.mail.recipients import (
    POLICIES,
    Change,
    Known,
    Policy,
    RecipientPlan,
    Recipients,
    Reviewer,
    Settings,
    plan_changes,
    union,
)
from tests.recipientcase import ME, TEXT, with_trailers

PEOPLE = [f"p{number}@example.org" for number in range(6)] + [ME]
FILES = ["fs/overlayfs/dir.c", "fs/backing-file.c", "include/linux/cred.h", "fs/old/a.c", "mm/none.c"]
MAILMAP = "P Five <p5@example.org> <p4@example.org>\nZoë <zoe@example.org> <p3@example.org>\n"
TREE = Maintainers.parse(f"{TEXT}\nMINE\nM:\tZoë <{ME}>\nF:\tmine/\n", mailmap=MAILMAP)
MIXED_CASE = st.sampled_from(PEOPLE).flatmap(lambda each: st.sampled_from([each, each.upper(), f"N <{each}>"]))
NAMES = st.one_of(MIXED_CASE, st.sampled_from(["fsdevel", "overlay", "team"]))
TRAILERS = st.builds("{}: {}".format, st.sampled_from(["Cc", "To", "Reported-by", "Signed-off-by"]), MIXED_CASE)


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    count = draw(st.integers(1, 4))
    found = []
    for index in range(1, count + 1):
        files = tuple(draw(st.lists(st.sampled_from([*FILES, "mine/a.c"]), min_size=1, max_size=3, unique=True)))
        topic = draw(st.sampled_from(["a", "b"]))
        bare = Change(index, f"change {index}", files, topic=topic, tree=draw(st.sampled_from(["", "x", "y"])))
        found.append(with_trailers(bare, *draw(st.lists(TRAILERS, max_size=3))))
    return found


KNOWN = st.builds(
    Known,
    aliases=st.just(Aliases({"team": ("p1@example.org", "P2 <p2@example.org>")})),
    settings=st.builds(
        Settings, excluded=st.sampled_from([(), ("p1@*",), ("linux-*",)]), me_too=st.booleans(), cc=st.just("")
    ),
    reviewers=st.lists(st.builds(Reviewer, st.just("R"), MIXED_CASE, st.just("replied")), max_size=2),
)


def planned(
    found: list[Change], to: list[str], cc: list[str], policy: Policy, known: Known
) -> RecipientPlan | UnknownRecipient:
    try:
        return plan_changes(found, TREE, to=to, cc=cc, own_address=ME, policy=policy, known=known)
    except UnknownRecipient as error:
        return error


def keys(recipients: Recipients) -> list[str]:
    return [person.address.casefold() for person in recipients.everybody]


TWO_SPELLINGS = [
    with_trailers(Change(1, "change 1", ("fs/overlayfs/dir.c",), topic="a"), "Cc: p1@example.org"),
    with_trailers(Change(2, "change 2", ("fs/overlayfs/dir.c",), topic="a"), "Cc: P1@EXAMPLE.ORG"),
]
ASKED = st.lists(NAMES, max_size=2)
PLANS = st.builds(planned, changes(), ASKED, ASKED, st.sampled_from(POLICIES), KNOWN)


@given(PLANS)
def test_a_patch_goes_to_nobody_who_does_not_get_the_cover(plan: RecipientPlan | UnknownRecipient) -> None:
    if isinstance(plan, RecipientPlan):
        for patch in plan.patches:
            assert set(keys(patch)) - {ME} <= set(keys(plan.cover))


@given(PLANS)
def test_nobody_gets_a_message_twice_and_somebody_is_in_to(plan: RecipientPlan | UnknownRecipient) -> None:
    if isinstance(plan, RecipientPlan):
        for message in (plan.cover, *plan.patches):
            assert len(keys(message)) == len(set(keys(message)))
            assert message.to
            assert all(person.reasons and all(person.reasons) for person in message.everybody)


@given(changes(), ASKED, ASKED, st.sampled_from(POLICIES), KNOWN)
def test_ones_own_address_is_left_out_unless_it_is_alone(
    found: list[Change], to: list[str], cc: list[str], policy: Policy, known: Known
) -> None:
    plan = planned(found, to, cc, policy, known)
    if isinstance(plan, RecipientPlan) and not known.settings.me_too:
        for message in (plan.cover, *plan.patches):
            assert ME not in keys(message) or keys(message) == [ME]


@given(changes(), ASKED, ASKED, st.sampled_from(POLICIES), KNOWN)
def test_an_excluded_address_gets_nothing(
    found: list[Change], to: list[str], cc: list[str], policy: Policy, known: Known
) -> None:
    plan = planned(found, to, cc, policy, known)
    if isinstance(plan, RecipientPlan) and known.settings.excluded:
        start = known.settings.excluded[0].rstrip("@*")
        assert not any(key.startswith(start) for key in keys(plan.cover))


@given(changes(), ASKED, ASKED, st.sampled_from(POLICIES), KNOWN)
def test_the_same_question_has_the_same_answer(
    found: list[Change], to: list[str], cc: list[str], policy: Policy, known: Known
) -> None:
    one, other = (planned(found, to, cc, policy, known) for _ in range(2))
    assert one == other if isinstance(one, RecipientPlan) else str(one) == str(other)


@given(changes(), ASKED, ASKED, KNOWN)
@example(TWO_SPELLINGS, [], [], Known(settings=Settings(excluded=("p1@*",))))
def test_a_wider_policy_takes_no_patch_from_anybody(
    found: list[Change], to: list[str], cc: list[str], known: Known
) -> None:
    owners, topic, everybody = (planned(found, to, cc, policy, known) for policy in POLICIES)
    if isinstance(owners, RecipientPlan):
        assert isinstance(topic, RecipientPlan)
        assert isinstance(everybody, RecipientPlan)
        for narrow, wide in ((owners, topic), (topic, everybody)):
            for one, other in zip(narrow.patches, wide.patches, strict=True):
                assert set(keys(one)) - {ME} <= set(keys(other))
        assert {tuple(keys(patch)) for patch in everybody.patches} == {tuple(keys(everybody.cover))}


OWN_FIRST = with_trailers(Change(1, "change 1", ("mm/none.c",)), f"Cc: {ME}", "Cc: p0@example.org")


@given(changes(), ASKED, KNOWN)
@example([OWN_FIRST], [], Known(settings=Settings(me_too=True)))
def test_asking_for_those_who_get_it_anyway_changes_nobody(found: list[Change], cc: list[str], known: Known) -> None:
    plan = planned(found, [], cc, "all", known)
    if isinstance(plan, RecipientPlan):
        people = [person.address for person in plan.cover.everybody]
        again = planned(found, [], [*cc, *people], "all", known)
        assert isinstance(again, RecipientPlan)
        assert set(keys(again.cover)) == set(keys(plan.cover))


@given(st.lists(PLANS, min_size=1, max_size=3))
def test_the_letter_over_several_series_goes_to_all_of_them(plans: list[RecipientPlan | UnknownRecipient]) -> None:
    made = [plan for plan in plans if isinstance(plan, RecipientPlan)]
    if made:
        over = set(keys(union(made, own_address=ME)))
        assert over - {ME} == {key for plan in made for key in keys(plan.cover)} - {ME}
