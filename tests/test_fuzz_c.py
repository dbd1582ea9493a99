"""Mutants: C files changed by chance never crash or hang the reader, and what is proven of them is right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants.compilers import GCC, Compiler, for_programs
from tests.mutants.law import Case, Hung, Report, Sources, hold, limited, smaller
from tests.mutants.mutate import mutant
from tests.mutants.trees import miniature
from tests.programs.execute import Machine
from tests.programs.generate import Program

pytestmark = [pytest.mark.slow, pytest.mark.skipif(GCC is None, reason="no gcc here")]

MANY = 90
TEXT = """int subject(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	note(1);
	old = override_creds(ctx->cred);
	err = probe(2);
	if (err)
		goto out;
	note(3);
out:
	revert_creds(old);
	return err;
}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutants")


@pytest.fixture(scope="module")
def machine(place: Path) -> Machine:
    return Machine(place)


@pytest.fixture(scope="module")
def sources(place: Path) -> Sources:
    return Sources(for_programs(place), miniature(place / "miniature"))


@pytest.fixture(scope="module")
def report(sources: Sources, machine: Machine) -> Report:
    found = Report()
    for seed in range(MANY):
        found.add(hold(sources.case(seed), machine))
    return found


def case(place: Path, more: bytes = b"") -> Case:
    """A program that is no mutant; with other macros than the headers have, what is made of it is wrong."""
    program = Program(TEXT, ("subject",), "subject(rt_arguments.ctx)", 1, frozenset(), (), {})
    compiler = for_programs(place)
    compiler = Compiler(compiler.options, compiler.prelude + more + b"\n")
    return Case("TEXT", "fs/t.c", TEXT.encode(), compiler=compiler, program=program)


def test_the_law_holds_for_mutants(report: Report) -> None:
    told = [f"{item.case.name}: {item.what}\n{item.detail}\n{item.case.text!r}" for item in report.breaches]
    assert not told, "\n\n".join(told[:3])


def test_the_mutants_put_the_law_to_work(report: Report) -> None:
    counts = report.counts
    assert counts["mutants"] == MANY
    assert counts["sites"] > MANY
    assert min(counts["unreadable"], counts["rewritten"], counts["no longer C"]) > MANY / 10
    assert min(counts["compiled"], counts["run"]) > 5


def test_the_same_seed_makes_the_same_mutant_and_another_seed_another(sources: Sources) -> None:
    assert sources.case(7).text == sources.case(7).text
    assert len({mutant(seed, TEXT.encode()) for seed in range(200)}) > 150


def test_what_is_right_breaks_no_law(place: Path, machine: Machine) -> None:
    found = hold(case(place), machine)
    assert not found.breaches
    assert found.counts["rewrites"] == 3
    assert found.counts["run"] == 1


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (b"#undef guard", "gcc says error"),
        (b"#define revert_creds_light(x)", "gcc warns: unused-but-set-variable"),
        (b"#define override_creds_light override_creds_nowhere", "gcc warns: implicit-function-declaration"),
    ],
)
def test_what_does_not_compile_breaks_it(place: Path, more: bytes, what: str) -> None:
    assert what in " ".join(item.what for item in hold(case(place, more)).breaches)


def test_what_runs_otherwise_breaks_it(place: Path, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert not hold(case(place), machine).breaches
    header = tmp_path / "cred-guard.h"  # the last that is included
    header.write_text(header.read_text() + "#define override_creds_light override_creds\n")
    [breach] = hold(case(place), machine).breaches
    assert breach.what == "it runs otherwise: the reference counts at the end"
    assert b"override_creds_light(" in breach.rewrite


def test_what_cannot_be_read_breaks_it(place: Path) -> None:
    crashing = Case("none", "fs/t.c", TEXT.encode(), {"fs/u.c": None})  # type: ignore[dict-item]
    [breach] = hold(crashing).breaches
    assert breach.what.startswith("AttributeError in program.py")


def test_what_takes_too_long_breaks_it() -> None:
    def endless() -> Iterator[int]:
        while True:
            yield 0

    with pytest.raises(Hung), limited(0.01):
        sum(endless())


def test_a_breach_is_made_small(place: Path, machine: Machine) -> None:
    wrong = case(place, b"#define revert_creds_light(x)")
    [breach] = hold(wrong).breaches
    small = smaller(wrong, breach, machine)
    assert small.what == breach.what
    assert b"override_creds" in small.case.text
    assert small.case.text.count(b"\n") < TEXT.count("\n")
