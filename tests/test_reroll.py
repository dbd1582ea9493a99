"""`credseries reroll`: from a version that was sent, in either way, to the next one, with real git and real b4."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from credseries.kernel.git import Repository
from credseries.series import saved
from tests.gitrepo import commit_all
from tests.rerollcase import AMIR, BRANCH, BRAUNER, Case, of_version, replace_in, reply
from tests.test_cli_errors import check_error, state

GUARDS = "ovl: Use guards for credential overrides"


@pytest.fixture
def case(split_miniature: Path, tmp_path: Path) -> Case:
    return Case(Path(shutil.copytree(split_miniature, tmp_path / "linux", symlinks=True)), tmp_path)


# -- which version was sent


def test_nothing_was_sent(case: Case) -> None:
    before = state(case.tree)
    check_error(case.run("reroll"), 2, f"v1 of {BRANCH} has not been sent as far as is known", "--sent")
    assert state(case.tree) == before


def test_after_b4_send_its_template_is_filled_in(case: Case) -> None:
    cover = case.b4_send()[0]
    assert "EDITME" in case.log
    found = case.reroll("--recipe", "per-function")
    assert (found["version"], found["sent"]["version"], found["sent"]["tag_made"]) == (2, 1, False)
    assert found["sent"]["message_id"] == str(cover["Message-Id"]).strip("<>\n ")
    assert case.log.startswith("Changes in v2:\n- fs/backing-file: Use guards")
    assert case.log.endswith(f"- Link to v1: https://patch.msgid.link/{found['sent']['message_id']}")
    assert "EDITME" not in case.letter
    assert case.tracking["history"] == {"v1": [found["sent"]["message_id"]]}


def test_the_tag_made_here_is_the_one_that_b4_makes(case: Case) -> None:
    tip = case.git("rev-parse", BRANCH)
    case.b4_send()
    [tag] = case.git("tag").splitlines()
    theirs, tree = case.git("cat-file", "-p", tag), case.git("rev-parse", f"{tag}^{{tree}}")
    subjects = case.git("log", "--format=%s%n%an%n%ad", f"master..{tag}")
    case.git("tag", "-d", tag)
    case.git("branch", "--force", BRANCH, tip)
    case.reroll("--sent", "--resend")
    ours = case.git("cat-file", "-p", tag)

    def essence(text: str) -> str:
        # b4's own template ends with a signature mark that is none, so b4 leaves the signature in
        text = re.sub(r"\n-- ? ?\n.*\Z", "", text, flags=re.DOTALL)
        return re.sub(r"^object .*|> \d+ [+-]\d+$", "", text, flags=re.MULTILINE).strip()

    assert essence(ours) == essence(theirs)
    assert case.git("rev-parse", f"{tag}^{{tree}}") == tree
    assert case.git("log", "--format=%s%n%an%n%ad", f"master..{tag}") == subjects
    assert case.git("fsck", "--strict", "--no-dangling") == ""


def test_b4_knows_the_version_that_was_said_to_be_sent(case: Case) -> None:
    case.reroll("--sent-as", "<20261123-x-v1-0-0123456789ab@example.org>", "--recipe", "per-file")
    info = case.b4("prep", "--show-info")
    assert "series-v1: " in info
    assert "revision: 2" in info
    assert "needs-editing: False" in info
    compared = case.b4("prep", "--compare-to", "v1")
    assert compared.count(" = ") >= 3
    assert "- Link to v1: https://patch.msgid.link/20261123-x-v1-0-0123456789ab@example.org" in case.log


def test_messages_that_were_built_are_remembered(case: Case) -> None:
    cover = case.send()[0]
    found = case.reroll("--sent", "--resend")
    assert found["sent"]["message_id"] == str(cover["Message-Id"]).strip("<>\n ")
    assert found["sent"]["note"] is None
    assert case.log.split("\n")[1] == "- No change since v1, resent"


def test_what_was_sent_is_what_the_messages_were_built_from(case: Case) -> None:
    case.send()
    sent = case.git("rev-parse", f"{BRANCH}^{{tree}}")
    case.edit(replace_in(case, "fs/overlayfs/util.c", "int ", "int  "), of=0)
    found = case.reroll("--sent")
    assert case.git("rev-parse", f"{found['sent']['tag']}^{{tree}}") == sent
    assert "the branch has changed since" in found["sent"]["note"]
    assert [item["fate"] for item in found["patches"]].count("changed") == 1


def test_said_twice_it_counts_once(case: Case) -> None:
    case.send()
    for arguments in (["--sent"], ["--sent"], []):
        found = case.reroll("--resend", *arguments)
        assert (found["version"], case.revision) == (2, 2)


def test_without_a_message_id_there_is_no_link_and_a_note(case: Case) -> None:
    found = case.reroll("--sent", "--resend")
    assert "--sent-as" in found["sent"]["note"]
    assert "Link to" not in case.log
    assert "history" not in case.tracking
    found = case.reroll("--sent-as", "later@example.org", "--resend")
    assert (found["version"], case.tracking["history"]) == (2, {"v1": ["later@example.org"]})
    assert case.log.endswith("- Link to v1: https://patch.msgid.link/later@example.org")


def test_the_link_is_as_b4_is_set_to_give_it(case: Case) -> None:
    case.git("config", "b4.linkmask", "https://lore.kernel.org/all/%s/")
    case.reroll("--sent-as", "x@example.org", "--resend")
    assert case.log.endswith("- Link to v1: https://lore.kernel.org/all/x@example.org/")


def test_the_version_after_the_next(case: Case) -> None:
    case.send()
    case.reroll("--sent", "--recipe", "per-file")
    assert case.run("reroll").out.count("messages of v2 were built") == 0
    case.send()
    assert "messages of v2 were built: if they were sent, say --sent" in case.run("reroll", "--no-range-diff").out
    found = case.reroll("--sent", "--recipe", "rfc")
    assert (found["version"], case.revision, sorted(case.tracking["history"])) == (3, 3, ["v1", "v2"])
    heads = re.findall(r"^Changes in v\d:$", case.log, re.MULTILINE)
    assert heads == ["Changes in v3:", "Changes in v2:"]
    assert {item["fate"] for item in found["patches"]} == {"unchanged", "merged"}
    assert len(case.git("tag").splitlines()) == 2


def test_b4_goes_on_from_there(case: Case) -> None:
    """b4 send after a reroll: the mail has the changelog below the line, and b4's next one stands above it."""
    case.b4_send()
    case.reroll("--because", "0=Mine: a first paragraph --- with dashes")
    body, subject = case.letter.split("\n---\n")[0], case.letter.split("\n")[0]
    messages = of_version(case.b4_send(), 2)
    assert {str(m["Subject"])[:14] for m in messages} == {"[PATCH RFC v2 "}
    mail = messages[0].get_content().replace("\r", "")
    assert mail.index("\n---\nChanges in v2:\n- Mine") < mail.index("\n---\nDemo Developer (6):")
    assert case.letter.startswith(body)
    assert case.letter.split("\n")[0] == subject
    assert case.log.startswith("Changes in v3:\n- EDITME")
    assert "\n\nChanges in v2:\n- Mine" in case.log
    found = case.reroll("--recipe", "per-file")
    assert found["version"] == 3
    assert "EDITME" not in case.letter
    assert case.log.count("Changes in v") == 2


def test_the_letter_comes_back_from_b4s_editor(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.reroll("--sent-as", "x@example.org", "--because", "5=a reason", "--resend")
    monkeypatch.setenv("GIT_EDITOR", "sed -i s/reason/cause/")
    before = case.letter
    case.b4("prep", "--edit-cover")
    assert case.letter == before.replace("reason", "cause")


# -- the new version


def test_nothing_changed(case: Case) -> None:
    before = state(case.tree)
    check_error(case.run("reroll", "--sent"), 2, f"nothing has changed since v1 of {BRANCH}", "--resend")
    assert state(case.tree) == before
    case.git("checkout", "--quiet", "-b", "next")
    (case.tree / "new").write_text("x\n")
    base = commit_all(case.tree, "Elsewhere")
    case.git("checkout", "--quiet", "master")
    found = case.reroll("--sent", "--onto", "next")
    assert found["new_base"] == base
    assert f"({base[:12]})" in case.log
    assert case.log.split("\n")[1].startswith("- No change but a rebase, to Linux 6.12.0")
    assert {item["fate"] for item in found["patches"]} == {"unchanged"}


def test_split_into_a_patch_a_function(case: Case) -> None:
    found = case.reroll("--sent", "--recipe", "per-function")
    split = [item for item in found["patches"] if item["fate"] == "split"]
    assert {item["each"] for item in split} == {"function"}
    assert len(found["record"]["patches"]) == 51
    assert re.search(rf"- {GUARDS}: split into 37 patches, one a\n  function", case.log)


def test_hand_edits_are_folded_in_and_seen(case: Case) -> None:
    case.edit(replace_in(case, "fs/overlayfs/util.c", "int ", "int  "), of=0)
    found = case.reroll("--sent-as", "x@example.org", "--resend")
    assert [item["fate"] for item in found["patches"]] == ["unchanged"] * 6
    case.edit(replace_in(case, "fs/overlayfs/util.c", "int  ", "long  "), of=0)
    found = case.reroll()
    changed = found["patches"][5]
    assert (changed["fate"], changed["added"], changed["removed"]) == ("changed", 1, 1)
    assert "- ovl: Use the light credential override where no guard fits: changed\n  (+1 -1 lines)" in case.log
    assert [item["subject"] for item in found["kept"]] == ["ovl: Use the light credential override where no guard fits"]
    assert "long  " in case.git("show", f"{BRANCH}:fs/overlayfs/util.c")
    assert len(case.messages_of_patches()) == 6


def test_without_squash_a_fixup_stays_one(case: Case) -> None:
    case.send()
    case.edit(replace_in(case, "fs/overlayfs/util.c", "int ", "int  "), of=0)
    found = case.reroll("--sent", "--no-squash")
    assert found["patches"][5]["reason"] == "fixup! commits are behind it"
    assert case.git("log", "-1", "--format=%s", BRANCH).startswith("fixup! ovl")


def test_dropped_and_added_by_hand(case: Case) -> None:
    case.reroll("--sent-as", "x@example.org", "--resend")
    case.git("checkout", "--quiet", "--detach", BRANCH)
    case.git("reset", "--quiet", "--hard", f"{BRANCH}~1")
    (case.tree / "Documentation").write_text("x\n")
    commit_all(case.tree, "docs: Add a note\n\nSigned-off-by: Zoë <zoe@example.org>")
    case.git("branch", "--force", BRANCH, "HEAD")
    case.git("checkout", "--quiet", "master")
    found = case.reroll()
    assert [item["fate"] for item in found["patches"]][-2:] == ["dropped", "new"]
    assert found["patches"][-2]["reason"] == "by hand"
    assert "- ovl: Use the light credential override where no guard fits: dropped\n- docs: Add a note: new" in case.log


def test_reworded_and_moved(case: Case) -> None:
    case.reroll("--sent-as", "x@example.org", "--resend")
    case.git("checkout", "--quiet", BRANCH)
    case.git("commit", "--quiet", "--amend", "-m", "ovl: Other words\n\nWhy.\n\nSigned-off-by: Z <z@example.org>")
    case.git("checkout", "--quiet", "master")
    found = case.reroll()
    assert (found["patches"][5]["fate"], found["patches"][5]["now"]) == ("reworded", "ovl: Other words")
    assert 'reworded,\n  now "ovl: Other words"' in case.log


def test_merged_upstream(case: Case) -> None:
    case.send()
    case.git("checkout", "--quiet", "-b", "next")
    for number in (5, 4, 3):  # the helpers and the backing file, as somebody applies them
        case.git("cherry-pick", f"{BRANCH}~{number}")
    case.git("checkout", "--quiet", "master")
    found = case.reroll("--sent", "--onto", "next")
    dropped = [item for item in found["patches"] if item["fate"] == "dropped"]
    assert [item["old"] for item in dropped] == [[1], [2], [3]]
    assert dropped[2]["reason"].startswith("converted in Linux 6.12.0")
    assert dropped[0]["reason"].startswith("not needed on Linux 6.12.0")
    assert "fs/backing-file: Use guards for credential overrides: dropped,\n  converted in Linux" in case.log


def test_conflicts_are_as_in_refresh(case: Case) -> None:
    case.reroll("--sent-as", "x@example.org", "--resend")
    case.edit(replace_in(case, "fs/backing-file.c", "scoped_guard(cred, ctx->cred)", "scoped_guard(cred, mine)"), of=3)
    case.git("checkout", "--quiet", "-b", "next")
    file = case.tree / "fs/backing-file.c"
    file.write_text(file.read_text().replace("override_creds(ctx->cred)", "override_creds(context->cred)"))
    commit_all(case.tree, "Rename")
    case.git("checkout", "--quiet", "master")
    before = state(case.tree)
    ran = case.run("reroll", "--onto", "next")
    assert (ran.status, state(case.tree)) == (1, before)
    assert "does not fit onto the series made anew" in ran.err
    ran = case.run("reroll", "--onto", "next", "--set-aside")
    assert ran.status == 1
    assert "refs/credseries/conflicts/" in ran.out
    assert case.revision == 2


# -- reviews


def test_replies_are_credited_and_their_trailers_collected(case: Case) -> None:
    sent = case.b4_send()
    box = case.replies(
        reply(sent[0], BRAUNER, f"Acked-by: {BRAUNER}"),
        reply(sent[3], AMIR, f"Hi,\n\nReviewed-by: {AMIR}\n\nThanks,\nAmir."),
        reply(sent[5], AMIR, f"One patch a file, please.\n\nSuggested-by: {AMIR}\nReviewed-by: {AMIR}"),
        reply(sent[2], "Mallory <m@example.net>", "Reviewed-by: Someone Else <else@example.com>"),
        reply(sent[1], "Demo Developer <demo@example.org>", "Of course."),
        thread=sent,
    )
    found = case.reroll("--recipe", "per-file", "--replies", box)
    messages = case.messages_of_patches()
    assert [m.count(f"Acked-by: {BRAUNER}") for m in list(messages.values())[:5]] == [1, 1, 1, 1, 0]
    backing = messages["fs/backing-file: Use guards for credential overrides"]
    assert backing.endswith(
        f"Acked-by: {BRAUNER}\nReviewed-by: {AMIR}\nSigned-off-by: Demo Developer <demo@example.org>"
    )
    parts = [message for subject, message in messages.items() if subject.startswith(f"{GUARDS} in ")]
    assert len(parts) == 8
    assert all(f"Suggested-by: {AMIR}" in part and "Reviewed-by" not in part for part in parts)
    assert "Someone Else" not in "".join(messages.values())
    assert [r["mismatched"] for r in found["replies"] if r["patch"] == 2] == [
        ["Reviewed-by: Someone Else <else@example.com>"]
    ]
    assert [(r["patch"], r["comments"]) for r in found["replies"]] == [(0, False), (3, False), (5, True), (2, False)]
    dropped = {(fact["trailer"], fact["reason"]) for fact in found["trailers"] if fact["what"] == "dropped"}
    assert (f"Reviewed-by: {AMIR}", "split into 8 patches") in dropped
    assert f"- {GUARDS}: split into 8 patches, one a\n  file (Amir Goldstein)" in case.log
    assert re.search(r"file \(Amir Goldstein\)\s+https://patch\.msgid\.link/\d+@reply\.example\.org\n", case.log)
    assert "- Reviewed-by of Amir Goldstein dropped from patch 5 of v1, split into 8\n  patches" in case.log
    assert "- Acked-by of Christian Brauner added to patches 1-4" in case.log
    human = case.run("reroll", "--replies", box)
    assert "trailers that do not name their sender, and were not applied:" in human.out


def test_replies_without_the_patches_themselves(case: Case) -> None:
    sent = case.send()
    box = case.replies(reply(sent[3], AMIR, f"Reviewed-by: {AMIR}"), reply(sent[1], AMIR, "Why?"))
    found = case.reroll("--sent", "--replies", box)
    assert [(r["patch"], r["comments"]) for r in found["replies"]] == [(3, False), (1, True)]


def test_replies_by_subject_when_no_message_id_is_known(case: Case) -> None:
    sent = case.send()
    box = case.replies(reply(sent[3], AMIR, f"Reviewed-by: {AMIR}"))
    found = case.reroll("--sent-as", "other@example.org", "--replies", box)
    assert [r["patch"] for r in found["replies"]] == [3]


def test_a_maildir_is_as_good(case: Case) -> None:
    import mailbox

    sent = case.send()
    mailbox.Maildir(case.scratch / "dir").add(reply(sent[3], AMIR, f"Reviewed-by: {AMIR}").as_bytes())
    found = case.reroll("--sent", "--replies", case.scratch / "dir")
    assert [r["patch"] for r in found["replies"]] == [3]


def test_trailers_that_b4_put_on_the_branch(case: Case) -> None:
    """`b4 trailers -u` before the reroll: kept where the patch is the same, dropped where it has changed."""
    sent = case.b4_send()
    box = case.replies(
        *(reply(sent[number], AMIR, f"Reviewed-by: {AMIR}\nSuggested-by: {AMIR}") for number in (3, 6)), thread=sent
    )
    case.b4("-n", "trailers", "-u", "-m", str(box))
    assert sum(f"Reviewed-by: {AMIR}" in message for message in case.messages_of_patches().values()) == 2
    case.edit(replace_in(case, "fs/overlayfs/util.c", "int ", "int  "), of=0)
    found = case.reroll()
    backing, light = list(case.messages_of_patches().values())[2], list(case.messages_of_patches().values())[5]
    assert f"Reviewed-by: {AMIR}" in backing
    assert "Reviewed-by" not in light
    assert f"Suggested-by: {AMIR}" in light
    assert "- Reviewed-by of Amir Goldstein dropped from patch 6 of v1, which\n  changed" in case.log
    again = case.reroll()
    assert again["changelog"] == found["changelog"]
    assert "dropped from patch 6 of v1" in case.log


def test_keep_trailers(case: Case) -> None:
    sent = case.send()
    case.edit(replace_in(case, "fs/overlayfs/util.c", "int ", "int  "), of=0)
    box = case.replies(reply(sent[6], AMIR, f"Reviewed-by: {AMIR}"))
    case.reroll("--sent", "--replies", box, "--keep-trailers")
    assert f"Reviewed-by: {AMIR}" in list(case.messages_of_patches().values())[5]
    assert "dropped" not in case.log


def test_the_next_refresh_keeps_trailers_and_changelog(case: Case) -> None:
    sent = case.send()
    box = case.replies(reply(sent[3], AMIR, f"Reviewed-by: {AMIR}"))
    case.reroll("--sent", "--replies", box)
    log = case.log
    assert case.run("refresh").status == 0
    assert case.run("cover", "--note", "Another note.").status == 0
    assert case.log == log
    assert "Another note." in case.letter
    assert f"Reviewed-by: {AMIR}" in list(case.messages_of_patches().values())[2]
    case.reroll()
    assert case.log == log


# -- once more


def test_made_again_it_is_the_same_and_nobodys_lines_are_lost(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.reroll("--sent-as", "x@example.org", "--recipe", "per-file", "--because", "5=Amir asked for it")
    log, letter = case.log, case.letter
    case.reroll()
    assert (case.log, case.letter, case.revision) == (log, letter, 2)
    monkeypatch.setenv("GIT_EDITOR", "sed -i 's/^- Link to/- A line of mine\\n- Link to/'")
    case.b4("prep", "--edit-cover")
    case.run("cover", "--note", "Mine.")
    case.reroll("--recipe", "rfc")
    assert "- A line of mine\n- Link to v1" in case.log
    assert "split into" not in case.log
    assert "Amir asked for it" in case.log
    assert case.log.count("Changes in") == 1


def test_a_reroll_that_never_came_to_its_end_has_told_nothing(case: Case) -> None:
    """What it was to say is not in the version that is made instead."""
    lock = case.tree / f".git/refs/heads/{BRANCH}.lock"
    lock.touch()
    before = case.git("for-each-ref")
    ran = case.run("reroll", "--sent", "--recipe", "per-file", "--because", "5=said in vain")
    assert ran.status != 0, ran
    assert case.git("for-each-ref") == before
    lock.unlink()
    case.reroll("--sent", "--recipe", "per-file")
    assert "in vain" not in case.log
    case.reroll("--because", "5=said again")
    assert case.run("refresh", "--recipe", "rfc").status == 0
    case.reroll()
    assert "said again" in case.log


def test_a_dry_run_changes_nothing(case: Case) -> None:
    before = state(case.tree)
    ran = case.run("reroll", "--sent", "--recipe", "per-file", "--dry-run")
    assert ran.status == 0, ran
    assert "Changes in v2:" in ran.out
    assert ran.out.endswith("nothing was changed\n")
    assert state(case.tree) == before


def test_the_range_diff(case: Case) -> None:
    case.send()
    case.edit(replace_in(case, "fs/overlayfs/util.c", "int ", "int  "), of=0)
    ran = case.run("reroll", "--sent", "--range-diff-in-cover")
    assert re.search(r"^1:  \w+ = 1:  \w+ cred: Add a light", ran.out, re.MULTILINE)
    assert "\x1b" not in ran.out
    assert "\n\nRange-diff against v1:\n\n  1:  " in case.log
    assert "Range-diff" not in case.run("reroll", "--no-range-diff").out
    assert "Range-diff" not in case.log


def test_the_branch_works_with_the_other_commands(case: Case, tmp_path: Path) -> None:
    case.send()
    case.reroll("--sent", "--recipe", "per-file", "--range-diff-in-cover")
    tree = case.git("rev-parse", f"{BRANCH}^{{tree}}")
    assert "Changes in v2:" in case.run("cover").out
    assert case.run("checklist").status == 0
    messages = of_version(case.send(), 2)
    assert {str(message["Subject"])[:14] for message in messages} == {"[PATCH RFC v2 "}
    assert len(messages) == 17
    box = case.replies(thread=messages)
    out = tmp_path / "am"
    case.b4("-n", "am", "-m", str(box), "-o", str(out))
    [mbx] = out.glob("*.mbx")
    case.git("checkout", "--quiet", "--detach", "master")
    case.git("am", "--quiet", str(mbx))
    assert case.git("rev-parse", "HEAD^{tree}") == tree


def test_one_patch_has_its_changelog_below_its_line(case: Case, tmp_path: Path) -> None:
    case.git("checkout", "--quiet", "-b", "next")
    for number in (5, 4):
        case.git("cherry-pick", f"{BRANCH}~{number}")
    case.git("checkout", "--quiet", "master")
    case.git("branch", "--quiet", "-D", BRANCH)
    assert case.run("split", "--base", "next", "--topic", "backing-file").status == 0
    [first] = case.b4_send()
    found = case.reroll("--because", "1=A reason")
    assert found["sent"]["message_id"] == str(first["Message-Id"]).strip("<>\n ")
    box = case.replies(reply(first, AMIR, f"Why?\n\nReviewed-by: {AMIR}"))
    assert [item["patch"] for item in case.reroll("--replies", box)["replies"]] == [1]
    [message] = of_version(case.send(), 2)
    body = message.get_content()
    assert str(message["Subject"]) == "[PATCH RFC v2] fs/backing-file: Use guards for credential overrides"
    assert body.index("Signed-off-by:") < body.index("Changes in v2:\n- fs/backing-file") < body.index("diff --git")
    assert body.index("\n---\n") < body.index("Changes in v2:")
    (tmp_path / "one.eml").write_bytes(message.as_bytes())
    tree = case.git("rev-parse", f"{BRANCH}^{{tree}}")
    case.git("checkout", "--quiet", "--detach", "next")
    case.git("am", "--quiet", str(tmp_path / "one.eml"))
    assert case.git("rev-parse", "HEAD^{tree}") == tree
    assert "Changes in" not in case.git("log", "-1", "--format=%B")


# -- threads


def test_threads_are_rerolled_together(miniature: Path, tmp_path: Path) -> None:
    case = Case(miniature, tmp_path)
    assert case.run("split", "--threads", "tree").status == 0
    ran = case.run("reroll", "--branch", f"{BRANCH}-vfs", "--sent", "--recipe", "per-file", "--json")
    assert ran.status == 0, ran
    vfs, ovl = json.loads(ran.out)["series"]
    assert (vfs["version"], ovl["version"]) == (2, 2)
    assert vfs["sent"]["tag"] != ovl["sent"]["tag"]
    assert {item["fate"] for item in vfs["patches"]} == {"unchanged"}
    assert "split" in {item["fate"] for item in ovl["patches"]}
    assert all(item["old"] for item in ovl["patches"])
    assert any(f"{vfs['record']['change_id']}:v2" in item for item in ovl["record"]["prerequisites"]) or any(
        item.startswith("patch-id:") for item in ovl["record"]["prerequisites"]
    )
    assert len(case.git("tag").splitlines()) == 2
    again = json.loads(case.run("reroll", "--branch", f"{BRANCH}-vfs", "--json").out)["series"]
    assert [item["changelog"] for item in again] == [vfs["changelog"], ovl["changelog"]]


def test_a_thread_that_was_not_sent_stays_what_it_is(miniature: Path, tmp_path: Path) -> None:
    case = Case(miniature, tmp_path)
    assert case.run("split", "--threads", "tree").status == 0
    ran = case.run("reroll", "--branch", f"{BRANCH}-vfs", "--sent-as", "x@example.org", "--resend")
    assert ran.status == 0, ran
    assert f"{BRANCH}-vfs: v1 -> v2" in ran.out
    assert "v1 has not been sent as far as is known, and stays that" in ran.out
    assert len(case.git("tag").splitlines()) == 1


def test_of_threads_those_whose_messages_were_made_were_sent(miniature: Path, tmp_path: Path) -> None:
    case = Case(miniature, tmp_path)
    assert case.run("split", "--threads", "tree").status == 0
    assert case.run("send", "--branch", f"{BRANCH}-vfs", "--output-dir", tmp_path / "out").status == 0
    ran = case.run("reroll", "--branch", f"{BRANCH}-vfs", "--sent", "--resend", "--json")
    assert [item["version"] for item in json.loads(ran.out)["series"]] == [2, 1]


# -- what can be wrong


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sent-as", "no-id"], ["'no-id' is no Message-Id"]),
        (["--sent", "--because", "9=x"], ["'9' names no patch of v1", "from 1 to 6"]),
        (["--sent", "--because", "ovl=x"], ["'ovl' names 3 patches of v1"]),
        (["--sent", "--because", "x"], ["--because 'x' gives no reason"]),
        (["--sent", "--replies", "nowhere"], ["nowhere is not there", "mbox"]),
        (["--sent", "--replies", "MAINTAINERS"], ["MAINTAINERS is neither a mailbox nor a message"]),
        (["--sent", "--recipe", "nope"], ["there is no recipe 'nope'"]),
    ],
)
def test_wrong_use(case: Case, arguments: list[str], words: list[str]) -> None:
    before = state(case.tree)
    check_error(case.run("reroll", *arguments), 2, *words)
    assert state(case.tree) == before


def test_a_letter_that_somebody_dropped(case: Case) -> None:
    case.git("checkout", "--quiet", BRANCH)
    case.git("rebase", "--quiet", "--onto", "master", f"{BRANCH}~6", BRANCH)
    case.git("checkout", "--quiet", "master")
    check_error(case.run("reroll", "--sent"), 2, "has no cover letter any more", "cover --note")


def test_messages_from_a_commit_that_is_gone(case: Case) -> None:
    case.send()
    with saved.opened(Repository.discover(case.tree)) as store:
        key = f"{case.change_id}-v1"
        store.put("messages", key, {**store.get("messages", key), "tip": "1" * 40})
    check_error(case.run("reroll", "--sent"), 2, "git does not have that commit any more", "--sent-as")
