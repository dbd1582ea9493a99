"""The checklist: what kernel reviewers ask of a credential conversion, line by line. Pure.

Each line is answered by the tool where it can be (pass, fail), left to a human with the exact place and question
where it cannot, or does not apply. The lines: moved calls, jumps beside scopes, lifetime, light and guard apart,
helpers before users, braces, line length, churn, subjects, lists and order.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from credseries.creds.proof import ASSUMPTIONS
from credseries.review.evidence import PatchEvidence
from credseries.rewrite.forms import Form
from credseries.rewrite.text import MAX_COLUMNS, columns
from credseries.series.message import COLUMNS
from credseries.series.model import PatchRecord, SeriesRecord
from credseries.series.precedence import topics_out_of_order
from credseries.words import many

SCHEMA = 1
Answer = Literal["pass", "fail", "human", "n/a"]
_MARKS = {"pass": "[x]", "fail": "[!]", "human": "[ ]", "n/a": "[-]"}
_LIFETIME = {
    "mount": "is every caller inside an operation on the mount, so that it cannot be unmounted meanwhile?",
    "ctx": "do all callers keep their context, and the credentials in it, until the function returns?",
}


@dataclass(frozen=True)
class Line:
    """A question, its answer, the evidence for it, and where to look."""

    question: str
    answer: Answer
    evidence: str
    where: str = ""


@dataclass(frozen=True)
class Part:
    """The lines of one patch, or (index 0) of the series."""

    index: int
    title: str
    commit: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Checklist:
    """A series' checklist."""

    branch: str
    title: str
    parts: tuple[Part, ...]


def _places(evidence: PatchEvidence) -> str:
    return ", ".join(
        f"{item.site.function.path}:{item.site.line} {item.site.function.name}()" for item in evidence.sites
    )


def _proof(evidence: PatchEvidence) -> Line:
    question = "no call runs under other credentials, no exit differs, no jump skips a guard"
    if evidence.proven_again:
        return Line(question, "fail", evidence.proven_again)
    if not evidence.functions:
        return Line(question, "n/a", "the patch converts no site")
    what, where = many(len(evidence.sites), "site"), _places(evidence)
    if not evidence.sites:
        what = many(len(evidence.functions), "function")
        where = ", ".join(f"{path} {name}()" for path, name in evidence.functions)
    again = f"{what} proven again on the base, same text"
    moved = _moved(evidence)
    if moved:
        return Line(question, "human", f"{again}, but for calls that were allowed to move: {moved}; may they?", where)
    return Line(question, "pass", again, where)


def _moved(evidence: PatchEvidence) -> str:
    """The calls that a person has allowed to run under a guard, by function."""
    found = []
    for item in evidence.sites:
        calls = [f"{moved.call}()" for moved in item.verdict(Form.GUARD).moved] if item.choice is Form.GUARD else []
        if calls:
            found.append(f"{item.site.function.name}(): {', '.join(dict.fromkeys(calls))}")
    return "; ".join(found)


def _mixed(evidence: PatchEvidence) -> Line:
    question = "goto and scoped cleanup are not mixed in one function"
    scoped = [item for item in evidence.sites if item.choice in (Form.GUARD, Form.SCOPED)]
    if not scoped:
        return Line(question, "n/a", "the patch adds no scoped cleanup")
    found = []
    for item in scoped:
        lines = [
            item.site.function.line(offset)
            for variant in item.site.function.variants[:1]
            for offset, _ in variant.flow.gotos
        ]
        if lines and item.choice is Form.SCOPED:
            shown = ", ".join(str(line) for line in lines)
            found.append(f"{item.site.function.path} {item.site.function.name}() has gotos at base lines {shown}")
    if not found:
        return Line(question, "pass", "no converted function keeps a goto beside a scope")
    evidence_text = "no jump enters a scope (proven); do the remaining gotos read well beside it?"
    return Line(question, "human", evidence_text, "; ".join(dict.fromkeys(found)))


def _lifetime(evidence: PatchEvidence) -> Line:
    question = "the credentials outlive the override, which takes no reference"
    if not evidence.sites:
        return Line(question, "n/a", "the patch converts no site")
    kinds = sorted({item.site.source for item in evidence.sites})
    asked = " ".join(_LIFETIME.get(kind, f"what holds credentials from {kind}?") for kind in kinds)
    return Line(question, "human", f"source: {', '.join(kinds)}; {asked}", _places(evidence))


def _apart(evidence: PatchEvidence) -> Line:
    question = "light calls and guards are not converted in one patch"
    forms = {item.choice for item in evidence.sites}
    if not forms:
        return Line(question, "n/a", "the patch converts no site")
    both = Form.LIGHT in forms and len(forms) > 1
    return Line(question, "fail" if both else "pass", ", ".join(sorted(form.value for form in forms if form)))


def _added(evidence: PatchEvidence) -> list[tuple[str, int, bytes]]:
    found = []
    for path, after in sorted(evidence.after.items()):
        old, new = evidence.before.get(path, b"").split(b"\n"), after.split(b"\n")
        for tag, _, _, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag in ("replace", "insert"):
                found += [(path, number + 1, new[number]) for number in range(start, end)]
    return found


def _style(added: Sequence[tuple[str, int, bytes]]) -> Line:
    question = f"added lines are at most {MAX_COLUMNS} columns and end without white space"
    bad = [f"{path}:{number}" for path, number, text in added if columns(text) > MAX_COLUMNS or text != text.rstrip()]
    return Line(question, "fail" if bad else "pass", f"{len(added)} lines added", ", ".join(bad))


def _braces(added: Sequence[tuple[str, int, bytes]]) -> Line:
    question = "every scoped form has braces"
    scoped = [(path, number, text) for path, number, text in added if re.search(rb"\bscoped_guard\s*\(", text)]
    scoped = [item for item in scoped if not item[2].lstrip().startswith((b"*", b"//", b"/*", b"#"))]
    if not scoped:
        return Line(question, "n/a", "the patch adds no scoped form")
    bad = [f"{path}:{number}" for path, number, text in scoped if not text.rstrip().endswith(b"{")]
    return Line(question, "fail" if bad else "pass", f"{len(scoped)} scoped forms", ", ".join(bad))


def _churn(patch: PatchRecord, evidence: PatchEvidence) -> Line:
    question = "the patch is as small as it can be"
    added: Counter[bytes] = Counter()
    removed: Counter[bytes] = Counter()
    for path, after in evidence.after.items():
        old, new = evidence.before.get(path, b"").split(b"\n"), after.split(b"\n")
        for tag, low, high, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag != "equal":
                removed.update(line.strip() for line in old[low:high])
                added.update(line.strip() for line in new[start:end])
    same = sum((added & removed).values())
    real = f"+{patch.added} -{patch.removed}"
    real += f", white space ignored +{sum(added.values()) - same} -{sum(removed.values()) - same}"
    return Line(question, "pass" if same == 0 else "human", real, "read it with `git show -w`" if same else "")


def _subject(patch: PatchRecord) -> Line:
    question = f"the subject has its prefix and fits in {COLUMNS} columns"
    good = re.match(r"[a-z][\w/.-]*: \S", patch.subject) is not None and len(patch.subject) <= COLUMNS
    return Line(question, "pass" if good else "fail", patch.subject)


def _message(evidence: PatchEvidence) -> Line:
    question = f"the message is wrapped at {COLUMNS} columns and signed off"
    lines = evidence.message.splitlines()
    long = [line for line in lines if len(line) > COLUMNS and not line.startswith("Signed-off-by:")]
    signed = any(line.startswith("Signed-off-by: ") for line in lines)
    answer: Answer = "pass" if signed and not long else "fail"
    return Line(question, answer, "signed off" if signed else "no Signed-off-by", long[0] if long else "")


def _destination(patch: PatchRecord) -> Line:
    return Line(
        "the right tree and lists",
        "human",
        f"tree {patch.tree}; lists {', '.join(patch.lists) or 'none'}",
        "credseries send --dry-run",
    )


def _patch_lines(patch: PatchRecord, evidence: PatchEvidence) -> tuple[Line, ...]:
    added = _added(evidence)
    return (
        _proof(evidence),
        _mixed(evidence),
        _lifetime(evidence),
        _apart(evidence),
        _braces(added),
        _style(added),
        _churn(patch, evidence),
        _subject(patch),
        _message(evidence),
        _destination(patch),
    )


def _order(series: SeriesRecord) -> Line:
    question = "every topic comes after the topics that it needs"
    bad = topics_out_of_order(series)
    order = " -> ".join(topic.name for topic in series.topics)
    return Line(question, "fail" if bad else "pass", order, "; ".join(bad))


def _definitions(evidence: Sequence[PatchEvidence]) -> Line:
    question = "helpers are added before their first use, by a patch of their own"
    names = (rb"override_creds_light", rb"\bguard\(cred\)", rb"scoped_guard\(cred,")
    defined: int | None = None
    used: int | None = None
    for index, item in enumerate(evidence, 1):
        for path, after in item.after.items():
            text = after[:] if item.before.get(path) != after else b""
            if path.startswith("include/") and names[0].replace(rb"\b", b"") in text and defined is None:
                defined = index
            elif not path.startswith("include/") and any(re.search(name, text) for name in names) and used is None:
                used = index
    if used is None:
        return Line(question, "n/a", "no patch uses a helper")
    if defined is None:
        return Line(question, "pass", "the base has the helpers already")
    return Line(
        question,
        "pass" if defined < used else "fail",
        f"patch {defined} adds, patch {used} is the first user",
    )


def _numbers(series: SeriesRecord) -> Line:
    question = "workload, machine and number of runs stand with every number"
    measured = series.measured
    if measured.incomplete:
        return Line(question, "fail", "; ".join(measured.incomplete), "credseries bench edit")
    if series.numbers:
        return Line(question, "human", "the author gave numbers as text: read the cover letter", "credseries cover")
    if not measured.text:
        return Line(question, "n/a", "the cover letter has no numbers")
    return Line(
        question, "pass", f"from the benchmark records of {', '.join(measured.labels)}", "credseries bench show"
    )


def _series_lines(series: SeriesRecord, evidence: Sequence[PatchEvidence]) -> tuple[Line, ...]:
    refused = [site for site in series.refused if site.kind == "site"]
    where = ", ".join(f"{site.file}:{site.line} {site.function}()" for site in refused)
    return (
        _order(series),
        _definitions(evidence),
        Line(
            "sites of these paths that stay as they are",
            "human" if refused else "n/a",
            f"{len(refused)} refused; the cover letter says why: is it clear to a reader?" if refused else "none",
            where,
        ),
        Line(
            "what the proof assumes holds here",
            "human",
            "; ".join(ASSUMPTIONS),
            "the cover letter repeats it",
        ),
        _numbers(series),
        Line(
            "it builds at every commit",
            "human",
            "`credseries verify` tells, for every patch and compiler",
            "credseries verify --level build",
        ),
    )


def check(series: SeriesRecord, evidence: Sequence[PatchEvidence]) -> Checklist:
    """The checklist of a series; `evidence` has one entry a patch."""
    parts = [Part(0, series.title, series.tip, _series_lines(series, evidence))]
    for patch, item in zip(series.patches, evidence, strict=True):
        parts.append(Part(patch.index, patch.subject, patch.commit, _patch_lines(patch, item)))
    return Checklist(series.branch, series.title, tuple(parts))


def to_json(found: Checklist) -> dict[str, Any]:
    """The checklist contract, schema 1."""
    return {"schema": SCHEMA, **asdict(found)}


def render_markdown(found: Checklist, template: str) -> str:
    """A checklist as Markdown."""
    environment = SandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    return environment.from_string(template).render(checklist=found, marks=_MARKS)
