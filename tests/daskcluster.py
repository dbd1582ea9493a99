"""A Dask scheduler and workers on loopback, as processes that a test can kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Nobody looks at a dashboard, and no file of the user's is read.
_SETTINGS = {
    "DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__STATUS__TASK_STREAM_LENGTH": "1",
    "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "600s",  # a loaded machine is no news
}


class Cluster:
    """A scheduler with its workers; every process is killed when the block ends."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._processes: list[subprocess.Popen[bytes]] = []
        self.address = ""
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def start_scheduler(
        self, *, code: str = "", path: Path = ROOT, options: Sequence[str] = ()
    ) -> subprocess.Popen[bytes]:
        """Starts a scheduler and waits until it says its address. `code` runs first, `path` is where modules are."""
        file = self._directory / "scheduler.json"
        process = self._start(
            "dask_scheduler",
            ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file), *options],
            code=code,
            path=path,
        )
        while not (file.exists() and '"address"' in file.read_text()):
            assert process.poll() is None, self.log()
            time.sleep(0.02)
        self.address = json.loads(file.read_text())["address"]
        return process

    def start_worker(
        self, name: str, *, code: str = "", path: Path = ROOT, cache: Path | None = None, threads: int = 1
    ) -> subprocess.Popen[bytes]:
        """Starts a worker, with a cache directory of its own unless one is given; the scheduler hears of it later."""
        process = self._start(
            "dask_worker",
            [
                *(self.address, "--no-nanny", "--no-dashboard", "--nthreads", str(threads), "--name", name),
                *("--local-directory", str(self._directory / f"{name}-scratch")),
            ],
            code=code,
            path=path,
            environment={"XDG_CACHE_HOME": str(cache or self.cache(name))},
        )
        self.workers.append(process)
        return process

    def cache(self, name: str) -> Path:
        """What a worker has for $XDG_CACHE_HOME."""
        return self._directory / f"{name}-cache"

    def log(self) -> str:
        """What all of them have written."""
        return (self._directory / "cluster.log").read_text()

    def _start(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        code: str,
        path: Path,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        program = f"{code}\nfrom distributed.cli.{module} import main\nmain()"
        with (self._directory / "cluster.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", program, *arguments],
                cwd=self._directory,
                env={**os.environ, **_SETTINGS, "PYTHONPATH": f"{path}:{ROOT}", **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process


def stop_for_good(process: subprocess.Popen[bytes]) -> None:
    """kill -9, and wait for it."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
