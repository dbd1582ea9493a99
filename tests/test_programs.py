"""What is proven, executed: generated programs run beside their rewrites, and wrong rewrites are found."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings

from credseries.creds.program import Program as Analysed
from credseries.creds.program import SourceFile
from credseries.rewrite.forms import FORMS, Form, Names, write_naive_guard
from credseries.rewrite.plan import Planner
from tests.programs.choices import RecordedChoices, SeededChoices, shrink
from tests.programs.execute import Candidate, Difference, Effort, Machine, Outcome, Version
from tests.programs.generate import Program, make_program, programs
from tests.programs.law import Report, examine

pytestmark = pytest.mark.slow

MANY = 250

# What the programs are to contain, by their text. A pattern sees one function, and `.` sees line ends.
SHAPES = {
    "override of a context's credential": r"override_creds\(ctx->cred\)",
    "override of a parameter": r"override_creds\(cred\)",
    "override of a file's credential": r"override_creds\(file->f_cred\)",
    "override of a mount's credential": r"override_creds\(sb->s_cred\)",
    "override through a wrapper": r"= (my|fs|file|outer)_override\(",
    "override of a reference of its own": r"(held\d?) = get_cred\(.*override_creds\(\1\)",
    "override of prepared credentials": r"(new\d?) = prepare_creds\(\).*override_creds\(\1\)",
    "override of an opened file's credential": r"override_creds\(opened\d?->f_cred\)",
    "saved variable without initialiser": r"\tconst struct cred \*old;",
    "saved variable with initialiser": r"\tconst struct cred \*old = NULL;",
    "saved variables in one declaration": r"\tconst struct cred \*\w+, \*\w+;",
    "override in a declaration": r"\t\tconst struct cred \*old\d? = override_creds",
    "saved variable shared by two sites": r"\t(old) = override_creds.*revert_creds\(\1\).*\t\1 = override_creds",
    "saved variable read elsewhere": r"look\((old|old_cred|saved_cred)\d?, ",
    "goto forward": r"goto (\w+);.*\n\s?\1:",
    "goto backward": r"\n(\w+):.*goto \1;",
    "label after the final return": r"\n\treturn[^\n]*\n\nfail:",
    "chain of labels": r"\nout_free:\n[^\n]*\n[^\n]*\n?out_\w+:",
    "label that only reverts and returns": r"\n\w+:\n\trevert_creds\(\w+\);\n(out:\n)?\treturn",
    "label with a space before it": r"\n (\w+):\n",
    "label at the end of a block": r"\n\w+:;\n",
    "while": r"while \(more",
    "do": r"\tdo \{.*\} while \(more",
    "do once": r"\} while \(0\);",
    "for": r"for \(i = 0;",
    "calls in a for header": r"for \((err|ret|error) = act",
    "for_each": r"for_each_item\(",
    "for_each that steps through contexts": r"for_each_ctx\(",
    "while (1)": r"while \(1\)",
    "for (;;)": r"for \(;;\)",
    "break that reverts": r"revert_creds\(\w+\);\n\t+break;",
    "continue that reverts": r"revert_creds\(\w+\);\n\t+continue;",
    "switch with fallthrough": r"\tfallthrough;\n\t+(case|default)",
    "switch without default": r"switch \(pick\(\d+\)\) \{\n\tcase 0:(?:(?!default|switch)[^}])*\n\t\}",
    "case in a nested block": r"\n\t\t+case 3:",
    "early return with a revert": r"revert_creds\(\w+\);\n\t\t+return",
    "return expression that calls": r"return probe\(",
    "return expression with ?:": r"return flag \? act",
    "return of a call of a call": r"return pass\(probe",
    "nested overrides": r"(\w+) = override_creds\((?:(?!revert_creds\(\1).)*(\w+) = override_creds\("
    r".*revert_creds\(\2\).*revert_creds\(\1\)",
    "conditional override": r"if \([^\n]*\)\n\t+(\w+) = override_creds\(.*if \(\1\)\n\t+revert_creds\(\1\);",
    "conditional override, compared": r"if \(\w+ != NULL\)\n\t+revert_creds\(",
    "one revert for two overrides": r"\telse\n\t+\w+ = override_creds\(",
    "override in a condition": r"if \(!\(\w+ = override_creds",
    "wrapper pair": r"begin_secure\(ctx, &\w+\).*end_secure\(ctx, \w+\)",
    "wrapper that fails by number": r"(err|ret|error) = try_begin\(ctx, &\w+\);\n\t+if",
    "wrapper that fails in a condition": r"if \(try_begin\(",
    "wrapper that fails with NULL": r"(\w+) = begin_or_null\(ctx\);\n\t+if \(!\1\)",
    "wrapper that fails with an error pointer": r"(\w+) = begin_or_error\(ctx\);\n\t+if \(IS_ERR\(\1\)\)",
    "pair that keeps the old one in a structure": r"begin_saved\(ctx, &saved\).*end_saved\(&saved\)",
    "old one kept in a member": r"saved\.old = override_creds",
    "inverted pair": r"pause_secure\(\w+\)",
    "replacing override": r"put_cred\(override_creds\(cred\)\)",
    "replacing wrapper": r"replace_creds\(\);",
    "put in the region": r"(\w+) = override_creds\((\w+)\);\n(\t+put_cred|\t+abort_creds)\(\2\);",
    "put after the region": r"override_creds\((held|new)\).*revert_creds\(\w+\);\n\t+put_cred\(\1\)",
    "given up": r"abort_creds\(",
    "fput": r"\tfput\(file\);",
    "put of the context": r"\tctx_put\(ctx\);",
    "put through an alias": r"ctx_put\(alias\)",
    "put of a copied pointer": r"put_cred\(copy\)",
    "assignment of a context's credential": r"\tctx->cred = get_cred",
    "step to another context": r"ctx = ctx->next",
    "guard of a lock": r"\tguard\(mutex\)\(&ctx->lock\);",
    "scoped guard of a lock": r"\tscoped_guard\(mutex, &ctx->lock\)",
    "variable with __free": r"__free\(put_obj\)",
    "credential with __free": r"__free\(put_cred\)",
    "guard of credentials": r"\tguard\(cred\)\(",
    "scoped guard of credentials": r"\tscoped_guard\(cred, ",
    "light override": r"= override_creds_light\(",
    "read of the current credentials as an argument": r"look\(current_cred\(\)",
    "read of current->cred": r"look\(current->cred",
    "read through a copy of current": r"look\(tsk->cred",
    "call in an argument": r"pass\(check\(",
    "condition with &&": r"if \(probe\(\d+\) && !probe",
    "condition with ||": r"if \(probe\(\d+\) \|\| check",
    "condition with ?:": r"if \(flag \? probe",
    "?: without a middle": r" \?: act\(",
    "else if": r"\} else if \(|\telse if \(",
    "comment": r"/\* not reached twice",
    "comment in a call": r"/\* :\) \*/|/\* \( \*/",
    "call over lines": r"override_creds\(\n",
    "two statements on a line": r"; revert_creds\(",
    "local shadowing variable": r"\tint (err|ret|error)[; ].*\t\tint \1 = ",
    "macro without arguments": r"note\(MAX_TRIES\)",
    "call of another function with sites": r"\tinner\(",
    "variable of the region read after it": r"\tint (kept)\d? = .*revert_creds\(.*pass\(\1",
    "variable with the name of scoped_guard()'s": r"note\(scope\)",
    "override with what was saved": r"override_creds\((old|old_cred|saved_cred)\d?\)",
    "#ifdef": r"\n#ifdef CONFIG_EXTRA",
    "#else": r"\n#else\n.*#endif",
    "void": r"^void ",
    "pointer result": r"^struct my_obj \*subject",
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="module")
def report(machine: Machine) -> Report:
    return examine([make_program(SeededChoices(seed)) for seed in range(MANY)], machine)


def explain(found: Report) -> str:
    return "\n\n".join(f"{program.text}\n{item.version.text}\n{item}" for program, item in found.failures[:2])


# -- the law


def test_rewrites_of_many_programs_behave_as_the_originals(report: Report) -> None:
    assert not report.failures, explain(report)


def test_the_programs_put_the_proof_to_work(report: Report) -> None:
    assert report.programs == MANY
    assert report.sites > MANY
    assert all(report.proven[form.value] > 20 for form in FORMS), report.proven
    assert report.proven["switched"] > 20, "wrappers that were made light for all their callers"
    assert report.rewrites > MANY / 2
    assert report.overridden > 10 * report.rewrites, "runs of the originals in which an override was in force"
    assert report.exhausted > 0


def test_every_generated_program_is_valid_c(report: Report) -> None:
    assert not report.invalid, report.invalid[0].text


def test_every_shape_occurs() -> None:
    texts = [make_program(SeededChoices(seed)).text for seed in range(2500)]
    bodies = [body for text in texts for body in re.split(r"(?<=\n})\n\n", text) if "subject(" in body]
    missing = [name for name, pattern in SHAPES.items() if not any(re.search(pattern, b, re.DOTALL) for b in bodies)]
    assert not missing


@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(program=programs())
def test_the_law(machine: Machine, program: Program) -> None:
    found = examine([program], machine)
    assert not found.failures, explain(found)


def test_the_same_choices_make_the_same_program() -> None:
    first = make_program(SeededChoices(7))
    again = make_program(RecordedChoices(first.choices))
    assert again == first


def test_a_failing_program_is_made_small() -> None:
    def fails(choices: Sequence[int]) -> bool:
        return "revert_creds(" in make_program(RecordedChoices(choices)).text.partition("switch (")[2]

    big = next(p for p in (make_program(SeededChoices(seed)) for seed in range(100)) if fails(p.choices))
    small = make_program(RecordedChoices(shrink(big.choices, fails)))
    assert fails(small.choices)
    assert small.text.count("\n") < 22 < big.text.count("\n")


# -- a law that can be broken


def run(machine: Machine, original: str, *rewrites: str, worlds: int = 1) -> Outcome:
    """Rewrites of a function of anything, run beside it."""
    [(result, parameters)] = re.findall(r"(\w+) subject\(([^)]*)\)", original)
    names = [re.split(r"\W", parameter)[-1] for parameter in parameters.split(",")]
    call = f"subject({', '.join(f'rt_arguments.{name}' for name in names)})"
    entry = f"({call}, 0L)" if result == "void" else call
    versions = [Version("original", original), *(Version(f"rewrite {i}", text) for i, text in enumerate(rewrites))]
    return machine.run([Candidate(("subject",), entry, worlds, tuple(versions))], effort=Effort(4, 8))


def runs_differ(outcome: Outcome) -> bool:
    """Whether a rewrite does not compile, or runs otherwise; a warning (of an unused variable) does not count."""
    return any(item.original or "says error" in item.what for item in outcome.differences)


def only(outcome: Outcome) -> Difference:
    assert not outcome.invalid
    return max(outcome.differences, key=lambda item: len(item.original))


def naive(text: str) -> str:
    """A file with the guard in place of its first site, as a rule of SmPL would put it there; it is refused."""
    analysed = Analysed({"fs/t.c": SourceFile("fs/t.c", text.encode())})
    analysed.run()
    [analysis] = analysed.analyses.values()
    [judged] = Planner(Names()).judge_all(analysis)
    assert not judged.verdict(Form.GUARD).ok
    return write_naive_guard(judged.site, Names()).text.decode()


PLAIN = """int subject(struct my_ctx *ctx, const struct cred *cred)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = probe(1);
	if (err)
		goto out;
	note(2);
out:
	revert_creds(old);
	return err;
}
"""


def test_a_function_differs_in_nothing_from_itself(machine: Machine) -> None:
    outcome = run(machine, PLAIN, PLAIN)
    assert not outcome.differences
    assert not outcome.invalid
    # 4 strings of two decisions and 8 by chance, twice
    assert outcome.runs == 24
    assert outcome.overridden == 12


def test_a_right_rewrite_is_accepted(machine: Machine) -> None:
    right = PLAIN.replace("old = override_creds", "old = override_creds_light").replace(
        "revert_creds(", "revert_creds_light("
    )
    assert not run(machine, PLAIN, right).differences


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("\trevert_creds(old);\n", "", "the credentials at the end"),
        ("override_creds(", "override_creds_light(", "reference counts"),
        ("\trevert_creds(old);", "\trevert_creds_light(old);", "reference counts"),
        ("\tnote(2);\n", "\trevert_creds(old);\n\tnote(2);\n\told = override_creds(ctx->cred);\n", "calls"),
        ("override_creds(ctx->cred)", "override_creds(cred)", "calls"),
        ("\tnote(2);\n", "\tnote(3);\n", "calls"),
        ("\tnote(2);\n", "", "calls"),
        ("\treturn err;", "\treturn 0;", "result"),
        ("\told = override", "\toverride", "freed|no credential"),
        ("\tnote(2);", "\tput_cred(cred);\n\tnote(2);\n\tget_cred(cred);", "freed|nobody holds"),
        ("\tnote(2);", "\tnote(2)", "says error"),
        ("\t\tgoto out;", "\t\treturn err;", "the credentials at the end"),
    ],
)  # fmt: skip
def test_a_wrong_rewrite_is_found(machine: Machine, old: str, new: str, what: str) -> None:
    assert old in PLAIN
    difference = only(run(machine, PLAIN, PLAIN.replace(old, new, 1)))
    assert re.search(what, difference.what), str(difference)


def test_a_difference_shows_both_traces(machine: Machine) -> None:
    difference = only(run(machine, PLAIN, PLAIN.replace("\tnote(2);\n", "\tnote(3);\n")))
    assert difference.decisions == "00"
    assert difference.original[:2] == ("probe(1) under 2", "note(2) under 2")
    assert difference.rewritten[:2] == ("probe(1) under 2", "note(3) under 2")
    assert "decisions 00" in str(difference)


NAIVE = {
    "a call after the revert": """int subject(struct my_ctx *ctx)
{
	const struct cred *old;

	old = override_creds(ctx->cred);
	note(1);
	revert_creds(old);
	note(2);
	return 0;
}
""",
    "a return expression": """int subject(struct my_ctx *ctx)
{
	const struct cred *old;

	old = override_creds(ctx->cred);
	note(1);
	revert_creds(old);
	return probe(2);
}
""",
    "a goto over the guard": """int subject(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	err = probe(1);
	if (err)
		goto out;
	old = override_creds(ctx->cred);
	note(2);
	revert_creds(old);
out:
	note(3);
	return err;
}
""",
    "a label after the final return": """int subject(struct my_ctx *ctx)
{
	const struct cred *old;

	old = override_creds(ctx->cred);
	if (probe(1))
		goto fail;
	revert_creds(old);
	return 0;

fail:
	revert_creds(old);
	note(2);
	return -EIO;
}
""",
    "a lock that is released by a scope of its own": """int subject(struct my_ctx *ctx)
{
	const struct cred *old;

	old = override_creds(ctx->cred);
	guard(mutex)(&ctx->lock);
	note(1);
	revert_creds(old);
	return 0;
}
""",
    "a conditional override": """int subject(struct my_ctx *ctx, int flag)
{
	const struct cred *old = NULL;

	if (flag) {
		old = override_creds(ctx->cred);
	}
	note(1);
	if (old)
		revert_creds(old);
	return 0;
}
""",
}


@pytest.mark.parametrize("name", NAIVE)
def test_a_guard_in_place_of_what_is_refused_is_found(machine: Machine, name: str) -> None:
    text = NAIVE[name]
    outcome = run(machine, text, naive(text))
    assert runs_differ(outcome)


def test_most_refused_guards_of_generated_programs_would_be_found(machine: Machine) -> None:
    candidates = []
    for seed in range(200):
        program = make_program(SeededChoices(seed))
        analysed = Analysed({"fs/t.c": SourceFile("fs/t.c", program.text.encode())})
        analysed.run()
        names = Names(accessors=program.accessors)
        for (_, start), analysis in analysed.analyses.items():
            for judged in Planner(names).judge_all(analysis):
                if not judged.verdict(Form.GUARD).moved:
                    continue
                changed = write_naive_guard(judged.site, names).text.decode()
                end = start + len(analysis.function.source)
                text = program.text[:start] + changed + program.text[end:]
                versions = (Version("original", program.text), Version("naive", text))
                candidates.append(Candidate(program.defines, program.entry, program.worlds, versions))
    outcome = machine.run(candidates)
    assert len(candidates) > 30
    found = {item.candidate for item in outcome.differences if item.original or "says error" in item.what}
    # a moved call may stand where no run comes to, or be moved to credentials that are the same
    assert len(found) > 0.9 * len(candidates), f"{len(found)} of {len(candidates)}"


def test_a_wrapper_made_light_before_its_callers_is_found(machine: Machine) -> None:
    candidates = []
    for seed in range(300):
        program = make_program(SeededChoices(seed))
        text = re.sub(
            r"(?<=return )override_creds(?=\((?:ctx->cred|info->creator|file->f_cred)\))", LIGHTER, program.text
        )
        if text != program.text and "subject(" in text and "revert_creds(" in text:
            versions = (Version("original", program.text), Version("light too early", text))
            candidates.append(Candidate(program.defines, program.entry, program.worlds, versions))
    outcome = machine.run(candidates)
    assert len(candidates) > 30
    found = {item.candidate for item in outcome.differences}
    # some wrappers are called where no run comes to
    assert len(found) > 0.8 * len(candidates), f"{len(found)} of {len(candidates)}"


LIGHTER = "override_creds_light"
HELD = """int subject(struct my_ctx *ctx)
{
	struct cred *new = prepare_creds();
	const struct cred *old;

	if (!new)
		return -ENOMEM;
	old = override_creds(new);
	put_cred(new);
	note(1);
	revert_creds(old);
	return 0;
}
"""


def test_a_light_override_whose_credential_is_put_is_found(machine: Machine) -> None:
    light = HELD.replace("= override_creds(", "= override_creds_light(").replace(
        "\trevert_creds(", "\trevert_creds_light("
    )
    assert "freed" in only(run(machine, HELD, light)).what


def test_a_guard_over_a_reference_that_is_put_before_it_ends_is_found(machine: Machine) -> None:
    before = HELD.replace("\tput_cred(new);\n", "").replace(
        "\trevert_creds(old);\n", "\trevert_creds(old);\n\tput_cred(new);\n"
    )
    guard = before.replace("\told = override_creds(new);", "\tguard(cred)(new);").replace("\trevert_creds(old);\n", "")
    guard = guard.replace("\tconst struct cred *old;\n", "")
    assert only(run(machine, before, guard)).what


def test_a_file_put_in_the_region_of_a_light_override_is_found(machine: Machine) -> None:
    text = """int subject(struct file *file)
{
	const struct cred *old;

	old = override_creds(file->f_cred);
	fput(file);
	note(1);
	revert_creds(old);
	return 0;
}
"""
    light = text.replace("= override_creds(", "= override_creds_light(").replace(
        "\trevert_creds(", "\trevert_creds_light("
    )
    assert "freed" in only(run(machine, text, light)).what


def test_a_replaced_override_in_a_light_one_is_found(machine: Machine) -> None:
    text = PLAIN.replace("\tnote(2);", "\tput_cred(override_creds(cred));")
    light = text.replace("= override_creds(", "= override_creds_light(").replace(
        "\trevert_creds(old)", "\trevert_creds_light(old)"
    )
    assert only(run(machine, text, light)).what


def test_a_break_that_a_scope_catches_is_found(machine: Machine) -> None:
    text = """void subject(struct my_ctx *ctx)
{
	const struct cred *old;

	while (more(1)) {
		old = override_creds(ctx->cred);
		if (probe(2)) {
			revert_creds(old);
			break;
		}
		revert_creds(old);
		note(3);
	}
}
"""
    scoped = """void subject(struct my_ctx *ctx)
{
	while (more(1)) {
		scoped_guard(cred, ctx->cred) {
			if (probe(2))
				break;
		}
		note(3);
	}
}
"""
    assert only(run(machine, text, scoped)).what == "the calls"


def test_errors_of_the_original_are_no_differences(machine: Machine) -> None:
    text = """int subject(struct my_ctx *ctx)
{
	put_cred(ctx->cred);
	put_cred(ctx->cred);
	note(1);
	return 0;
}
"""
    outcome = run(machine, text, text.replace("note(1)", "note( 1)"), worlds=3)
    assert outcome.differences == []
    assert outcome.erroneous > 0


def test_a_loop_without_an_end_is_stopped_on_both_sides(machine: Machine) -> None:
    text = """void subject(struct my_ctx *ctx)
{
	for (;;)
		check(ctx, 1);
}
"""
    outcome = run(machine, text, text.replace("check(ctx, 1)", "check(ctx,  1)"))
    assert outcome.differences == []
    assert outcome.exhausted == outcome.runs // 2
    assert only(run(machine, text, text.replace("check(ctx, 1)", "check(ctx, 2)"))).what == "the calls"


def test_an_original_that_does_not_compile_is_no_program(machine: Machine) -> None:
    broken = PLAIN.replace("note(2);", "note(2)")
    outcome = run(machine, broken, PLAIN)
    assert (outcome.invalid, outcome.differences) == ([0], [])


def test_an_engine_that_raises_is_a_failure(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a site")

    monkeypatch.setattr(Planner, "judge_all", fail)
    found = examine([make_program(SeededChoices(1))], machine)
    assert [item.what for _, item in found.failures] == ["the engine raised KeyError: 'a site'"]
