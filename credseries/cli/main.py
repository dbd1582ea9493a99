"""The `credseries` command: one file a command; what a command needs is imported when it runs."""

from __future__ import annotations

import gc
import os
import sys

import typer

from credseries import render
from credseries.cli import (
    ablate,
    audit,
    bench,
    checklist,
    comments,
    convert,
    cover,
    demo,
    landed,
    recipe,
    recipients,
    refresh,
    report,
    reroll,
    scan,
    send,
    show,
    split,
    status,
    thread,
    verify,
)
from credseries.errors import CredseriesError, EnvironmentProblem

app = typer.Typer(
    name="credseries",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="""Turn hand-written credential overrides of a kernel tree into a proven, reviewable patch series.

    A usual session, in a clone of the kernel:

    \b
      credseries scan fs/overlayfs          every override, and what can be done with it
      credseries convert ovl_do_remove      one function's conversion, as a diff
      credseries show ovl_do_remove         what every line of it runs under, before and after
      credseries split                      the series, on a branch of its own
      credseries verify                     every patch proven, checked and compiled
      credseries checklist                  what a reviewer will ask, answered
      credseries send --cc fsdevel --dry-run
      credseries refresh --onto v6.13-rc1   the series on another base
      credseries comments --read mbox       what reviewers said, and what is left to do
      credseries reroll                     the next version, once it was sent

    Nothing is written to your work tree or index, and to no branches but those that `split` and `ablate` make:
    these change in one step, or not at all. `credseries demo` shows the steps from scan to send, on a small kernel
    tree that comes along.

    \b
    Exit status:
      0    done
      1    a refusal: nothing could be converted, a line of the checklist or a check of
           verify fails, the audit finds something, or what was done by hand does not
           fit any more
      2    wrong use: the request cannot be carried out as given
      3    source that cannot be read as C
      4    something on this machine is missing or broken
      130  interrupted
    """,
)


def _version(show: bool) -> None:
    if show:
        from importlib.metadata import version

        render.say(f"credseries {version('credseries')}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Options that go before the command."""


for module in (
    demo,
    scan,
    convert,
    show,
    split,
    status,
    refresh,
    reroll,
    cover,
    checklist,
    report,
    verify,
    recipients,
    send,
    thread,
    comments,
    landed,
    audit,
    ablate,
    bench,
    recipe,
):
    module.add_to(app)


_INTERRUPTED = 130


def _report(error: CredseriesError) -> None:
    render.complain(render.paint("error: ", "red", sys.stderr) + render.printable(error.message))
    if error.hint:
        render.complain(render.paint("hint: ", "cyan", sys.stderr) + render.printable(error.hint))


def _drop_output() -> None:
    """Keep Python from flushing into what cannot take it, when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Run the command line and exit with its status."""
    # What a command builds it needs until it ends, a second or two later: to look through it for garbage, again and
    # again, is a tenth of a scan and frees nothing.
    gc.disable()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except CredseriesError as error:
        _report(error)
        sys.exit(error.exit_status)
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # what typer makes of a Ctrl-C, without a word
            render.complain("interrupted; nothing was changed that the output above does not say")
        raise
    except BrokenPipeError:
        # the reader (less, head) has gone: say nothing more
        _drop_output()
        sys.exit(141)
    except OSError as error:
        _drop_output()
        where = f"{error.filename}: " if error.filename else ""
        problem = EnvironmentProblem(
            f"{where}{error.strerror or error}", hint="see whether the place is writable and the disk has room"
        )
        _report(problem)
        sys.exit(problem.exit_status)


if __name__ == "__main__":
    main()
