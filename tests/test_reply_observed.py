"""What a reviewer says of a checklist: what the audit finds, once, what else fails, and questions if asked for."""

from __future__ import annotations

from dataclasses import replace

from credseries.creds.audit.compared import Severity
from credseries.kernel.series_source import Step
from credseries.review.checklist.model import Answer, Checklist, Line, Part, Place
from credseries.review.checklist.subject import Audit, Finding, NotCompared, Origin, PatchSubject, Subject
from credseries.review.observed import review_of
from credseries.series.observations import Observation, Review

STEPS = (Step(1, "a: b", "", "tree0", "tree1"), Step(3, "c: d", "", "tree1", "tree2"))
SOURCE = b"int f(void)\n{\n\tint err = 0;\n\n\tguard(cred)(c);\n\tg();\n}\n\nint h;\n"
MOVED = Finding(
    *("moved-call", "error", "fs/t.c", "f", 6, "g", "a", "b", (5, 6)),
    "g() ran under a, and can now run under b",
)
LEFT = Finding(*("unconverted", "note", "fs/t.c", "h", 9, "x", "", "", ()), "x is still overridden by hand")


def review(*lines: Line, findings: tuple[Finding, ...] = (), questions: bool = False, index: int = 3) -> Review:
    """What is said of two patches, of which the second (number 3) has these lines and findings."""
    left = (NotCompared("fs/t.c", "k", "after the change, too many paths"),)
    audit = Audit(findings, (("fs/t.c", "f"),), left)
    patches = (PatchSubject(1, "a: b", ""), PatchSubject(3, "c: d", "", audit=audit))
    subject = Subject("t", "n", "base", "tip", Origin.MAILS, patches, remarks=("odd",))
    parts = (Part(0, "t", "", ()), Part(1, "a: b", "", ()), Part(3, "c: d", "", ()))
    parts = tuple(replace(part, lines=lines) if part.index == index else part for part in parts)
    files = {("tree2", "fs/t.c"): SOURCE}
    found = Checklist("t", "n", "base", parts)
    return review_of(subject, found, STEPS, lambda tree, file: files.get((tree, file), b""), questions=questions)


def line(check: str, evidence: str, *places: Place, answer: Answer = Answer.FAIL) -> Line:
    return Line(check, "is it so?", answer, evidence, places=places)


def only(found: Review) -> Observation:
    [item] = found.observations
    return item


def test_a_finding_is_said_once_at_the_position_of_its_patch() -> None:
    place = Place("fs/t.c", 6, 0, "f")
    found = review(line("moved-calls", f"fs/t.c:6 f(): {MOVED.message}", place), findings=(MOVED,))
    item = only(found)
    assert (item.patch, item.severity, item.line, item.extent) == (2, Severity.ERROR, 6, (1, 7))
    assert [step.text for step in item.path] == ["guard(cred)(c);", "g();"]
    assert found.compared == ((2, "fs/t.c", "f"),)
    [unseen] = found.unseen
    assert (unseen.patch, unseen.function, unseen.reason) == (2, "k", "with this patch, too many paths")
    assert (found.base, found.remarks) == ("base", ("odd",))


def test_overrides_that_are_left_are_about_the_series_unless_their_function_is_half_converted() -> None:
    half = replace(LEFT, severity="warning", line=3)
    assert [(item.patch, item.line) for item in review(findings=(LEFT, half)).observations] == [(0, 9), (2, 3)]


def test_what_was_allowed_to_move_is_not_said() -> None:
    assert review(findings=(replace(MOVED, allowed=True),)).observations == ()


def test_what_else_fails_is_said_each_by_its_weight() -> None:
    include = only(review(line("includes", "fs/t.c:5 uses guard(cred), and nothing leads to it", Place("fs/t.c", 5))))
    assert (include.severity, include.text) == (
        Severity.WARNING,
        "fs/t.c:5 uses guard(cred), and nothing leads to it.",
    )
    message = only(review(line("message", "there is no Signed-off-by")))
    assert (message.severity, message.text, message.file) == (Severity.NOTE, "There is no Signed-off-by.", "")
    subject = only(review(line("subject-prefix", "`Foo` has no prefix")))
    assert subject.text == "`Foo` has no prefix."


def test_each_scoped_form_without_braces_has_its_place() -> None:
    places = (Place("fs/t.c", 5, 0, "f"), Place("fs/t.c", 9, 0, "h"))
    found = review(line("braces", "both: what the scope is, one cannot see", *places)).observations
    assert [(item.line, item.group) for item in found] == [(5, "braces"), (9, "braces")]
    assert found[0].text == "This scoped form has no braces: what its scope is, one cannot see (fs/t.c:5)."


def test_what_passes_or_is_said_elsewhere_is_left_out() -> None:
    lines = [line(name, "no") for name in ("proof", "applies", "wrapper-first", "comments", "left-as-is")]
    lines += [line("braces", "no", answer=answer) for answer in (Answer.PASS, Answer.NOT_APPLICABLE, Answer.HUMAN)]
    assert review(*lines).observations == ()


def test_questions_are_asked_when_they_are_wanted() -> None:
    place = Place("fs/t.c", 1, 7, "f")
    asked = line("goto-and-guard", "no goto crosses the scope", place, answer=Answer.HUMAN)
    assert review(asked).observations == ()
    item = only(review(asked, questions=True))
    assert (item.is_question, item.severity, item.line, item.last) == (True, Severity.NOTE, 1, 7)
    assert item.text == "Is it so? No goto crosses the scope."
    unproven = line("proof", "it could not be compared", place, answer=Answer.HUMAN)
    assert only(review(unproven, questions=True)).is_question
    assert review(line("comments", "a nit", answer=Answer.HUMAN), questions=True).observations == ()


def test_what_is_said_of_the_series_is_in_no_patch() -> None:
    item = only(review(line("order", "patch 1 uses x, and patch 3 adds it"), index=0))
    assert (item.patch, item.text) == (0, "Patch 1 uses x, and patch 3 adds it.")


def test_what_is_about_the_code_before_has_no_line_after_it() -> None:
    item = only(review(line("includes", "it was there", Place("fs/t.c", 5, 0, "f", before=True))))
    assert (item.file, item.line) == ("fs/t.c", 0)
