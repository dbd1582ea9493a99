"""Functions that change the credentials of their callers, found from their bodies and across files."""

from __future__ import annotations

import pytest

from credseries.creds.effects import ANY, NEGATIVE, POSITIVE, ZERO, Outcome, Place, Pop, Push, Swap
from credseries.creds.program import Program, SourceFile, hits
from credseries.creds.sites import SiteKind

WRAPPER = """
const struct cred *my_override(struct super_block *sb)
{
	struct my_fs *fs = sb->s_fs_info;

	return override_creds(fs->cred);
}
"""
CALLER = """
int f(struct super_block *sb)
{
	const struct cred *old = my_override(sb);

	change(sb);
	revert_creds(old);
	return 0;
}
"""


def program(**files: str) -> Program:
    """The analysis of files given as text."""
    sources = {f"{name}.c": SourceFile(f"{name}.c", text.encode()) for name, text in files.items()}
    found = Program(sources)
    found.run()
    return found


def of(found: Program, name: str) -> tuple[SiteKind, str | None]:
    """The kind and the problem of a function's first site."""
    site = next(site for site in found.sites if site.function.name == name)
    return site.kind, site.problem


def test_a_wrapper_is_found_in_another_file() -> None:
    found = program(one=WRAPPER, two=CALLER)
    [summary] = found.summaries
    assert summary.wrapper is not None
    assert (summary.wrapper.name, summary.wrapper.expression) == ("my_override", "fs->cred")
    assert summary.wrapper.source == "mount"
    assert of(found, "f") == (SiteKind.SITE, None)
    assert of(found, "my_override")[0] is SiteKind.WRAPPER


def test_the_order_of_the_files_does_not_matter() -> None:
    one, two = program(a=WRAPPER, b=CALLER), program(b=CALLER, a=WRAPPER)
    assert [(site.function.name, site.kind, site.problem) for site in one.sites] == [
        (site.function.name, site.kind, site.problem) for site in two.sites
    ]


def test_a_static_wrapper_of_another_file_does_not_count() -> None:
    found = program(one="static " + WRAPPER.lstrip("\n"), two=CALLER)
    assert [site.function.name for site in found.sites if site.kind is SiteKind.SITE] == []
    assert of(found, "f")[0] is SiteKind.REVERT_ONLY


def test_a_static_wrapper_counts_in_its_own_file_and_a_header_everywhere() -> None:
    assert of(program(one="static " + WRAPPER.lstrip("\n") + CALLER), "f") == (SiteKind.SITE, None)
    header = SourceFile("one.h", ("static inline " + WRAPPER.lstrip("\n")).encode())
    found = Program({"one.h": header, "two.c": SourceFile("two.c", CALLER.encode())})
    found.run()
    assert of(found, "f") == (SiteKind.SITE, None)


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        (
            "int begin(struct my_ctx *ctx)\n{\n\tif (!ctx->on)\n\t\treturn 0;\n"
            "\tctx->old = override_creds(ctx->cred);\n\treturn 1;\n}\n",
            SiteKind.SPLIT,
            "old does not hold what the innermost override replaced (line 7)",
        ),
        (
            "const struct cred *begin(struct my_ctx *ctx)\n{\n\tif (!ctx->on)\n\t\treturn NULL;\n"
            "\treturn override_creds(ctx->cred);\n}\n",
            SiteKind.WRAPPER,
            "what begin() returns is not saved in a local variable",
        ),
        (
            "void begin(struct my_ctx *ctx)\n{\n\trevert_creds(ctx->old);\n}\n",
            SiteKind.REVERT_ONLY,
            "ctx->old holds nothing",
        ),
    ],
)
def test_who_calls_what_is_not_a_plain_wrapper_is_refused_with_the_reason(
    text: str, kind: SiteKind, reason: str
) -> None:
    caller = """
int f(struct my_ctx *ctx)
{
	const struct cred *old = override_creds(ctx->cred);

	begin(ctx);
	revert_creds(old);
	return 0;
}
"""
    found = program(one=text, two=caller)
    assert of(found, "begin")[0] is kind
    problem = of(found, "f")[1]
    assert problem is not None
    assert reason in problem


def test_a_wrapper_of_a_split_function_passes_it_on() -> None:
    split = "void begin(struct my_ctx *ctx)\n{\n\tctx->old = override_creds(ctx->cred);\n}\n"
    outer = (
        "void outer(struct my_ctx *ctx)\n{\n\tbegin(ctx);\n}\nvoid outermost(struct my_ctx *ctx)\n{\n\touter(ctx);\n}\n"
    )
    caller = (
        "int f(struct my_ctx *ctx)\n{\n\tconst struct cred *old = override_creds(ctx->cred);\n\n\toutermost(ctx);\n"
    )
    found = program(one=split, two=outer, three=caller + "\trevert_creds(old);\n\treturn 0;\n}\n")
    problem = of(found, "f")[1]
    assert problem is not None
    assert problem == "old does not hold what the innermost override replaced (line 6)"
    known = {item.name: item.outcomes for item in found.summaries}
    pushed = (Outcome(ANY, (Push("", Place(0, ".old")),)),)
    assert known == {"begin": pushed, "outer": pushed, "outermost": pushed, "f": ()}


def test_a_macro_that_changes_credentials_cannot_be_followed() -> None:
    macro = "#define my_begin(ctx) \\\n\toverride_creds((ctx)->cred)\n"
    caller = CALLER.replace("my_override(sb)", "my_begin(sb)")
    problem = of(program(one=macro, two=caller), "f")[1]
    assert problem is not None
    assert "my_begin() is a macro" in problem


def test_a_function_that_cannot_be_read_is_no_harmless_one() -> None:
    text = "void begin(struct my_ctx *ctx)\n{\n\tODD(x)\n\t\tctx->old = override_creds(ctx->cred);\n}\n"
    caller = "int f(struct my_ctx *ctx)\n{\n\tconst struct cred *old = override_creds(ctx->cred);\n\n\tbegin(ctx);\n"
    problem = of(program(one=text, two=caller + "\trevert_creds(old);\n\treturn 0;\n}\n"), "f")[1]
    assert problem is not None
    assert "begin() cannot be read" in problem


def test_every_textual_hit_is_code_or_says_what_it_is() -> None:
    source = (
        "#define my_begin(c) override_creds(c)\n"
        "/* override_creds() */\n"
        "const struct cred *my_override_creds(int x);\n"
        "void f(void)\n{\n"
        '\tpr_info("revert_creds\\n");\n'
        "\told = override_creds(new);\n"
        "\trevert_creds_light(old);\n"
        "}\n"
    )
    found = hits(SourceFile("t.c", source.encode()))
    assert [(hit.line, hit.word, hit.not_code) for hit in found] == [
        (1, "override_creds", "macro"),
        (2, "override_creds", "comment"),
        (3, "my_override_creds", "declaration"),
        (6, "revert_creds", "string"),
        (7, "override_creds", None),
        (8, "revert_creds_light", None),
    ]


def test_a_function_knows_its_line_in_the_file() -> None:
    found = program(one="int a;\n\n" + WRAPPER.lstrip("\n"))
    [site] = found.sites
    assert site.line == 7


CALLEES = {
    "out-parameter": (
        "void f(struct my_ctx *ctx, const struct cred **saved)\n{\n\t*saved = override_creds(ctx->cred);\n}\n",
        (Outcome(ANY, (Push("", Place(1, "*")),)),),
    ),
    "member": (
        "int f(struct my_work *work)\n{\n\tstruct cred *cred = prepare_creds();\n\n\tif (!cred)\n\t\treturn -ENOMEM;\n"
        "\twork->saved = override_creds(cred);\n\tput_cred(cred);\n\treturn 0;\n}\n",
        (Outcome(NEGATIVE), Outcome(ZERO, (Push("", Place(0, ".saved")),))),
    ),
    "NULL when it fails": (
        "const struct cred *f(void)\n{\n\tconst struct cred *old;\n\tstruct cred *cred = prepare_creds();\n\n"
        "\tif (!cred)\n\t\treturn NULL;\n\told = override_creds(cred);\n\tput_cred(cred);\n\treturn old;\n}\n",
        (Outcome(ZERO), Outcome(POSITIVE, (Push("", Place(None)),))),
    ),
    "error pointer": (
        "const struct cred *f(void)\n{\n\tstruct cred *cred = prepare_creds();\n\n"
        "\tif (!cred)\n\t\treturn ERR_PTR(-ENOMEM);\n\treturn override_creds(cred);\n}\n",
        (Outcome(NEGATIVE), Outcome(POSITIVE, (Push("", Place(None)),))),
    ),
    "error in a variable": (
        "int f(struct my_work *work)\n{\n\tint err = look(work);\n\n\tif (err)\n\t\tgoto out;\n"
        "\twork->saved = override_creds(work->cred);\nout:\n\treturn err;\n}\n",
        (Outcome(NEGATIVE | POSITIVE), Outcome(ZERO, (Push("", Place(0, ".saved")),))),
    ),
    "error in a variable, chosen": (
        "int f(struct my_work *work)\n{\n\tint err = look(work);\n\n\tif (!err)\n"
        "\t\twork->saved = override_creds(work->cred);\n\treturn err ? err : 0;\n}\n",
        (Outcome(NEGATIVE | POSITIVE), Outcome(ZERO, (Push("", Place(0, ".saved")),))),
    ),
    "revert": (
        "void f(struct my_work *work)\n{\n\trevert_creds(work->saved);\n\twork->saved = NULL;\n}\n",
        (Outcome(ANY, (Pop(Place(0, ".saved")),)),),
    ),
    "replace": (
        "int f(void)\n{\n\tstruct cred *new = prepare_creds();\n\n\tif (!new)\n\t\treturn -ENOMEM;\n"
        "\tput_cred(override_creds(new));\n\tput_cred(new);\n\treturn 0;\n}\n",
        (Outcome(NEGATIVE), Outcome(ZERO, (Swap("new"),))),
    ),
    "inverted": (
        "void f(struct my_ctx *ctx, const struct cred **saved)\n{\n\trevert_creds(*saved);\n\tlook(ctx);\n"
        "\t*saved = override_creds(ctx->cred);\n}\n",
        (Outcome(ANY, (Pop(Place(1, "*")), Push("", Place(1, "*")))),),
    ),
    "only when a member says so": (
        "void f(struct my_work *work)\n{\n\tif (work->cred)\n\t\trevert_creds(work->saved);\n}\n",
        (
            Outcome(ANY, (), ((Place(0, ".cred"), ZERO),), ((Place(0, ".cred"), ZERO),)),
            Outcome(
                ANY,
                (Pop(Place(0, ".saved")),),
                ((Place(0, ".cred"), NEGATIVE | POSITIVE),),
                ((Place(0, ".cred"), NEGATIVE | POSITIVE),),
            ),
        ),
    ),
    "balanced inside": (
        "int f(struct my_ctx *ctx, struct my_work *work)\n{\n\tconst struct cred *old = override_creds(ctx->cred);\n\n"
        "\tlook(ctx);\n\trevert_creds(old);\n\twork->saved = override_creds(work->cred);\n\treturn 0;\n}\n",
        (Outcome(ZERO, (Push("", Place(1, ".saved")),)),),
    ),
}


@pytest.mark.parametrize("name", CALLEES)
def test_what_a_function_does_to_its_caller_is_told_outcome_by_outcome(name: str) -> None:
    text, outcomes = CALLEES[name]
    [summary] = program(one=text).summaries
    if summary.wrapper is None:
        assert summary.reason == ""
    assert set(summary.outcomes) == set(outcomes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "void f(struct my_ctx *ctx)\n{\n\tconst struct cred *old = override_creds(ctx->cred);\n\n\tlook(old);\n}\n",
            "keeps no way back",
        ),
        ("void f(struct my_ctx *ctx)\n{\n\tsaved_cred = override_creds(ctx->cred);\n}\n", "keeps no way back"),
        (
            "void f(struct my_work *work)\n{\n\twork->saved = override_creds(work->cred);\n\twork->saved = NULL;\n}\n",
            "overwrites what it saved in work->saved",
        ),
        (
            "void f(struct my_work *work)\n{\n\twork = other();\n\twork->saved = override_creds(work->cred);\n}\n",
            "gives its parameter work another value",
        ),
    ],
)
def test_what_an_outcome_cannot_say_makes_callers_refused(text: str, reason: str) -> None:
    [summary] = program(one=text).summaries
    assert summary.outcomes == ()
    assert reason in summary.reason


PAIR = """
int begin(struct my_work *work)
{
	struct cred *cred = prepare_creds();

	if (!cred)
		return -ENOMEM;
	work->saved = override_creds(cred);
	put_cred(cred);
	return 0;
}

void end(struct my_work *work)
{
	revert_creds(work->saved);
}
"""
BALANCED = "it overrides through begin(): no form stands for a pair of wrappers"
LEFT = "on some path the function returns with the override still in force"


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        ("\tif (begin(work))\n\t\treturn -1;\n\tlook(work);\n\tend(work);\n\treturn 0;\n", BALANCED),
        ("\terr = begin(work);\n\tif (err)\n\t\treturn err;\n\tlook(work);\n\tend(work);\n\treturn 0;\n", BALANCED),
        ("\terr = begin(work);\n\tif (!err) {\n\t\tlook(work);\n\t\tend(work);\n\t}\n\treturn err;\n", BALANCED),
        ("\tif ((err = begin(work)) < 0)\n\t\treturn err;\n\tend(work);\n\treturn 0;\n", BALANCED),
        ("\tif (unlikely(begin(work)))\n\t\treturn -1;\n\tend(work);\n\treturn 0;\n", BALANCED),
        ("\tif (begin(work))\n\t\treturn -1;\n\tif (look(work))\n\t\treturn 1;\n\tend(work);\n\treturn 0;\n", LEFT),
        ("\terr = begin(work);\n\tif (err)\n\t\tgoto out;\n\terr = look(work);\n\tif (err)\n\t\tgoto out;\n"
         "\tend(work);\nout:\n\treturn err;\n", LEFT),
        ("\tif (look(work) && begin(work))\n\t\treturn -1;\n\tend(work);\n\treturn 0;\n", "is not saved in"),
        ("\tif (begin(work))\n\t\treturn -1;\n\tend(other(work));\n\treturn 0;\n", "reverts to something"),
    ],
)  # fmt: skip
def test_callers_of_a_pair_are_followed_into_success_and_failure(statements: str, problem: str) -> None:
    caller = f"int g(struct my_work *work)\n{{\n\tint err;\n\n{statements}}}\n"
    found = of(program(one=PAIR, two=caller), "g")[1]
    assert found is not None
    assert problem in found


def test_state_in_a_local_structure_ties_two_wrappers_together() -> None:
    pair = """
int prepare(struct my_ctx *ctx, struct my_state *st)
{
	st->old = st->new = NULL;
	if (fill(ctx, &st->new))
		return -EIO;
	if (st->new)
		st->old = override_creds(st->new);
	return 0;
}

void finish(struct my_state *st)
{
	if (st->new) {
		revert_creds(st->old);
		put_cred(st->new);
	}
}
"""
    caller = """
int g(struct my_ctx *ctx)
{
	struct my_state st;

	if (prepare(ctx, &st))
		return -1;
	look(ctx);
	finish(&st);
	return 0;
}
"""
    found = of(program(one=pair, two=caller), "g")[1]
    assert found == "it overrides through prepare(): no form stands for a pair of wrappers"
    given_away = caller.replace("look(ctx)", "look(&st)")
    problem = of(program(one=pair, two=given_away), "g")[1]
    assert problem == "finish(): st->old holds nothing that this function saved on a path to this revert (line 9)"
