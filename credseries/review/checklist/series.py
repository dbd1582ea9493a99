"""Checks of a series as a whole: proof, order, merge plan, numbers, what it leaves, remarks on its letter. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from credseries.review.checklist.model import Line, Place
from credseries.review.checklist.question import Question, listed, where
from credseries.review.checklist.standing import said_lines
from credseries.review.checklist.subject import Known, Origin, Subject
from credseries.words import many, numbered

_WHOLE = Question("proof", "every patch of the series was proven or compared")
_ORDER = Question("order", "every patch comes after what it needs")
_PLAN = Question("merge-plan", "who merges what, and when, is said")
_LEFT = Question("left-as-is", "every override that stays as it is has a reason")
_NUMBERS = Question("numbers", "workload, machine and number of runs stand with every number")
_BOOTS = Question("boots", "the base and the last patch boot, and do the same")
_SAID = Question("comments", "every remark on the series is answered")


def whole(subject: Subject) -> Iterator[Line]:
    """How much of the series is proven, and on what assumptions."""
    patches = subject.patches
    rejected = [item.number for item in patches if item.rejected]
    proven = [item.number for item in patches if item.proof is not None and not item.proof.problem]
    left = [item.number for item in patches if item.audit.left]
    wrong = [item.number for item in patches if any(one.is_wrong and not one.allowed for one in item.audit.findings)]
    functions = len({name for item in patches for name in item.audit.compared})
    if rejected:
        yield _WHOLE.failed(f"{numbered(rejected)} cannot be looked at: nothing of it was compared")
    if wrong:
        yield _WHOLE.failed(f"the audit has findings in {numbered(wrong)}")
    if left:
        yield _WHOLE.asks(
            f"{numbered(left)}: do the functions that could not be compared run as before?",
            f"{sum(len(item.audit.left) for item in patches)} could not be compared; the patches name them",
        )
    if rejected or wrong or left:
        return
    if not functions and not any(item.proof.functions for item in patches if item.proof is not None):
        yield _WHOLE.none("no function that has to do with credentials changes: there is nothing to prove")
        return
    how = f"{many(functions, 'function')} compared over all paths"
    if len(proven) == len(patches):
        how = f"each of {many(len(patches), 'patch', 'patches')} proven again on the base; {how}"
    elif proven:
        how = f"{len(proven)} of {many(len(patches), 'patch', 'patches')} proven again on the base; {how}"
    assumed = tuple(f"assumed: {item}" for item in subject.assumptions)
    yield _WHOLE.passed(f"{how}, nothing found", path=assumed)


def order(subject: Subject) -> Iterator[Line]:
    """What stands before what it needs."""
    yield from (_ORDER.failed(item) for item in subject.broken)
    if subject.broken:
        return
    if len(subject.patches) == 1:
        yield _ORDER.none("there is one patch")
        return
    if subject.topics:
        chain = " -> ".join(topic.name for topic in subject.topics)
        yield _ORDER.passed(f"{chain}; nothing is used before the patch that adds it")
    else:
        yield _ORDER.passed(f"in {many(len(subject.patches), 'patch', 'patches')} nothing is used before it is added")


def merge_plan(subject: Subject) -> Iterator[Line]:
    """Which trees take which patches."""
    by_tree: dict[str, list[int]] = {}
    for patch in subject.patches:
        for tree in patch.trees[:1]:
            by_tree.setdefault(tree, []).append(patch.number)
    plan = "; ".join(f"{tree}: {numbered(numbers)}" for tree, numbers in by_tree.items())
    if not by_tree:
        yield _PLAN.none("MAINTAINERS names no tree for these files")
    elif len(by_tree) == 1:
        yield _PLAN.passed(f"one tree takes all of it: {plan}")
    elif subject.topics:
        waits = [f"{topic.name} after {', '.join(topic.after)}" for topic in subject.topics if topic.after]
        yield from _planned(subject, plan, "; ".join(waits))
    else:
        yield from _asked_plan(subject, by_tree, plan)


def _planned(subject: Subject, plan: str, waits: str) -> Iterator[Line]:
    said = subject.letter is not None and all(
        topic.tree.casefold() in subject.letter.casefold() for topic in subject.topics
    )
    if said or subject.letter is None:
        yield _PLAN.passed(f"{plan}; {waits}" if waits else plan)
    else:
        yield _PLAN.failed(f"the cover letter does not name every tree: {plan}", look=("credseries cover",))


def _asked_plan(_subject: Subject, by_tree: dict[str, list[int]], plan: str) -> Iterator[Line]:
    first, *others = by_tree.items()
    named = f"{numbered(first[1])} ({first[0]})"
    rest = " and ".join(f"{numbered(numbers)} ({tree})" for tree, numbers in others)
    yield _PLAN.asks(
        f"which tree takes {named}, which {rest}, and does one wait for the other?",
        f"by MAINTAINERS they belong to {many(len(by_tree), 'tree')}: {plan}",
    )


def left_as_is(subject: Subject) -> Iterator[Line]:
    """Overrides by hand that the series does not convert."""
    if not subject.left:
        yield _LEFT.none("no override of these files is left by hand")
        return
    reasons: list[str] = []
    for item in subject.left:
        place = Place(item.file, item.line, 0, item.function)
        if item.form:
            asked = f"{where(place)}: why is {item.override} left by hand, where others of its file are converted?"
            forms = {"guard": "guard()", "scoped": "scoped_guard()", "light": "the light pair"}
            yield _LEFT.asks(asked, f"{forms.get(item.form, item.form)} is proven for it", places=(place,))
            continue
        reasons.append(f"{where(place)}: {item.why}")
    unsaid = sorted({item.function for item in subject.left if item.why and not _is_told(subject, item.function)})
    if reasons and unsaid and subject.origin is Origin.SAVED:
        yield _LEFT.failed(
            f"the cover letter says nothing of {listed([f'{name}()' for name in unsaid])}",
            path=tuple(reasons),
            look=("credseries cover",),
        )
    elif reasons:
        told = "; the cover letter says so" if subject.origin is Origin.SAVED else ""
        evidence = f"{many(len(reasons), 'override')} that no form is proven for{told}"
        yield _LEFT.passed(evidence, path=tuple(reasons))


def _is_told(subject: Subject, function: str) -> bool:
    return subject.letter is None or function in subject.letter


def numbers(subject: Subject) -> Iterator[Line]:
    """Whether numbers can be judged."""
    known = subject.numbers
    if known is None:
        yield _NUMBERS.none("there is no cover letter that could have numbers")
    elif known.problems:
        yield from (_NUMBERS.failed(item, look=("credseries bench edit",)) for item in known.problems)
    elif known.by_words:
        asked = "the cover letter: do its words of workload, machine and runs belong to its numbers?"
        yield _NUMBERS.asks(asked, known.detail)
    elif known.there:
        yield _NUMBERS.passed(known.detail)
    else:
        yield _NUMBERS.none(known.detail)


def boots(subject: Subject) -> Iterator[Line]:
    """What `credseries verify --level boot` knows."""
    found = [item for item in subject.verified if item.level == "boot"]
    command = f"credseries verify --level boot{subject.command}"
    wrong = [item for item in found if item.known is Known.FAIL]
    for item in wrong:
        yield _BOOTS.failed(f"{item.variant}: {item.summary}", path=item.problems, look=(command,))
    if not wrong and found and all(item.known is Known.PASS for item in found):
        yield _BOOTS.passed("; ".join(f"{item.variant}: {item.summary}" for item in found))
    elif not wrong:
        yield _BOOTS.asks(
            "does the kernel with all patches boot, and mount, read and write as the base does?",
            "it was not booted as it is now",
            look=(command,),
        )


def comments(subject: Subject) -> Iterator[Line]:
    """Open remarks on the cover letter."""
    if subject.said is None:
        yield _SAID.none("no mails are known that could have any")
        return
    yield from said_lines(_SAID, subject.said)
    if not subject.said:
        yield _SAID.passed("none on the cover letter is open")
