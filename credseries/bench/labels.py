"""Labels: the names by which people tell one benchmark's records from another's."""

from __future__ import annotations

from collections.abc import Sequence

from credseries.errors import UsageError

LONGEST = 60  # characters: a label is the head of a table that is 72 columns wide


def fault(label: str) -> str:
    """What keeps a text from being a label, as the end of a sentence; empty for a good one."""
    if not label or label != " ".join(label.split()):
        return "is empty, or has blanks at its ends or two in a row"
    if not label.isprintable():
        return "has characters that cannot be printed"
    if label.startswith("-"):
        return "begins like an option"
    return f"is longer than {LONGEST} characters" if len(label) > LONGEST else ""


def check_label(label: str) -> str:
    """The label, if it is one; raises UsageError."""
    if found := fault(label):
        raise UsageError(f"the label {label!r} {found}", hint="name the benchmark in a word or two: overlay-faccessat")
    return label


def chosen(label: str | None, labels: Sequence[str]) -> str:
    """The label that is meant: the one that was given, or the only one there is.

    Raises UsageError when no record has it, or when none was given and there are more, or none.
    """
    all_of(labels)
    if label is None:
        if len(labels) == 1:
            return labels[0]
        raise UsageError("there are records of more than one benchmark", hint=f"name one: {', '.join(labels)}")
    if label not in labels:
        from credseries.words import near

        raise UsageError(f"no record has the label {label!r}{near(label, labels)}", hint=f"used: {', '.join(labels)}")
    return label


def all_of(labels: Sequence[str]) -> Sequence[str]:
    """All labels; raises UsageError when there is none."""
    if not labels:
        raise UsageError("there is no record of a benchmark yet", hint="make one: see `credseries bench add --help`")
    return labels
