"""What is wrong with a recipe: collected while it is read, and found in its file when it is reported."""

from __future__ import annotations

from dataclasses import dataclass

from credseries.series.recipe.places import Source

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """Something wrong in a recipe: the file, the line (from 1), the key as it is named to a person, and what it is."""

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        """FILE:LINE: KEY: TEXT, as compilers write it."""
        return (
            f"{self.file}:{self.line}: {self.key}: {self.text}" if self.key else f"{self.file}:{self.line}: {self.text}"
        )


@dataclass(frozen=True)
class _Noted:
    source: Source
    keys: Keys
    key: str
    text: str


class Problems:
    """The problems of a recipe, as they are found."""

    def __init__(self) -> None:
        self._noted: list[_Noted] = []

    def add(self, source: Source, keys: Keys, key: str, text: str) -> None:
        """Note what is wrong with a key; only the first problem of a key is kept."""
        if not any(item.source is source and item.keys == keys for item in self._noted):
            self._noted.append(_Noted(source, keys, key, text))

    def within(self, keys: Keys) -> bool:
        """Whether something is wrong with a key, or below it."""
        return any(item.keys[: len(keys)] == keys for item in self._noted)

    def placed(self) -> list[Problem]:
        """The problems with their lines, file by file in the order of the lines."""
        if not self._noted:
            return []
        from credseries.series.recipe.lines import line_of, lines  # only what is wrong pays for it

        sources = list({id(item.source): item.source for item in self._noted}.values())
        found: list[Problem] = []
        for source in sources:
            known = lines(source.text)
            found += sorted(
                (
                    Problem(source.file, line_of(known, item.keys), item.key, item.text)
                    for item in self._noted
                    if item.source is source
                ),
                key=lambda problem: problem.line,
            )
        return found
