"""Series that go through a tree each are one conversion: their letters say so, and mail and b4 keep them apart."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from credseries import resources
from credseries.cli.send import build_umbrella
from credseries.cli.split import make_all
from credseries.errors import NotASeries, StoreDamaged, UsageError
from credseries.kernel.git import Repository
from credseries.mail.cover import render_cover, stored_cover
from credseries.mail.files import mbox_bytes, write_umbrella
from credseries.mail.message import Message
from credseries.mail.send import UmbrellaMail
from credseries.mail.text import cover_problems
from credseries.mail.umbrella import render_umbrella
from credseries.series import saved
from credseries.series.demo import make_repository
from credseries.series.group import Words, keep_words, threads, words
from credseries.series.model import Measured, Needed, Selection, SeriesRecord, Thread, series_from_json
from credseries.series.split import Stamp
from tests.clicase import check_snapshot, credseries, normal
from tests.gitrepo import commit_all, git
from tests.mailcase import STAMP as MAIL_STAMP
from tests.mailcase import TODAY, Tree, environment, make_series, site

STAMP = Stamp(TODAY, "c0ffee123456")
HELPERS = (
    "cred: Add a light version of override_creds() and revert_creds()",
    "cred: Add a guard for light credential overrides",
)


@dataclass(frozen=True)
class Threads:
    """A miniature tree that is split by tree, and what its messages are."""

    path: Path
    repo: Repository
    records: tuple[SeriesRecord, ...]
    mail: UmbrellaMail

    def messages(self, tree: str) -> tuple[Message, ...]:
        return next(one.messages for one in self.mail.trees if one.tree == tree)


def recipe_file(path: Path, after: str) -> str:
    """The recipe rfc with another dependency of its topic overlayfs."""
    first, last = resources.read_text("patches", "rfc.toml").rsplit("[[topics]]", 1)
    place = path.parent / "mine.toml"
    place.write_text(first + "[[topics]]" + last.replace('after = ["helpers"]', f"after = {after}"))
    return str(place)


def make_threads(path: Path, recipe: str = "rfc", bases: tuple[str, ...] = ("HEAD",)) -> Threads:
    repo = Repository.discover(path)
    records = make_all(repo, recipe, bases, None, Selection(), "tree", STAMP)
    return Threads(path, repo, tuple(records), mail(repo, records))


def mail(repo: Repository, records: list[SeriesRecord]) -> UmbrellaMail:
    return build_umbrella(repo, render_umbrella(records), records, ["fsdevel"], stamp=MAIL_STAMP)


@pytest.fixture(scope="module", params=["patches", "whole", "other base"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Threads]:
    """What one series needs of another: two of its patches; all of it; and these on a base of its own."""
    home = tmp_path_factory.mktemp("home")
    with environment(HOME=str(home), GIT_CONFIG_GLOBAL=str(home / "gitconfig"), GIT_CONFIG_NOSYSTEM="1"):
        path = tmp_path_factory.mktemp("threads") / "linux"
        make_repository(path)
        if request.param == "whole":
            yield make_threads(path, recipe_file(path, '["helpers", "backing-file"]'))
        elif request.param == "patches":
            yield make_threads(path)
        else:
            git(path, "checkout", "--quiet", "-b", "ovl-next")
            header = path / "include/linux/cred.h"
            header.write_text("/* ovl-next moves the lines of what comes */\n" + header.read_text())
            commit_all(path, "Something else")
            git(path, "checkout", "--quiet", "master")
            yield make_threads(path, bases=("master", "overlayfs=ovl-next"))


@pytest.fixture
def split(miniature: Path) -> Threads:
    return make_threads(miniature)


def parsed(message: Message) -> EmailMessage:
    return message_from_bytes(message.data, policy=policy.default)  # type: ignore[return-value]


def one_line(text: str) -> str:
    return " ".join(text.split())


def two_records() -> list[SeriesRecord]:
    """The record of a plain series, parted into two."""
    plain = make_series()
    trees, titles = ("VFS", "overlayfs"), ("T (VFS)", "T (overlayfs)")
    needs = (Needed("VFS", ("k",), (plain.patches[0].subject,), False),)
    found = []
    for tree, title in zip(trees, titles, strict=True):
        patches = [patch for patch in plain.patches if patch.tree == tree]
        numbered = tuple(dataclasses.replace(patch, index=number) for number, patch in enumerate(patches, 1))
        thread = Thread(tree, "20261123-t-0123456789ab", trees, titles, needs if tree == "overlayfs" else ())
        refused = plain.refused if tree == "overlayfs" else ()
        topics = tuple(topic for topic in plain.topics if topic.tree == tree)
        found.append(
            dataclasses.replace(plain, title=title, patches=numbered, refused=refused, topics=topics, thread=thread)
        )
    return found


# -- the cover letter of a series that is one of several


def test_a_cover_letter_says_which_series_belong_together_and_what_comes_first(split: Threads) -> None:
    vfs, overlayfs = (one_line(render_cover(record).body) for record in split.records)
    assert "This is one of 2 series of one conversion, a tree each; it goes through the vfs tree." in vfs
    order = (
        "They can be merged in this order: 1. vfs: overlayfs: Optimize override/revert creds (vfs){} "
        "2. overlayfs: overlayfs: Optimize override/revert creds (overlayfs){}"
    )
    assert order.format(" (this series)", "") in vfs
    assert order.format("", " (this series)") in overlayfs
    assert "It needs nothing of the others." in vfs
    assert f"It needs 2 of the patches of the vfs series applied first: {' '.join(HELPERS)} Merge plan:" in overlayfs


def test_a_plain_series_and_the_only_thread_say_nothing_of_that(miniature: Path) -> None:
    assert "one conversion" not in render_cover(make_series()).body
    ran = credseries("split", "--threads", "tree", "--without", "overlayfs", cwd=miniature)
    assert ran.status == 0, ran.err
    letter = credseries("cover", cwd=miniature).out
    assert "one conversion" not in letter
    assert "It needs" not in letter


def test_all_patches_of_a_series_are_named_so(case: Threads) -> None:
    (needed,) = case.records[1].thread.needs if case.records[1].thread else ()
    letter = one_line(render_cover(case.records[1]).body)
    assert needed.subjects == tuple(patch.subject for patch in case.records[0].patches[: len(needed.keys)])
    if needed.whole:
        assert "It needs all 3 patches of the vfs series applied first:" in letter
    else:
        assert needed.subjects == HELPERS
        assert "It needs 2 of the patches of the vfs series applied first:" in letter


def test_the_record_comes_back_equal(case: Threads) -> None:
    for record in case.records:
        assert series_from_json(json.loads(json.dumps(record.to_json()))) == record
        assert stored_cover(saved.current(case.repo, record.branch)) == render_cover(record)


# -- each site once


def steps() -> SeriesRecord:
    """A series in which two patches convert one site, one after the other."""
    plain = make_series()
    first = plain.patches[1]
    light = dataclasses.replace(first, sites=tuple(dataclasses.replace(item, form="light") for item in first.sites))
    guards = dataclasses.replace(first, index=4, topic="guards")
    return dataclasses.replace(plain, patches=(plain.patches[0], light, plain.patches[2], guards))


def test_a_site_that_two_patches_convert_counts_once() -> None:
    body = render_cover(steps()).body
    assert "converts 3 of 4 sites" in one_line(body)
    assert (
        "  topic         patches  guard  scoped_guard  light  sites\n"
        "  ============  =======  =====  ============  =====  =====\n"
        "  helpers             1      -             -      -      -\n"
        "  backing-file        1      -             -      2      2\n"
        "  overlayfs           1      -             -      1      1\n"
        "  guards              1      1             1      -      2\n"
        "  total               4      1             1      1      3\n"
        "\n"
        "A site that two topics convert counts once in the total, in the form\n"
        "that it has in the end.\n"
    ) in body
    assert "counts once" not in render_cover(make_series()).body


def test_a_move_counts_only_where_the_site_ends_as_a_guard() -> None:
    series = steps()
    moved = tuple(dataclasses.replace(item, moved=((9, "dput(dentry)"),)) for item in series.patches[1].sites)
    early = dataclasses.replace(series.patches[1], sites=tuple(dataclasses.replace(s, form="guard") for s in moved))
    late = dataclasses.replace(series.patches[3], sites=tuple(dataclasses.replace(s, form="light") for s in moved))
    series = dataclasses.replace(series, patches=(series.patches[0], early, series.patches[2], late))
    assert "dput(dentry)" not in render_cover(series).body


# -- the letter over all


def test_the_umbrella_letter_is_about_all_of_them() -> None:
    letter = render_umbrella(two_records(), Words(numbers="1 -> 2", note="Thanks."))
    body = one_line(letter.body)
    assert letter.subject == "T"
    assert "one conversion in 2 series" in body
    assert "Together they convert 3 of 4 sites" in body
    assert (
        "  tree       patches  guard  scoped_guard  light  sites\n"
        "  =========  =======  =====  ============  =====  =====\n"
        "  VFS              2      1             1      -      2\n"
        "  overlayfs        1      -             -      1      1\n"
        "  total            3      1             1      1      3\n"
    ) in letter.body
    assert "1 site stays as it is" in body
    assert "1. VFS: T (VFS). 2 patches on Linux 6.12.0, commit aaaaaaaaaaaa; needs nothing of the others." in body
    assert "2. overlayfs: T (overlayfs). 1 patch on Linux 6.12.0, commit aaaaaaaaaaaa; needs one of the patches" in body
    assert "Indirect calls leave" in body
    assert "Numbers: 1 -> 2 Thanks." in body
    assert body.endswith("All are based on Linux 6.12.0, commit aaaaaaaaaaaa.")
    assert max(map(len, letter.body.splitlines())) <= 72


def test_it_says_what_need_not_wait_and_where_bases_differ() -> None:
    first, second = two_records()
    assert second.thread is not None
    third = dataclasses.replace(
        second,
        title="T (nfs)",
        base="c" * 40,
        counts_references=False,
        thread=dataclasses.replace(second.thread, tree="nfs", needs=(Needed("overlayfs", ("k",), ("s",), True),)),
        patches=(dataclasses.replace(second.patches[0], sites=(site("fs/nfs/x.c", 1, "f", "guard"),)),),
        refused=(),
    )
    body = one_line(render_umbrella([first, second, third]).body)
    assert "needs the patch of the overlayfs series applied first, and nothing of VFS." in body
    assert body.endswith("Each is based on the commit that the merge plan names.")
    assert "Where override_creds() takes a reference," in body


def test_a_site_that_two_trees_convert_counts_once() -> None:
    first, second = two_records()
    again = dataclasses.replace(first.patches[1].sites[0], form="light")
    both = dataclasses.replace(second, patches=(dataclasses.replace(second.patches[0], sites=(again,)),))
    refused = dataclasses.replace(both, refused=(*both.refused, dataclasses.replace(again, form="refused", line=3)))
    body = render_umbrella([first, refused]).body
    assert "convert 2 of 3 sites" in one_line(body)
    assert "  total            3      -             1      1      2\n" in body


def test_what_an_author_gives_for_it_survives_b4() -> None:
    letter = render_umbrella(two_records(), Words("---\n# 1\n-- \n", note="Tested-by: me <me@x.org>\n\n--- a/x"))
    assert cover_problems(letter.text) == []


def test_a_plain_series_has_no_umbrella() -> None:
    with pytest.raises(UsageError, match="no umbrella"):
        render_umbrella([make_series()])


# -- the commands


def test_the_letter_is_the_same_from_any_branch(split: Threads) -> None:
    first, second = (
        credseries("cover", "--umbrella", "--branch", record.branch, cwd=split.path) for record in split.records
    )
    assert first == second == credseries("cover", "--umbrella", cwd=split.path)
    assert (first.status, first.err) == (0, "")
    check_snapshot("cover-umbrella.txt", normal(first.out))


def test_numbers_and_note_of_the_letter_are_kept(split: Threads, tmp_path: Path) -> None:
    (tmp_path / "bench.txt").write_text("stat storm: 1.00 -> 1.36\n")
    refs = git(split.path, "for-each-ref")
    ran = credseries("cover", "--umbrella", "--numbers", tmp_path / "bench.txt", cwd=split.path)
    assert "  stat storm: 1.00 -> 1.36\n" in ran.out
    again = credseries("cover", "--umbrella", "--note", "Thanks.", cwd=split.path)
    assert "  stat storm: 1.00 -> 1.36\n\nThanks.\n" in again.out
    assert credseries("cover", "--umbrella", cwd=split.path).out == again.out
    assert git(split.path, "for-each-ref") == refs
    sent = credseries("send", "--umbrella", "--output-dir", tmp_path / "out", cwd=split.path)
    assert sent.status == 0, sent.err
    assert "  stat storm: 1.00 -> 1.36\n" in (tmp_path / "out/0000-cover-letter.eml").read_text()


def test_what_was_changed_on_a_branch_is_in_the_letter(split: Threads) -> None:
    branch = split.records[1].branch
    git(split.path, "checkout", "--quiet", branch)
    git(split.path, "reset", "--quiet", "--hard", "HEAD^")
    assert (
        "\n  overlayfs        2     23            18      -     41\n"
        in credseries("cover", "--umbrella", cwd=split.path).out
    )


def test_a_branch_that_is_gone_is_said_to_be(split: Threads) -> None:
    git(split.path, "branch", "--quiet", "-D", split.records[1].branch)
    ran = credseries("cover", "--umbrella", cwd=split.path)
    assert ran.status == 0
    assert ran.err == "note: the series of tree overlayfs is gone, and the letter is about the others\n"
    assert "one conversion in 1 series" in one_line(ran.out)


def test_which_umbrella_is_meant(split: Threads) -> None:
    assert make_all(split.repo, "rfc", ["HEAD"], "plain", Selection(), "one", STAMP)
    assert [item.record for item in threads(split.repo, None)] == list(split.records)
    with pytest.raises(UsageError, match="plain is a series by itself"):
        threads(split.repo, "plain")
    git(split.path, "checkout", "--quiet", "plain")
    with pytest.raises(UsageError, match="plain is a series by itself"):
        threads(split.repo, None)
    git(split.path, "checkout", "--quiet", "master")
    make_all(split.repo, "rfc", ["HEAD"], "more", Selection(), "tree", Stamp(TODAY, "0" * 12))
    with pytest.raises(NotASeries, match="more than one conversion") as caught:
        threads(split.repo, None)
    assert caught.value.hint == "name one with --branch: creds-rfc-overlayfs, more-overlayfs"
    assert [item.record.branch for item in threads(split.repo, "more-vfs")] == ["more-vfs", "more-overlayfs"]


def test_there_is_none(miniature: Path) -> None:
    for command in (["cover", "--umbrella"], ["send", "--umbrella", "--dry-run"]):
        ran = credseries(*command, cwd=miniature)
        assert (ran.status, ran.out) == (2, "")
        assert "error: " in ran.err


def test_damaged_words_are_named(split: Threads) -> None:
    given = Words("1", Measured("a table", ("web",), ("no machine",)), "2")
    keep_words(split.repo, "x", given)
    assert words(split.repo, "x") == given
    assert words(split.repo, "y") == Words()
    with saved.opened(split.repo) as store:
        store.put("umbrella", "x", {"more": 1})
    with pytest.raises(StoreDamaged, match="umbrella letter"):
        words(split.repo, "x")


# -- messages


def test_the_letter_heads_the_series_and_is_no_patch_and_no_cover_letter(case: Threads) -> None:
    letter = parsed(case.mail.letter)
    title = "overlayfs: Optimize override/revert creds"
    assert str(letter["Subject"]) == f"[PATCHSET RFC] {title}"
    assert letter["In-Reply-To"] is None
    umbrella = case.records[0].thread.umbrella if case.records[0].thread else ""
    assert str(letter["X-Change-ID"]) == umbrella
    assert f"\nchange-id: {umbrella}\n" in letter.get_content()
    assert str(letter["From"]) == "Demo Developer <demo@example.org>"
    assert "-overlayfs-optimize-override-revert-creds-v1-0-" in case.mail.letter.message_id
    assert letter.get_content().startswith(render_umbrella(case.records).body + "\n\n---\n")


def test_later_versions_say_so() -> None:
    from credseries.mail.send import _prefixes

    first, second = two_records()
    later = dataclasses.replace(second, revision=3, prefixes=("RFC", "net-next"))
    assert _prefixes([first, later], 3) == ["PATCHSET", "RFC", "v3"]
    assert _prefixes([dataclasses.replace(first, prefixes=())], 1) == ["PATCHSET"]


def test_each_series_is_a_reply_and_its_patches_are_replies_to_its_cover(case: Threads) -> None:
    root = case.mail.letter.message_id
    every = [case.mail.letter]
    for one in case.mail.trees:
        cover, *patches = one.messages
        assert parsed(cover)["In-Reply-To"] == parsed(cover)["References"] == root
        for patch in patches:
            assert parsed(patch)["In-Reply-To"] == cover.message_id
            assert str(parsed(patch)["References"]).split() == [root, cover.message_id]
        every += one.messages
    assert len({message.message_id for message in every}) == len(every)
    dates = [parsed(message)["Date"].datetime for message in every]
    assert dates == sorted(dates)
    assert len(set(dates)) == len(dates)


def test_everybody_gets_the_letter_and_nobody_another_trees_patches(case: Threads) -> None:
    to, cc = ({person.address for person in people} for people in (case.mail.letter.to, case.mail.letter.cc))
    for one in case.mail.trees:
        for message in one.messages:
            assert {person.address for person in (*message.to, *message.cc)} <= to | cc
    assert not to & cc
    vfs = {person.address for message in case.messages("vfs") for person in (*message.to, *message.cc)}
    assert "linux-unionfs@vger.kernel.org" in cc
    assert "linux-unionfs@vger.kernel.org" not in vfs


def test_the_same_stamp_gives_the_same_bytes(split: Threads) -> None:
    assert mail(split.repo, list(split.records)) == split.mail


def trees(path: Path, commits: list[str]) -> list[str]:
    return [git(path, "rev-parse", f"{commit}^{{tree}}").strip() for commit in commits]


def taken(place: Path, mbox: bytes, *arguments: str) -> Path:
    """The mbox that b4 makes of messages for `git am`."""
    (place / "x.mbox").write_bytes(mbox)
    got = Tree(place, "", "").b4("-n", "am", *arguments, "-m", str(place / "x.mbox"), "-o", str(place / "taken"))
    assert got.returncode == 0, got.stderr
    (ready,) = (place / "taken").glob("*.mbx")
    return ready


@pytest.fixture
def clone(case: Threads, tmp_path: Path) -> Path:
    """A clone that knows the bases and nothing of the series."""
    git(tmp_path, "clone", "--quiet", "--no-local", "--single-branch", str(case.path), "clone")
    base = case.records[1].base
    git(tmp_path / "clone", "fetch", "--quiet", str(case.path), f"{base}:refs/heads/other")
    git(tmp_path / "clone", "config", "user.name", "Maintainer")
    git(tmp_path / "clone", "config", "user.email", "maintainer@example.org")
    return tmp_path / "clone"


def test_b4_takes_each_series_onto_its_base_and_what_it_needs(case: Threads, clone: Path) -> None:
    vfs, overlayfs = case.records
    arrived: dict[str, list[str]] = {}
    for record, needed in ((vfs, []), (overlayfs, case.messages("vfs"))):
        git(clone, "checkout", "--quiet", "-f", "-B", "work", record.base)
        (need,) = record.thread.needs if record.thread and record.thread.needs else (None,)
        if need is not None:
            first = mbox_bytes([message for message in needed if message.title in need.subjects])
            (clone / "first.mbox").write_bytes(first)
            git(clone, "am", "--quiet", "--patch-format=mboxrd", str(clone / "first.mbox"))
        start = git(clone, "rev-parse", "HEAD").strip()
        place = clone.parent / f"b4-{record.branch}"
        git(clone, "worktree", "add", "--quiet", "--detach", str(place), start)
        assert record.thread is not None
        git(place, "am", "--quiet", str(taken(place, mbox_bytes(case.messages(record.thread.tree)))))
        arrived[record.branch] = git(place, "rev-list", "--reverse", f"{start}..HEAD").split()
    for record in case.records:
        commits = [patch.commit for patch in record.patches]
        assert trees(clone, arrived[record.branch]) == trees(case.path, commits)


def test_b4_finds_one_series_in_the_whole_thread(case: Threads, clone: Path) -> None:
    """By the id of one of its patches, and by that of its cover letter when told to stop there."""
    everything = mbox_bytes([case.mail.letter, *(message for one in case.mail.trees for message in one.messages)])
    for record in case.records:
        assert record.thread is not None
        cover, first, *_ = case.messages(record.thread.tree)
        for number, (message, more) in enumerate(((first, ()), (cover, ("--no-parent",)))):
            place = clone.parent / f"found-{record.branch}-{number}"
            place.mkdir()
            git(place, "init", "--quiet")
            ready = taken(place, everything, *more, message.message_id.strip("<>"))
            subjects = [line for line in ready.read_text().splitlines() if line.startswith("Subject: ")]
            assert len(subjects) == len(record.patches)
            assert record.patches[0].subject[:30] in subjects[0]


def patch_id(text: bytes) -> str:
    done = subprocess.run(["git", "patch-id", "--stable"], input=text, capture_output=True, check=True)
    return done.stdout.decode().split()[0]


def test_the_cover_letter_names_what_comes_first_as_b4_does(case: Threads) -> None:
    vfs, overlayfs = case.records
    footers = [parsed(case.messages(tree)[0]).get_content().splitlines() for tree in ("vfs", "overlayfs")]
    for lines, record in zip(footers, case.records, strict=True):
        assert f"base-commit: {record.base}" in lines
        assert f"change-id: {record.change_id}" in lines
    named = [line for lines in footers for line in lines if line.startswith("prerequisite-")]
    (need,) = overlayfs.thread.needs if overlayfs.thread else ()
    if need.whole:
        assert named == [f"prerequisite-change-id: {vfs.change_id}:v1"]
        return
    mailed = [patch_id(message.data) for message in case.messages("vfs")[1:] if message.title in need.subjects]
    assert named == [f"prerequisite-patch-id: {item}" for item in mailed]
    committed = [patch.commit for patch in vfs.patches if patch.key in need.keys]
    shown = [git(case.path, "show", commit).encode() for commit in committed]
    assert [patch_id(text) for text in shown] == mailed


def test_b4_knows_each_branch(case: Threads, tmp_path: Path) -> None:
    for record in case.records:
        place = tmp_path / record.branch
        git(case.path, "worktree", "add", "--quiet", str(place), record.branch)
        try:
            shown = Tree(place, record.base, record.tip).b4("prep", "--show-info")
        finally:
            git(case.path, "worktree", "remove", "--force", str(place))
        assert shown.returncode == 0, shown.stderr
        facts = dict(line.split(": ", 1) for line in shown.stdout.splitlines() if ": " in line)
        assert facts["change-id"] == record.change_id
        assert facts["cover-subject"] == record.title
        assert facts["has-prerequisites"] == str(bool(record.prerequisites))
        assert facts["end-commit"] == record.tip
        assert facts["start-commit"] == git(case.path, "rev-parse", f"{record.patches[0].commit}^").strip()


# -- files


def test_each_tree_has_a_directory(split: Threads, tmp_path: Path) -> None:
    paths = write_umbrella(split.mail, tmp_path / "out")
    assert [str(path.relative_to(tmp_path / "out")) for path in paths][:2] == [
        "0000-cover-letter.eml",
        "vfs/0000-cover-letter.eml",
    ]
    assert write_umbrella(split.mail, tmp_path / "out") == paths
    assert sum(len(files) for _, _, files in os.walk(tmp_path / "out")) == len(paths) == 9


def test_nothing_is_written_where_other_messages_are(split: Threads, tmp_path: Path) -> None:
    (tmp_path / "out/overlayfs").mkdir(parents=True)
    (tmp_path / "out/overlayfs/note.eml").write_text("hello\n")
    with pytest.raises(UsageError, match=r"note\.eml"):
        write_umbrella(split.mail, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.eml"))


def test_a_look_before_sending_writes_nothing(split: Threads) -> None:
    before = git(split.path, "status", "--porcelain"), git(split.path, "for-each-ref")
    ran = credseries("send", "--umbrella", "--dry-run", "--cc", "fsdevel", cwd=split.path)
    assert (ran.status, ran.err) == (0, "")
    check_snapshot("send-umbrella.txt", normal(ran.out))
    assert (git(split.path, "status", "--porcelain"), git(split.path, "for-each-ref")) == before
