"""Small C functions as text, and what the engine makes of them."""

from __future__ import annotations

from credseries.creds.effects import CREDENTIALS, Effects
from credseries.creds.proof import Counterexample
from credseries.creds.sites import Analysis, analyse
from credseries.csource.function import Function, Variant
from credseries.csource.splice import Copy, Edit, Insert, Spliced, splice
from credseries.rewrite.forms import Form, Names
from credseries.rewrite.plan import Judged, Planner, check

NAMES = Names()
CTX = "struct my_ctx *ctx"


def function(text: str, name: str = "f") -> Function:
    """A function whose text is `text`, at line 1 of t.c."""
    return Function("t.c", name, text.strip("\n").encode(), 1)


def body(statements: str, parameters: str = CTX, result: str = "int") -> Function:
    """A function around statements; its head and brace are lines 1 and 2, so statements begin at line 3."""
    return function(f"{result} f({parameters})\n{{\n{statements.strip(chr(10))}\n}}")


def only_variant(item: Function) -> Variant:
    """The one variant of a function that has no `#if`."""
    assert item.unreadable is None, item.unreadable
    [variant] = item.variants
    return variant


def analysed(item: Function, effects: Effects = CREDENTIALS) -> Analysis:
    """The analysis of a function that can be read."""
    analysis = analyse(item, effects)
    assert analysis.unreadable is None, analysis.unreadable
    return analysis


def judged(item: Function, effects: Effects = CREDENTIALS, names: Names = NAMES) -> list[Judged]:
    """The verdicts on every site of a function."""
    return Planner(names).judge_all(analysed(item, effects))


def proven(item: Function, effects: Effects = CREDENTIALS, names: Names = NAMES) -> list[set[str]]:
    """For each site, the forms that are proven."""
    return [{verdict.form.value for verdict in site.verdicts if verdict.ok} for site in judged(item, effects, names)]


def rewritten(item: Function, *order: Form, effects: Effects = CREDENTIALS, names: Names = NAMES) -> str:
    """The function's text with every site in the first of the forms that is proven."""
    planner = Planner(names, order or (Form.GUARD, Form.SCOPED, Form.LIGHT))
    analysis = analysed(item, effects)
    return planner.rewrite(analysis, planner.judge_all(analysis)).text.decode()


def statements_of(text: str) -> str:
    """What stands between the outer braces of a function's text, without the newline before the last one."""
    return text[text.index("{\n") + 2 : text.rindex("\n}")]


def replaced(source: bytes, *changes: tuple[str, str]) -> Spliced:
    """A text changed by hand: each old text (found once, in order of the text) becomes the new one.

    In the new text, `<<old>>` stands for bytes taken over from the source, from the replaced text when it has them; all
    other text stands for the override call in the replaced text, or for its beginning.
    """
    edits = []
    for old, new in changes:
        assert source.count(old.encode()) == 1, f"{old!r} is not there once"
        start = source.index(old.encode())
        calls = [old.find(word) for word in ("override_creds(", "begin(") if word in old]
        origin = start + (calls[0] if calls else 0)
        pieces: list[Copy | Insert] = []
        rest = new
        while "<<" in rest:
            before, _, tail = rest.partition("<<")
            kept, _, rest = tail.partition(">>")
            at = source.find(kept.encode(), start, start + len(old.encode()))
            at = source.index(kept.encode()) if at < 0 else at
            pieces += [Insert(before.encode(), origin), Copy(at, at + len(kept.encode()))]
        pieces.append(Insert(rest.encode(), origin))
        edits.append(Edit(start, start + len(old.encode()), tuple(pieces)))
    return splice(source, edits)


def by_hand(
    item: Function, *changes: tuple[str, str], effects: Effects = CREDENTIALS, names: Names = NAMES
) -> str | Counterexample | None:
    """What the proof says of a rewrite made by hand: None when it is proven."""
    analysis = analysed(item, effects)
    spliced = replaced(item.source, *changes)
    return check(analysis, item.rewritten(spliced.text), spliced.offsets, names)
