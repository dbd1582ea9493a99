"""The checklist on names: wrappers before callers, old names with a new meaning, helpers and users, includes."""

from __future__ import annotations

from pathlib import Path

import pytest

from credseries.review.checklist import naming
from credseries.review.checklist.model import Answer
from credseries.review.checklist.registry import OfPatch
from tests.checkcase import USES, Case, asks, case, changed, does_not_apply, fails, kernel, passes
from tests.planted import GUARD, PLAIN, REVERT, SAVED, WRAPPED, WRAPPER, swap

GUARDED = swap(PLAIN, SAVED, GUARD, REVERT)
CHECKS: tuple[OfPatch, ...] = (naming.wrapper_first, naming.backport_trap, naming.helper_and_user, naming.includes)
REVERTER = """
void my_revert_creds(const struct cred *old)
{
	revert_creds(old);
}
"""
HEADER = """\
const struct cred *my_override_creds(struct super_block *sb);
void my_revert_creds(const struct cred *old);
"""
CALLER = WRAPPED.replace("\trevert_creds(old)", "\tmy_revert_creds(old)")
BOTH = WRAPPER + REVERTER
LIGHT_WRAPPER = WRAPPER.replace("override_creds(fs", "override_creds_light(fs")
LIGHT_REVERTER = REVERTER.replace("\trevert_creds(old)", "\trevert_creds_light(old)")
NOTHING = "int g(void)\n{\n\treturn 1;\n}\n"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_applies_to_what_has_no_credentials(tmp_path: Path, check: OfPatch) -> None:
    assert does_not_apply(changed(tmp_path, NOTHING, NOTHING.replace("1", "2")).lines(check)).evidence


# -- wrappers and their callers


def wrapped(tmp_path: Path, wrapper: str, caller: str = CALLER) -> Case:
    """A wrapper that changes, and a caller that does not."""
    files = {"fs/my.h": HEADER, "fs/my.c": USES + BOTH, "fs/user.c": USES + caller}
    return case(tmp_path, files, {"fs/my.c": USES + wrapper})


def test_a_wrapper_and_its_callers_that_fit_pass(tmp_path: Path) -> None:
    found = wrapped(tmp_path, LIGHT_WRAPPER + LIGHT_REVERTER)
    line = passes(found.lines(naming.wrapper_first))
    assert line.evidence == "my_override_creds(): 1 caller; my_revert_creds(): 1 caller, compared, all fit"
    assert [place.function for place in line.places] == ["my_override_creds", "my_revert_creds"]


def test_a_wrapper_that_changes_before_its_callers_fails(tmp_path: Path) -> None:
    found = wrapped(tmp_path, LIGHT_WRAPPER + REVERTER, WRAPPED)
    lines = found.lines(naming.wrapper_first)
    line = fails([item for item in lines if item.answer is Answer.FAIL])
    assert line.evidence == (
        "my_override_creds() now puts sb->s_fs_info->creator in force, without a reference of its own, and "
        "fs/user.c:3 f() is not made for that"
    )


def test_a_caller_that_could_not_be_compared_is_asked_about(tmp_path: Path) -> None:
    odd = CALLER.replace("err = change(sb);", "ODD(sb) err = change(sb) END_ODD;")
    found = wrapped(tmp_path, LIGHT_WRAPPER + LIGHT_REVERTER, odd)
    lines = found.lines(naming.wrapper_first)
    asked = [item for item in lines if item.answer is Answer.HUMAN]
    assert all(line.question.startswith("fs/user.c:3 f(): does it still fit my_") for line in asked)


# -- old names


def test_a_name_that_means_something_else_is_a_trap(tmp_path: Path) -> None:
    found = wrapped(tmp_path, LIGHT_WRAPPER + LIGHT_REVERTER)
    lines = found.lines(naming.backport_trap)
    assert [line.answer for line in lines] == [Answer.HUMAN, Answer.HUMAN]
    assert lines[0].question == (
        "fs/my.c:3 my_override_creds() now puts sb->s_fs_info->creator in force, without a reference of its own, under "
        "its old name: may a fix that was written before it, or is backported across it, compile and do the wrong "
        "thing?"
    )
    assert lines[0].evidence == (
        "before, it puts sb->s_fs_info->creator in force, with a reference of its own; its declaration is the same; "
        "called by fs/user.c f()"
    )


def test_another_declaration_is_no_trap(tmp_path: Path) -> None:
    after = LIGHT_WRAPPER.replace("struct super_block *sb)", "struct super_block *sb, int how)")
    found = changed(tmp_path, WRAPPER, after)
    assert "the declaration changes with the meaning" in passes(found.lines(naming.backport_trap)).evidence


def test_a_conversion_gives_no_name_another_meaning(tmp_path: Path) -> None:
    assert (
        "does to credentials what it did"
        in passes(changed(tmp_path, PLAIN, GUARDED).lines(naming.backport_trap)).evidence
    )


def test_the_primitives_themselves_can_be_the_trap(tmp_path: Path) -> None:
    text = kernel()["kernel/cred.c"]
    light = text.replace("get_new_cred((struct cred *)new)", "new").replace("get_cred(new)", "new")
    assert light != text
    found = case(tmp_path, {"fs/my.c": USES + PLAIN}, {"kernel/cred.c": light})
    asked = [line for line in found.lines(naming.backport_trap) if line.answer is Answer.HUMAN]
    assert any(
        "override_creds() now puts what it is given in force, without a reference" in line.question for line in asked
    )


# -- helpers


ACCESSOR = "const struct cred *my_creds(struct my_ctx *ctx)\n{\n\treturn ctx->cred;\n}\n"
USING = GUARDED.replace("(ctx->cred);", "(my_creds(ctx));")


def test_a_helper_before_its_user_passes(tmp_path: Path) -> None:
    files = {"fs/my.c": USES + PLAIN}, {"fs/help.h": ACCESSOR}, {"fs/my.c": USES + USING}
    found = case(tmp_path, *files)
    first, second = found.subject.patches
    assert passes(found.lines(naming.helper_and_user, first)).evidence == "my_creds (used by patch 2)"
    assert "adds no function" in does_not_apply(found.lines(naming.helper_and_user, second)).evidence


def test_a_helper_of_the_subsystem_may_come_with_its_user(tmp_path: Path) -> None:
    found = case(tmp_path, {"fs/my.c": USES + PLAIN}, {"fs/help.h": ACCESSOR, "fs/my.c": USES + USING})
    assert passes(found.lines(naming.helper_and_user)).evidence == "my_creds (used here)"


def test_a_helper_for_all_with_a_user_elsewhere_fails(tmp_path: Path) -> None:
    found = case(tmp_path, {"fs/my.c": USES + PLAIN}, {"include/linux/help.h": ACCESSOR, "fs/my.c": USES + USING})
    line = fails(found.lines(naming.helper_and_user))
    assert line.evidence == "my_creds is added to include/linux/help.h and used by fs/my.c:7: one patch, two trees"


def test_a_helper_behind_its_user_fails(tmp_path: Path) -> None:
    found = case(tmp_path, {"fs/my.c": USES + PLAIN}, {"fs/my.c": USES + USING}, {"fs/help.h": ACCESSOR})
    line = fails(found.lines(naming.helper_and_user))
    assert line.evidence == "my_creds is added here, and patch 1 uses it before (fs/my.c:7)"


def test_a_name_that_the_base_has_elsewhere_is_not_waited_for(tmp_path: Path) -> None:
    files = {"fs/my.c": USES + PLAIN, "fs/old.h": ACCESSOR}
    found = case(tmp_path, files, {"fs/my.c": USES + USING}, {"fs/help.h": ACCESSOR})
    assert "who is going to use my_creds?" in asks(found.lines(naming.helper_and_user)).question


def test_a_helper_without_a_user_is_asked_about(tmp_path: Path) -> None:
    line = asks(case(tmp_path, {"fs/my.c": USES + PLAIN}, {"fs/help.h": ACCESSOR}).lines(naming.helper_and_user))
    assert line.question == "fs/help.h:1 my_creds(): who is going to use my_creds?"


def test_a_class_and_a_macro_are_helpers_too(tmp_path: Path) -> None:
    text = "DEFINE_GUARD(my, struct my_ctx *, begin(_T), end(_T));\n#define my_one(x) (x)\n"
    using = GUARDED.replace("\terr = change(ctx);", "\tguard(my)(ctx);\n\terr = my_one(change(ctx));")
    found = case(tmp_path, {"fs/my.c": USES + PLAIN}, {"fs/help.h": text}, {"fs/my.c": USES + using})
    line = passes(found.lines(naming.helper_and_user, found.subject.patches[0]))
    assert line.evidence == "my_one (used by patch 2); class my (used by patch 2)"


# -- includes


def test_a_header_that_is_included_passes(tmp_path: Path) -> None:
    assert passes(changed(tmp_path, PLAIN, GUARDED).lines(naming.includes)).evidence == "fs/my.c directly"


def test_a_header_that_another_one_includes_passes_with_the_way(tmp_path: Path) -> None:
    files = {"fs/my.c": '#include "my.h"\n\n' + PLAIN, "fs/my.h": "#include <linux/cred.h>\n"}
    line = passes(case(tmp_path, files, {"fs/my.c": '#include "my.h"\n\n' + GUARDED}).lines(naming.includes))
    assert line.path == ("fs/my.c: guard(cred) by fs/my.h -> include/linux/cred.h",)


def test_a_header_that_nothing_leads_to_fails(tmp_path: Path) -> None:
    files = {"fs/my.c": "#include <linux/other.h>\n\n" + PLAIN}, {"fs/my.c": "#include <linux/other.h>\n\n" + GUARDED}
    line = fails(case(tmp_path, *files).lines(naming.includes))
    assert line.evidence == (
        "fs/my.c:7 uses guard(cred), and nothing that the file includes leads to include/linux/cred.h"
    )


def test_an_include_that_the_patch_adds_counts(tmp_path: Path) -> None:
    found = case(tmp_path, {"fs/my.c": PLAIN}, {"fs/my.c": "#include <linux/cred.h>\n" + GUARDED})
    assert passes(found.lines(naming.includes)).evidence == "fs/my.c directly"


def test_headers_that_include_each_other_end(tmp_path: Path) -> None:
    files = {
        "fs/my.c": '#include "a.h"\n\n' + PLAIN,
        "fs/a.h": '#include "b.h"\n#include "../fs/a.h"\n',
        "fs/b.h": '#include "a.h"\n#include <gone.h>\n',
    }
    found = case(tmp_path, files, {"fs/my.c": '#include "a.h"\n\n' + GUARDED})
    assert "leads to include/linux/cred.h" in fails(found.lines(naming.includes)).evidence
