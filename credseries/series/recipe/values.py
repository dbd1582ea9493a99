"""What a single text in a recipe may be. Each rule gives what is wrong with a text, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

from credseries.series.recipe.places import NAME

Rule = Callable[[str], str]

SUBJECT_COLUMNS = 75  # Documentation/process/submitting-patches.rst
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")
_TRAILER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*): +\S.*")  # git-interpret-trailers(1): letters, digits and hyphens
_NUMBERING = re.compile(r"v\d+|\d+(/\d+)?|patch", re.IGNORECASE)
_KEYWORD = re.compile(
    "auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|inline|int|long|register|"
    "restrict|return|short|signed|sizeof|static|struct|switch|typedef|union|unsigned|void|volatile|while"
)


def any_text(text: str) -> str:
    """Any text that says something."""
    return "" if text.strip() else "is empty"


def one_line(text: str) -> str:
    """A text without line breaks."""
    return any_text(text) or ("must be one line" if "\n" in text.strip() else "")


def slug(text: str) -> str:
    """A name that can be part of the name of a branch and of a file."""
    if NAME.fullmatch(text):
        return ""
    return any_text(text) or f"is '{text}'; it may have lower-case letters, digits and single words joined by '-'"


def path(text: str) -> str:
    """A file or a directory of the tree, from its top."""
    if not text:
        return "is empty"
    if text.startswith("/"):
        return f"is '{text}'; it must be a path from the top of the tree, without a slash before it"
    if "\\" in text:
        return f"is '{text}'; directories are parted by '/'"
    if any(part in ("", ".", "..") for part in text.removesuffix("/").split("/")):
        return f"is '{text}'; it must be a path as git writes it, without '.', '..' and empty parts"
    if re.search(r"[*?\[\]]", text):
        return f"is '{text}'; it must be a file or a directory, which stands for all below it: there are no patterns"
    return ""


def identifier(text: str) -> str:
    """A name that a C function can have."""
    if _IDENTIFIER.fullmatch(text) and not _KEYWORD.fullmatch(text):
        return ""
    return any_text(text) or f"is '{text}', which cannot be the name of a C function"


def address(text: str) -> str:
    """The mail address of a list."""
    return "" if _ADDRESS.fullmatch(text) else f"is '{text}', which is no mail address (name@host, and nothing else)"


def trailer(text: str) -> str:
    """A line that git takes for a trailer, and that is not left to credseries."""
    match = _TRAILER.fullmatch(text)
    if match is None:
        return f"is '{text}', which is no trailer: it must be one line of the form 'Key: value'"
    if match[1].lower() == "signed-off-by":
        return "is a Signed-off-by; credseries adds that of the author"
    return ""


def series_prefix(text: str) -> str:
    """A word that goes into the brackets of a subject."""
    if not text.strip():
        return "is empty"
    if re.search(r"[\[\]]", text):
        return f"is '{text}'; b4 adds the brackets"
    if re.search(r"\s", text):
        return f"is '{text}'; each must be one word"
    if _NUMBERING.fullmatch(text):
        return f"is '{text}'; b4 adds PATCH, the version and the number"
    return ""


def subject_prefix(text: str) -> str:
    """What stands before the colon of a patch's subject."""
    if re.search(r"[\[\]]", text):
        return f"is '{text}'; git drops what is in brackets at the start of a subject"
    if text.endswith(":"):
        return f"is '{text}'; the colon is added"
    return one_line(text)


def subject(text: str) -> str:
    """The first line of a commit message, as it will be."""
    if problem := one_line(text):
        return problem
    if len(text) > SUBJECT_COLUMNS:
        return f"is {len(text)} columns wide, at most {SUBJECT_COLUMNS} are good: '{text}'"
    return f"ends with a full stop: '{text}'" if text.endswith(".") else ""


def pattern(text: str) -> str:
    """A pattern of names of calls."""
    return (
        f"is '{text}'; it must be the name of one call, or a pattern, without spaces" if re.search(r"\s", text) else ""
    )
