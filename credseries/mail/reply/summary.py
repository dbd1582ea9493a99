"""What is said of a series as a whole: which patches something was found in, and what was not looked at. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credseries.creds.audit.compared import Severity
from credseries.mail.reply.words import shown, wrapped
from credseries.series.observations import Observation, Review
from credseries.words import many

_LISTED = 20  # places of the same kind that are listed


@dataclass(frozen=True)
class Named:
    """A patch as it is called in a summary: `2/5`, or nothing for a patch without a number; and its title."""

    mark: str
    title: str


def summary(review: Review, patches: Sequence[Named], *, alone: bool) -> list[str]:
    """The lines of the summary, without a quote; `alone` says that it stands in a mail of its own."""
    listed = _patches(review, patches) if alone or len(patches) > 1 else []
    blocks = [_opening(review, patches), listed, *_of_series(review), _left(review), _unseen(review, patches)]
    blocks += [wrapped(f"{remark[:1].upper()}{remark[1:]}.") for remark in review.remarks]
    lines: list[str] = []
    for block in blocks:
        if block:
            lines += [*block, ""]
    return lines[:-1]


def _opening(review: Review, patches: Sequence[Named]) -> list[str]:
    functions = len({(file, name) for _, file, name in review.compared})
    alone = len(patches) == 1
    found = any(item.patch for item in review.observations)
    if not functions and not found and not review.unseen:
        change = "This patch changes" if alone else f"These {len(patches)} patches change"
        return wrapped(f"{change} no function that has to do with credentials, as `credseries audit` sees it.")
    if not functions and not found:
        which = "this patch" if alone else f"these {len(patches)} patches"
        return wrapped(
            f"I could not compare the code of {which} with what it was before, on top of {review.base[:12]}."
        )
    change = "this patch changes" if alone else f"these {len(patches)} patches change"
    lines = wrapped(
        f"I compared the functions that {change} and that have to do with credentials with what they were before, "
        f"patch by patch and over every path, using `credseries audit` ({many(functions, 'function')}, on top of "
        f"{review.base[:12]})."
    )
    if found:
        return [*lines, "", *wrapped("What I found stands below the lines that it is about.")]
    nothing = "I found no call that runs under other credentials than before, and no reference that gets lost."
    return [*lines, "", *wrapped(nothing)]


def _patches(review: Review, patches: Sequence[Named]) -> list[str]:
    """A line a patch, in which something was found."""
    rows = []
    for position, patch in enumerate(patches, 1):
        items = [item for item in review.observations if item.patch == position]
        if items:
            rows += [shown(f"{patch.mark} {patch.title}".strip()), *_counted(items)]
    return rows


def _counted(items: Sequence[Observation]) -> list[str]:
    """What was found in a patch, errors first: how many of each severity, and where."""
    lines = []
    for word, found in (
        *(
            (severity.value, [item for item in items if item.severity is severity and not item.is_question])
            for severity in Severity
        ),
        ("question", [item for item in items if item.is_question]),
    ):
        if found:
            names = ", ".join(dict.fromkeys(filter(None, map(_name, found))))
            lines += wrapped(f"{many(len(found), word)}{': ' if names else ''}{names}", "    ", "      ")
    return lines


def _name(item: Observation) -> str:
    return f"{item.function}()" if item.function else item.file


def _of_series(review: Review) -> list[list[str]]:
    """What is to be said of all patches together, a paragraph each."""
    return [wrapped(item.text) for item in review.observations if not item.patch and not item.function]


def _left(review: Review) -> list[str]:
    """What is left as it was, which is nothing wrong by itself."""
    items = [item for item in review.observations if not item.patch and item.function]
    if not items:
        return []
    head = "Left as they are, in files whose other overrides these patches convert (is that meant?):"
    rows = [shown(f"{item.file}:{item.line} {item.function}()") for item in items[:_LISTED]]
    more = [f"  and {len(items) - _LISTED} more"] if len(items) > _LISTED else []
    return [*wrapped(head), "", *rows, *more]


def _unseen(review: Review, patches: Sequence[Named]) -> list[str]:
    """What was not looked at, with the reason; functions of a file that have the same one together."""
    if not review.unseen:
        return []
    alike: dict[tuple[int, str, str], list[str]] = {}
    for item in review.unseen:
        alike.setdefault((item.patch, item.file, item.reason), []).append(item.function)
    lines = [*wrapped("Not looked at:"), ""]
    for (patch, file, reason), functions in alike.items():
        lines += wrapped(f"{_place(patch, file, functions, patches)}: {reason}", "  ", "    ")
    return lines


def _place(patch: int, file: str, functions: Sequence[str], patches: Sequence[Named]) -> str:
    mark = patches[patch - 1].mark if 0 < patch <= len(patches) else ""
    names = ", ".join(f"{name}()" for name in functions if name)
    place = f"{names} in {file}" if names else file
    return " ".join(part for part in (mark, place) if part) or "a patch"
