"""A program that takes messages as sendmail does, run as git-send-email runs it (git-send-email(1), --sendmail-cmd).

It gets `[-f SENDER] OPTIONS... -i RECIPIENTS...` and the message on its standard input. The input is a file and not a
pipe: whatever becomes of this program, that one never takes half a message for a whole one.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from credseries.mail.text import one_line
from credseries.mail.transport.model import Delivery, Envelope, FateUnknown, NotTaken
from credseries.mail.transport.settings import Program
from credseries.mail.transport.wire import check_envelope

_FOR_NOW = (os.EX_TEMPFAIL, os.EX_NOHOST)  # msmtp says EX_NOHOST when there is no network
_CANNOT_RUN = (126, 127)  # the shell's, sh(1), "Exit status"
_KILLED = 128  # and more: the shell's, by which signal
_GRACE_SECONDS = 5.0
_SHOWN = 500  # characters


class ProgramTransport:
    """The way out through a program, which is run in `directory` for each message."""

    def __init__(self, program: Program, directory: Path) -> None:
        self._program = program
        self._directory = directory

    @property
    def description(self) -> str:
        """Where messages go, for a person."""
        return self._program.description

    def deliver(self, envelope: Envelope, committing: Callable[[], None]) -> Delivery:
        """Hand over one message; see Transport. The program can take it as soon as it runs."""
        check_envelope(envelope)
        with tempfile.TemporaryFile() as message, tempfile.TemporaryFile() as said:
            message.write(envelope.data)
            message.seek(0)
            committing()
            status = self._run(self._arguments(envelope), message, said)
            said.seek(0)
            text = one_line(said.read().decode("utf-8", "replace"))[-_SHOWN:]
        if status:
            raise self._not_taken(status, text)
        return Delivery(text or f"{self._program.command} took it")

    def close(self) -> None:
        """Nothing stays open."""

    def _arguments(self, envelope: Envelope) -> list[str]:
        program = self._program
        sender = ["-f", envelope.sender] if program.names_sender else []
        given = [*sender, *program.options, "-i", *envelope.recipients]
        if program.through_shell:
            return ["sh", "-c", f'{program.command} "$@"', "-", *given]
        return [program.command, *given]

    def _run(self, arguments: list[str], message: IO[bytes], said: IO[bytes]) -> int:
        """Run it to its end; gives its exit status. Raises NotTaken when it cannot be run, and FateUnknown."""
        try:
            # In a session of its own, where a Ctrl-C here does not reach it. What it leaves running may keep its
            # output open, which for that reason is a file that nobody waits for.
            process = subprocess.Popen(
                arguments,
                stdin=message,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=self._directory,
                start_new_session=True,
            )
        except OSError as error:
            raise self._cannot_run(error.strerror or str(error)) from error
        try:
            status = process.wait(self._program.timeout)
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise FateUnknown(
                f"the program {self._program.command} had the message and did not end within "
                f"{self._program.timeout:g} seconds",
                hint="credseries.smtpTimeout says how many seconds it may take",
            ) from error
        except BaseException:
            _end(process)
            raise
        return status

    def _not_taken(self, status: int, text: str) -> NotTaken | FateUnknown:
        """The error for how it ended."""
        program, told = self._program, f": {text}" if text else ""
        if status < 0 or (program.through_shell and status > _KILLED):
            by = signal.strsignal(-status if status < 0 else status - _KILLED) or f"signal {status}"
            return FateUnknown(f"the program {program.command} had the message and was killed ({by}){told}")
        if program.through_shell and status in _CANNOT_RUN:
            return self._cannot_run(text or f"status {status}")
        return NotTaken(
            f"the program {program.command} ended with status {status}{told}",
            hint="try it by hand: it gets a message on its standard input, and `-i ADDRESS...`",
            lasting=status not in _FOR_NOW,
            connected=True,
        )

    def _cannot_run(self, why: str) -> NotTaken:
        return NotTaken(
            f"{self._program.command} cannot be run: {why}",
            hint="see sendemail.sendmailCmd and sendemail.smtpServer",
            lasting=True,
            connected=True,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and what it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
            return
