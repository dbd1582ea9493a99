"""Scope classes and scope macros that a tree defines: what they do to the credentials in force."""

from __future__ import annotations

import pytest

from credseries.creds.effects import CREDENTIALS, Discipline
from credseries.creds.program import Program, SourceFile
from credseries.creds.scope_classes import FreeClass, ScopeClass, read_scopes
from credseries.creds.sites import Site
from credseries.csource.lexical import lex
from credseries.rewrite.forms import Form, Names
from credseries.rewrite.plan import Judged, Planner

HEADER = """
DEFINE_GUARD(cred, const struct cred *, _T = override_creds_light(_T), revert_creds_light(_T))
DEFINE_CLASS(override_creds, const struct cred *, revert_creds(_T),
	override_creds(override_cred), const struct cred *override_cred)
DEFINE_CLASS(light_creds, const struct cred *, if (_T) revert_creds_light(_T),
	override_creds_light((new)), const struct cred *new)
EXTEND_CLASS(override_creds, _fs, override_creds(sb->fs->cred), struct super_block *sb)
EXTEND_CLASS(override_creds, _wrapped, fs_override(sb), struct super_block *sb)
DEFINE_LOCK_GUARD_1(ctx_creds, struct my_ctx, _T->old = override_creds(_T->lock->cred),
	revert_creds(_T->old), const struct cred *old)
DEFINE_LOCK_GUARD_0(kernel_creds, _T->old = override_creds_light(kernel_cred()), revert_creds_light(_T->old),
	const struct cred *old)
DEFINE_CLASS(filled, struct pair, revert_creds(_T.old), ({ struct pair t = { }; t.old = override_creds(c); t; }),
	const struct cred *c)
DEFINE_FREE(put_cred, const struct cred *, if (_T) put_cred(_T))
DEFINE_FREE(end, const struct cred *, if (_T) revert_creds(_T))
DEFINE_FREE(kfree, void *, kfree(_T))
DEFINE_CLASS(prepared, struct cred *, if (_T) put_cred(_T), prepare_creds(), void)
DEFINE_GUARD(mutex, struct mutex *, mutex_lock(_T), mutex_unlock(_T))
DEFINE_GUARD_COND(mutex, _maybe, mutex_trylock(_T))

#define scoped_with_kernel_creds() scoped_class(override_creds, __UNIQUE_ID(cred), kernel_cred())
#define with_fs_creds(sb) scoped_class(override_creds_fs, __UNIQUE_ID(label), sb)
#define scoped_with_creds(c) scoped_guard(cred, c)
#define with_ctx_creds(ctx) \\
	scoped_with_creds((ctx)->cred)
#define ctx_guard(ctx) guard(cred)((ctx)->cred)
#define by_hand(c) \\
	for (class_cred_t scope __cleanup(class_cred_destructor) = class_cred_constructor(c), *done = NULL; \\
	!done; done = (void *)1)
#define pair_by_hand(c) \\
	for (const struct cred *old = override_creds(c), *done = NULL; !done; revert_creds(old), done = old)
#define scoped_tracer(x) if (tracing(x))
"""
WRAPPER = """
const struct cred *fs_override(struct super_block *sb)
{
	struct my_fs *fs = sb->s_fs_info;

	return override_creds(fs->cred);
}
"""


def program(functions: str, header: str = HEADER, path: str = "fs/t.c") -> Program:
    files = {"include/t.h": header, path: WRAPPER + functions}
    made = Program({name: SourceFile(name, text.encode()) for name, text in files.items()})
    made.run()
    return made


def classes(header: str = HEADER) -> dict[str, ScopeClass]:
    return dict(program("", header).effects("fs/t.c").classes)


def sites(functions: str, header: str = HEADER) -> list[Site]:
    return [site for site in program(functions, header).sites if site.function.name != "fs_override"]


def body(statements: str) -> str:
    return f"int f(struct my_ctx *ctx, struct super_block *sb)\n{{\n{statements}\n\treturn 0;\n}}\n"


def judged(statements: str, header: str = HEADER) -> list[Judged]:
    made = program(body(statements), header)
    [analysis] = [item for item in made.analyses.values() if item.function.name == "f"]
    assert analysis.unreadable is None
    return Planner(Names()).judge_all(analysis)


# -- classes


@pytest.mark.parametrize(
    ("name", "discipline", "given", "credential", "via"),
    [
        ("cred", Discipline.LIGHT, ["ctx->cred"], "ctx->cred", ""),
        ("override_creds", Discipline.COUNTED, ["f(a, b)"], "f(a, b)", ""),
        ("light_creds", Discipline.LIGHT, ["c"], "(c)", ""),
        ("override_creds_fs", Discipline.COUNTED, ["dentry->d_sb"], "dentry->d_sb->fs->cred", ""),
        ("override_creds_fs", Discipline.COUNTED, ["a ?: b"], "(a ?: b)->fs->cred", ""),
        ("override_creds_wrapped", Discipline.COUNTED, ["inode->i_sb"], "inode->i_sb", "fs_override"),
        ("ctx_creds", Discipline.COUNTED, ["&file->ctx"], "(&file->ctx)->cred", ""),
        ("kernel_creds", Discipline.LIGHT, [], "kernel_cred()", ""),
        ("filled", Discipline.COUNTED, ["x"], "x", ""),
    ],
)
def test_a_class_that_overrides(name: str, discipline: Discipline, given: list[str], credential: str, via: str) -> None:
    found = classes()[name]
    assert found.problem is None
    assert (found.discipline, found.credential(given), found.via) == (discipline, credential, via)


def test_a_class_about_something_else_is_none_of_it() -> None:
    found = classes()
    for name in ("mutex", "mutex_maybe"):
        assert (found[name].discipline, found[name].problem) == (None, None)


def test_references_are_facts() -> None:
    effects = program("").effects("fs/t.c")
    assert effects.frees["put_cred"] == FreeClass("put_cred", "include/t.h", puts=True)
    assert effects.frees["kfree"] == FreeClass("kfree", "include/t.h", puts=False)
    assert (effects.classes["prepared"].takes, effects.classes["prepared"].puts) == (True, True)
    assert (effects.classes["cred"].takes, effects.classes["cred"].puts) == (False, False)


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        ("DEFINE_GUARD(k, T, override_creds_light(_T), revert_creds_light(_T))", "is not what it keeps"),
        ("DEFINE_GUARD(k, T, _T = override_creds(_T), revert_creds_light(_T))", "a light revert ends a refcounted"),
        ("DEFINE_GUARD(k, T, _T = override_creds_light(_T), revert_creds(_T))", "a refcounted revert ends a light"),
        ("DEFINE_GUARD(k, T, _T = override_creds(_T), put_cred(_T))", "does not end what override_creds() began"),
        ("DEFINE_GUARD(k, T, _T = override_creds(_T), )", "does not end"),
        ("DEFINE_GUARD(k, T, _T = override_creds(_T), revert_creds(current_cred()))", "not given what"),
        ("DEFINE_GUARD(k, T, _T = override_creds(_T), put_cred(revert_creds(_T)))", "also calls put_cred()"),
        ("DEFINE_GUARD(k, T, mutex_lock(&m), revert_creds(_T))", "ends something that it did not begin"),
        ("DEFINE_GUARD(k, T, if (_T) _T = override_creds(_T), revert_creds(_T))", "on some paths only"),
        ("DEFINE_CLASS(k, T, revert_creds(_T), c ? override_creds(c) : NULL, T c)", "on some paths only"),
        ("DEFINE_CLASS(k, T, if (!_T) revert_creds(_T), override_creds(c), T c)", "reverts on some paths only"),
        ("DEFINE_CLASS(k, T, if (flag) revert_creds(_T), override_creds(c), T c)", "reverts on some paths only"),
        ("DEFINE_CLASS(k, T, while (_T) revert_creds(_T), override_creds(c), T c)", "reverts on some paths only"),
        ("DEFINE_CLASS(k, T, flag && revert_creds(_T), override_creds(c), T c)", "reverts on some paths only"),
        ("DEFINE_CLASS(k, T, revert_creds(_T), override_creds(override_creds(c)), T c)", "more than once"),
        ("DEFINE_CLASS(k, T, revert_creds(_T), ({ log_it(); override_creds(c); }), T c)", "also calls log_it()"),
        ("DEFINE_CLASS(k, T, revert_creds(_T.a), ({ T t; t.b = override_creds(c); t; }), T c)", "not given what"),
        ("DEFINE_CLASS(k, T, revert_creds(_T.b), ({ T t; t.b = override_creds(c); u; }), T c)", "not what it keeps"),
        ("DEFINE_CLASS(k, T, (void)0, commit_creds(c), T c)", "replaces the task's own credentials"),
        ("DEFINE_CLASS(k, T, revert_creds(_T), SWITCH(c), T c)\n#define SWITCH(c) f(override_creds(c))", "f()"),
        ("EXTEND_CLASS(nowhere, k, override_creds(c), T c)", "is not in the files that were read"),
        ("DEFINE_GUARD(k, T, _T = override_creds(_T), revert_creds(_T))\n"
         "DEFINE_GUARD(k, T, _T = override_creds_light(_T), revert_creds_light(_T))", "in more than one way"),
    ],
)  # fmt: skip
def test_a_class_whose_halves_do_not_pair_is_refused(definition: str, reason: str) -> None:
    [problem] = [item.problem for item in classes(definition).values() if item.name in ("k", "nowherek")]
    assert problem is not None
    assert reason in problem


def test_a_conditional_class_of_credentials_is_refused() -> None:
    header = HEADER + "DEFINE_GUARD_COND(cred, _try, allowed(_T))\n"
    problem = classes(header)["cred_try"].problem
    assert problem is not None
    assert "may be entered or not" in problem


def test_the_macros_of_a_definition_are_expanded() -> None:
    header = """
#define BEGIN(c) override_creds(c)
#define END(c) revert_creds(c)
#define MAKE(name, arg) DEFINE_CLASS(name, const struct cred *, END(_T), BEGIN(arg), const struct cred *arg)
MAKE(made, c)
"""
    assert classes(header)["made"].discipline is Discipline.COUNTED


def test_a_class_of_another_c_file_is_not_seen() -> None:
    text = b"DEFINE_GUARD(mine, T, _T = override_creds_light(_T), revert_creds_light(_T))\n"
    scopes = read_scopes({"fs/a.c": (text, lex(text))})
    assert "mine" in scopes.extended(CREDENTIALS, "fs/a.c").classes
    assert "mine" not in scopes.extended(CREDENTIALS, "fs/b.c").classes


# -- where they are used


@pytest.mark.parametrize(
    ("statement", "override", "source", "form"),
    [
        ("scoped_with_kernel_creds()\n\t\tg();", "scoped_class(override_creds, kernel_cred())", "kernel", "scoped"),
        ("with_fs_creds(sb) {\n\t\tg();\n\t}", "scoped_class(override_creds_fs, sb->fs->cred)", "mount", "scoped"),
        ("scoped_with_creds(ctx->cred)\n\t\treturn g();", "scoped_guard(cred, ctx->cred)", "ctx", "scoped"),
        ("with_ctx_creds(ctx) {\n\t\tg();\n\t}", "scoped_guard(cred, (ctx)->cred)", "ctx", "scoped"),
        ("ctx_guard(ctx);\n\tg();", "guard(cred, (ctx)->cred)", "ctx", "guard"),
        ("by_hand(ctx->cred) {\n\t\tg();\n\t}", "scoped_class(cred, ctx->cred)", "ctx", "scoped"),
        ("guard(cred)(ctx->cred);\n\tg();", "guard(cred, ctx->cred)", "ctx", "guard"),
        ("guard(kernel_creds)();\n\tg();", "guard(kernel_creds, kernel_cred())", "kernel", "guard"),
        ("guard(ctx_creds)(ctx);\n\tg();", "guard(ctx_creds, ctx->cred)", "ctx", "guard"),
        ("CLASS(override_creds_wrapped, old)(sb);\n\tg();", "CLASS(override_creds_wrapped, fs_override(sb))",
         "mount", "guard"),
        ("scoped_class(override_creds, old, ctx->cred)\n\t\tg();", "scoped_class(override_creds, ctx->cred)",
         "ctx", "scoped"),
        ("class_cred_t v __cleanup(class_cred_destructor) = class_cred_constructor(ctx->cred);\n\tg();",
         "CLASS(cred, ctx->cred)", "ctx", "guard"),
    ],
)  # fmt: skip
def test_a_scope_of_the_tree_is_converted_already(statement: str, override: str, source: str, form: str) -> None:
    [site] = sites(body(f"\t{statement}"))
    assert (site.problem, site.override, site.source, site.converted) == (None, override, source, form)


def test_without_their_definitions_the_names_of_cleanup_h_are_what_they_are_in_linux() -> None:
    statement = "\tguard(cred)(ctx->cred);\n\tscoped_class(override_creds, old, ctx->other)\n\t\tg();"
    assert [site.override for site in sites(body(statement), "")] == [
        "guard(cred, ctx->cred)",
        "scoped_class(override_creds, ctx->other)",
    ]


OVERRIDE = "\tconst struct cred *old;\n\n\told = override_creds(ctx->cred);\n{}\n\trevert_creds(old);"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("pair_by_hand(ctx->cred)\n\t\tg();", "pair_by_hand() changes credentials by hand"),
        ("const struct cred *p __free(end) = g();", "__free(end) calls revert_creds()"),
        ("const struct cred *p __cleanup(end_it) = g();", "the cleanup end_it() changes credentials"),
        ("scoped_guard(mutex, lock_of(override_creds(ctx->cred)))\n\t\tg();", "is given a change of credentials"),
        ("with_unknown_creds(ctx) {\n\t\tg();\n\t}", "is a scope of the tree's own"),
        ("twice(ctx->cred);", "twice() is a macro that changes credentials"),
        ("guard(cred)(ctx->cred, 2);", "is not given what its class asks for"),
    ],
)
def test_a_scope_that_cannot_be_followed_stops_the_function(statement: str, reason: str) -> None:
    more = "#define twice(c) again(c)\n#define again(c) put_cred(override_creds(c))\n"
    ending = "void end_it(const struct cred **p)\n{\n\trevert_creds(*p);\n}\n"
    made = program(ending + body(OVERRIDE.format(f"\t{statement}")), HEADER + more)
    [analysis] = [item for item in made.analyses.values() if item.function.name == "f"]
    found = [analysis.unreadable or "", *(str(site.problem) for site in analysis.sites if site.converted is None)]
    assert any(reason in item for item in found), found
    assert all(item.choice is None for item in Planner(Names()).judge_all(analysis) if item.site.converted is None)


def test_a_macro_that_looks_like_a_scope_is_not_one() -> None:
    [site] = judged(OVERRIDE.format("\tscoped_tracer(sb)\n\t\tg();"))
    assert site.choice is Form.GUARD


def test_a_scope_within_a_region_stays_within_it() -> None:
    inner = "\tg();\n\twith_ctx_creds(ctx) {\n\t\tif (g())\n\t\t\tbreak;\n\t}"
    outer, scope = judged(OVERRIDE.format(inner) + "\n\th();")
    assert scope.site.converted == "scoped"
    assert not outer.verdict(Form.GUARD).ok
    assert outer.verdict(Form.SCOPED).ok
    assert outer.verdict(Form.LIGHT).ok


def test_a_cleanup_of_the_tree_keeps_its_place() -> None:
    """The variable is given up after the revert: with a guard it would be given up before."""
    text = "\tconst struct cred *old = override_creds(ctx->cred);\n\tT *p __free(kfree) = g();\n\n\trevert_creds(old);"
    [site] = judged(text)
    assert not site.verdict(Form.GUARD).ok
    assert site.verdict(Form.LIGHT).ok


def test_a_loop_that_owns_what_it_steps_through_gives_it_up_before_the_revert() -> None:
    """With a guard instead of the revert in the loop, the variable is given up under the override."""
    loop = """	for_each_thing_scoped(p, sb) {
		if (g(p)) {
			revert_creds(old);
			return 1;
		}
	}"""
    [site] = judged(OVERRIDE.format(loop))
    assert not site.verdict(Form.GUARD).ok
    assert site.verdict(Form.LIGHT).ok


def test_a_wrapper_that_is_found_late_makes_a_class() -> None:
    """The class is one of credentials only when the wrapper that it calls is known."""
    header = "DEFINE_CLASS(late, const struct cred *, revert_creds(_T), fs_override(sb), struct super_block *sb)\n"
    [site] = sites(body("\tguard(late)(sb);\n\tg();"), header)
    assert (site.override, site.converted) == ("guard(late, fs_override(sb))", "guard")


def test_a_label_does_not_come_to_stand_before_a_guard_that_a_macro_declares() -> None:
    text = """	const struct cred *old;

	old = override_creds(ctx->other);
	if (g())
		goto out;
	h();
out:
	revert_creds(old);
	ctx_guard(ctx);
	g();"""
    site, _ = judged(text)
    assert "before a declaration" in site.verdict(Form.SCOPED).reason
    assert site.choice is Form.LIGHT
