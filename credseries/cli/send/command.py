"""The command: what somebody may ask for, and which way that goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from credseries.cli.options import HERE, Branch, Json, Tree, open_repository
from credseries.cli.recipient_options import Cc, PolicyName, To

if TYPE_CHECKING:
    pass

DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Show who would get what; write and send nothing.")]
Umbrella = Annotated[
    bool, typer.Option("--umbrella", help="All series of a conversion that was split by tree, below one letter.")
]
OutputDir = Annotated[
    Path | None, typer.Option("--output-dir", "-o", metavar="DIR", help="Write the messages as .eml files.")
]
ToMbox = Annotated[Path | None, typer.Option("--to-mbox", metavar="FILE", help="Write the messages as one mbox.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Send without asking; needed where there is no terminal.")]
Reflect = Annotated[bool, typer.Option("--reflect", help="Send everything to yourself alone; nothing counts as sent.")]
PreviewTo = Annotated[
    list[str] | None,
    typer.Option("--preview-to", metavar="ADDRESS", help="Send it to this address alone, as [PREVIEW PATCH ..]."),
]
Resend = Annotated[
    str | None,
    typer.Option("--resend", metavar="VERSION", help="Send a version (v1, or latest) once more, as [PATCH RESEND ..]."),
]
NoSign = Annotated[bool, typer.Option("--no-sign", help="No attestation with patatt, although a key is configured.")]
Web = Annotated[
    bool, typer.Option("--web", "--use-web-endpoint", help="Through b4's web endpoint, although there is a server.")
]
Override = Annotated[
    list[str] | None,
    typer.Option("--override", metavar="CHECK", help="Send although this check failed; it is recorded."),
]
Require = Annotated[
    list[str] | None,
    typer.Option("--require", metavar="LEVEL", help="A level of `credseries verify` that must have passed."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what was not all sent: the same messages.")]
Abandon = Annotated[bool, typer.Option("--abandon", help="Give up what was not all sent.")]
Seen = Annotated[
    list[Path] | None,
    typer.Option("--seen", metavar="MAILBOX", help="With --resume: what is in this mbox or maildir has arrived."),
]
Arrived = Annotated[
    list[int] | None, typer.Option("--arrived", metavar="N", help="With --resume: message N has arrived.")
]
Again = Annotated[
    list[int] | None, typer.Option("--again", metavar="N", help="With --resume: N has not, send it once more.")
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        "--batch-size", metavar="N", min=0, help="Messages over a connection.", show_default="as in sendemail"
    ),
]
ReloginDelay = Annotated[
    float | None,
    typer.Option(
        "--relogin-delay",
        metavar="SECONDS",
        min=0,
        help="Wait between connections.",
        show_default="as in sendemail",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("send", short_help="Send a series, each message to the right people and once.")(send)


def send(
    cc: Cc = None,
    to: To = None,
    policy: PolicyName = None,
    dry_run: DryRun = False,
    output_dir: OutputDir = None,
    to_mbox: ToMbox = None,
    yes: Yes = False,
    reflect: Reflect = False,
    preview_to: PreviewTo = None,
    resend: Resend = None,
    no_sign: NoSign = False,
    web: Web = False,
    override: Override = None,
    require: Require = None,
    resume: Resume = False,
    abandon: Abandon = False,
    seen: Seen = None,
    arrived: Arrived = None,
    again: Again = None,
    batch_size: BatchSize = None,
    relogin_delay: ReloginDelay = None,
    tree: Tree = HERE,
    branch: Branch = None,
    umbrella: Umbrella = False,
    json: Json = False,
) -> None:
    """Send a series: every patch to its own maintainers and lists, the cover letter to all of them.

    The messages are built once and kept in the outbox; you see who gets what and what the checks found, and only when
    you say so are these very messages handed to the server that git's sendemail configuration names. What became of
    each is written down, so whatever breaks, --resume goes on with what is not out, and sends nothing twice. When
    nobody can know whether a message arrived (the server had it, and its answer got lost) you are asked: --seen looks
    into a mailbox, --arrived and --again say it. When all of it is out, the version is tagged as b4 does, and the
    branch is the next version.

    Once some of it is out, the rest goes as it was built, whatever has become of the branch, and no other send of the
    series begins; while nothing is out, `credseries send` just builds it anew. Ctrl-C waits for the server's answer to
    the message that it has, and says how much is out.

    A check that fails keeps the series here; --override sends in spite of it, and is recorded with the messages.

    \b
    The checks, by the names that --override takes:
      proof       each patch is what was proven, or an audit stands for that
      verify      `credseries verify` has passed for the series as it is: at the level
                  of --require, or of git's credseries.require (style otherwise)
      order       each patch stands after what it needs, and none is a fixup
      body        each patch says why
      signed-off  by its author and by who sends it, whose address it is from
      cover       the letter is written: a subject, a text, no EDITME
      numbers     workload, machine and number of runs are said with numbers
      recipients  somebody gets each message, and none is known to refuse mail
      size        messages are as large, and made of what, lists and servers take
      base        others have the base commit
      sent        this version was not sent yet, and something in it is new
      b4          what b4 is told to check is checked

    With --umbrella it is all series of a conversion that was split by tree, as replies to the letter over them
    (`credseries cover --umbrella`), which goes to everybody; --output-dir then has a directory for each tree.

    \b
    Exit status:
      0    all of it is out (or shown, or written)
      1    a check failed, or you said no: nothing was sent
      2    it cannot be done as asked
      4    not all of it is out: a server or this machine failed; --resume goes on
      130  interrupted; --resume goes on

    \b
    Examples:
      credseries send --cc fsdevel --dry-run         who gets what, and why
      credseries send --cc fsdevel --reflect         to yourself, as others would get it
      credseries send --cc fsdevel                   asks, then sends
      credseries send --resume --dry-run             what became of each message
      credseries send --resume --seen ~/Mail/sent    after the connection broke
      credseries send --cc fsdevel --output-dir outgoing
      credseries send --umbrella --override numbers --yes
    """
    from credseries.cli.preflight import check_names
    from credseries.cli.send.made import Request, find_series, version_again
    from credseries.cli.send.together import check_together
    from credseries.cli.send.way import Wish

    check_together(
        {
            **{"--cc": cc, "--to": to, "--policy": policy, "--no-sign": no_sign, "--override": override},
            **{"--require": require, "--umbrella": umbrella, "--resend": resend, "--web": web, "--reflect": reflect},
            **{"--batch-size": batch_size, "--relogin-delay": relogin_delay, "--preview-to": preview_to},
            **{"--output-dir": output_dir, "--to-mbox": to_mbox, "--dry-run": dry_run, "--json": json},
            **{"--resume": resume, "--abandon": abandon, "--seen": seen, "--arrived": arrived, "--again": again},
        }
    )
    repo = open_repository(tree)
    check_names(repo, override or (), require or ())
    wish = Wish(web=web, reflect=reflect, batch_size=batch_size, relogin_delay=relogin_delay)
    if abandon:
        from credseries.cli.send.pending import give_up

        give_up(repo, branch, yes=yes)
        return
    if resume:
        from credseries.cli.send.pending import Said, go_on

        said = Said(tuple(seen or ()), tuple(arrived or ()), tuple(again or ()))
        go_on(repo, branch, said, wish, dry_run=dry_run, yes=yes, json=json)
        return
    request = Request(
        branch=branch,
        umbrella=umbrella,
        cc=tuple(cc or ()),
        to=tuple(to or ()),
        policy=policy,
        sign=not no_sign,
        only_to=tuple(preview_to or ()),
        resend=version_again(repo, find_series(repo, Request(branch))[0], resend) if resend is not None else 0,
    )
    checks = tuple(override or ()), tuple(require or ())
    if dry_run or output_dir is not None or to_mbox is not None:
        from credseries.cli.send.handed import hand_over

        hand_over(repo, request, None if dry_run else output_dir, None if dry_run else to_mbox, *checks, json=json)
    elif reflect or preview_to:
        from credseries.cli.send.aside import send_aside

        send_aside(repo, request, wish, *checks, yes=yes, json=json)
    else:
        from credseries.cli.send.real import send_really

        send_really(repo, request, wish, *checks, yes=yes, json=json)
