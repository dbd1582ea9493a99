"""Every patch goes to its owners, the cover letter to all of them, and every address says why."""

from __future__ import annotations

import dataclasses

import pytest

from credseries.errors import UnknownRecipient
from credseries.kernel.maintainers import Maintainers
from credseries.mail.message import Address
from credseries.mail.recipients import Recipients, plan
from credseries.series.model import SeriesRecord
from tests.mailcase import make_series

MAINTAINERS = Maintainers.parse("""\
List of maintainers

CREDENTIALS
M:	Paul Moore <paul@paul-moore.com>
L:	linux-security-module@vger.kernel.org
S:	Supported
F:	include/linux/cred.h

FILESYSTEMS (VFS and infrastructure)
M:	Christian Brauner <brauner@kernel.org>
R:	Jan Kara <jack@suse.cz>
L:	linux-fsdevel@vger.kernel.org
S:	Maintained
F:	fs/*

OVERLAY FILESYSTEM
M:	Miklos Szeredi <miklos@szeredi.hu>
M:	Amir Goldstein <amir73il@gmail.com>
L:	linux-unionfs@vger.kernel.org
S:	Supported
F:	fs/overlayfs/

THE REST
M:	Linus Torvalds <torvalds@linux-foundation.org>
L:	linux-kernel@vger.kernel.org
S:	Buried alive in reporters
F:	*
F:	*/
""")
ME = "zoe@example.org"


def addresses(people: tuple[Address, ...]) -> list[str]:
    return [person.address for person in people]


def find(recipients: Recipients, address: str) -> Address:
    return next(each for each in (*recipients.to, *recipients.cc) if each.address == address)


def with_files(series: SeriesRecord, *files: str) -> SeriesRecord:
    """The series with its first patch changing these files instead, and going through a tree of its own."""
    first = dataclasses.replace(series.patches[0], files=files, tree="its own")
    return dataclasses.replace(series, patches=(first, *series.patches[1:]))


def test_people_are_in_to_and_lists_in_cc() -> None:
    helpers, _, overlayfs = plan(make_series(), MAINTAINERS, own_address=ME).patches
    assert addresses(helpers.to) == ["paul@paul-moore.com"]
    assert addresses(helpers.cc) == [
        "linux-security-module@vger.kernel.org",
        "linux-kernel@vger.kernel.org",
    ]
    assert addresses(overlayfs.to) == ["miklos@szeredi.hu", "amir73il@gmail.com"]
    assert addresses(overlayfs.cc) == ["linux-unionfs@vger.kernel.org", "linux-kernel@vger.kernel.org"]


def test_every_address_has_its_reasons() -> None:
    backing = plan(make_series(), MAINTAINERS, own_address=ME, cc=["fsdevel"]).of(2)
    assert find(backing, "brauner@kernel.org") == Address(
        "Christian Brauner", "brauner@kernel.org", ("maintainer:FILESYSTEMS (VFS and infrastructure)",)
    )
    assert find(backing, "linux-fsdevel@vger.kernel.org").reasons == (
        "open list:FILESYSTEMS (VFS and infrastructure)",
        "list of the topic backing-file",
        "--cc fsdevel",
    )


def test_the_cover_goes_to_everybody_once() -> None:
    result = plan(make_series(), MAINTAINERS, own_address=ME)
    cover = addresses(result.cover.to) + addresses(result.cover.cc)
    assert len(cover) == len(set(cover))
    assert set(cover) == {address for each in result.patches for address in addresses(each.to) + addresses(each.cc)}
    assert result.of(0) is result.cover


def test_with_policy_all_every_patch_does() -> None:
    result = plan(make_series(), MAINTAINERS, own_address=ME, policy="all")
    assert {(each.to, each.cc) for each in result.patches} == {(result.cover.to, result.cover.cc)}


@pytest.mark.parametrize("name", ["fsdevel", "linux-fsdevel", "linux-fsdevel@vger.kernel.org", "FSDEVEL"])
def test_cc_names_a_list_shortly_and_reaches_every_message(name: str) -> None:
    result = plan(make_series(), MAINTAINERS, own_address=ME, cc=[name])
    assert all("linux-fsdevel@vger.kernel.org" in addresses(each.cc) for each in (result.cover, *result.patches))


def test_a_subsystem_is_everybody_it_names() -> None:
    cover = plan(with_files(make_series(), "x"), MAINTAINERS, own_address=ME, cc=["Overlay Filesystem"]).of(1)
    assert "amir73il@gmail.com" in addresses(cover.to + cover.cc)
    assert "linux-unionfs@vger.kernel.org" in addresses(cover.to + cover.cc)


def test_to_wins_over_cc_whatever_the_case() -> None:
    result = plan(
        make_series(),
        MAINTAINERS,
        own_address=ME,
        to=["Jan <JACK@suse.cz>"],
        cc=["miklos@SZEREDI.hu", "jack@suse.cz"],
    )
    for each in (result.cover, *result.patches):
        everybody = [address.lower() for address in addresses(each.to + each.cc)]
        assert len(everybody) == len(set(everybody))
        assert "jack@suse.cz" in [address.lower() for address in addresses(each.to)]
    assert "miklos@szeredi.hu" in addresses(result.of(3).to)


def test_ones_own_address_is_left_out_unless_it_is_alone() -> None:
    result = plan(make_series(), MAINTAINERS, own_address="Amir <Amir73il@gmail.com>")
    assert addresses(result.of(3).to) == ["miklos@szeredi.hu"]
    nobody = Maintainers.parse("A\nM:\tMe <zoe@example.org>\nF:\tinclude/\nF:\tfs/\n")
    series = make_series()
    patches = tuple(dataclasses.replace(patch, lists=()) for patch in series.patches)
    alone = plan(dataclasses.replace(series, patches=patches), nobody, own_address=ME)
    assert addresses(alone.cover.to) == [ME]


def test_files_that_nobody_maintains_go_to_the_people_of_the_tree() -> None:
    series = with_files(make_series(), "README")
    same_tree = dataclasses.replace(series.patches[0], tree=series.patches[1].tree)
    series = dataclasses.replace(series, patches=(same_tree, *series.patches[1:]))
    first = plan(series, MAINTAINERS, own_address=ME).of(1)
    assert addresses(first.to) == ["brauner@kernel.org", "jack@suse.cz"]
    assert first.to[0].reasons == ("goes through the VFS tree like patch 2",)


def test_a_message_that_only_lists_get_has_them_in_to() -> None:
    first = plan(with_files(make_series(), "README"), MAINTAINERS, own_address=ME).of(1)
    assert (addresses(first.to), first.cc) == (["linux-kernel@vger.kernel.org"], ())


def test_a_patch_that_nobody_gets_is_named() -> None:
    few = Maintainers.parse("A\nM:\tA <a@example.org>\nF:\tfs/\n\nB\nL:\tlinux-fsdevel@vger.kernel.org\nF:\tb\n")
    with pytest.raises(UnknownRecipient, match=r"nobody would get patch 1 \(cred: Add a light") as caught:
        plan(with_files(make_series(), "include/linux/cred.h"), few, own_address=ME)
    assert "include/linux/cred.h" in caught.value.hint


@pytest.mark.parametrize("name", ["fsdevl", "", "a@b@c", "a@b\r\nBcc: x@y", "@", "<a@b c>", "ä@example.org"])
def test_what_is_no_recipient_is_refused_with_a_hint(name: str) -> None:
    with pytest.raises(UnknownRecipient) as caught:
        plan(make_series(), MAINTAINERS, own_address=ME, cc=[name])
    assert caught.value.hint


def test_near_misses_are_suggested() -> None:
    with pytest.raises(UnknownRecipient) as caught:
        plan(make_series(), MAINTAINERS, own_address=ME, cc=["linux-fsdevl"])
    assert "linux-fsdevel@vger.kernel.org" in caught.value.hint


def test_names_are_one_line() -> None:
    tricky = "Eve\r\nBcc: x@example.org <eve@example.org>"
    cover = plan(make_series(), MAINTAINERS, own_address=ME, to=[tricky]).cover
    assert all("\n" not in each.name and "\r" not in each.name for each in cover.to)
