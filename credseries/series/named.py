"""The functions of a survey's tree by name: those that override credentials, and any other one that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from credseries.creds.program import SourceFile
from credseries.creds.sites import Analysis, analyse
from credseries.csource.outline import Extent
from credseries.errors import AmbiguousFunction, UnknownFunction, UnknownPath
from credseries.series.scan import Survey

_NEAREST = 3
Found = tuple[SourceFile, Extent]


def functions_named(
    survey: Survey, name: str, path: str | None, read: Callable[[str], bytes | None]
) -> list[tuple[tuple[str, int], Analysis]]:
    """The definitions of a function of one file (more than one where `#if` chooses), each with its place.

    Those that have to do with credentials come before others of the name. `path` is that of the file, `read` gives the
    text of a file that the survey has not read. Raises UnknownPath, UnknownFunction and AmbiguousFunction.
    """
    files = [_file(survey, path, read)] if path is not None else list(survey.program.files.values())
    found = [(file, extent) for file in files for extent in file.extents if extent.name == name]
    if not found:
        raise _unknown(survey, name, path, files)
    concerned = [item for item in found if _concerned(survey, item)]
    found = concerned or found
    paths = sorted({file.path for file, _ in found})
    if len(paths) > 1:
        hint = f"say which with --file: {', '.join(paths)}"
        raise AmbiguousFunction(f"{name} is in {len(paths)} files", hint=hint)
    return [((file.path, extent.start), _analysed(survey, file, extent)) for file, extent in found]


def _file(survey: Survey, path: str, read: Callable[[str], bytes | None]) -> SourceFile:
    known = survey.program.files.get(path)
    if known is not None:
        return known
    text = read(path)
    if text is None:
        hint = "paths are relative to the top of the tree"
        raise UnknownPath(f"{path} is no file of commit {survey.commit[:12]}", hint=hint)
    file = SourceFile(path, text)
    file.use(survey.program.scopes.statements(path))
    return file


def _concerned(survey: Survey, item: Found) -> bool:
    analysis = survey.program.analyses.get((item[0].path, item[1].start))
    return analysis is not None and bool(analysis.sites or analysis.unreadable)


def _analysed(survey: Survey, file: SourceFile, extent: Extent) -> Analysis:
    known = survey.program.analyses.get((file.path, extent.start))
    return known if known is not None else analyse(file.function(extent), survey.program.effects(file.path))


def _unknown(survey: Survey, name: str, path: str | None, files: Iterable[SourceFile]) -> UnknownFunction:
    if path is not None:
        names = {extent.name for file in files for extent in file.extents}
        near = get_close_matches(name, sorted(names), _NEAREST)
        others = f"`git grep -nw {name} -- '*.c'` looks for it in other files" if names else "it has no function at all"
        hint = f"did you mean {', '.join(near)}?" if near else others
        return UnknownFunction(f"no function {name} is in {path}", hint=hint)
    concerned = {item.function.name for item in survey.program.analyses.values() if item.sites}
    near = get_close_matches(name, sorted(concerned), _NEAREST)
    hint = "`credseries scan` lists the functions; any other one is shown with --file PATH"
    if near:
        hint = f"did you mean {', '.join(near)}?"
    return UnknownFunction(f"no function {name} has to do with credentials here", hint=hint)
