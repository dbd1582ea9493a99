"""Series that make a program's wrappers light, step by step: each prefix is one more rewrite to run."""

from __future__ import annotations

from collections.abc import Iterator

from credseries.creds.interface import Interface
from credseries.creds.program import SourceFile
from credseries.errors import CredseriesError
from credseries.rewrite.forms import Form
from credseries.series.build import Builder
from credseries.series.drafts import Kind
from credseries.series.recipe import FACTS, Recipe, Topic
from credseries.series.scan import Survey
from tests.programs.generate import Program

HEADER = "fs/generated.h"
INTERFACE = Interface(True, light=True, guard=True, cleanup=True, drops_const=False, foreign_guard=False)


def revert_of(wrapper: str) -> str:
    """The name of the function for a wrapper's reverts."""
    return wrapper.replace("override", "revert")


def _recipe(path: str, program: Program) -> Recipe:
    """The wrappers light first, then guards on top."""
    common = {"paths": (path,), "facts": FACTS, "accessors": program.accessors}
    reverts = {wrapper: revert_of(wrapper) for wrapper in program.accessors}
    light = Topic("light", "light", "tree", forms=(Form.LIGHT,), reverts=reverts, **common)  # type: ignore[arg-type]
    guards = Topic("guards", "guards", "tree", forms=(Form.GUARD, Form.SCOPED), after=("light",), **common)  # type: ignore[arg-type]
    return Recipe("generated", "generated", "generated", (), (Form.GUARD, Form.SCOPED, Form.LIGHT), (light, guards))


def prefixes(path: str, program: Program) -> Iterator[tuple[str, str, bool]]:
    """The text of the program after each patch, what the patch is, and whether it makes a wrapper light.

    Nothing when the series is refused.
    """
    if not program.accessors:
        return
    declared = "".join(f"const struct cred *{wrapper}(void *);\n" for wrapper in program.accessors)
    text = program.text.encode("utf-8", "surrogateescape")
    sources = {path: SourceFile(path, text), HEADER: SourceFile(HEADER, declared.encode())}
    survey = Survey("0" * 40, "6.12.0", INTERFACE, sources, {}, _recipe(path, program))
    try:
        builder = Builder(survey, survey.recipe, lambda name: sources[name].source, lambda _, __: {}, "T <t@e>")
        patches = builder.patches()
    except CredseriesError:
        return
    shown = program.text
    for number, patch in enumerate(patches, 1):
        if path in patch.changes:
            shown = patch.changes[path].decode("utf-8", "surrogateescape")
        yield shown, f"series, patch {number} ({patch.key})", patch.kind is Kind.SWITCH
