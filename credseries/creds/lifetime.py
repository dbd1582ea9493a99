"""What keeps the credential of an override alive: the condition for an override that holds no reference of its own.

Something has to hold the credential from the override to its revert: the mount, the caller's argument, the file whose
`f_cred` it is, a reference that the function took itself, or a variable that lives as long as the module. Then nothing
that runs in between, or that leads to the override, may give that up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from credseries.creds.effects import Effects, Reference, Wrapper
from credseries.creds.operations import Steps
from credseries.creds.places import in_call, place_of, root_of
from credseries.creds.source import Source, assigned_values
from credseries.creds.state import Exploration
from credseries.csource.flow import Flow, FlowNode, Kind
from credseries.csource.function import Variant
from credseries.csource.syntax import Nodes, arguments, callee, field, identifiers, text_of, unparenthesised

# A call whose name says that it gives something up, as the kernel names such functions.
_GIVES_UP = re.compile(
    r"(?:^|_)(?:put|fput|dput|iput|mntput|free|kfree|kvfree|release|destroy|close|drop|abort)(?:_|$)"
)
_GIVING_UP = ("call_expression", "assignment_expression", "initializer_pair")
_CHANGING = ("declaration", "while_statement", "assignment_expression", "update_expression", "pointer_expression")
_ASSIGNS = ("swap", "xchg", "cmpxchg", "WRITE_ONCE", "rcu_assign_pointer", "rcu_replace_pointer", "RCU_INIT_POINTER")
_PLACE = re.compile(r"[A-Za-z_]\w*(?:\s*(?:->|\.)\s*[A-Za-z_]\w*)*(?!\w)(?!\s*\()")


def gives_up(name: str) -> bool:
    """Whether a called function's name says that it drops a reference or frees."""
    return _GIVES_UP.search(name) is not None


@dataclass(frozen=True)
class Holders:
    """What holds a credential: the places that must not be given up, and what is said of it in a refusal.

    `texts` are expressions that stand for it, without white space; `borrowed` says that the caller lends it.
    """

    places: frozenset[str]
    shown: str
    texts: frozenset[str] = frozenset()
    borrowed: bool = False


def _squeezed(text: str) -> str:
    return "".join(text.split()).replace("->", ".")


def _prefixes(place: str) -> Iterator[str]:
    """A place and everything on the way to it."""
    parts = place.split(".")
    for number in range(1, len(parts) + 1):
        yield ".".join(parts[:number])


def _places_in(text: str) -> set[str]:
    """The places that a text names, with everything on the way to them."""
    return {prefix for match in _PLACE.finditer(text) for prefix in _prefixes(_squeezed(match.group()))}


def inlined(wrapper: Wrapper, argument: str) -> str:
    """The expression of a wrapper in terms of what its caller passes."""
    name = re.findall(r"\w+", wrapper.parameter)[-1]
    return re.sub(rf"(?<![\w.>]){re.escape(name)}\b", argument.strip(), wrapper.inlined or wrapper.expression)


def freed_variable(variant: Variant, flow: Flow, node: FlowNode) -> str:
    """The variable whose `__free()` a cleanup node runs."""
    opener = flow.nodes[node.opened]
    text = variant.masked.text[opener.start : opener.end].decode("utf-8", "replace")
    match = re.search(r"(\w+)\s*(?:=|;)", text)
    return match.group(1) if match else ""


class _Lifetime:
    """One override of a function, and what may end the life of its credential."""

    def __init__(self, variant: Variant, steps: Steps, found: Exploration, effects: Effects, call: int) -> None:
        self.variant = variant
        self.steps = steps
        self.found = found
        self.effects = effects
        self.call = call

    # -- who holds it

    def held_by_caller(self, expression: str) -> Holders | str:
        """The holders of what is reached from an argument, or why that is none of the caller's."""
        place = _squeezed(expression)
        root = root_of(place)
        if not re.fullmatch(r"[\w.]+", place):
            return f"{expression} is more than a member of an argument"
        if root not in self.variant.parameters:
            place = self._through_local(place)
            root = root_of(place)
        if root not in self.variant.parameters:
            return f"what {expression} starts from is not the caller's"
        places = set(_prefixes(place)) | set(_prefixes(_squeezed(expression)))
        return Holders(frozenset(places), expression, borrowed=True)

    def _through_local(self, place: str) -> str:
        """A place as the caller knows it, when it starts from a variable that is set once, from an argument."""
        for _ in range(4):
            root = root_of(place)
            values = assigned_values(self.variant, root)
            given = place_of(values[0]) if len(values) == 1 else None
            if root in self.variant.parameters or given is None or "*" in given or self._is_addressed(root):
                break
            place = given + place[len(root) :]
        return place

    def _is_addressed(self, name: str) -> bool:
        return re.search(rf"&\s*{re.escape(name)}\b(?!\s*(?:->|\.))", text_of(self.variant.body)) is not None

    def held_by_mount(self, expression: str, wrapper: Wrapper | None) -> Holders:
        """The super block and what is reached from it; what leads to the super block may go, the mount stays."""
        if wrapper is None:
            return Holders(frozenset(_prefixes(_squeezed(expression))), expression)
        whole = inlined(wrapper, expression)
        base = _squeezed(expression)
        places = {place for place in _places_in(whole) if place == base or place.startswith(base + ".")}
        return Holders(frozenset(places), expression, frozenset({_squeezed(whole)}))

    def held_here(self, expression: str) -> Holders | str:
        """The holder of a reference that the function took itself, in a local variable."""
        name = expression.strip()
        values = assigned_values(self.variant, name)
        if not re.fullmatch(r"\w+", name) or not values or self._is_addressed(name):
            return f"nothing proves that {expression} holds a reference"
        for value in values:
            inner = unparenthesised(value)
            owned = inner.type == "call_expression" and self.effects.references.get(callee(inner)) in (
                Reference.MAKE,
                Reference.TRY_MAKE,
                Reference.TAKE,
            )
            if not owned and not (inner.type == "null" or text_of(inner) == "NULL"):
                return f"{name} is also set to {text_of(inner)}, on which the function holds no reference"
        return Holders(frozenset({name}), name)

    # -- what may give it up

    def aliases(self, holders: Holders) -> Holders:
        """The holders, and the variables that are set to one of them or to what is in force."""
        places = set(holders.places)
        found = True
        while found:
            found = False
            for name, value in _copies(self.variant.nodes):
                inner = unparenthesised(value)
                current = inner.type == "call_expression" and callee(inner) in self.effects.current
                place = place_of(inner)
                text = _squeezed(text_of(inner))
                if place in places or current or text in holders.texts:
                    reached = {name + item[len(str(place)) :] for item in places if item.startswith(f"{place}.")}
                    new = ({name} | reached) - places
                    places |= new
                    found = found or bool(new)
        return replace(holders, places=frozenset(places))

    def lost(self, holders: Holders, *, owned: bool) -> str | None:
        """Why something between the way to the override and its revert may give a holder up, or None."""
        everything = self.aliases(holders)
        for node in self.steps.flow.nodes:
            if not self._matters(node.number):
                continue
            if node.kind is Kind.CLEANUP and node.macro == "__free":
                name = freed_variable(self.variant, self.steps.flow, node)
                if name in everything.places:
                    return f"the scope of {name} ends inside the override"
            if node.syntax is None:
                continue
            for part in self._parts(node.syntax, *_GIVING_UP):
                reason = self._gives_up(part, everything)
                if reason is None and owned:
                    reason = self._gives_away(part, everything) or self._replaces(part, node.number, holders)
                if reason is not None:
                    return reason
        return None

    def _parts(self, syntax: Node, *kinds: str) -> Iterator[Node]:
        """The nodes of some kinds at or below one, and those of what its macros stand for."""
        yield from self.variant.nodes.of(*kinds, within=syntax)
        for use in self.variant.uses_within(syntax):
            for nodes in use.nodes:
                yield from nodes.of(*kinds)

    def _matters(self, number: int) -> bool:
        """Whether a step can run while the override is in force, or lead to it."""
        stacks = self.found.before.get(number, set())
        return any(token.site == self.call for stack in stacks for token in stack) or number in self._before

    @property
    def _before(self) -> set[int]:
        """The flow nodes from which the override can be reached."""
        if not hasattr(self, "_leading"):
            into: dict[int, list[int]] = {}
            for node in self.steps.flow.nodes:
                for _, target in node.edges:
                    into.setdefault(target, []).append(node.number)
            start = [n for n, step in enumerate(self.steps.steps) if any(_is_at(o, self.call) for o in step.operations)]
            seen: set[int] = set()
            while start:
                number = start.pop()
                for source in into.get(number, ()):
                    if source not in seen:
                        seen.add(source)
                        start.append(source)
            self._leading = seen
        return self._leading

    def _gives_up(self, node: Node, holders: Holders) -> str | None:
        if node.type != "call_expression":
            return None
        name, passed = callee(node), arguments(node)
        if any(self._leads_to(argument, holders) for argument in passed):
            for place in self.effects.drops(name):
                if in_call(place, passed) in holders.places:
                    return f"{name}() gives up what holds {holders.shown}, by its body"
        drops = self.effects.references.get(name) is Reference.DROP
        if not drops and not gives_up(name) and name not in _ASSIGNS:
            return None
        for argument in passed:
            inner = unparenthesised(argument)
            text = _squeezed(text_of(inner))
            if inner.type == "pointer_expression" and text.startswith("&"):
                # what is embedded in the object stands for it: kref_put(&ctx->ref, ..)
                prefixes = set(_prefixes(text[1:].strip("()")))
            else:
                prefixes = {place_of(inner) or text}
            current = inner.type == "call_expression" and callee(inner) in self.effects.current
            if current or prefixes & holders.places or text in holders.texts:
                return f"{name}() may give up what holds {holders.shown}"
            if drops and holders.borrowed and isinstance(self.held_here(text_of(inner)), str):
                # f(ctx, ctx->cred): what the caller lends may be held by what is dropped here
                return f"{name}() may give up what holds {holders.shown}, if {text_of(inner)} are the same credentials"
        return None

    @staticmethod
    def _leads_to(argument: Node, holders: Holders) -> bool:
        """Whether a called function can reach a holder from an argument."""
        place = place_of(argument) or text_of(argument).lstrip("&( ").replace("->", ".")
        return any(item == place or item.startswith(place + ".") for item in holders.places)

    def _gives_away(self, node: Node, holders: Holders) -> str | None:
        """The function's own reference may become somebody else's: it is stored where others can drop it."""
        if node.type not in ("assignment_expression", "initializer_pair"):
            return None
        left, right = field(node, "left"), field(node, "right") or field(node, "value")
        target = place_of(left) if left is not None else ""
        kept = target is not None and re.fullmatch(r"\w+", target)
        if right is not None and place_of(right) in holders.places and not kept:
            return f"{text_of(right)} is stored where its reference may be dropped"
        return None

    def _replaces(self, node: Node, number: int, holders: Holders) -> str | None:
        """While the override is in force, the variable with the function's own reference has to keep it."""
        inside = any(token.site == self.call for stack in self.found.before.get(number, ()) for token in stack)
        if inside and node.type == "assignment_expression" and place_of(field(node, "left")) in holders.places:
            return f"{holders.shown} is set to something else while the override is in force"
        return None

    def changed(self, holders: Holders) -> str | None:
        """Why a holder may not be any more what it was when the function was called, or None."""
        root = next(iter(sorted(holders.places, key=len)), "")
        for node in self._parts(self.variant.body, *_CHANGING):
            if node.type == "declaration" and root in _declared(node) and root in self.variant.parameters:
                return f"another {root} is declared in the function"
            if node.type == "while_statement" and _steers(node) & holders.places:
                return f"{root} is what a loop steps through"
            if node.type in ("assignment_expression", "update_expression"):
                target = place_of(field(node, "left") or field(node, "argument"))
                if target in holders.places and not self._is_own_definition(target):
                    return f"{(target or '').replace('.', '->')} is assigned to in the function"
            elif node.type == "pointer_expression":
                target = _squeezed(text_of(node))
                if target.startswith("&") and target[1:].strip("()") in holders.places:
                    return f"the address of {target[1:]} is taken in the function"
        return None

    def _is_own_definition(self, target: str | None) -> bool:
        """Whether an assignment is the one that gives a local variable its only value."""
        return (
            target is not None
            and target not in self.variant.parameters
            and "." not in target
            and len(assigned_values(self.variant, target)) == 1
        )


def _is_at(operation: object, call: int) -> bool:
    return getattr(operation, "call", -1) == call


def _declared(declaration: Node) -> set[str]:
    """The names that a declaration declares."""
    targets = (field(child, "declarator") or child for child in declaration.named_children)
    kinds = ("identifier", "pointer_declarator", "array_declarator")
    return {text_of(name) for target in targets if target.type in kinds for name in list(identifiers(target))[:1]}


def _copies(nodes: Nodes) -> list[tuple[str, Node]]:
    """The simple variables that are set, and to what."""
    found = []
    for node in nodes.of("assignment_expression", "init_declarator"):
        if node.type == "assignment_expression":
            name, value = place_of(field(node, "left")), field(node, "right")
        else:
            names = [text_of(item) for item in identifiers(field(node, "declarator") or node)][:1]
            name, value = (names[0] if names else None), field(node, "value")
        if name is not None and "." not in name and "*" not in name and value is not None:
            found.append((name, value))
    return found


def _steers(loop: Node) -> set[str]:
    """The arguments of a `for_each` macro (which is masked as a `while`): any may be what it steps through."""
    condition = field(loop, "condition")
    inner = unparenthesised(condition) if condition is not None else None
    found = set()
    while inner is not None and inner.type == "comma_expression":
        left, right = field(inner, "left"), field(inner, "right")
        if left is not None:
            found.add(_squeezed(text_of(left)))
        inner = right
    return found | {_squeezed(text_of(inner))} if inner is not None and found else found


def _holders(life: _Lifetime, source: Source, expression: str, wrapper: Wrapper | None) -> Holders | str:
    effects, kind = life.effects, source.kind
    whole = expression if wrapper is None else inlined(wrapper, expression)
    if kind == "mount":
        return life.held_by_mount(expression, wrapper)
    if kind == "ctx" and not source.root_is_parameter:
        return f"the context in {expression} is not the caller's"
    if kind == "global":
        if source.root not in effects.lasting:
            return f"{expression} is not set up once and dropped when the module goes"
        return Holders(frozenset({str(source.root)}), expression)
    owner = source.root_is_parameter and _squeezed(whole) == source.root
    if kind in ("ctx", "file") or owner:
        return life.held_by_caller(whole)
    if kind in ("prepared", "kernel", "task"):
        return life.held_here(expression)
    return f"nothing proves that its credential ({expression}, source: {kind}) outlives the override"


def _is_immortal(expression: str, effects: Effects) -> bool:
    match = re.fullmatch(r"\s*(\w+)\s*\(\s*\)\s*", expression)
    return match is not None and match.group(1) in effects.immortal


def unproven(
    variant: Variant,
    steps: Steps,
    found: Exploration,
    effects: Effects,
    call: int,
    source: Source,
    expression: str,
    via: str,
) -> str | None:
    """Why it is not proven that the credential of the override at `call` outlives its region, or None when it is.

    `via` is the function that the expression is given to; a wrapper puts something else in force than that.
    """
    if _is_immortal(expression, effects):
        return None
    wrapper = effects.wrappers.get(via)
    life = _Lifetime(variant, steps, found, effects, call)
    holders = _holders(life, source, expression, wrapper)
    if isinstance(holders, str):
        return f"nothing keeps the credential alive: {holders}" if not holders.startswith("nothing") else holders
    owned = source.kind in ("prepared", "kernel", "task")
    reason = None if owned or source.kind == "global" else life.changed(holders)
    return reason or life.lost(holders, owned=owned)


def lasting(code: bytes, functions: Iterable[tuple[bytes, bytes]]) -> frozenset[str]:
    """The static credential variables of a file that are set only while it is set up, and dropped only when it goes.

    `functions` are the (head, body) texts of its functions, without comments; `__init` and `__exit` tell set-up from
    the rest, as in include/linux/init.h.
    """
    declared = set(re.findall(rb"^static\s+(?:const\s+)?struct\s+cred\s*\*\s*(\w+)\s*(?:;|=\s*NULL;|__)", code, re.M))
    for head, body in functions:
        if re.search(rb"\b__(?:init|exit|net_init|net_exit)\b", head):
            continue
        for name in list(declared):
            word = re.escape(name)
            written = re.search(rb"\b" + word + rb"\s*=(?!=)|&\s*" + word + rb"\b", body)
            dropped = re.search(rb"\b\w*(?:put|free|abort|release)\w*\s*\(\s*" + word + rb"\s*\)", body)
            if written or dropped:
                declared.discard(name)
    return frozenset(name.decode() for name in declared)
