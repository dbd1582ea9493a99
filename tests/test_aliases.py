"""Mail aliases are read as git send-email reads them, from every kind of file that it knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from credseries.errors import UnknownRecipient
from credseries.kernel.aliases import PARSERS, Aliases, read_aliases, split_addresses
from credseries.kernel.git import Repository
from tests.gitrepo import git, make_repo

AMIR, JAN = "Amir Goldstein <amir@example.org>", "jan@example.org"
# What git 2.39's send-email makes of the same texts (its parsers were run on them).
FILES: Mapping[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "mutt": (
        "# people\n"
        f"alias amir {AMIR}\n"
        f"  alias -group vfs -group fs jan {JAN} # not in summer\n"
        f'alias team amir, jan, "Obi, Ikenna" <obi@example.org>\n'
        'alias quoted \\"Q\\" <q@example.org>\n'
        "unalias gone\n",
        {
            "amir": (AMIR,),
            "jan": (JAN + " ",),
            "team": ("amir", "jan", '"Obi, Ikenna" <obi@example.org>'),
            "quoted": ('"Q" <q@example.org>',),
        },
    ),
    "mailrc": (
        f'alias amir "{AMIR}"\nalias team amir  {JAN}\ngroup other amir\n',
        {"amir": (AMIR,), "team": ("amir", JAN)},
    ),
    "pine": (
        "amir\tAmir Goldstein\tamir@example.org\n"
        f"team\tThe team\t(amir,\n   {JAN})\n"
        "saved\tWith a folder\tsaved@example.org\tfolder\ta remark\n",
        {"amir": ("amir@example.org",), "team": ("amir", JAN), "saved": ("saved@example.org",)},
    ),
    "elm": (
        f"amir = Goldstein; Amir = amir@example.org\nteam = The team = amir,{JAN}\n",
        {"amir": ("amir@example.org",), "team": ("amir", JAN)},
    ),
    "gnus": (
        f'(define-mail-alias "amir" "amir@example.org")\n; (nothing)\n(define-mail-alias "jan" "{JAN}")\n',
        {"amir": ("amir@example.org",), "jan": (JAN,)},
    ),
    "sendmail": (
        f"# people\namir: {AMIR}\nteam: amir,\n\t{JAN}\nlong: amir, \\\n{JAN}\n",
        {"amir": (AMIR,), "team": ("amir", JAN), "long": ("amir", JAN)},
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_each_kind_of_file_is_read_as_git_reads_it(kind: str) -> None:
    text, expected = FILES[kind]
    assert PARSERS[kind](text) == Aliases(expected)


def test_all_kinds_that_git_reads_are_known() -> None:
    assert set(PARSERS) == {"mutt", "mailrc", "pine", "elm", "gnus", "sendmail"} == set(FILES)


@pytest.mark.parametrize(
    "line", ['q: "Q" <q@example.org>', "i: :include:/etc/list", "f: /dev/null", "p: |vacation", "?"]
)
def test_what_git_warns_of_is_a_problem(line: str) -> None:
    found = PARSERS["sendmail"](f"{line}\namir: {AMIR}\n")
    assert dict(found.members) == {"amir": (AMIR,)}
    assert line in found.problems[0]


def test_nested_aliases_are_expanded_and_each_address_comes_once() -> None:
    aliases = Aliases({"all": ("team", "amir", "x@y.org"), "team": ("amir", "jan"), "amir": (AMIR,), "jan": (JAN,)})
    assert aliases.expand("all") == (AMIR, JAN, "x@y.org")
    assert aliases.expand("nobody") == ("nobody",)


@pytest.mark.parametrize(
    ("members", "chain"),
    [({"a": ("a",)}, "a -> a"), ({"a": ("b",), "b": ("x@y.org", "c"), "c": ("b",)}, "b -> c -> b")],
)
def test_an_alias_that_stands_for_itself_is_an_error_that_shows_how(
    members: dict[str, tuple[str, ...]], chain: str
) -> None:
    with pytest.raises(UnknownRecipient, match=chain):
        Aliases(members).expand("a")


def test_a_comma_in_quotation_marks_separates_nothing() -> None:
    assert split_addresses('"A, B" <a@b.org> , c@d.org') == ('"A, B" <a@b.org>', "c@d.org")
    assert split_addresses("Conan O'Brien <c@o.org>, d@e.org") == ("Conan O'Brien <c@o.org>", "d@e.org")


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    make_repo(tmp_path, {"f": b""}, name="linux")
    return Repository.discover(tmp_path / "linux")


def configure(repo: Repository, *settings: tuple[str, str]) -> None:
    assert repo.work_tree is not None
    for key, value in settings:
        git(repo.work_tree, "config", "--add", key, value)


def test_without_a_setting_there_are_none(repo: Repository) -> None:
    assert read_aliases(repo) == Aliases()


def test_all_files_are_read_the_later_one_wins_and_a_tilde_is_home(repo: Repository, tmp_path: Path) -> None:
    (Path.home() / "mine").write_text(f"alias amir {AMIR}\nalias jan old@example.org\n")
    (tmp_path / "ours").write_text(f"alias jan {JAN}\n")
    configure(
        repo,
        ("sendemail.aliasesfile", "~/mine"),
        ("sendemail.aliasesfile", str(tmp_path / "ours")),
        ("sendemail.aliasfiletype", "mutt"),
    )
    assert read_aliases(repo) == Aliases({"amir": (AMIR,), "jan": (JAN,)})


def test_the_identity_that_is_chosen_has_its_own_files(repo: Repository, tmp_path: Path) -> None:
    (tmp_path / "work").write_text("jan: jan@work.example.org\n")
    configure(
        repo,
        ("sendemail.identity", "work"),
        ("sendemail.aliasesfile", str(tmp_path / "private")),
        ("sendemail.work.aliasesfile", str(tmp_path / "work")),
        ("sendemail.aliasfiletype", "sendmail"),
    )
    assert read_aliases(repo) == Aliases({"jan": ("jan@work.example.org",)})


@pytest.mark.parametrize(
    ("kind", "said"), [("mut", "did you mean mutt?"), (None, "its type is not set"), ("mutt", "No such file")]
)
def test_what_cannot_be_read_is_a_problem_and_no_error(
    repo: Repository, tmp_path: Path, kind: str | None, said: str
) -> None:
    configure(repo, ("sendemail.aliasesfile", str(tmp_path / "nowhere")))
    if kind is not None:
        configure(repo, ("sendemail.aliasfiletype", kind))
    (problem,) = read_aliases(repo).problems
    assert said in problem
    assert str(tmp_path / "nowhere") in problem
