"""The tables of a recipe, read key by key: what is wrong is noted, and something that will do is given instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from credseries.series.recipe.document import Document
from credseries.series.recipe.phrases import one_of, shown
from credseries.series.recipe.problems import Keys, Problems
from credseries.series.recipe.values import Rule, any_text
from credseries.words import near, nearest

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Table:
    """A table; `keys` lead to it in the document, `name` is how messages name it, `allowed` the keys it may have."""

    def __init__(
        self,
        document: Document,
        problems: Problems,
        allowed: Sequence[str] | None,
        data: Mapping[str, Any] | None = None,
        keys: Keys = (),
        name: str = "",
    ) -> None:
        self.document, self.problems, self.keys, self.name = document, problems, keys, name
        self.data: Mapping[str, Any] = document.data if data is None else data
        self._meant: set[str] = set()  # by keys that are misspelt
        for key in self.data:
            if allowed is not None and key not in allowed:
                self._meant.add(nearest(key, allowed))
                self.wrong(f"is not a key here{near(key, allowed)}; there are {', '.join(sorted(allowed))}", key)

    def wrong(self, text: str, *keys: str | int) -> None:
        """Note what is wrong with a key, with an item of it, or (no key) with the table itself."""
        name = self.name
        for key in keys:
            if isinstance(key, int):
                name += f"[{key}]"
            else:
                name += ("." if name else "") + (key if _BARE.fullmatch(key) else shown(key))
        place = (*self.keys, *keys)
        self.problems.add(self.document.source(place), place, name, text)

    def faulty(self, *keys: str | int) -> bool:
        """Whether something is wrong with a key, or anywhere in the table."""
        return self.problems.within((*self.keys, *keys))

    def text(self, key: str, rule: Rule = any_text, *, default: str | None = None) -> str:
        """A text without the space around it; one that has no default must be there."""
        if key not in self.data:
            if default is None and key not in self._meant:
                self.wrong("is missing", key)
            return default or ""
        value = self.data[key]
        if not isinstance(value, str):
            self.wrong(f"is {shown(value)}; it must be a text", key)
            return default or ""
        value = value.strip()
        if problem := rule(value) if value or default is None else "":
            self.wrong(problem, key)
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        """One of some words."""
        value = self.data.get(key, default)
        if isinstance(value, str) and value in allowed:
            return value
        self.wrong(self._no_choice(value, allowed), key)
        return default

    def texts(self, key: str, rule: Rule = any_text) -> tuple[str, ...]:
        """A list of texts, none of them twice; those that the rule is against are left out."""
        value = self.data.get(key, [])
        if not isinstance(value, list):
            self.wrong(f"is {shown(value)}; it must be a list of texts", key)
            return ()
        found: list[str] = []
        for index, item in enumerate(value):
            if not isinstance(item, str):
                self.wrong(f"is {shown(item)}; it must be a text", key, index)
            elif problem := any_text(item) or rule(item):
                self.wrong(problem, key, index)
            elif item in found:
                self.wrong(f"is {shown(item)}, which is in the list already", key, index)
            else:
                found.append(item)
        return tuple(found)

    def choices(self, key: str, allowed: Sequence[str], default: Collection[str]) -> tuple[str, ...]:
        """A list of some of the words, in the order given."""
        if key not in self.data:
            return tuple(default)
        return self.texts(key, lambda item: "" if item in allowed else one_of(item, allowed))

    def names(self, key: str, rule: Rule) -> dict[str, str]:
        """A table that gives a name for each of some names."""
        table = self.table(key, None)
        if table is None:
            return {}
        found = {}
        for name in table.data:
            if problem := rule(name):
                table.wrong(problem, name)
            elif value := table.text(name, rule):
                found[name] = value
        return found

    def table(self, key: str, allowed: Sequence[str] | None) -> Table | None:
        """A table below this one; `allowed` None allows all keys."""
        if key not in self.data:
            return None
        value = self.data[key]
        if not isinstance(value, dict):
            self.wrong(f"is {shown(value)}; it must be a table", key)
            return None
        name = f"{self.name}.{key}" if self.name else key
        return Table(self.document, self.problems, allowed, value, (*self.keys, key), name)

    def tables(self, key: str, allowed: Sequence[str], title: str) -> list[Table]:
        """A list of tables; messages name each by its place and by what it has as `title`."""
        value = self.data.get(key, [])
        if not isinstance(value, list):
            self.wrong(f"is {shown(value)}; it must be a list of tables", key)
            return []
        found = []
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                self.wrong(f"is {shown(item)}; it must be a table", key, index)
                continue
            called = f' "{item[title]}"' if isinstance(item.get(title), str) and item[title] else ""
            name = f"{self.name}.{key}[{index}]{called}" if self.name else f"{key}[{index}]{called}"
            found.append(Table(self.document, self.problems, allowed, item, (*self.keys, key, index), name))
        return found

    def _no_choice(self, value: object, allowed: Sequence[str]) -> str:
        if isinstance(value, str):
            return one_of(value, allowed)
        return f"is {shown(value)}; it may be {', '.join(allowed)}"
