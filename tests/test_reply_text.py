"""What a reply says: errors first, the same thing once, what is left out is marked, and a summary of the series."""

from __future__ import annotations

import re
from collections.abc import Sequence

from credseries.creds.audit.compared import Severity
from credseries.mail.reply.body import remarks
from credseries.mail.reply.places import PatchMail
from credseries.mail.reply.summary import Named, summary
from credseries.mail.thread.placing import Placed
from credseries.series.observations import Observation, PathLine, Review, Unseen

LONG = [f"+\tline_{number}();" for number in range(1, 61)]
PATCH = "\n".join(
    [
        "Words of a patch.",
        "",
        "---",
        " fs/x.c | 64 +++",
        " fs/y.c |  2 +-",
        " 2 files changed, 62 insertions(+), 1 deletion(-)",
        "",
        "diff --git a/fs/x.c b/fs/x.c",
        "index 1..2 100644",
        "--- a/fs/x.c",
        "+++ b/fs/x.c",
        "@@ -1,2 +1,62 @@ int first(void)",
        " {",
        *LONG,
        " }",
        "diff --git a/fs/y.c b/fs/y.c",
        "index 1..2 100644",
        "--- a/fs/y.c",
        "+++ b/fs/y.c",
        "@@ -7,3 +7,3 @@ int second(void)",
        " {",
        "-\tone();",
        "+\ttwo();",
        " }",
        "-- ",
        "2.43.0",
    ]
)


def item(text: str, line: int, file: str = "fs/x.c", **fields: object) -> Observation:
    values = {"severity": Severity.ERROR, "function": "first", "extent": (1, 62), **fields}
    return Observation(patch=1, file=file, line=line, text=text, **values)  # type: ignore[arg-type]


def reply(*items: Observation) -> list[str]:
    placed = Placed(PATCH)
    return remarks(PatchMail(placed.lines), placed, items)


def said(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line and not line.startswith(">")]


def test_only_what_is_needed_is_quoted_and_what_is_left_out_is_marked() -> None:
    lines = reply(item("Here.", 50), item("There.", 8, "fs/y.c", extent=(7, 9)))
    assert lines == [
        "> [...]",
        "> --- a/fs/x.c",
        "> +++ b/fs/x.c",
        "> @@ -1,2 +1,62 @@ int first(void)",
        "> [...]",
        *(f"> +\tline_{number}();" for number in range(37, 50)),
        "",
        "Here.",
        "",
        "> [...]",
        "> --- a/fs/y.c",
        "> +++ b/fs/y.c",
        "> @@ -7,3 +7,3 @@ int second(void)",
        ">  {",
        "> -\tone();",
        "> +\ttwo();",
        "",
        "There.",
    ]


def test_a_line_on_the_way_that_the_patch_adds_is_quoted_too() -> None:
    path = tuple(PathLine(number, f"line_{number - 1}();") for number in (3, 10, 49, 50))
    lines = reply(item("Here.", 50, path=path))
    start = lines.index("> @@ -1,2 +1,62 @@ int first(void)")
    assert lines[start : start + 6] == [
        "> @@ -1,2 +1,62 @@ int first(void)",
        ">  {",
        "> +\tline_1();",
        "> +\tline_2();",
        "> [...]",
        "> +\tline_9();",
    ]
    assert lines[-3:] == ["Here.", "", "Path: 3 -> 10 -> 49 -> 50 in fs/x.c after this patch."]


def test_of_a_path_that_is_not_quoted_the_lines_are_told() -> None:
    path = tuple(PathLine(number, f"call_{number}();") for number in (98, 99, *range(100, 120)))
    lines = reply(item("Here.", 50, path=path))
    assert lines[-11:] == [
        "The path to it, in fs/x.c after this patch:",
        "",
        "     98  call_98();",
        "     99  call_99();",
        "     ..",
        *(f"    {number}  call_{number}();" for number in range(114, 120)),
    ]


def test_no_line_is_quoted_twice_and_errors_come_first() -> None:
    lines = reply(
        item("A note.", 8, severity=Severity.NOTE),
        item("A warning.", 8, severity=Severity.WARNING),
        item("An error.", 8),
        item("Before.", 5),
        item("After.", 9),
    )
    words = [line for line in lines if line and not line.startswith(">")]
    assert words == ["Before.", "An error.", "A warning.", "Note: A note.", "After."]
    quoted = [line for line in lines if line.startswith("> ") and line != "> [...]"]
    assert len(quoted) == len(set(quoted))
    assert [line for line in quoted if "line_" in line] == [f"> +\tline_{number}();" for number in range(1, 9)]


def test_an_error_that_comes_again_is_said_shortly_at_its_own_line() -> None:
    lines = reply(*(item(f"All of {line}.", line, group="g", again=f"it at {line}") for line in (5, 7)))
    assert said(lines) == ["All of 5.", "The same goes for it at 7."]
    assert lines[lines.index("The same goes for it at 7.") - 2] == "> +\tline_6();"


def test_what_is_said_of_another_function_is_said_in_full() -> None:
    same = {"group": "g", "again": "it", "path": (PathLine(1, "a();"), PathLine(2, "b();"))}
    lines = reply(item("First.", 5, **same), item("Other.", 8, "fs/y.c", function="second", extent=(7, 9), **same))
    assert [line for line in said(lines) if line.endswith(".") and "->" not in line] == ["First.", "Other."]


def test_when_something_else_was_said_between_it_is_said_in_full_without_the_path() -> None:
    path = (PathLine(2, "line_1();"), PathLine(3, "line_2();"))
    one, other = item("One.", 5, group="g", again="it", path=path), item("Other.", 6)
    lines = reply(one, other, item("One again.", 7, group="g", again="it", path=path))
    assert said(lines) == ["One.", "Path: 2 -> 3 in fs/x.c after this patch.", "Other.", "One again."]


def test_places_that_are_not_in_the_diff_are_said_together() -> None:
    far = [item(f"All of {line}.", line, group="g", again=f"it at {line}") for line in (99, 98, 97)]
    assert said(reply(*far)) == [
        "All of 97. That line is not in this diff; this is the nearest hunk of",
        "its function.",
        "The same goes for it at 98 and it at 99, which are not in this diff.",
    ]
    assert said(reply(item("Here.", 5, group="g", again="it"), far[0]))[1:] == [
        "The same goes for it at 99, which is not in this diff."
    ]


def test_what_is_said_of_a_line_and_of_others_near_it_has_one_empty_line_between() -> None:
    lines = reply(item("Here.", 62), item("There.", 99))
    assert lines[-4:] == [
        "Here.",
        "",
        "There. That line is not in this diff; this is the nearest hunk of its",
        "function.",
    ]


def test_a_warning_about_many_places_is_said_once_with_the_others_listed() -> None:
    many = [item("All of it.", line, severity=Severity.WARNING, again="x", group="g") for line in (5, 20, 50)]
    lines = reply(*many)
    assert lines[-6:] == ["All of it.", "", "The same goes for:", "", "  fs/x.c:20 first()", "  fs/x.c:50 first()"]
    assert lines.count("> [...]") == 1


def test_what_no_hunk_is_about_is_said_below_the_list_of_files_once() -> None:
    callers = [item("All of it.", line, f"fs/{line}.c", function="g", again="x", group="g") for line in (5, 20)]
    lines = reply(*callers, item("Here.", 3))
    assert lines[:10] == [
        "> [...]",
        ">  fs/x.c | 64 +++",
        ">  fs/y.c |  2 +-",
        ">  2 files changed, 62 insertions(+), 1 deletion(-)",
        "",
        "All of it. That function is not in this diff.",
        "",
        "The same goes for:",
        "",
        "  fs/20.c:20 g()",
    ]
    assert lines[-1] == "Here."


def test_lines_of_words_fit_a_mail() -> None:
    words = "With this patch, " + "something() can run under `a + b - c * d` and " * 9 + "is/a/very/" + "long/" * 20
    for line in reply(item(words, 3, function="f" * 90, path=(PathLine(1, "x" * 200), PathLine(99, "y" * 200)))):
        assert len(line) <= 72 or " " not in line.strip() or line.startswith(">"), line
        assert line.count("`") % 2 == 0


# -- the summary


ONE = ((1, "a.c", "f"),)


def review(*items: Observation, compared: Sequence[tuple[int, str, str]] = ONE, **more: object) -> Review:
    return Review("0123456789abcdef", tuple(items), tuple(compared), **more)  # type: ignore[arg-type]


PATCHES = [Named("1/3", "a: One"), Named("2/3", "b: Two"), Named("3/3", "c: Three")]


def told(found: Review, patches: Sequence[Named] = PATCHES, *, alone: bool = True) -> str:
    return "\n".join(summary(found, patches, alone=alone))


def test_a_series_in_which_nothing_is_found() -> None:
    text = told(review(compared=[(1, "a.c", "f"), (2, "a.c", "f"), (2, "a.c", "g")]))
    assert re.sub(r"\s+", " ", text) == (
        "I compared the functions that these 3 patches change and that have to do with credentials with what they were "
        "before, patch by patch and over every path, using `credseries audit` (2 functions, on top of 0123456789ab). "
        "I found no call that runs under other credentials than before, and no reference that gets lost."
    )


def test_a_series_in_which_there_is_nothing_to_compare_is_not_praised() -> None:
    text = " ".join(told(review(compared=[])).split())
    assert text == (
        "These 3 patches change no function that has to do with credentials, as `credseries audit` sees it."
    )
    text = told(review(compared=[], unseen=(Unseen(1, "a.c", "f", "too many paths"),)))
    assert text.startswith("I could not compare the code of these 3 patches with what it was before")
    assert "I found no call" not in text


def test_what_was_found_is_counted_patch_by_patch_errors_first() -> None:
    found = [
        item("x", 3, function="late", severity=Severity.WARNING),
        item("x", 4, function="f"),
        item("x", 5, function="f"),
    ]
    other = Observation(3, Severity.ERROR, "fs/z.c", "", 1, "x")
    text = told(review(*found, other))
    assert text.split("\n\n")[2] == (
        "  1/3 a: One\n    2 errors: f()\n    1 warning: late()\n  3/3 c: Three\n    1 error: fs/z.c"
    )
    assert "a: One" not in told(review(*found), [PATCHES[0]], alone=False)


def test_what_was_not_looked_at_is_said_with_the_reason() -> None:
    rejected = Unseen(3, "fs/c.c", "", "it does not apply")
    text = told(review(unseen=(Unseen(2, "fs/b.c", "g", "too many paths"), rejected, Unseen(0, "", "", "x"))))
    assert text.endswith(
        "Not looked at:\n\n  2/3 g() in fs/b.c: too many paths\n  3/3 fs/c.c: it does not apply\n  a patch: x"
    )


def test_what_is_left_as_it_was_is_a_question() -> None:
    left = [Observation(0, Severity.NOTE, "fs/a.c", f"f{number}", number, "x") for number in range(1, 31)]
    lines = told(review(*left)).split("\n")
    assert "  fs/a.c:1 f1()" in lines
    assert lines[-1] == "  and 10 more"
    assert any("(is that meant?)" in line for line in lines)


def test_remarks_on_how_the_series_was_read_are_passed_on() -> None:
    text = told(review(remarks=("patch 2 of the series is not there: what it changes is not known",)))
    assert text.endswith("Patch 2 of the series is not there: what it changes is not known.")


def test_what_is_to_be_said_of_the_series_is_a_paragraph_of_the_summary() -> None:
    order = Observation(0, Severity.WARNING, "", "", 0, "Patch 1 uses x, and patch 3 adds it.")
    assert "\n\nPatch 1 uses x, and patch 3 adds it." in told(review(order))


def test_questions_are_counted_apart() -> None:
    asked = [item("x", 3, severity=Severity.NOTE, is_question=True), item("x", 4, severity=Severity.NOTE)]
    assert "    1 note: first()\n    1 question: first()" in told(review(*asked))
    assert said(reply(asked[0])) == ["x"]
