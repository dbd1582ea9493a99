"""Lines of files are found in the mails of patches: each by its number, wherever the patch was applied."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credseries.creds.audit.compared import Severity
from credseries.mail.reply.places import Nearness, PatchMail
from credseries.mail.thread.patch_text import What, patch_lines
from credseries.series.observations import Observation

HEAD = "Some words.\n\n---\n x.c | 4 ++--\n 1 file changed, 2 insertions(+), 2 deletions(-)\n\n"
TAIL = "-- \n2.43.0\n"
# Lines that look like parts of a diff, or of a mail, among such as repeat.
LINE = st.one_of(
    st.sampled_from(
        [
            "",
            "{",
            "}",
            "\tint err;",
            "- x",
            "+ x",
            "-- ",
            "--- a/x.c",
            "+++ b/x.c",
            "@@ -1,2 +1,2 @@ f",
            "diff --git a/x b/x",
        ]
    ),
    st.integers(0, 99).map(lambda number: f"\tcall_{number}();"),
)


@st.composite
def edits(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """The lines of a file before and after a change."""
    before = draw(st.lists(LINE, max_size=40))
    after = list(before)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(after)))
        after[at : at + draw(st.integers(0, 4))] = draw(st.lists(LINE, max_size=4))
    return before, after


def diff(place: Path, before: Sequence[str], after: Sequence[str], last: str = "\n") -> str:
    """What git says of a file that changes."""
    for name, lines in (("a", before), ("b", after)):
        (place / name).mkdir(exist_ok=True)
        (place / name / "x.c").write_text("\n".join(lines) + last if lines else "")
    command = ["git", "diff", "--no-index", "--no-prefix", "a/x.c", "b/x.c"]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False).stdout


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits(), st.sampled_from(["\n", ""]))
def test_every_line_of_a_diff_has_its_number(
    tmp_path_factory: pytest.TempPathFactory, texts: tuple[list[str], list[str]], last: str
) -> None:
    before, after = (lines if last else [*lines, "}"] for lines in texts)  # an empty last line would be none
    lines = patch_lines(HEAD + diff(tmp_path_factory.getbasetemp(), before, after, last) + TAIL)
    mail = PatchMail(lines, {"x.c": after})
    shown = [at for at, line in enumerate(lines) if line.what is What.DIFF and line.text[:1] in "+- "]
    seen_new = set()
    for at in shown:
        line = lines[at]
        if line.removed:
            assert before[line.line - 1] == line.text[1:]
        else:
            assert after[line.line - 1] == line.text[1:]
            assert mail.position("x.c", line.line) == at
            seen_new.add(line.line)
    added = sum(lines[at].text.startswith("+") for at in shown)
    assert len(after) - len(before) == added - sum(lines[at].removed for at in shown)
    assert [number for number in range(1, len(after) + 1) if mail.position("x.c", number) is not None] == sorted(
        seen_new
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits(), st.integers(0, 30))
def test_a_patch_that_was_applied_further_down_has_the_numbers_of_there(
    tmp_path_factory: pytest.TempPathFactory, texts: tuple[list[str], list[str]], shift: int
) -> None:
    before, after = texts
    lines = patch_lines(HEAD + diff(tmp_path_factory.getbasetemp(), before, after) + TAIL)
    there = [f"/* {number} */" for number in range(shift)] + after
    mail = PatchMail(lines, {"x.c": there})
    found = {number: mail.position("x.c", number) for number in range(1, len(there) + 1)}
    for number, at in found.items():
        if at is not None:
            assert lines[at].text[1:] == there[number - 1]
    # a hunk is somewhere, whole
    assert all(len(numbers) == hunk_size(mail, hunk.first, hunk.last) for hunk, numbers in mail.numbers.items())


def hunk_size(mail: PatchMail, first: int, last: int) -> int:
    return sum(not line.removed and not line.text.startswith("\\") for line in mail.lines[first : last + 1])


PATCH = (
    HEAD
    + """diff --git a/x.c b/x.c
--- a/x.c
+++ b/x.c
@@ -10,5 +10,5 @@ static int first(void)
 {
 \tone();
-\ttwo();
+\t2();
 \tthree();
 }
@@ -40,4 +40,5 @@ static int second(void)
 \tone();
 \tfour();
+\tfive();
 \tsix();
 }
"""
    + TAIL
)


def about(line: int, extent: tuple[int, int] = (0, 0), function: str = "", file: str = "x.c") -> Observation:
    return Observation(1, Severity.ERROR, file, function, line, "x", extent=extent)


@pytest.mark.parametrize(
    ("item", "nearness", "text"),
    [
        (about(12), Nearness.LINE, "+\t2();"),
        (about(42), Nearness.LINE, "+\tfive();"),
        (about(30, (8, 60)), Nearness.FUNCTION, " }"),
        (about(20, (8, 22)), Nearness.FUNCTION, " }"),
        (about(25, (23, 30)), Nearness.FILES, " 1 file changed, 2 insertions(+), 2 deletions(-)"),
        (about(12, file="y.c"), Nearness.FILES, " 1 file changed, 2 insertions(+), 2 deletions(-)"),
        (about(99, function="second"), Nearness.FUNCTION, " }"),
        (about(0), Nearness.FILES, " 1 file changed, 2 insertions(+), 2 deletions(-)"),
    ],
)
def test_what_is_not_in_the_diff_is_said_as_near_as_there_is_a_line(
    item: Observation, nearness: Nearness, text: str
) -> None:
    mail = PatchMail(patch_lines(PATCH))
    place = mail.place(item)
    assert (place.nearness, mail.lines[place.position].text) == (nearness, text)


def test_of_two_hunks_of_a_function_the_nearer_one_is_taken() -> None:
    mail = PatchMail(patch_lines(PATCH))
    assert mail.place(about(17, (5, 60))).position < mail.place(about(36, (5, 60))).position


def test_without_a_list_of_files_it_is_said_below_the_last_words() -> None:
    mail = PatchMail(patch_lines(PATCH.partition("---\n")[0] + PATCH[PATCH.index("diff --git") :]))
    assert mail.lines[mail.place(about(1, file="y.c")).position].text == "Some words."


def test_a_hunk_that_was_merged_is_found_line_by_line() -> None:
    after = [f"/* {number} */" for number in range(1, 30)]
    after += ["{", "\tother();", "\tone();", "\t2();", "\tthree();", "}"]
    mail = PatchMail(patch_lines(PATCH), {"x.c": after})
    position = mail.position("x.c", after.index("\t2();") + 1)
    assert position is not None
    assert mail.lines[position].text == "+\t2();"
    assert mail.position("x.c", after.index("\tother();") + 1) is None


def test_what_is_about_several_lines_is_said_below_the_first_that_is_added() -> None:
    mail = PatchMail(patch_lines(PATCH))

    def text(first: int, last: int) -> tuple[Nearness, str]:
        item = replace(about(first, (8, 60)), last=last)
        place = mail.place(item)
        return place.nearness, mail.lines[place.position].text

    assert text(1, 60) == (Nearness.LINE, "+\t2();")
    assert text(41, 44) == (Nearness.LINE, "+\tfive();")
    assert text(43, 50) == (Nearness.LINE, " \tsix();")
    assert text(20, 30)[0] is Nearness.FUNCTION


def test_what_is_about_the_whole_patch_is_said_below_its_message() -> None:
    place = PatchMail(patch_lines(PATCH)).place(about(0, file=""))
    assert (place.nearness, place.position) == (Nearness.MESSAGE, 0)
