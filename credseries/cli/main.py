"""The `credseries` command: one file a command; what a command needs is imported when it runs."""

from __future__ import annotations

import gc
import os
import sys
from typing import ClassVar

import typer

from credseries import render
from credseries.cli.lazy import LazyGroup, Listed
from credseries.errors import CredseriesError, EnvironmentProblem


class Commands(LazyGroup):
    """The commands in the order of their use."""

    listed: ClassVar = {
        "demo": Listed("credseries.cli.demo", "Show scan to send on a small kernel tree that comes along."),
        "scan": Listed("credseries.cli.scan", "List every credential override and what is proven for it."),
        "convert": Listed("credseries.cli.convert", "Show a conversion as a diff; nothing is written."),
        "show": Listed("credseries.cli.show", "Draw which credentials every line of a function runs under."),
        "split": Listed("credseries.cli.split", "Commit the conversion as a series to a new branch."),
        "status": Listed("credseries.cli.status", "Show where the series stand: changed, sent, merged."),
        "refresh": Listed("credseries.cli.refresh", "Make a series anew on another base, hand edits kept."),
        "reroll": Listed("credseries.cli.reroll", "Make the next version of a series that was sent."),
        "cover": Listed("credseries.cli.cover", "Print the cover letter, or render it anew."),
        "checklist": Listed("credseries.cli.checklist", "Answer what reviewers will ask, patch by patch."),
        "report": Listed("credseries.cli.report", "Write all that is known of a series as one HTML page."),
        "verify": Listed("credseries.cli.verify", "Prove, compile, build and boot every patch of a series."),
        "recipients": Listed("credseries.cli.recipients", "Show who gets which patch, and why."),
        "send": Listed("credseries.cli.send", "Send a series, each message to the right people and once."),
        "thread": Listed("credseries.cli.thread", "Show what a thread of mails says of the patches in it."),
        "comments": Listed("credseries.cli.comments", "Show what reviewers said of a series, and what is left to do."),
        "landed": Listed("credseries.cli.landed", "Show which patches are in whose tree."),
        "audit": Listed("credseries.cli.audit", "Look for what a hand-written conversion got wrong."),
        "ablate": Listed("credseries.cli.ablate", "Make branches that tell what each topic brings."),
        "bench": Listed("credseries.cli.bench", "Measure what the series brings."),
        "doctor": Listed("credseries.cli.doctor", "Say what is missing here, for which command, and the fix."),
        "recipe": Listed("credseries.cli.recipe", "List, show and check recipes."),
    }


app = typer.Typer(
    name="credseries",
    cls=Commands,
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
