"""A remark is bound to the line of the patch that is quoted above it, or to less: never to another one."""

from __future__ import annotations

import difflib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.mail.thread.patch_text import What, patch_lines
from credseries.mail.thread.placing import Placed

PATCH = """The override is long-lived: no reference is needed.

Signed-off-by: Zoe <zoe@example.org>
---
 fs/one.c | 9 +++++----
 1 file changed, 5 insertions(+), 4 deletions(-)

diff --git a/fs/one.c b/fs/one.c
index 1111111..2222222 100644
--- a/fs/one.c
+++ b/fs/one.c
@@ -10,9 +10,8 @@ static int first(struct inode *inode)
 {
 \tint err;
~
-\told = override(inode);
+\tguard(cred)(inode);
 \terr = work(inode);
-\trevert(old);
 \treturn err;
 }
~
@@ -30,5 +30,10 @@ static int second(struct inode *inode,
 \terr = work(inode);
 \treturn err;
 }
+
+static int third(struct inode *inode)
+{
+\treturn 0;
+}
~
 int table[] = {
--~
2.43.0
""".replace("~\n", " \n")


def spot(*quoted: str) -> tuple[str, str, int, bool]:
    found = Placed(PATCH).find(quoted)
    return found.file, found.function, found.line, found.removed


def test_lines_have_their_numbers_after_and_before_the_patch() -> None:
    assert spot("+\tguard(cred)(inode);") == ("fs/one.c", "first", 13, False)
    assert spot("-\trevert(old);") == ("fs/one.c", "first", 15, True)
    assert spot(" {", " \tint err;") == ("fs/one.c", "first", 11, False)


def test_a_line_that_is_there_twice_needs_the_lines_above_it() -> None:
    assert spot(" \terr = work(inode);", " \treturn err;") == ("fs/one.c", "second", 31, False)
    assert spot("-\trevert(old);", " \treturn err;") == ("fs/one.c", "first", 15, False)
    assert spot(" \treturn err;") == ("fs/one.c", "", 0, False)
    assert spot(" \treturn err;", "", "[...]", "", "+\treturn 0;") == ("fs/one.c", "third", 36, False)


def test_what_was_left_out_does_not_count_as_a_line_above() -> None:
    assert spot("-\trevert(old);", "[ ... ]", " \treturn err;") == ("fs/one.c", "", 0, False)
    assert spot("-\trevert(old);", "<snip>", " }") == ("fs/one.c", "", 0, False)


def test_the_function_is_that_of_the_body_where_the_hunk_shows_a_new_one() -> None:
    assert spot("+static int third(struct inode *inode)", "+{")[1] == "third"
    assert spot(" int table[] = {") == ("fs/one.c", "", 39, False)


def test_a_commit_message_and_a_header_are_no_lines_of_a_file() -> None:
    assert spot("The override is long-lived: no reference is needed.") == ("", "", 0, False)
    assert Placed(PATCH).find(["The override is long-lived: no reference is needed."]).sure
    assert spot("diff --git a/fs/one.c b/fs/one.c") == ("fs/one.c", "", 0, False)
    assert spot("@@ -10,9 +10,8 @@ static int first(struct inode *inode)") == ("fs/one.c", "first", 0, False)


def test_white_space_and_line_ends_that_a_mailer_has_changed_do_not_matter() -> None:
    assert spot("+ guard(cred)(inode);") == ("fs/one.c", "first", 13, False)
    assert spot("+static int third(struct", "inode *inode)") == ("fs/one.c", "third", 34, False)
    assert spot("err = work(inode);", "-    revert(old);") == ("fs/one.c", "first", 15, True)


def test_what_is_not_in_the_patch_has_no_place() -> None:
    assert not Placed(PATCH).find(["+\tguard(cred)(dentry);"]).sure
    assert not Placed(PATCH).find([]).sure
    assert not Placed("").find(["x"]).sure
    assert spot("-- ") == ("", "", 0, False)


def test_a_half_line_is_not_taken_for_a_whole_one() -> None:
    assert not Placed(PATCH).find(["(inode);"]).sure
    assert not Placed(PATCH).find(["+\tguard(cred)"]).sure


def test_a_prototype_is_no_function_that_later_lines_are_in() -> None:
    text = (
        "diff --git a/fs/x.h b/fs/x.h\n--- a/fs/x.h\n+++ b/fs/x.h\n@@ -1,3 +1,6 @@\n"
        " int a(void);\n+int b(struct inode *inode,\n+      int flags);\n+#define LIMIT 3\n \n extern int c;\n"
    )
    by_text = {line.text: line.function for line in patch_lines(text)}
    assert by_text["+#define LIMIT 3"] == by_text[" extern int c;"] == ""


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("a/fs/plain.c", "fs/plain.c"),
        (r'"a/fs/\303\251t\303\251.c"', "fs/été.c"),
        (r'"a/fs/a \"b\" \\.c"', 'fs/a "b" \\.c'),
        (r'"a/fs/a\tb.c"', "fs/a\tb.c"),
    ],
)
def test_a_name_that_git_quotes_is_the_file_s(written: str, name: str) -> None:
    new = written.replace("a/", "b/", 1)
    text = f"diff --git {written} {new}\n--- {written}\n+++ {new}\n@@ -5 +5 @@\n-\tone();\n+\ttwo();\n"
    assert {line.file for line in patch_lines(text)[:-1]} == {name}


def test_numbers_that_no_file_has_are_no_hunk() -> None:
    text = f"--- a/x.c\n+++ b/x.c\n@@ -{'9' * 5000} +5 @@\n-\tone();\n"
    assert What.HUNK not in {line.what for line in patch_lines(text)}


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("static int ovl_open(struct inode *inode)", "ovl_open"),
        ("static const char *__printf(1, 2) say(const char *format)", "say"),
        ("struct ovl_fs {", ""),
        ("SYSCALL_DEFINE3(faccessat, int, dfd)", ""),
        ("out:", ""),
        ("int a = f(x);", ""),
        ("static int ovl_set(struct dentry *dentry, const struct ve", "ovl_set"),
    ],
    ids=["function", "attribute", "struct", "macro", "label", "value", "cut-off"],
)
def test_the_head_of_a_hunk_names_a_function_or_nothing(head: str, name: str) -> None:
    text = f"diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -5 +5 @@ {head}\n-\tone();\n+\ttwo();\n"
    assert {line.function for line in patch_lines(text) if line.what is What.DIFF} == {name}


# -- laws: a slice of any diff, quoted, comes back to its lines

LINE = st.sampled_from(
    ["\tint err;", "", "\treturn err;", "}", "{", "\tcall(a, b);", "int f(void)", "\t\tx++;", "out:", "-- "]
)


@st.composite
def mailed(draw: st.DrawFn) -> str:
    """A patch of one or two files, whose lines repeat as those of programs do."""
    text = "A message.\n---\n\n"
    for name in ("fs/a.c", "fs/b.c")[: draw(st.integers(1, 2))]:
        before = draw(st.lists(LINE, min_size=1, max_size=40))
        after = draw(st.lists(LINE, min_size=1, max_size=40))
        diff = list(difflib.unified_diff(before, after, f"a/{name}", f"b/{name}", lineterm=""))
        text += "\n".join([f"diff --git a/{name} b/{name}", *diff]) + "\n" if diff else ""
    return text + "-- \n2.43\n"


@settings(max_examples=300, deadline=None)
@given(mailed(), st.data())
def test_a_slice_of_a_diff_is_bound_to_its_own_last_line_or_to_less(text: str, data: st.DataObject) -> None:
    placed = Placed(text)
    ends = [number for number, line in enumerate(placed.lines) if line.what is What.DIFF and line.text.strip()]
    if not ends:
        return
    end = data.draw(st.sampled_from(ends))
    start = data.draw(st.integers(max(0, end - 30), end))
    quoted = [line.text for line in placed.lines[start : end + 1]]
    for lines in (quoted, [re.sub(r"\s+", " ", line).rstrip() for line in quoted]):
        found, meant = placed.find(lines), placed.lines[end]
        assert found.sure
        assert found.file in ("", meant.file)
        assert found.function in ("", meant.function)
        assert found.line in (0, meant.line)
        if found.line:
            assert found.removed == meant.removed
        assert end in found.lines
    if placed.find(quoted).lines == (end,):
        assert placed.find(quoted).line == meant.line


@settings(max_examples=200, deadline=None)
@given(mailed())
def test_lines_have_the_numbers_that_their_hunks_give_them(text: str) -> None:
    """A reader of another kind: by the headers of hunks alone, counting on."""
    old = new = 0
    for line in patch_lines(text):
        if line.what is What.HUNK:
            numbers = re.findall(r"[-+](\d+)", line.text.split("@@")[1])
            old, new = map(int, numbers)
        elif line.what is What.DIFF:
            assert line.line == (old if line.text[:1] == "-" else new)
            old += line.text[:1] != "+"
            new += line.text[:1] != "-"
