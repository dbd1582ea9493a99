"""Several series in one thread, each through a tree of its own, below one letter."""

from __future__ import annotations

import itertools

import pytest

from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.discussion import read_thread
from credseries.mail.thread.model import Letter

DIFF = "---\ndiff --git a/{0}.c b/{0}.c\n--- a/{0}.c\n+++ b/{0}.c\n@@ -1 +1 @@\n-a\n+b\n"


def mail(name: str, subject: str, *above: str, body: str = "", who: str = "Zoë <zoe@example.org>") -> Letter:
    references = " ".join(f"<{item}@x>" for item in above)
    head = f"From: {who}\nMessage-Id: <{name}@x>\nSubject: {subject}\n"
    if above:
        head += f"In-Reply-To: <{above[-1]}@x>\nReferences: {references}\n"
    return read_letter(f"{head}\n{body}\n".encode())


def tree(name: str) -> list[Letter]:
    return [
        mail(f"{name}0", f"[PATCH 0/2] creds ({name})", "top", body=f"change-id: 20261124-{name}-0123456789ab"),
        *(
            mail(f"{name}{n}", f"[PATCH {n}/2] {name}: part {n}", "top", f"{name}0", body=DIFF.format(name + str(n)))
            for n in (1, 2)
        ),
    ]


TOP = mail("top", "[PATCHSET] creds", body="Two series.")
ASKED = mail("asked", "Re: [PATCH 2/2] ovl: part 2", "top", "ovl0", "ovl2", body="Why?", who="A <a@b.c>")


@pytest.mark.parametrize("order", range(6))
def test_each_series_of_an_umbrella_has_its_own_discussion(order: int) -> None:
    blocks = list(itertools.permutations([[TOP], tree("vfs"), tree("ovl")]))[order]
    thread = read_thread([letter for block in blocks for letter in block] + [ASKED], {})
    found = {
        item.series.versions[0].mails[1].title: [len(item.series.versions[0].mails), len(item.remarks)]
        for item in thread.discussions
        if 1 in item.series.versions[0].mails
    }
    assert found == {"vfs: part 1": [3, 0], "ovl: part 1": [3, 1]}


def test_a_later_version_below_the_first_is_the_same_series() -> None:
    first = [mail("a0", "[PATCH 0/1] creds"), mail("a1", "[PATCH 1/1] ovl: x", "a0", body=DIFF.format("x"))]
    second = [
        mail("b0", "[PATCH v2 0/1] credentials", "a0"),
        mail("b1", "[PATCH v2 1/1] ovl: y", "a0", "b0", body=DIFF.format("x")),
    ]
    [found] = read_thread([*first, *second], {}).discussions
    assert [version.number for version in found.series.versions] == [1, 2]
