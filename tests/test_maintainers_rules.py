"""Claims about the rules of get_maintainer.pl that the MAINTAINERS index has, each on a few lines.

That the script does the same is seen where there is a kernel tree, in tests/kernel/.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credseries.kernel.addresses import Address, parse_addresses
from credseries.kernel.expressions import Expression
from credseries.kernel.file_addresses import addresses_in
from credseries.kernel.git import Repository
from credseries.kernel.maintainer_options import Options, find_file, parse_ignored
from credseries.kernel.maintainers import Maintainers, Section
from credseries.kernel.patch_facts import PatchFacts, patch_text
from credseries.kernel.recipients import MailingList
from tests.gitrepo import commit_all, git, make_repo

DIFF = "diff --git a/fs/x.c b/fs/x.c\n--- a/fs/x.c\n+++ b/fs/x.c\n@@ -1,1 +1,2 @@\n x\n"


def printed(index: Maintainers, *files: str, patch: str = "") -> list[str]:
    return [f"{each} ({each.reason})" for each in index.for_files(files, patch)]


def keyword_matches(keyword: str, patch: str) -> bool:
    index = Maintainers.parse(f"ONE\nM:\tA <a@example.org>\nK:\t{keyword}\n")
    return index.for_patch(patch.encode()) != []


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("--- a/fs/old.c\n+++ b/fs/new.c\n", ("fs/new.c", "fs/old.c")),
        ("--- /dev/null\n+++ b/fs/new.c\n", ("dev/null", "fs/new.c")),
        ("diff --git a/a.bin b/b.bin\nBinary files differ\n", ("a.bin", "b.bin")),
        ("rename from fs/a.c\nrename to mm/b.c\n", ("fs/a.c", "mm/b.c")),
        (" mode change 100644 => 100755 scripts/x\n", ("scripts/x",)),
        ("diff --git a/a b c b/a b c\n", ()),
        ("rename from a name\n", ()),
        ("---\n\n-- \n2.39\n", ()),
        ("--- a removed comment of SQL\n", ("a",)),
        ("+++ x\n+++ x\n", ("x",)),
    ],
)
def test_a_patch_names_its_files(text: str, files: tuple[str, ...]) -> None:
    assert PatchFacts.parse(text).files == files


def test_a_patch_names_the_commits_that_it_fixes() -> None:
    text = "Fixes: 123abc (x)\nFixes: 12345\nfixes: 1234567\nFixes:\tABCDEF0123 (y)\nFixes: 123abc\n"
    assert PatchFacts.parse(text).fixes == ("123abc", "ABCDEF0123")


def test_lines_end_where_the_script_ends_them() -> None:
    facts = PatchFacts.parse("one\ftwo\x85three\u2028four\r\nfive\n" + DIFF + "+six\n@@ -1 +1 @@")
    assert facts.message == ("one\ftwo\x85three\u2028four\r\n", "five\n")
    assert facts.change == (" x\n", "+six\n", "@@ -1 +1 @@")


def test_bytes_that_are_no_utf_8_are_letters() -> None:
    assert patch_text("é".encode("latin-1") + "é".encode()) == "\\xe9é"


@given(st.text())
def test_any_text_is_a_patch_whose_every_line_is_read_once(text: str) -> None:
    facts = PatchFacts.parse(text)
    read = "".join((*facts.message, *facts.change))
    assert len(read) <= len(text)
    assert set(facts.files) == set(PatchFacts.parse(text + "\n").files)


@pytest.mark.parametrize(
    ("keyword", "text", "expected"),
    [
        ("(?i)pidfd", "+a PidFD\n", True),  # flags in the midst of an expression
        ("(?i)pidfd", " a PidFD\n", False),
        ("(?i)a_x|b_x", "+B_X\n", True),  # and over alternatives
        ("one|two", " two\n", True),  # what is before a line's first letter goes with the first alternative
        ("one|two", " one\n", False),
        ("a b", "+ab\n", True),  # white space does not count
        ("a b", "+a b\n", False),
        (r"a\ b # why", "+a b\n", True),
        (r"\bx\b", "+éx\n", False),  # a letter is a letter
        (r"\bx\b", "+-x\n", True),
        ("x$", "+y x\n", True),
        ("x[^y]", "+x\n", True),  # the end of a line is a character
        (r"\Bx\h+y\z", "+ax \ty", True),
        ("[[:digit:]]{2}x", "+12x\n", True),
        ("[]x]y", "+]y\n", True),
        (r"\x41\x{42}", "+AB\n", True),
        ("(?<n>ab)\\1", "+abab\n", True),
        ("x{,2}{", "+x{,2}{\n", True),  # braces that repeat nothing
        ("straße", "+straße\n", True),
        ("(?i:straSSe)x", "+STRASSEx\n", True),
        ("(?#a comment)x", "+x\n", True),
        ("(?x-i:a b)(?^:c)", "+abc\n", True),
    ],
)
def test_keywords_are_perl_s(keyword: str, text: str, expected: bool) -> None:
    assert keyword_matches(keyword, DIFF + text) is expected


@pytest.mark.parametrize(
    "keyword", ["(", ")", "*", "a**", "[", "\\", r"\p{Lu}", "(?R)", "(*F)", "[[:what:]]", "a{9,1}"]
)
def test_an_expression_that_is_not_understood_matches_nothing(keyword: str) -> None:
    assert not keyword_matches(keyword, DIFF + "+a(*[)\\\n")


WORDS = st.text("ab_|()?*+.^$é{}1\\[]", max_size=8)


@given(WORDS, WORDS)
def test_a_text_that_matches_has_a_word_of_the_expression(expression: str, text: str) -> None:
    found = Expression(expression)
    if found.compiled is not None and found.compiled.search(text):
        assert any(word in text.casefold() for word in found.words)


def test_the_words_are_the_longest_that_every_match_needs() -> None:
    assert Expression("gpio").words == ("gpio",)
    assert Expression("(devm_)?GPIO_(get|set)x*").words == ("gpio_",)
    assert Expression("a(?:longer|other)b").words == ("longer", "other")
    assert Expression("one|.").words == ("",)


def test_keyword_sections_come_after_files_and_in_the_script_s_order() -> None:
    # the script sorts numbers of lines as words: "10" is before "9"
    text = "FILES\nM:\tF <f@example.org>\nF:\tfs/\n\n" + "".join(
        f"K{number}\nM:\tK{number} <k{number}@example.org>\nK:\tword\n" for number in range(4)
    )
    found = [each.name for each in Maintainers.parse(text).for_patch((DIFF + "+word\n").encode())]
    assert found == ["F", "K2", "K3", "K0", "K1"]


def test_whoever_signed_what_a_patch_fixes_is_named() -> None:
    message = (
        "Signed-off-by: One <one@example.org>\nReviewed-by: One <one@example.org>\n"
        "Acked-by: A <a@example.org>\nTested-by: T <t@example.org>\n  Acked-by: Ignored <i@example.org>\n"
        "Signed-off-by: Linus Torvalds <torvalds@linux-foundation.org>\nSigned-off-by: nobody\n"
    )
    index = Maintainers.parse(
        "ONE\nM:\tA <a@example.org>\nF:\tfs/\nS:\tMaintained\n",
        ignored="Ignored <i@example.org>\n",
        read_message={"123456": message}.get,
    )
    assert printed(index, "fs/x.c", patch="Fixes: 123456\nFixes: abcdef\n") == [
        "A <a@example.org> (maintainer:ONE,blamed_fixes:1/1=100%)",
        "One <one@example.org> (blamed_fixes:2/1=100%)",
    ]
    signer = index.for_files([], "Fixes: 123456\n")[0]
    assert (signer.role, signer.section, signer.pattern) == ("signer", "", "Fixes: 123456")


def test_whoever_signed_is_known_under_the_name_of_the_mailmap() -> None:
    index = Maintainers.parse(
        "ONE\nM:\tA <old@example.org>\nF:\tfs/\n",
        mailmap="<new@example.org> <old@example.org>\n",
        read_message=lambda _: "Acked-by: Another Name <old@example.org>\n",
    )
    assert printed(index, "fs/x.c", patch="Fixes: 123456\n") == [
        "A <new@example.org> (unknown:ONE,blamed_fixes:1/1=100%)"
    ]


def test_only_five_signers_are_named() -> None:
    message = "".join(f"Acked-by: A{number} <a{number}@example.org>\n" for number in range(9))
    index = Maintainers.parse("", read_message=lambda _: message)
    assert len(index.for_files([], "Fixes: 123456\n")) == 5


YAML = "maintainers:\n  - Plain Name <plain@example.org>\n  - A <a@example.org>\n  - bare@example.org\n"


def test_the_people_of_a_schema_are_named() -> None:
    texts = {"x/a.yaml": YAML, "x/a.txt": YAML}
    index = Maintainers.parse("ONE\nM:\tA <a@example.org>\nF:\tx/\nS:\tMaintained\n", read_file=texts.get)
    assert printed(index, "x/a.yaml") == [
        "A <a@example.org> (maintainer:ONE,in file)",
        "Plain Name <plain@example.org> (in file)",
        "bare@example.org (in file)",
    ]
    named = index.for_files(["x/a.yaml"])[1]
    assert (named.role, named.pattern) == ("file", "x/a.yaml")
    assert printed(index, "x/a.txt") == ["A <a@example.org> (maintainer:ONE)"]
    assert printed(index, "x/gone.yaml") == ["A <a@example.org> (maintainer:ONE)"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("  - First M. Last <x@y.org>", Address("First M. Last", "x@y.org")),
        ("  - Title Of Some Body <x@y.org>", Address("Some Body", "x@y.org")),
        ("  - A Käthe Ünlaut (x@y.org)", Address("A Käthe Ünlaut", "x@y.org")),
        ("3 names: J. Doe {x@y.org}", Address("J. Doe", "x@y.org")),
        ("Two  Spaces <x@y.org>", Address("Spaces", "x@y.org")),
        ("see x@y.org.", Address("see", "x@y.org")),  # the script takes any word for a name
        ("3: x@y.org.", Address("", "x@y.org")),
        (".Dotted. Name. <x@y.org>", Address("Dotted. Name", "x@y.org")),
    ],
)
def test_a_name_in_a_file_is_cut_down(text: str, address: Address) -> None:
    assert list(addresses_in(f"{text}\n")) == [address]


def test_what_is_no_address_in_a_file_is_none() -> None:
    assert list(addresses_in("user@host, a @b.c, x@.y z")) == []


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ('"Lee, C" <l@x.org>, D <d@x.org>', [Address("Lee, C", "l@x.org"), Address("D", "d@x.org")]),
        ("Metux, IT <m@x.org>", [Address("Metux, IT", "m@x.org")]),
        ("P <p@x.org> (a, b)", [Address("P", "p@x.org")]),
        ("p@x.org, d@x.org (why)", [Address("", "p@x.org"), Address("", "d@x.org")]),
        ("Ł <l@x.org>, D <d@x.org>", [Address("Ł", "l@x.org"), Address("D", "d@x.org")]),
        ("nobody", []),
    ],
)
def test_a_line_has_one_address_or_several(line: str, people: list[Address]) -> None:
    assert parse_addresses(line) == people


def test_a_quotation_mark_in_a_name_is_escaped() -> None:
    assert str(Address('A "B" C', "x@y.org")) == '"A \\"B\\" C" <x@y.org>'


def test_a_dot_in_a_pattern_makes_it_no_directory() -> None:
    index = Maintainers.parse("ONE\nM:\tA <a@example.org>\nF:\tfs/a.d\nF:\tfs/plain\n", is_directory=lambda _: True)
    assert printed(index, "fs/a.d/x.c") == []
    assert printed(index, "fs/a.d") != []
    assert printed(index, "fs/plain/x.c") != []


def test_a_directory_that_the_tree_lacks_is_none() -> None:
    text = "ONE\nM:\tA <a@example.org>\nF:\tfs/plain\n"
    assert printed(Maintainers.parse(text, is_directory=lambda _: False), "fs/plain/x.c") == []
    assert printed(Maintainers.parse(text), "fs/plain/x.c") != []


def test_a_title_is_cut_in_a_reason_only() -> None:
    title = "A TITLE OF MORE THAN FIFTY CHARACTERS, AS SOME ARE " + "X" * 9
    found = Maintainers.parse(f"{title}\nM:\tA <a@example.org>\nS:\tOdd Fixes\nF:\tfs/\n").for_files(["fs/x.c"])[0]
    assert found.section == title
    assert found.reason == "odd fixer:A TITLE OF MORE THAN FIFTY CHARACTERS, AS SOME..."


def test_a_section_says_its_trees_lists_and_people() -> None:
    fields = (("M", "A <a@x.org>"), ("R", "b@x.org"), ("T", "git one"), ("T", "git two"), ("L", "l@x.org (moderated)"))
    section = Section("ONE", fields)
    assert section.trees == ["git one", "git two"]
    assert section.mailing_lists == [MailingList("l@x.org", "moderated")]
    assert section.people == [Address("A", "a@x.org"), Address("", "b@x.org")]


def test_a_list_with_a_name_is_found_by_its_address() -> None:
    assert MailingList.parse("The List <l@x.org> (moderated)") == MailingList("l@x.org", "moderated")
    assert MailingList.parse("l@x.org\t(subscribers-only)").is_for_subscribers
    index = Maintainers.parse("ONE\nL:\tThe List <l@x.org>\nF:\tfs/\n")
    assert printed(index, "fs/x.c") == ["l@x.org (open list:ONE)"]


TEXT = """\
ONE
M:\tA <a@example.org>
M:\tLinus Torvalds <torvalds@linux-foundation.org>
R:\tB <b@example.org>
L:\topen@example.org
L:\tmoderated@example.org (moderated)
L:\tsubscribers@example.org (subscribers-only)
F:\tfs/
K:\tword
"""


@pytest.mark.parametrize(
    ("configuration", "names"),
    [
        ("", "a b open moderated"),
        ("--nor", "a open moderated"),
        ("--no-m", "b open moderated"),
        ("--nol", "a b"),
        ("--s", "a b open moderated subscribers"),
        ("--nomoderated", "a b open"),
        ("--git-chief-penguins", "a torvalds b open moderated torvalds"),
        ("# --nor\n --r # --nol\n", "a b open moderated"),
        ("--nor --r", "a b open moderated"),
    ],
)
def test_a_configuration_changes_who_is_named(configuration: str, names: str) -> None:
    index = Maintainers.parse(TEXT, options=Options.parse(configuration))
    found = [each.address.partition("@")[0] for each in index.for_files(["fs/x.c"])]
    assert found == list(dict.fromkeys(names.split()))


def test_a_configuration_turns_off_keywords_fixes_and_the_mailmap() -> None:
    def index(configuration: str) -> Maintainers:
        return Maintainers.parse(
            TEXT,
            mailmap="<new@example.org> <a@example.org>\n",
            options=Options.parse(configuration),
            read_message=lambda _: "Acked-by: S <s@example.org>\n",
        )

    patch = "word\nFixes: 123456\n"
    assert [each.address for each in index("--nol").for_files([], patch)] == [
        *("new@example.org", "b@example.org", "s@example.org")
    ]
    assert [each.address for each in index("--nol --nomailmap --nofixes").for_files([], patch)] == [
        *("a@example.org", "b@example.org")
    ]
    assert [each.address for each in index("--no-keywords").for_files([], patch)] == ["s@example.org"]


def test_a_configuration_limits_the_depth() -> None:
    index = Maintainers.parse(TEXT, options=Options.parse("--pattern-depth 2"))
    assert printed(index, "fs/a/x.c") != []
    assert printed(index, "fs/a/b/x.c") == []


def test_words_of_a_configuration_that_do_not_count_are_said() -> None:
    options = Options.parse("--git-blame --norolestats --git-since=1-year-ago --separator ; --pattern-depth=x --nor")
    assert options.unknown == ("--git-blame", "--pattern-depth=x")
    assert not options.reviewers


def test_an_ignored_name_is_a_line_without_its_comment() -> None:
    assert parse_ignored("# x\n A <a@x.org>\n\nB <b@x.org> # why\n") == {"A <a@x.org>", "B <b@x.org> "}


def test_the_first_file_of_a_name_is_the_one(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    two.mkdir()
    (two / "x").write_text("two")
    assert find_file("x", [one, two]) == "two"
    one.mkdir()
    (one / "x").write_text("one")
    assert find_file("x", [one, two]) == "one"
    assert find_file("y", [one, two]) == ""


def test_a_commit_has_all_that_is_looked_up(tmp_path: Path) -> None:
    repository = make_repo(
        tmp_path,
        {
            "MAINTAINERS": TEXT,
            ".mailmap": "<new@example.org> <a@example.org>\n",
            ".get_maintainer.ignore": "I <i@example.org>\n",
            "fs/schema.yaml": YAML,
        },
    )
    fixed = commit_all(repository, "x\n\nAcked-by: S <s@example.org>\nAcked-by: I <i@example.org>\n")
    git(repository, "rm", "-q", "-r", ".")
    commit_all(repository, "nothing is left")
    (tmp_path / ".get_maintainer.conf").write_text("--nol\n")
    index = Maintainers.at(Repository.discover(repository), fixed, places=[repository, tmp_path])
    patch = f"Fixes: {fixed[:12]}\nFixes: deadbeef\n"
    assert [each.address for each in index.for_files(["fs/schema.yaml"], patch)] == [
        *("new@example.org", "b@example.org", "plain@example.org", "bare@example.org", "s@example.org")
    ]
