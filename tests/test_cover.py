"""The cover letter says what the series does, and comes back from b4 as it went in."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credseries import resources
from credseries.errors import UsageError
from credseries.kernel.git import Repository
from credseries.mail import b4adapter
from credseries.mail.cover import Cover, parse_cover, render_cover, stored_cover
from credseries.mail.text import cover_problems, line_problems, prose, verbatim
from credseries.series import saved
from credseries.series.model import SeriesRecord, series_from_json
from credseries.series.reviews import patch_reviews, with_reviews
from tests.mailcase import BRANCH, Tree, make_series, make_tree, put_on_branch, site

PERF = """\
#
# ----- HITM -----
# Num RmtHitm LclHitm
-------------------------
  0     412    1028
-------------------------
 41.50%  42.22%  [k] revert_creds


 after:\t54 ---
"""


def paragraphs(body: str) -> list[str]:
    return body.split("\n\n")


def test_it_says_what_was_converted_in_which_form_for_each_topic() -> None:
    body = render_cover(make_series()).body
    assert "converts 3 of 4 sites" in " ".join(body.split())
    assert (
        "  topic         patches  guard  scoped_guard  light  sites\n"
        "  ============  =======  =====  ============  =====  =====\n"
        "  helpers             1      -             -      -      -\n"
        "  backing-file        1      1             1      -      2\n"
        "  overlayfs           1      -             -      1      1\n"
        "  total               3      1             1      1      3\n"
    ) in body


def test_it_says_what_was_refused_and_groups_equal_reasons() -> None:
    series = make_series()
    same = site("fs/overlayfs/dir.c", 7, "ovl_unlink", "refused", series.refused[0].reason)
    body = render_cover(dataclasses.replace(series, refused=(*series.refused, same))).body
    assert "2 sites stay as they are" in body
    assert (
        "  a filter would move\n    fs/overlayfs/inode.c:293 ovl_permission()\n    fs/overlayfs/dir.c:7 ovl_unlink()"
    ) in body


def test_nothing_refused_is_not_mentioned() -> None:
    assert "stay as" not in render_cover(dataclasses.replace(make_series(), refused=())).body


def test_it_gives_the_merge_plan_the_maintainer_asked_for() -> None:
    plan = " ".join(render_cover(make_series()).body.split())
    assert "backing-file: Convert fs/backing-file.c (patch 2); through the VFS tree; needs helpers." in plan
    assert "Wide fsdevel review." in plan
    assert "through the overlayfs tree; needs helpers; does not need backing-file. Reviewed in parallel." in plan


def test_it_says_what_the_proof_assumes_and_which_calls_moved_all_the_same() -> None:
    series = make_series()
    assert "  - Indirect calls leave the credentials as they found them." in render_cover(series).body
    first = series.patches[1]
    moved = dataclasses.replace(first.sites[0], moved=((9, "dput(dentry)"),))
    patches = (series.patches[0], dataclasses.replace(first, sites=(moved,)), series.patches[2])
    body = render_cover(dataclasses.replace(series, patches=patches)).body
    assert "each call but those below" in " ".join(body.split())
    assert "  fs/backing-file.c:9 a(): dput(dentry)" in body


def test_numbers_are_included_or_said_to_be_missing() -> None:
    assert "No benchmark numbers are included in this version." in render_cover(make_series()).body
    body = render_cover(dataclasses.replace(make_series(), numbers=PERF)).body
    assert "No benchmark" not in body
    assert "  # ===== HITM =====\n  # Num RmtHitm LclHitm\n  =========================\n    0     412    1028" in body
    assert "   after: 54 ===" in body


def reviewed(*numbers: int, of: int = 3) -> SeriesRecord:
    """The series in its second version, some of whose patches have a review."""
    series = dataclasses.replace(make_series(), revision=2)
    own = "Signed-off-by: Zoë <zoe@example.org>"
    messages = [
        f"ovl: Patch {number}\n\nText.\n\n{'Acked-by: A <a@b.c>' if number in numbers else own}\n"
        for number in range(1, of + 1)
    ]
    return with_reviews(series, messages)


def test_it_names_the_patches_that_still_wait_for_a_review() -> None:
    assert ("Patches 1, 3 have a Reviewed-by or an Acked-by. No review yet:\n\n  2: ovl: Patch 2\n\n") in render_cover(
        reviewed(1, 3)
    ).body
    assert "Patch 3 has a Reviewed-by or an Acked-by. No review" in render_cover(reviewed(3)).body


def test_of_many_that_wait_it_gives_the_numbers() -> None:
    body = " ".join(render_cover(reviewed(2, of=45)).body.split())
    assert "No review yet: patches 1, 3-45." in body


@pytest.mark.parametrize("numbers", [(), (1, 2, 3)], ids=["none", "all"])
def test_when_none_is_reviewed_or_all_are_it_says_nothing_of_it(numbers: tuple[int, ...]) -> None:
    assert "review yet" not in render_cover(reviewed(*numbers)).body


def test_a_first_version_waits_for_nobody_yet() -> None:
    series = with_reviews(make_series(), ["a: B\n\nReviewed-by: A <a@b.c>", "c: D\n"])
    assert "review yet" not in render_cover(series).body
    assert series.told.reviews == ()


def test_a_fixup_is_no_patch_that_waits_and_a_test_is_no_review() -> None:
    messages = ["a: B\n\nReviewed-by: A <a@b.c>", "fixup! a: B\n", "c: D\n\nTested-by: A <a@b.c>"]
    assert [(item.number, item.reviewed) for item in patch_reviews(messages)] == [(1, True), (2, False)]


def test_what_a_record_knows_of_reviews_comes_back() -> None:
    series = reviewed(2)
    assert series_from_json(json.loads(json.dumps(series.to_json()))) == series


def test_it_names_the_base() -> None:
    assert paragraphs(render_cover(make_series()).body)[-1] == "Based on Linux 6.12.0, commit aaaaaaaaaaaa."


def test_prose_is_wrapped_at_72_columns() -> None:
    series = dataclasses.replace(make_series(), summary="word " * 300, assumptions=("word " * 40,))
    assert max(map(len, render_cover(dataclasses.replace(series, note="note " * 90)).body.splitlines())) <= 72


def test_nothing_but_the_record_decides() -> None:
    series = dataclasses.replace(make_series(), numbers=PERF)
    assert render_cover(series) == render_cover(series)


def test_a_template_of_the_users_own_is_used(tmp_path: Path) -> None:
    own = Path(os.environ["XDG_CONFIG_HOME"], "credseries/templates")
    own.mkdir(parents=True)
    (own / "cover.txt.j2").write_text("{{ cover.title }}\n\nHi,\n\n{{ cover.base }}\n")
    assert render_cover(make_series()).body == "Hi,\n\nBased on Linux 6.12.0, commit aaaaaaaaaaaa."


@pytest.mark.parametrize("template", ["{{ nothing }}", "{{ cover.", "{{ cover.nothing }}", "{% include 'x' %}"])
def test_a_broken_template_is_named(template: str) -> None:
    own = Path(os.environ["XDG_CONFIG_HOME"], "credseries/templates")
    own.mkdir(parents=True)
    (own / "cover.txt.j2").write_text(template)
    with pytest.raises(UsageError, match="cannot be filled in") as caught:
        render_cover(make_series())
    assert str(own) in caught.value.hint


@pytest.mark.parametrize("title", ["[RFC] overlayfs: x", "Re: overlayfs", "# x", "", "a =?utf-8?q?b?="])
def test_titles_that_mail_reads_otherwise_are_refused(title: str) -> None:
    with pytest.raises(UsageError):
        render_cover(dataclasses.replace(make_series(), title=title))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("---", "ends in ---"),
        ("a rule ---", "ends in ---"),
        ("-----  ", "ends in ---"),
        ("#define X", "starts with #"),
        (">#define X", "starts with #"),
        ("-- ", "signature"),
        ("diff --git a/x b/x", "patch"),
        ("--- a/x", "patch"),
        ("a\x0bb", "control"),
        ("a\u2028b", "control"),
        ("a\x00b", "control"),
    ],
)
def test_lines_that_b4_misreads_are_found(line: str, why: str) -> None:
    assert any(why in problem for problem in line_problems(f"fine\n{line}\nfine"))
    assert any("line 2" in problem for problem in line_problems(f"fine\n{line}\nfine"))


@pytest.mark.parametrize("line", ["--", "- item", "  # indented", "a --- b", "===", "  --- a/x", "\ttab"])
def test_harmless_lines_are_not(line: str) -> None:
    assert line_problems(line) == []


@pytest.mark.parametrize(
    "text",
    [
        "subject\nno blank\n\nEnd.",
        "subject\n\nTested-by: A <a@example.org>\n\nEnd.",
        "subject\n\nHi,\n\n  an indented end",
        "subject\n\nHi,\n\nphone: 123",
        "subject\n\nHi,\n\n\n\nEnd.",
        "subject\n\nHi, \n\nEnd.",
        "subject",
        "subject\n\n" + "x" * 130_000,
    ],
)
def test_letters_that_b4_would_change_are_found(text: str) -> None:
    assert cover_problems(text)


def test_verbatim_text_and_prose_are_always_safe_to_store() -> None:
    assert line_problems(verbatim("\x1b[1m#\n---\n-- \ndiff --git a/x b/x\n", "  ")) == []
    assert line_problems(prose("#1\n\n>#2\n\n---\n\ndiff -x\n\nends in ---")) == []


def test_a_letter_without_a_subject_of_its_own() -> None:
    assert parse_cover("one\ntwo\n") == Cover("", "one\ntwo")
    assert parse_cover("one\n\ntwo\n") == Cover("one", "two")


def test_files_are_found_by_plain_name_only() -> None:
    assert resources.find("templates", "cover.txt.j2").is_file()
    for name in ("../pyproject.toml", "/etc/passwd", "", "nothing.txt"):
        with pytest.raises(UsageError):
            resources.find("templates", name)


words = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("#>-:= \n\t[]abcXYZ.,$%{}<>@'\"\\|/")),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=120,
)
marks = st.lists(
    st.sampled_from(
        [
            "---",
            "#",
            ">#",
            "-- ",
            "Cc: a <a@b.c>",
            "Tested-by: me",
            "diff --git a/x b/x",
            "\n",
            "\n\n",
            "word",
            "${cover}",
            "{{ x }}",
            "\x85",
            "\u2028",
            "\r\n",
            "From here",
            'Fixes: abc123 ("x',
            "base-commit: 1",
            "[x]",
        ]
    ),
    max_size=12,
).map(" ".join)
texts = words | marks


@st.composite
def records(draw: st.DrawFn) -> SeriesRecord:
    series = make_series()
    refused = tuple(site("fs/x.c", 1, "f", "refused", reason) for reason in draw(st.lists(texts, max_size=2)))
    topics = tuple(dataclasses.replace(topic, note=draw(texts), title=draw(texts)) for topic in series.topics)
    return dataclasses.replace(
        series,
        summary=draw(texts),
        refused=refused,
        topics=topics,
        assumptions=tuple(draw(st.lists(texts, max_size=2))),
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return make_tree(tmp_path_factory.mktemp("cover") / "linux")


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(series=records(), numbers=st.none() | texts, note=st.none() | texts)
def test_every_rendered_letter_comes_back_from_b4_as_it_went_in(
    tree: Tree, series: SeriesRecord, numbers: str | None, note: str | None
) -> None:
    cover = render_cover(dataclasses.replace(series, numbers=numbers or "", note=note or ""))
    repo = Repository.discover(tree.path)
    placed = put_on_branch(tree.path, dataclasses.replace(series, base=tree.base, start=tree.base), cover)
    assert stored_cover(saved.current(repo, BRANCH)) == cover
    message = b4adapter.series_messages(repo, placed)[0][1]
    sent = b4adapter.message_bytes(message).decode().split("\n\n", 1)[1]
    assert sent.startswith(cover.body + "\n\n---\n")
