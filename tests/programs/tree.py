"""Abstract C statements, how they are written, and the one thing that they must not do: jump into a scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Plain:
    """A statement or a comment as text; lines after the first carry the tabs that they have more."""

    text: str


@dataclass(frozen=True)
class Blank:
    """An empty line."""


@dataclass(frozen=True)
class Declare:
    """A declaration; with `cleanup`, one whose scope must not be jumped into, and what may stand in its place."""

    text: str
    cleanup: bool = False
    instead: str = ""


@dataclass(frozen=True)
class Label:
    """`name:`, written at the statement that follows it in its block; `indent` is white space before it."""

    name: str
    indent: str = ""


@dataclass(frozen=True)
class Goto:
    """`goto name;`"""

    name: str


@dataclass(frozen=True)
class Leave:
    """`return ..;`, `break;` or `continue;`: what comes after it in its block does not run."""

    text: str


@dataclass(frozen=True)
class If:
    """`if`, any number of `else if`, perhaps `else`. Braces are left out where `bare` and each arm has one line."""

    arms: tuple[tuple[str, Block], ...]
    otherwise: Block | None = None
    bare: bool = True


@dataclass(frozen=True)
class Compound:
    """A statement with a block: `head { .. } tail`; the head may be empty, `bare` ones need no braces."""

    head: str
    body: Block
    tail: str = ""
    bare: bool = False


@dataclass(frozen=True)
class Case:
    """`case value:` or `default:`, and the statements up to the next one."""

    head: str
    body: Block


@dataclass(frozen=True)
class Switch:
    """`switch (value) { .. }`; the body has cases, which may also stand deeper."""

    value: str
    body: Block


@dataclass(frozen=True)
class Configured:
    """Statements for the preprocessor to choose: `#if`, perhaps `#else`, `#endif`."""

    condition: str
    body: Block
    otherwise: Block = ()


Node = Plain | Blank | Declare | Label | Goto | Leave | If | Compound | Case | Switch | Configured
Block = tuple[Node, ...]


def ends(nodes: Sequence[Node]) -> bool:
    """Whether what comes after these statements is not reached from them."""
    return bool(nodes) and isinstance(nodes[-1], Goto | Leave)


# -- text


def _lines(text: str, depth: int) -> list[str]:
    return ["\t" * depth + line for line in text.split("\n")]


def _is_one_line(body: Block) -> bool:
    if len(body) != 1 or not isinstance(body[0], Plain | Goto | Leave):
        return False
    text = _text(body[0])
    return "\n" not in text and not text.startswith("/*") and text.count(";") == 1


def _text(node: Node) -> str:
    if isinstance(node, Goto):
        return f"goto {node.name};"
    return node.text if isinstance(node, Plain | Leave | Declare) else ""


def _if(node: If, depth: int) -> list[str]:
    bodies = [body for _, body in node.arms] + ([node.otherwise] if node.otherwise is not None else [])
    braces = not (node.bare and all(_is_one_line(body) for body in bodies))
    lines: list[str] = []
    heads = [f"{'else ' if index else ''}if ({condition})" for index, (condition, _) in enumerate(node.arms)]
    if node.otherwise is not None:
        heads.append("else")
    for index, (head, body) in enumerate(zip(heads, bodies, strict=True)):
        if not braces:
            lines += [*_lines(head, depth), *render(body, depth + 1)]
            continue
        opening = f"}} {head} {{" if index else f"{head} {{"
        lines += [*_lines(opening, depth), *render(body, depth + 1)]
    return [*lines, *_lines("}", depth)] if braces else lines


def _compound(node: Compound, depth: int) -> list[str]:
    if node.bare and not node.tail and _is_one_line(node.body):
        return [*_lines(node.head, depth), *render(node.body, depth + 1)]
    head = f"{node.head} {{" if node.head else "{"
    tail = f"}} {node.tail}" if node.tail else "}"
    return [*_lines(head, depth), *render(node.body, depth + 1), *_lines(tail, depth)]


def _needs_statement(after: Sequence[Node]) -> bool:
    """Whether a label before these statements has none to stand at: declarations and the block's end are none."""
    for node in after:
        if isinstance(node, Blank | Label) or (isinstance(node, Plain) and node.text.startswith("/*")):
            continue
        return isinstance(node, Declare | Case | Configured)
    return True


def _configured(node: Configured, depth: int) -> list[str]:
    lines = [f"#ifdef {node.condition}", *render(node.body, depth)]
    if node.otherwise:
        lines += ["#else", *render(node.otherwise, depth)]
    return [*lines, "#endif"]


def render(nodes: Sequence[Node], depth: int) -> list[str]:
    """The lines of some statements at a depth in tabs, as the kernel's style has them."""
    lines: list[str] = []
    for index, node in enumerate(nodes):
        if isinstance(node, Blank):
            lines.append("")
        elif isinstance(node, Label):
            empty = ";" if _needs_statement(nodes[index + 1 :]) else ""
            lines.append(f"{node.indent}{node.name}:{empty}")
        elif isinstance(node, If):
            lines += _if(node, depth)
        elif isinstance(node, Compound):
            lines += _compound(node, depth)
        elif isinstance(node, Configured):
            lines += _configured(node, depth)
        elif isinstance(node, Switch):
            lines += [*_lines(f"switch ({node.value}) {{", depth), *render(node.body, depth), *_lines("}", depth)]
        elif isinstance(node, Case):
            empty = ";" if not node.body or isinstance(node.body[0], Declare) else ""
            lines += [*_lines(f"{node.head}:{empty}", depth), *render(node.body, depth + 1)]
        else:
            lines += _lines(_text(node), depth)
    return lines


# -- jumps into scopes


class _Positions:
    """Where, in the order of the text, labels, jumps and the scopes of cleanups are."""

    def __init__(self, nodes: Block) -> None:
        self.count = 0
        self.labels: dict[str, int] = {}
        self.jumps: list[tuple[int, str | int]] = []
        self.scopes: list[tuple[int, int]] = []
        self.switches: list[int] = []
        self._block(nodes)

    def _block(self, nodes: Iterable[Node]) -> None:
        opened: list[int] = []
        for node in nodes:
            self._node(node, opened)
        self.scopes += [(start, self.count) for start in opened]

    def _node(self, node: Node, opened: list[int]) -> None:
        self.count += 1
        if isinstance(node, If):
            for _, body in node.arms:
                self._block(body)
            self._block(node.otherwise or ())
        elif isinstance(node, Compound):
            start = self.count
            self._block(node.body)
            if node.head.startswith("scoped_guard"):
                self.scopes.append((start, self.count))
        elif isinstance(node, Switch):
            self.switches.append(self.count)
            self._block(node.body)
            self.switches.pop()
        elif isinstance(node, Case | Configured):
            # neither has a block of its own: what a case declares is in scope up to the end of the switch
            if isinstance(node, Case):
                self.jumps.append((self.switches[-1], self.count))
            for inner in (*node.body, *(node.otherwise if isinstance(node, Configured) else ())):
                self._node(inner, opened)
        else:
            self._leaf(node, opened)

    def _leaf(self, node: Node, opened: list[int]) -> None:
        if isinstance(node, Declare) and node.cleanup:
            opened.append(self.count)
        elif isinstance(node, Label):
            self.labels[node.name] = self.count
        elif isinstance(node, Goto):
            self.jumps.append((self.count, node.name))

    def bypassing(self) -> bool:
        for start, target in self.jumps:
            end = self.labels.get(target, -1) if isinstance(target, str) else target
            if any(first < end <= last and not first <= start <= last for first, last in self.scopes):
                return True
        return False


def without_cleanups(nodes: Block) -> Block:
    """The statements with plain ones in place of declarations with a cleanup."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Declare) and node.cleanup:
            found.append(Declare(node.instead) if node.instead.endswith("NULL;") else Plain(node.instead))
        elif isinstance(node, If):
            arms = tuple((condition, without_cleanups(body)) for condition, body in node.arms)
            otherwise = None if node.otherwise is None else without_cleanups(node.otherwise)
            found.append(replace(node, arms=arms, otherwise=otherwise))
        elif isinstance(node, Compound) and node.head.startswith("scoped_guard"):
            # break and continue go on meaning the same
            found.append(Compound("do", without_cleanups(node.body), "while (0);"))
        elif isinstance(node, Configured):
            found.append(replace(node, body=without_cleanups(node.body), otherwise=without_cleanups(node.otherwise)))
        elif isinstance(node, Compound | Switch | Case):
            found.append(replace(node, body=without_cleanups(node.body)))
        else:
            found.append(node)
    return tuple(found)


def enters_a_scope(nodes: Block) -> bool:
    """Whether a `goto` or a `case` enters the scope of a declaration with a cleanup past that declaration."""
    return _Positions(nodes).bypassing()
