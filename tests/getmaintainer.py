"""The kernel's scripts/get_maintainer.pl, run for many files or patches, to be compared with our index."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


def different(
    ours: Sequence[Answer], ask: Callable[[Sequence[int], int], Sequence[Answer]], seeds: int
) -> tuple[list[int], list[int]]:
    """The numbers of our answers that the script gives with none of its hashes' orders, and of those that it does not
    give with each of them.

    `ask` gives what the script prints for some of the numbers with a seed. The order of lines does not count.
    """
    left = list(range(len(ours)))
    varying: list[int] = []
    for seed in range(seeds):
        theirs = ask(left, seed)
        left = [number for number, answer in zip(left, theirs, strict=True) if sorted(answer) != sorted(ours[number])]
        if seed == 0:
            varying = left
        if not left:
            break
    return left, varying


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
