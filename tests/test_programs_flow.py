"""What the credential flow says that a call runs under is what it runs under when the program is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings

from credseries.creds.flow.model import Credential
from credseries.rewrite.forms import FORMS, Form, Names
from credseries.rewrite.picture import Picture, draw
from credseries.rewrite.plan import Planner
from tests.programs.choices import SeededChoices
from tests.programs.execute import Effort, Machine
from tests.programs.generate import Program, make_program, programs
from tests.programs.seen import Flows, observed

pytestmark = pytest.mark.slow

MANY = 150
EFFORT = Effort(depth=9, by_chance=60)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("seen"))


@dataclass
class Tally:
    """How what was said compares with what was seen: `calls` ran, of `certain` ones it was known what they run under.

    `several` ones can run under more than one credential, of `exact` ones all were seen that were said; `wrong` are
    those that were seen under what was not said.
    """

    calls: int = 0
    certain: int = 0
    exact: int = 0
    several: int = 0
    wrong: list[str] = field(default_factory=list)


def compared(machine: Machine, given_programs: Sequence[Program]) -> Tally:
    tally = Tally()
    for program, seen in zip(given_programs, observed(machine, given_programs, EFFORT), strict=True):
        flows = Flows(program.text)
        said = flows.said()
        for call, lines in seen.items():
            if call not in said:
                continue
            item = said[call]
            tally.calls += 1
            tally.certain += item.certain
            body, is_entry = flows.body(item.function), item.function == "subject"
            bad = [line for line in lines if not item.allows(line, body, is_entry)]
            if bad and item.certain:
                tally.wrong.append(f"{call} of {item.function}() was seen under {bad}, said {item}\n{program.text}")
            said_and_seen = [any(line in one for line in lines) for one in item.lines]
            own_seen = not item.own or any(not any(line in one for one in item.lines) for line in lines)
            tally.exact += all(said_and_seen) and own_seen
            tally.several += len(item.lines) + item.own > 1
    return tally


def test_calls_run_under_what_the_flow_says(machine: Machine) -> None:
    found = compared(machine, [make_program(SeededChoices(seed)) for seed in range(MANY)])
    assert not found.wrong, found.wrong[0]
    assert found.calls > 8 * MANY
    assert found.certain > 0.95 * found.calls, "not known is a way out that is hardly ever taken"
    assert found.several > 30
    assert found.exact > 0.98 * found.calls, "the rest are ways that no run takes: the flow knows no numbers"


def test_calls_of_rewritten_programs_run_under_what_the_flow_says(machine: Machine) -> None:
    rewritten = []
    for seed in range(MANY):
        program = make_program(SeededChoices(seed))
        rewritten += [replace(program, text=text) for text in rewrites(program) if text != program.text]
    assert len(rewritten) > MANY / 2
    found = compared(machine, rewritten)
    assert not found.wrong, found.wrong[0]


@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(program=programs())
def test_the_law(machine: Machine, program: Program) -> None:
    found = compared(machine, [program])
    assert not found.wrong, found.wrong[0]


# -- before and after


def pictures(program: Program, *order: Form) -> list[tuple[int, Picture]]:
    """The pictures of a program's functions, each with the byte that it begins at."""
    flows = Flows(program.text)
    planner = Planner(Names(accessors=program.accessors), order or FORMS)
    found = []
    for (_, start), analysis in sorted(flows.program.analyses.items(), key=lambda item: item[0]):
        found.append((start, draw(planner, analysis, planner.judge_all(analysis), frozenset(FORMS))))
    return found


def rewrites(program: Program) -> list[str]:
    """The program in each form as far as that is proven."""
    found = []
    for form in FORMS:
        text = program.text.encode()
        for start, picture in reversed(pictures(program, form)):
            if picture.after is None:
                continue
            old, new = (
                "\n".join(line.text for line in flow.lines).encode() for flow in (picture.before, picture.after)
            )
            text = text[:start] + new + text[start + len(old) :]
        found.append(text.decode())
    return found


@pytest.mark.parametrize("form", FORMS)
def test_a_proven_rewrite_runs_every_call_under_the_same_credentials(form: Form) -> None:
    compared_calls = 0
    for seed in range(MANY):
        program = make_program(SeededChoices(seed))
        accessors = set(program.accessors.values())
        for _, picture in pictures(program, form):
            if picture.after is None:
                continue
            before: dict[tuple[int, str], tuple[set[Credential], set[tuple[int, ...]]]] = {}
            for call in picture.before.calls:
                under, sites = before.setdefault((call.origin, call.name), (set(), set()))
                under.update(call.under)
                sites.update(call.sites)
            after: dict[tuple[int, str], tuple[set[Credential], set[tuple[int, ...]]]] = {}
            for call in picture.after.calls:
                under, sites = after.setdefault((call.origin, call.name), (set(), set()))
                under.update(call.under)
                sites.update(call.sites)
            new = {name for _, name in after.keys() - before.keys()}
            assert new <= accessors
            assert {key: after[key] for key in before if key in after} == {
                key: before[key] for key in before if key in after
            }
            assert before.keys() <= after.keys()
            compared_calls += len(before)
    assert compared_calls > MANY


SCOPED = """\
int subject(struct my_ctx *ctx)
{
	scoped_guard(cred, ctx->cred) {
		note(1);
	}
	note(2);
	return 0;
}
"""


def test_a_call_that_moves_into_a_scope_is_seen_and_said_to(machine: Machine) -> None:
    program = make_program(SeededChoices(1))
    right = replace(program, text=SCOPED, defines=("subject",), entry="subject(rt_arguments.ctx)")
    moved = replace(right, text=SCOPED.replace("\t}\n\tnote(2);\n", "\tnote(2);\n\t}\n"))
    [seen] = observed(machine, [moved], EFFORT)
    assert seen == {("note", 1): {3}, ("note", 2): {3}}
    item = Flows(right.text).said()["note", 2]
    assert not item.allows(3, range(1, 9), is_entry=True)
    assert Flows(moved.text).said()["note", 2].allows(3, range(1, 9), is_entry=True)
