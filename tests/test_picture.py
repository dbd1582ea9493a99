"""What is drawn of a function: letters, lines beside each other, refusals with their paths; and how it looks."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from credseries.cli.show_drawing import LINES, PLAIN, drawing
from credseries.creds.flow.model import Kind
from credseries.creds.program import Program, SourceFile
from credseries.creds.proof import Counterexample
from credseries.creds.sites import Analysis, analyse
from credseries.rewrite.forms import FORMS, Form, Names
from credseries.rewrite.picture import Picture, Refusal, draw, draw_change
from credseries.rewrite.picture_json import pictures_json
from credseries.rewrite.plan import Planner
from tests.clicase import check_snapshot

NESTED = """
int f(struct my_ctx *ctx)
{
	const struct cred *old, *older;
	int err;

	err = begin(ctx);
	if (err)
		return err;

	older = override_creds(ctx->cred);
	err = first(ctx);
	if (err)
		goto out;

	while (more(ctx)) {
		old = override_creds(ctx->other);
		second(ctx);
		revert_creds(old);
	}
	/* still the context's */
	err = third(ctx);
out:
	revert_creds(older);
	finish(ctx);
	return err;
}
"""
PLAIN_SITE = """
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);
	return err;
}
"""
FILTERED = """
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);
	if (err)
		return err;

	return permitted(ctx->inode);
}
"""
WRAPPED = """
const struct cred *my_override(struct super_block *sb)
{
	return override_creds(sb->s_cred);
}

int f(struct super_block *sb)
{
	const struct cred *old;
	int err;

	old = my_override(sb);
	err = change(sb);
	revert_creds(old);
	return err;
}
"""


def analysis_of(text: str, name: str = "f") -> Analysis:
    """The analysis of a function of a file that is fs/t.c."""
    program = Program({"fs/t.c": SourceFile("fs/t.c", text.lstrip("\n").encode())})
    program.run()
    [found] = [item for item in program.analyses.values() if item.function.name == name]
    return found


def picture(text: str, *forms: Form, name: str = "f", rewrite: bool = True) -> Picture:
    """The picture of a function, rewritten in the first of the forms that is proven."""
    analysis = analysis_of(text, name)
    planner = Planner(Names(accessors={"my_override": "my_creds"}), forms or FORMS)
    return draw(planner, analysis, planner.judge_all(analysis), frozenset(forms or FORMS), rewrite=rewrite)


def text_of(shown: Picture, width: int = 80, *sides: str, plain: bool = False) -> str:
    """A picture without colour."""
    strokes = PLAIN if plain else LINES
    return "\n".join(drawing(shown, sides or ("before", "after"), width, lambda text, _: text, strokes)) + "\n"


# -- the picture


def test_an_override_has_one_letter_on_both_sides() -> None:
    shown = picture(NESTED)
    assert shown.after is not None
    assert [(entry.letter, entry.spellings) for entry in shown.legend] == [
        ("-", ("the caller's credentials",)),
        ("A", ("ctx->cred",)),
        ("B", ("ctx->other",)),
    ]
    assert {scope.form for scope in shown.before.scopes} == {"override"}
    assert {scope.form for scope in shown.after.scopes} <= {"guard", "scoped_guard"}
    assert {scope.site for scope in shown.before.scopes} == {scope.site for scope in shown.after.scopes}


def test_a_wrapper_and_the_accessor_in_its_place_are_one_credential() -> None:
    shown = picture(WRAPPED)
    assert shown.after is not None
    assert [(entry.letter, entry.spellings) for entry in shown.legend][1] == ("A", ("my_override(sb)", "my_creds(sb)"))


def test_lines_that_stay_stand_beside_each_other() -> None:
    shown = picture(NESTED)
    pairs = [(row.before, row.after) for row in shown.rows]
    assert [before for before, _ in pairs if before] == list(shown.before.lines)
    assert shown.after is not None
    assert [after for _, after in pairs if after] == list(shown.after.lines)
    same = [(one.text.strip(), two.text.strip()) for one, two in pairs if one and two]
    assert ("err = first(ctx);", "err = first(ctx);") in same
    assert ("finish(ctx);", "finish(ctx);") in same


def test_every_call_of_a_proven_rewrite_runs_under_the_same_credentials() -> None:
    for text in (NESTED, PLAIN_SITE, FILTERED, WRAPPED):
        shown = picture(text)
        assert shown.after is not None
        before = {(call.origin, call.name): (call.under, call.sites) for call in shown.before.calls}
        after = {(call.origin, call.name): (call.under, call.sites) for call in shown.after.calls}
        assert before
        assert {key: after[key] for key in before} == before
        assert {name for _, name in after.keys() - before.keys()} <= {"my_creds"}


def test_a_refused_form_has_the_path_that_shows_why() -> None:
    shown = picture(FILTERED, Form.GUARD)
    [refusal] = shown.refusals
    assert (refusal.line, refusal.form) == (6, "guard")
    assert "permitted (line 12) under the override" in refusal.reason
    assert shown.is_refused
    assert shown.after is None
    path = shown.counterexample
    assert path is not None
    assert path.line == 12
    assert path.path[-1] == 12
    assert set(path.path) <= {line.number for line in shown.before.lines if line.runs}
    assert (path.before, path.after) == ("the caller's credentials", "ctx->cred")


def test_a_site_that_no_form_is_proven_of_has_the_path_of_its_fault() -> None:
    shown = picture(PLAIN_SITE.replace("\told = ", "\tif (maybe())\n\t\told = ").replace("*old;", "*old = NULL;"))
    [refusal] = shown.refusals
    assert refusal.form == ""
    assert refusal.reason == "old holds NULL on a path to this revert (line 9)"
    assert refusal.counterexample is not None
    assert refusal.counterexample.path == (3, 4, 6, 8, 9)
    assert refusal.counterexample.line == 9


def test_a_missing_revert_has_the_path_to_the_end_without_it() -> None:
    shown = picture(PLAIN_SITE.replace("\terr = change(ctx);\n", "\terr = change(ctx);\n\tif (err)\n\t\treturn err;\n"))
    [refusal] = shown.refusals
    assert "still in force" in refusal.reason
    assert refusal.counterexample is not None
    assert refusal.counterexample.path == (3, 4, 6, 7, 8, 9)


def test_a_whole_that_is_not_proven_keeps_the_path_on_which_it_differs() -> None:
    analysis = analysis_of(FILTERED)
    planner = Planner(Names())
    [judged] = planner.judge_all(analysis)
    [left] = planner.rewrite(analysis, [replace(judged, choice=Form.GUARD)]).judged
    assert left.choice is None
    assert left.verdict(Form.SCOPED).reason.startswith("with the function's other sites: path ")
    found = left.verdict(Form.SCOPED).counterexample
    assert found is not None
    assert found.line == found.path[-1] == 12


def test_a_wrapper_has_nothing_to_convert_and_is_not_refused() -> None:
    shown = picture(WRAPPED, name="my_override")
    assert not shown.is_refused
    assert shown.refusals == ()
    assert shown.sites[0].nothing_to_convert == "the function leaves the credentials changed for its caller"
    assert shown.before.scopes[0].outlives


def test_a_function_that_does_not_parse_is_refused_with_its_text() -> None:
    text = "int f(struct my_ctx *ctx)\n{\n\tif (((\n\told = override_creds(ctx->cred);\n}\n"
    file = SourceFile("fs/t.c", text.encode())
    analysis = analyse(file.function(file.extents[0]), Program({"fs/t.c": file}).base)
    planner = Planner(Names())
    shown = draw(planner, analysis, planner.judge_all(analysis), frozenset(FORMS))
    assert shown.is_refused
    assert "does not parse as C" in shown.before.unreadable
    assert "override_creds(ctx->cred)" in text_of(shown)
    assert "not read: line" in text_of(shown)


def test_without_a_rewrite_only_what_is_there_is_looked_at() -> None:
    shown = picture(PLAIN_SITE, rewrite=False)
    assert shown.after is None
    assert not shown.is_refused
    assert shown.refusals == ()
    assert shown.sites[0].choice == ""


def test_a_change_by_hand_is_drawn_with_the_path_of_what_is_wrong_with_it() -> None:
    wrong = (
        FILTERED.replace("\told = override_creds(ctx->cred);", "\tguard(cred)(ctx->cred);")
        .replace("\trevert_creds(old);\n", "")
        .replace("\tconst struct cred *old;\n", "")
    )
    path = Counterexample((3, 5, 6, 7, 10), 10, "permitted()", "the caller's credentials", "ctx->cred")
    finding = Refusal(10, "permitted", "", "permitted() runs under ctx->cred", path)
    shown = draw_change(analysis_of(FILTERED), analysis_of(wrong), {}, [finding])
    assert shown.after is not None
    [before] = [call for call in shown.before.calls if call.name == "permitted"]
    [after] = [call for call in shown.after.calls if call.name == "permitted"]
    assert [shown.letter(item) for item in before.under] == ["-"]
    assert [shown.letter(item) for item in after.under] == ["A"]
    assert "!10 A" in text_of(shown, 80, "after")
    assert "!" not in text_of(shown, 80, "before").partition("\n\n")[2]


def test_more_credentials_than_letters_share_the_last_one() -> None:
    statements = "".join(f"\told = override_creds(ctx->c{n});\n\tuse({n});\n\trevert_creds(old);\n" for n in range(60))
    shown = picture(f"\nint f(struct my_ctx *ctx)\n{{\n\tconst struct cred *old;\n\n{statements}\treturn 0;\n}}\n")
    letters = [entry.letter for entry in shown.legend]
    assert letters[0] == "-"
    assert len(set(letters[1:53])) == 52
    assert set(letters[53:]) == {"#"}
    assert text_of(shown)


def test_the_json_contract() -> None:
    made = pictures_json([picture(NESTED), picture(WRAPPED, name="my_override")])
    assert json.loads(json.dumps(made)) == made
    assert list(made) == ["schema", "functions"]
    assert made["schema"] == 1
    keys = ["file", "function", "line", "local", "refused", "sites", "refusals", "legend", "before", "after", "rows"]
    for item in made["functions"]:
        assert list(item) == keys
        letters = {entry["letter"] for entry in item["legend"]}
        for flow in (item["before"], item["after"]):
            if flow is None:
                continue
            assert list(flow) == ["lines", "scopes", "leaves", "left", "unfollowed", "unreadable"]
            assert {letter for line in flow["lines"] for letter in line["under"]} <= letters
            assert {scope["credential"] for scope in flow["scopes"]} <= letters
            numbers = [line["line"] for line in flow["lines"]]
            assert numbers == list(range(item["line"], item["line"] + len(numbers)))
    first, second = made["functions"]
    assert first["after"] is not None
    assert second["after"] is None
    assert all(after is None for _, after in second["rows"])


# -- how it looks


TWO_WAYS = """
int f(struct my_ctx *ctx)
{
	const struct cred *old = NULL;

	if (ctx->other)
		old = override_creds(ctx->other);
	both(ctx);
	if (old)
		revert_creds(old);
	commit_creds(ctx->new);
	after(ctx);
	return 0;
	never(ctx);
}
"""
DRAWN = {
    "show-narrow": text_of(picture(NESTED), 80),
    "show-wide": text_of(picture(NESTED), 160),
    "show-plain": text_of(picture(NESTED), 160, plain=True),
    "show-before": text_of(picture(NESTED, rewrite=False), 160, "before"),
    "show-refused": text_of(picture(TWO_WAYS), 160),
    "show-wrapper": text_of(picture(WRAPPED, name="my_override"), 160),
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_drawing(name: str) -> None:
    check_snapshot(f"{name}.txt", DRAWN[name])


def test_a_long_path_is_shortened_and_marked_in_full() -> None:
    steps = "".join(f"\tstep({n});\n" for n in range(20))
    found = picture(FILTERED.replace("\terr = change(ctx);\n", steps + "\terr = change(ctx);\n"), Form.GUARD)
    assert found.counterexample is not None
    path = found.counterexample.path
    assert len(path) > 20
    shown = text_of(found)
    assert f"path {path[0]} -> {path[1]} -> {path[2]} -> .. -> " in shown
    assert sum(line[:1] in (">", "!") for line in shown.splitlines()) == len(set(path))


def test_both_sides_fit_or_stand_below_each_other() -> None:
    shown = picture(NESTED)
    wide = text_of(shown, 160)
    needed = max(map(len, wide.splitlines()))
    assert text_of(shown, needed) == wide
    narrow = text_of(shown, needed - 1)
    assert narrow != wide
    assert "\nbefore\n" in narrow
    assert "\nafter\n" in narrow


def test_colours_change_nothing_but_colours() -> None:
    shown = picture(NESTED)
    lines = drawing(shown, ("before", "after"), 160, lambda text, _: f"\x1b[1;31m{text}\x1b[0m", LINES)
    assert any("\x1b" in line for line in lines)
    assert [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in lines] == text_of(shown, 160).rstrip("\n").split(
        "\n"
    )


HOSTILE = (
    "\x1b]0;title\x07",
    "\x1b[31m",
    "\x9b31m",
    "\x08\x08",
    "\u202e\u2066",
    "\u200f",
    "\x00",
    "\x0c\x0b\r",
    "\u2028",
)


@pytest.mark.parametrize("what", HOSTILE, ids=ascii)
def test_what_a_terminal_would_act_on_is_inert(what: str) -> None:
    comment = f"\t/* {what} */\n"
    text = PLAIN_SITE.replace("\terr = change", comment + f'\tsay("{what}");\n' + "\terr = change")
    for width in (60, 200):
        shown = text_of(picture(text), width)
        assert all(char.isprintable() or char == "\n" for char in shown)
        assert shown.count("say(") >= 1


def test_bytes_that_are_no_text_are_drawn() -> None:
    source = PLAIN_SITE.lstrip("\n").encode().replace(b"\terr = change", b'\tsay("\xff\xc3(");\n\terr = change')
    program = Program({"fs/t.c": SourceFile("fs/t.c", source)})
    program.run()
    [analysis] = program.analyses.values()
    planner = Planner(Names())
    shown = draw(planner, analysis, planner.judge_all(analysis), frozenset(FORMS))
    assert "\ufffd" in text_of(shown)
    assert text_of(shown).encode()


def test_wide_characters_keep_the_sides_in_line() -> None:
    text = PLAIN_SITE.replace("\terr = change", "\t/* 資格 \U0001f512 */\n\terr = change")
    lines = text_of(picture(text), 160).splitlines()
    [plain] = [line for line in lines if "change(ctx)" in line]
    [wide] = [line for line in lines if "資格" in line]
    assert cell_len(wide[: wide.rindex("/*")]) == cell_len(plain[: plain.rindex("err =")])
    assert len(wide) < cell_len(wide)


def test_what_is_not_known_is_its_own_kind() -> None:
    shown = picture(TWO_WAYS)
    kinds = {entry.letter: entry.credential.kind for entry in shown.legend}
    assert kinds == {"-": Kind.OWN, "A": Kind.OVERRIDE, "?": Kind.UNKNOWN}
    assert not shown.before.is_known
