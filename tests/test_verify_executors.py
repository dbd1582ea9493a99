"""Tasks run in processes of this machine: results and errors arrive, and nothing is left running."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path

import pytest

from credseries import errors
from credseries.errors import CredseriesError, EnvironmentProblem, UnknownPath
from credseries.verify.executors.local import local
from credseries.verify.tasks import Result
from tests.verifytasks import NOWHERE, Dies, Gated, Raises, RaisesUnreadable, Square, Stubborn

ROOT = Path(__file__).parent.parent


def until(condition: Callable[[], object]) -> None:
    """Returns when something has become true; how long that takes says nothing."""
    while not condition():
        time.sleep(0.02)


def processes_with(marker: Path) -> list[int]:
    """The processes that have a path among their arguments, this one left out."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            other = entry.name.isdigit() and int(entry.name) != os.getpid()
            if other and str(marker).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def children() -> set[int]:
    """The processes that this one has started."""
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(pid) for file in found for pid in file.read_text().split()}


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def started(directory: Path) -> list[int]:
    """The processes that say they have started a task."""
    return [int(path.suffix[1:]) for path in directory.iterdir() if path.suffix[1:].isdigit()]


def tree_of_errors(kind: type[CredseriesError] = CredseriesError) -> Iterator[type[CredseriesError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from tree_of_errors(below)


def test_results_come_and_equal_tasks_run_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with local(NOWHERE, 2) as submit:
        futures = [submit(Square(str(number), log)) for number in (*range(20), *range(20))]
    assert [future.result() for future in futures[:20]] == [{"square": n * n, "jobs": 1} for n in range(20)]
    assert futures[:20] == futures[20:]
    assert sorted(log.read_text().split()) == sorted(str(number) for number in range(20))


def test_nothing_is_started_for_nothing(tmp_path: Path) -> None:
    before = children()
    with local(NOWHERE, 2) as submit:
        assert children() == before
        submit(Square("2", tmp_path / "log")).result()
        assert len(children() - before) == 1
    assert children() == before


def test_as_many_run_at_once_as_are_asked_for(tmp_path: Path) -> None:
    with local(NOWHERE, 2) as submit:
        futures = [submit(Gated(str(number), tmp_path)) for number in range(4)]
        until(lambda: len(started(tmp_path)) == 2)
        assert len(set(started(tmp_path))) == 2
        assert not any(future.done() for future in futures)
        (tmp_path / "go").touch()
    assert [future.result() for future in futures] == [{"name": str(number)} for number in range(4)]


@pytest.mark.parametrize("kind", list(tree_of_errors()))
def test_an_error_can_be_pickled(kind: type[CredseriesError]) -> None:
    read = pickle.loads(pickle.dumps(kind("what", hint="why")))
    assert (type(read), str(read), read.message, read.hint) == (kind, "what", "what", "why")


def test_an_error_arrives_as_it_was_raised(tmp_path: Path) -> None:
    with local(NOWHERE, 1) as submit:
        problem = submit(Raises("x")).exception()
        mistake = submit(Raises("y", mistake=True)).exception()
        unreadable = submit(RaisesUnreadable("z")).exception()
        after = submit(Square("3", tmp_path / "log")).result()
    assert isinstance(problem, UnknownPath)
    assert (problem.message, problem.hint) == ("no x", "look again")
    assert isinstance(mistake, ZeroDivisionError)
    assert "verifytasks.py" in mistake.__notes__[0]
    assert isinstance(unreadable, RuntimeError)
    assert "Unreadable: z!" in str(unreadable)
    assert after["square"] == 9


def test_a_process_that_dies_takes_no_other_task_with_it(tmp_path: Path) -> None:
    with local(NOWHERE, 2) as submit:
        lost = submit(Dies("hungry"))
        others = [submit(Square(str(number), tmp_path / "log")) for number in range(6)]
    problem = lost.exception()
    assert isinstance(problem, EnvironmentProblem)
    assert problem.message == "test hungry: the process that did this was ended by SIGKILL"
    assert "memory" in problem.hint
    assert [future.result()["square"] for future in others] == [0, 1, 4, 9, 16, 25]


def test_an_exception_ends_everything(tmp_path: Path) -> None:
    futures: list[Future[Result]] = []

    def leave() -> None:
        with local(NOWHERE, 2) as submit:
            futures.extend(submit(Gated(str(number), tmp_path)) for number in range(5))
            until(lambda: len(started(tmp_path)) == 2)
            raise KeyError

    with pytest.raises(KeyError):
        leave()
    assert processes_with(tmp_path) == []
    assert not any(is_alive(pid) for pid in started(tmp_path))
    assert len(list(tmp_path.glob("*.cleaned"))) == 2
    for future in futures:
        assert future.done()
        with pytest.raises(CancelledError):
            future.result()


@pytest.mark.slow
def test_who_does_not_stop_is_killed(tmp_path: Path) -> None:
    def leave() -> None:
        with local(NOWHERE, 1) as submit:
            submit(Stubborn("mule", tmp_path))
            until(lambda: started(tmp_path))
            raise KeyError

    with pytest.raises(KeyError):
        leave()
    assert (tmp_path / "mule.asked").exists()
    assert not any(is_alive(pid) for pid in started(tmp_path))


RUN = """
import sys
from pathlib import Path
from credseries.verify.executors.local import local
from tests.verifytasks import NOWHERE, Gated, Square

directory = Path(sys.argv[1])
with local(NOWHERE, 2) as submit:
    print(submit(Square("7", directory / "log")).result(), flush=True)
    futures = [submit(Gated(str(number), directory)) for number in range(5)]
    futures[0].result()
"""


@contextlib.contextmanager
def run_of_its_own(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that runs tasks, in a process group of its own as a shell would start it."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(directory)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as process:
        try:
            until(lambda: len(started(directory)) == 2 or process.poll() is not None)
            yield process
        finally:
            process.kill()


def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    with run_of_its_own(tmp_path) as process:
        workers = started(tmp_path)
        os.killpg(process.pid, signal.SIGINT)  # as the terminal does
        output, said = process.communicate()
    assert process.returncode == -signal.SIGINT  # what Python makes of a KeyboardInterrupt that nobody catches
    assert output == "{'square': 49, 'jobs': 1}\n"
    assert said.count("Traceback") == 1  # that one's, and none of a worker's
    assert len(workers) == 2
    assert processes_with(tmp_path) == []
    assert not any(is_alive(pid) for pid in workers)
    assert len(list(tmp_path.glob("*.cleaned"))) == 2


def test_workers_end_when_whoever_started_them_is_killed(tmp_path: Path) -> None:
    with run_of_its_own(tmp_path) as process:
        workers = started(tmp_path)
        process.kill()
        process.wait()
        assert len(workers) == 2
        until(lambda: not any(is_alive(pid) for pid in workers) and processes_with(tmp_path) == [])
    assert len(list(tmp_path.glob("*.cleaned"))) == 2
