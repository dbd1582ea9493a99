"""perf c2c is read in every layout that it has had and in the form that people paste, and trimmed so that it reads."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credseries.bench.model import C2cReport, CacheLine, CacheLineRow
from credseries.bench.output.c2c_block import c2c_block
from credseries.bench.readers import c2c
from credseries.errors import UsageError
from tests.c2ccase import FIXTURES, fixture, reports, rows, totals

HITM = ("HITM RmtHitm", "HITM LclHitm")
STORES = ("Store Refs L1 Hit", "Store Refs L1 Miss", "Store Refs N/A")
PEER = ("Peer Snoop Rmt", "Peer Snoop Lcl")

MAIL = {
    "before": [
        (
            (0, 412, 1028),
            [
                ((41.50, 42.22), "revert_creds", "atomic64_64.h:39"),
                ((15.05, 10.60), "override_creds", "atomic64_64.h:25"),
                ((0.73, 0.58), "init_file", "atomic64_64.h:25"),
                ((0.24, 0.10), "revert_creds", "cred.h:266"),
                ((32.28, 37.16), "generic_permission", "mnt_idmapping.h:81"),
                ((9.47, 8.75), "generic_permission", "mnt_idmapping.h:81"),
                ((0.49, 0.58), "inode_owner_or_capable", "mnt_idmapping.h:81"),
                ((0.24, 0.00), "generic_permission", "namei.c:354"),
            ],
        ),
        ((1, 50, 103), [((100.00, 100.00), "update_cfs_group", "atomic64_64.h:15")]),
        (
            (2, 50, 98),
            [
                ((96.00, 96.94), "update_cfs_group", "atomic64_64.h:15"),
                ((2.00, 1.02), "update_load_avg", "atomic64_64.h:25"),
                ((0.00, 2.04), "update_load_avg", "fair.c:4118"),
                ((2.00, 0.00), "update_cfs_group", "fair.c:3932"),
            ],
        ),
    ],
    "after": [
        ((0, 54, 88), [((100.00, 100.00), "update_cfs_group", "atomic64_64.h:15")]),
        (
            (1, 48, 83),
            [
                ((97.92, 97.59), "update_cfs_group", "atomic64_64.h:15"),
                ((2.08, 1.20), "update_load_avg", "atomic64_64.h:25"),
                ((0.00, 1.20), "update_load_avg", "fairc:4118"),  # so it stands in the mail
            ],
        ),
        (
            (2, 28, 44),
            [
                ((85.71, 79.55), "generic_permission", "mnt_idmapping.h:81"),
                ((14.29, 20.45), "generic_permission", "mnt_idmapping.h:81"),
            ],
        ),
    ],
    "without": [
        (
            (0, 79, 97, 0, 0, 0),
            [
                ((0.00, 1.03, 0, 0, 0), "revert_creds", "atomic64_64.h:39"),
                ((1.27, 0.00, 0, 0, 0), "init_file", "atomic64_64.h:25"),
                ((62.03, 71.13, 0, 0, 0), "generic_permission", "mnt_idmapping.h:81"),
                ((35.44, 26.80, 0, 0, 0), "generic_permission", "mnt_idmapping.h:81"),
                ((1.27, 0.00, 0, 0, 0), "generic_permission", "mnt_idmapping.h:81"),
                ((0.00, 1.03, 0, 0, 0), "generic_permission", "namei.c:354"),
            ],
        ),
        (
            (1, 52, 103, 0, 0, 0),
            [
                ((98.08, 98.06, 0, 0, 0), "update_cfs_group", "atomic64_64.h:15"),
                ((0.00, 1.94, 0, 0, 0), "update_load_avg", "atomic64_64.h:25"),
                ((1.92, 0.00, 0, 0, 0), "update_cfs_group", "fair.c:3932"),
            ],
        ),
        (
            (2, 59, 77, 0, 0, 0),
            [
                ((93.22, 98.70, 0, 0, 0), "update_cfs_group", "atomic64_64.h:15"),
                ((5.08, 1.30, 0, 0, 0), "update_cfs_group", "fair.c:3932"),
                ((1.69, 0.00, 0, 0, 0), "update_load_avg", "atomic64_64.h:25"),
            ],
        ),
    ],
}
UNALIGNED = """\
# ----- HITM ----- Shared
# Num RmtHitm LclHitm Symbol Object Source:Line Node
# ..... ....... ....... ............ ........ ........... ....
#
-----------------
0 20 30
-----------------
60.00% 50.00% [k] revert_creds [kernel.vmlinux] cred.c:11 0 1
40.00% 50.00% [k] override_creds [kernel.vmlinux] cred.c:22 0 1
"""


def error(text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        c2c.read(text, "x.txt")
    assert caught.value.hint.startswith("expected ")
    return caught.value


def complaint_about(text: str) -> str | None:
    try:
        c2c.read(text, "x")
    except UsageError as caught:
        return caught.message
    return None


# -- the mail


@pytest.mark.parametrize(("index", "name"), list(enumerate(MAIL)))
def test_every_row_and_percentage_of_the_tables_in_the_mail_is_read(index: int, name: str) -> None:
    report = reports("mail.txt")[index]
    assert [(totals(line), rows(line)) for line in report.lines] == MAIL[name]


def test_the_tables_in_the_mail_are_named_by_the_words_before_them() -> None:
    assert [report.name for report in reports("mail.txt")] == [
        "mail.txt: What perf c2c saw before this series",
        "mail.txt: and after this series",
        "mail.txt: I measured it again after removing the backing ops patch, with the same container and the same load",
    ]


def test_nodes_objects_and_levels_of_a_table_with_squeezed_blanks_are_told_apart() -> None:
    first = reports("mail.txt")[0].lines[0].rows
    assert {(row.level, row.shared_object) for row in first} == {("k", "[kernel.vmlinux]")}
    assert [row.node for row in first] == ["0 1"] * 7 + ["0"]


def test_the_columns_of_the_mail_are_named_by_group_and_name() -> None:
    before, _, without = reports("mail.txt")
    assert before.columns == HITM
    assert without.columns == (*HITM, *STORES)


# -- layouts of perf


def test_the_layout_up_to_5_10_is_read() -> None:
    (report,) = reports("perf-5.10.txt")
    assert report.columns == (*HITM, *STORES[:2])
    assert [totals(line) for line in report.lines] == [(0, 302, 521, 105, 50), (1, 3, 9, 2, 0)]
    assert rows(report.lines[0]) == [
        ((38.41, 35.02, 61.90, 22.00), "revert_creds", "cred.c:571"),
        ((21.19, 24.98, 38.10, 78.00), "override_creds", "cred.c:541"),
        ((40.40, 40.00, 0.00, 0.00), "generic_permission", "mnt_idmapping.h:77"),
    ]
    assert report.lines[0].address == "0xffff9c41c2d04a00"
    assert [row.offset for row in report.lines[0].rows] == ["0x0", "0x0", "0x8"]
    assert [row.node for row in report.lines[1].rows] == ["0", "1"]


def test_the_names_of_4_10_are_read() -> None:
    (report,) = reports("perf-4.10.txt")
    assert report.columns == ("HITM Rmt", "HITM Lcl", *STORES[:2])
    assert (report.lines[0].remote, report.lines[0].local, report.peer) == (302, 521, False)


def test_call_chains_and_lists_of_processors_are_read_around() -> None:
    (report,) = reports("perf-6.1-chains.txt")
    assert report.columns == (*HITM, *STORES)
    assert [totals(line) for line in report.lines] == [(0, 302, 521, 0, 0, 80), (1, 3, 9, 0, 0, 2)]
    assert [row.symbol for row in report.lines[0].rows] == ["revert_creds", "override_creds", "generic_permission"]
    assert [row.node for row in report.lines[0].rows] == ["0{0-15} 1{16-31}", "0{0-15} 1{16-31}", "0{0-15} 1{16-23,28}"]


def test_on_arm_remote_and_local_are_accesses_that_peers_answered() -> None:
    (report,) = reports("perf-6.1-arm.txt")
    assert report.peer
    assert report.columns == (*PEER, *STORES)
    assert (report.lines[0].remote, report.lines[0].local) == (215, 640)
    assert ("Trace Event Information", "Load HIT Local Peer", 640.0) in report.statistics


def test_processes_and_threads_of_coalesced_rows_do_not_move_the_other_columns() -> None:
    (report,) = reports("coalesce-tid.txt")
    assert rows(report.lines[0]) == [
        ((30.13, 20.15, 0.0, 0.0, 50.0), "revert_creds", "cred.c:571"),
        ((29.47, 39.85, 0.0, 0.0, 25.0), "revert_creds", "cred.c:571"),
        ((40.40, 40.00, 0.0, 0.0, 25.0), "override_creds", "cred.c:541"),
    ]


def test_without_source_lines_the_source_is_empty_and_names_with_blanks_stay_whole() -> None:
    (report,) = reports("no-source.txt")
    last = report.lines[0].rows[-1]
    assert {row.source for row in report.lines[0].rows} == {""}
    assert (last.level, last.symbol) == (".", "Pool::grow(unsigned long, Arena const&)")
    assert last.shared_object == "libpool.so.2 (deleted)"
    assert report.lines[0].rows[0].node == "0{16 52.0% n/a} 1{16 48.0% n/a}"


def test_statistics_alone_are_a_report_without_cache_lines() -> None:
    (report,) = reports("stats.txt")
    assert (report.columns, report.lines) == ((), ())
    values = {(title, key): value for title, key, value in report.statistics}
    assert values["Trace Event Information", "Load Remote HITM"] == 402
    assert values["Trace Event Information", "LLC Misses to Remote cache (HITM)"] == 93.7
    assert values["Global Shared Cache Line Event Information", "Total Shared Cache Lines"] == 37
    assert len(values) == len(report.statistics)


def test_a_statistic_that_is_no_number_is_left_out() -> None:
    keys = {key for _, key, _ in reports("perf-5.10.txt")[0].statistics}
    assert "LLC Misses to Local DRAM" not in keys
    assert "Load LLC Misses" in keys


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.glob("*.txt")))
def test_indented_and_quoted_text_reads_the_same(name: str) -> None:
    plain = c2c.read(fixture(name), "x").c2c
    for prefix in ("    ", "> ", ">> ", "> > "):
        moved = "".join(prefix + line for line in fixture(name).splitlines(keepends=True))
        assert [(report.lines, report.statistics) for report in c2c.read(moved, "x").c2c] == [
            (report.lines, report.statistics) for report in plain
        ]


@pytest.mark.parametrize("name", ["perf-4.10.txt", "perf-5.10.txt", "perf-6.1-arm.txt", "perf-6.1-chains.txt"])
def test_a_table_without_titles_reads_the_same(name: str) -> None:
    (whole,) = reports(name)
    (table,) = c2c.read(fixture(name).partition("Pareto")[2].partition("\n")[2].partition("\n")[2], "x").c2c
    assert (table.columns, table.lines, table.peer) == (whole.columns, whole.lines, whole.peer)


@pytest.mark.parametrize("name", ["perf-4.10.txt", "perf-5.10.txt", "perf-6.1-arm.txt"])
def test_squeezed_blanks_do_not_change_what_is_read(name: str) -> None:
    def squeezed(line: str) -> str:
        return " ".join(line.split()) if not line.startswith("  Load") else line

    (whole,) = reports(name)
    (found,) = c2c.read("\n".join(map(squeezed, fixture(name).splitlines())), name).c2c
    assert found == whole


def test_tabs_stand_for_eight_columns() -> None:
    text = fixture("perf-5.10.txt")
    tabbed = re.sub(r"^ {8}", "\t", text, flags=re.MULTILINE)
    assert tabbed != text
    assert c2c.read(tabbed, "x") == c2c.read(text, "x")


def test_two_reports_one_after_another_are_two() -> None:
    twice = c2c.read(fixture("perf-5.10.txt") + "\n" + fixture("perf-6.1-arm.txt"), "x").c2c
    assert [report.peer for report in twice] == [False, True]
    assert [len(report.statistics) for report in twice] == [
        len(reports(name)[0].statistics) for name in ("perf-5.10.txt", "perf-6.1-arm.txt")
    ]


def test_perf_finds_no_shared_cache_line_and_its_report_says_so() -> None:
    text = fixture("perf-4.10.txt").partition("#        -----")[0]
    (report,) = c2c.read(text, "x").c2c
    assert report.lines == ()
    assert report.statistics


def test_a_mark_of_something_cut_names_no_report() -> None:
    assert c2c.read("before:\n\n  [...]\n\n" + UNALIGNED, "x").c2c[0].name == "x: before"


def test_words_between_the_rows_of_a_cache_line_are_refused() -> None:
    assert "neither a row nor a call chain" in error(UNALIGNED.replace("40.00%", "struct cred usage\n40.00%")).message


def test_rows_that_somebody_cut_are_noted_with_their_place() -> None:
    reading = c2c.read(UNALIGNED + "[...]\n", "x.txt")
    assert reading.notes == ("x.txt:10: [...]: something was cut out of the report here",)


def test_reports_are_recognized_and_other_texts_are_not() -> None:
    assert all(c2c.matches(path.read_text()) for path in FIXTURES.glob("*.txt"))
    assert c2c.matches("> # ----- HITM -----\n")
    assert not c2c.matches("I looked at it with perf c2c, at the HITM column of the Shared Data Cache Line Table.\n")
    assert not c2c.matches("# Overhead  Command  Symbol\n# ........  .......  ......\n 12.5%  sh  [k] foo\n")


def test_a_table_of_perf_report_in_the_same_mail_is_not_taken_for_one() -> None:
    profile = "# Overhead  Command  Symbol\n# ........  .......  ..........\n#\n    12.50%  sh       [k] foo\n\n"
    assert c2c.read(profile + UNALIGNED, "x").c2c[0].lines == c2c.read(UNALIGNED, "x").c2c[0].lines


# -- damage


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("60.00% 50.00% [k]", "60.00% [k]", 8, "a row with 1 percentage before [k]"),
        ("60.00% 50.00%", "60.00% 50.00% 10.00%", 8, "a row with 3 percentages"),
        ("60.00% 50.00%", "60.00 50.00", 8, "neither percentages nor a summary row"),
        ("60.00% 50.00%", "60.00% 50.00", 8, "a row with 1 percentage before 50.00"),
        (" [kernel.vmlinux] cred.c:11", " cred.c:11", 8, "too few words"),
        (" cred.c:11 0 1", "", 8, "2 percentages"),
        ("cred.c:11 0 1", "cred.c:11", 8, "Node"),
        ("[k] revert_creds [", "[k] revert creds [", 8, "no name of a function"),
        ("60.00%", "61.00%", 6, "sum to 101.00 % of HITM RmtHitm"),
        ("0 20 30", "0 0 30", 6, "HITM RmtHitm, which is 0"),
        ("0 20 30", "0 20", 6, "no summary row"),
        ("0 20 30", "0 20 30 40", 6, "no summary row"),
        ("0 20 30", "0 20 thirty", 6, "no summary row"),
        ("0 20 30\n", "", 6, "no summary row"),
        ("-----------------\n0 20 30\n-----------------\n", "", 5, "no cache line follows the header"),
        ("0 20 30\n-----------------\n", "0 20 30\n", 7, "without a line below it"),
        ("RmtHitm ", "", 2, "6 names"),
        ("RmtHitm LclHitm", "Fast Slow", 2, "no columns for remote and local"),
        (" Node\n", " Node\n\n", 2, "cut off"),
        ("# ..... ....... ....... ............ ........ ........... ....\n", "", 2, "cut off"),
    ],
)
def test_damage_is_refused_with_its_line(old: str, new: str, line: int, said: str) -> None:
    assert old in UNALIGNED
    caught = error(UNALIGNED.replace(old, new, 1))
    if said == "2 percentages":
        assert said in caught.hint
    else:
        assert said in caught.message
    assert caught.message.startswith(f"x.txt:{line}: ")


@pytest.mark.parametrize("kept", range(1, 8))
def test_a_table_that_ends_too_early_is_refused(kept: int) -> None:
    error("".join(UNALIGNED.splitlines(keepends=True)[:kept]))


@pytest.mark.parametrize("name", ["perf-5.10.txt", "perf-6.1-chains.txt"])
def test_a_report_that_ends_within_its_table_is_refused(name: str) -> None:
    text = fixture(name)
    start = text.index("Shared Data Cache Line Table")
    for mark in (
        "Hitm",
        "#   Num",
        "# .....  .......  .......  .......  .......  ....",
        "  -----",
        "[k] revert_creds  ",
    ):
        at = text.index(mark, text.index("Pareto") if mark != "Hitm" else start)
        error(text[:at])


def test_a_statistic_without_its_number_is_refused() -> None:
    text = fixture("stats.txt").replace("Load Operations                   :       9120", "Load Operations", 1)
    assert "no statistic of the block 'Trace Event Information'" in error(text).message


def test_a_row_that_was_moved_from_below_its_columns_is_refused() -> None:
    text = fixture("perf-5.10.txt").replace("[k] revert_creds        [kernel", "[k] revert_creds [kernel", 1)
    assert error(text).message == "x.txt:79: a row without Node"
    assert "each below its dots" in error(text).hint


def test_a_second_table_without_header_is_refused() -> None:
    rest = UNALIGNED.partition("#\n")[2]
    assert "without a header" in error(UNALIGNED + "\nand later:\n\n" + rest).message
    assert "stands below cache line 0" in error(UNALIGNED + "\n" + rest).message


def test_rows_after_words_are_refused() -> None:
    row = UNALIGNED.splitlines()[-1]
    assert "outside of its table" in error(UNALIGNED + "\nand then\n" + row + "\n").message
    assert "belongs to no cache line" in error(UNALIGNED + "\n" + row + "\n").message


def test_an_overview_without_the_table_of_rows_is_refused() -> None:
    text = fixture("perf-5.10.txt")
    cut = text[: text.index("=" * 49, text.index("Shared Data Cache Line Table") + 100)]
    assert "no Pareto table" in error(cut).message


def test_cache_lines_of_the_overview_without_rows_are_noted() -> None:
    text = fixture("perf-5.10.txt")
    reading = c2c.read(text[: text.rindex("\n\n")] + "\n", "x.txt")
    (note,) = reading.notes
    assert re.fullmatch(r"x\.txt:\d+: the overview lists 2 cache lines, the table of their rows has 1", note)


def test_a_text_without_any_report_is_refused() -> None:
    assert error("nothing\n").message == "x.txt: no table and no statistics of perf c2c"


def test_rounding_alone_is_no_contradiction() -> None:
    thirds = UNALIGNED.replace("60.00% 50.00%", "60.01% 50.00%")
    assert c2c.read(thirds, "x").c2c[0].lines[0].rows[0].shares[0] == (HITM[0], 60.01)


TEXTS = [path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("*.txt"))]


@given(st.data())
@settings(deadline=None)
def test_whatever_is_cut_or_typed_over_is_read_or_refused_with_a_line(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 300)))
    complaint = complaint_about(text[:start] + data.draw(st.text("0 .%-=#>\n[k]x", max_size=5)) + text[end:])
    assert complaint is None or re.match(r"x(:\d+)?: ", complaint)


@given(st.sampled_from(TEXTS[:-1]), st.data())
@settings(deadline=None)
def test_a_percentage_that_loses_its_sign_is_never_read_over(text: str, data: st.DataObject) -> None:
    table = text.find("Pareto")
    places = [found.end() - 1 for found in re.finditer(r"\d\.\d\d%(?=  )", text[table:])] if table >= 0 else []
    if places:
        place = table + data.draw(st.sampled_from(places))
        error(text[:place] + " " + text[place + 1 :])


# -- the trimmed block


def test_a_block_is_what_a_person_would_paste() -> None:
    before = reports("mail.txt")[0]
    assert (
        c2c_block(before, lines=2, rows=3)
        == (
            "         ===== HITM =====\n"
            "    Num  RmtHitm  LclHitm  Symbol                Source:Line       Node\n"
            "    ...  .......  .......  ....................  ................  ....\n"
            "    =====================\n"
            "      0      412     1028\n"
            "    =====================\n"
            "          41.50%   42.22%  [k] revert_creds      atomic64_64.h:39  0 1\n"
            "          15.05%   10.60%  [k] override_creds    atomic64_64.h:25  0 1\n"
            "           0.73%    0.58%  [k] init_file         atomic64_64.h:25  0 1\n"
            "        ... 5 more rows\n"
            "\n"
            "    =====================\n"
            "      1       50      103\n"
            "    =====================\n"
            "         100.00%  100.00%  [k] update_cfs_group  atomic64_64.h:15  0 1\n"
            "\n"
            "    ... 1 more line\n"
            "\n"
            "    ... not shown: Shared Object"
        ).replace("\n  ", "\n")[2:]
    )


def test_columns_that_are_0_everywhere_take_a_line_and_no_room() -> None:
    block = c2c_block(reports("mail.txt")[2])
    assert "  0 everywhere: Store Refs L1 Hit, Store Refs L1 Miss, Store Refs N/A\n" in block
    assert c2c.read(block, "x").c2c[0].columns == (*HITM, *STORES)


def test_source_paths_lose_their_directories_first_and_keep_the_line() -> None:
    row = CacheLineRow(((HITM[0], 100.0), (HITM[1], 100.0)), "a" * 20, source="include/linux/" + "b" * 20 + ".h:81")
    report = C2cReport(HITM, (CacheLine(0, 1, 1, ((HITM[0], 1), (HITM[1], 1)), (row,)),))
    assert row.source in c2c_block(report, width=90)
    assert " " + "b" * 20 + ".h:81" in c2c_block(report, width=72)
    assert re.search(r"b+\.\.:81$", c2c_block(report, width=60), re.MULTILINE)


def test_a_block_with_room_for_numbers_alone_has_them_and_says_what_is_not_shown() -> None:
    report = reports("mail.txt")[0]
    narrowest = next(width for width in range(20, 90) if _fits(report, width))
    block = c2c_block(report, width=narrowest)
    *numbers, _, missing = block.split("\n")
    assert max(map(len, numbers[: numbers.index("")])) <= narrowest
    assert missing == "  ... not shown: Symbol, Shared Object, Source:Line, Node"
    (back,) = c2c.read(block, "x").c2c
    assert [line.totals for line in back.lines] == [line.totals for line in report.lines[:3]]


def _fits(report: C2cReport, width: int) -> bool:
    try:
        return bool(c2c_block(report, width=width))
    except ValueError:
        return False


def test_a_block_too_narrow_for_its_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        c2c_block(reports("mail.txt")[0], width=20)


LAYOUTS = (
    HITM,
    (*HITM, "Snoop Peer", *STORES),
    ("HITM Rmt", "HITM Lcl"),
    (*HITM, *STORES[:2]),
    (*HITM, *STORES),
    (*PEER, *STORES),
    PEER,
)
NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,11}", fullmatch=True)


@st.composite
def shares_of(draw: st.DrawFn, totals: tuple[int, ...], count: int) -> list[tuple[float, ...]]:
    """Percentages with two decimals, row by row, that sum to at most 100 in each column, to 0 where the total is 0."""
    columns = []
    for total in totals:
        left = 10000 if total else 0
        column = []
        for _ in range(count):
            part = draw(st.integers(0, left))
            left -= part
            column.append(part / 100)
        columns.append(column)
    return list(zip(*columns, strict=True))


@st.composite
def any_report(draw: st.DrawFn, words: st.SearchStrategy[str] = NAMES) -> C2cReport:
    """A report as perf could give it, in any of its layouts; all rows have the same columns of words."""
    titles = draw(st.sampled_from(LAYOUTS))
    has_object, has_source, has_node = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
    lines = []
    for number in sorted(draw(st.sets(st.integers(0, 999), min_size=1, max_size=4))):
        counts = tuple(draw(st.integers(0, 1) | st.integers(0, 99999)) for _ in titles)
        size = draw(st.integers(1, 4))
        rows = tuple(
            CacheLineRow(
                tuple(zip(titles, shares, strict=True)),
                symbol=draw(words),
                shared_object=f"[{draw(words)}]" if has_object else "",
                source=f"{draw(words)}:{draw(st.integers(1, 9999))}" if has_source else "",
                level=draw(st.sampled_from(["k", ".", ""])),
                node=draw(st.sampled_from(["0", "1", "0 1"])) if has_node else "",
            )
            for shares in draw(shares_of(counts, size))
        )
        lines.append(CacheLine(number, counts[0], counts[1], tuple(zip(titles, counts, strict=True)), rows))
    return C2cReport(titles, tuple(lines), peer=titles[0] in PEER, name="x")


def numbers(report: C2cReport) -> object:
    return (
        report.columns,
        report.peer,
        [
            (line.number, line.remote, line.local, line.totals, [row.shares for row in line.rows])
            for line in report.lines
        ],
    )


@given(any_report())
@settings(deadline=None)
def test_a_whole_block_is_read_back_to_the_same_report(report: C2cReport) -> None:
    block = c2c_block(report, lines=99, rows=99, width=200)
    (back,) = c2c.read(block, "x").c2c
    assert back == report


@given(any_report(st.text(min_size=1, max_size=60)), st.integers(60, 90))
@settings(deadline=None)
def test_whatever_the_names_are_a_whole_block_is_read_back_to_the_same_numbers(report: C2cReport, width: int) -> None:
    block = c2c_block(report, lines=99, rows=99, width=width)
    (back,) = c2c.read(block, "x").c2c
    assert numbers(back) == numbers(report)


@given(any_report(st.text(max_size=60)), st.integers(0, 3), st.integers(0, 3), st.integers(60, 90))
@settings(deadline=None)
def test_no_line_of_a_block_can_hurt_a_cover_letter(report: C2cReport, lines: int, rows: int, width: int) -> None:
    for line in c2c_block(report, lines, rows, width).split("\n"):
        assert len(line) <= width
        assert line == "" or line.startswith("  ")
        assert not line.endswith("---")
        assert line.isascii()
        assert all(char.isprintable() for char in line)
        assert line == line.rstrip()


@given(any_report(), st.integers(1, 3), st.integers(1, 3))
@settings(deadline=None)
def test_a_trimmed_block_says_what_it_leaves_out_and_reads_as_what_it_shows(
    report: C2cReport, lines: int, rows: int
) -> None:
    block = c2c_block(report, lines, rows, width=200)
    shown = replace(report, lines=tuple(replace(line, rows=line.rows[:rows]) for line in report.lines[:lines]))
    assert c2c.read(block, "x").c2c == (shown,)
    left = len(report.lines) - len(shown.lines)
    assert (f"... {left} more line" in block) == (left > 0)
    for line in report.lines[:lines]:
        assert (hidden := len(line.rows) - rows) <= 0 or f"... {hidden} more row" in block
