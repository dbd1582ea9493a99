"""Bugs planted by rule in every proven rewrite of the miniature tree's functions: each has to be found.

What is planted is told from the text alone; where the plant cannot be wrong (a call without a value, a region without
a call) it does not apply.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from credseries.creds.audit.checks import audit_function
from credseries.creds.audit.reading import Reading
from credseries.csource.function import Function
from credseries.rewrite.forms import Form, Names, write_naive_guard
from credseries.rewrite.helpers import insert_accessor
from credseries.rewrite.plan import Planner, exposure
from tests.auditcase import MINIATURE, audit_text, errors, reading, told

SHARED = ("include/linux/cred.h", "kernel/cred.c", "fs/overlayfs/overlayfs.h", "fs/overlayfs/util.c")
NAMES = Names(accessors={"ovl_override_creds": "ovl_creds"})
FORMS = {
    "auto": (Form.GUARD, Form.SCOPED, Form.LIGHT),
    "guard": (Form.GUARD,),
    "scoped": (Form.SCOPED,),
    "light": (Form.LIGHT,),
}


@cache
def base() -> tuple[Reading, dict[str, bytes]]:
    """The miniature tree with the accessor that a series adds first."""
    files = {str(path.relative_to(MINIATURE)): path.read_bytes() for path in MINIATURE.rglob("*.[ch]")}
    plain = reading(files)
    summary = next(item for item in plain.program.summaries if item.name == "ovl_override_creds")
    assert summary.wrapper is not None
    file = plain.program.files[summary.path]
    extent = next(item for item in file.extents if item.name == summary.name)
    text = insert_accessor(file.source, file.function(extent), extent.start, summary.wrapper, "ovl_creds")
    files[summary.path] = text
    return reading(files), files


@dataclass(frozen=True)
class Rewrite:
    """A function of the miniature tree and what a form makes of it."""

    path: str
    before: Function
    after: str
    form: str


@cache
def rewrites() -> list[Rewrite]:
    old, _ = base()
    found = []
    for form, order in FORMS.items():
        planner = Planner(NAMES, order)
        for (path, _), analysis in sorted(old.program.analyses.items()):
            if analysis.sites:
                text = planner.rewrite(analysis, planner.judge_all(analysis)).text
                if text != analysis.function.source:
                    found.append(Rewrite(path, analysis.function, text.decode(), form))
    return found


def function_at(item: Reading, path: str, start: int) -> Function:
    file = item.program.files[path]
    return file.function(next(extent for extent in file.extents if extent.start == start))


@cache
def subset(path: str) -> Reading:
    """The tree before, as far as one file needs it: that keeps hundreds of plants quick."""
    _, files = base()
    return reading({name: files[name] for name in (*SHARED, path)})


def audited(rewrite: Rewrite, after: str, before: str | None = None) -> list[tuple[str, str, int]]:
    """What the audit says when the function becomes `after` (from `before`, when that is not what it is)."""
    _, every = base()
    files = {path: every[path] for path in (*SHARED, rewrite.path)}
    old = subset(rewrite.path)
    source = files[rewrite.path]
    start = source.index(rewrite.before.source)
    end = start + len(rewrite.before.source)
    first = source
    if before is not None:
        first = source[:start] + before.encode() + source[end:]
        old = reading({**files, rewrite.path: first})
    new = reading({**files, rewrite.path: source[:start] + after.encode() + source[end:]})
    one, two = function_at(old, rewrite.path, start), function_at(new, rewrite.path, start)
    result = audit_function(one, two, old, new)
    assert result.reason == ""
    return [(item.kind.value, item.call, item.line - two.first_line) for item in errors(result)]


@pytest.mark.parametrize("form", FORMS)
def test_the_rewrites_themselves_have_no_finding(form: str) -> None:
    mine = [item for item in rewrites() if item.form == form]
    assert len(mine) >= 20
    for item in mine:
        assert audited(item, item.after) == [], item.before.name


# -- the plants: each gives changed texts with the kind of finding and its line (from 0, in the function; None: any)

Planted = tuple[str, str, int | None]
_OVERRIDE = re.compile(r"^(\t+)(?:const struct cred \*)?(\w+) = override_creds_light\((.*)\);\n", re.MULTILINE)
_COUNTED = re.compile(r"^\t(?:const struct cred \*)?\w+ = (?:ovl_)?override_creds\(", re.MULTILINE)
_REVERT = re.compile(r"^\t+revert_creds_light\((\w+)\);\n", re.MULTILINE)
_GUARD = re.compile(r"^(\t+)guard\(cred\)\((.*)\);\n", re.MULTILINE)
_SCOPED = re.compile(r"^(\t+)scoped_guard\(cred, (.*)\) \{\n", re.MULTILINE)
_ASSIGNED = re.compile(r"^(\t+)(\w+) = (\w+)\((?!.*override)[^\n]*\);\n", re.MULTILINE)


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset)


def lost_values(text: str) -> Iterator[Planted]:
    """`err = f(..);` becomes `f(..);`."""
    for match in _ASSIGNED.finditer(text):
        if not match.group(3).isupper() and match.group(3) not in ("ERR_PTR", "PTR_ERR"):
            changed = text[: match.start(2)] + text[match.start(3) :]
            yield "lost-return-value", changed, line_of(text, match.start())


def other_credentials(text: str) -> Iterator[Planted]:
    """A guard or an override of something else."""
    for pattern, group in ((_GUARD, 2), (_SCOPED, 2), (_OVERRIDE, 3)):
        for match in pattern.finditer(text):
            yield "moved-call", text[: match.start(group)] + "&planted_cred" + text[match.end(group) :], None


def counted_reverts(text: str) -> Iterator[Planted]:
    """A light override is ended by a counted revert."""
    for match in _REVERT.finditer(text):
        changed = text[: match.start()] + match.group().replace("_light", "") + text[match.end() :]
        yield "lost-reference", changed, line_of(text, match.start())


def counted_overrides(text: str) -> Iterator[Planted]:
    """A counted override is ended by a light revert."""
    for match in _OVERRIDE.finditer(text):
        changed = (
            text[: match.start()]
            + match.group().replace("override_creds_light", "override_creds")
            + text[match.end() :]
        )
        yield "extra-reference", changed, None


def lost_reverts(text: str) -> Iterator[Planted]:
    """A revert is gone."""
    for match in _REVERT.finditer(text):
        if not text[: match.start()].endswith((":\n", ")\n", "else\n")):
            yield "moved-call", text[: match.start()] + text[match.end() :], None


def early_returns(text: str) -> Iterator[Planted]:
    """A return by which an override by hand stays in force."""
    value = "" if re.match(r"(?:static )?void\b", text) else " 0"
    if "struct" in text.split("(", maxsplit=1)[0]:
        value = " NULL"
    for match in _OVERRIDE.finditer(text):
        inserted = f"{match.group(1)}if (planted)\n{match.group(1)}\treturn{value};\n"
        changed = text[: match.end()] + inserted + text[match.end() :]
        yield "moved-call", changed, line_of(text, match.end()) + 1


def freed_holders(text: str) -> Iterator[Planted]:
    """What holds a light override is freed while it is in force."""
    for pattern, group in ((_GUARD, 2), (_SCOPED, 2), (_OVERRIDE, 3)):
        for match in pattern.finditer(text):
            holder = re.fullmatch(r"(\w+)->cred", match.group(group))
            if holder is not None:
                changed = text[: match.end()] + f"\tkfree({holder.group(1)});\n" + text[match.end() :]
                yield "lifetime", changed, line_of(text, match.end())


def skipping_gotos(text: str) -> Iterator[Planted]:
    """A goto into the scope of a guard, past it."""
    for match in _GUARD.finditer(text):
        end = text.rindex("\treturn") if "\treturn" in text[match.end() :] else text.rindex("}")
        if match.group(1) == "\t" and re.match(r"\t(?!\t)|\}", text[end:]) and text[end - 1] == "\n":
            head, tail = text[: match.start()], text[match.start() : end] + "planted:\n" + text[end:]
            changed = head + "\tif (planted)\n\t\tgoto planted;\n" + tail
            yield "skipped-guard", changed, line_of(text, match.start()) + 1


def reverts_by_hand(text: str) -> Iterator[Planted]:
    """A revert is left where a guard reverts."""
    for match in (*_GUARD.finditer(text), *_SCOPED.finditer(text)):
        changed = text[: match.end()] + "\trevert_creds(planted);\n" + text[match.end() :]
        yield "mixed-conversion", changed, line_of(text, match.end())


def early_ends(text: str) -> Iterator[Planted]:
    """The region is over before it begins: `scoped_guard(..) { }`, or a revert at once."""
    for match in _SCOPED.finditer(text):
        yield "moved-call", text[: match.end() - 2] + ";\n" + match.group(1) + "{\n" + text[match.end() :], None
    for match in _OVERRIDE.finditer(text):
        own = next(_REVERT.finditer(text, match.end()), None)
        if own is not None and own.group(1) == match.group(2) and len(_REVERT.findall(text)) == 1:
            if text[: own.start()].endswith((":\n", ")\n")):
                continue
            body = text[match.end() : own.start()]
            yield "moved-call", text[: match.end()] + own.group() + body + text[own.end() :], None


def nested_current(text: str) -> Iterator[Planted]:
    """A guard within the guard, of what the current credentials are by then."""
    for match in (*_GUARD.finditer(text), *_SCOPED.finditer(text)):
        changed = text[: match.end()] + "\tscoped_guard(cred, current_cred())\n\t\tplanted();\n" + text[match.end() :]
        yield "wrong-caller-credentials", changed, line_of(text, match.end())


PLANTS: tuple[Callable[[str], Iterator[Planted]], ...] = (
    lost_values,
    other_credentials,
    counted_reverts,
    counted_overrides,
    lost_reverts,
    early_returns,
    freed_holders,
    skipping_gotos,
    reverts_by_hand,
    early_ends,
    nested_current,
)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_every_plant_is_found(plant: Callable[[str], Iterator[Planted]]) -> None:
    number = 0
    missed = []
    for item in rewrites():
        if item.form == "auto":
            continue  # made of the other three
        for kind, changed, line in plant(item.after):
            number += 1
            found = audited(item, changed)
            if not any(kind == other and line in (None, at) for other, _, at in found):
                missed.append(f"{item.form} {item.path} {item.before.name}: {kind} at {line}, found {found}\n{changed}")
    assert number >= 4
    assert not missed, f"{len(missed)} of {number} missed:\n" + "\n".join(missed[:3])


def test_a_lock_taken_on_the_other_side_of_a_guard() -> None:
    """`guard(mutex)` before the override, and after the guard that it becomes."""
    number = 0
    for item in rewrites():
        source = item.before.source.decode()
        match = next(_GUARD.finditer(item.after), None)
        call = next(
            iter(re.finditer(r"^\t(?:const struct cred \*)?\w+ = (?:ovl_)?override_creds\(", source, re.MULTILINE)),
            None,
        )
        if item.form != "guard" or match is None or match.group(1) != "\t" or call is None:
            continue
        lock = "\tguard(mutex)(&planted);\n"
        before = source[: call.start()] + lock + source[call.start() :]
        after = item.after[: match.end()] + lock + item.after[match.end() :]
        right = item.after[: match.start()] + lock + item.after[match.start() :]
        if "goto" in before[: call.start()] or "planted" not in before:
            continue
        number += 1
        found = audited(item, after, before)
        assert ("cleanup-order", "guard(mutex)", line_of(item.after, match.end())) in found, after
        assert "cleanup-order" not in {kind for kind, _, _ in audited(item, right, before)}
    assert number >= 5


def test_a_guard_in_place_moves_the_calls_that_the_proof_names() -> None:
    """What an SmPL rule makes of a site: the calls and jumps that the scan lists are those that the audit finds."""
    old, _ = base()
    moved = jumped = 0
    for (path, _), analysis in sorted(old.program.analyses.items()):
        for site in analysis.sites:
            if site.problem is not None or site.statement == (0, 0):
                continue
            exposed = exposure(analysis, site, NAMES)
            if not exposed.moved and not exposed.jumps:
                continue
            text = write_naive_guard(site, NAMES).text.decode()
            found = audited(Rewrite(path, analysis.function, text, "guard"), text)
            calls = Counter(call for kind, call, _ in found if kind in ("moved-call", "wrong-caller-credentials"))
            assert not Counter(item.call for item in exposed.moved) - calls, (analysis.function.name, found)
            assert sum(kind == "skipped-guard" for kind, _, _ in found) == len(exposed.jumps), analysis.function.name
            moved += len(exposed.moved)
            jumped += len(exposed.jumps)
    assert moved >= 20
    assert jumped >= 5


def test_a_new_function_is_looked_at_too() -> None:
    after = """\
int g(struct my_ctx *ctx)
{
	if (ctx->closed)
		goto out;
	guard(cred)(ctx->cred);
	change(ctx);
out:
	return 0;
}
"""
    assert "skipped-guard g:4" in " ".join(told(audit_text("int x;\n", after, "g")))
