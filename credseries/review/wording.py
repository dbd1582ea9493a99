"""Findings of an audit as sentences for a mail: what a patch does, where, and what was so before it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from credseries.creds.audit.checks import Finding, Kind, Severity
from credseries.csource.lexical import Lines, lex
from credseries.csource.outline import functions
from credseries.review.audit import Placed, Report
from credseries.series.observations import Observation, PathLine, Review, Unseen

Contents = Callable[[str, str], bytes]  # of a file (the second) of a tree

_NAME = re.compile(r"[A-Za-z_]\w*(?:(?:->|\.)\w+)*")
_DOES = re.compile(r"[(=:]|^(?:return|goto|break|continue|else|do)\b")
_DECLARES = re.compile(
    r"(?!return\b|else\b|goto\b|case\b)(?:(?:const|static|struct|enum|union|unsigned)\s+)*\w+\s+\**\w+\s*=(?!=)"
)
_GONE = re.compile(r"`(?P<text>[^`]+);` \(line (?P<line>\d+) before the change\) is gone, and (?P<so>.+)", re.DOTALL)
_JUMP = re.compile(r"`[^`]+`(?= enters )|label \w+(?= unwinds )")
_NAMED = re.compile(r"\bline \d+\b|`[^`]+`|\blabel \w+\b")
_AS_BEFORE = "; that is as it was before the series"
_NUMBERED = re.compile(r"^patch \d+: ")


def review_of(report: Report, contents: Contents) -> Review:
    """What an audit has found as things to say, in the order of patches, files and lines.

    `contents` gives the bytes of a file of a tree, empty when it is not there.
    """
    positions = {step: number for number, step in enumerate(report.series.steps, 1)}
    numbers = {step.number: number for step, number in positions.items()}
    files = _Files(contents)
    said = [_observation(item, positions[item.step], files) for item in report.findings]
    unseen = [
        Unseen(numbers.get(item.step, 0), item.file, item.function, _reason(item.reason))
        for item in report.not_analysed
    ]
    return Review(
        base=report.series.base,
        observations=tuple(sorted(said, key=lambda item: (item.patch, item.file, item.line))),
        compared=tuple((numbers.get(step, 0), file, name) for step, file, name in report.compared),
        unseen=tuple(sorted(unseen, key=lambda item: item.patch)),
        remarks=report.series.remarks,
    )


def _reason(text: str) -> str:
    """Why something was not compared; of a chain of callees the first and what is at its end."""
    words = _NUMBERED.sub("", text).replace("after the change", "with this patch").replace("the change", "it")
    first, *between, last = words.split(": ") if ": " in words else (words, "")
    if not between or " credentials overridden" not in first:
        return words
    closing = max(last.count(")") - last.count("("), 0)
    return f"{first.partition(' (it ')[0]}, and so on to: {last[: len(last) - closing]}"


class _Files:
    """The files of trees, by lines and by functions, each read once."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._lines: dict[tuple[str, str], list[str]] = {}
        self._extents: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def lines(self, tree: str, file: str) -> list[str]:
        key = (tree, file)
        if key not in self._lines:
            self._lines[key] = self._contents(tree, file).decode("utf-8", "replace").split("\n")
        return self._lines[key]

    def extent(self, tree: str, file: str, line: int) -> tuple[int, int]:
        """The first and the last line of the function that a line is in, or zeros."""
        key = (tree, file)
        if key not in self._extents:
            source = self._contents(tree, file)
            lines = Lines(source)
            found = functions(lex(source).code)
            self._extents[key] = [(lines.number(item.start), lines.number(item.end - 1)) for item in found]
        return next((item for item in self._extents[key] if item[0] <= line <= item[1]), (0, 0))


def _observation(item: Placed, position: int, files: _Files) -> Observation:
    finding, tree = item.finding, item.step.after
    lines = files.lines(tree, finding.file)
    of_series = finding.kind is Kind.UNCONVERTED and finding.severity is Severity.NOTE
    return Observation(
        patch=0 if of_series else position,
        severity=finding.severity,
        file=finding.file,
        function=finding.function,
        line=finding.line,
        text=said(finding),
        gone=_gone(finding),
        again=said_again(finding),
        group=_group(finding),
        extent=files.extent(tree, finding.file, finding.line),
        path=tuple(_path(finding, lines)) if finding.kind is not Kind.LOST_RETURN_VALUE else (),
    )


def _path(finding: Finding, lines: Sequence[str]) -> Iterator[PathLine]:
    """The lines on the way to a finding that do something: declarations do not, but for those of credentials.

    The last one is where the finding is; where that is passed on the way, it does not come twice.
    """
    numbers = [number for number in finding.path if 1 <= number <= len(lines)]
    if len(numbers) > 1 and numbers[-1] in numbers[:-1]:
        del numbers[-1]
    for number in numbers:
        text = lines[number - 1].strip()
        if number == finding.line or (_DOES.search(text) and ("cred" in text or not _DECLARES.match(text))):
            yield PathLine(number, text)


def said(finding: Finding) -> str:
    """A finding in a sentence or two, with its place."""
    note = finding.message.endswith(_AS_BEFORE)
    message = finding.message.removesuffix(_AS_BEFORE)
    text = next(_known(finding, message), None) or _in_its_words(finding, message)
    return f"{text} That is as it was before the series." if note else text


def _place(finding: Finding) -> str:
    return f"{finding.file}:{finding.line}"


def _called(name: str) -> str:
    return f"{name}()" if _NAME.fullmatch(name) and not name.endswith("->cred") else name


def _known(finding: Finding, message: str) -> Iterator[str]:
    """The findings that are said in words of their own: each is known by the audit's own words, to the letter."""
    call, where, was, now = finding.call, _place(finding), finding.before, finding.after
    here = f"With this patch, {_called(call)} at {where}"
    if message == f"{call}() ran under {was}, and can now run under {now}":
        yield f"{here} can run under {now}; before, it ran under {was}."
    if message == f"{call} read the caller's credentials, and can now read {now}":
        yield f"{here} can read {now}; before, it read the caller's credentials."
    if message == f"{call}() also ran under {was} on some path, and now only runs under {now}":
        yield f"{here} runs under {now} only; before, it also ran under {was} on some path."
    if message == f"the function returns with {now} in force: all that its caller does next runs under it":
        yield (
            f"With this patch, {finding.function}() can return at {where} with {now} in force: all that its caller "
            f"does next runs under it. Before, it left {was} in force."
        )
    if message == f"the cleanup of {call} ran under {was}, and can now run under {now}":
        yield f"With this patch, the cleanup of {call} at {where} can run under {now}; before, it ran under {was}."
    if message == f"what was done by hand, now the cleanup of {call}, ran under {was}, and can now run under {now}":
        yield (
            f"With this patch, the cleanup of {call} at {where} does what was done by hand, and can run under {now}; "
            f"before, that ran under {was}."
        )
    if message == f"{call} can be read here before anything is put into it":
        before = "; before, it was set on every path" if was else ""
        yield f"With this patch, {call} can be read at {where} before anything is put into it{before}."
    if message.startswith(f"what {call}() returns was ") and message.endswith(" and is dropped now"):
        use = message.removeprefix(f"what {call}() returns was ").removesuffix(" and is dropped now")
        yield f"With this patch, what {call}() returns at {where} is dropped; before, it was {use}."


def _in_its_words(finding: Finding, message: str) -> str:
    """The audit's own words, with the place where it names what it is about."""
    call, where = finding.call, _place(finding)
    if finding.kind is Kind.UNCONVERTED:
        return f"{where}, in {finding.function}(): {message}."
    if gone := _GONE.fullmatch(message):
        place = f"{finding.file}:{gone['line']} before it"
        return f"With this patch, `{gone['text']};` ({place}) is gone from {finding.function}(), and {gone['so']}."
    words = message.replace("before the change", "before this patch")
    for start, instead in (
        (f"{call}(): it ", f"{call}() at {where} "),
        (f"{call}(): on this path ", f"there is a path to {call}() at {where} on which "),
        (f"{call}(): ", f"at {where}, "),
        ("on this path the function ", f"there is a path through {where} on which {finding.function}() "),
        (f"this {call} ", f"the {call} at {where} "),
        (f"{call}() ", f"{call}() at {where} "),
        (f"{call} is read ", f"{_called(call)} at {where} is read "),
        (f"{call} saves ", f"{call} at {where} saves "),
    ):
        if words.startswith(start):
            return f"With this patch, {instead}{words.removeprefix(start)}."
    jump = _JUMP.match(words)
    if jump is not None:
        return f"With this patch, {jump.group()} at {where}{words[jump.end() :]}."
    return f"With this patch, {words} ({where}, in {finding.function}())."


def _gone(finding: Finding) -> PathLine | None:
    """What a finding says is gone, with its line before the patch."""
    found = _GONE.match(finding.message)
    return PathLine(int(found["line"]), found["text"]) if found is not None else None


def said_again(finding: Finding) -> str:
    """What a finding is about, where the same was said of something else just before: its name, if it has one, and its
    place."""
    if finding.kind in (Kind.MOVED_CALL, Kind.WRONG_CALLER):
        return f"{_called(finding.call)} at {_place(finding)}"
    return _place(finding)


def _group(finding: Finding) -> str:
    """The same for findings of which the same is to be said, but for places and names."""
    words = _NAMED.sub("", said(finding).replace(_place(finding), ""))
    if finding.kind in (Kind.MOVED_CALL, Kind.WRONG_CALLER) and finding.call:
        words = words.replace(_called(finding.call), "")
    return "\n".join((finding.kind.value, finding.severity.value, words))
