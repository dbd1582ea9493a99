"""What a maintainer reads in ten seconds: a sentence, and a tile for each thing that he would ask. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from credseries.review.checklist.model import Answer, Part
from credseries.review.report.model import Check, Patch, Remark, Report, Standing, State, worst
from credseries.words import many, numbered


@dataclass(frozen=True)
class Tile:
    """An answer in a few words: `detail` says more, `link` leads to all of it, `command` makes what is missing."""

    name: str
    state: State
    words: str
    detail: str = ""
    link: str = ""
    command: str = ""


@dataclass(frozen=True)
class Filter:
    """Patches that one may want to see alone: a word for scripts, and one for people."""

    word: str
    title: str
    count: int


def headline(report: Report) -> str:
    """What the series is, in a sentence."""
    topics = [topic for topic in report.topics if topic.patches]
    found = many(len(report.patches), "patch", "patches")
    if len(topics) > 1:
        found += f" in {many(len(topics), 'topic')}"
        trees = dict.fromkeys(topic.tree for topic in topics if topic.tree)
        found += f", through {_listed([f'the {tree} tree' for tree in trees])}" if trees else ""
    if not report.sites:
        return f"{found}."
    return f"{found}: {report.converted} of {many(report.sites, 'site')} converted."


def tiles(report: Report) -> tuple[Tile, ...]:
    """The answers, in the order in which they are asked."""
    return (_proof(report), _build(report), _checklist(report), _review(report), _numbers(report), _left(report))


def verdict(report: Report) -> Standing:
    """How the series stands as a whole."""
    found = tiles(report)
    bad = [tile for tile in found if tile.state is State.FAIL]
    if bad:
        return Standing(State.FAIL, f"Not ready: see {_listed([tile.name.lower() for tile in bad])}.")
    open_ = [tile for tile in found if tile.state is State.OPEN]
    look = [tile for tile in found if tile.state is State.LOOK]
    if open_:
        return Standing(
            State.OPEN, f"Nothing is wrong so far. Not known yet: {_listed([t.name.lower() for t in open_])}."
        )
    if look:
        return Standing(State.LOOK, f"Nothing is wrong. For a person: {_listed([tile.name.lower() for tile in look])}.")
    return Standing(State.PASS, "Nothing is wrong, and nothing is left open.")


def filters(patches: Sequence[Patch]) -> tuple[Filter, ...]:
    """The filters by state, those that no patch is in left out."""
    counts = Counter(word for patch in patches for word in states(patch))
    found = [Filter(word, title, counts[word]) for word, title in _FILTERS.items() if counts[word]]
    return (Filter("all", "All", len(patches)), *found)


_FILTERS = {
    "fail": "Fails",
    "look": "To look at",
    "said": "Open remarks",
    "open": "Not checked",
    "pass": "Fine",
}


def states(patch: Patch) -> tuple[str, ...]:
    """The filters that a patch is in."""
    mine = {patch.proof.state, patch.build.state, patch.checklist.state}
    found = [state.value for state in (State.FAIL, State.LOOK, State.OPEN) if state in mine]
    if any(remark.is_open for remark in patch.remarks):
        found.append("said")
    return tuple(found) or ("pass",)


# -- tiles


def _proof(report: Report) -> Tile:
    name, link = "Proof", "#patches"
    state = worst(tuple(patch.proof.state for patch in report.patches))
    having = [patch.number for patch in report.patches if patch.proof.state is state]
    total = many(len(report.patches), "patch", "patches")
    share = total if len(having) == len(report.patches) else f"{len(having)} of {total}"
    match state:
        case State.PASS:
            words = f"all {total} proven" if len(report.patches) > 1 else "proven"
            return Tile(name, state, words, "over every path of every function", link)
        case State.FAIL:
            return Tile(name, state, f"{share} not proven", numbered(having), link)
        case State.OPEN:
            missing = report.missing.get("proof")
            return Tile(name, state, f"{share} not looked at yet", "", link, missing.command if missing else "")
    return Tile(name, State.NONE, "nothing to prove", "", link)


def _build(report: Report) -> Tile:
    """What is compiled, built and booted; a level that nobody has asked for is no failure."""
    checks = [check for patch in report.patches for check in patch.checks] + list(report.checks)
    levels: dict[str, list[Check]] = {}
    for check in checks:
        if check.level != "proof":
            levels.setdefault(check.level, []).append(check)
    failing = [check for check in checks if check.level != "proof" and check.state is State.FAIL]
    said = [f"{level} {_level(mine)}" for level, mine in levels.items()]
    missing = report.missing.get("build")
    command = missing.command if missing else ""
    if failing:
        words = f"{many(len(failing), 'check')} fail" if len(failing) > 1 else "a check fails"
        return Tile("Build", State.FAIL, words, "; ".join(said), "#checks", command)
    done = [level for level, mine in levels.items() if all(item.state is not State.OPEN for item in mine)]
    compiled = [level for level in done if level in ("compile", "build", "boot")]
    if compiled:
        return Tile("Build", State.PASS, f"{_listed(done)} checked", "; ".join(said), "#checks", command)
    words = f"{_listed(done)} checked, nothing compiled" if done else "nothing checked"
    return Tile("Build", State.OPEN, words, "; ".join(said), "#checks", command)


def _level(checks: Sequence[Check]) -> str:
    known = [check for check in checks if check.state is not State.OPEN]
    bad = sum(check.state is State.FAIL for check in known)
    if not known:
        return "not yet"
    if bad:
        return f"{bad} of {len(checks)} fail"
    return "passed" if len(known) == len(checks) else f"{len(known)} of {len(checks)} known"


def _checklist(report: Report) -> Tile:
    parts: list[Part] = [patch.part for patch in report.patches if patch.part is not None]
    if report.part is not None:
        parts.append(report.part)
    if not parts:
        missing = report.missing.get("checklist")
        return Tile("Checklist", State.OPEN, "not answered", "", "#series", missing.command if missing else "")
    counts = Counter(line.answer for part in parts for line in part.lines)
    fails, asks = counts[Answer.FAIL], counts[Answer.HUMAN]
    detail = f"{counts[Answer.PASS]} pass, {many(asks, 'question')} for a person"
    if fails:
        return Tile(
            "Checklist", State.FAIL, f"{many(fails, 'line')} {'fails' if fails == 1 else 'fail'}", detail, "#series"
        )
    if asks:
        return Tile(
            "Checklist",
            State.LOOK,
            many(asks, "question for a person", "questions for a person"),
            f"{counts[Answer.PASS]} lines pass, none fails",
            "#series",
        )
    return Tile("Checklist", State.PASS, f"all {counts[Answer.PASS]} lines pass", "", "#series")


def _review(report: Report) -> Tile:
    discussion = report.discussion
    missing = report.missing.get("discussion")
    if discussion is None or not discussion.remarks:
        command = missing.command if missing else ""
        return Tile("Review", State.NONE, "nothing said yet", missing.why if missing else "", "#discussion", command)
    waiting: list[Remark] = [remark for remark in discussion.remarks if remark.is_open]
    people = {remark.who for remark in waiting}
    total = many(len(discussion.remarks), "remark")
    if waiting:
        words = f"{len(waiting)} of {total} open"
        return Tile("Review", State.LOOK, words, f"{_listed(sorted(people))} {_wait(len(people))}", "#discussion")
    return Tile("Review", State.PASS, "nothing is open", total, "#discussion")


def _wait(number: int) -> str:
    return "waits" if number == 1 else "wait"


def _numbers(report: Report) -> Tile:
    missing = report.missing.get("benchmarks")
    if not report.benchmarks:
        command = missing.command if missing else ""
        return Tile("Numbers", State.NONE, "none measured", missing.why if missing else "", "#benchmarks", command)
    lacking = [item for item in report.benchmarks if item.incomplete]
    first = report.benchmarks[0]
    state = State.LOOK if lacking else State.PASS
    detail = f"{first.label}" + (f" and {len(report.benchmarks) - 1} more" if len(report.benchmarks) > 1 else "")
    return Tile("Numbers", state, first.headline, detail, "#benchmarks")


def _left(report: Report) -> Tile:
    if not report.sites:
        return Tile("Sites", State.NONE, "no recipe", "what is left is known of a series made by split")
    left = report.sites - report.converted
    if not left:
        return Tile("Sites", State.PASS, f"all {report.sites} converted")
    words = f"{report.converted} of {report.sites} converted"
    return Tile("Sites", State.PASS, words, f"{left} left as {'it is' if left == 1 else 'they are'}", "#refused")


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
