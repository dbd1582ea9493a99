"""What an audit finds, in the words of a mail."""

from __future__ import annotations

import pytest

from credseries.creds.audit.checks import Finding, Kind, Severity
from credseries.review.wording import path_of, said, why_unseen
from tests.auditcase import audit_text
from tests.clicase import check_snapshot
from tests.planted import PLANTS


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
    lines = [
        "int f(void)",
        "{",
        "\tint err = 0;",
        "\tconst struct cred *c = get_it();",
        "\tunsigned x;",
        "",
        "\tg();",
        "}",
    ]
    item = Finding(**{**finding(line=7).__dict__, "path": (3, 4, 5, 7, 3, 7)})
    path = [(step.number, step.text) for step in path_of(item, lines)]
    assert path == [(4, "const struct cred *c = get_it();"), (7, "g();")]


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
    assert why_unseen(reason) == words
