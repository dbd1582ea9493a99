"""The parts of a report: its summary, the order of its topics, its charts, and what leads where."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from credseries.errors import UsageError
from credseries.review.checklist.model import Answer, Line, Part, Place
from credseries.review.report.chart import Bar, BarGroup, Change, Chart, Curve, Point
from credseries.review.report.flow import Flow, Letter, Side
from credseries.review.report.graph import layers, order
from credseries.review.report.links import address, flow_anchors, ticked, where
from credseries.review.report.model import (
    Benchmark,
    Check,
    Discussion,
    Missing,
    Patch,
    Refused,
    Remark,
    Report,
    Standing,
    State,
    Topic,
    worst,
)
from credseries.review.report.page import page
from credseries.review.report.plot import draw
from credseries.review.report.summary import filters, headline, states, tiles, verdict
from tests.reportpage import inert

FINE = Standing(State.PASS, "fine")
FLOW = Flow("fs/x.c", "f", 3, (Letter("-", "own", ("the caller's credentials",)),), Side(()), None)


def patch(number: int = 1, **known: object) -> Patch:
    """A patch with which nothing is wrong."""
    made = Patch(
        *(number, f"fs: Patch {number}", "c" * 40, "A <a@example.org>", "Why.", "t", ("fs/x.c",), 1, 2, "1 guard", ()),
        *(FINE, FINE, FINE, Standing(State.NONE, "none")),
    )
    return replace(made, **known)  # type: ignore[arg-type]


def report(*patches: Patch, **known: object) -> Report:
    made = Report("A title", "a-branch", "", "b" * 40, "6.12.0", "c" * 40, "today", patches=patches or (patch(),))
    return replace(made, **known)  # type: ignore[arg-type]


def remark(state: str = "open", *, own: bool = False, number: int | None = 1) -> Remark:
    return Remark("k1", "A Reviewer", "2026-11-24", "request", state, 1, number, "", (), "Please.", own=own)


def tile(of: Report, name: str) -> tuple[State, str]:
    [found] = [item for item in tiles(of) if item.name == name]
    return found.state, found.words


# -- states


def test_the_worst_state_is_what_matters() -> None:
    assert worst((State.PASS, State.LOOK, State.OPEN)) is State.LOOK
    assert worst((State.PASS, State.FAIL, State.LOOK)) is State.FAIL
    assert worst((State.PASS, State.NONE)) is State.PASS
    assert worst(()) is State.NONE
    assert patch(build=Standing(State.OPEN, "")).state is State.OPEN


def test_patches_are_filtered_by_what_is_to_be_done() -> None:
    look = patch(2, checklist=Standing(State.LOOK, ""), remarks=(remark(),), comments=Standing(State.LOOK, "1 open"))
    bad = patch(3, proof=Standing(State.FAIL, ""), build=Standing(State.OPEN, ""))
    assert states(patch()) == ("pass",)
    assert states(look) == ("look", "said")
    assert states(bad) == ("fail", "open")
    found = [(item.word, item.count) for item in filters((patch(), look, bad))]
    assert found == [("all", 3), ("fail", 1), ("look", 1), ("said", 1), ("open", 1), ("pass", 1)]
    assert [item.word for item in filters((patch(),))] == ["all", "pass"]


# -- what a maintainer reads


def test_the_headline_says_how_much_there_is() -> None:
    topics = (Topic("a", "A", "vfs", (1,)), Topic("b", "B", "ovl", (2,), ("a",)))
    series = report(patch(1), patch(2), topics=topics, sites=5, converted=3)
    assert headline(series) == "2 patches in 2 topics, through the vfs tree and the ovl tree: 3 of 5 sites converted."
    assert headline(report()) == "1 patch."


@pytest.mark.parametrize(
    ("known", "state", "words"),
    [
        ({}, State.OPEN, "Nothing is wrong so far. Not known yet: build and checklist."),
        ({"patches": (patch(proof=Standing(State.FAIL, "2 findings")),)}, State.FAIL, "Not ready: see proof."),
    ],
)
def test_the_verdict(known: dict[str, object], state: State, words: str) -> None:
    assert verdict(report(**known)) == Standing(state, words)


def test_the_verdict_when_all_is_done() -> None:
    checks = (Check("style", "", State.PASS, "clean"), Check("compile", "gcc", State.PASS, "clean"))
    part = Part(1, "t", "", (Line("proof", "is it?", Answer.PASS, "it is"),))
    done = report(patch(checks=checks, part=part))
    assert verdict(done) == Standing(State.PASS, "Nothing is wrong, and nothing is left open.")
    asked = replace(part, lines=(*part.lines, Line("x", "may it?", Answer.HUMAN, "")))
    assert verdict(report(patch(checks=checks, part=asked))).words == "Nothing is wrong. For a person: checklist."


def test_the_tiles_answer_what_is_asked() -> None:
    bad = patch(2, proof=Standing(State.FAIL, "1 finding"))
    assert tile(report(patch(), patch(2)), "Proof") == (State.PASS, "all 2 patches proven")
    assert tile(report(patch(), bad), "Proof") == (State.FAIL, "1 of 2 patches not proven")
    part = Part(1, "t", "", (Line("a", "?", Answer.FAIL, ""), Line("b", "?", Answer.HUMAN, "")))
    assert tile(report(patch(part=part)), "Checklist") == (State.FAIL, "1 line fails")
    failing = Check("compile", "gcc", State.FAIL, "2 warnings")
    assert tile(report(patch(checks=(failing,))), "Build") == (State.FAIL, "a check fails")
    assert tile(report(patch(checks=(Check("style", "", State.PASS, ""),))), "Build") == (
        *(State.OPEN, "style checked, nothing compiled"),
    )
    said = Discussion((remark(), remark("answered"), remark(own=True)))
    assert tile(report(discussion=said), "Review") == (State.LOOK, "1 of 3 remarks open")
    assert tile(report(sites=5, converted=5), "Sites") == (State.PASS, "all 5 converted")
    lacking = Benchmark("web", "calls: +5 %", (), (), (), incomplete=("no machine",))
    assert tile(report(benchmarks=(lacking,)), "Numbers") == (State.LOOK, "calls: +5 %")


def test_what_is_missing_is_told_with_its_command() -> None:
    missing = {"benchmarks": Missing("No benchmark.", "credseries bench run"), "discussion": Missing("No reply.", "")}
    found = {item.name: item for item in tiles(report(missing=missing))}
    assert (found["Numbers"].detail, found["Numbers"].command) == ("No benchmark.", "credseries bench run")
    text = inert(page(report(missing=missing))).text
    assert "No reply." in text
    assert text.count("credseries bench run") == 2


# -- order


def names(found: list[list[Topic]]) -> list[list[str]]:
    return [[topic.name for topic in row] for row in found]


def test_topics_stand_behind_all_that_they_need() -> None:
    a, b = Topic("a", "", "", (1,)), Topic("b", "", "", (2,), ("a",))
    c, d = Topic("c", "", "", (3,), ("a",)), Topic("d", "", "", (4,), ("a", "c"))
    assert names(layers([a, b, c, d])) == [["a"], ["b", "c"], ["d"]]
    assert names(layers([d, c, b, a])) == [["a"], ["c", "b"], ["d"]]
    assert names(layers([replace(a, after=("gone", "a"))])) == [["a"]]
    # what needs each other is drawn all the same
    assert sorted(name for row in names(layers([replace(a, after=("b",)), b])) for name in row) == ["a", "b"]


@pytest.mark.parametrize("down", [False, True])
def test_each_patch_is_a_tile_in_its_topic_and_nothing_overlaps(down: bool) -> None:
    topics = (
        Topic("helpers", "", "vfs", (1, 2)),
        Topic("one", "", "vfs", (3,), ("helpers",)),
        Topic("a topic with a long name, longer than its tiles", "", "x", tuple(range(4, 40)), ("helpers", "one")),
    )
    patches = tuple(patch(number) for number in range(1, 40))
    svg = str(order(topics, patches, down=down))
    assert re.findall(r'href="#patch-(\d+)"', svg) == [str(number) for number in range(1, 40)]
    boxes = [
        tuple(map(float, found))
        for found in re.findall(
            r'<g transform="translate\(([\d.]+) ([\d.]+)\)"><rect class="box" width="([\d.]+)" height="([\d.]+)"', svg
        )
    ]
    assert len(boxes) == 3
    for number, one in enumerate(boxes):
        for two in boxes[number + 1 :]:
            apart = one[0] + one[2] <= two[0] or two[0] + two[2] <= one[0]
            assert apart or one[1] + one[3] <= two[1] or two[1] + two[3] <= one[1]
    width, height = map(float, re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])
    assert all(x + w <= width and y + h <= height for x, y, w, h in boxes)
    assert svg.count('class="needs"') == 3


def test_names_of_topics_are_text() -> None:
    svg = str(order((Topic("<b>&", "", '"x', (1,)),), (patch(subject="<script>"),), down=False))
    assert "&lt;b&gt;&amp;" in svg
    assert "&lt;script&gt;" in svg
    assert "<script>" not in svg


# -- charts


def places(html: str, attribute: str) -> list[float]:
    return [float(found) for found in re.findall(rf' {attribute}="([\d.]+)%"', html)]


def test_changes_are_drawn_where_they_are() -> None:
    changes = (
        Change("up", 20.0, 10.0, 30.0, "better", "+20 % [+10, +30]"),
        Change("down", -10.0, -15.0, -5.0, "worse", "-10 %"),
        Change("<same>", 0.0, None, None, "not known", "0 %"),
    )
    html = str(draw(Chart("A chart", "percent", "told", changes=changes)))
    marks = places(re.sub(r"<line.*?/>|<text.*?</text>", "", html), "x")
    assert marks[0] > marks[2] > marks[1]
    assert all(0 <= place <= 100 for place in places(html, "x1") + places(html, "x2") + marks)
    zero = places(html, "x1")[0]
    assert zero == pytest.approx(marks[2])
    assert "&lt;same&gt;" in html
    assert "+20 % [+10, +30]" in html


def test_halving_is_as_far_as_doubling_where_changes_are_large() -> None:
    changes = (Change("a", 300.0, None, None, "better", ""), Change("b", -75.0, None, None, "worse", ""))
    html = re.sub(r"<line.*?/>|<text.*?</text>", "", str(draw(Chart("", "", "", changes=changes))))
    up, down = places(html, "x")
    assert up - 50 == pytest.approx(50 - down)


def test_bars_are_as_long_as_their_values() -> None:
    group = BarGroup("f()", (Bar("base", (30.0, 10.0), "30 + 10"), Bar("patched", (5.0, 5.0), "5 + 5")))
    html = str(draw(Chart("", "", "", groups=(group, BarGroup("g()", (Bar("base", None, "no report"),))))))
    widths = places(re.sub(r'<svg class="track" width="100%"', "", html), "width")
    assert widths == [75.0, 25.0, 12.5, 12.5]
    assert "no report" in html


def test_curves_go_up_with_their_values() -> None:
    curves = (
        Curve("base", (Point(1, 10.0, 1.0), Point(8, 40.0))),
        Curve("patched", (Point(1, 10.0), Point(8, 80.0))),
    )
    html = str(draw(Chart("", "", "over tasks", curves=curves)))
    circles = [tuple(map(float, found)) for found in re.findall(r'cx="([\d.]+)%" cy="([\d.]+)%"', html)]
    assert circles[0][0] == circles[2][0] < circles[1][0] == circles[3][0]
    assert circles[3][1] < circles[1][1] < circles[0][1]
    assert 'aria-label="over tasks"' in html


# -- what leads where


def test_a_line_of_the_checklist_leads_to_the_picture() -> None:
    anchors = flow_anchors(report(patch(flows=(FLOW,))))
    assert anchors == {(1, "fs/x.c", "f"): "flow-1-1"}
    here, there = Place("fs/x.c", 3, 9, "f"), Place("fs/y.c", 4)
    line = Line("x", "fs/x.c:3-9 f(): may it?", Answer.HUMAN, "", ("fs/x.c:3-9 f()", "and then"), (here, there))
    leads = where(anchors, line, 1)
    assert leads.steps == (("fs/x.c:3-9 f()", "flow-1-1"), ("and then", ""))
    assert leads.places == (("fs/y.c:4", ""),)
    assert where(anchors, replace(line, path=()), 1).places == (("f()", "flow-1-1"), ("fs/y.c:4", ""))
    assert where(anchors, replace(line, path=()), 2).places == (("fs/y.c:4", ""),)


def test_what_stands_in_backticks_is_code_and_nothing_acts() -> None:
    assert ticked("may `goto out` at 3 <b>?") == "may <code>goto out</code> at 3 &lt;b&gt;?"
    assert ticked("`<img>`\x1b `open") == "<code>&lt;img&gt;</code>\\x1b `open"
    assert address("https://lore.kernel.org/r/a@b") == (
        '<a href="https://lore.kernel.org/r/a@b" rel="noreferrer">https://lore.kernel.org/r/a@b</a>'
    )
    for text in ("javascript:alert(1)", 'https://x" onclick="y', "https://x/\u202ey", "credseries audit"):
        assert address(text).startswith("<code>")
        assert "<a" not in address(text)


# -- the page


def test_a_report_of_next_to_nothing_is_a_page() -> None:
    taken = inert(page(report()))
    assert "A title" in taken.text
    assert "fs: Patch 1" in taken.text


def test_what_stays_as_it_is_is_told() -> None:
    from credseries.review.report.model import RefusedSite

    left = Refused("fs/x.c", "g", "other", (RefusedSite(9, "override_creds(<x>)", "it cannot be proven"),))
    text = inert(page(report(refused=(left,), sites=2, converted=1))).text
    assert "1 site keeps its override as it is" in text
    assert "Line 9, override_creds(<x>): it cannot be proven" in text


def test_the_page_may_do_nothing_but_what_is_in_its_own_scripts() -> None:
    html = page(report())
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.replace("&#39;", "'").split(";"))
    assert rules["default-src"] == "'none'"
    assert all(source.startswith("'sha256-") for source in rules["script-src"].split())
    assert len(rules["script-src"].split()) == 3
    assert rules["connect-src"] == "'self'"  # where it is served; a file has none
    assert "unsafe" not in policy


def test_templates_of_the_user_come_first() -> None:
    mine = Path(os.environ["XDG_CONFIG_HOME"]) / "credseries" / "templates" / "report"
    mine.mkdir(parents=True)
    (mine / "proof.html.j2").write_text('<section id="assumptions">{{ report.base_version }} is mine</section>')
    (mine / "report.css").write_text("body { color: red }")
    text = inert(page(report())).text
    assert "6.12.0 is mine" in text
    (mine / "proof.html.j2").write_text("\n{{ report.nothing }}")
    with pytest.raises(UsageError, match="UndefinedError") as error:
        page(report())
    assert error.value.message.startswith(f"{mine / 'proof.html.j2'}:2: ")
