"""Tasks run on a real Dask cluster: the same results as here, also when workers are lost."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from types import FrameType

import pytest

from credseries.errors import EnvironmentProblem, UnknownPath, UsageError
from credseries.kernel.git import Repository
from credseries.verify.executors.cluster import dask
from credseries.verify.executors.local import local
from credseries.verify.executors.shipping import Shipment, make_shipment
from credseries.verify.tasks import Place, Result, Task
from tests.daskcluster import ROOT, Cluster, stop_for_good
from tests.gitrepo import commit_all, git, write_files
from tests.test_verify_executors import is_alive, processes_with, started, until
from tests.verifytasks import Dies, Gated, Raises, Reads, Square

FILE = "fs/backing-file.c"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    directory = tmp_path / "cluster"
    directory.mkdir()
    with Cluster(directory) as made:
        made.start_scheduler()
        yield made


@pytest.fixture
def states(miniature: Path) -> list[str]:
    """A base, and two patches upon it: as a commit, and as a tree."""
    base = git(miniature, "rev-parse", "HEAD").strip()
    write_files(miniature, {FILE: (miniature / FILE).read_text() + "/* one */\n"})
    one = commit_all(miniature, "One")
    write_files(miniature, {FILE: (miniature / FILE).read_text() + "/* two */\n"})
    two = commit_all(miniature, "Two")
    return [base, one, git(miniature, "rev-parse", f"{two}^{{tree}}").strip()]


@pytest.fixture
def shipment(miniature: Path, states: list[str]) -> Shipment:
    return make_shipment(Repository.discover(miniature), states[0], states)


def finished(directory: Path) -> list[str]:
    return [path.name.split(".")[0] for path in directory.glob("*.cleaned")]


def test_a_worker_is_killed_and_nothing_is_lost(
    cluster: Cluster, shipment: Shipment, states: list[str], tmp_path: Path
) -> None:
    """One of two workers is killed with a task in its hands; all results come, and each once."""
    gates, log = tmp_path / "gates", tmp_path / "log"
    gates.mkdir()
    tasks: list[Task] = [
        *(Gated(str(number), gates) for number in range(4)),
        *(Reads(str(number), FILE, tuple(states)) for number in range(4)),
        *(Square(str(number), log) for number in range(12)),
    ]
    done: list[str] = []
    for name in ("one", "two"):
        cluster.start_worker(name)
    with dask(cluster.address, shipment) as submit:
        futures = [submit(task) for task in tasks]
        for task, future in zip(tasks, futures, strict=True):
            future.add_done_callback(lambda _, key=task.key: done.append(key))  # type: ignore[misc]
        until(lambda: len(started(gates)) == 2)  # each has one
        doomed = started(gates)
        stop_for_good(cluster.workers[0])
        # what it did is given up by itself, and goes to the other one
        until(lambda: sum(is_alive(pid) for pid in doomed) == 1)
        (gates / "go").touch()
    remote = [future.result() for future in futures]
    assert sorted(done) == sorted(task.key for task in tasks)
    assert cluster.workers[1].poll() is None

    place = Place(shipment.repo, tmp_path / "cache", remote[-1]["jobs"])
    with local(place, 2) as submit:
        here = [submit(task) for task in tasks]
    assert remote == [future.result() for future in here]
    assert processes_with(gates) == []


def test_a_worker_with_nothing_gets_all_and_the_second_time_nothing(
    cluster: Cluster, shipment: Shipment, states: list[str]
) -> None:
    cluster.start_worker("one", threads=2)
    tasks = [Reads(state, FILE, (state,)) for state in states]
    with dask(cluster.address, shipment) as submit:
        first = [submit(task).result() for task in tasks]
    with local(Place(shipment.repo, Path("/nonexistent"), 1), 1) as submit:
        assert first == [submit(task).result() for task in tasks]
    assert len({result["files"][0] for result in first}) == 3
    repository = cluster.cache("one") / "credseries" / "verify" / "repositories" / states[0]
    packs = sorted(repository.glob("objects/pack/*.pack"))
    assert len(packs) == 2
    # With the user's objects gone a bundle could not be made.
    shutil.rmtree(shipment.repo.git_dir)
    with dask(cluster.address, shipment) as submit:
        assert [submit(task).result() for task in tasks] == first
    assert sorted(repository.glob("objects/pack/*.pack")) == packs


def test_a_damaged_cache_is_made_again(cluster: Cluster, shipment: Shipment, states: list[str]) -> None:
    cluster.start_worker("one")
    task = Reads("all", FILE, tuple(states))
    with dask(cluster.address, shipment) as submit:
        first = submit(task).result()
    repository = cluster.cache("one") / "credseries" / "verify" / "repositories" / states[0]
    for pack in repository.glob("objects/pack/*.pack"):
        data = pack.read_bytes()
        pack.chmod(0o644)
        pack.write_bytes(data[: len(data) // 2])
    with dask(cluster.address, shipment) as submit:
        assert submit(task).result() == first


def test_workers_that_share_a_cache_and_one_that_comes_late(
    cluster: Cluster, shipment: Shipment, states: list[str], tmp_path: Path
) -> None:
    gates = tmp_path / "gates"
    gates.mkdir()
    shared = tmp_path / "shared"
    for name in ("one", "two"):
        cluster.start_worker(name, cache=shared)
    with dask(cluster.address, shipment) as submit:
        held = [submit(Gated(str(number), gates)) for number in range(2)]
        until(lambda: len(started(gates)) == 2)
        late = submit(Reads("late", FILE, tuple(states)))
        cluster.start_worker("late")
        files = late.result()["files"]
        (gates / "go").touch()
    assert files[2].endswith("/* one */\n/* two */\n")
    assert all(future.result() for future in held)
    assert (cluster.cache("late") / "credseries" / "verify" / "repositories" / states[0]).is_dir()


def test_errors_arrive_and_a_task_that_kills_is_given_up_alone(
    cluster: Cluster, shipment: Shipment, tmp_path: Path
) -> None:
    for number in range(5):  # three may fail, then it is given up
        cluster.start_worker(f"w{number}")
    with dask(cluster.address, shipment) as submit:
        raised = submit(Raises("x")).exception()
        mistake = submit(Raises("y", mistake=True)).exception()
        hungry = submit(Dies("hungry")).exception()
        killer = submit(Dies("killer", parent=True))
        others = [submit(Square(str(number), tmp_path / "log")) for number in range(4)]
    assert isinstance(raised, UnknownPath)
    assert (raised.message, raised.hint) == ("no x", "look again")
    assert isinstance(mistake, ZeroDivisionError)
    assert isinstance(hungry, EnvironmentProblem)
    assert hungry.message == "test hungry: the process that did this was ended by SIGKILL"
    problem = killer.exception()
    assert isinstance(problem, EnvironmentProblem)
    assert problem.message == "test killer: 4 workers were lost while they did this"
    assert [future.result()["square"] for future in others] == [0, 1, 4, 9]


def test_without_any_worker_left_it_is_given_up(cluster: Cluster, shipment: Shipment, tmp_path: Path) -> None:
    cluster.start_worker("one")
    with dask(cluster.address, shipment, patience=1) as submit:
        future = submit(Gated("x", tmp_path))
        until(lambda: started(tmp_path))
        stop_for_good(cluster.workers[0])
        problem = future.exception()
        assert isinstance(submit(Gated("y", tmp_path)).exception(), EnvironmentProblem)
    assert isinstance(problem, EnvironmentProblem)
    assert problem.message == "the Dask scheduler has lost all its workers"


def test_without_the_scheduler_it_is_given_up(tmp_path: Path, shipment: Shipment) -> None:
    with Cluster(tmp_path) as cluster:
        scheduler = cluster.start_scheduler()
        cluster.start_worker("one")
        with dask(cluster.address, shipment) as submit:
            future = submit(Gated("x", tmp_path))
            until(lambda: started(tmp_path))
            stop_for_good(scheduler)
            problem = future.exception()
            assert isinstance(submit(Gated("y", tmp_path)).exception(), EnvironmentProblem)
    assert isinstance(problem, EnvironmentProblem)
    assert problem.message == "the connection to the Dask scheduler is lost"


NEVER = """
import asyncio, distributed
import credseries.verify.executors.cluster_worker as cluster_worker
async def never(*arguments, **options): await asyncio.sleep(3600)
"""


def settling() -> bool:
    """Whether a thread waits for what a worker answered."""
    for frame in sys._current_frames().values():
        above: FrameType | None = frame
        while above is not None:
            if above.f_code.co_name == "_settle":
                return True
            above = above.f_back
    return False


def test_an_answer_that_never_comes_keeps_no_thread(cluster: Cluster, shipment: Shipment, tmp_path: Path) -> None:
    """Dask has one thread for what comes of the tasks of all clients; whoever blocks it blocks the next one's."""
    log = tmp_path / "log"
    cluster.start_worker("one", code=f"{NEVER}distributed.Worker.get_data = never")

    def leave() -> None:
        with dask(cluster.address, shipment) as submit:
            submit(Square("5", log))
            until(settling)
            raise KeyError

    with pytest.raises(KeyError):
        leave()
    assert not settling()


def test_a_worker_that_takes_nothing_holds_up_no_other(cluster: Cluster, shipment: Shipment, tmp_path: Path) -> None:
    """It answers that it lacks something, and then nothing any more; what waits for it goes on when it is lost."""
    log = tmp_path / "log"
    cluster.start_worker("one", code=f"{NEVER}cluster_worker.missing = never")
    with dask(cluster.address, shipment) as submit:
        futures = [submit(Square(str(number), log)) for number in range(3)]
        cluster.start_worker("two")

        def other_is_done() -> bool:
            time.sleep(0.5)  # it gets ready, and what comes meanwhile has to be done afterwards
            futures.append(submit(Square(str(len(futures)), log)))
            return any(future.done() for future in futures)

        until(other_is_done)
        stop_for_good(cluster.workers[0])
    assert [future.result()["square"] for future in futures] == [number**2 for number in range(len(futures))]


FULL = """
import credseries.verify.executors.cluster_worker as cluster_worker
from credseries.errors import EnvironmentProblem
async def full(*arguments): raise EnvironmentProblem("the disk is full")
cluster_worker.receive = full
"""


def test_a_worker_that_can_keep_nothing_is_passed_over(cluster: Cluster, shipment: Shipment, tmp_path: Path) -> None:
    log = tmp_path / "log"
    cluster.start_worker("one", code=FULL)
    with dask(cluster.address, shipment) as submit:
        problem = submit(Square("0", log)).exception()
        cluster.start_worker("two")
        numbers = itertools.count(1)
        until(lambda: submit(Square(str(next(numbers)), log)).exception() is None)
        futures = [submit(Square(str(next(numbers)), log)) for _ in range(9)]
    assert isinstance(problem, EnvironmentProblem)
    assert problem.message == "the disk is full"
    assert [future.exception() for future in futures] == [None] * 9


def test_one_task_can_be_cancelled(cluster: Cluster, shipment: Shipment, tmp_path: Path) -> None:
    cluster.start_worker("one")
    with dask(cluster.address, shipment) as submit:
        held = submit(Gated("x", tmp_path))
        until(lambda: started(tmp_path))
        waiting = submit(Gated("y", tmp_path))
        assert waiting.cancel()
        (tmp_path / "go").touch()
    assert held.result() == {"name": "x"}
    assert waiting.cancelled()
    assert len(started(tmp_path)) == 1


def test_an_exception_ends_what_runs_on_the_workers(cluster: Cluster, shipment: Shipment, tmp_path: Path) -> None:
    for name in ("one", "two"):
        cluster.start_worker(name)
    futures: list[Future[Result]] = []

    def leave() -> None:
        with dask(cluster.address, shipment) as submit:
            futures.append(submit(Square("5", tmp_path / "log")))
            futures[0].result()
            futures.extend(submit(Gated(str(number), tmp_path)) for number in range(5))
            until(lambda: len(started(tmp_path)) == 2)
            raise KeyError

    with pytest.raises(KeyError):
        leave()
    assert futures[0].result()["square"] == 25  # what is finished is kept
    for future in futures[1:]:
        with pytest.raises(CancelledError):
            future.result()
    until(lambda: not any(is_alive(pid) for pid in started(tmp_path)))
    assert len(finished(tmp_path)) == 2
    assert [process.poll() for process in cluster.workers] == [None, None]
    (tmp_path / "go").touch()
    with dask(cluster.address, shipment) as submit:  # they do other things
        assert submit(Gated("after", tmp_path)).result() == {"name": "after"}


RUN = """
import sys
from pathlib import Path
from credseries.kernel.git import Repository
from credseries.verify.executors.cluster import dask
from credseries.verify.executors.shipping import make_shipment
from tests.verifytasks import Gated

address, tree, base, directory = sys.argv[1:]
shipment = make_shipment(Repository.discover(Path(tree)), base, [base])
with dask(address, shipment) as submit:
    futures = [submit(Gated(str(number), Path(directory))) for number in range(5)]
    futures[0].result()
"""


def test_ctrl_c_ends_what_runs_on_the_workers(
    cluster: Cluster, miniature: Path, states: list[str], tmp_path: Path
) -> None:
    gates = tmp_path / "gates"
    gates.mkdir()
    cluster.start_worker("one")
    arguments = [cluster.address, str(miniature), states[0], str(gates)]
    with subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        until(lambda: started(gates) or process.poll() is not None)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == -signal.SIGINT
    assert said.count("Traceback") == 1
    assert said.rstrip().endswith("KeyboardInterrupt")
    until(lambda: processes_with(gates) == [])
    assert len(finished(gates)) == 1


@pytest.mark.parametrize("address", ["somewhere", "localhost:8786", "http://localhost:8786"])
def test_another_kind_of_address_is_refused(shipment: Shipment, address: str) -> None:
    with pytest.raises(UsageError, match="not the address of a scheduler"), dask(address, shipment):
        pass


def test_nobody_answers(shipment: Shipment) -> None:
    before = set(threading.enumerate())
    # port 1 of loopback: nobody has the right to listen there without asking for it
    with pytest.raises(EnvironmentProblem, match="no Dask scheduler answers"):  # noqa: SIM117
        with dask("tcp://127.0.0.1:1", shipment, connect=1):
            pass
    assert set(threading.enumerate()) <= before


def test_tls_needs_certificates(shipment: Shipment) -> None:
    with pytest.raises(EnvironmentProblem) as caught, dask("tls://127.0.0.1:1", shipment):
        pass
    assert "distributed.comm.tls" in caught.value.hint


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_tls_with_the_certificates_of_dasks_configuration(
    miniature: Path, states: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TLS__CA_FILE", str(certificate))
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT", str(certificate))
        monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY", str(key))
    (tmp_path / "go").touch()
    with Cluster(tmp_path) as cluster:
        cluster.start_scheduler(options=["--protocol", "tls"])
        cluster.start_worker("one")
        assert cluster.address.startswith("tls://")
        arguments = [cluster.address, str(miniature), states[0], str(tmp_path)]
        ended = subprocess.run([sys.executable, "-c", RUN, *arguments], cwd=ROOT, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert len(finished(tmp_path)) == 5


def test_no_worker(cluster: Cluster, shipment: Shipment) -> None:
    with pytest.raises(EnvironmentProblem, match="has no worker") as caught:  # noqa: SIM117
        with dask(cluster.address, shipment, connect=10):
            pass
    assert caught.value.hint == f"start some: dask worker {cluster.address}"


WITHOUT = "import sys; sys.modules['credseries'] = None"


def test_the_scheduler_needs_no_credseries(tmp_path: Path, shipment: Shipment, states: list[str]) -> None:
    with Cluster(tmp_path) as cluster:
        cluster.start_scheduler(code=WITHOUT)
        cluster.start_worker("one")
        with dask(cluster.address, shipment) as submit:
            assert len(submit(Reads("all", FILE, tuple(states))).result()["files"]) == 3


def test_a_worker_without_credseries(cluster: Cluster, shipment: Shipment) -> None:
    cluster.start_worker("one", code=WITHOUT)
    with pytest.raises(EnvironmentProblem, match="has no credseries") as caught, dask(cluster.address, shipment):
        pass
    assert caught.value.hint == "install the same credseries for every worker as here, and restart them"


def test_a_worker_without_credseries_that_comes_late(cluster: Cluster, shipment: Shipment, tmp_path: Path) -> None:
    cluster.start_worker("one")
    with dask(cluster.address, shipment) as submit:
        held = submit(Gated("x", tmp_path))
        until(lambda: started(tmp_path))
        cluster.start_worker("late", code=WITHOUT)
        problem = submit(Square("3", tmp_path / "log")).exception()
        (tmp_path / "go").touch()
    assert isinstance(problem, EnvironmentProblem)
    assert "credseries" in problem.message
    assert held.result() == {"name": "x"}


def test_a_worker_with_another_credseries(cluster: Cluster, tmp_path: Path, shipment: Shipment) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "credseries", other / "credseries", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "credseries" / "words.py").open("a") as stream:
        stream.write("# changed\n")
    cluster.start_worker("one", path=other)
    with pytest.raises(EnvironmentProblem, match="has another version"), dask(cluster.address, shipment):
        pass


def test_without_distributed(shipment: Shipment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EnvironmentProblem) as caught, dask("tcp://127.0.0.1:1", shipment):
        pass
    assert caught.value.hint == "pip install 'credseries[distributed]'"


def test_modules_of_the_command_line_do_not_load_distributed() -> None:
    package = "credseries.verify.executors"
    check = f"import sys, {package}.cluster, {package}.shipping; sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False).returncode == 0
