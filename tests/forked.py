"""The command in a child of this process, which has all of it loaded: for tests that run many commands.

What a person runs loads itself first, which takes most of its time (`tests.clicase`).
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.clicase import Ran


def credseries(*arguments: str | Path, cwd: Path) -> Ran:
    """Run `credseries` in a directory, without a terminal."""
    import b4.ez  # noqa: F401  # before there is a child, for all that come
    import patatt  # noqa: F401

    import credseries.cli.main  # noqa: F401

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _run([*map(os.fsencode, arguments)], cwd, out.fileno(), err.fileno())
        _, status = os.waitpid(child, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "surrogateescape"))
    return Ran(os.waitstatus_to_exitcode(status), *texts)


def _run(arguments: list[bytes], cwd: Path, out: int, err: int) -> None:
    """Be that command; never comes back."""
    status = 70
    try:
        os.chdir(cwd)
        for target, source in enumerate((os.open(os.devnull, os.O_RDONLY), out, err)):
            os.dup2(source, target)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, encoding="utf-8", errors=errors)
            for number, mode, errors in ((0, "r", "strict"), (1, "w", "strict"), (2, "w", "backslashreplace"))
        )
        sys.argv = ["credseries", *map(os.fsdecode, arguments)]
        from credseries.cli.main import main

        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)
