"""The C files of a tree that have sites, as they are: of the miniature tree with what they compile against."""

from __future__ import annotations

from pathlib import Path

from credseries.cli.options import take_survey
from credseries.series.assemble import make_builder
from credseries.series.demo import make_repository
from credseries.series.recipe import load_recipe
from credseries.series.scan import Survey
from tests.mutants.compilers import Compiler, for_miniature
from tests.mutants.law import Case


def files_of(survey: Survey, compiler: Compiler | None = None) -> tuple[Case, ...]:
    """The C files with a site that is none of another function's doing, smallest first."""
    files = survey.program.files
    # what others need of them: headers, and functions that change their callers' credentials
    needed = {path for path in files if path.endswith(".h")} | {item.path for item in survey.program.summaries}
    common = {path: files[path] for path in needed}
    paths = {item.site.function.path for item in survey.judged if item.site.function.path.endswith(".c")}
    chosen = sorted(paths, key=lambda path: (len(files[path].source), path))
    return tuple(Case(path, path, files[path].source, common, survey.names, compiler) for path in chosen)


def miniature(directory: Path) -> tuple[Case, ...]:
    """The files of the miniature tree; `directory` is made, and holds the headers that they compile against."""
    directory.mkdir()
    repo = make_repository(directory / "repository")
    survey = take_survey(repo, "HEAD", "rfc")
    compiler = for_miniature(repo, make_builder(repo, survey, load_recipe("rfc")), directory)
    return files_of(survey, compiler)
