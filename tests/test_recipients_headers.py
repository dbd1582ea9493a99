"""No name and no address, wherever it comes from, puts anything into a message but one recipient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.errors import UnknownRecipient
from credseries.kernel.aliases import PARSERS
from credseries.kernel.git import Repository
from credseries.kernel.maintainers import Maintainers
from credseries.mail import b4adapter
from credseries.mail.cover import render_cover
from credseries.mail.headers import check_headers
from credseries.mail.message import Address
from credseries.mail.recipients import Fixed, Known, RecipientPlan, Reviewer, Settings, parse_address, plan
from credseries.mail.recipients.address import clean_name, find_addresses
from credseries.mail.send import prepare
from credseries.series.trailers import parse_trailer
from tests.mailcase import STAMP, make_series, make_tree, put_on_branch
from tests.recipientcase import MAINTAINERS, OVERLAY, TEXT, made, with_trailers

NAMES = {
    "line-break": "Eve\r\nBcc: x@evil.org",
    "old-line-break": "Eve\rBcc: x@evil.org",
    "unicode-line-break": "Eve\u2028Bcc: x@evil.org\x85X-Evil: 1",
    "encoded-line-break": "=?utf-8?q?Eve=0D=0ABcc=3A_x=40evil=2Eorg?=",
    "encoded-twice": "=?utf-8?q?=3D=3Futf-8=3Fq=3FEve=3D0ABcc=3D3A=5Fx=3F=3D?=",
    "encoded-by-half": "=?utf-8?q?=FF=00?= =?nonsense?b?!!!?= =?",
    "quotes": 'Eve" x@evil.org, "',
    "backslash": 'Eve\\" \\',
    "comma": "Eve, x@evil.org; y@evil.org",
    "comment": "Eve (x@evil.org",
    "controls": "Eve\x00\x1b[2J\x7f\x08",
    "surrogate": "Eve\udce4",
    "backwards": "Eve\u202egro.live@x",
    "unicode": 'Zoë "Ż" Łukaszewicz, 王',
    "long": "Eve, " * 200,
}
EVE = "eve@example.org"


def maintainer(name: str) -> RecipientPlan:
    return made(OVERLAY, maintainers=Maintainers.parse(TEXT.replace("Amir Goldstein <amir@", f"{name} <eve@")))


def mailmap(name: str) -> RecipientPlan:
    return made(OVERLAY, maintainers=Maintainers.parse(TEXT, mailmap=f"{name} <{EVE}> <amir@example.org>\n"))


def trailer(name: str) -> RecipientPlan:
    return made(with_trailers(OVERLAY, f"Reported-by: {name} <{EVE}>"))


def cover_trailer(name: str) -> RecipientPlan:
    found = parse_trailer(f"To: {name} <{EVE}>")
    return made(OVERLAY, letter=(found,) if found is not None else ())


def author_of_fixed(name: str) -> RecipientPlan:
    return made(with_trailers(OVERLAY, "Fixes: 0123456789ab (x)"), fixed={"0123456789ab": Fixed("0" * 40, name, EVE)})


def reviewer(name: str) -> RecipientPlan:
    return made(OVERLAY, reviewers=[Reviewer(name, EVE, f"replied to v1 as {name}")])


def option(name: str) -> RecipientPlan:
    return made(OVERLAY, to=[f"{name} <{EVE}>"])


def setting(name: str) -> RecipientPlan:
    return made(OVERLAY, settings=Settings(cc=f"{name} <{EVE}>"))


def alias(name: str) -> RecipientPlan:
    return made(OVERLAY, cc=["eve"], aliases=PARSERS["mutt"](f"alias eve {name} <{EVE}>"))


WAYS: dict[str, Callable[[str], RecipientPlan]] = {
    way.__name__: way
    for way in (maintainer, mailmap, trailer, cover_trailer, author_of_fixed, reviewer, option, setting, alias)
}


def as_message(people: tuple[Address, ...]) -> bytes:
    message = EmailMessage()
    for header, value in (("From", "me@example.org"), ("Subject", "x"), ("Date", "now"), ("Message-Id", "<a@b>")):
        message[header] = value
    message["To"] = b4adapter.format_addresses([(person.name, person.address) for person in people])
    message.set_payload("text\n", charset="utf-8")
    return b4adapter.message_bytes(message)


def check_exactly(data: bytes, to: tuple[Address, ...], cc: tuple[Address, ...] = ()) -> None:
    """The message has no header that nobody asked for, and in To and Cc those people and nobody else."""
    check_headers(data, "test")
    parsed = message_from_bytes(data, policy=policy.default)
    assert parsed["Bcc"] is None
    assert parsed["X-Evil"] is None
    for header, people in (("To", to), ("Cc", cc)):
        wanted = [person.address for person in people]
        assert [each.addr_spec for each in (parsed[header].addresses if parsed[header] else ())] == wanted
        # and so it is for programs that read headers as they did long ago
        assert [address for _, address in getaddresses(message_from_bytes(data).get_all(header, []))] == wanted


@contextmanager
def refusal_is_as_good(way: str) -> Iterator[None]:
    """Somebody who types such a name is told, in one line; from where nobody typed it, it is cleaned."""
    try:
        yield
    except UnknownRecipient as refused:
        if way not in ("option", "setting", "alias") or "\n" in refused.message:
            raise


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", WAYS)
def test_a_name_is_one_recipient_whatever_it_holds(way: str, name: str) -> None:
    people: tuple[Address, ...] = ()
    with refusal_is_as_good(way):
        people = WAYS[way](NAMES[name]).cover.everybody
    assert all(person.name == clean_name(person.name) and person.name.isprintable() for person in people)
    assert all("\n" not in reason and "\r" not in reason for person in people for reason in person.reasons)
    check_exactly(as_message(people), people)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_leads_somewhere(way: str) -> None:
    assert any(person.address == EVE and person.name == "Eve" for person in WAYS[way]("Eve").cover.everybody)


@pytest.mark.parametrize(
    "address",
    [
        "eve@example.org\r\nBcc: x@evil.org",
        "eve@example.org, x@evil.org>",
        "eve\x01@example.org",
        "eve\x00@example.org",
        "eve@exam\x7fple.org",
        "eve@example..org",
        "eve@-example.org",
        "evé@example.org",
        "-oQ/tmp@example.org",
        '"eve x"@example.org',
        f"{'e' * 250}@example.org",
        "=?utf-8?q?eve?=@example.org@x",
        "eve",
        "@",
        "",
    ],
)
def test_what_is_no_address_is_refused_by_every_way_in(address: str) -> None:
    with pytest.raises(UnknownRecipient):
        parse_address(f"Eve <{address}>", "test")
    with pytest.raises(UnknownRecipient):
        made(OVERLAY, to=[f"Eve <{address}>"])
    whole = {person.address for person in made(OVERLAY).cover.everybody}
    broken = Maintainers.parse(TEXT.replace("<amir@example.org>", f"<{address}>"))
    for quiet in (
        made(OVERLAY, maintainers=broken),
        made(with_trailers(OVERLAY, f"Cc: Eve <{address}>")),
        made(OVERLAY, reviewers=[Reviewer("Eve", address, "replied")]),
    ):
        assert {person.address for person in quiet.cover.everybody} <= whole


@given(st.text(max_size=60))
def test_any_text_is_cleaned_to_a_name_that_stays_as_it_is(text: str) -> None:
    name = clean_name(text)
    assert clean_name(name) == name
    assert "\n" not in name
    assert not name.startswith("=?")


@given(st.one_of(st.text(max_size=60), st.text("ab@.<>,\"' #[]()\\=?", max_size=40)))
def test_any_trailer_is_addresses_or_none(text: str) -> None:
    people = tuple(find_addresses(text, "test"))
    check_exactly(as_message(people), people)


def test_a_series_made_into_messages_has_those_recipients_and_no_others(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "linux")
    series = make_series(tree.base, tree.tip)
    series = put_on_branch(tree.path, series, render_cover(series))
    known = Known(reviewers=[Reviewer(name, f"eve{n}@example.org", name) for n, name in enumerate(NAMES.values())])
    planned = plan(series, MAINTAINERS, own_address="zoe@example.org", to=["Boss <boss@example.org>"], known=known)
    for message in prepare(Repository.discover(tree.path), series, planned, stamp=STAMP):
        assert sum(person.address.startswith("eve") for person in message.cc) == len(NAMES)
        check_exactly(message.data, message.to, message.cc)
