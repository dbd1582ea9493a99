"""A command that verify runs leaves nothing running, however its run ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from credseries.errors import EnvironmentProblem
from credseries.verify import process

# A command whose child goes on when only the command itself is killed; the child's id is in a file.
LEAVES_A_CHILD = "sleep 1000 & echo $! > child; echo started; wait"


def _gone(pid: int) -> bool:
    """Whether a process has ended, or ends soon."""
    for _ in range(1000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def _child(directory: Path) -> int:
    while not (directory / "child").exists() or not (directory / "child").read_text().endswith("\n"):
        time.sleep(0.01)
    return int((directory / "child").read_text())


def test_streams_status_and_input(tmp_path: Path) -> None:
    ran = process.run(["sh", "-c", "cat; pwd; echo $WORD >&2; exit 3"], directory=tmp_path, stdin=b"in\n",
                      environment={"WORD": "said"})  # fmt: skip
    assert (ran.status, ran.output, ran.errors) == (3, f"in\n{tmp_path}\n".encode(), "said\n")
    assert ran.seconds > 0
    assert not ran.timed_out


def test_a_command_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="no-such-compiler cannot be run"):
        process.run(["no-such-compiler"], directory=tmp_path)


def test_unread_input_is_no_error(tmp_path: Path) -> None:
    assert process.run(["true"], directory=tmp_path, stdin=b"x" * (1 << 20)).status == 0


def test_much_output_is_cut_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_LIMIT", 1000)
    ran = process.run(["sh", "-c", "echo first; seq 100000; echo last"], directory=tmp_path)
    assert ran.output.startswith(b"first\n")
    assert ran.output.endswith(b"last\n")
    assert b"bytes are left out here" in ran.output
    assert len(ran.output) < 2000


def test_a_command_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    ran = process.run(["sh", "-c", LEAVES_A_CHILD], directory=tmp_path, timeout=0.5)
    assert ran.timed_out
    assert ran.output == b"started\n"
    assert _gone(_child(tmp_path))


def test_what_a_command_leaves_in_the_background_is_ended(tmp_path: Path) -> None:
    process.run(["sh", "-c", "sleep 1000 & echo $! > child"], directory=tmp_path)
    assert _gone(_child(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_process_takes_its_command_along(tmp_path: Path, number: int) -> None:
    program = f"from pathlib import Path\nfrom credseries.verify.process import run\nrun({['sh', '-c', LEAVES_A_CHILD]}, directory=Path('.'))"  # noqa: E501
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stderr=subprocess.DEVNULL,
                          env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}) as worker:  # fmt: skip
        child = _child(tmp_path)
        worker.send_signal(number)
        worker.wait()
    assert _gone(child)


def test_a_fork_does_not_keep_the_commands_of_its_parent_alive(tmp_path: Path) -> None:
    program = (
        "import os, time\nfrom pathlib import Path\nfrom credseries.verify.process import run\n"
        "run(['true'], directory=Path('.'))\n"
        "if os.fork() == 0:\n    time.sleep(30); os._exit(0)\n"
        f"run({['sh', '-c', LEAVES_A_CHILD]}, directory=Path('.'))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, start_new_session=True,
                          env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}) as worker:  # fmt: skip
        child = _child(tmp_path)
        worker.kill()
        worker.wait()
        assert _gone(child)
        os.killpg(worker.pid, signal.SIGKILL)
