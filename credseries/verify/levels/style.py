"""The level `style`: the tree's own checkpatch.pl on every patch, and what kernel people expect of its message."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from credseries.errors import EnvironmentProblem
from credseries.kernel.git import Repository
from credseries.kernel.series_source import Series, Step
from credseries.verify.model import Level, Problem, Severity, Status
from credseries.verify.process import run
from credseries.verify.tasks import Check, Judgement, Place, Result
from credseries.words import content_key, many

CHECKPATCH = "scripts/checkpatch.pl"
# What it reads beside itself, where a tree has it.
_DATA = ("scripts/spelling.txt", "scripts/const_structs.checkpatch")
_OPTIONS = ("--strict", "--no-tree", "--terse", "--showfile", "--show-types", "--no-summary", "--color=never")
_SAID = re.compile(
    r"^(?P<place>\S*?):?(?P<line>\d*):? ?(?P<level>ERROR|WARNING|CHECK):(?P<type>[A-Z_0-9]+): (?P<text>.*)$"
)
_COLUMNS = 75  # of a message: Documentation/process/submitting-patches.rst
_SEVERITIES = {"ERROR": Severity.ERROR, "WARNING": Severity.WARNING, "CHECK": Severity.NOTE}
# A line like this may be as long as it is: it is quoted, or a name that cannot be parted.
_UNBROKEN = re.compile(r"^(?:\s|>|[A-Z][\w-]+-by: |(?:Fixes|Link|Closes|Cc|Message-ID): |\S+$|\[)|https?://")


@dataclass(frozen=True)
class CheckpatchTask:
    """Run a tree's checkpatch.pl on a patch (the text of a mail). `blobs` are the ids of the script and its data."""

    tree: str
    blobs: tuple[str, ...]
    subject: str
    patch: bytes

    @property
    def key(self) -> str:
        """The same for the same script and patch."""
        return content_key("checkpatch", *_OPTIONS, *self.blobs, self.patch)

    @property
    def title(self) -> str:
        """What is being done."""
        return f"checkpatch: {self.subject}"

    def run(self, place: Place) -> Result:
        """What it says, as `said`: level, type, text, file and line. Raises EnvironmentProblem when it cannot run."""
        files = place.repo.read_files(self.tree, (CHECKPATCH, *_DATA))
        with tempfile.TemporaryDirectory(prefix="credseries-style-") as name:
            directory = Path(name)
            for path, data in files.items():
                (directory / path).parent.mkdir(exist_ok=True)
                (directory / path).write_bytes(data)
            ran = run(["perl", CHECKPATCH, *_OPTIONS, "-"], directory=directory, stdin=self.patch)
        said = [
            match.groupdict()
            for line in ran.output.decode("utf-8", "replace").splitlines()
            if (match := _SAID.match(line))
        ]
        if ran.status != 0 and not said:
            raise EnvironmentProblem(
                f"{CHECKPATCH} ended with status {ran.status}: {' '.join(ran.errors.split())[:300]}",
                hint="try it by hand: git format-patch -1 --stdout | scripts/checkpatch.pl --strict -",
            )
        return {"said": said}


def style_checks(repo: Repository, series: Series, *, perl: bool) -> list[Check]:
    """A check for each patch: checkpatch.pl of the series' base, and the rules for messages.

    In a tree that has no checkpatch.pl only the messages are looked at, and so it is without `perl`: but then the check
    has not been carried out.
    """
    blobs = repo.blob_ids(series.base, (CHECKPATCH, *_DATA))
    texts = _patches(repo, series)
    checks = []
    for step, text in zip(series.steps, texts, strict=True):
        tasks: tuple[CheckpatchTask, ...] = ()
        if perl and CHECKPATCH in blobs and not step.rejected:
            tasks = (CheckpatchTask(series.base, tuple(blobs.values()), step.subject, text),)
        checks.append(
            Check(
                step.number,
                Level.STYLE,
                "",
                tasks,
                partial(_judge, step, perl or CHECKPATCH not in blobs),
                _reproduce(step),
            )
        )
    return checks


def _patches(repo: Repository, series: Series) -> list[bytes]:
    """Every patch as the mail that git would make of it."""
    pairs = [(step.before, step.after) for step in series.steps]
    texts = []
    for step, diff in zip(series.steps, repo.tree_diffs(pairs), strict=True):
        subject, _, body = step.message.partition("\n")
        head = f"From: {step.author}\nDate: Thu, 1 Jan 1970 00:00:00 +0000\nSubject: [PATCH] {subject}\n"
        texts.append(f"{head}\n{body.strip()}\n---\n\n".encode("utf-8", "surrogateescape") + diff + b"-- \n2.0\n")
    return texts


def _reproduce(step: Step) -> str:
    if not step.commit:
        return f"{CHECKPATCH} --strict PATCH"
    return f"git format-patch -1 --stdout {step.commit[:12]} | {CHECKPATCH} --strict -"


def _judge(step: Step, can_run: bool, results: Sequence[Result]) -> Judgement:
    problems = [
        Problem(
            _SEVERITIES[item["level"]],
            f"checkpatch {item['type']}: {item['text']}",
            item["place"] if item["line"] else "",
            int(item["line"] or 0),
        )
        for result in results
        for item in result["said"]
    ]
    problems = [*message_problems(step.message), *problems]
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    warnings = len(problems) - errors
    parts = [many(errors, "error")] * bool(errors) + [many(warnings, "remark")] * bool(warnings)
    if not errors and not can_run:
        return Judgement(Status.ERROR, f"{CHECKPATCH} needs perl: apt install perl")
    if not results and not step.rejected:
        parts.append("message only")
    return Judgement(Status.FAIL if errors else Status.PASS, ", ".join(parts) or "clean", tuple(problems))


def message_problems(message: str) -> list[Problem]:
    """What a commit message lacks, by Documentation/process/submitting-patches.rst."""
    subject, _, body = message.partition("\n")
    lines = body.strip().split("\n")
    found = []

    def error(text: str) -> None:
        found.append(Problem(Severity.ERROR, text))

    def warning(text: str) -> None:
        found.append(Problem(Severity.WARNING, text))

    if re.match(r"(?:fixup|squash|amend)!", subject):
        error("the subject says that this is to be folded into another patch")
    elif not re.match(r"[\w/.,+-]+(?: [\w/.,+-]+)?: \S", subject):
        error("the subject has no prefix that names the subsystem")
    if len(subject) > _COLUMNS:
        error(f"the subject has {len(subject)} columns, more than {_COLUMNS}")
    if subject.endswith("."):
        warning("the subject ends in a period")
    trailers = [line for line in lines if re.match(r"[A-Z][\w-]+: ", line)]
    if not any(line.startswith("Signed-off-by: ") for line in trailers):
        error("there is no Signed-off-by")
    if not any(line.strip() and line not in trailers for line in lines):
        error("there is no text that says why")
    long = [line for line in lines if len(line) > _COLUMNS and not _UNBROKEN.search(line)]
    if long:
        warning(f"{many(len(long), 'line')} of the message longer than {_COLUMNS} columns: {long[0][:40]}..")
    return found
