"""Findings of an audit as sentences for a mail: what a patch does, where, and what was so before it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from credseries.creds.audit.checks import Finding, Kind
from credseries.series.observations import PathLine

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


def why_unseen(text: str) -> str:
    """Why something was not compared; of a chain of callees the first and what is at its end."""
    words = _NUMBERED.sub("", text).replace("after the change", "with this patch").replace("the change", "it")
    first, *between, last = words.split(": ") if ": " in words else (words, "")
    if not between or " credentials overridden" not in first:
        return words
    closing = max(last.count(")") - last.count("("), 0)
    return f"{first.partition(' (it ')[0]}, and so on to: {last[: len(last) - closing]}"


def path_of(finding: Finding, lines: Sequence[str]) -> Iterator[PathLine]:
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


def gone_of(finding: Finding) -> PathLine | None:
    """What a finding says is gone, with its line before the patch."""
    found = _GONE.match(finding.message)
    return PathLine(int(found["line"]), found["text"]) if found is not None else None


def said_again(finding: Finding) -> str:
    """What a finding is about, where the same was said of something else just before: its name, if it has one, and its
    place."""
    if finding.kind in (Kind.MOVED_CALL, Kind.WRONG_CALLER):
        return f"{_called(finding.call)} at {_place(finding)}"
    return _place(finding)


def group_of(finding: Finding) -> str:
    """The same for findings of which the same is to be said, but for places and names."""
    words = _NAMED.sub("", said(finding).replace(_place(finding), ""))
    if finding.kind in (Kind.MOVED_CALL, Kind.WRONG_CALLER) and finding.call:
        words = words.replace(_called(finding.call), "")
    return "\n".join((finding.kind.value, finding.severity.value, words))
