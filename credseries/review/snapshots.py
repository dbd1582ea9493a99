"""The trees of a series as programs: the files with a hit, and those that the series changes, read once each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from credseries.creds.audit.reading import Reading
from credseries.creds.effects import CREDENTIALS, uncounted
from credseries.creds.interface import CRED_HEADER, CRED_SOURCE, read_interface
from credseries.creds.program import Program, SourceFile
from credseries.csource.function import Function
from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series
from credseries.series.cache import Cache
from credseries.series.search import NEEDLES, Search

Files = dict[str, SourceFile]
_SUFFIXES = (".c", ".h")
_MOST_FILES = 60  # files that mention a name and are read to find what it means


def is_source(path: str) -> bool:
    """Whether a file is C."""
    return path.endswith(_SUFFIXES)


class Snapshots:
    """The programs of a series' trees. A file that does not change from one tree to the next is the same object."""

    def __init__(self, repo: Repository, series: Series, cache: Cache) -> None:
        self._repo, self._series = repo, series
        self.changed: dict[tuple[str, str], list[str]] = {}
        for step in series.steps:
            changes = repo.changed_files(step.before, step.after) or {}
            self.changed[step.before, step.after] = [path for path in changes if is_source(path)]
        ever = sorted({path for paths in self.changed.values() for path in paths})
        self._files: dict[str, Files] = {series.base: self._base(cache, ever)}
        self._readings: dict[str, Reading] = {}
        self._meant: dict[str, Function | None] = {}

    def _base(self, cache: Cache, ever: list[str]) -> Files:
        search = Search(self._repo, self._series.base, cache)
        try:
            paths = [path for batch in search.batches() for path in batch if is_source(path)]
        finally:
            search.close()
        wanted = list(dict.fromkeys([*paths, *ever]))
        found = {path: SourceFile(path, data) for path, data in self._repo.read_files(search.commit, wanted).items()}
        for file in found.values():
            file.prepare(NEEDLES)
        return found

    def files(self, tree: str) -> Files:
        """The files of a tree; trees are asked for in the order of the series."""
        if tree not in self._files:
            known, before = list(self._files.items())[-1]
            changes = self._repo.changed_files(known, tree) or {}
            paths = [path for path in changes if is_source(path)]
            texts = self._repo.read_files(tree, paths)
            kept = {path: file for path, file in before.items() if path not in changes}
            self._files[tree] = kept | {path: SourceFile(path, text) for path, text in texts.items()}
        return self._files[tree]

    def between(self, old: str, new: str) -> list[str]:
        """The C files that differ between two trees."""
        return [path for path in self._repo.changed_files(old, new) or {} if is_source(path)]

    def reading(self, tree: str, extra: Mapping[str, SourceFile] | None = None) -> Reading:
        """What a tree says; with `extra`, with files that are not among its files otherwise."""
        if extra:
            return self._read({**extra, **self.files(tree)})
        if tree not in self._readings:
            self._readings[tree] = self._read(self.files(tree))
        return self._readings[tree]

    @staticmethod
    def _read(files: Files) -> Reading:
        header, source = (files[path].source if path in files else b"" for path in (CRED_HEADER, CRED_SOURCE))
        counts = read_interface(header, source, None).counts_references
        program = Program(files, uncounted(CREDENTIALS) if counts is False else CREDENTIALS)
        program.run()
        return Reading(program)

    def mentioning(self, tree: str, names: Iterable[str]) -> Files:
        """The files of the base that mention one of some names and are not among a tree's files."""
        wanted = sorted(set(names))
        if not wanted:
            return {}
        paths = [path for path in self._repo.grep_files(self._series.base, wanted) if is_source(path)]
        missing = [path for path in paths if path not in self.files(tree)]
        texts = self._repo.read_files(self._series.base, missing)
        return {path: SourceFile(path, text) for path, text in texts.items()}

    def meant(self, name: str) -> Function | None:
        """The function that a name stands for in the headers of the base, where no file of the program defines it."""
        if name not in self._meant:
            self._meant[name] = self._find(name)
        return self._meant[name]

    def _find(self, name: str) -> Function | None:
        places = [place for place in ("include", *self._directories()) if self._repo.exists(self._series.base, place)]
        found = self._repo.grep_files(self._series.base, [f"{name}("], places)
        paths = [path for path in found if is_source(path)][:_MOST_FILES]
        for path, text in self._repo.read_files(self._series.base, paths).items():
            file = SourceFile(path, text)
            for extent in file.extents:
                if extent.name == name:
                    return file.function(extent)
        return None

    def _directories(self) -> list[str]:
        """The directories of the files that the series changes."""
        paths = {path for listed in self.changed.values() for path in listed if "/" in path}
        return sorted({path.rpartition("/")[0] for path in paths} - {"include", "include/linux"})

    def thorough(self, reading: Reading) -> Reading:
        """A reading that also looks for what names mean outside of the program's files, which takes its time."""
        return Reading(reading.program, self.meant)


def read_snapshots(repo: Repository, series: Series) -> Snapshots:
    """The trees of a series. Raises GitFailed."""
    cache = Cache(repo)
    try:
        return Snapshots(repo, series, cache)
    finally:
        cache.close()
