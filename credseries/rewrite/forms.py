"""The forms of a site as text: `guard()`, `scoped_guard()` and the light pair. What cannot be written is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from tree_sitter import Node

from credseries.creds.operations import Steps
from credseries.creds.sites import Site
from credseries.creds.steps import is_written
from credseries.csource.function import Function, Variant, enclosing_block, node_at
from credseries.csource.mask import closing
from credseries.csource.names import introduced, local_names, other_meaning, variables_in, words_in
from credseries.csource.splice import Copy, Edit, Insert, Spliced
from credseries.csource.syntax import field as child_field
from credseries.csource.syntax import identifiers, text_of, walk
from credseries.rewrite.text import Changes


class Form(Enum):
    """How a site can be written.

    The last two prepare a wrapper to be made light for all of its callers: a counting override by hand in place of its
    call, or its reverts through a function of their own. Neither is chosen for its own sake.
    """

    GUARD = "guard"
    SCOPED = "scoped"
    LIGHT = "light"
    COUNTED = "counted"
    WRAPPED = "wrapped"

    @property
    def macro(self) -> str:
        """The macro of cleanup.h that it uses; empty when it uses none."""
        return {Form.GUARD: "guard", Form.SCOPED: "scoped_guard"}.get(self, "")


FORMS = (Form.GUARD, Form.SCOPED, Form.LIGHT)


class Refused(Exception):
    """A form cannot be written for a site; the message is the reason, for a person."""


@dataclass(frozen=True)
class Names:
    """What the forms are called in a tree, and the accessor, and the function for reverts, of each wrapper.

    `counting` is the pair that takes a reference.
    """

    guard_class: str = "cred"
    override: str = "override_creds_light"
    revert: str = "revert_creds_light"
    counting: tuple[str, str] = ("override_creds", "revert_creds")
    accessors: Mapping[str, str] = field(default_factory=dict)
    reverts: Mapping[str, str] = field(default_factory=dict)


_SCOPE_VARIABLE = "scope"  # the name that scoped_guard() gives its variable (include/linux/cleanup.h)
_STATEMENTS = ("expression_statement", "declaration")
_SIMPLE = (
    "return_statement",
    "goto_statement",
    "expression_statement",
    "break_statement",
    "continue_statement",
)


def _in_labels(node: Node) -> Node:
    """The outermost labelled statement that a statement is the body of, or the statement itself."""
    while node.parent is not None and node.parent.type == "labeled_statement":
        node = node.parent
    return node


def _labels_of(node: Node) -> list[Node]:
    """The labelled statements around a statement, outermost first."""
    found = []
    while node.parent is not None and node.parent.type == "labeled_statement":
        node = node.parent
        found.append(node)
    return list(reversed(found))


def _inner(node: Node) -> Node:
    """The statement behind any labels."""
    while node.type == "labeled_statement" and node.named_child_count > 1:
        node = node.named_children[-1]
    return node


def _label_name(node: Node) -> str:
    return text_of(child_field(node, "label") or node)


def _squeezed(text: bytes) -> int:
    """How much of a text is no white space."""
    return len(b"".join(text.split()))


def _is_else_if(node: Node) -> bool:
    return node.type == "if_statement" and node.parent is not None and node.parent.type == "else_clause"


def _arms(first: Node) -> list[tuple[Node, Node, Node | None]]:
    """The branches of an `if` and its `else`s: what stands before each, the branch, and the `else` after it."""
    found = []
    node: Node | None = first
    while node is not None:
        condition, then = child_field(node, "condition"), child_field(node, "consequence")
        otherwise = child_field(node, "alternative")
        if condition is None or then is None:
            break
        found.append((condition, then, otherwise))
        inner = otherwise.named_children[-1] if otherwise is not None and otherwise.named_children else None
        node = None
        if otherwise is not None and inner is not None:
            if inner.type == "if_statement":
                node = inner
            else:
                found.append((otherwise.children[0], inner, None))
    return found


class _Writer:
    def __init__(self, site: Site, variant: Variant, steps: Steps, names: Names) -> None:
        self.site = site
        self.function: Function = site.function
        self.variant = variant
        self.steps = steps
        self.names = names
        self.changes = Changes(self.function)
        self._unbraced: set[int] = set()
        self.override = self._statement(site.statement[0])
        self.reverts = [self._statement(revert.statement[0]) for revert in site.reverts]

    def _statement(self, start: int) -> Node:
        node = node_at(self.variant.body, start, _STATEMENTS)
        if node is None:
            raise Refused(f"the statement at line {self.function.line(start)} stands in one #if branch only")
        return node

    def line(self, node: Node) -> int:
        return self.function.line(node.start_byte)

    def credential(self) -> tuple[Insert | Copy, ...]:
        """The credential that the site asks for, as pieces: the argument, in the accessor of its wrapper."""
        argument = self._given()
        if self.site.via not in self.wrappers():
            return (argument,)
        accessor = self.accessor()
        call = self.site.call
        return Insert(accessor + b"(", call), argument, Insert(b")", call)

    def accessor(self) -> bytes:
        """The function that returns what the site's wrapper would put in force. Raises Refused when none is named."""
        accessor = self.names.accessors.get(self.site.via)
        if accessor is None:
            raise Refused(f"no accessor for what {self.site.via}() puts in force is named")
        if not self.steps.effects.wrappers[self.site.via].direct:
            raise Refused(f"{self.site.via}() overrides through another wrapper: no accessor stands for it")
        return accessor.encode()

    def brackets(self) -> tuple[int, int]:
        """The offsets of the brackets of the override call."""
        code = self.function.code
        opening = code.index(b"(", self.site.call)
        return opening, closing(code, opening)

    def _given(self) -> Copy:
        """The override call's argument, with the comments that stand beside it in the brackets."""
        opening, close = self.brackets()
        source, (start, end) = self.function.source, self.site.argument
        if source[opening + 1 : start].strip() or source[end:close].strip():
            inside = source[opening + 1 : close]
            start = opening + 1 + len(inside) - len(inside.lstrip())
            end = close - (len(inside) - len(inside.rstrip()))
            if b"//" in source[self.site.argument[1] : end]:
                raise Refused(f"a comment ends the line of the override at line {self.line(self.override)}")
        return Copy(start, end)

    def check_comments(self) -> None:
        """Refuse when a comment in the override or in a revert, outside of what is kept, would be lost."""
        opening, close = self.brackets()
        start, end = self.site.statement
        places = [("override", start, opening), ("override", close, end)]
        places += [("revert", *revert.statement) for revert in self.site.reverts]
        for where, first, last in places:
            if _squeezed(self.function.source[first:last]) != _squeezed(self.function.code[first:last]):
                raise Refused(f"a comment in the {where} at line {self.function.line(first)} would be lost")

    def wrappers(self) -> set[str]:
        return {self.site.via} & self.steps.effects.wrappers.keys()

    def rename(self, call: int, name: str) -> None:
        """Call another function; white space before the bracket goes, a comment there stays."""
        opening = self.function.code.index(b"(", call)
        text = self.function.source[call:opening]
        end = opening if len(text.split()) == 1 else call + len(self.function.code[call:opening].split()[0])
        self.changes.edit(Edit(call, end, (Insert(name.encode(), call),)))

    @cached_property
    def local_names(self) -> set[str]:
        """The names that have a meaning of the function's own."""
        return local_names(self.variant)

    # -- what the removal of the saved variable needs

    def drop_variable(self) -> None:
        """Refuse when the saved variable has another reader; remove its declaration when nothing uses it any more."""
        variable = self.site.variable
        reads = self.steps.reads.get(variable, [])
        if reads:
            raise Refused(f"{variable} is also read at line {self.function.line(reads[0])}")
        own = [self.site.statement, *(revert.statement for revert in self.site.reverts)]
        left = [
            (node, self._declaration_of(node))
            for node in identifiers(self.variant.body)
            if text_of(node) == variable and not any(start <= node.start_byte < end for start, end in own)
        ]
        uses = [node for node, declaration in left if declaration is None]
        if uses and all(map(is_written, uses)):
            raise Refused(f"{variable} would only be set any more (line {self.line(uses[0])})")
        for name, declaration in () if uses else left:  # another site may still use it
            self._check_initialiser(name)
            self._drop_declarator(declaration, variable)

    def _check_initialiser(self, name: Node) -> None:
        """Refuse when the declaration of a name uses another variable, which nothing else may use."""
        node: Node | None = name
        while node is not None and node.type in ("identifier", "pointer_declarator"):
            node = node.parent
        value = child_field(node, "value") if node is not None and node.type == "init_declarator" else None
        used = variables_in(self.variant, value) - {"NULL"} if value is not None else set()
        if used:
            raise Refused(f"{text_of(name)} is set to {min(used)} where it is declared (line {self.line(name)})")

    def kept_declaration(self, after: bytes = b"\n") -> tuple[Insert | Copy, ...]:
        """What declares the saved variable when the override did, and other statements of its block still use it."""
        if self.override.type != "declaration":
            return ()
        block, own = self.block(), [self.site.statement, *(revert.statement for revert in self.site.reverts)]
        used = any(
            text_of(node) == self.site.variable and not any(start <= node.start_byte < end for start, end in own)
            for node in identifiers(block)
        )
        declarator = next((child for child in self.override.named_children if child.type == "init_declarator"), None)
        target = child_field(declarator, "declarator") if declarator is not None else None
        if not used or target is None:
            return ()
        line = self.function.lines.start_of(self.override.start_byte)
        indent = self.function.source[line : self.override.start_byte]
        return Copy(self.override.start_byte, target.end_byte), Insert(b";" + after + indent, self.override.start_byte)

    @staticmethod
    def _declaration_of(identifier: Node) -> Node | None:
        node: Node | None = identifier
        while node is not None and node.type in ("identifier", "pointer_declarator", "init_declarator"):
            parent = node.parent
            if node.type == "init_declarator":
                value = child_field(node, "value")
                if value is not None and value.start_byte <= identifier.start_byte:
                    return None
            node = parent
        return node if node is not None and node.type == "declaration" else None

    def _drop_declarator(self, declaration: Node | None, variable: str) -> None:
        if declaration is None:
            return
        kinds = ("identifier", "pointer_declarator", "init_declarator", "array_declarator")
        declarators = [
            child
            for index, child in enumerate(declaration.children)
            if child.type in kinds and declaration.field_name_for_child(index) == "declarator"
        ]
        mine = [item for item in declarators if any(text_of(name) == variable for name in identifiers(item))]
        if len(declarators) == 1:
            self.changes.drop(declaration.start_byte, declaration.end_byte)
            return
        index = declarators.index(mine[0])
        if index + 1 < len(declarators):
            self.changes.edit(Edit(mine[0].start_byte, declarators[index + 1].start_byte))
        else:
            self.changes.edit(Edit(declarators[index - 1].end_byte, mine[0].end_byte))

    # -- reverts and labels

    def block(self) -> Node:
        """The block whose statements the override is one of."""
        if self.override.parent is not None and self.override.parent.type == "labeled_statement":
            raise Refused(f"the override follows a label (line {self.line(self.override)}): no declaration may")
        block = enclosing_block(self.override)
        if block is None:
            raise Refused(f"the override at line {self.line(self.override)} is conditional: it has no block of its own")
        return block

    def drop_revert(self, statement: Node) -> None:
        """Remove a revert, and braces that then hold a single statement."""
        outer = _in_labels(statement)
        block = outer.parent
        if block is None or block.type not in ("compound_statement", "case_statement"):
            raise Refused(f"the revert at line {self.line(statement)} is conditional: it has no block of its own")
        self._check_labels(statement, outer, block)
        self.changes.drop(statement.start_byte, statement.end_byte)
        others = [child for child in block.named_children if child.id != outer.id]
        holder = block.parent
        if holder is None or holder.type not in ("if_statement", "else_clause"):
            return
        if not others:
            raise Refused(f"the block of the revert at line {self.line(statement)} would be empty")
        self._unbrace(holder)

    def _check_labels(self, statement: Node, outer: Node, block: Node) -> None:
        """Refuse when a label, or a `case`, would have no statement behind it any more; jumped to, it goes as well."""
        children = [child for child in block.named_children if child.type != "comment"]
        last = children[-1].id == outer.id
        targets = {name for _, name in self.steps.flow.gotos}
        labels = [label for label in _labels_of(statement) if _label_name(label) not in targets]
        if labels and last:
            raise Refused(f"label {_label_name(labels[0])} would have no statement")
        value = child_field(block, "value") if block.type == "case_statement" else None
        others = [child for child in children if child.id != outer.id and (value is None or child.id != value.id)]
        around = block.parent if block.type == "case_statement" else None
        if around is not None and not others and around.named_children[-1].id == block.id:
            raise Refused(f"the case of the revert at line {self.line(statement)} would have no statement")

    def _unbrace(self, holder: Node) -> None:
        """Remove the braces of an `if` and its `else`s where each is left with a single statement on a line."""
        first: Node = holder
        while first.parent is not None and (first.type == "else_clause" or _is_else_if(first)):
            first = first.parent
        if first.id in self._unbraced:
            return
        self._unbraced.add(first.id)
        edits: list[tuple[Edit, list[int]]] = []
        for head, arm, following in _arms(first):
            if arm.type == "compound_statement":
                bare = self._bare(head, arm, following)
                if bare is None:
                    return
                edits.append(bare)
            elif arm.type not in _SIMPLE:
                return
        for edit, gone in edits:
            self.changes.edit(edit)
            for number in gone:
                self.changes.drop_line(number)
        for _, arm, following in _arms(first):
            if arm.type == "compound_statement" and following is not None:
                self.changes.edit(Edit(arm.end_byte - 1, following.start_byte))

    def _bare(self, head: Node, arm: Node, following: Node | None) -> tuple[Edit, list[int]] | None:
        """What removes the opening brace of an arm, and the lines that go; None when the braces have to stay."""
        lines, source = self.function.lines, self.function.source
        own = {revert.id for revert in self.reverts}
        left = [child for child in arm.named_children if child.id not in own]
        if len(left) != 1 or left[0].type not in _SIMPLE:
            return None
        if any(use.start == left[0].start_byte for use in self.variant.uses):
            return None  # a macro may be an `if`, or nothing at all
        first, last, line = (lines.number(at) for at in (arm.start_byte, arm.end_byte - 1, left[0].start_byte))
        reverts = {lines.number(child.start_byte) for child in arm.named_children if self._has_its_line(child, own)}
        between = set(range(first + 1, last)) - reverts
        blank = {number for number in between if not self.changes.line_text(number).strip()}
        if between - blank != {line} or lines.number(left[0].end_byte - 1) != line:
            return None
        # `{` ends the line of a condition that is on that line alone; `}` begins one, where at most `else` follows
        stop = following.start_byte if following is not None else lines.end_of(arm.end_byte - 1) - 1
        around = (
            source[head.end_byte : arm.start_byte],
            source[arm.start_byte + 1 : lines.start(first + 1) - 1],
            source[lines.start(last) : arm.end_byte - 1],
            source[arm.end_byte : stop],
        )
        if lines.number(head.start_byte) != first or any(text.strip(b" \t") for text in around):
            return None
        gone = [*blank] if following is not None else [*blank, last]
        return Edit(head.end_byte, arm.start_byte + 1), gone

    def _has_its_line(self, statement: Node, own: set[int]) -> bool:
        """Whether a statement is one of the site's reverts and nothing else is on its line."""
        text = self.changes.line_text(self.function.lines.number(statement.start_byte))
        return statement.id in own and text.strip() == self.function.source[statement.start_byte : statement.end_byte]

    def following(self, block: Node, outer: Node) -> list[Node]:
        """The statements after one in its block, without this site's reverts."""
        children = [child for child in block.named_children if child.type != "comment"]
        index = next(i for i, child in enumerate(children) if child.id == outer.id)
        own = {revert.id for revert in self.reverts}
        return [child for child in children[index + 1 :] if _inner(child).id not in own or child.id != _inner(child).id]

    def exit_value(self, label: Node) -> tuple[bool, Node | None]:
        """Whether what a label leads to only reverts and returns, and the value that it returns."""
        inner = _inner(label)
        own = {revert.id for revert in self.reverts}
        block = enclosing_block(label)
        if block is None:
            return False, None
        if inner.id in own:
            rest = self.following(block, _in_labels(label))
            target = rest[0] if rest else None
        else:
            target = inner
        if target is None:
            function_body = block.id == self.variant.body.id
            return function_body, None
        target = _inner(target)
        if target.type != "return_statement":
            return False, None
        return True, target.named_children[0] if target.named_children else None

    def return_instead(self, label: Node) -> None:
        """Turn every goto to a label that only reverts and returns into that return, and drop the label."""
        name = _label_name(label)
        ok, value = self.exit_value(label)
        if not ok:
            raise Refused(f"label {name} (line {self.line(label)}) does more than return")
        for node in walk(self.variant.body):
            if node.type == "goto_statement" and _label_name(node) == name:
                if value is None and not self._returns_nothing():
                    raise Refused(f"label {name} (line {self.line(label)}) leads to no value that the function returns")
                if value is not None:
                    self._check_meaning(value, node, label)
                pieces: tuple[Insert | Copy, ...] = (Insert(b"return;", node.start_byte),)
                if value is not None:
                    pieces = (
                        Insert(b"return ", node.start_byte),
                        Copy(value.start_byte, value.end_byte),
                        Insert(b";", node.start_byte),
                    )
                self.changes.edit(Edit(node.start_byte, node.end_byte, pieces))
        colon = next(child for child in label.children if child.type == ":")
        self.changes.drop(label.start_byte, colon.end_byte)

    def _returns_nothing(self) -> bool:
        """Whether the function is one without a value."""
        definition = self.variant.definition
        kind, declarator = child_field(definition, "type"), child_field(definition, "declarator")
        plain = declarator is not None and declarator.type == "function_declarator"
        return plain and kind is not None and text_of(kind) == "void"

    def _check_meaning(self, value: Node, goto: Node, label: Node) -> None:
        """Refuse when a name in the returned value means another variable where the goto is."""
        other = other_meaning(self.variant, variables_in(self.variant, value), label, goto)
        if other is not None:
            raise Refused(f"the goto at line {self.line(goto)} may see another {other} than the label that it goes to")

    def labels_in(self, start: int, end: int) -> list[Node]:
        """Labels that are jumped to and stand in a byte range."""
        targets = {name for _, name in self.steps.flow.gotos}
        return [
            node
            for node in walk(self.variant.body)
            if node.type == "labeled_statement" and start <= node.start_byte < end and _label_name(node) in targets
        ]


def _guard(writer: _Writer) -> Spliced:
    block = writer.block()
    writer.check_comments()
    call = writer.site.call
    head = Insert(f"guard({writer.names.guard_class})(".encode(), call)
    pieces = (*writer.kept_declaration(), head, *writer.credential(), Insert(b");", call))
    writer.changes.edit(Edit(writer.override.start_byte, writer.override.end_byte, pieces))
    for revert in writer.reverts:
        writer.drop_revert(revert)
    own = {label.id for revert in writer.reverts for label in _labels_of(revert)}
    inside = (writer.override.end_byte, block.end_byte)
    for label in writer.labels_in(*inside):
        leaves_before = [
            offset
            for offset, name in writer.steps.flow.gotos
            if name == _label_name(label) and not inside[0] <= offset < inside[1]
        ]
        ok, _ = writer.exit_value(label)
        if ok and (label.id in own or leaves_before):
            writer.return_instead(label)
        elif leaves_before:
            line = writer.function.line(leaves_before[0])
            raise Refused(f"goto {_label_name(label)} (line {line}) would jump over the guard into its scope")
        else:
            line = writer.line(label)
            raise Refused(
                f"label {_label_name(label)} (line {line}) would unwind inside the guard's scope; "
                "cleanup.h asks not to mix goto and scoped cleanup"
            )
    writer.drop_variable()
    return writer.changes.spliced()


def _scoped(writer: _Writer) -> Spliced:
    block = writer.block()
    function, lines = writer.function, writer.function.lines
    siblings = [child for child in block.named_children if child.type != "comment"]
    start = next(i for i, child in enumerate(siblings) if child.id == writer.override.id)
    own = {revert.id: revert for revert in writer.reverts}
    ends = [i for i, child in enumerate(siblings) if i > start and _inner(child).id in own]
    if len(ends) != 1:
        where = ", ".join(str(function.line(revert.start_byte)) for revert in writer.reverts)
        raise Refused(f"the region is not one sequence of statements (reverts at lines {where})")
    main, region = siblings[ends[0]], siblings[start + 1 : ends[0]]
    if not region:
        raise Refused("the region is empty")
    for label in writer.labels_in(region[0].start_byte, main.start_byte):
        raise Refused(
            f"label {_label_name(label)} (line {writer.line(label)}) would unwind inside the scope; "
            "cleanup.h asks not to mix goto and scoped cleanup"
        )
    if any(text_of(name) == _SCOPE_VARIABLE for node in region for name in identifiers(node)):
        raise Refused(f"the region uses {_SCOPE_VARIABLE}, which scoped_guard() declares anew")
    if function.source[lines.start_of(writer.override.start_byte)] not in b" \t":
        raise Refused("a brace at the beginning of a line ends a function, for those who read it by its lines")
    _check_declarations(writer, region, main, block)
    writer.check_comments()
    for revert in writer.reverts:
        if revert.id != _inner(main).id:
            writer.drop_revert(revert)
    first = lines.number(writer.override.end_byte - 1) + 1
    last = lines.number(main.start_byte) - 1
    while first <= last and not writer.changes.line_text(first).strip():
        writer.changes.drop_line(first)
        first += 1
    while last >= first and not writer.changes.line_text(last).strip():
        writer.changes.drop_line(last)
        last -= 1
    if lines.number(region[0].start_byte) < first or lines.number(region[-1].end_byte - 1) > last:
        raise Refused("the region shares a line with its override or its revert")
    if any(writer.changes.line_text(number).lstrip().startswith(b"#") for number in range(first, last + 1)):
        raise Refused("the region holds preprocessor lines")
    call = writer.site.call
    head = Insert(f"scoped_guard({writer.names.guard_class}, ".encode(), call)
    pieces = (*writer.kept_declaration(b"\n\n"), head, *writer.credential(), Insert(b") {", call))
    writer.changes.edit(Edit(writer.override.start_byte, writer.override.end_byte, pieces))
    writer.changes.indent(first, last)
    _close_scope(writer, main, lines.start(last + 1), siblings[ends[0] + 1 :])
    writer.drop_variable()
    return writer.changes.spliced()


def _close_scope(writer: _Writer, main: Node, at: int, rest: list[Node]) -> None:
    """Put the closing brace in place of the revert; a label on the revert goes to the next statement.

    A single statement has braces too: checkpatch.pl accepts either, and without them a call whose result is lost, or a
    second statement that is added later, is easily overlooked.
    """
    column = writer.function.source[writer.function.lines.start_of(writer.override.start_byte) :]
    indent = column[: len(column) - len(column.lstrip(b" \t"))]
    writer.changes.edit(Edit(at, at, (Insert(indent + b"}\n", at),)))
    revert = _inner(main)
    labels = _labels_of(revert)
    if labels and rest and _inner(rest[0]).type == "declaration":
        raise Refused(f"label {_label_name(labels[0])} would stand before a declaration")
    writer.changes.drop(revert.start_byte, revert.end_byte)
    if labels and not rest:
        for label in labels:
            writer.return_instead(label)


def _check_declarations(writer: _Writer, region: list[Node], main: Node, block: Node) -> None:
    """Refuse when what follows the region uses a name that is known from a statement of it on."""
    after = words_in(writer.variant, main.end_byte, block.end_byte)
    for node in region:
        for name in introduced(node):
            if name in after:
                raise Refused(f"{name}, declared in the region at line {writer.line(node)}, is used after it")


def _check_names(writer: _Writer, form: Form) -> None:
    """Refuse when the words that a form brings mean something of the function's, or of its file's, own."""
    names, site = writer.names, writer.site
    made = [f"class_{names.guard_class}_{part}" for part in ("t", "constructor", "destructor", "lock_ptr")]
    words = {
        Form.GUARD: made,
        Form.SCOPED: made,
        Form.LIGHT: [names.override, names.revert],
        Form.COUNTED: list(names.counting),
        Form.WRAPPED: [name for via, name in names.reverts.items() if via == site.via],
    }[form]
    words += [name for via, name in names.accessors.items() if via == site.via]
    own = writer.local_names.intersection(words)
    macros = writer.variant.macros.named
    own |= {name for name in (*words, form.macro) if name in macros and macros[name].path == writer.function.path}
    if own:
        raise Refused(f"{min(own)} has a meaning of its own there")


def _light(writer: _Writer) -> Spliced:
    """The light pair: other names, and nothing else; comments stay where they are."""
    names, site = writer.names, writer.site
    if site.via in writer.wrappers():
        _call_with_accessor(writer, names.override)
    else:
        writer.rename(site.call, names.override)
    for revert in site.reverts:
        writer.rename(revert.call, names.revert)
    return writer.changes.spliced()


def _call_with_accessor(writer: _Writer, name: str) -> None:
    """Call an override with what the site's wrapper would put in force."""
    opening, close = writer.brackets()
    accessor = writer.accessor()
    head = Insert(name.encode() + b"(" + accessor + b"(", writer.site.call)
    writer.changes.edit(Edit(writer.site.call, opening + 1, (head,)))
    writer.changes.edit(Edit(close, close, (Insert(b")", close),)))


def _counted(writer: _Writer) -> Spliced:
    """What the wrapper does, in the place of its call; the reverts stay."""
    if writer.site.via not in writer.wrappers():
        raise Refused(f"{writer.site.via}() is no wrapper of {writer.names.counting[0]}()")
    _call_with_accessor(writer, writer.names.counting[0])
    return writer.changes.spliced()


def _wrapped(writer: _Writer) -> Spliced:
    """The reverts through the function that belongs to the wrapper; the override stays."""
    name = writer.names.reverts.get(writer.site.via)
    if name is None:
        raise Refused(f"no function for the reverts of {writer.site.via}() is named")
    for revert in writer.site.reverts:
        writer.rename(revert.call, name)
    return writer.changes.spliced()


_WRITERS = {
    Form.GUARD: _guard,
    Form.SCOPED: _scoped,
    Form.LIGHT: _light,
    Form.COUNTED: _counted,
    Form.WRAPPED: _wrapped,
}


def write(site: Site, variant: Variant, steps: Steps, form: Form, names: Names) -> Spliced:
    """The function's text with one site in a form. Raises Refused when the form cannot be written there."""
    try:
        writer = _Writer(site, variant, steps, names)
        _check_names(writer, form)
        return _WRITERS[form](writer)
    except ValueError as error:
        raise Refused(f"the changes contradict each other ({error})") from error


def write_naive_guard(site: Site, names: Names) -> Spliced:
    """What an SmPL rule would make of the site: a guard in place, reverts gone. Not valid C in general.

    It shows what an in-place guard would move; nothing is ever proposed from it.
    """
    changes = Changes(site.function)
    accessor = names.accessors.get(site.via)
    opening, closing = (f"{accessor}(", ")") if accessor else ("", "")
    head = Insert(f"guard({names.guard_class})({opening}".encode(), site.call)
    pieces = (head, Copy(*site.argument), Insert(f"{closing});".encode(), site.call))
    changes.edit(Edit(*site.statement, pieces))
    for revert in site.reverts:
        changes.edit(Edit(*revert.statement, (Insert(b";", revert.statement[0]),)))
    return changes.spliced()
