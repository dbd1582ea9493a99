"""`credseries scan`: every site, its verdict, and the account of every textual hit."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from credseries import render
from credseries.cli.options import HERE, Base, Json, RecipeName, Tree, open_repository, scan_data

Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATH", help="Files or directories of the tree.", show_default="all"),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("scan", short_help="List every credential override and what is proven for it.")(scan)


def scan(
    paths: Paths = None,
    tree: Tree = HERE,
    base: Base = "HEAD",
    recipe: RecipeName = "rfc",
    json: Json = False,
) -> None:
    """List every credential override of a commit with the form that is proven for it, or why it is refused.

    \b
    guard    guard(cred)(..) where the override is; the revert goes
    scoped   scoped_guard(cred, ..) { .. } around the overridden statements
    light    override_creds_light() and revert_creds_light() in place
    refused  nothing is proven; the reason says what stands in the way

    Below the sites stands what is wrong in the tree as it is: leaked references, references that are dropped twice,
    overrides that are still in force when the function returns. The last line accounts for every textual hit of
    override_creds and revert_creds.

    \b
    Examples:
      credseries scan                                    the whole tree
      credseries scan fs/overlayfs fs/backing-file.c     two places
      credseries scan --base v6.12 -C ~/linux            a tag, in another directory
      credseries scan --json | jq '.sites[] | select(.choice == "refused")'
    """
    found = scan_data(open_repository(tree), base, recipe, paths or [])
    if json:
        render.as_json(found)
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    tree = found["tree"]
    counting = {True: "takes a", False: "takes no", None: "may take a"}[tree["counts_references"]]
    render.say(f"Linux {tree['version']}, commit {tree['commit'][:12]}; override_creds() {counting} reference")
    path = ""
    width = max((len(site["function"]) for site in found["sites"]), default=0)
    for site in found["sites"]:
        if site["file"] != path:
            path = site["file"]
            render.say("\n" + render.paint(render.printable(path), "bold"))
        _show_site(site, width)
    for item in found["unreadable"]:
        render.say(render.printable(f"\n{item['file']}: {item['function']}() refused: {item['reason']}"))
    for item in found["findings"]:
        _show_finding(item)
    if found["refusals"]:
        render.say("\nrefused, by reason:")
        for reason, number in found["refusals"].items():
            render.say(f"{number:>6}  {reason}")
    render.say("\n" + identity(found["accounting"]))


def _show_site(site: dict[str, Any], width: int) -> None:
    choice = site["choice"]
    kind = "" if site["kind"] == "site" else f" [{site['kind']}]"
    already = " (already)" if site["converted"] else ""
    verdict = render.paint(f"{choice:<8}", render.FORM_COLOURS.get(choice, "dim"))
    place = f"{site['line']:>6}  {site['function']:<{width}}"
    render.say(f"{place}  {verdict}{already} {render.printable(site['override'])} ({site['source']}){kind}")
    if site["reason"]:
        guard = choice in ("scoped", "light") and site["reason"].startswith("would ")
        reason = f"a guard {site['reason']}" if guard else site["reason"]
        render.say(" " * 10 + render.paint(render.printable(reason), "dim"))


def _show_finding(item: dict[str, Any]) -> None:
    where = f"{item['file']}:{item['line']}: {item['function']}()"
    kind = render.paint(item["kind"], "red")
    render.say(f"\n{render.printable(where)} {kind}: {render.printable(item['message'])}")
    steps = " -> ".join(str(line) for line in shortened(item["path"]))
    render.say(" " * 10 + render.paint(f"path {steps}", "dim"))


def shortened(path: list[int], most: int = 12) -> list[int | str]:
    """The lines of a path, the middle of a long one left out."""
    return list(path) if len(path) <= most else [*path[:3], "..", *path[3 - most :]]


def identity(account: dict[str, Any]) -> str:
    """The accounting identity as a line."""
    kinds = ", ".join(f"{number} {kind}" for kind, number in account["not_code_kinds"].items())
    detail = f" ({kinds})" if kinds else ""
    return (
        f"{account['hits']} textual hits = {account['converted']} converted + {account['refused']} refused + "
        f"{account['already_converted']} already converted + {account['wrapper_bodies']} wrapper bodies + "
        f"{account['not_code']} not code{detail}"
    )
