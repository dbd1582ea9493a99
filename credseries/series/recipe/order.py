"""What must be right between the topics of a recipe: their order, their paths and the names that they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from credseries.rewrite.forms import Form
from credseries.series.recipe.model import Topic
from credseries.series.recipe.tables import Table
from credseries.words import near


@dataclass(frozen=True)
class Entry:
    """A topic and the table that it was read from."""

    topic: Topic
    table: Table


def in_order(entries: Sequence[Entry]) -> tuple[Topic, ...]:
    """The topics, each after those that it needs, and otherwise as they are written; what is wrong is noted."""
    by_name: dict[str, Entry] = {}
    for entry in entries:
        name = entry.topic.name
        if name in by_name:
            entry.table.wrong(f"is '{name}', as the name of {by_name[name].table.name} is", "name")
        elif name:
            by_name[name] = entry
    sound = [_known_needs(entry, by_name) for entry in entries]
    if not all(sound):
        return tuple(entry.topic for entry in entries)
    if circle := _circle([entry.topic for entry in by_name.values()]):
        first = by_name[circle[0]]
        first.table.wrong(f"goes round in a circle: {' -> '.join(circle)}", "after")
        return tuple(entry.topic for entry in entries)
    ordered = _sorted([entry.topic for entry in by_name.values()])
    _check_paths([by_name[topic.name] for topic in ordered])
    return tuple(ordered)


def _known_needs(entry: Entry, by_name: Mapping[str, Entry]) -> bool:
    sound = True
    for needed in entry.topic.after:
        index = entry.table.data["after"].index(needed)
        if needed == entry.topic.name:
            entry.table.wrong(f"is '{needed}': a topic does not come after itself", "after", index)
            sound = False
        elif needed not in by_name:
            sound = False
            if not any(item.table.faulty("name") for item in by_name.values()):
                known = [name for name in by_name if name != entry.topic.name]
                there = f"there are {', '.join(known)}" if known else "there is no other"
                entry.table.wrong(f"is '{needed}'{near(needed, known)}, which is no topic; {there}", "after", index)
    return sound


def _circle(topics: Sequence[Topic]) -> list[str]:
    """Topics that need each other, from one to itself again; empty if there are none."""
    needs = {topic.name: topic.after for topic in topics}
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name not in done:
            for needed in needs[name]:
                if found := visit(needed, [*trail, name]):
                    return found
            done.add(name)
        return []

    return next((found for name in needs if (found := visit(name, []))), [])


def _sorted(topics: Sequence[Topic]) -> list[Topic]:
    waiting, placed = list(topics), list[Topic]()
    while waiting:
        names = {topic.name for topic in placed}
        following = next(topic for topic in waiting if names.issuperset(topic.after))
        waiting.remove(following)
        placed.append(following)
    return placed


def _check_paths(ordered: Sequence[Entry]) -> None:
    """Note paths of two topics neither of which comes after the other: which converts first would be open."""
    before: dict[str, set[str]] = {}
    for position, entry in enumerate(ordered):
        topic = entry.topic
        before[topic.name] = set(topic.after).union(*(before[name] for name in topic.after))
        for earlier in ordered[:position]:
            if earlier.topic.name in before[topic.name]:
                continue
            for path in topic.paths:
                common = next((other for other in earlier.topic.paths if _overlap(path, other)), None)
                if common is None:
                    continue
                also = "" if common == path else f" as {common}"
                entry.table.wrong(
                    f"is '{path}', which {earlier.table.name} has too{also}: one of the two must come after the other",
                    "paths",
                    entry.table.data["paths"].index(path),
                )


def _overlap(one: str, other: str) -> bool:
    first, second = one.rstrip("/") + "/", other.rstrip("/") + "/"
    return first.startswith(second) or second.startswith(first)


def check_names(entries: Sequence[Entry]) -> None:
    """Note accessors and reverts that contradict each other, whichever topics they are in."""
    accessors = _gathered(entries, "accessors", lambda topic: topic.accessors)
    reverts = _gathered(entries, "reverts", lambda topic: topic.reverts)
    wrappers = {*accessors, *reverts}
    for key, given in (("accessors", accessors), ("reverts", reverts)):
        for wrapper, (name, entry) in given.items():
            if name in wrappers:
                entry.table.wrong(f"is '{name}', which is the name of a wrapper", key, wrapper)
    taken = {name: wrapper for wrapper, (name, _) in accessors.items()}
    for wrapper, (name, entry) in reverts.items():
        if name in taken:
            entry.table.wrong(f"is '{name}', which is the accessor of {taken[name]} already", "reverts", wrapper)
        if wrapper not in accessors:
            entry.table.wrong(
                f"needs {wrapper} in [topics.accessors] too, of this topic or another", "reverts", wrapper
            )
        if not entry.table.faulty("forms") and entry.topic.forms != (Form.LIGHT,):
            forms = ", ".join(form.value for form in entry.topic.forms)
            text = f'is for a topic with forms = ["light"] and no other, this one has {forms}'
            entry.table.wrong(f"{text}: a guard does not go through {wrapper}()", "reverts", wrapper)


def _gathered(
    entries: Sequence[Entry], key: str, names: Callable[[Topic], Mapping[str, str]]
) -> dict[str, tuple[str, Entry]]:
    found: dict[str, tuple[str, Entry]] = {}
    for entry in entries:
        for wrapper, name in names(entry.topic).items():
            if wrapper in found:
                other = found[wrapper][1].table.name
                entry.table.wrong(f"is for a wrapper that {other} has in its {key} already", key, wrapper)
            else:
                found[wrapper] = (name, entry)
    return found
