"""Checks of the cover letter: that it is written, and that its numbers can be judged. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from credseries.mail.preflight.model import Check, passed, skipped, verdict
from credseries.series.model import Measured

FROM_RECORDS = "from the benchmark records of"  # how a check begins that did not go by words
_TEMPLATE = "EDITME"  # what b4 (0.16) and its users write where something is still to be written
# What b4's template for a letter says, for who has taken away the mark of its comments but not the text.
_B4_TEXT = re.compile(r"Describe the purpose of this series\.|Lines starting with # will be removed|cover title for ")
_TRAILER = re.compile(r"[A-Za-z][\w-]*-[Bb]y: \S|(?:Cc|To|Link|Fixes|Closes): \S")

# A number that claims something. It is a search for words, and can be wrong in both directions.
_CLAIM = re.compile(
    r"\d\s?%|\b\d+(?:\.\d+)?x\b|\b\d[\d.,]*\s*(?:[kMG]?(?:ops|req|IOPS|bogo ops)\b|(?:operations|requests)\b)"
    r"|/(?:s|sec)\b|\bHITM\b",
    re.IGNORECASE,
)
_QUESTIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "the workload",
        re.compile(  # "some workloads" and "no benchmark" name none
            r"\b(?:workload|stress-ng|fio|will-it-scale|unixbench|hackbench|dbench|fs_?mark|filebench"
            r"|kernel (?:build|compile)|sysbench|wordpress|nginx|postgres\w*|mysql|redis|phoronix|lmbench|kbuild)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "the machine",
        re.compile(
            r"\b(?:machines?|servers?|laptop|CPUs?|cores?|sockets?|Xeon|EPYC|Ryzen|Threadripper|Core i\d|Intel|AMD"
            r"|Ampere|Graviton|Neoverse|Apple M\d|POWER\d+|QEMU|KVM|VMs?|GiB|\d+\s?GB)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "the number of runs",
        re.compile(
            r"\b\d+\s*(?:runs?|iterations?|samples?|repetitions?|repeats|times|trials)\b|\b[nN]\s*=\s*\d+"
            r"|\b(?:runs|iterations|samples|repeats|repetitions)\s*[:=]?\s*\d+"
            r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|a hundred)\s+"
            r"(?:runs?|iterations?|samples?|repetitions?|times|trials)\b",
            re.IGNORECASE,
        ),
    ),
)


@dataclass(frozen=True)
class Letter:
    """A cover letter: its text as its author sees it without comments (subject, blank line, body), what stands below
    its line `---`, and the bytes of the first message, which has it; `there` is False when somebody has dropped it."""

    text: str
    notes: str
    first: bytes
    there: bool = True


def cover_check(letter: Letter) -> Check:
    """Fails when there is no letter, or something in it is still to be written."""
    edit = "`b4 prep --edit-cover` with the branch checked out, or `credseries cover` renders it anew"
    if not letter.there:
        return verdict("cover", ["the branch has no cover letter any more"], "", "`credseries cover --note TEXT`")
    subject, _, body = letter.text.partition("\n")
    problems = []
    if not subject.strip() or (body and not body.startswith("\n")):
        problems.append("it has no subject: that is a line of its own, with a blank line below")
    whole = f"{letter.text}\n---\n{letter.notes}" if letter.notes else letter.text
    marks = [(number, line) for number, line in enumerate(whole.split("\n"), 1) if _is_template(line)]
    problems += [f"line {number} is still to be written: {line.strip()}" for number, line in marks]
    if not marks and _TEMPLATE.encode() in letter.first:
        problems.append(f"{_TEMPLATE} is left in what would be mailed")
    if not [line for line in body.split("\n") if line.strip() and not _TRAILER.match(line)]:
        problems.append("it says nothing besides its subject")
    return verdict("cover", problems, f"{len(letter.text.splitlines())} lines, none left to be written", edit)


def _is_template(line: str) -> bool:
    return _TEMPLATE in line or _B4_TEXT.search(line) is not None


def numbers_check(letter: Letter, measured: Measured, given: str) -> Check:
    """Fails when the letter's numbers leave open what reviewers ask first: the workload, the machine, how many runs.

    Benchmark records know what they lack. Of numbers that are just text (`given`, or written into the letter) only
    the words can be looked for, anywhere in the letter, and that is said.
    """
    hint = "`credseries bench edit` fills records in; say the rest beside the numbers"
    if measured.incomplete:
        return verdict("numbers", measured.incomplete, "", hint)
    known = {line.strip() for line in measured.text.split("\n")}  # what records say is complete by itself
    text = "\n".join(line for line in letter.text.split("\n") if line.strip() not in known)
    claims = _claims(text)
    if not claims and not given.strip():
        if measured.text:
            return passed("numbers", f"{FROM_RECORDS} {', '.join(measured.labels)}")
        return skipped("numbers", "the letter claims no numbers")
    missing = [what for what, words in _QUESTIONS if not words.search(f"{text}\n{given}")]
    first = next(iter(claims or _claims(given) or [line.strip() for line in given.split("\n") if line.strip()]))
    problems = [f"there are numbers ({first}), and no word of {what}; only words were looked for" for what in missing]
    fine = "there are words of workload, machine and runs for the numbers; whether they answer, only a person can tell"
    return verdict("numbers", problems, fine, hint)


def _claims(text: str) -> Sequence[str]:
    return [line.strip() for line in text.split("\n") if _CLAIM.search(line)]
