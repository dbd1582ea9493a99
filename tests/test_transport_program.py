"""A message through a program as sendmail: run as git runs it, and what its end means."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

from credseries.mail.transport.model import Delivery, Envelope, FateUnknown, NotTaken
from credseries.mail.transport.program import ProgramTransport
from credseries.mail.transport.settings import Program
from tests.transportcase import LIST, SENDER, Handing, letter

ALSO = "amir@example.org"


def a_program(tmp_path: Path, *lines: str) -> Path:
    """A program that keeps how it was called and what it read, and then does what the lines say."""
    path = tmp_path / "send mail"
    keep = f"with open({str(tmp_path / 'calls')!r}, 'a') as file:"
    what = "    print(json.dumps([sys.argv[1:], sys.stdin.read()]), file=file)"
    path.write_text("\n".join([f"#!{sys.executable}", "import json, os, sys", keep, what, *lines, ""]))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def calls(tmp_path: Path) -> list[list[object]]:
    return [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]


def handing(tmp_path: Path, command: str, *, shell: bool = False, **more: object) -> Handing:
    return Handing(ProgramTransport(Program(command, through_shell=shell, **more), tmp_path))  # type: ignore[arg-type]


def test_a_program_gets_what_git_gives_it(tmp_path: Path) -> None:
    sent = letter(to=(LIST, ALSO), body=".\nü\n")
    way = handing(tmp_path, str(a_program(tmp_path, "print('queued as 7')")))
    assert way.deliver(sent) == Delivery("queued as 7")
    assert calls(tmp_path) == [[["-i", LIST, ALSO], sent.data.decode()]]
    assert way.committed == [True]


def test_options_and_the_sender_are_given_where_they_are_configured(tmp_path: Path) -> None:
    way = handing(tmp_path, str(a_program(tmp_path)), options=("-a", "two words"), names_sender=True)
    way.deliver(letter())
    assert calls(tmp_path)[0][0] == ["-f", SENDER, "-a", "two words", "-i", LIST]


def test_a_command_goes_through_the_shell_and_an_address_does_not(tmp_path: Path) -> None:
    path = a_program(tmp_path)
    way = handing(tmp_path, f"X=1 '{path}' --account=\"$((6 * 7))\"", shell=True)
    odd = "a;touch${IFS}x@example.org"
    way.deliver(letter(to=(LIST, odd, "$(touch x)'\"@example.org".replace(" ", "_"))))
    assert calls(tmp_path)[0][0] == ["--account=42", "-i", LIST, odd, "$(touch_x)'\"@example.org"]
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("address", ["-oQ/tmp/x@example.org", "a@example.org\n-f", "a b@example.org", ""])
def test_an_address_is_no_option(tmp_path: Path, address: str) -> None:
    way = handing(tmp_path, str(a_program(tmp_path)), names_sender=True)
    for envelope in (Envelope(SENDER, (address,), b"x\n"), Envelope(address, (LIST,), b"x\n")):
        with pytest.raises(NotTaken, match="no mail address"):
            way.deliver(envelope)
    assert way.committed == [False, False]
    assert not (tmp_path / "calls").exists()


@pytest.mark.parametrize("shell", [False, True])
@pytest.mark.parametrize(("status", "lasting"), [(75, False), (68, False), (1, True), (67, True), (78, True)])
def test_a_status_says_whether_it_is_for_good(tmp_path: Path, status: int, lasting: bool, shell: bool) -> None:
    path = a_program(tmp_path, "print('cannot do it', file=sys.stderr)", f"sys.exit({status})")
    way = handing(tmp_path, f"'{path}'" if shell else str(path), shell=shell)
    with pytest.raises(NotTaken, match=f"status {status}: cannot do it") as caught:
        way.deliver(letter())
    assert (caught.value.lasting, caught.value.connected) == (lasting, True)


@pytest.mark.parametrize("shell", [False, True])
def test_a_program_that_is_killed_may_have_sent_it(tmp_path: Path, shell: bool) -> None:
    path = a_program(tmp_path, "os.kill(os.getpid(), 9)")
    # a shell that runs a function does not become the program, and has to tell how that ended
    way = handing(tmp_path, f"run() {{ '{path}' \"$@\"; }}; run" if shell else str(path), shell=shell)
    with pytest.raises(FateUnknown, match="was killed"):
        way.deliver(letter())
    assert len(calls(tmp_path)) == 1


def test_a_program_that_does_not_end_may_have_sent_it_and_is_ended(tmp_path: Path) -> None:
    path = a_program(
        tmp_path,
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))",
        "import time",
        "while True: time.sleep(1)",
    )
    way = handing(tmp_path, f"'{path}'", shell=True, timeout=3.0)
    with pytest.raises(FateUnknown, match="did not end within 3 seconds") as caught:
        way.deliver(letter())
    assert "credseries.smtpTimeout" in caught.value.hint
    # Killed with all of its session; when the kernel gets round to it is not said, that it does is.
    while is_running(int((tmp_path / "pid").read_text())):
        time.sleep(0.01)


def is_running(process: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("shell", [False, True])
def test_a_program_that_is_not_there_is_said(tmp_path: Path, shell: bool) -> None:
    way = handing(tmp_path, str(tmp_path / "gone"), shell=shell)
    with pytest.raises(NotTaken, match="gone cannot be run") as caught:
        way.deliver(letter())
    assert caught.value.lasting
    assert "sendemail.sendmailCmd" in caught.value.hint


def test_what_a_program_leaves_running_is_not_waited_for(tmp_path: Path) -> None:
    left = tmp_path / "left"
    path = a_program(
        tmp_path,
        "import subprocess",
        f"open({str(left)!r}, 'w').write(str(subprocess.Popen(['sleep', '3600']).pid))",
        "print('taken')",
    )
    try:
        assert handing(tmp_path, str(path)).deliver(letter()) == Delivery("taken")
        assert Path(f"/proc/{left.read_text()}").exists()
    finally:
        os.kill(int(left.read_text()), signal.SIGKILL)
