"""Checks of what runs under which credentials: the proof, the audit, references and lifetimes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from credseries.review.checklist.model import Line, Place
from credseries.review.checklist.question import Question, listed, steps, where
from credseries.review.checklist.subject import Finding, Origin, PatchSubject, Subject
from credseries.review.code.model import FunctionChange, Override, Root
from credseries.words import many

_PROOF = Question("proof", "the patch is what was proven")
_COMPARED = Question("proof", "every function with credentials was compared with what it was, over all paths")
_MOVED = Question("moved-calls", "every call runs under the credentials that it ran under before")
_CALLER = Question("caller-credentials", "what reads the caller's credentials still reads those")
_SKIPPED = Question("skipped-guard", "no goto, case, break or continue goes past a guard or is caught by its scope")
_REFERENCES = Question("references", "every reference on credentials is dropped as often as before")
_LIFETIME = Question("lifetime", "credentials in force without a reference of their own are kept by something else")
_RETURNED = Question("return-values", "no return value, error code or initialisation is lost")
_CLEANUPS = Question("cleanup-order", "cleanups of other scopes stay on their side of the revert")
_HALF = Question("left-in-function", "no function is converted by half")

# Whose credentials an override puts in force, by its source.
_WHOSE = {
    "mount": "the mounter's credentials",
    "ctx": "the credentials of the caller's context",
    "file": "the credentials that the file was opened with",
    "kernel": "the kernel's credentials",
    "prepared": "the credentials that the function has prepared",
    "task": "the credentials of a task",
    "LSM": "the credentials that the security module gave",
}
_BY_CALLER = ("mount", "ctx", "file")  # what is kept by whoever calls
_HOLDER = {"mount": "the mount", "ctx": "the context that the caller passes", "file": "the file"}
# What keeps them, where nothing in the function gives that up.
_KEPT = {
    "mount": "the mount, which whoever calls holds",
    "ctx": "the context that the caller passes",
    "file": "the file, which whoever calls holds",
    "global": "a variable that is set up once and dropped when the module goes",
    "prepared": "the reference that the function took itself",
    "kernel": "the reference that the function took itself",
    "task": "the reference that the function took itself",
}


def proof(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """Whether a patch is what was proven; of a patch that nobody proved, whether all of it could be compared."""
    question = _PROOF if subject.origin is Origin.SAVED else _COMPARED
    for item in patch.audit.left:
        yield _ask_to_compare(question, item.file, item.function, item.reason, patch)
    if patch.proof is not None and not patch.proof.problem:
        if not patch.proof.functions:
            yield question.none("no function that has to do with credentials changes; the text is what was made")
            return
        what = many(patch.proof.sites, "site") if patch.proof.sites else many(patch.proof.functions, "function")
        yield question.passed(f"{what} proven again on the base, and the commit has that very text", places=_all(patch))
        return
    compared = len(patch.audit.compared)
    wrong = [item for item in patch.audit.findings if item.is_wrong and not item.allowed]
    by_hand = f"changed by hand ({patch.proof.problem}); " if patch.proof is not None else ""
    if wrong and patch.proof is not None:
        evidence = f"{patch.proof.problem}, and the audit has {many(len(wrong), 'finding')}: see below"
        yield question.failed(evidence, places=tuple(_place(item) for item in wrong))
    elif compared:
        names = listed([f"{name}()" for _, name in patch.audit.compared])
        found = many(len(wrong), "finding") if wrong else "nothing found"
        yield question.passed(f"{by_hand}{many(compared, 'function')} compared, {found}: {names}", places=_all(patch))
    elif not patch.audit.left:
        yield question.none(f"{by_hand}no function that has to do with credentials changes")


def _ask_to_compare(question: Question, file: str, function: str, reason: str, patch: PatchSubject) -> Line:
    place = next(
        (
            Place(file, item.line, item.last, function)
            for item in patch.code.functions
            if (item.file, item.function) == (file, function)
        ),
        Place(file, function=function),
    )
    asked = f"{where(place)}: does every call run under the credentials that it ran under before?"
    return question.asks(asked, f"it could not be compared: {reason}", places=(place,))


def moved_calls(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """Calls that run under other credentials; those that their author has allowed are for a person to judge."""
    found = _of(patch, "moved-call")
    for item in found:
        if item.allowed:
            yield _ask_about_move(item, patch)
        elif item.is_wrong:
            yield _failed(_MOVED, item)
    if not any(item.is_wrong or item.allowed for item in found):
        yield from _fine(_MOVED, patch, subject, _calls_under(patch), found)


def _calls_under(patch: PatchSubject) -> str:
    scopes = [item for function in patch.code.functions for item in function.after]
    ran = sum(len(item.ran) for item in scopes)
    return f"{many(ran, 'call')} under {many(len(scopes), 'override')}, each as before" if scopes else ""


def _ask_about_move(item: Finding, patch: PatchSubject) -> Line:
    scope = _scope_around(item, patch)
    function = next((one for one in patch.code.functions if _is_in(item, one)), None)
    last = scope.last if scope is not None else function.last if function is not None else 0
    until = f"the guard holds until line {last}; " if last else ""
    whose = _whose(scope) if scope is not None else item.after
    place = Place(item.file, scope.line if scope is not None else item.line, last, item.function)
    asked = f"{where(place)}: {until}may {item.call}() at {item.line} run under {whose}?"
    evidence = f"before it ran under {item.before}; its author has allowed it to move"
    return _MOVED.asks(asked, evidence, path=steps(item.file, item.path), places=(place, _place(item)))


def _scope_around(item: Finding, patch: PatchSubject) -> Override | None:
    for function in patch.code.functions:
        if _is_in(item, function):
            for scope in function.after:
                if any((ran.line, ran.name) == (item.line, item.call) for ran in scope.ran):
                    return scope
    return None


def _is_in(item: Finding, function: FunctionChange) -> bool:
    return (item.file, item.function) == (function.file, function.function)


def _whose(scope: Override) -> str:
    return f"{_WHOSE.get(scope.source, 'other credentials')} ({scope.words})"


def caller_credentials(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """Reads of the current credentials that meant the caller's."""
    yield from _answered(_CALLER, patch, subject, "wrong-caller-credentials")


def skipped_guard(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """Jumps into a scope past its guard."""
    scopes = [item for function in patch.code.functions for item in function.after if item.is_scope]
    if not scopes and not _of(patch, "skipped-guard"):
        yield _SKIPPED.none("the patch has no guard and no scoped form")
        return
    yield from _answered(_SKIPPED, patch, subject, "skipped-guard")


def references(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """References that are lost or kept."""
    if not subject.counts and not _of(patch, "lost-reference", "extra-reference"):
        yield _REFERENCES.none("override_creds() takes no reference in this tree")
        return
    yield from _answered(_REFERENCES, patch, subject, "lost-reference", "extra-reference")


def return_values(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """Values that get lost."""
    yield from _answered(_RETURNED, patch, subject, "lost-return-value", "uninitialised")


def cleanup_order(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """Cleanups that run under other credentials."""
    yield from _answered(_CLEANUPS, patch, subject, "cleanup-order")


def left_in_function(patch: PatchSubject, _subject: Subject) -> Iterator[Line]:
    """Overrides by hand beside converted ones in one function."""
    found = [item for item in _of(patch, "unconverted") if item.is_wrong]
    yield from (_failed(_HALF, item) for item in found)
    if found:
        return
    changed = [item for item in patch.code.functions if item.converts]
    if not changed:
        yield _HALF.none("the patch converts nothing")
    else:
        yield _HALF.passed(f"all of {many(len(changed), 'function')}")


# -- lifetimes


def lifetime(patch: PatchSubject, subject: Subject) -> Iterator[Line]:
    """Whether credentials outlive an override that holds no reference of its own."""
    wrong = [item for item in _of(patch, "lifetime") if item.is_wrong]
    yield from (_failed(_LIFETIME, item) for item in wrong)
    if not subject.counts:
        yield _LIFETIME.none("override_creds() takes no reference in this tree, before the patch or after it")
        return
    light = [(one, item, was) for one in patch.code.functions for item, was in one.newly_light]
    kept: list[tuple[FunctionChange, Override, str]] = []
    unreached: dict[str, list[Place]] = {}
    for function, item, was in light:
        known = was or (item if item.form == "light" else None)  # of one by hand its own lifetime was looked at
        if any(_is_in(one, function) for one in wrong):
            continue
        if known is None or known.lost:
            yield _ask_what_keeps(function, item, known)
        elif known.source in _BY_CALLER and not any(root.how for root in function.roots):
            place = Place(function.file, item.line, item.last, function.function)
            unreached.setdefault(known.source, []).append(place)
        elif known.source in _BY_CALLER and (unknown := [root for root in function.roots if _is_unknown(root)]):
            yield _ask_about_ways(function, item, known, unknown)
        else:
            kept.append((function, item, known.source))
    for source, places in unreached.items():
        yield _ask_who_calls(source, places)
    if kept:
        yield _all_kept(kept)
    elif not light and not wrong:
        yield _LIFETIME.none("no override loses its reference")


def _ask_who_calls(source: str, places: Sequence[Place]) -> Line:
    functions = list(dict.fromkeys(place.function for place in places))
    who = f"{functions[0]}()" if len(functions) == 1 else f"these {len(functions)} functions"
    asked = f"who calls {who}, and does {_HOLDER[source]} stay to the end of each of these overrides?"
    if len(places) == 1:
        asked = f"{where(places[0])}: who calls it, and does {_HOLDER[source]} stay until line {places[0].last}?"
    evidence = "what is in force has no reference of its own, and nothing is found in the tree that calls them"
    path = tuple(map(where, places)) if len(places) > 1 else ()
    return _LIFETIME.asks(asked, evidence, path=path, places=tuple(places))


def _is_unknown(root: Root) -> bool:
    return root.is_callback or not root.how


def _all_kept(kept: Sequence[tuple[FunctionChange, Override, str]]) -> Line:
    kinds = Counter(kind for _, _, kind in kept)
    held = [f"{number} by {_KEPT.get(kind, kind)}" for kind, number in kinds.most_common()]
    ways = [way for function, _, kind in kept if kind in _BY_CALLER for way in _ways(function)]
    places = tuple(Place(function.file, item.line, item.last, function.function) for function, item, _ in kept)
    evidence = f"kept: {'; '.join(held)}; nothing on a way to them or in them gives that up"
    return _LIFETIME.passed(evidence, path=tuple(dict.fromkeys(ways)), places=places)


def _ways(function: FunctionChange) -> Iterator[str]:
    """From where a function is reached, in words."""
    tables: dict[str, list[str]] = {}
    for root in function.roots:
        between = [f"{name}()" for name in (root.function, *reversed(root.way[1:]))] if root.way else []
        tables.setdefault(" -> ".join(between), []).append(root.how)
    for chain, hows in tables.items():
        by = f", then {chain}" if chain else ""
        yield f"{function.function}() is called by {listed(hows)}{by}"


def _ask_about_ways(function: FunctionChange, item: Override, was: Override, unknown: Sequence[Root]) -> Line:
    place = Place(function.file, item.line, item.last, function.function)
    first = unknown[0]
    what = _root_words(first)
    asked = f"{where(place)}: does {_HOLDER[was.source]} stay until line {item.last} on every way here?"
    others = tuple(_root_words(root) for root in unknown[1:])
    places = (place, *(Place(root.file, root.line) for root in unknown if root.line))
    return _LIFETIME.asks(
        asked, f"{item.words} is in force without a reference of its own; {what}", path=others, places=places
    )


def _root_words(root: Root) -> str:
    way = " -> ".join(f"{name}()" for name in (root.function, *reversed(root.way)))
    if not root.how:
        return f"{way}: nothing is found that calls it"
    return f"{way}: {root.how} ({root.file}:{root.line})" if root.is_callback else f"{way}: {root.how}"


def _ask_what_keeps(function: FunctionChange, item: Override, was: Override | None) -> Line:
    place = Place(function.file, item.line, item.last, function.function)
    why = was.lost if was is not None else "it takes the place of no override that was there"
    asked = f"{where(place)}: what keeps {item.words} alive until line {item.last}?"
    return _LIFETIME.asks(asked, f"it is in force without a reference of its own; {why}", places=(place,))


# -- what the checks have in common


def _of(patch: PatchSubject, *kinds: str) -> list[Finding]:
    return [item for item in patch.audit.findings if item.kind in kinds]


def _place(item: Finding) -> Place:
    return Place(item.file, item.line, 0, item.function)


def _all(patch: PatchSubject) -> tuple[Place, ...]:
    return tuple(Place(item.file, item.line, item.last, item.function) for item in patch.code.functions)


def _failed(question: Question, item: Finding) -> Line:
    return question.failed(
        f"{where(_place(item))}: {item.message}", path=steps(item.file, item.path), places=(_place(item),)
    )


def _answered(question: Question, patch: PatchSubject, subject: Subject, *kinds: str) -> Iterator[Line]:
    found = _of(patch, *kinds)
    wrong = [item for item in found if item.is_wrong]
    yield from (_failed(question, item) for item in wrong)
    if not wrong:
        yield from _fine(question, patch, subject, "", found)


def _fine(
    question: Question, patch: PatchSubject, _subject: Subject, evidence: str, notes: Sequence[Finding]
) -> Iterator[Line]:
    """That nothing was found, and in what it was looked for."""
    compared = len(patch.audit.compared)
    if not compared:
        left = "what changes could not be compared, and is asked about"
        yield question.none(left if patch.audit.left else "no function that has to do with credentials changes")
        return
    proven = patch.proof is not None and not patch.proof.problem and patch.proof.functions
    how = "proven" if proven else f"{many(compared, 'function')} compared over all paths"
    said = tuple(f"{where(_place(item))}: {item.message}" for item in notes)
    yield question.passed(f"{evidence}; {how}" if evidence else how, path=said)
