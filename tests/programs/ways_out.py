"""Ways out of a place in a generated function: returns, gotos, breaks, each of which undoes what is open."""

from __future__ import annotations

from tests.programs.context import Context, Open, Shared
from tests.programs.expressions import Expressions
from tests.programs.tree import Blank, Goto, Label, Leave, Node, Plain


class WaysOut(Expressions):
    """Makes the statements that leave; most undo exactly what they have to, a few forget something."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared)
        self.out = ""  # the label of the common return, once it is used
        self.late: list[Node] = []  # labels and their statements after the final return

    def undo(self, items: tuple[Open, ...]) -> list[Node]:
        """What undoes the open things, the last one first."""
        found: list[Node] = []
        for item in reversed(items):
            if self.choices.chance(2):
                self.saw("a way out that forgets something")
                continue
            found += item.release
        return found

    def return_(self) -> Node:
        """A `return`."""
        return Leave("return;" if self.result == "void" else f"return {self.value()};")

    def leave(self, context: Context) -> list[Node]:
        """Statements that leave the function, or a loop, from here."""
        kinds: list[tuple[int, str]] = [(30, "return"), (40, "goto")]
        around = [kind for kind, _ in context.breakable]
        if around:
            kinds.append((18, "break"))
        if any(kind != "switch" for kind in around):
            kinds.append((14, "continue"))
        kind = self.choices.weighted(kinds)
        if kind == "goto":
            return self._goto(context)
        if kind != "return":
            return self.break_(context, kind)
        if context.open:
            self.saw("an early return")
        return [*self.undo(context.open), self.return_()]

    def break_(self, context: Context, word: str = "break") -> list[Node]:
        """A `break` or a `continue`, with what it has to undo."""
        ended = [item for item in reversed(context.breakable) if word == "break" or item[0] != "switch"]
        around, at = ended[0]
        self.saw(f"{word} out of a {around}")
        if len(context.open) > at:
            self.saw(f"{word} that undoes something")
        return [*self.undo(context.open[at:]), Leave(f"{word};")]

    def _goto(self, context: Context) -> list[Node]:
        last = len(context.open) - 1
        index = self.choices.weighted([(4 if i == last else 1, i) for i in range(last + 1)] + [(2, -1)])
        nodes = self.undo(context.open[index + 1 :])
        if self.result == "int" and self.choices.chance(50):
            nodes.append(Plain(self.fill("{err} = -{code};")))
        if index < 0:
            self.out = self.out or self.name_for("out")
            self.saw("goto to the common return")
            return [*nodes, Goto(self.out)]
        return [*nodes, Goto(self._label(context.open[: index + 1], late=not context.configured))]

    def _label(self, items: tuple[Open, ...], *, late: bool) -> str:
        """A label from which all of these are undone, if `late` perhaps one after the final return."""
        item = items[-1]
        if late and not any(other.in_block for other in items) and self.choices.chance(15):
            return self._late(items)
        if item.early and self.choices.chance(40):
            self.saw("goto to a chain of labels")
            item.early_used = True
            return item.early
        item.label = item.label or self.name_for(f"out_{item.kind}".replace("site", "revert"))
        self.saw("goto to what undoes it")
        return item.label

    def _late(self, items: tuple[Open, ...]) -> str:
        """A label after the final return, where everything open is undone, or that jumps back to where that is."""
        last = items[-1]
        if last.late:
            return last.late
        last.late = self.name_for("fail")
        block: list[Node] = [Label(last.late)]
        if self.choices.chance(50):
            block.append(Plain(self.fill("note({n});")))
        if self.choices.chance(40):
            last.label = last.label or self.name_for("out_back")
            self.saw("a label after the final return that jumps back")
            block.append(Goto(last.label))
        else:
            self.saw("a label after the final return")
            block += [*self.undo(items), self.return_()]
        self.late += [Blank(), *block]
        return last.late
