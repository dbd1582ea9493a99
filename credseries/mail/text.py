"""Text that survives b4 and mail: wrapping, cleaning, and the lines that b4 reads as its own marks.

b4 keeps a cover letter as text and parses it again at every step. What it takes for a mark is in `_MARKS`
(the patterns are b4 0.16's: `ez.load_cover`, `LoreMessage.get_body_parts`, `LoreMessage.find_trailers`).
"""

from __future__ import annotations

import re
import textwrap
import unicodedata

from credseries.series.changelog import has_log, split_letter

WIDTH = 72
COVER_LIMIT_BYTES = 100_000  # what many lists (vger among them) take as one message

_MARKS = (
    (re.compile(r"---\s*$"), "ends in ---, where b4 splits a cover letter; write rules with ==="),
    (re.compile(r"^>?#"), "starts with #, which b4 deletes as a comment; indent it"),
    (re.compile(r"^-- $"), "is a signature mark, and the rest would be cut off as the signature"),
    (
        re.compile(r"^(?:diff -|--- |\+\+\+ |@@ -|Index: |GIT binary patch)"),
        "looks like the start of a patch; indent it",
    ),
)
_TRAILER = re.compile(r"^\s*\S+:\s+\S")


def _is_control(character: str) -> bool:
    # b4 finds lines by str.splitlines(), for which Zl and Zp (U+2028, U+2029) and some controls end one.
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


def one_line(text: str) -> str:
    """The text as one line without control characters: runs of white space become one space."""
    words = ("".join(character for character in word if not _is_control(character)) for word in text.split())
    return " ".join(word for word in words if word)


def _safe_line(line: str, indent: str) -> str:
    """The wrapped line, moved out of column 0 when b4 would read it as a mark there."""
    if not indent and any(mark.search(line) for mark, _ in _MARKS[1:]):
        return "  " + line
    return line


def _wrap(paragraph: str, first: str, rest: str) -> list[str]:
    words = one_line(paragraph).split(" ")
    # Three dashes in prose are a typist's dash; two say the same and are no mark.
    text = " ".join(re.sub(r"-{3,}$", "--", word) for word in words)
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [_safe_line(line, rest) for line in lines]


def prose(text: str, first: str = "", rest: str | None = None) -> str:
    """The text's paragraphs wrapped at 72 columns; `first` starts every paragraph, `rest` its other lines.

    No line of the result is a mark of b4's; words are never broken, so a long name or link may overhang.
    """
    indent = first if rest is None else rest
    paragraphs = (_wrap(paragraph, first, indent) for paragraph in re.split(r"\n\s*\n", text))
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines)


def _verbatim_line(line: str) -> str:
    cleaned = "".join(character for character in line.expandtabs() if not _is_control(character)).rstrip()
    if not cleaned.endswith("---"):
        return cleaned
    return re.sub("-{3,}", lambda rule: "=" * len(rule.group()), cleaned)


def verbatim(text: str, indent: str = "  ") -> str:
    """The text as it is, indented, for tables and the output of tools.

    Three things change, because b4 would otherwise lose text: rules of dashes in a line that ends in one (as
    `perf c2c` draws them) are drawn with `=`, runs of blank lines become one, and control characters go.
    """
    lines = [_verbatim_line(line) for line in text.splitlines()]
    indented = "\n".join(indent + line if line else "" for line in lines)
    return squeeze(indented)


def squeeze(text: str) -> str:
    """The text without blank lines at its ends, trailing white space, and runs of blank lines."""
    stripped = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", stripped).strip("\n")


def line_problems(text: str) -> list[str]:
    """What b4 would misread in single lines of this text, a sentence each; empty when it is safe."""
    problems = []
    for number, line in enumerate(text.split("\n"), start=1):
        if any(_is_control(character) and character != "\t" for character in line):
            problems.append(f"line {number} has a control character: {line!r}")
        problems += [f"line {number} {why}: {line}" for mark, why in _MARKS if mark.search(line)]
    return problems


def _subject_problems(subject: str) -> list[str]:
    problems = []
    if not subject.strip() or subject != one_line(subject):
        problems.append("the first line must be the subject, with single spaces and none at its ends")
    if subject.startswith("["):
        problems.append("the subject starts with [, which b4 reads as a prefix; prefixes are kept apart")
    if re.match(r"(?:re|aw|fwd):|\w{2,3}:\s*\[", subject, re.IGNORECASE):
        problems.append("the subject starts like a reply's, and b4 would take the letter for one")
    if "=?" in subject:
        problems.append("the subject has =?, which mail readers decode as an encoded word")
    return problems


def _body_problems(body: str) -> list[str]:
    paragraphs = body.split("\n\n")
    first, last = paragraphs[0].split("\n"), paragraphs[-1].split("\n")
    problems = []
    if not body.strip():
        problems.append("the letter has no text below its subject")
    if body != squeeze(body):
        problems.append("blank lines in a row or white space at a line's end, which b4 removes")
    if all(_TRAILER.match(line) for line in first):
        problems.append(f"the first paragraph reads as mail headers, and b4 would move it: {first[0]}")
    problems += [
        f"the last paragraph has a line that b4 takes for a trailer and moves: {line}"
        for line in last
        if _TRAILER.match(line)
    ]
    if last[0].startswith((" ", "\t")):
        problems.append(f"the last paragraph is indented, and b4 would undo that: {last[0]}")
    return problems


def cover_problems(text: str) -> list[str]:
    """Why this cover letter (subject, blank line, body) would not come back from b4 as it went in, if so.

    A changelog below a line `---` is a part of it, where b4 has one as well (see `series.changelog`).
    """
    letter, notes = split_letter(text)
    if not has_log(notes):
        letter, notes = text, ""
    subject, _, rest = letter.partition("\n")
    problems = line_problems(letter) + _subject_problems(subject)
    problems += [f"below the line ---, {problem}" for problem in line_problems(notes)]
    if not rest.startswith("\n"):
        problems.append("the second line must be blank, or b4 finds no subject")
    problems += _body_problems(rest.removeprefix("\n"))
    if len(text.encode("utf-8", "replace")) > COVER_LIMIT_BYTES:
        problems.append(f"longer than {COVER_LIMIT_BYTES} bytes, more than mailing lists take")
    return problems
