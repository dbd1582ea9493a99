"""The kernel's scripts/get_maintainer.pl, run for many files or patches, to be compared with our index."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from credseries.kernel.maintainers import Maintainers, Recipient
from credseries.kernel.recipients import MailingList

MANY = Path(__file__).parent / "kernel" / "get_maintainer_many.pl"
OPTIONS = ("--nogit", "--nogit-fallback")
Answer = list[str]


@dataclass(frozen=True)
class Script:
    """The script of a tree: the file itself is run, one process forked for each argument (see MANY)."""

    tree: Path
    place: Path
    environment: Mapping[str, str]

    def of_files(self, files: Sequence[str], seed: int) -> list[Answer]:
        """What it prints for each file. It finds no git: with --nogit it would only ask whether git knows the file."""
        return self._answers(files, ("-f",), seed, {"PATH": "/nonexistent"})

    def of_patches(self, patches: Sequence[Path], seed: int) -> list[Answer]:
        """What it prints for each patch file."""
        return self._answers(list(map(str, patches)), (), seed, {})

    def _answers(
        self, arguments: Sequence[str], options: Sequence[str], seed: int, environment: Mapping[str, str]
    ) -> list[Answer]:
        output = self.place / "answers"
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir()
        (self.place / "arguments").write_text("".join(f"{argument}\n" for argument in arguments))
        perl = shutil.which("perl")
        assert perl
        processes = str(os.cpu_count())
        command = [perl, str(MANY), str(self.place / "arguments"), str(output), processes, *OPTIONS, *options, "X"]
        # the order of perl's hashes, by which the script puts what is equal in order, is another one in every process
        order = {"PERL_HASH_SEED": hashlib.sha256(b"%d" % seed).hexdigest(), "PERL_PERTURB_KEYS": "0"}
        subprocess.run(
            command, cwd=self.tree, env={**os.environ, **self.environment, **environment, **order}, check=True
        )
        return [(output / str(number)).read_text().splitlines() for number in range(len(arguments))]


@dataclass(frozen=True)
class Differences:
    """Where the script's answers are not ours, by the numbers of the questions.

    It gives our answer to the `wrong` ones in none of its hashes' orders. For the others there are the answers that it
    gave before it gave ours: the same script, of the same tree, gives several.
    """

    wrong: tuple[int, ...]
    others: Mapping[int, tuple[Answer, ...]]


def differences(
    ours: Sequence[Answer], ask: Callable[[Sequence[int], int], Sequence[Answer]], seeds: int
) -> Differences:
    """Compare our answers with the script's, in so many orders as it takes, and no more than `seeds`.

    `ask` gives what the script prints for some of the numbers with a seed. The order of lines does not count.
    """
    left: tuple[int, ...] = tuple(range(len(ours)))
    others: dict[int, tuple[Answer, ...]] = {}
    for seed in range(seeds):
        theirs = dict(zip(left, ask(left, seed), strict=True))
        left = tuple(number for number, answer in theirs.items() if sorted(answer) != sorted(ours[number]))
        others |= {number: (*others.get(number, ()), theirs[number]) for number in left}
        if not left:
            break
    return Differences(left, {number: answers for number, answers in others.items() if number not in left})


def people(answer: Answer) -> list[str]:
    """Who is in what the script prints: names, and addresses of those who have none, without roles."""
    found = (re.match(r"(.*<[^>]*>|\S*) \(", line) for line in answer)
    return sorted(next(filter(None, parseaddr(match[1])), "") for match in found if match is not None)


def printed(recipients: Sequence[Recipient]) -> Answer:
    """What the script prints for some recipients."""
    return [f"{each} ({each.reason})" for each in recipients]


def lists_with_names(maintainers: Maintainers) -> set[str]:
    """The lists that have a name before their address, which the script takes for the address."""
    values = (value for section in maintainers.sections for value in section.values("L"))
    return {MailingList.parse(value).address for value in values if "@" not in value.split()[0]}


def printed_by_the_script(recipients: Sequence[Recipient], nameless: set[str]) -> Answer:
    """What the script prints for some recipients, of which it loses the addresses of `nameless`: an empty address, and
    that once."""
    lines: Answer = []
    lost = False
    for each in recipients:
        if each.role != "list" or each.address not in nameless:
            lines += printed([each])
        elif not lost:
            lost = True
            lines.append(f" ({each.reason})")
    return lines
