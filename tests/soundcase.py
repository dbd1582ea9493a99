"""Files of one function, and what is proven of its sites."""

from __future__ import annotations

from credseries.creds.program import Program, SourceFile
from credseries.creds.sites import Analysis
from credseries.rewrite.forms import Form, Names
from credseries.rewrite.plan import Judged, Planner

CTX = "struct my_ctx { const struct cred *cred; };\n"


def analysed(text: bytes, function: str = "f") -> Analysis:
    """The analysis of a function of a file with this text."""
    program = Program({"fs/t.c": SourceFile("fs/t.c", text)})
    program.run()
    [analysis] = [item for item in program.analyses.values() if item.function.name == function]
    return analysis


def judge(text: str, function: str = "f") -> tuple[Analysis, list[Judged]]:
    """The analysis of a function of a file, and its sites with their verdicts."""
    analysis = analysed((CTX + text).encode(), function)
    return analysis, Planner(Names()).judge_all(analysis)


def only(text: str) -> Judged:
    """The one site of f()."""
    _, [judged] = judge(text)
    return judged


def site(*statements: str, before: str = "", head: str = "int f(struct my_ctx *ctx)", last: str = "return 0;") -> str:
    """A file with a function whose statements run under an override, after other declarations."""
    lines = [head, "{", "\tconst struct cred *old;", "", "\told = override_creds(ctx->cred);"]
    lines += [f"\t{line}" for line in (*statements, "revert_creds(old);", last) if line]
    return before + "\n".join([*lines, "}", ""])


def proven(judged: Judged) -> set[Form]:
    """The forms that are proven."""
    return {verdict.form for verdict in judged.verdicts if verdict.ok}
