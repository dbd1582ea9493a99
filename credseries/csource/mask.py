"""Same-length masking of what tree-sitter's C grammar cannot know: the macros that kernel C is written in.

Every step keeps the byte length, so that offsets in the masked text index the source. What has a meaning of its own
(`__free(..)`, scoped macros) is blanked or turned into a loop for the parser, and kept in a side table. The macros of
cleanup.h are known; what another macro before a statement is, its definition says, and without one its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from credseries.csource.statements import NO_MACROS, SCOPED, Meaning, Part, Shape, StatementMacros

_ANNOTATIONS = frozenset(
    b"""__init __exit __initdata __exitdata __initconst __devinit __user __kernel __force __iomem __percpu __rcu __safe
    __must_check __always_inline __always_unused __maybe_unused __used __unused __cold __hot __pure __deprecated
    __weak __noreturn __visible __latent_entropy __no_sanitize_address __no_kcsan __no_kasan_or_inline __no_profile
    __no_sanitize_memory __no_sanitize_undefined __noclone __nocfi __noendbr __naked __flatten __malloc __ref __refdata
    __sched __lockfunc __kprobes __cpuidle __noscs __noinitretpoline __read_mostly __ro_after_init __randomize_layout
    __no_randomize_layout __packed __aligned_u64 __bitwise __private __nocast __context_unsafe __meminit __memexit
    __cacheline_aligned __cacheline_aligned_in_smp ____cacheline_aligned ____cacheline_aligned_in_smp __page_aligned_bss
    __page_aligned_data __bpf_kfunc __bpf_hook_start __net_init __net_exit __audit_syscall_entry noinline noinstr
    noinline_for_stack noinline_for_tracing asmlinkage notrace nokprobe_inline __no_stack_protector
    __head __entry_text __ksym __signed__ __extension__ __nonstring __uninitialized uninitialized_var __nostackprotector
    __ipv6_addr_type_unused __designated_init __capability __counted_by_unused __no_kstack_erase""".split()
)
_CALL_ANNOTATIONS = frozenset(
    b"""__must_hold __acquires __releases
    __acquire_shared __cond_acquires __printf __scanf __section __aligned __alloc_size
    __attribute__ __attribute __malloc __realloc_size __counted_by __counted_by_le __counted_by_be __assume_aligned
    __guarded_by __must_hold_shared __acquires_shared __releases_shared __diagnose_as __error __no_sanitize
    __noinline_for_kunit __deprecated_msg __assume __cleanup __diag_ignore""".split()
)
_WORD = re.compile(rb"[A-Za-z_]\w*")
_LOOP_NAME = re.compile(rb"\w*(?:for_each|foreach)\w*")
_SCOPED_LOOP = re.compile(rb"\w*for_each\w*_scoped\w*")  # its loop variable is given up when the loop is left
# Scope macros without a definition in what was read.
_SCOPED_NAME = re.compile(rb"scoped_\w+|with_\w+|\w+_scoped_guard")
_CLEANUP = re.compile(rb"(?:__cleanup|\bcleanup|__cleanup__)\s*\(\s*(\w+)\s*\)")
_SYSCALL = re.compile(rb"(?:COMPAT_)?SYSCALL(?:32)?_DEFINE\d\s*\(")
_TYPE = (
    rb"(?:const\s+|volatile\s+)*"
    rb"(?:(?:struct|union|enum)\s+\w+|(?:unsigned|signed|long|short|int|char|void|bool|_Bool)"
    rb"(?:\s+(?:unsigned|signed|long|short|int|char))*)"
    rb"(?:\s*\*)*(?:\s*const)?"
)
# A type between commas, or at either end of a list with a comma: an argument of a macro. A cast has no comma, and a
# parameter has a name after its type.
_TYPE_ARGUMENT = re.compile(rb"(?<=[(,])(\s*)(" + _TYPE + rb")(?=\s*,)|(?<=,)(\s*)(" + _TYPE + rb")(?=\s*\))")
_STATEMENT_BEFORE = frozenset(b"{};:)")
_BRACKET = re.compile(rb"[()\[\]{}]")
_NO_STATEMENT_AFTER = frozenset(b";,)=.+-*/%&|^<>?:][")


@dataclass(frozen=True)
class ScopeMacro:
    """A macro that the next statement is in the hands of; byte ranges of its name and of its arguments.

    `meaning` is what its definition makes of it; None when the macro is one of cleanup.h, or known by its name alone.
    """

    name: str
    start: int
    args_start: int
    args_end: int
    meaning: Meaning | None = None

    @property
    def shape(self) -> Shape:
        """What becomes of the next statement."""
        return Shape.ONCE if self.meaning is None else self.meaning.shape


@dataclass(frozen=True)
class Masked:
    """Text for the parser, and what was taken out of it, by byte offset.

    `scopes` are macros before a statement, `declared` macros that open a scope where they stand, `frees` the scopes
    of variables (`__free(class)`, `__cleanup(function)`), `jumps` macros that leave the function or go elsewhere in it.
    `conditional` are the classes whose statement may be skipped, `loops` the `for_each` macros that became a `while`.
    """

    text: bytes
    scopes: Mapping[int, ScopeMacro] = field(default_factory=dict)
    frees: Mapping[int, Part] = field(default_factory=dict)
    declared: Mapping[int, Meaning] = field(default_factory=dict)
    jumps: Mapping[int, str] = field(default_factory=dict)
    conditional: frozenset[str] = frozenset()
    loops: Mapping[int, str] = field(default_factory=dict)


def closing(text: bytes | bytearray, opening: int) -> int:
    """The offset of the bracket that closes the one at `opening`, or -1."""
    pairs = {0x28: 0x29, 0x5B: 0x5D, 0x7B: 0x7D}
    stack: list[int] = []
    for match in _BRACKET.finditer(text, opening):
        byte = match.group()[0]
        if byte in pairs:
            stack.append(pairs[byte])
        elif not stack or stack.pop() != byte:
            return -1
        if not stack:
            return match.start()
    return -1


def nesting(text: bytes) -> int:
    """How deep brackets of any kind stand in each other, those that are never closed as well."""
    deepest = depth = 0
    for match in _BRACKET.finditer(text):
        depth = depth + 1 if match.group() in b"([{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest


def _skip_space(text: bytes | bytearray, at: int) -> int:
    while at < len(text) and text[at] in b" \t\n\r\f":
        at += 1
    return at


def _fill(text: bytearray, start: int, end: int, word: bytes = b"") -> None:
    for at in range(start, end):
        if text[at] != 0x0A:
            text[at] = 0x20
    text[start : start + len(word)] = word


def _before(text: bytearray, at: int) -> tuple[int, bytes]:
    """The last byte before `at` that is no space, and the word that ends there (if one does)."""
    at -= 1
    while at >= 0 and text[at] in b" \t\n\r\f":
        at -= 1
    end = at + 1
    while at >= 0 and (text[at : at + 1].isalnum() or text[at] == 0x5F):
        at -= 1
    return (text[end - 1] if end > 0 else 0x7B), bytes(text[at + 1 : end])


class _Masker:
    def __init__(self, code: bytes, macros: StatementMacros) -> None:
        self.text = bytearray(code)
        self.macros = macros
        self.before_statements = macros.before_statements
        self.opening = macros.opening
        self.scopes: dict[int, ScopeMacro] = {}
        self.loops: dict[int, str] = {}
        self.frees: dict[int, Part] = {}
        self.declared: dict[int, Meaning] = {}
        self.jumps: dict[int, str] = {}

    def run(self) -> Masked:
        self._syscall_head()
        self._types()
        for match in _WORD.finditer(bytes(self.text)):
            word = match.group()
            if word in _ANNOTATIONS:
                _fill(self.text, *match.span())
                continue
            if word in self.macros.jumping:
                self.jumps[match.start()] = word.decode()
            if word == b"fallthrough":
                after = _skip_space(self.text, match.end())
                if self.text[after : after + 1] == b";":
                    _fill(self.text, match.start(), after + 1)
            elif self._has_arguments(match.end()):
                self._call(match.start(), match.end(), word)
            elif word in self.before_statements:
                self._bare_macro(match.start(), match.end(), word)
        tables = (self.scopes, self.frees, self.declared, self.jumps)
        return Masked(bytes(self.text), *tables, self.macros.conditional, self.loops)

    def _has_arguments(self, end: int) -> bool:
        after = _skip_space(self.text, end)
        return self.text[after : after + 1] == b"("

    def _call(self, start: int, end: int, word: bytes) -> None:
        opening = _skip_space(self.text, end)
        if word in _CALL_ANNOTATIONS:
            close = closing(self.text, opening)
            if close > 0:
                attribute = _CLEANUP.search(self.text, start, close + 1)
                if attribute is not None:
                    self.frees[start] = Part("__cleanup", attribute.group(1).decode())
                _fill(self.text, start, close + 1)
        elif word == b"__free":
            close = closing(self.text, opening)
            if close > 0:
                self.frees[start] = Part("__free", bytes(self.text[opening + 1 : close]).strip().decode())
                _fill(self.text, start, close + 1)
        elif word == b"return_ptr":
            if self._stands_alone(start):
                _fill(self.text, start, end, b"return")
        elif word in self.before_statements or (_SCOPED_NAME.fullmatch(word) and self.macros.defines(word.decode())):
            self._tree_macro(start, end, word, closing(self.text, opening))
        elif _LOOP_NAME.fullmatch(word) or _SCOPED_NAME.fullmatch(word):
            self._statement_macro(start, end, word)

    def _stands_alone(self, start: int) -> bool:
        """Whether a statement can begin at an offset, by what is before it."""
        byte, previous = _before(self.text, start)
        return byte in _STATEMENT_BEFORE or previous in (b"else", b"do")

    def _bare_macro(self, start: int, end: int, word: bytes) -> None:
        """A macro of the tree that is used without brackets."""
        if not self.macros.takes_arguments(word.decode()):
            self._tree_macro(start, end, word, -1)

    def _tree_macro(self, start: int, end: int, word: bytes, close: int) -> None:
        """A macro whose definition is known, used where a statement can begin."""
        if not self._stands_alone(start):
            return
        last = max(close + 1, end)
        after = _skip_space(self.text, last)
        ends = self.text[after : after + 1] == b";"
        if ends and word not in self.opening:
            return  # a call, or a loop over nothing
        meaning = self.macros.meaning(word.decode(), bytes(self.text[start:last]).decode("utf-8", "replace"))
        if meaning is not None and meaning.shape is Shape.DECLARATION:
            self.declared[start] = replace(meaning, name=word.decode())
        elif meaning is not None and meaning.shape is not Shape.UNKNOWN:
            if meaning.parts or not ends:
                self._understood(start, end, word, close, meaning)
        elif _LOOP_NAME.fullmatch(word) and close > 0:
            self._statement_macro(start, end, word)
        elif meaning is not None or self._begins_statement(after):
            reason = meaning.reason if meaning is not None else "it stands before a statement"
            reason = f"{word.decode()}() is a macro that is not understood: {reason}"
            self._understood(start, end, word, close, Meaning(Shape.UNKNOWN, reason=reason))

    def _begins_statement(self, at: int) -> bool:
        return at < len(self.text) and self.text[at] not in _NO_STATEMENT_AFTER

    def _understood(self, start: int, end: int, word: bytes, close: int, meaning: Meaning) -> None:
        """Write what a macro is to the statement after it, as far as its text has room for it."""
        if meaning.shape is Shape.PLAIN:
            _fill(self.text, start, max(close + 1, end))
            return
        keyword = b"if" if meaning.shape is Shape.BRANCH else b"while"
        if close < 0:
            room = len(word) >= len(keyword) + 3
            listed = (end, end)
        else:
            listed = (_skip_space(self.text, end) + 1, close)
            room = len(word) >= len(keyword)
        if not bytes(self.text[slice(*listed)]).strip():
            room = max(close + 1, end) - start >= len(keyword) + 3
        if not room:
            return  # the parser will stumble over it, and the function will not be read
        self.scopes[start] = ScopeMacro(word.decode(), start, *listed, meaning)
        self._write_loop(start, end, *listed, keyword)

    def _write_loop(self, start: int, end: int, first: int, last: int, keyword: bytes) -> None:
        if bytes(self.text[first:last]).strip():
            _fill(self.text, start, end, keyword)
            return
        stop = max(last + 1, end) if last > end else end
        _fill(self.text, start, stop, keyword)
        self.text[stop - 3 : stop] = b"(x)"  # no constant: the loop ends

    def _statement_macro(self, start: int, end: int, word: bytes) -> None:
        if not self._stands_alone(start):
            return
        opening = _skip_space(self.text, end)
        close = closing(self.text, opening)
        if close < 0:
            return
        after = _skip_space(self.text, close + 1)
        # what follows a form of cleanup.h is a statement, whatever it begins with
        if after >= len(self.text) or (word.decode() not in SCOPED and self.text[after] in _NO_STATEMENT_AFTER):
            return
        meaning = None
        if _SCOPED_LOOP.fullmatch(word):
            meaning = Meaning(Shape.LOOP, (Part("__free", word.decode()),))
        if meaning is not None or _LOOP_NAME.fullmatch(word) is None:
            self.scopes[start] = ScopeMacro(word.decode(), start, opening + 1, close, meaning)
        else:
            self.loops[start] = word.decode()
        empty = not bytes(self.text[opening + 1 : close]).strip()
        if len(word) >= (6 if empty else 5):
            self._write_loop(start, end, opening + 1, close, b"while")

    def _types(self) -> None:
        def join(match: re.Match[bytes]) -> bytes:
            space, text = (match.group(1), match.group(2)) if match.group(2) else (match.group(3), match.group(4))
            word = re.sub(rb"[\s*]", b"_", text)
            return space + word[:1].upper() + word[1:]

        body = self.text.find(b"{")
        self.text[body:] = _TYPE_ARGUMENT.sub(join, bytes(self.text[body:]))

    def _syscall_head(self) -> None:
        body = self.text.find(b"{")
        match = _SYSCALL.search(self.text, 0, max(body, 0))
        if match is None:
            return
        close = closing(self.text, match.end() - 1)
        name = re.match(rb"\s*(\w+)", bytes(self.text[match.end() :]))
        if close < 0 or name is None:
            return
        head = b"long " + name.group(1) + b"("
        _fill(self.text, match.start(), close, head)


def mask(code: bytes, macros: StatementMacros = NO_MACROS) -> Masked:
    """Mask one function definition, given as text whose comments, literals and directives are blank.

    `macros` are the macros that the function's file sees, as far as they were read.
    """
    return _Masker(code, macros).run()
