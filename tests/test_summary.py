"""Functions that change the credentials of their callers, found from their bodies and across files."""

from __future__ import annotations

import pytest

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
            "leaves credentials overridden for its caller",
        ),
        (
            "const struct cred *begin(struct my_ctx *ctx)\n{\n\tif (!ctx->on)\n\t\treturn NULL;\n"
            "\treturn override_creds(ctx->cred);\n}\n",
            SiteKind.WRAPPER,
            "not on every path or not only that",
        ),
        ("void begin(struct my_ctx *ctx)\n{\n\trevert_creds(ctx->old);\n}\n", SiteKind.REVERT_ONLY, "ends an override"),
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
    assert f"begin() {reason}" in problem or reason in problem


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
    assert "outermost()" in problem


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
