"""Checks of how overrides are written: gotos beside scopes, light pairs beside guards, braces, one thing. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from credseries.review.checklist.model import Line, Place
from credseries.review.checklist.question import Question, steps, where
from credseries.review.checklist.subject import PatchSubject, Subject
from credseries.review.code.model import FunctionChange, Jump, Override
from credseries.words import many

_MIXED = Question("goto-and-guard", "goto and cleanup by scope are not mixed in one function (linux/cleanup.h)")
_APART = Question("light-and-guard", "light pairs and guards come in patches of their own")
_BRACES = Question("braces", "every scoped form has braces")
_ONE = Question("one-thing", "the patch changes how credentials are overridden, and nothing else")

_FORMS = {"guard": ("guard", "guards"), "scoped": ("scoped", "scoped"), "light": ("light", "light")}


def goto_and_guard(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """Functions that keep gotos beside a guard or a scoped form that the patch adds."""
    wrong = [
        item
        for item in patch.audit.findings
        if item.kind == "mixed-conversion" and item.is_wrong and item.call.startswith("goto ")
    ]
    for item in wrong:
        place = Place(item.file, item.line, 0, item.function)
        yield _MIXED.failed(f"{where(place)}: {item.message}", path=steps(item.file, item.path), places=(place,))
    said = {(item.file, item.function) for item in wrong}
    scoped = [item for item in patch.code.functions if _new_scopes(item)]
    if not scoped and not wrong:
        yield _MIXED.none("the patch adds no guard and no scoped form")
        return
    clean = 0
    for function in scoped:
        if (function.file, function.function) in said:
            continue
        if function.gotos and not function.mixed:
            yield _ask_about_gotos(function)
        else:
            clean += 1
    if clean:
        mixed = sum(bool(item.gotos and item.mixed) for item in scoped)
        before = f"; {mixed} mixed them before" if mixed else ""
        yield _MIXED.passed(f"{many(clean, 'function')} with a guard or a scoped form and no goto of its own{before}")


def _new_scopes(function: FunctionChange) -> list[Override]:
    """The guards and scoped forms of a function that has more of them than before."""
    after = [item for item in function.after if item.is_scope]
    return after if len(after) > sum(item.is_scope for item in function.before) else []


def _ask_about_gotos(function: FunctionChange) -> Line:
    scopes = _new_scopes(function)
    leaving = [jump for jump in function.gotos if any(_leaves(jump, scope) for scope in scopes)]
    lines = ", ".join(map(_range, scopes))
    places = (
        Place(function.file, function.line, function.last, function.function),
        *(Place(function.file, jump.line, 0, function.function) for jump in function.gotos),
    )
    jumps = _said(leaving or function.gotos)
    if leaving:
        lines = ", ".join(_range(scope) for scope in scopes if any(_leaves(jump, scope) for jump in leaving))
        fact = f"{jumps} leaves the scope of lines {lines}, which reverts on the way"
    else:
        fact = f"no goto crosses the scope of lines {lines}, and none enters it"
    one = "goto" if len(leaving or function.gotos) == 1 else "gotos"
    asked = f"{where(places[0])}: may the {one} ({jumps}) stay beside the {_words(scopes)}?"
    return _MIXED.asks(asked, fact, places=places)


def _range(scope: Override) -> str:
    return f"{scope.line}-{scope.last}"


def _leaves(jump: Jump, scope: Override) -> bool:
    return scope.line <= jump.line <= scope.last and not scope.line <= jump.to <= scope.last


def _said(jumps: Sequence[Jump]) -> str:
    by_label: dict[str, list[str]] = {}
    for jump in jumps:
        by_label.setdefault(jump.label, []).append(str(jump.line))
    return ", ".join(f"`goto {label}` at {', '.join(lines)}" for label, lines in by_label.items())


def _words(scopes: Sequence[Override]) -> str:
    forms = {scope.form for scope in scopes}
    one = "scoped_guard()" if forms == {"scoped"} else "guard()" if forms == {"guard"} else "guards"
    return f"{one} at {', '.join(str(scope.line) for scope in scopes)}"


# -- forms


def _added(patch: PatchSubject) -> list[tuple[FunctionChange, Override]]:
    """The overrides that a patch gives another form, or adds."""
    found = []
    for function in patch.code.functions:
        before = Counter(item.form for item in function.before)
        for item in function.after:
            if before[item.form]:
                before[item.form] -= 1
            elif item.form in _FORMS:
                found.append((function, item))
    return found


def light_and_guard(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """Whether a patch converts to one kind of form."""
    for item in patch.audit.findings:
        if item.kind == "mixed-conversion" and item.is_wrong and not item.call.startswith("goto "):
            place = Place(item.file, item.line, 0, item.function)
            yield _APART.failed(f"{where(place)}: {item.message}", path=steps(item.file, item.path), places=(place,))
    added = _added(patch)
    light = [Place(one.file, item.line, 0, one.function) for one, item in added if item.form == "light"]
    scopes = [Place(one.file, item.line, 0, one.function) for one, item in added if item.is_scope]
    if light and scopes:
        yield _APART.failed(
            f"{many(len(scopes), 'guard')} ({where(scopes[0])}, ..) and {many(len(light), 'light override')} "
            f"({where(light[0])}, ..) in one patch",
            places=(*light, *scopes),
        )
    elif added:
        yield _APART.passed(_counted(added))
    else:
        yield _APART.none("the patch converts nothing")


def _counted(added: Sequence[tuple[FunctionChange, Override]]) -> str:
    forms = Counter(item.form for _, item in added)
    return ", ".join(many(forms[form], *_FORMS[form]) for form in _FORMS if forms[form])


def braces(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """Scoped forms without braces."""
    scoped = [(one, item) for one in patch.code.functions for item in one.after if item.form == "scoped"]
    bare = [Place(one.file, item.line, 0, one.function) for one, item in scoped if not item.brace]
    if bare:
        yield _BRACES.failed(
            f"{', '.join(where(place) for place in bare)}: what the scope is, one cannot see", places=tuple(bare)
        )
    elif scoped:
        yield _BRACES.passed(many(len(scoped), "scoped form"))
    else:
        yield _BRACES.none("the patch has no scoped form")


# -- what else changes


def one_thing(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """What a patch that converts changes besides that."""
    code = patch.code
    if not any(item.converts and item.first_before for item in code.functions):
        yield _ONE.none("the patch converts nothing")
        return
    if patch.proof is not None and not patch.proof.problem:
        yield _ONE.passed("the text is what was made and proven")
        return
    lines = [*_statements(patch), *_others(patch), *_between(patch)]
    yield from lines
    if not lines:
        yield _ONE.passed("its functions do all else as often as before, and nothing changes around them")


def _statements(patch: PatchSubject) -> Iterator[Line]:
    by_function: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for item in patch.code.statements:
        if not item.after:
            fact = f"has no `{item.text}` any more"
        elif not item.before:
            fact = f"has `{item.text}` at {item.line}, which it had not"
        else:
            fact = f"has `{item.text}` {many(item.after, 'time')}, and had it {many(item.before, 'time')}"
        by_function.setdefault((item.file, item.function), []).append((item.line, fact))
    for (file, function), facts in by_function.items():
        place = _function_place(patch, file, function)
        asked = f"{where(place)}: does this still do what it did, credentials apart?"
        places = (place, *(Place(file, line, 0, function) for line, _ in facts))
        yield _ONE.asks(asked, f"it {facts[0][1]}", path=tuple(fact for _, fact in facts[1:]), places=places)


def _function_place(patch: PatchSubject, file: str, function: str) -> Place:
    places = [Place(item.file, item.line, item.last, item.function) for item in patch.code.functions]
    places += [Place(item.file, item.line, item.last, item.function) for item in patch.code.others]
    here = (place for place in places if (place.file, place.function) == (file, function))
    return next(here, Place(file, function=function))


def _others(patch: PatchSubject) -> Iterator[Line]:
    said = {(item.file, item.function) for item in patch.code.statements}
    for item in patch.code.others:
        if (item.file, item.function) not in said:
            place = Place(item.file, item.line, item.last, item.function)
            asked = f"{where(place)}: does this change belong into the patch?"
            yield _ONE.asks(asked, "the function has nothing to do with credentials", places=(place,))


def _between(patch: PatchSubject) -> Iterator[Line]:
    added = {item.file for item in patch.code.names}
    for item in patch.code.between:
        if item.file not in added:
            place = Place(item.file, item.line)
            asked = f"{where(place)}: does what changes here, outside of functions, change what a function means?"
            yield _ONE.asks(asked, "only functions are compared", places=(place,))
