"""Running tasks through the interface of concurrent.futures: on this machine, in processes that do one at a time.

A thread of a pool drives each process. So one that dies takes down its own task and no other, which a
ProcessPoolExecutor does not give, and every process can be ended at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager

from credseries.errors import EnvironmentProblem
from credseries.kernel.git_process import uninterrupted
from credseries.verify.executors.worker import Worker
from credseries.verify.tasks import Place, Result, Task

Submit = Callable[[Task], "Future[Result]"]


@contextmanager
def local(place: Place, processes: int) -> Iterator[Submit]:
    """A function that submits tasks to processes on this machine, at most so many at a time, until the block ends.

    Equal tasks have one future. A task's error arrives as it was raised; if its process is lost (killed for its memory,
    say) the error is an EnvironmentProblem, and the other tasks go on. When the block ends, all is finished. When it is
    left by an exception, Ctrl-C for one, what is not finished is cancelled and every process is ended with all that
    it has started. Processes are started when there is something to do.
    """
    crew = _Crew(place)
    threads = ThreadPoolExecutor(processes, thread_name_prefix="credseries-verify")
    try:
        yield once(lambda task: threads.submit(crew.run, task))
        threads.shutdown()
    finally:
        with uninterrupted():
            threads.shutdown(wait=False, cancel_futures=True)
            crew.end()
            threads.shutdown()


def once(submit: Submit) -> Submit:
    """The same, but tasks with equal keys get the same future."""
    futures: dict[str, Future[Result]] = {}
    lock = threading.Lock()

    def submit_once(task: Task) -> Future[Result]:
        with lock:
            if task.key not in futures:
                futures[task.key] = submit(task)
            return futures[task.key]

    return submit_once


class _Crew:
    """The worker processes of a place, as many as were ever needed at a time."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        self._ended = False

    def run(self, task: Task) -> Result:
        """What the task gives in a process that does nothing else meanwhile; raises CancelledError after `end`."""
        worker = self._take()
        try:
            return worker.ask(task)
        except EnvironmentProblem as error:
            if self._ended:
                raise CancelledError from error
            raise
        finally:
            self._give_back(worker)

    def end(self) -> None:
        """Ends all processes, whatever they do."""
        with self._lock:
            self._ended = True
            for worker in self._workers:
                worker.dismiss()
        while self._idle:
            self._idle.pop().close()  # the others are closed by the threads that use them

    def _take(self) -> Worker:
        with self._lock:
            if self._ended:
                raise CancelledError
            if self._idle:
                return self._idle.pop()
            worker = Worker(self._place)
            self._workers.add(worker)
            return worker

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            if not worker.lost and not self._ended:
                self._idle.append(worker)
                return
            self._workers.discard(worker)
        worker.close()
