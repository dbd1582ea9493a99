"""--to and --cc take lists, subsystems, aliases and addresses by what people call them, and guess nothing."""

from __future__ import annotations

import pytest

from credseries.errors import UnknownRecipient
from credseries.kernel.aliases import Aliases
from credseries.kernel.maintainers import Maintainers
from credseries.mail.recipients import resolve
from tests.recipientcase import MAINTAINERS, OVERLAY, addresses, made, reasons

ALIASES = Aliases(
    {
        "boss": ("Petra Holm <petra@example.org>",),
        "team": ("boss", "x@example.org"),
        "Overlay filesystem": ("wrong@example.org",),
        "unionfs": ("linux-unionfs@example.org",),
        "host": ("root",),
        "loop": ("loop",),
    }
)


def whom(name: str, aliases: Aliases = ALIASES, maintainers: Maintainers = MAINTAINERS) -> list[str]:
    return addresses(resolve(name, maintainers, "--cc", aliases))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fsdevel", ["linux-fsdevel"]),
        ("linux-fsdevel", ["linux-fsdevel"]),
        ("LSM", ["linux-security-module"]),
        ("security", ["linux-security-module"]),
        ("credentials", ["paul", "linux-security-module"]),
        ("vfs", ["brauner", "jack", "linux-fsdevel"]),
        ("old filesystem", ["old", "linux-old"]),
        ("overlayfs", ["miklos", "amir", "linux-unionfs"]),
        ("boss", ["petra"]),
        ("team", ["petra", "x"]),
        ("A <a@example.org>", ["a"]),
        ('"A, B" <a@example.org>, c@example.org', ["a", "c"]),
        ("c@example.org (The C)", ["c"]),
    ],
)
def test_a_name_means_whom_people_mean_by_it(name: str, expected: list[str]) -> None:
    assert whom(name) == expected


def test_a_list_and_an_alias_of_the_same_address_are_no_choice() -> None:
    assert whom("unionfs") == ["linux-unionfs"]


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("Overlay filesystem", ["the alias Overlay filesystem", "OVERLAY FILESYSTEM"]),
        ("filesystem", ["OLD FILESYSTEM", "OVERLAY FILESYSTEM"]),
    ],
)
def test_what_can_mean_several_things_is_refused_with_all_of_them(name: str, candidates: list[str]) -> None:
    with pytest.raises(UnknownRecipient, match="can mean") as caught:
        whom(name)
    for candidate in candidates:
        assert candidate in caught.value.message


def test_of_many_candidates_some_are_named_and_the_others_counted() -> None:
    many = Maintainers.parse("".join(f"DRIVER {n}\nM:\ta{n}@b.org\nF:\td{n}/\n\n" for n in range(9)))
    with pytest.raises(UnknownRecipient, match="DRIVER 5 and 3 more"):
        whom("driver", maintainers=many)


@pytest.mark.parametrize(
    ("name", "near"),
    [("fsdevl", "linux-fsdevel@example.org"), ("overlay filesytem", "OVERLAY FILESYSTEM"), ("tean", "team")],
)
def test_near_misses_are_looked_for_among_lists_titles_and_aliases(name: str, near: str) -> None:
    with pytest.raises(UnknownRecipient) as caught:
        whom(name, Aliases({"team": ALIASES.members["team"]}))
    assert near in caught.value.hint


def test_an_unknown_name_says_that_an_alias_file_could_not_be_read() -> None:
    with pytest.raises(UnknownRecipient) as caught:
        whom("nobody-at-all", Aliases({}, ("/x cannot be read: no such file",)))
    assert "/x cannot be read" in caught.value.hint


@pytest.mark.parametrize(("name", "what"), [("host", "'root', which is no address"), ("loop", "stands for itself")])
def test_an_alias_that_ends_at_no_address_is_refused(name: str, what: str) -> None:
    with pytest.raises(UnknownRecipient, match=what):
        whom(name)


def test_a_subsystem_without_an_address_is_refused() -> None:
    with pytest.raises(UnknownRecipient, match="NOBODY names no address"):
        whom("nobody", maintainers=Maintainers.parse("NOBODY\nS:\tOrphan\nF:\tx/\n"))


def test_a_closed_list_is_no_part_of_its_subsystem_unless_it_is_all_there_is() -> None:
    closed = Maintainers.parse("CLOSED\nL:\tclosed@example.org (subscribers-only)\nF:\tx/\n")
    assert "ovl-core" not in whom("overlayfs")
    assert whom("closed", maintainers=closed) == ["closed"]


def test_the_reason_is_what_was_typed() -> None:
    first = made(OVERLAY, cc=["boss", "fsdevel"], aliases=ALIASES).of(1)
    assert reasons(first, "petra@example.org") == ("--cc boss, an alias",)
    assert reasons(first, "linux-fsdevel@example.org") == ("--cc fsdevel",)
