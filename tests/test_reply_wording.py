"""What an audit finds, in the words of a mail."""

from __future__ import annotations

import pytest

from credseries.creds.audit.checks import Finding, Kind, Severity
from credseries.kernel.series_source import Series, Step
from credseries.review.audit import NotAnalysed, Placed, Report
from credseries.review.wording import review_of, said
from tests.auditcase import audit_text
from tests.clicase import check_snapshot
from tests.planted import PLANTS

STEP = Step(2, "x: y", "", "tree0", "tree1", message_id="m@x")
SERIES = Series("base", (Step(1, "a: b", "", "base", "tree0"), STEP))


def finding(kind: Kind = Kind.MOVED_CALL, severity: Severity = Severity.ERROR, line: int = 3, **more: str) -> Finding:
    words = {"file": "fs/t.c", "function": "f", "call": "g", "before": "a", "after": "b", "message": "m", **more}
    return Finding(kind, severity, line=line, path=(1, 2, 3), **words)  # type: ignore[arg-type]


def test_what_is_said_of_each_planted_fault() -> None:
    """Read it when it changes: these sentences go to people."""
    lines = []
    for plant in PLANTS:
        lines.append(f"# {plant.name}")
        for item in audit_text(plant.before, plant.after, "f", plant.extra, plant.extra_after).findings:
            lines.append(said(item))
    check_snapshot("reply-wording.txt", "\n".join(lines) + "\n")


def test_no_sentence_says_what_the_audit_says_only_to_those_who_run_it() -> None:
    for plant in PLANTS:
        for item in audit_text(plant.before, plant.after, "f", plant.extra, plant.extra_after).findings:
            text = said(item)
            assert text.startswith("With this patch, ")
            assert text.endswith(".")
            assert "the change" not in text
            assert f"fs/t.c:{item.line}" in text or "(fs/t.c:" in text


def test_what_a_later_patch_puts_back_is_a_note() -> None:
    item = finding(message="g() ran under a, and can now run under b; that is as it was before the series")
    assert said(item) == (
        "With this patch, g() at fs/t.c:3 can run under b; before, it ran under a. That is as it was before the series."
    )


def test_a_path_has_what_is_done_on_it() -> None:
    source = b"int f(void)\n{\n\tint err = 0;\n\tconst struct cred *c = get_it();\n\tunsigned x;\n\n\tg();\n}\n"
    item = finding(line=7)
    item = Finding(**{**item.__dict__, "path": (3, 4, 5, 7, 3, 7)})
    report = Report(SERIES, (Placed(item, STEP),), (), ())
    [observation] = review_of(
        report, lambda tree, file: source if (tree, file) == ("tree1", "fs/t.c") else b""
    ).observations
    assert [(step.number, step.text) for step in observation.path] == [
        (4, "const struct cred *c = get_it();"),
        (7, "g();"),
    ]
    assert observation.extent == (1, 8)
    assert observation.patch == 2


def test_overrides_that_are_left_are_about_the_series_unless_their_function_is_half_converted() -> None:
    note = finding(
        Kind.UNCONVERTED, Severity.NOTE, message="g is still overridden by hand, where the series converts others"
    )
    warning = finding(Kind.UNCONVERTED, Severity.WARNING, line=9, message=note.message)
    report = Report(SERIES, (Placed(note, STEP), Placed(warning, STEP)), (), ())
    assert [item.patch for item in review_of(report, lambda _tree, _file: b"").observations] == [0, 2]
    assert said(warning).startswith("fs/t.c:9, in f(): g is still overridden")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("patch 2: after the change, too many paths", "with this patch, too many paths"),
        ("patch 2: before the change, it may hide a jump (line 4)", "before it, it may hide a jump (line 4)"),
        ("patch 2: it does not apply: error: x", "it does not apply: error: x"),
        (
            "patch 2: after the change, a() leaves credentials overridden for its caller (it changes credentials in a "
            "way that is not followed: b() may leave credentials overridden: c() is odd (line 7))",
            "with this patch, a() leaves credentials overridden for its caller, and so on to: c() is odd (line 7)",
        ),
    ],
)
def test_reasons_are_short(reason: str, words: str) -> None:
    report = Report(SERIES, (), ((2, "fs/t.c", "f"),), (NotAnalysed("fs/t.c", "f", reason, 2),))
    [unseen] = review_of(report, lambda _tree, _file: b"").unseen
    assert (unseen.patch, unseen.reason) == (2, words)
