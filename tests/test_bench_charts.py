"""Pictures of findings are real files: they hold their labels and provenance, and are the same every time."""

from __future__ import annotations

import dataclasses
import struct
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("matplotlib", reason="pictures need the extra credseries[bench]")

from credseries.bench.findings import Figure, Findings, Interval, Verdict
from credseries.bench.model import Better, Metric, Role
from credseries.bench.output.charts import draw, pictures
from credseries.errors import EnvironmentProblem, UsageError
from tests.benchfindings import BASE, COMPARISONS, FINDINGS, FROM_A_MAIL, HITM, line
from tests.clicase import environment

NAMES = (
    "change",
    "scaling-faccessat-storm",
    "hitm-places",
    "attribution-credential-lines-hitm",
    "attribution-faccessat-storm-64",
)


def png_size(path: Path) -> tuple[int, int]:
    """The width and height that the header of a PNG says (RFC 2083, 4.1.1)."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def svg_words(path: Path) -> str:
    """All text of an SVG, a blank between its parts."""
    root = ElementTree.fromstring(path.read_bytes())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = ("".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text"))
    return " ".join(" ".join(texts).split())


def only(**changes: object) -> Findings:
    """The sample findings with nothing but what is given."""
    bare = dataclasses.replace(FINDINGS, comparisons=(), attributions=(), hitm=None)
    return dataclasses.replace(bare, **changes)  # type: ignore[arg-type]


def test_a_directory_gets_every_picture_in_both_kinds(tmp_path: Path) -> None:
    files = draw(FINDINGS, tmp_path / "new" / "pictures")
    assert [file.name for file in files] == [f"{name}{suffix}" for name in NAMES for suffix in (".svg", ".png")]
    assert sorted(files) == sorted((tmp_path / "new" / "pictures").iterdir())
    for file in files:
        if file.suffix == ".png":
            width, height = png_size(file)
            assert width == 800
            assert 200 < height < 1200
        else:
            assert "workload: 64 processes call faccessat() on 100 files" in svg_words(file)


def test_a_file_gets_all_pictures_below_each_other(tmp_path: Path) -> None:
    assert draw(FINDINGS, tmp_path / "all.png") == [tmp_path / "all.png"]
    heights = [png_size(file)[1] for file in draw(FINDINGS, tmp_path / "apart") if file.suffix == ".png"]
    assert png_size(tmp_path / "all.png")[1] > 0.7 * sum(heights)
    (file,) = draw(FINDINGS, tmp_path / "all.svg")
    words = svg_words(file)
    assert "Change of each metric" in words
    assert "HITM by place in the code" in words
    assert words.count("workload: ") == 1


def test_pictures_hold_their_labels_units_and_where_they_come_from(tmp_path: Path) -> None:
    words = {file.stem: svg_words(file) for file in draw(FINDINGS, tmp_path) if file.suffix == ".svg"}
    for text in words.values():
        assert "machine: 2 x Intel Xeon Gold 6230" in text
        assert "base: 6.8.0-rc1, commit 0123456789ab, 10 runs" in text
        assert "date: 2024-01-26" in text
    change = words["change"]
    assert all(
        f"{verdict}" in change for verdict in ("better", "worse", "different", "no difference shown", "not known")
    )
    assert "open latency, 99th percentile ↓" in change
    assert "+14.4 % [+8.2, +21.1]" in change
    assert "with its 95 % interval" in change
    scaling = words["scaling-faccessat-storm"]
    assert "10³ calls/s (more is better)" in scaling
    assert "base, mean ± standard deviation, n = 10" in scaling
    assert "tasks (processes or threads)" in scaling
    places = words["hitm-places"]
    assert "revert_creds atomic64_64.h:39" in places
    assert all(f"{counts}" in places for counts in ("412 + 1028", "28 + 44", "79 + 97"))
    assert "without backing-file" in places
    attribution = words["attribution-faccessat-storm-64"]
    assert "+270 [+212, +328], 6.3 %; better" in attribution
    assert "whole change" in attribution


def test_what_is_not_known_is_said_in_a_picture_as_well(tmp_path: Path) -> None:
    (file,) = draw(FROM_A_MAIL, tmp_path / "mail.svg")
    words = svg_words(file)
    assert "machine: not known" in words
    assert "number of runs not known" in words
    assert "verdict not known" in words
    assert "interval" not in words


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_same_findings_are_the_same_bytes_whatever_a_user_has_set(tmp_path: Path, suffix: str) -> None:
    import matplotlib

    (first,) = draw(FINDINGS, tmp_path / f"first{suffix}")
    with matplotlib.rc_context({"font.size": 20, "svg.fonttype": "path", "lines.linewidth": 9}):
        (second,) = draw(FINDINGS, tmp_path / f"second{suffix}")
        assert matplotlib.rcParams["font.size"] == 20
    assert first.read_bytes() == second.read_bytes()


def test_another_process_without_a_display_draws_the_same_bytes(tmp_path: Path) -> None:
    (file,) = draw(FINDINGS, tmp_path / "here.svg")
    program = (
        "import sys, pathlib\n"
        "from credseries.bench.output.charts import draw\n"
        "from tests.benchfindings import FINDINGS\n"
        "draw(FINDINGS, pathlib.Path(sys.argv[1]))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    there = tmp_path / "there.svg"
    subprocess.run(
        [sys.executable, "-c", program, str(there)],
        cwd=Path(__file__).parent.parent,
        env=environment({"DISPLAY": None, "WAYLAND_DISPLAY": None, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}),
        check=True,
    )
    assert there.read_bytes() == file.read_bytes()


def test_only_what_was_measured_is_drawn() -> None:
    assert [picture.name for picture in pictures(only(hitm=HITM))] == ["hitm-places"]
    assert [picture.name for picture in pictures(only(comparisons=COMPARISONS[4:]))] == ["change"]
    assert [picture.name for picture in pictures(only(comparisons=COMPARISONS[:1]))] == ["change"]
    unknown = dataclasses.replace(COMPARISONS[4], change=None)
    assert pictures(only(comparisons=(unknown,))) == ()
    assert pictures(only(hitm=dataclasses.replace(HITM, subject=((BASE, ()),), places=()))) == ()


def test_metrics_whose_names_are_alike_get_files_of_their_own() -> None:
    curves = [
        dataclasses.replace(item, metric=dataclasses.replace(item.metric, name=name))
        for name in ("open()", "open", "???", "名")
        for item in COMPARISONS[:2]
    ]
    names = [picture.name for picture in pictures(only(comparisons=tuple(curves)))]
    assert names == ["change", "scaling-open", "scaling-open-2", "scaling", "scaling-2"]


def test_odd_findings_are_drawn_without_a_word(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    odd = [
        dataclasses.replace(COMPARISONS[4], metric=Metric("$x_1$ \\frac 名前 & <b>" + "y" * 99, "µ&<$", Better.MORE)),
        dataclasses.replace(COMPARISONS[4], change=-100.0, interval=Interval(-100.0, float("inf"))),
        dataclasses.replace(COMPARISONS[4], change=0.0, interval=None, verdict=Verdict.NO_DIFFERENCE),
        dataclasses.replace(
            COMPARISONS[0],
            metric=Metric("idle", "", Better.NEITHER, 1),
            base=Figure(0.0),
            patched=Figure(-3.0),
            change=None,
        ),
        dataclasses.replace(
            COMPARISONS[0], metric=Metric("idle", "", Better.NEITHER, 2), base=Figure(1e300), patched=Figure(2.0)
        ),
    ]
    roles = tuple(Role("without", f"topic-{index}") for index in range(7))
    hitm = dataclasses.replace(
        HITM, subject=(*HITM.subject, *((role, (line(0, 0),)) for role in roles)), places=HITM.places * 5
    )
    command = dataclasses.replace(FINDINGS.provenance[0][1], command="x" * 500)
    found = only(comparisons=tuple(odd), hitm=hitm, provenance=((BASE, command),))
    (file,) = draw(found, tmp_path / "odd.svg")
    words = svg_words(file)
    assert "$x_1$" in words
    assert "13 more places not drawn" in words
    assert "no report" in words
    assert draw(found, tmp_path / "odd.png") == [tmp_path / "odd.png"]
    assert [str(warning.message) for warning in recwarn] == []


def test_a_caption_is_no_wider_than_its_picture(tmp_path: Path) -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    from credseries.bench.output.charts.caption import caption_lines
    from credseries.bench.output.charts.style import CAPTION_SIZE, WIDTH_INCHES

    text = f"{'W' * 300} workload: {'MMMM iiii ' * 30}"
    lines = caption_lines(text)
    assert "".join("".join(lines).split()) == "".join(text.split())
    widths = [
        text_to_path.get_text_width_height_descent(caption, FontProperties(size=CAPTION_SIZE), False)[0]
        for caption in lines
    ]
    assert 0.8 * WIDTH_INCHES * 72 < max(widths) < 0.98 * WIDTH_INCHES * 72


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not drawn as \.pdf") as raised:
        draw(FINDINGS, tmp_path / "x.pdf")
    assert ".svg or .png" in raised.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_directory_with_a_dot_in_its_name_is_still_a_directory(tmp_path: Path) -> None:
    (tmp_path / "v6.8").mkdir()
    assert len(draw(only(hitm=HITM), tmp_path / "v6.8")) == 2


def test_findings_without_numbers_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to draw"):
        draw(only(), tmp_path / "pictures")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "pictures", tmp_path / "none" / "x.svg", tmp_path / "file"):
        with pytest.raises(UsageError, match=str(path.parent)):
            draw(FINDINGS, path)


def test_a_missing_matplotlib_is_named_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not there: importing it fails
    with pytest.raises(EnvironmentProblem, match="matplotlib") as raised:
        draw(FINDINGS, tmp_path)
    assert raised.value.hint == "pip install 'credseries[bench]'"


def test_no_module_of_charts_loads_matplotlib_before_it_draws() -> None:
    program = (
        "import sys, credseries.bench.output.charts, credseries.bench.output.table\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'matplotlib', 'numpy', 'scipy', 'yaml'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
