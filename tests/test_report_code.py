"""How a report shows code: pieces of C, diffs with their numbers, and nothing that acts or hides."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.review.code.diff import DiffLine, parse_diff
from credseries.review.report.difftable import table
from credseries.review.report.markup import code
from credseries.review.report.tokens import Token, Tokens
from credseries.review.visible import visible
from tests.gitrepo import commit_all, git, make_repo, write_files

CREDENTIALS, WORD, COMMENT, TEXT, PLAIN = Token.CREDENTIALS, Token.WORD, Token.COMMENT, Token.TEXT, Token.PLAIN


def pieces(*lines: str) -> list[list[tuple[Token, str]]]:
    tokens = Tokens()
    return [[piece for piece in tokens.of(line) if piece[0] is not PLAIN] for line in lines]


# -- pieces of C


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("\told = override_creds(ctx->cred);", [(CREDENTIALS, "override_creds")]),
        ("\told = my_override_creds_light(x);", [(CREDENTIALS, "my_override_creds_light")]),
        ("\tscoped_guard(cred, ctx->cred) {", [(CREDENTIALS, "scoped_guard")]),
        ("\tguard(mutex)(&lock);", []),
        ("\treturn 0; /* done */", [(WORD, "return"), (COMMENT, "/* done */")]),
        ('\tpr_debug("return \\" /* %d", 1);', [(TEXT, '"return \\" /* %d"')]),
        ("\tc = '\\'';", [(TEXT, "'\\''")]),
        ("#define X 1 // one", [(WORD, "#define"), (COMMENT, "// one")]),
        ("\tint returned = interval;", [(WORD, "int")]),
        ("", []),
    ],
)
def test_pieces_of_a_line(line: str, found: list[tuple[Token, str]]) -> None:
    assert pieces(line) == [found]


def test_a_comment_goes_on_until_it_ends() -> None:
    assert pieces("x /* one", "return two", "three */ return;", "return;") == [
        [(COMMENT, "/* one")],
        [(COMMENT, "return two")],
        [(COMMENT, "three */"), (WORD, "return")],
        [(WORD, "return")],
    ]
    assert pieces("/*/ still", "open */ int x;")[1] == [(COMMENT, "open */"), (WORD, "int")]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags = "", set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.update((tag, *(name for name, _ in attrs if name != "class")))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.lists(st.text(st.characters(exclude_characters="\n\r")), max_size=4))
def test_a_line_reads_as_it_is_whatever_it_holds(lines: list[str]) -> None:
    tokens = Tokens()
    for line in lines:
        taken = _Text()
        taken.feed(code(line, tokens))
        taken.close()
        assert taken.text == visible(line)
        assert taken.tags <= {"b", "i", "u", "em", "span"}


# -- diffs


def diff_of(tmp_path: Path, before: dict[str, bytes | str], after: dict[str, bytes | str | None]) -> bytes:
    """The diff that git writes of two trees; None removes a file."""
    repo = make_repo(tmp_path, before)
    write_files(repo, {name: text for name, text in after.items() if text is not None})
    for name in (name for name, text in after.items() if text is None):
        (repo / name).unlink()
    commit_all(repo, "Change")
    return git(repo, "diff", "--src-prefix=a/", "--dst-prefix=b/", "-M", "HEAD~", "HEAD").encode()


def test_lines_have_their_numbers_on_both_sides(tmp_path: Path) -> None:
    before = "".join(f"line {number}\n" for number in range(1, 31))
    after = before.replace("line 3\n", "").replace("line 20\n", "line 20a\nline 20b\n")
    [file] = parse_diff(diff_of(tmp_path, {"a.c": before}, {"a.c": after}))
    assert (file.path, file.notes, len(file.hunks)) == ("a.c", (), 2)
    assert file.removed == (DiffLine("-", "line 3", 3, 0), DiffLine("-", "line 20", 20, 0))
    assert file.added == (DiffLine("+", "line 20a", 0, 19), DiffLine("+", "line 20b", 0, 20))
    assert file.lines[0] == DiffLine(" ", "line 1", 1, 1)
    assert file.lines[-1] == DiffLine(" ", "line 23", 23, 23)


def test_files_come_go_move_and_are_binary(tmp_path: Path) -> None:
    text = "".join(f"{number}\n" for number in range(20))
    before: dict[str, bytes | str] = {"gone.c": "a\n", "old name.c": text, "data": b"\0\1"}
    after: dict[str, bytes | str | None] = {
        **{"gone.c": None, "old name.c": None, "new name.c": text, "data": b"\0\2", 'odd"\tname.c': "b\n"},
        "last.c": "no end",
    }
    found = {file.path: file for file in parse_diff(diff_of(tmp_path, before, after))}
    assert {name: file.notes for name, file in found.items()} == {
        "data": ("binary",),
        "gone.c": ("deleted",),
        "last.c": ("new",),
        "new name.c": ("was old name.c",),
        'odd"\tname.c': ("new",),
    }
    assert found["last.c"].lines == (DiffLine("+", "no end", 0, 1, ends=False),)
    assert found["new name.c"].hunks == ()


def test_lines_that_look_like_a_diff_are_lines(tmp_path: Path) -> None:
    before = "-- a/x\n++ b/x\ndiff --git a/y b/y\n@@ -1 +1 @@\n\nend\n"
    [file] = parse_diff(diff_of(tmp_path, {"x.c": before}, {"x.c": f"diff --git a/z b/z\n{before[14:]}"}))
    assert [line.text for line in file.removed] == ["-- a/x", "++ b/x"]
    assert [line.text for line in file.added] == ["diff --git a/z b/z"]
    assert [line.text for line in file.lines if line.mark == " "] == ["diff --git a/y b/y", "@@ -1 +1 @@", ""]


def test_a_table_has_numbers_marks_and_escapes() -> None:
    [file] = parse_diff(
        b"diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@ int f(<b>)\n"
        b"-<i>\x1b\xff\n+return '\xe2\x80\xae';\n y\n\\ No newline at end of file\n"
    )
    html = str(table(file))
    assert '<caption class="vh">x.c: what changes</caption>' in html
    assert "@@ int f(&lt;b&gt;)" in html
    assert '<tr class="d"><td>1<td><td>-&lt;i&gt;<span class="x">\\x1b</span><span class="x">\\xff</span></td>' in html
    assert '<tr class="a"><td><td>1<td>+<b>return</b> <u>\'<span class="x">\\u202e</span>\'</u>;</td>' in html
    assert '<tr><td>2<td>2<td> y<span class="x">no newline</span></td>' in html
