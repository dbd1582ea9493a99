"""A series all of whose texts want to be more than text: code, file names, subjects, authors, remarks, benchmarks."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.clicase import credseries
from tests.gitrepo import commit_all, git
from tests.mailcase import TODAY, environment
from tests.rerollcase import Case, reply

# What a terminal or a reader's eye would be led by: a title, a colour, and text that runs backwards.
CONTROLS = "\x1b]0;owned\x07\x1b[31m\u202etxet\u2066\u009b"


def attack(place: str) -> str:
    """A line of markup that does something at once, wherever in a page it gets in; `place` tells from where it was."""
    return (
        f"<script>alert('{place}')</script><img src=x onerror=alert('{place}')>"
        f"</script></style></title></textarea>--><svg onload=alert('{place}')>"
        f"\" autofocus onfocus=alert('{place}') x=' {{{{ 7*7 }}}}{{% raw %}}<!--part glance-->&lt;&amp;"
    )


PLACES = ("code", "string", "subject", "message", "author", "file", "remark", "sender", "bench")
FILE = "fs/<img src=x onerror=alert('file')>\"'&{{ 7*7 }}\u202etxet.c"


def hostile_series(pristine: Path, scratch: Path) -> Path:
    """A copy of the miniature tree where every text is an attack, with a series that was sent and answered."""
    tree = Path(shutil.copytree(pristine, scratch / "linux", symlinks=True))
    _write_code(tree)
    for command in (("split",), ("bench", "add", "--role", "base", *_bench(tree))):
        ran = credseries(*command, cwd=tree)
        assert ran.status == 0, ran
    case = Case(tree, scratch)
    with environment(GIT_COMMITTER_DATE=TODAY.isoformat()):  # or b4 would not look behind them
        _edit_by_hand(tree)
    sent = case.b4_send()
    sender = f'"{attack("sender")}" <r@example.org>'.replace('" autofocus', "' autofocus")
    read = credseries(
        "comments", "--read", case.replies(reply(sent[-1], sender, attack("remark")), thread=sent), cwd=tree
    )
    assert read.status == 0, read
    return tree


def _edit_by_hand(tree: Path) -> None:
    """Give the last patch another message, and add a patch with another file."""
    subject, message = f"ovl: {attack('subject')}{CONTROLS}", f"{attack('message')}{CONTROLS}"
    git(tree, "checkout", "--quiet", "creds-rfc")
    git(tree, "commit", "--quiet", "--amend", "-m", f"{subject}\n\n{message}")
    (tree / FILE).write_text(f"/* {attack('code')} */\nint x;\n")
    git(tree, "add", "--all")
    author = f"user.name={attack('author')}"
    git(tree, "-c", author, "commit", "--quiet", "-m", "fs: Add a file\n\nOf a bad name.")
    git(tree, "checkout", "--quiet", "master")


def _write_code(tree: Path) -> None:
    """Make a function that is converted hold attacks, in a comment and in a string."""
    path = tree / "fs" / "overlayfs" / "copy_up.c"
    text = path.read_text()
    old = "\tdo {\n\t\tn = vfs_copy_file_range("
    assert old in text
    string = attack("string").replace("\\", "").replace('"', '\\"')
    path.write_text(text.replace(old, f'\t/* {attack("code")}{CONTROLS} */\n\tpr_debug("{string}");\n{old}', 1))
    commit_all(tree, f"ovl: {attack('base')}")


def _bench(tree: Path) -> list[str]:
    results = tree.parent / "results.csv"
    metric = attack("bench").replace('"', '""')
    results.write_text(f'metric,unit,better,tasks,value\n"{metric}",s,less,1,9\n')
    return ["--label", "<b onclick=alert('bench')>", "--workload", attack("bench"), str(results)]
