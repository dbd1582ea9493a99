"""What a mailed patch says of itself: its message and its author."""

from __future__ import annotations

from pathlib import Path

from credseries.kernel.git import Repository
from credseries.kernel.patch_mail import Patch, read_patches
from credseries.kernel.series_source import from_range
from tests.gitrepo import git

DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n"
HEAD = "From: A Person <a@example.org>\nSubject: [PATCH v2 1/2] ovl: Use a guard\n\n"


def one(text: str) -> Patch:
    [patch] = read_patches([("x", text.encode())]).patches
    return patch


def test_the_message_ends_at_the_three_dashes() -> None:
    patch = one(
        f"{HEAD}Why.\n\nSigned-off-by: A <a@example.org>\n---\nv2: no text of the commit\n\n a | 2 +-\n\n{DIFF}"
    )
    assert patch.message == "ovl: Use a guard\n\nWhy.\n\nSigned-off-by: A <a@example.org>\n"
    assert patch.author == "A Person <a@example.org>"


def test_the_author_in_the_body_counts_and_is_no_part_of_the_message() -> None:
    patch = one(f"{HEAD}From: Another <b@example.org>\nDate: today\n\nWhy.\n---\n{DIFF}")
    assert patch.author == "Another <b@example.org>"
    assert patch.message == "ovl: Use a guard\n\nWhy.\n"


def test_a_plain_diff_has_neither() -> None:
    patch = one(DIFF)
    assert (patch.message.strip(), patch.author) == ("", "")


def test_a_formatted_commit_has_the_commits_message_and_author(miniature: Path) -> None:
    text = "ovl: A subject that is so long that it is folded in the header of a mail, for it has many words\n\nWhy.\n"
    (miniature / "fs/open.c").write_text("int x;\n")
    git(miniature, "commit", "--quiet", "--all", "--author=Ü Person <u@example.org>", "-m", text)
    patch = one(git(miniature, "format-patch", "-1", "--stdout"))
    [step] = from_range(Repository.discover(miniature), "HEAD~1..HEAD", None).steps
    assert (patch.message, patch.author) == (step.message, step.author)
    assert (patch.message, patch.author) == (text, "Ü Person <u@example.org>")


def test_many_diffs_are_read_at_once(miniature: Path) -> None:
    repo, ids = Repository.discover(miniature), []
    for number in range(3):
        ids.append(git(miniature, "rev-parse", "HEAD").strip())
        (miniature / "fs/open.c").write_text(f"int x{number};\n")
        git(miniature, "commit", "--quiet", "--all", "-m", "x")
    last = git(miniature, "rev-parse", "HEAD").strip()
    pairs = [(ids[0], last), (last, ids[1]), (last, last), (ids[1], f"{ids[2]}")]
    diffs = repo.tree_diffs(pairs)
    assert [diff.decode() for diff in diffs] == [git(miniature, "diff", "--patch", *pair) for pair in pairs]
    assert repo.trees([last, last]) == {last: git(miniature, "rev-parse", "HEAD^{tree}").strip()}
