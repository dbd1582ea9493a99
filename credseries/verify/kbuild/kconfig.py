"""Which lines a .config needs so that wished symbols are set: what they depend on, by the text of the Kconfig files.

What is found is a proposal: kconfig itself decides, and with the values that it settled on the next proposal is made.
"""

from __future__ import annotations

from collections.abc import Iterable

from credseries.verify.kbuild.kconfig_language import Expression, Tree, Values, holds

_DEEP = 40  # symbols that depend on each other
_CHEAP = 8  # symbols that a wish may set
_COMPARED = 50  # symbols that select a wished one, of which the one with the fewest needs is taken


def proposal(tree: Tree, required: Iterable[str], wished: Iterable[str], values: Values) -> dict[str, str]:
    """What to set so that symbols get set: those that are `required`, and what costs little of those `wished` for.

    `values` are those that kconfig settled on last time. What nobody can set directly waits until it is the last that
    is left, as something else may select it by then.
    """
    found: dict[str, str] = {}
    unset = [name for name in required if values.get(name) not in ("y", "m")]
    settable = [name for name in unset if _has_prompt(tree, name)]
    for name in settable or unset:
        found.update(assignments(tree, name, {**values, **found}) or {})
    for name in wished:
        if values.get(name) in ("y", "m") or (settable and not _has_prompt(tree, name)):
            continue
        more = assignments(tree, name, {**values, **found}) or {}
        if len(more) <= _CHEAP:
            found.update({other: value for other, value in more.items() if other not in found})
    return found


def _has_prompt(tree: Tree, name: str) -> bool:
    return any(definition.prompt is not None for definition in tree.definitions.get(name, ()))


def assignments(tree: Tree, wish: str, values: Values) -> dict[str, str] | None:
    """What to set so that a symbol gets set, given the values of now; None if no way is seen.

    It is empty when the symbol is set already.
    """
    found: dict[str, str] = {}
    return found if _set(tree, wish, values, found, 0) else None


def _set(tree: Tree, name: str, values: Values, found: dict[str, str], depth: int) -> bool:
    if values.get(name) in ("y", "m") or found.get(name) == "y":
        return True
    if name not in tree.switches or found.get(name) == "n" or depth > _DEEP:
        return False
    ways = sorted(tree.definitions[name], key=lambda item: (item.prompt is None, not _holds_all(item.depends, values)))
    for definition in ways:
        if definition.prompt is None and not definition.has_default:
            continue
        trial = {**found, name: "y"}
        if _satisfy_all([*definition.depends, *(definition.prompt or [])], tree, values, trial, depth):
            found.update(trial)
            return True
    ways_in: list[dict[str, str]] = []
    for selector, conditions in tree.selectors.get(name, []):
        trial = {**found, name: "y"}
        if _set(tree, selector, values, trial, depth + 1) and _satisfy_all(conditions, tree, values, trial, depth):
            ways_in.append(trial)
            if depth or len(ways_in) == _COMPARED:  # further down the first one has to do
                break
    if not ways_in:
        return False
    found.update(sorted(ways_in, key=len)[0])
    return True


def _holds_all(expressions: Iterable[Expression], values: Values) -> bool:
    return all(holds(expression, values) for expression in expressions)


def _satisfy_all(
    expressions: Iterable[Expression], tree: Tree, values: Values, found: dict[str, str], depth: int
) -> bool:
    return all(_satisfy(expression, tree, values, found, depth) for expression in expressions)


def _satisfy(expression: Expression, tree: Tree, values: Values, found: dict[str, str], depth: int) -> bool:
    """Adds to `found` what makes an expression true, and says whether there is a way."""
    if holds(expression, {**values, **found}):
        return True
    if isinstance(expression, str):
        return _set(tree, expression, values, found, depth + 1)
    operator, *parts = expression
    if operator == "&&":
        return all(_satisfy(part, tree, values, found, depth) for part in parts)
    if operator == "||":
        for part in parts:
            trial = dict(found)
            if _satisfy(part, tree, values, trial, depth):
                found.update(trial)
                return True
        return False
    target: Expression | None = None
    value = "n"
    if operator == "!":
        target = parts[0]
    elif operator in ("=", "!="):
        target = parts[0]
        value = str(parts[1]) if operator == "=" else ("y" if parts[1] == "n" else "n")
    if not isinstance(target, str) or found.get(target) == "y":
        return False
    if value == "y":
        return _set(tree, target, values, found, depth + 1)
    if value != "n" or target not in tree.switches:
        return False
    found[target] = "n"
    return True
