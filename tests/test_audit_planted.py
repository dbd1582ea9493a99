"""The audit finds every planted bug, at its line, and nothing in conversions that are right."""

from __future__ import annotations

import pytest

from credseries.creds.audit.checks import audit_function
from credseries.creds.effects import CREDENTIALS, uncounted
from tests.auditcase import CRED_H, HEADER, Plant, audit_text, functions, reading, told
from tests.converted import RIGHT
from tests.planted import PLAIN as PLAIN_OVERRIDE
from tests.planted import PLANTS

# findings that a planted bug brings along besides the one that names it: more calls that move, a reference that leaks
_CONTRACT = {
    "moved-call",
    "skipped-guard",
    "lost-reference",
    "extra-reference",
    "lifetime",
    "lost-return-value",
    "uninitialised",
    "wrong-caller-credentials",
    "cleanup-order",
    "mixed-conversion",
}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_bug_is_found_at_its_line(plant: Plant) -> None:
    audited = audit_text(plant.before, plant.after, "f", plant.extra, plant.extra_after)
    assert not audited.reason
    found = {(item.kind.value, item.function, item.line) for item in audited.findings}
    assert (plant.kind, plant.function, plant.line) in found, told(audited)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_finding_says_where_and_what(plant: Plant) -> None:
    audited = audit_text(plant.before, plant.after, "f", plant.extra, plant.extra_after)
    lines = plant.after.count("\n")
    for item in audited.findings:
        assert item.file == "fs/t.c"
        assert 1 <= item.line <= lines
        assert item.message
        warned = item.kind.value == "mixed-conversion" and "by hand what" not in item.message
        assert item.severity.value == ("warning" if warned else "error")
        assert all(1 <= line <= lines for line in item.path)
        assert not item.path or item.path[-1] == item.line
        if item.kind.value == "moved-call":
            assert item.before
            assert item.after
            assert item.before != item.after


def test_every_kind_is_planted() -> None:
    assert {plant.kind for plant in PLANTS} == _CONTRACT


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_conversion_has_no_finding(name: str) -> None:
    before, after, *extra = RIGHT[name]
    audited = audit_text(before, after, "f", *extra)
    assert audited.reason == ""
    assert told(audited) == []


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_found_in_what_did_not_change(name: str) -> None:
    _, after, *extra = RIGHT[name]
    assert told(audit_text(after, after, "f", *(extra[-1:] if extra else ()))) == []


def test_the_words_of_a_moved_call() -> None:
    plant = next(item for item in PLANTS if item.name == "filter after the region")
    [finding] = audit_text(plant.before, plant.after).findings
    assert (finding.before, finding.after) == ("the caller's credentials", "ctx->cred")
    assert finding.call == "filter"
    assert finding.path[-3:] == (6, 7, 10)
    assert finding.message == "filter() ran under the caller's credentials, and can now run under ctx->cred"


# -- what cannot be compared is said

PLAIN = "int f(struct my_ctx *ctx)\n{\n%s\treturn 0;\n}\n"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("\tchange(ctx);\n", "\tMACRO(ctx) {{{ change(ctx);\n", "after the change"),
        ("\tMACRO(ctx) {{{ change(ctx);\n", "\tchange(ctx);\n", "before the change"),
        ("\tchange(ctx);\n", "\tguard(cred)(ctx->cred);\n\tRETURN_IF(ctx);\n", "may hide a jump"),
    ],
)
def test_what_cannot_be_followed_has_a_reason(before: str, after: str, words: str) -> None:
    audited = audit_text(PLAIN % before, PLAIN % after)
    assert words in audited.reason
    assert audited.findings == ()


def test_a_helper_called_in_a_loop_head_is_not_guessed() -> None:
    before = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;

	old = override_creds(ctx->cred);
	while (next(ctx))
		change(ctx);
	revert_creds(old);
	return 0;
}
"""
    after = """\
static int go_on(struct my_ctx *ctx)
{
	guard(cred)(ctx->cred);
	return next(ctx);
}

int f(struct my_ctx *ctx)
{
	while (go_on(ctx))
		change(ctx);
	return 0;
}
"""
    audited = audit_text(before, after)
    assert "go_on() in the head of a loop" in audited.reason


# -- a tree whose override_creds() takes no reference


def test_where_nothing_is_counted_the_pairs_may_be_mixed() -> None:
    after = PLAIN_OVERRIDE.replace("override_creds(ctx->cred)", "override_creds_light(ctx->cred)")
    readings = [
        reading({CRED_H: HEADER, "fs/t.c": text.encode()}, uncounted(CREDENTIALS)) for text in (PLAIN_OVERRIDE, after)
    ]
    one, two = (functions(item, "fs/t.c")["f"] for item in readings)
    assert told(audit_function(one, two, *readings)) == []
    assert {item.kind.value for item in audit_text(PLAIN_OVERRIDE, after).findings} == {"lost-reference"}


def test_calls_move_there_all_the_same() -> None:
    plant = next(item for item in PLANTS if item.name == "filter after the region")
    readings = [
        reading({CRED_H: HEADER, "fs/t.c": text.encode()}, uncounted(CREDENTIALS))
        for text in (plant.before, plant.after)
    ]
    one, two = (functions(item, "fs/t.c")["f"] for item in readings)
    [finding] = audit_function(one, two, *readings).findings
    assert (finding.kind.value, finding.call) == ("moved-call", "filter")


def test_a_function_that_is_added_is_looked_at_on_its_own() -> None:
    audited = audit_text("int x;\n", PLAIN_OVERRIDE.replace("revert_creds(old)", "revert_creds_light(old)"))
    assert [item.kind.value for item in audited.findings] == ["extra-reference"]
    assert audit_text("int x;\n", PLAIN_OVERRIDE).findings == ()
