"""The script of a real kernel tree, in a small tree with a MAINTAINERS that has everything odd, agrees with the index.

Each case is a rule of the script that random files and patches of a real tree meet seldom or never.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.kernel.maintainers import Maintainers
from tests.getmaintainer import Answer, Script, differences, printed
from tests.gitrepo import commit_all, git, make_repo

pytestmark = pytest.mark.kernel

MAINTAINERS = """\
List of maintainers

	M: *Mail* patches to: FullName <address@domain>

ADDRESSES
M:	"Quoted Q. Name" <quoted@example.org>
M:	Comma, Without Quotes <comma@example.org>
M:	One <one@example.org>, "Two, Jr." <two@example.org>, three@example.org
M:	Comment <comment@example.org> (first, second)
M:	Back "Nick" Name <nick@example.org>
M:	Łukasz Żółw <lukasz@example.org>
M:	Nobody <>
M:	Linus Torvalds <torvalds@linux-foundation.org>
M:	<bracketed@example.org>
R:	O'Brien Jr. <obrien@example.org>
R:	MAILMAPPED ONE <old1@example.org>
R:	Whoever <old2@example.org>
R:	Old Name <old3@example.org>
R:	Old Name <old4@example.org>
R:	QUOTED Q. NAME <another@example.org>
R:	Mailmap Target <other-target@example.org>
L:	list@example.org
L:	LIST@example.org (moderated)
L:	tabs@example.org	(moderated for non-subscribers)
L:	subscribers@example.org (subscribers-only, for users)
L:	old1@example.org
S:	Supported
F:	addresses/

A VERY LONG TITLE OF A SECTION THAT THE SCRIPT CUTS (AS IT IS TOO LONG)
M:	Long <long@example.org>
R:	Reader <reader@example.org>
L:	long-list@example.org
S:	Odd Fixes
F:	long/*

DEPTHS
M:	Depths <depths@example.org>
S:	odd fixes and more
F:	*/*/depth.c
F:	deep/
F:	deep/er
F:	deep/er/[ab]?.[ch]
X:	deep/er/aX.c
X:	deep/out
T:	git git://example.org/depths.git

DOTTED DIRECTORY
M:	Dots <dots@example.org>
F:	dotted/a.d
F:	dotted/plain
F:	dotted/pre

EMPTY BELOW

KEYWORDS
M:	Keys <keys@example.org>
S:	Maintained
K:	(?i)insensitive|other
K:	one|two_alternatives
K:	white\\ space \\#x # a comment
K:	\\bwörd\\b
K:	end$
K:	[[:upper:]]{3}_\\d+\\h+x
L:	keys@lists.example.org

KEYWORDS LATER
M:	Later <later@example.org>
S:	Orphan
K:	one
K:	^start
K:	class[^x]

NAMES
M:	Names <names@example.org>
S:	Obsolete
N:	tegra | exy\\d
X:	deep/
F:	names/

MOVED
M:	Depths <depths@elsewhere.example>
F:	deep/er/bY.h
# a comment in the middle
N:	only-by-name$

THE REST
M:	Linus Torvalds <torvalds@linux-foundation.org>
L:	linux-kernel@vger.kernel.org
L:	linux-doc@vger.kernel.org
S:	Buried alive in reporters
F:	*
F:	*/
"""
MAILMAP = """\
# comment
Right Name <old1@example.org>
<new2@example.org> <old2@example.org>  # why
"New Q. Name" <new3@example.org> <old3@example.org>
Exact Name <exact@example.org> Old Name <old4@example.org>
Mailmap Target <target@example.org> <other-target@example.org>
not an entry
"""
IGNORE = "Ignored One <ignored@example.org>\n  # comment\nIgnored Two <ignored2@example.org> # with a comment\n"
YAML = """\
maintainers:
  - Plain Name <plain@example.org>
  - First M. Last-Name <initial@example.org>
  - Title Of Some Body <body@example.org>
  - Käthe Ünlaut <kaethe@example.org>
  - bare@example.org
  - "Quoted, Name" (paren@example.org)
  - Depths <depths@example.org>
  - Linus Torvalds <torvalds@linux-foundation.org>
  - Two  Spaces <spaces@example.org>
  - .Dotted. Name. <dotted@example.org>
  - 3 Digits D Letter <digits@example.org>,
  - Old Name <old4@example.org>
description: user@host is none, ends@example.org. Next
  continued
  <alone@example.org>
  see word@example.org. 3: nameless@example.org.
"""
DIRECTORIES = ("Documentation", "arch", "include", "drivers", "fs", "init", "ipc", "kernel", "lib")
FILES: dict[str, str] = {
    **dict.fromkeys(("COPYING", "CREDITS", "Kbuild", "Makefile", "README"), "x\n"),
    **{f"{name}/x": "x\n" for name in DIRECTORIES},
    **dict.fromkeys(("addresses/a.c", "long/a.c", "long/er/a.c", "x/y/depth.c", "x/y/z/depth.c"), "x\n"),
    **dict.fromkeys(
        ("deep/a.c", "deep/er/a1.c", "deep/er/aX.c", "deep/er/bY.h", "deep/out/a.c", "deep/outer.c"), "x\n"
    ),
    **dict.fromkeys(("dotted/a.d/x.c", "dotted/a.d1", "dotted/plain/x.c", "dotted/plain2", "dotted/prefix.c"), "x\n"),
    **dict.fromkeys(("names/a.c", "names/tegra.c", "x/tegra", "x/exy1/a.c", "deep/tegra.c", "x/only-by-name"), "x\n"),
    "deep/schema.yaml": YAML,
    "names/schema.yaml": YAML,
    "names/text.txt": YAML,
    "MAINTAINERS": MAINTAINERS,
    ".mailmap": MAILMAP,
    ".get_maintainer.ignore": IGNORE,
}
SIGNED = """\
mended: a thing

Signed-off-by: Signer One <signer1@example.org>
Reviewed-by: Signer One <signer1@example.org>
Acked-by: Depths <depths@example.org>
Acked-by: Ignored One <ignored@example.org>
Acked-by: Ignored Two <ignored2@example.org>
  Reviewed-by: Whoever <old2@example.org>
Tested-by: Tester <tester@example.org>
Signed-off-by: Linus Torvalds <torvalds@linux-foundation.org>
Signed-off-by: no address
"""
# What a patch that changes deep/a.c says in its message, and what it changes.
MESSAGES = {
    "nothing": "",
    "fixes": "Fixes: {fixed}\n",
    "fixes, short": "Fixes: {short} (mended)\nFixes: {fixed}\n",
    "fixes nothing": "Fixes: deadbeef\n",
    "insensitive": "INSENSITIVE\n",
    "the second alternative": "OTHER\n",
    "white space": "white space #x\n",
    "no comment": "white space\n",
    "word": "a wörd\n",
    "no word": "wörds, éwörd\n",
    "at the end": "the end\n",
    "not at the end": "the end.\n",
    "classes": "ABC_12 x\n",
    "the end of a line is no x": "class\n",
    "start": "start\n",
    "no start": "a start\n",
    "form feed": "a\fstart\u2028start\x85start\n",
    "file of a message": "--- a/long/a.c\none\n",
    "rename": "rename to long/a.c\n",
    "rename with a space": "rename to long/a.c one\n",
    "mode": " mode change 100644 => 100755 long/a.c\n",
    "header": "diff --git a/long/a.c b/names/a.c\n",
    "no header": "diff --git a/a one b/a one\n",
    "hunk": "@@ -1,2 +3,4 @@ one\n",
    "short hunk": "@@ -1 +3,4 @@ one\n",
    "three dashes": "---\none\n",
    "yaml": "+++ b/deep/schema.yaml\n",
    "two keywords": "one\nstart\n",
    "latin": "caf\udce9 one\n",
}
CHANGES = {
    "added": "+one",
    "removed": "-one",
    "in context": " one",
    "the second alternative in context": " two_alternatives",
    "insensitive added": "+inSensitive",
    "insensitive in context": " insensitive",
    "other in context": " OTHER",
    "start": "+start",
    "dashes": "--- long/a.c",
    "new": "+ x\n diff --git a/long/a.c b/long/a.c\ndeleted file mode 100644\n--- a/long/a.c\n+++ /dev/null\n",
}
CONFIGURATIONS = (
    *("--nor", "--no-m", "--nol", "--s", "--nomoderated --s", "--nofixes", "--nok", "--no-keywords", "--nomailmap"),
    *("--pattern-depth=1", "--pattern-depth 2 # words", "--git-chief-penguins", "--fe", "--file-emails"),
    *("--git-all-signature-types", "--git-max-maintainers=2", "--git-min-signatures 2", "--git-min-percent=150"),
)
CONFIGURATIONS_WITHOUT_EFFECT = (
    "# nothing\n\n--nor\n  --r  # again",
    "--file-emails --no-fe",
    "--roles --multiline --nogit",
)


NAMES = [name for name in FILES if name != "MAINTAINERS"]
CASES = [*(f"message: {name}" for name in MESSAGES), *(f"change: {name}" for name in CHANGES)]
ORDERS = 20


@pytest.fixture(scope="module")
def tree(kernel_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = (kernel_tree / "scripts" / "get_maintainer.pl").read_bytes()
    files: dict[str, bytes | str] = {**FILES, "scripts/get_maintainer.pl": script}
    tree = make_repo(tmp_path_factory.mktemp("small"), files)
    git(tree, "config", "i18n.commitEncoding", "UTF-8")
    (tree / "names" / "a.c").write_text("y\n")
    commit_all(tree, SIGNED)
    return tree


@pytest.fixture
def patches(tree: Path, tmp_path: Path) -> list[Path]:
    fixed = git(tree, "rev-parse", "HEAD").strip()
    texts = [(message.format(fixed=fixed, short=fixed[:10]), "+x") for message in MESSAGES.values()]
    texts += [("", change) for change in CHANGES.values()]
    paths = []
    for number, (message, change) in enumerate(texts):
        diff = f"diff --git a/deep/a.c b/deep/a.c\n--- a/deep/a.c\n+++ b/deep/a.c\n@@ -1,1 +1,2 @@\n x\n{change}\n"
        path = tmp_path / f"{number}.patch"
        path.write_bytes(f"Subject: x\n\n{message}\n---\n{diff}".encode("utf-8", "surrogateescape"))
        paths.append(path)
    return paths


def make_index(tree: Path, *places: Path) -> Maintainers:
    repo = Repository.discover(tree)
    return Maintainers.at(repo, repo.resolve("HEAD"), places=places)


def answers(index: Maintainers, patches: Sequence[Path]) -> dict[str, Answer]:
    """What the index says of each file of the tree, and of each patch."""
    found = {name: printed(index.for_files([name])) for name in NAMES}
    return found | {
        case: printed(index.for_patch(patch.read_bytes())) for case, patch in zip(CASES, patches, strict=True)
    }


def compare(ours: Mapping[str, Answer], script: Script, patches: Sequence[Path]) -> dict[str, tuple[Answer, Answer]]:
    """What differs, as the script says it and as the index does."""

    def ask_files(numbers: Sequence[int], order: int) -> list[Answer]:
        return script.of_files([NAMES[number] for number in numbers], order)

    def ask_patches(numbers: Sequence[int], order: int) -> list[Answer]:
        return script.of_patches([patches[number] for number in numbers], order)

    found: dict[str, tuple[Answer, Answer]] = {}
    for names, ask in ((NAMES, ask_files), (CASES, ask_patches)):
        wrong = differences([ours[name] for name in names], ask, ORDERS).wrong
        found |= {names[number]: (said, ours[names[number]]) for number, said in zip(wrong, ask(wrong, 0), strict=True)}
    return found


def test_every_rule_is_the_script_s(tree: Path, tmp_path: Path, patches: list[Path]) -> None:
    script = Script(tree, tmp_path, {"HOME": str(tmp_path)})
    assert compare(answers(make_index(tree), patches), script, patches) == {}


@pytest.mark.parametrize("options", [*CONFIGURATIONS, *CONFIGURATIONS_WITHOUT_EFFECT])
def test_every_option_is_the_script_s(tree: Path, tmp_path: Path, patches: list[Path], options: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".get_maintainer.conf").write_text(f"{options}\n")
    script = Script(tree, tmp_path, {"HOME": str(home)})
    index = make_index(tree, tree, home)
    assert index.options.unknown == ()
    ours = answers(index, patches)
    assert compare(ours, script, patches) == {}
    assert (ours == answers(make_index(tree), patches)) == (options in CONFIGURATIONS_WITHOUT_EFFECT)
