"""Two compilations are the same program if and only if the compare says so: real compilers, real objects."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credseries.errors import UnreadableObject
from credseries.verify.objects.compare import PLAIN_FLAGS, Comparison, ObjectPair, compare
from credseries.verify.objects.disassembly import disassemble, excerpt
from credseries.verify.objects.elf import read_object

KERNEL_FLAGS = (
    *("-O2", "-ffreestanding", "-fno-common", "-fno-pic", "-fno-asynchronous-unwind-tables", "-std=gnu11"),
    *("-Wall", "-Werror", "-fno-strict-aliasing", "-funsigned-char"),
)
X86 = ("-mcmodel=kernel", "-mno-sse", "-mno-red-zone")
SPLIT = ("-ffunction-sections", "-fdata-sections")
COMPILERS = [
    pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=f"no {name}"))
    for name in ("gcc", "clang-19")
]

# a WARN_ON with its table, a WARN_ONCE that stores the line, an export, an init function: what kernel code is made of
PRELUDE = r"""
typedef unsigned char u8;
extern int log_line(const char *format, ...);
extern int outside(int value);
#define noinline __attribute__((noinline))
#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define TRAP() asm volatile("1: ud2\n.pushsection __bug_table,\"aw\"\n" \
    ".long 1b - .\n.long %c0 - .\n.word %c1\n.word 1\n.popsection" :: "i"(__FILE__), "i"(__LINE__))
#define WARN_ON(c) ({ int bad = !!(c); if (__builtin_expect(bad, 0)) TRAP(); bad; })
#define WARN_ONCE(c) ({ static u8 done __attribute__((section(".data.once"))); \
    if (__builtin_expect((c) && !done, 0)) { done = 1; log_line("%s:%d %s", __FILE__, __LINE__, __func__); } })
#define REGISTER(fn) static void *PASTE(__UNIQUE_ID_reg_##fn, __COUNTER__) \
    __attribute__((used, section(".discard.addressable"))) = (void *)&fn
"""
BODY = r"""
struct shape { int width, height; };
static int counter;
static int table[5] = { 3, 5, 7, 11, 13 };
static noinline int first(int value, int other)
{
	int sum = value + other;
	WARN_ON(sum == 99);
	counter += sum;
	return outside(sum) + table[value & 3];
}
static noinline int second(int value, int other)
{
	WARN_ON(value == 17);
	if (other < 40)
		log_line("value %d\n", value);
	return outside(value * 3) - table[other & 3];
}
static int (*const actions[])(int, int) __attribute__((used)) = { first, second };
int area(struct shape *shape)
{
	WARN_ONCE(shape->width > 100);
	return shape->width * shape->height + first(shape->width, 2);
}
int choose(int which, int value)
{
	switch (which) {
	case 0: return first(value, 1);
	case 1: return second(value, 2);
	case 2: return outside(value) + 3;
	case 3: return outside(value + 7) * 5;
	case 4: return second(value, value);
	case 5: return outside(value ^ 21);
	case 6: return actions[value & 1](value, 9);
	}
	return 0;
}
REGISTER(choose);
"""
SOURCE = PRELUDE + BODY

Compile = Callable[..., bytes]


@cache
def _compiled(compiler: str, source: str, flags: tuple[str, ...]) -> bytes:
    with TemporaryDirectory() as directory:
        (Path(directory) / "unit.c").write_text(source)
        command = [compiler, *KERNEL_FLAGS, *flags, "-c", "unit.c", "-o", "unit.o"]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return (Path(directory) / "unit.o").read_bytes()


@pytest.fixture(params=COMPILERS)
def compiler(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[True, False], ids=["split", "whole"])
def build(request: pytest.FixtureRequest, compiler: str) -> Compile:
    """Compiles with the flags that the compare asks for, and with all functions in one section."""
    flags = PLAIN_FLAGS if request.param else tuple(flag for flag in PLAIN_FLAGS if flag not in SPLIT)
    return lambda source, *more: _compiled(compiler, source, (*X86, *flags, *more))


@pytest.fixture
def split(compiler: str) -> Compile:
    return lambda source, *more: _compiled(compiler, source, (*X86, *PLAIN_FLAGS, *more))


def changed(*edits: tuple[str, str], source: str = SOURCE) -> str:
    for old, new in edits:
        assert re.search(old, source), old
        source = re.sub(old, new, source)
    return source


def one(before: bytes | None, after: bytes | None) -> Comparison:
    return compare([ObjectPair("unit.o", before, after)])


def names(comparison: Comparison) -> set[str]:
    return {difference.name for difference in comparison.differences}


SAME = {
    "nothing": (),
    "comment": ((r"int area\(", "/* The area.\n * In units.\n */\nint area("),),
    "blank lines before users of the line number": ((r"static int counter;", "\n\n\nstatic int counter;\n\n"),),
    "local variable": ((r"\bsum\b", "total"),),
    "struct member": ((r"\bwidth\b", "breadth"),),
    "struct tag": ((r"\bstruct shape\b", "struct box"),),
    "macro helper": (
        (r"static int counter;", "#define CLAMP(x) ((x) & 3)\nstatic int counter;"),
        (r"table\[value & 3\]", "table[CLAMP(value)]"),
    ),
    "unused static inline": (
        (r"static int counter;", "static inline int twice(int x) { return 2 * x; }\nstatic int counter;"),
    ),
    "static inline that is used": (
        (r"static int counter;", "static inline int thrice(int x) { return x * 3; }\nstatic int counter;"),
        (r"outside\(value \* 3\)", "outside(thrice(value))"),
    ),
}


@pytest.mark.parametrize("edits", SAME.values(), ids=SAME)
def test_a_change_of_source_only_is_the_same(build: Compile, edits: tuple[tuple[str, str], ...]) -> None:
    assert one(build(SOURCE), build(changed(*edits))) == Comparison(True, (), ())


RENAMES = {
    "static function": ("first", "foremost"),
    "static variable": ("counter", "calls"),
    "static table": ("table", "primes"),
    "table of functions": ("actions", "operations"),
    "global function": ("choose", "select_one"),
    "longer than before, sorts elsewhere": ("second", "a_second_function_with_a_name"),
}


@pytest.mark.parametrize(("old", "new"), RENAMES.values(), ids=RENAMES)
def test_a_rename_is_the_same(build: Compile, old: str, new: str) -> None:
    comparison = one(build(SOURCE), build(changed((rf"\b{old}\b", new))))
    assert comparison.differences == ()
    assert comparison.renamed == ((old, new),)
    assert bool(comparison.published) == (old == "choose")


def test_many_renames_at_once_are_the_same(build: Compile) -> None:
    edits = [(rf"\b{old}\b", new) for old, new in RENAMES.values()]
    assert one(build(SOURCE), build(changed(*edits))).renamed == tuple(sorted(RENAMES.values()))


def test_a_function_whose_name_is_printed_is_renamed_with_a_difference(build: Compile) -> None:
    comparison = one(build(SOURCE), build(changed((r"\barea\b", "size_of"))))
    assert not comparison.same
    assert ("area", "size_of") in comparison.renamed
    assert any("__func__" in name or name == "area" for name in names(comparison))


DIFFERENT = {
    "constant": ((r"value \^ 21", "value ^ 22"), {"choose"}),
    "comparison": ((r"other < 40", "other <= 40"), {"second"}),
    "added call": ((r"counter \+= sum;", "counter += sum; outside(5);"), {"first"}),
    "another callee": ((r"case 0: return first", "case 0: return second"), {"choose"}),
    "string": ((r"value %d", "walue %d"), {"second"}),
    "longer string": ((r"value %d", "the value is %d"), {"second"}),
}


@pytest.mark.parametrize(("edit", "where"), DIFFERENT.values(), ids=DIFFERENT)
def test_a_change_is_found_in_its_function_alone(split: Compile, edit: tuple[str, str], where: set[str]) -> None:
    comparison = one(split(SOURCE), split(changed(edit)))
    # the place of a trap in its function is in the table of traps
    assert names(comparison) - {"__bug_table"} == where
    shown = [difference for difference in comparison.differences if difference.what == "function"]
    assert all("differs from byte 0x" in difference.detail for difference in shown)


def test_a_difference_says_what_a_call_goes_to(split: Compile) -> None:
    declared = (r"extern int shared", "extern int elsewhere(int);\nextern int shared")
    after = changed(declared, (r"outside\(shared\(x\)\)", "elsewhere(shared(x))"), source=USES)
    (difference,) = one(split(USES), split(after)).differences
    assert "there it refers to outside, now to elsewhere" in difference.detail


@pytest.mark.parametrize(("edit", "where"), DIFFERENT.values(), ids=DIFFERENT)
def test_a_change_is_found_when_functions_share_a_section(
    build: Compile, edit: tuple[str, str], where: set[str]
) -> None:
    assert where <= names(one(build(SOURCE), build(changed(edit))))


DATA = {
    "value": ((r"3, 5, 7, 11", "3, 5, 7, 12"), "table"),
    "function pointers": ((r"\{ first, second \}", "{ second, first }"), "actions"),
    "length": ((r"table\[5\] = \{ 3, 5, 7, 11, 13 \}", "table[6] = { 3, 5, 7, 11, 13, 12 }"), "table"),
    "size": ((r"static int counter", "static long long counter"), "counter"),
    "visibility of a function": ((r"static noinline int second", "noinline int second"), "second"),
    "visibility of a variable": ((r"static int counter", "int counter"), "counter"),
    "weak": ((r"\nint choose", "\n__attribute__((weak)) int choose"), "choose"),
    "alignment": ((r"static int counter", "static __attribute__((aligned(64))) int counter"), "counter"),
    "section": ((r"\nint choose", '\n__attribute__((section(".init.text"))) int choose'), "choose"),
    "gone": ((r"REGISTER\(choose\);", ""), None),
}


@pytest.mark.parametrize(("edit", "where"), DATA.values(), ids=DATA)
def test_changed_data_and_symbols_differ(build: Compile, edit: tuple[str, str], where: str | None) -> None:
    comparison = one(build(SOURCE), build(changed(edit)))
    assert not comparison.same
    assert one(build(changed(edit)), build(SOURCE)).same is False
    if where:
        assert any(where in difference.name or "section" in difference.what for difference in comparison.differences)


SWAPPED = changed(
    (r"(?s)(static noinline int first.*?\n}\n)(static noinline int second.*?\n}\n)", r"\2\1"),
)


def test_another_order_of_functions_is_the_same_with_a_section_each(split: Compile) -> None:
    assert one(split(SOURCE), split(SWAPPED)) == Comparison(True, (), ())


def test_another_order_and_a_change_differ(build: Compile) -> None:
    assert not one(build(SOURCE), build(changed((r"value \* 3", "value * 5"), source=SWAPPED))).same


def test_functions_that_swap_names_differ(build: Compile) -> None:
    after = changed((r"int first\(", "int tmp_("), (r"int second\(", "int first("), (r"int tmp_\(", "int second("))
    comparison = one(build(SOURCE), build(after))
    assert {"first", "second"} <= names(comparison)
    assert not comparison.renamed


def test_a_call_that_moves_to_the_function_at_the_old_place_differs(build: Compile) -> None:
    """The bytes of the caller are the same: the functions have one length, and each takes the other's place."""
    functions = [
        "static noinline int up(int x) { return outside(x + 1000); }\n",
        "static noinline int down(int x) { return outside(x + 2000); }\n",
    ]
    caller = "int caller(int x) { return outside(up(x)); }\nint other(int x) { return outside(down(x)); }\n"
    crossed = caller.replace("up(", "tmp(").replace("down(", "up(").replace("tmp(", "down(")
    before = PRELUDE + functions[0] + functions[1] + caller
    assert not one(build(before), build(PRELUDE + functions[1] + functions[0] + crossed)).same
    assert not one(build(before), build(PRELUDE + functions[0] + functions[1] + crossed)).same


def test_a_rename_onto_a_name_that_was_there_differs(build: Compile) -> None:
    source = PRELUDE + "int helper(int x) { return outside(x) + 1; }\nint user(int x) { return outside(helper(x)); }\n"
    gone = PRELUDE + "int user(int x) { return outside(x) + 1; }\nint last(int x) { return outside(user(x)); }\n"
    assert not one(build(source), build(gone)).same


def test_a_call_of_another_outside_function_is_no_rename(build: Compile) -> None:
    comparison = one(build(SOURCE), build(changed((r"\boutside\b", "elsewhere"))))
    assert {"first", "second", "choose"} <= names(comparison)
    assert not comparison.renamed


DEFINES = PRELUDE + "int shared(int x) { return outside(x) * 3; }\nint keeps(int x) { return x + outside(9); }\n"
USES = PRELUDE + "extern int shared(int x);\nint user(int x) { return outside(shared(x)) + shared(3); }\n"


def _both(build: Compile, defines: str, uses: str) -> Comparison:
    return compare(
        [ObjectPair("uses.o", build(USES), build(uses)), ObjectPair("defines.o", build(DEFINES), build(defines))]
    )


def test_a_global_rename_over_two_objects_is_the_same(build: Compile) -> None:
    comparison = _both(
        build, changed(("shared", "common_one"), source=DEFINES), changed(("shared", "common_one"), source=USES)
    )
    assert comparison == Comparison(True, (("shared", "common_one"),), (), (("shared", "common_one"),))


def test_a_global_rename_that_leaves_a_user_behind_differs(build: Compile) -> None:
    assert not _both(build, changed(("shared", "common_one"), source=DEFINES), USES).same
    half = changed(
        (r"shared\(3\)", "common_one(3)"), (r"extern int", "extern int common_one(int); extern int"), source=USES
    )
    assert not _both(build, changed(("shared", "common_one"), source=DEFINES), half).same


def test_a_user_that_goes_to_another_function_of_the_other_object_differs(build: Compile) -> None:
    assert not _both(build, DEFINES, changed(("shared", "keeps"), source=USES)).same


def test_objects_with_identical_new_functions_pair_by_their_users(build: Compile) -> None:
    twins = PRELUDE + "int one(int x) { return outside(x); }\nint two(int x) { return outside(x); }\n"
    users = (
        PRELUDE + "extern int one(int); extern int two(int);\nint user(int x) { return outside(one(x)) + two(x); }\n"
    )

    def with_names(first: str, second: str, source: str) -> bytes:
        return build(changed((r"\bone\b", first), (r"\btwo\b", second), source=source))

    for first, second in (("zeta", "alpha"), ("alpha", "zeta")):
        comparison = compare(
            [
                ObjectPair("twins.o", build(twins), with_names(first, second, twins)),
                ObjectPair("users.o", build(users), with_names(first, second, users)),
            ]
        )
        assert comparison.same
        assert comparison.renamed == (("one", first), ("two", second))


def test_a_weak_function_is_not_renamed(build: Compile) -> None:
    weak = changed(("int shared", "__attribute__((weak)) int shared"), source=DEFINES)
    comparison = one(build(weak), build(changed(("shared", "common_one"), source=weak)))
    assert "weak" in comparison.differences[0].detail


EXPORT = r"""
#define EXPORT(name) asm(".section \".export_symbol\",\"a\"\n__export_symbol_" #name ":\n" \
    ".asciz \"GPL\"\n.asciz \"\"\n" \
    ".balign 8\n.quad " #name "\n.previous")
EXPORT(shared);
"""


def test_an_export_under_another_name_differs(build: Compile) -> None:
    source = DEFINES + EXPORT
    assert one(build(source), build(source + "\n\n/* more */\n")).same
    assert not one(build(DEFINES), build(source)).same
    comparison = one(build(source), build(changed(("shared", "common_one"), source=source)))
    assert names(comparison) == {"__export_symbol_shared"}


COLD = (
    PRELUDE
    + r"""
extern void panic_now(const char *why) __attribute__((noreturn, cold));
extern int slow_way(int) __attribute__((cold));
static noinline int checked(int value)
{
	if (value < 0)
		panic_now("negative");
	if (value > 1000)
		return slow_way(value) + slow_way(value + 1) * 7;
	return outside(value);
}
int entry(int value) { return outside(checked(value + 2)); }
"""
)


def test_the_cold_part_follows_its_function(build: Compile) -> None:
    comparison = one(build(COLD), build(changed((r"\bchecked\b", "verified"), source=COLD)))
    assert comparison.same
    assert comparison.renamed == (("checked", "verified"),)
    assert not one(build(COLD), build(changed((r"\* 7", "* 9"), source=COLD))).same


def test_gcc_makes_a_cold_part_and_a_jump_table_here() -> None:
    if not shutil.which("gcc"):
        pytest.skip("no gcc")
    flags = (*X86, *PLAIN_FLAGS)
    assert any(symbol.name == "checked.cold" for symbol in read_object(_compiled("gcc", COLD, flags)).symbols)
    blocks = {block.name: block for block in read_object(_compiled("gcc", SOURCE, flags)).blocks}
    assert len(blocks[".rodata.choose"].refs) == 7


def test_a_jump_table_with_two_ways_swapped_differs(build: Compile) -> None:
    after = changed((r"case 2: ", "case 99: "), (r"case 3: ", "case 2: "), (r"case 99: ", "case 3: "))
    assert not one(build(SOURCE), build(after)).same


CLONES = (
    PRELUDE
    + r"""
static noinline int scale(int value, const int *factor, int unused)
{ return outside(value * *factor) + outside(*factor); }
static int numbers[2] = { 4, 6 };
int use_one(int value) { return scale(value, &numbers[1], 1) + outside(1); }
int use_two(int value) { return outside(scale(value, &numbers[1], 2)); }
int change(int value)
{ numbers[value & 1] = value; static int last; static int *where = &last; last += *where; return last; }
int change_too(int value) { static int last; static int *where = &last; last -= *where; return last + value; }
"""
)


def test_clones_and_counted_names_follow(build: Compile) -> None:
    comparison = one(build(CLONES), build(changed((r"\bscale\b", "multiply"), source=CLONES)))
    assert comparison.same
    assert comparison.renamed == (("scale", "multiply"),)


def test_names_that_count_from_another_number_on_are_the_same(split: Compile) -> None:
    late = changed((r"REGISTER\(choose\)", "enum { SKIPS = __COUNTER__ + __COUNTER__ };\nREGISTER(choose)"))
    assert one(split(SOURCE), split(late)) == Comparison(True, (), ())
    early = changed((r"(?s)(int change\(.*?\n.*?\n)(int change_too.*?\n)", r"\2\1"), source=CLONES)
    assert one(split(CLONES), split(early)).same


def test_bodies_that_swap_counted_variables_differ(split: Compile) -> None:
    twice = (
        PRELUDE
        + "int f(int x) { static int n = 1; return n += x; }\nint g(int x) { static int n = 2; return n += x; }\n"
    )
    crossed = changed(("n = 1", "n = 0"), ("n = 2", "n = 1"), ("n = 0", "n = 2"), source=twice)
    assert names(one(split(twice), split(crossed))) != set()


def test_an_object_that_appears_or_goes_differs(build: Compile) -> None:
    assert "first" in names(one(None, build(SOURCE)))
    assert "first" in names(one(build(SOURCE), None))
    assert one(None, None).same


def test_an_object_without_contents_may_appear(build: Compile) -> None:
    assert one(None, build("extern int nothing;\n")).same


def test_functions_that_move_to_another_object_differ(build: Compile) -> None:
    comparison = compare([ObjectPair("a.o", build(DEFINES), None), ObjectPair("b.o", None, build(DEFINES))])
    assert {(difference.path, difference.name) for difference in comparison.differences} >= {
        ("a.o", "shared"),
        ("b.o", "shared"),
    }


def test_two_line_number_users_differ_without_the_plain_flags(compiler: str) -> None:
    moved = changed((r"static int counter;", "\n\nstatic int counter;"))
    assert not one(_compiled(compiler, SOURCE, X86), _compiled(compiler, moved, X86)).same


OTHERS = [
    "--target=aarch64-linux-gnu",
    "--target=i386-linux-gnu",
    "--target=arm-linux-gnueabi",
    "--target=riscv64-linux-gnu",
]
OTHERS += ["--target=s390x-linux-gnu", "--target=powerpc64le-linux-gnu"]


@pytest.mark.skipif(not shutil.which("clang-19"), reason="no clang-19")
@pytest.mark.parametrize("target", OTHERS)
def test_other_processors(target: str) -> None:
    portable = re.sub(
        r"(?s)#define TRAP.*?\n(?=#define WARN_ON\()", '#define TRAP() log_line("%s %d", __FILE__, __LINE__)\n', SOURCE
    )

    def build(source: str) -> bytes:
        return _compiled(
            "clang-19", source, (target, "-mno-implicit-float" if "arm-" not in target else "-O2", *PLAIN_FLAGS)
        )

    before = build(portable)
    for old, new in RENAMES.values():
        comparison = one(before, build(changed((rf"\b{old}\b", new), source=portable)))
        assert comparison.same
        # clang joins variables into one that has no name on some processors
        assert comparison.renamed in (((old, new),), ())
    for edits in SAME.values():
        assert one(before, build(changed(*edits, source=portable))).same
    for edit, where in DIFFERENT.values():
        comparison = one(before, build(changed(edit, source=portable)))
        assert not comparison.same
        # clang keeps all strings of a PowerPC object in one block
        assert where <= names(comparison) or "powerpc" in target
    for edit, _ in DATA.values():
        assert not one(before, build(changed(edit, source=portable))).same


def test_another_processor_differs(compiler: str) -> None:
    if compiler == "gcc":
        pytest.skip("gcc has one processor")
    source = "int f(int x) { return x; }\n"
    small = _compiled(compiler, source, ("--target=i386-linux-gnu",))
    assert "ELF header" in names(one(small, _compiled(compiler, source, ("--target=x86_64-linux-gnu",))))


def test_bitcode_is_refused_with_a_hint(compiler: str) -> None:
    data = _compiled(compiler, SOURCE, ("-flto",))
    with pytest.raises(UnreadableObject) as caught:
        compare([ObjectPair("fs/unit.o", data, data)])
    assert "fs/unit.o" in caught.value.message
    assert "-fno-lto" in caught.value.hint


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"\x7fELF" + b"\0" * 200, b"!<arch>\n", b"int main;"])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableObject) as caught:
        read_object(data)
    assert caught.value.hint


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_object_is_refused_or_read(data: st.DataObject) -> None:
    damaged = bytearray(_compiled("gcc", SOURCE, (*X86, *PLAIN_FLAGS)))
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(damaged), len(damaged) // 2]))
    with suppress(UnreadableObject):
        read_object(bytes(damaged[:cut]))


NAMES = ["first", "second", "counter", "table", "actions", "choose", "shape", "sum", "width"]


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.from_regex(r"z[a-z_]{1,12}[a-z]", fullmatch=True), min_size=9, max_size=9, unique=True))
def test_any_renaming_is_the_same_and_any_constant_is_found(fresh: list[str]) -> None:
    flags = (*X86, *PLAIN_FLAGS)
    before = _compiled("gcc", SOURCE, flags)
    renamed = changed(*((rf"\b{old}\b", new) for old, new in zip(NAMES, fresh, strict=True)))
    comparison = one(before, _compiled("gcc", renamed, flags))
    assert comparison.differences == ()
    assert set(comparison.renamed) == set(zip(NAMES[:6], fresh[:6], strict=True))
    number = sum(map(ord, fresh[0])) % 7
    constant = ["99", "17", "40", "100", "21", "11", "9"][number]
    assert not one(before, _compiled("gcc", changed((rf"\b{constant}\b", "61"), source=renamed), flags)).same


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")
def test_every_byte_of_code_and_data_counts() -> None:
    data = _compiled("gcc", SOURCE, (*X86, *PLAIN_FLAGS))
    elf = ELFFile(BytesIO(data))
    fields = {
        (table["sh_info"], relocation["r_offset"] + byte)
        for table in elf.iter_sections("SHT_RELA")
        for relocation in table.iter_relocations()
        for byte in range(8 if relocation["r_info_type"] == 1 else 4)
    }
    for index, section in enumerate(elf.iter_sections()):
        if section["sh_type"] != "SHT_PROGBITS" or not section["sh_flags"] & 2:
            continue
        for offset in range(section["sh_size"]):
            other = bytearray(data)
            other[section["sh_offset"] + offset] ^= 0x40
            # a linker writes over the field of a relocation
            same = one(data, bytes(other)).same
            assert not same or (index, offset) in fields, (section.name, offset)


@pytest.mark.skipif(not shutil.which("objdump"), reason="no objdump")
def test_an_excerpt_shows_the_instruction(split: Compile, tmp_path: Path) -> None:
    def objdump(options: object, data: bytes) -> str:
        assert isinstance(options, tuple)
        (tmp_path / "unit.o").write_bytes(data)
        return subprocess.run(
            ["objdump", *options, tmp_path / "unit.o"], capture_output=True, text=True, check=True
        ).stdout

    before, after = (
        disassemble(split(source), "second", objdump) for source in (SOURCE, changed((r"other < 40", "other < 41")))
    )
    shown = excerpt(before, after)
    assert any(line.startswith("-cmp") and "0x27" in line for line in shown)
    assert any(line.startswith("+cmp") and "0x28" in line for line in shown)
    assert excerpt(before, before) == []
    assert disassemble(split(SOURCE), "nowhere", objdump) == []
