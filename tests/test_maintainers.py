"""Claims about the MAINTAINERS index, on a small text in the real file's format."""

from __future__ import annotations

import pytest

from credseries.kernel.maintainers import Maintainers

TEXT = """\
List of maintainers
===================

	M: *Mail* patches to: FullName <address@domain>
	F: *Files* and directories wildcard patterns.
\t   F:\tdrivers/net/\tall files in and below drivers/net

Maintainers List
----------------

.. note:: When reading this list, please look for the most precise areas
          first.

ALSA PATTERNS
M:	"Quoted Q. Name" <quoted@example.org>
L:	alsa-devel@alsa-project.org (moderated for non-subscribers)
S:	Odd Fixes
F:	sound/soc/da[79]*.[ch]
F:	sound/*/codec?.c

CACHE FILES
M:	David Howells <dhowells@redhat.com>
L:	netfs@lists.linux.dev
L:	linux-cachefs@redhat.com (subscribers-only)
S:	Supported
F:	fs/cachefiles/

CREDENTIALS
M:	Paul Moore <paul@paul-moore.com>
R:	Serge Hallyn <serge@hallyn.com>, Jann Horn <jann@thejh.net>
L:	linux-security-module@vger.kernel.org
S:	Supported
F:	include/linux/cred.h
F:	kernel/cred.c

FILESYSTEMS (VFS and infrastructure)
M:	Christian Brauner <brauner@kernel.org>
R:	Jan Kara <jack@suse.cz>
L:	linux-fsdevel@vger.kernel.org
S:	Maintained
F:	fs/*
F:	include/linux/fs
X:	fs/Kconfig

KEYWORDS
M:	Key Word <key@example.org>
L:	key-list@example.org
S:	Maintained
N:	tegra
K:	\\b(?:override|revert)_creds\\b

KERNEL NFSD
M:	Chuck Lever <chuck.lever@oracle.com>
L:	linux-nfs@vger.kernel.org
S:	Supported
F:	fs/nfsd/

NFS CLIENT
M:	Trond Myklebust <trondmy@kernel.org>
L:	linux-nfs@vger.kernel.org
S:	Maintained
F:	fs/nfs

OVERLAY FILESYSTEM
M:	Miklos Szeredi <miklos@szeredi.hu>
M:	Amir Goldstein <old@example.org>
L:	linux-unionfs@vger.kernel.org
S:	Supported
T:	git git://git.kernel.org/pub/scm/linux/kernel/git/overlayfs/vfs.git
F:	Documentation/filesystems/overlayfs.rst
F:	fs/overlayfs/

SMALL CORNER
M:	MIKLOS SZEREDI <another@example.org>
M:	Nobody In Particular <>
L:	LINUX-FSDEVEL@vger.kernel.org
S:	Orphan
F:	fs/overlayfs/dir.c

# a comment

THE REST
M:	Linus Torvalds <torvalds@linux-foundation.org>
L:	linux-kernel@vger.kernel.org
S:	Buried alive in reporters
F:	*
F:	*/
"""
MAILMAP = "# moved\nAmir Goldstein <amir73il@gmail.com> <old@example.org>\n<jann@new.example> <jann@thejh.net>\n"


@pytest.fixture(scope="module")
def index() -> Maintainers:
    return Maintainers.parse(TEXT, mailmap=MAILMAP)


def addresses(index: Maintainers, *files: str, patch: str = "") -> list[str]:
    return [recipient.address for recipient in index.for_files(files, patch)]


def test_sections_start_after_the_explanations(index: Maintainers) -> None:
    assert index.sections[0].name == "ALSA PATTERNS"
    assert index.sections[-1].name == "THE REST"
    overlay = next(section for section in index.sections if section.name == "OVERLAY FILESYSTEM")
    assert overlay.status == "Supported"
    assert overlay.values("F") == ["Documentation/filesystems/overlayfs.rst", "fs/overlayfs/"]


def test_people_come_before_lists_and_each_has_a_reason(index: Maintainers) -> None:
    recipients = index.for_files(["fs/overlayfs/file.c"])
    assert [(str(item), item.role, item.reason) for item in recipients] == [
        ("Miklos Szeredi <miklos@szeredi.hu>", "maintainer", "supporter:OVERLAY FILESYSTEM"),
        ("Amir Goldstein <amir73il@gmail.com>", "maintainer", "supporter:OVERLAY FILESYSTEM"),
        ("linux-unionfs@vger.kernel.org", "list", "open list:OVERLAY FILESYSTEM"),
        ("linux-kernel@vger.kernel.org", "list", "open list"),
    ]
    assert {(item.section, item.pattern) for item in recipients} == {
        ("OVERLAY FILESYSTEM", "F: fs/overlayfs/"),
        ("THE REST", "F: */"),
    }


def test_the_most_specific_section_comes_first(index: Maintainers) -> None:
    assert [section.name for section, _ in index.match_file("fs/overlayfs/dir.c")] == [
        "SMALL CORNER",
        "OVERLAY FILESYSTEM",
        "THE REST",
    ]


def test_nobody_is_named_twice_whatever_the_letter_case(index: Maintainers) -> None:
    assert addresses(index, "fs/overlayfs/dir.c", "fs/open.c") == [
        *("another@example.org", "amir73il@gmail.com", "brauner@kernel.org", "jack@suse.cz"),
        *("LINUX-FSDEVEL@vger.kernel.org", "linux-unionfs@vger.kernel.org", "linux-kernel@vger.kernel.org"),
    ]


def test_several_addresses_on_a_line_and_the_mailmap(index: Maintainers) -> None:
    people = index.for_files(["kernel/cred.c"])[:3]
    assert [(item.address, item.role) for item in people] == [
        ("paul@paul-moore.com", "maintainer"),
        ("serge@hallyn.com", "reviewer"),
        ("jann@new.example", "reviewer"),
    ]


@pytest.mark.parametrize(
    ("file", "section"),
    [
        ("fs/open.c", "FILESYSTEMS (VFS and infrastructure)"),  # a star does not cross a slash
        ("fs/ext4/super.c", None),
        ("fs/Kconfig", None),  # excluded
        ("include/linux/fs.h", "FILESYSTEMS (VFS and infrastructure)"),  # the beginning of a name is enough
        ("include/linux/fs/x.h", "FILESYSTEMS (VFS and infrastructure)"),  # a directory that lacks its slash
        ("include/linux/cred.h", "CREDENTIALS"),
        ("include/linuxXcred.h", None),
        ("fs/nfs/dir.c", "NFS CLIENT"),
        ("fs/nfsd/vfs.c", "KERNEL NFSD"),
        ("sound/soc/da7213.c", "ALSA PATTERNS"),
        ("sound/soc/da7213_c", None),  # a dot is a dot
        ("sound/pci/codec1.c", "ALSA PATTERNS"),
        ("sound/pci/codec.c", None),
        ("drivers/soc/tegra/fuse.c", "KEYWORDS"),
    ],
)
def test_patterns(index: Maintainers, file: str, section: str | None) -> None:
    found = [name.name for name, _ in index.match_file(file) if name.name != "THE REST"]
    assert found == ([section] if section else [])


def test_the_top_directory_goes_to_the_rest(index: Maintainers) -> None:
    assert addresses(index, "Makefile") == ["linux-kernel@vger.kernel.org"]


def test_a_directory_without_a_slash_does_not_claim_its_neighbours() -> None:
    text = "ONE\nM:\tA <a@example.org>\nF:\tdrivers/net/wifi\n"
    asked: list[str] = []

    def is_directory(path: str) -> bool:
        asked.append(path)
        return path == "drivers/net/wifi"

    index = Maintainers.parse(text, is_directory=is_directory)
    assert addresses(index, "drivers/net/wifi/a.c", "drivers/net/other.c") == ["a@example.org"]
    assert addresses(index, "drivers/net/wifi2.c") == []
    assert asked == ["drivers/net/wifi"]
    assert addresses(Maintainers.parse(text), "drivers/net/wifi2.c") == ["a@example.org"]


def test_names_are_quoted_where_mail_needs_it_and_notes_kept(index: Maintainers) -> None:
    person, moderated, _ = index.for_files(["sound/soc/da7213.c"])
    assert (person.name, str(person)) == ("Quoted Q. Name", '"Quoted Q. Name" <quoted@example.org>')
    assert moderated.note == "moderated for non-subscribers"
    assert moderated.reason == "moderated list:ALSA PATTERNS"


def test_subscribers_only_lists_are_left_out(index: Maintainers) -> None:
    assert "linux-cachefs@redhat.com" not in addresses(index, "fs/cachefiles/io.c")
    assert "linux-cachefs@redhat.com" in [item.address for item in index.lists]


PATCH = """\
Subject: fs: say {message}

---
 fs/ext4/super.c | 1 +

diff --git a/fs/ext4/super.c b/fs/ext4/super.c
--- a/fs/ext4/super.c
+++ b/fs/ext4/super.c
@@ -1,2 +1,3 @@ static int {hunk}(void)
 \t{context};
+	{added};
"""


def patch(**words: str) -> str:
    return PATCH.format(**{"message": "x", "hunk": "x", "context": "x", "added": "x", **words})


@pytest.mark.parametrize("place", ["message", "added"])
def test_keywords_count_in_the_message_and_in_what_changes(index: Maintainers, place: str) -> None:
    found = index.for_files(["fs/ext4/super.c"], patch(**{place: "override_creds(c)"}))
    keyword = next(item for item in found if item.address == "key@example.org")
    assert keyword.pattern == r"K: \b(?:override|revert)_creds\b"
    assert keyword.reason == r"maintainer:KEYWORDS:Keyword:\b(?:override|revert)_creds\b"
    assert found[-1].address == "key-list@example.org"


@pytest.mark.parametrize("place", ["hunk", "context"])
def test_keywords_do_not_count_around_a_change(index: Maintainers, place: str) -> None:
    text = patch(**{place: "override_creds"})
    assert addresses(index, "fs/ext4/super.c", patch=text) == ["linux-kernel@vger.kernel.org"]


def test_a_damaged_expression_matches_nothing() -> None:
    index = Maintainers.parse("ONE\nM:\tA <a@example.org>\nF:\tfs/[\nN:\t(\nK:\t*x\n")
    assert addresses(index, "fs/[", patch="x") == []
