"""A function's credential flow as a page draws it: letters, brackets, gaps and paths, and what is kept of it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

from credseries.review.report.drawing import colours, side
from credseries.review.report.flow import CodeLine, Flow, Letter, Side, flow_from_json, flow_of
from credseries.rewrite.forms import Form
from credseries.rewrite.picture import Refusal, draw_change
from tests.auditcase import CRED_H, HEADER, reading
from tests.planted import PLANTS
from tests.test_picture import FILTERED, NESTED, PLAIN_SITE, WRAPPED, analysis_of, picture

OWN = "\u2013"  # the sign of the caller's credentials


class _Rows(HTMLParser):
    """The rows of a table: classes, and the texts of their cells."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[tuple[list[str], list[str]]] = []
        self.svgs: list[str] = []
        self._in_cell = self._hidden = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        if tag == "tr":
            self.rows.append(((of.get("class") or "").split(), []))
        elif tag == "td":
            self.rows[-1][1].append("")
            self._in_cell = True
        elif tag == "svg":
            self._in_cell = False
            self.svgs.append(of.get("class") or "")
        elif tag == "span":
            self._hidden = of.get("class") == "vh"

    def handle_endtag(self, tag: str) -> None:
        if tag == "span":
            self._hidden = False
        if tag == "td":
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell and not self._hidden:
            self.rows[-1][1][-1] += data


def rows(flow: Flow, name: str) -> list[tuple[list[str], list[str]]]:
    return _Rows(str(side(flow, name))).rows[1:]  # the first is the head


def line_with(flow: Flow, name: str, text: str) -> tuple[list[str], list[str]]:
    [found] = [row for row in rows(flow, name) if text in row[1][2]]
    return found


# -- letters and colours


def test_each_line_has_its_number_letters_and_colour() -> None:
    flow = flow_of(picture(NESTED))
    assert [letter.letter for letter in flow.letters] == ["-", "A", "B"]
    assert colours(flow) == {"-": "ko", "A": "k0", "B": "k1"}
    classes, cells = line_with(flow, "before", "second(ctx)")
    assert cells == ["17", "B", "\t\tsecond(ctx);"]
    assert "k1" in classes
    classes, cells = line_with(flow, "before", "finish(ctx)")
    assert cells[:2] == ["24", OWN]
    assert "ko" in classes


def test_a_line_on_which_nothing_runs_has_the_colour_of_the_scope_around_it() -> None:
    flow = flow_of(picture(NESTED))
    classes, cells = line_with(flow, "before", "/* still")
    assert cells[1] == ""
    assert {"k0", "quiet"} <= set(classes)
    classes, _ = line_with(flow, "before", "const struct cred *old, *older")
    assert "quiet" not in classes


def test_a_line_that_can_run_under_several_has_all_letters() -> None:
    text = PLAIN_SITE.replace("\told = override_creds(ctx->cred);", "\tif (ctx)\n\t\told = override_creds(ctx->cred);")
    flow = flow_of(picture(text))
    classes, cells = line_with(flow, "before", "err = change(ctx)")
    assert cells[1] == f"{OWN}A"
    assert "km" in classes


def test_many_credentials_have_colours_in_turn() -> None:
    letters = tuple(Letter(chr(65 + number), "override", ("x",)) for number in range(8))
    flow = Flow("f.c", "f", 1, (Letter("-", "own", ("y",)), *letters, Letter("?", "unknown", ("z",))), Side(()), None)
    assert list(colours(flow).values()) == ["ko", "k0", "k1", "k2", "k3", "k4", "k5", "k0", "k1", "kx"]


# -- both sides


def test_both_sides_have_lines_beside_each_other_and_gaps() -> None:
    flow = flow_of(picture(PLAIN_SITE, Form.GUARD))
    before, after = rows(flow, "before"), rows(flow, "after")
    assert len(before) == len(after)
    pairs = [(one[1][2].strip(), two[1][2].strip()) for one, two in zip(before, after, strict=True)]
    assert ("err = change(ctx);", "err = change(ctx);") in pairs
    assert ("revert_creds(old);", "") in pairs
    gap = after[pairs.index(("revert_creds(old);", ""))]
    assert gap == (["gap"], ["", "", ""])
    assert "ch" in before[pairs.index(("revert_creds(old);", ""))][0]
    assert "ch" not in before[pairs.index(("err = change(ctx);", "err = change(ctx);"))][0]


def test_an_accessor_and_its_wrapper_are_the_same_credentials() -> None:
    flow = flow_of(picture(WRAPPED, Form.GUARD))
    assert [letter.spellings for letter in flow.letters][1:] == [("my_override(sb)", "my_creds(sb)")]


# -- brackets and paths


def strokes(html: str) -> list[tuple[str, str]]:
    """The class and the path of each stroke of the brackets."""
    [rails] = re.findall(r'<svg class="rails".*?</svg>', html, re.DOTALL)
    return re.findall(r'<path class="(\w+)" d="([^"]+)"/>', rails)


def test_a_bracket_has_a_stroke_in_each_line_from_the_override_to_its_ends() -> None:
    flow = flow_of(picture(PLAIN_SITE))
    found = strokes(str(side(flow, "before")))
    lines = [number for number, line in enumerate(flow.before.lines) if line is not None and line.strokes]
    assert [int(re.match(r"M6 (\d+)", path)[1]) // 20 for _, path in found] == lines  # type: ignore[index]
    assert {name for name, _ in found} == {"k0"}
    assert [line.strokes for line in flow.before.lines if line is not None and line.strokes] == ["b", "w", "e"]


def test_inner_brackets_stand_to_the_right_of_outer_ones() -> None:
    flow = flow_of(picture(NESTED))
    found = strokes(str(side(flow, "before")))
    places = {name: {re.match(r"M([\d.]+) ", path)[1] for kind, path in found if kind == name} for name in ("k0", "k1")}  # type: ignore[index]
    assert places == {"k0": {"6"}, "k1": {"18"}}
    assert 'class="sheet r2"' in str(side(flow, "before"))


def test_a_bracket_goes_on_over_a_gap() -> None:
    lines = (CodeLine(1, "a", "-", "b", "A"), None, CodeLine(2, "b", "A", "e", "A"), None)
    flow = Flow("f.c", "f", 1, (Letter("A", "override", ("x",)),), Side(lines), None)
    assert [path for _, path in strokes(str(side(flow, "before")))][1].startswith("M6 20v20")
    assert len(strokes(str(side(flow, "before")))) == 3


def test_the_path_of_a_counterexample_is_drawn_and_said() -> None:
    flow = flow_of(picture(FILTERED, Form.GUARD))
    assert flow.after is None
    [objection] = flow.objections
    assert objection.drawn
    html = str(side(flow, "before"))
    taken = _Rows(html)
    assert taken.svgs == ["rails", "way"]
    marked = [cells[0] for classes, cells in taken.rows[1:] if "on" in classes or "end" in classes]
    assert [int(number) for number in marked] == sorted({*objection.path, 12})
    assert line_with(flow, "before", "return permitted")[0].count("end") == 1
    assert html.count('class="step"') == len(marked) - 1
    assert html.count('class="goal"') == 1
    assert '<span class="vh">on the path: </span>' in html


def test_a_path_that_goes_back_up_bends() -> None:
    lines = tuple(CodeLine(number, "x", "-", mark="end" if number == 4 else "path") for number in range(1, 5))
    flow = flow_of(picture(FILTERED, Form.GUARD))
    objection = flow.objections[0].__class__(1, "", "r", (1, 3, 2, 4), drawn=True)
    html = str(side(Flow("f.c", "f", 1, flow.letters, Side(lines), None, objections=(objection,)), "before"))
    ways = re.findall(r'class="go" d="M(\d+) [\d.]+C(-?\d+) ', html)
    assert ways == [("16", "16"), ("16", "2"), ("16", "16")]


def test_the_path_of_a_finding_is_drawn_after() -> None:
    plant = next(plant for plant in PLANTS if plant.kind == "moved-call")
    old = reading({CRED_H: HEADER, "fs/t.c": plant.before.encode()})
    new = reading({CRED_H: HEADER, "fs/t.c": plant.after.encode()})
    before, after = (
        next(item for item in program.program.analyses.values() if item.function.name == plant.function)
        for program in (old, new)
    )
    assert before.sites
    shown = flow_of(draw_change(before, after, {}, [Refusal(plant.line, "f()", "", "it moves")]))
    assert shown.path_is_after
    assert not [line for line in shown.before.lines if line is not None and line.mark]
    assert shown.objections[0].path == ()


# -- what is kept


def test_what_is_kept_is_what_was_drawn() -> None:
    for text, forms in ((NESTED, ()), (FILTERED, (Form.GUARD,)), (WRAPPED, (Form.GUARD,))):
        flow = flow_of(picture(text, *forms))
        assert flow_from_json(json.loads(json.dumps(flow.to_json()))) == flow


def test_a_function_that_cannot_be_read_says_so() -> None:
    broken = analysis_of(PLAIN_SITE.replace("err = change(ctx);", "err = change(ctx"))
    flow = flow_of(draw_change(broken, broken, {}))
    assert flow.unreadable
    assert len(rows(flow, "before")) == len(flow.before.lines)
