"""What runs on the workers of a Dask cluster; the client calls these functions by their names.

A task runs in a process of its own below the Dask worker: there it can be ended, and takes nothing else with it.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import os
import pickle
import threading
from dataclasses import dataclass
from pathlib import Path

from credseries.errors import EnvironmentProblem
from credseries.verify.executors.depot import Depot
from credseries.verify.executors.shipping import Manifest, Part
from credseries.verify.executors.worker import Worker
from credseries.verify.once import cache_directory
from credseries.verify.tasks import Place, Result

SAME_VERSION = "install the same credseries for every worker as here, and restart them"
_PACKAGE = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Order:
    """A task, pickled, with what the worker has to have for it; `run` is the name of the client's run."""

    run: str
    version: str
    manifest: Manifest
    task: bytes


@dataclass(frozen=True)
class Done:
    """What a task gave."""

    result: Result


@dataclass(frozen=True)
class Failed:
    """What a task raised."""

    error: Exception


@dataclass(frozen=True)
class Lacking:
    """The address of a worker that has to be sent something before it can do the task."""

    worker: str


Answer = Done | Failed | Lacking


@functools.cache
def version() -> str:
    """What tells this credseries from any other: a digest of its source."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(f"{path.relative_to(_PACKAGE)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def carry_out(message: bytes) -> Answer:
    """Does a task, if all that it needs is here; what it gets is an Order, pickled."""
    from distributed import get_worker

    order: Order = pickle.loads(message)
    if order.version != version():
        return Failed(EnvironmentProblem("a worker has another version of credseries", hint=SAME_VERSION))
    worker = get_worker()
    depot = _depot()
    try:
        if depot.missing(order.manifest):
            return Lacking(worker.address)
        jobs = max(1, len(os.sched_getaffinity(0)) // worker.state.nthreads)
        return Done(_running.ask(order, Place(depot.repository(order.manifest), depot.cache, jobs)))
    except Exception as error:
        return Failed(error)


async def missing(manifest: Manifest) -> tuple[Part, ...]:
    """What this worker has to be sent."""
    return await asyncio.to_thread(_depot().missing, manifest)


async def receive(name: str, offset: int, data: bytes) -> None:
    """Takes a piece of a bundle."""
    await asyncio.to_thread(_depot().receive, name, offset, data)


async def unpack(manifest: Manifest, part: Part, name: str) -> None:
    """Takes a bundle over of which all pieces have come."""
    await asyncio.to_thread(_depot().unpack, manifest, part, name)


def stop(run: str) -> None:
    """Ends the tasks of a run, and does not wait for it."""
    _running.stop(run)


def _depot() -> Depot:
    return Depot(cache_directory(os.environ.get))


class _Running:
    """The processes that do tasks for this Dask worker now, by the run that they belong to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[str, set[Worker]] = {}
        self._stopped: set[str] = set()

    def ask(self, order: Order, place: Place) -> Result:
        """What a task gives, in a process that ends with it."""
        with self._lock:
            if order.run in self._stopped:
                raise EnvironmentProblem("the run was stopped")
            worker = Worker(place)
            self._workers.setdefault(order.run, set()).add(worker)
        try:
            return worker.ask(pickle.loads(order.task))
        finally:
            with self._lock:
                self._workers[order.run].discard(worker)
            worker.close()

    def stop(self, run: str) -> None:
        """Ends all processes of a run, and does nothing for it any more."""
        with self._lock:
            self._stopped.add(run)
            for worker in self._workers.get(run, ()):
                worker.dismiss()


_running = _Running()
