"""Running tasks on a Dask cluster: the same ones as on this machine, with the same results, whoever is lost meanwhile.

Workers are sent what they lack of the repository when they say so: so one that joins late gets it as well, and one that
has it from another day gets nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pickle
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from credseries.errors import CredseriesError, EnvironmentProblem, UsageError
from credseries.kernel.git_process import uninterrupted
from credseries.verify.executors import cluster_worker
from credseries.verify.executors.cluster_worker import SAME_VERSION, Done, Failed, Lacking, Order
from credseries.verify.executors.local import Submit, once
from credseries.verify.executors.shipping import Bundles, Part, Shipment
from credseries.verify.tasks import Result, Task

_CONNECT = 30.0  # seconds in which a scheduler has to answer, and a first worker to be there
_PATIENCE = 60.0  # seconds without any worker until nobody waits for one any more
_LOOK = 1.0  # seconds between looks for workers
_STOP = 10.0  # seconds in which everybody should have heard of the end
_PIECE = 8 << 20  # bytes of a bundle that go at a time
_TRIES = 20  # for a task to find a worker that has what it needs
_GOES_ON = "The same command goes on from there."
_ANSWER = 5.0  # seconds that a result, which is small, may be on its way until somebody asks whether that still matters
_ROUNDS = 4  # in which a worker has to have all that it is sent: base, series, and once more if its cache is damaged
# Functions in words, and data in bytes: a worker without credseries could not even read a reference to a function of
# it, and would lose its connection over that; and the scheduler need not have it.
_THERE = f"__import__('{cluster_worker.__name__}', fromlist=['*'])"
_VERSION = f"{_THERE}.version()"
_CARRY_OUT = f"{_THERE}.carry_out(message)"


@contextmanager
def dask(
    address: str, shipment: Shipment, *, connect: float = _CONNECT, patience: float = _PATIENCE
) -> Iterator[Submit]:
    """A function that submits tasks to the workers of a Dask scheduler (`tcp://HOST:PORT`), until the block ends.

    Whoever can reach a `tcp://` scheduler can run anything on its workers and on those who use it: Dask does not ask
    who it is, and what it sends are Python pickles. Use it on networks that you trust only. For `tls://` Dask's own
    configuration says which certificates to use (`distributed.comm.tls`, in ~/.config/dask).

    Equal tasks have one future. What ran on a worker that was lost runs again elsewhere; the result that comes first is
    the one that counts. A task that several workers were lost with gets an EnvironmentProblem, and so do all when no
    worker is there for `patience` seconds, or when the scheduler is gone. When the block ends, all is finished. When it
    is left by an exception, Ctrl-C for one, the rest is cancelled and what runs on the workers is ended.

    Raises UsageError for an address of another kind, and EnvironmentProblem when `distributed` is not installed,
    nobody answers or there is no worker within `connect` seconds, or one has another credseries. The scheduler itself
    needs none.
    """
    with Bundles(shipment) as bundles, _connected(address, connect) as client:
        run = _Run(client, bundles, shipment, patience)
        try:
            yield once(run.submit)
            run.wait()
        finally:
            with uninterrupted():
                run.end()


@contextmanager
def _connected(address: str, seconds: float) -> Iterator[Any]:
    """A client of a scheduler whose workers can do what is asked of them."""
    try:
        import distributed
    except ImportError as error:
        raise EnvironmentProblem(
            "--scheduler needs the package `distributed`", hint="pip install 'credseries[distributed]'"
        ) from error
    if not address.startswith(("tcp://", "tls://")):
        raise UsageError(f"{address!r} is not the address of a scheduler", hint="it looks like tcp://HOST:8786")
    with _quiet():
        _knock(address, seconds)
        connect: Any = distributed.Client  # has no annotations
        with connect(address, timeout=seconds, set_as_default=False, name="credseries") as client:
            _check(client, address, seconds)
            yield client


def _knock(address: str, seconds: float) -> None:
    """Raises EnvironmentProblem unless somebody answers: a client that cannot connect is never quite rid of."""
    import dask
    import distributed

    if dask.config.get("distributed.client.security-loader", None):
        return  # what it would say only the client knows

    security: Any = distributed.Security  # these two have no annotations either
    connect: Any = distributed.comm.core.connect

    async def knock() -> None:
        comm = await connect(address, timeout=seconds, **security().get_connection_args("client"))
        await comm.close()

    try:
        asyncio.run(knock())
    except (OSError, ValueError) as error:
        hint = f"is `dask scheduler` running there? It prints its address ({str(error).splitlines()[0]})"
        raise EnvironmentProblem(f"no Dask scheduler answers at {address}", hint=hint) from error
    except (TypeError, RuntimeError) as error:  # no certificates, as it turns out when they are needed
        hint = "name the certificates in Dask's configuration: distributed.comm.tls in ~/.config/dask/*.yaml"
        raise EnvironmentProblem(f"Dask cannot connect to {address}: {error}", hint=hint) from error


def _check(client: Any, address: str, seconds: float) -> None:
    """Raises EnvironmentProblem unless there is a worker, and every worker has this credseries."""
    try:
        client.wait_for_workers(1, timeout=seconds)
    except TimeoutError as error:
        raise EnvironmentProblem(
            f"the Dask scheduler at {address} has no worker", hint=f"start some: dask worker {address}"
        ) from error
    for worker, version in client.run(eval, _VERSION, on_error="return").items():
        if isinstance(version, ImportError | AttributeError):
            message = f"the worker at {worker} has no credseries that can do this: {version}"
            raise EnvironmentProblem(message, hint=SAME_VERSION)
        if isinstance(version, str) and version != cluster_worker.version():
            raise EnvironmentProblem(f"the worker at {worker} has another version of credseries", hint=SAME_VERSION)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Dask from writing to the terminal about what this module tells in its own words."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]
    loud = [logger for logger in map(logging.getLogger, names) if not logger.disabled]
    for logger in loud:
        logger.disabled = True
    try:
        yield
    finally:
        for logger in loud:
            logger.disabled = False


@dataclass(frozen=True)
class _Waiting:
    """A task whose worker could not do it without being sent something; it may still be sent out `tries` times."""

    task: Task
    future: Future[Result]
    tries: int


class _Run:
    """The tasks that one block submits, under a name that nobody else uses."""

    def __init__(self, client: Any, bundles: Bundles, shipment: Shipment, patience: float) -> None:
        self._client, self._bundles, self._manifest = client, bundles, shipment.manifest
        self._name = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._sent: dict[Future[Result], Any] = {}  # what is not finished, and Dask's future for it
        self._count = 0
        self._workers: set[str] = set()  # addresses, as they were at the last look
        self._shipping: set[str] = set()  # who is just sent something
        self._unfit: dict[str, CredseriesError] = {}  # who does not keep it, and what it says
        self._waiting: list[_Waiting] = []  # for one of them to have it
        self._problem: EnvironmentProblem | None = None
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._settling = threading.Lock()
        self._start(self._watch, patience)

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        """Runs something in a thread that nobody has to wait for: some worker, or the scheduler, may never answer."""
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads = [other for other in self._threads if other.is_alive()] + [thread]
        thread.start()

    def submit(self, task: Task) -> Future[Result]:
        """The future of a task, which goes to some worker."""
        future: Future[Result] = Future()
        with self._lock:
            self._sent[future] = None
        future.add_done_callback(self._forget)
        self._send(task, future, _TRIES)
        return future

    def wait(self) -> None:
        """Returns when all is finished."""
        with self._lock:
            rest = list(self._sent)
        wait(rest)

    def end(self) -> None:
        """Ends what is not finished, here and on the workers."""
        self._ended.set()
        self._bundles.stop()
        with self._lock:
            rest = dict(self._sent)
        for future in rest:
            future.cancel()
        with self._lock:
            if rest:
                self._start(self._stop, list(rest.values()))
            threads = list(self._threads)
        deadline = time.monotonic() + _STOP
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        # The thread that settles is Dask's, the only one for all clients of this process: it must not go on to ask a
        # client that is closed, which never answers.
        if self._settling.acquire(timeout=2 * _ANSWER):
            self._settling.release()

    def _watch(self, patience: float) -> None:
        """Gives all up when no worker is there for so many seconds; returns at the end."""
        since = time.monotonic()
        while not self._ended.is_set():
            with self._lock:
                shipping = set(self._shipping)
            try:
                workers = set(self._client.nthreads())
            except Exception:  # what it says of a lost scheduler, futures say better
                workers = set()
            if workers:
                since = time.monotonic()
                self._look(workers, shipping)
            elif time.monotonic() - since > patience:
                hint = f"see what became of the workers, and start some; what is finished is kept. {_GOES_ON}"
                self._give_up(EnvironmentProblem("the Dask scheduler has lost all its workers", hint=hint))
            self._ended.wait(_LOOK)

    def _look(self, workers: set[str], shipping: set[str]) -> None:
        """Sees which workers are there now, after these were sent something, and what that means for what waits."""
        gone = shipping - workers  # who sends something there may wait long for an answer
        with self._lock:
            self._workers = workers
            self._shipping -= gone
            more_comes = bool(self._shipping) and not gone
            problems = list(self._unfit.values())
            hopeless = self._take_waiting() if workers <= self._unfit.keys() else []
        for waiting in hopeless:
            self._finish(waiting.future, problems[0])
        if not more_comes:
            self._send_waiting()

    def _send(self, task: Task, future: Future[Result], tries: int) -> None:
        order = Order(self._name, cluster_worker.version(), self._manifest, pickle.dumps(task))
        with self._lock:
            if future not in self._sent:
                return
            self._count += 1
            key = f"credseries-{self._name}-{self._count}"
            problem = self._problem
            if problem is None:
                try:
                    message = {"message": pickle.dumps(order)}
                    sent = self._sent[future] = self._client.submit(
                        *(eval, _CARRY_OUT, message), key=key, pure=False, **self._preferred()
                    )
                except Exception:
                    problem = _gone()
        if problem is not None:
            self._finish(future, problem)
        else:
            sent.add_done_callback(lambda sent: self._settle(task, future, tries, sent))

    def _preferred(self) -> dict[str, Any]:
        """Where a task goes if it can: who lacks something says so at once, seems idle, and would get them all."""
        lacking = self._shipping | self._unfit.keys()
        others = sorted(self._workers - lacking) if lacking else []
        return {"workers": others, "allow_other_workers": True} if others else {}

    def _settle(self, task: Task, future: Future[Result], tries: int, sent: Any) -> None:
        """Takes what came of a task; in a thread of Dask's, which is not to be kept for long."""
        with self._settling:
            try:
                answer = self._answer(sent)
            except CancelledError:  # and not by us
                if not self._ended.is_set() and self._sent.get(future) is sent:
                    self._give_up(_gone())
            except Exception as error:
                self._finish(future, _not_done(task, error))
            else:
                if isinstance(answer, Lacking):
                    self._lack(answer.worker, _Waiting(task, future, tries - 1))
                elif answer is not None:
                    self._finish(future, answer)

    def _answer(self, sent: Any) -> cluster_worker.Answer | None:
        """What a worker answered, or None when that does not matter any more."""
        while not self._ended.is_set():
            try:
                answer: cluster_worker.Answer = sent.result(timeout=_ANSWER)
            except TimeoutError:
                if sent.status == "error":  # then this is what became of the task
                    raise
            else:
                return answer
        return None

    def _lack(self, worker: str, waiting: _Waiting) -> None:
        """Lets a task wait until its worker has what it lacks, or until another one has it before."""
        with self._lock:
            self._waiting.append(waiting)
            unfit = worker in self._unfit
            if not unfit and worker not in self._shipping and not self._ended.is_set():
                self._shipping.add(worker)
                self._start(self._ship, worker)
        if unfit:
            self._send_waiting()

    def _ship(self, worker: str) -> None:
        """Sends a worker what it lacks, and then all that waits to whoever gets it."""
        problem: CredseriesError | None = None
        try:
            for _ in range(_ROUNDS):
                parts = self._client.run(cluster_worker.missing, self._manifest, workers=[worker])[worker]
                if not parts or self._ended.is_set():
                    break
                self._ship_part(parts[0], worker)
            else:
                hint = "see what is in its cache directory, $XDG_CACHE_HOME/credseries/verify, and in its log"
                problem = EnvironmentProblem(f"the worker at {worker} does not keep what it is sent", hint=hint)
        except CredseriesError as error:
            problem = error
        except Exception:  # the worker is lost, and somebody else will get the tasks
            pass
        with self._lock:
            self._shipping.discard(worker)
            if problem is not None:
                self._unfit[worker] = problem
        self._send_waiting()

    def _send_waiting(self) -> None:
        """Sends what waits to whoever gets it now, unless it was sent too often; where nobody is fit, it waits on."""
        with self._lock:
            if self._unfit and self._workers <= self._unfit.keys():
                return  # whoever looks for workers gives it up, if there are still no others
            everything, problems = self._take_waiting(), list(self._unfit.values())
        for waiting in everything:
            if waiting.tries > 0:
                self._send(waiting.task, waiting.future, waiting.tries)
                continue
            problem = EnvironmentProblem("the workers lose what they are sent", hint="see what their logs say")
            self._finish(waiting.future, problems[0] if problems else problem)

    def _take_waiting(self) -> list[_Waiting]:
        everything, self._waiting = self._waiting, []
        return everything

    def _ship_part(self, part: Part, worker: str) -> None:
        name = f"{self._name}-{secrets.token_hex(8)}"
        with self._bundles.path(part).open("rb") as stream:
            offset = 0
            while (piece := stream.read(_PIECE)) and not self._ended.is_set():
                self._client.run(cluster_worker.receive, name, offset, piece, workers=[worker])
                offset += len(piece)
        if not self._ended.is_set():
            self._client.run(cluster_worker.unpack, self._manifest, part, name, workers=[worker])

    def _finish(self, future: Future[Result], outcome: Done | Failed | CredseriesError) -> None:
        """Gives a future its outcome, unless it has one: it may come twice, as Dask runs again what it lost."""
        with self._lock:
            if future not in self._sent:
                return
            del self._sent[future]
        if not future.set_running_or_notify_cancel():
            return
        if isinstance(outcome, Done):
            future.set_result(outcome.result)
        else:
            future.set_exception(outcome.error if isinstance(outcome, Failed) else outcome)

    def _forget(self, future: Future[Result]) -> None:
        """Takes a task back that was cancelled here."""
        with self._lock:
            if future not in self._sent:
                return
            sent = self._sent.pop(future)
        future.set_running_or_notify_cancel()  # lets those know who wait for it
        if sent is not None and not self._ended.is_set():
            with contextlib.suppress(Exception):  # then it runs for nothing
                sent.cancel()

    def _give_up(self, problem: EnvironmentProblem) -> None:
        with self._lock:
            self._problem = self._problem or problem
            rest = list(self._sent)
        for future in rest:
            self._finish(future, problem)

    def _stop(self, sent: list[Any]) -> None:
        with contextlib.suppress(Exception):
            self._client.cancel([future for future in sent if future is not None], force=True)
            self._client.run(cluster_worker.stop, self._name, on_error="ignore")


def _gone() -> EnvironmentProblem:
    return EnvironmentProblem(
        "the connection to the Dask scheduler is lost", hint=f"is it still running, and can it be reached? {_GOES_ON}"
    )


def _not_done(task: Task, error: Exception) -> EnvironmentProblem:
    """What to say of a task that Dask could not get done."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return EnvironmentProblem(
            f"{task.title}: {error.allowed_failures + 1} workers were lost while they did this",
            hint="if they ran out of memory (their logs tell), give them fewer threads: dask worker --nthreads",
        )
    return EnvironmentProblem(f"{task.title}: Dask could not do this: {error!r}", hint=SAME_VERSION)
