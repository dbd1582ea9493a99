"""Mails of programs are told from those of people, and bound to the places that they name."""

from __future__ import annotations

import pytest

from credseries.mail.thread.bots import report
from credseries.mail.thread.decode import read_letter
from credseries.series.remarks import Kind, Place, State
from tests.threadcase import AMIR, ROBOT, begun

BUILD = """Hi Zoë,

kernel test robot noticed the following build errors:

[auto build test ERROR on vfs/master]

url:    https://github.com/intel-lab-lkp/linux/commits/x
compiler: gcc-14

If you fix the issue in a separate patch/commit, kindly add following tags
| Reported-by: kernel test robot <lkp@intel.com>

All errors (new ones prefixed by >>):

   fs/overlayfs/dir.c: In function 'ovl_remove':
   fs/overlayfs/dir.c:12:5: warning: an old one [-Wunused]
>> fs/overlayfs/dir.c:43:2: error: implicit declaration of function 'guard'
      43 |         guard(cred)(dentry);
>> fs/overlayfs/super.c:99:1: error: expected ';'


vim +43 fs/overlayfs/dir.c

--
0-DAY CI Kernel Test Service
https://github.com/intel/lkp-tests/wiki
"""
SUCCESS = """tree/branch: https://git.kernel.org/pub/scm/linux/kernel/git/vfs/vfs.git work
branch HEAD: 0123456789abcdef  ovl: Convert dir.c

elapsed time: 733m

configs tested: 100
BUILD SUCCESS
"""
SYZBOT = """syzbot ci has tested the following series

[v1] overlayfs: Optimize creds
https://lore.kernel.org/all/x

and found the following issue:
KASAN: slab-use-after-free Read in ovl_remove

==================================================================
BUG: KASAN: slab-use-after-free in ovl_remove+0x12/0x340 fs/overlayfs/dir.c:46
Read of size 8 at addr ffff888
"""
SYZBOT_FINE = """Hello,

syzbot has tested the proposed patch and the reproducer did not trigger any issue:

Reported-by: syzbot+0123@syzkaller.appspotmail.com
"""
PATCHWORK = """Hello:

This series was applied to vfs/vfs.git (work)
by Mira Maintainer <mira@example.net>:

Here is the summary with links:
  - [1/3] cred: Add a light override
    https://git.kernel.org/x/c/0123456789ab

You are awesome, thank you!
--
Deet-doot-dot, I am a bot.
"""
BPF = """Dear patch submitter,

CI has tested the following submission:
Status:     FAILURE
Name:       [bpf-next,1/3] cred: Add a light override
Matrix: https://github.com/kernel-patches/bpf/actions/runs/1

Failed jobs:
test_progs-x86_64-gcc: https://github.com/x
"""
CKI = """Hi, we tested your patchset and here are the results:

    Overall result: FAILED
             Merge: OK
           Compile: FAILED

CKI Project
"""


def told(name: str, address: str, body: str, *, headers: str = "") -> tuple[str, bool, list[tuple[str, int, str]]]:
    mail = f"From: {name} <{address}>\nSubject: Re: [PATCH 3/3] x\nMessage-Id: <a@b>\n{headers}\n{body}"
    found = report(read_letter(mail.encode()))
    assert found is not None
    return found.bot, found.complains, [(spot.file, spot.line, spot.function) for spot in found.spots]


@pytest.mark.parametrize(
    ("sender", "body", "bot", "complains"),
    [
        (ROBOT, BUILD, "kernel test robot", True),
        (("Dan", "dan@example.org"), BUILD, "kernel test robot", True),
        (ROBOT, SUCCESS, "kernel test robot", False),
        (("syzbot ci", "syzbot@kernel.org"), SYZBOT, "syzbot", True),
        (("syzbot", "syzbot+0123@syzkaller.appspotmail.com"), SYZBOT_FINE, "syzbot", False),
        (("x", "patchwork-bot+fsdevel@kernel.org"), PATCHWORK, "patchwork", False),
        (("x", "bot+bpf-ci@kernel.org"), BPF, "patchwork", True),
        (("CKI Project", "cki-project@redhat.com"), CKI, "CKI", True),
        (("Foo Robot", "foo@example.org"), "All tests passed\n", "a bot", False),
    ],
    ids=["0-day", "passed-on", "0-day-fine", "syzbot-ci", "syzbot-fine", "patchwork", "bpf-ci", "cki", "unknown"],
)
def test_a_program_is_known_by_what_it_writes(sender: tuple[str, str], body: str, bot: str, complains: bool) -> None:
    found = told(*sender, body)
    assert found[:2] == (bot, complains)


def test_only_new_complaints_count_where_they_are_marked() -> None:
    assert told(*ROBOT, BUILD)[2] == [("fs/overlayfs/dir.c", 43, "ovl_remove"), ("fs/overlayfs/super.c", 99, "")]


def test_the_first_place_of_a_trace_is_where_it_went_wrong() -> None:
    assert told("syzbot ci", "syzbot@kernel.org", SYZBOT)[2] == [("fs/overlayfs/dir.c", 46, "ovl_remove")]


def test_a_header_tells_a_program_too() -> None:
    assert told("x", "x@example.org", "Result: fail\n", headers="Auto-Submitted: auto-generated\n")[0] == "a bot"


@pytest.mark.parametrize(
    "body",
    [
        "> kernel test robot noticed the following build errors:\n\nI'll fix that.\n",
        "The kernel test robot complained about this, see fs/x.c:12.\n",
        "Reported-by: syzbot+1@syzkaller.appspotmail.com\n",
        "I am a robot lover.\n",
    ],
    ids=["quoted", "spoken-of", "credited", "robot-lover"],
)
def test_a_person_who_speaks_of_a_program_is_none(body: str) -> None:
    mail = f"From: Amir <amir@example.com>\nSubject: Re: [PATCH] x\nMessage-Id: <a@b>\n\n{body}"
    assert report(read_letter(mail.encode())) is None


def test_a_report_is_bound_to_its_patch_and_its_lines() -> None:
    talk, ids = begun()
    talk.say(ROBOT, "Re: [PATCH 3/3] ovl: Convert dir.c", BUILD, to=ids[3])
    first, second = talk.remarks(ROBOT)
    assert (first.kind, first.state) == (Kind.BOT, State.OPEN)
    assert first.place == Place(1, 3, "fs/overlayfs/dir.c", "ovl_remove", 43)
    assert second.place == Place(1, 3, "fs/overlayfs/super.c", "", 99)
    assert "auto build test ERROR" in first.text


def test_good_news_of_a_program_waits_for_nothing() -> None:
    talk, ids = begun()
    talk.say(ROBOT, "Re: [PATCH 3/3] ovl: Convert dir.c", SUCCESS, to=ids[3])
    [remark] = talk.remarks(ROBOT)
    assert (remark.kind, remark.state) == (Kind.BOT, State.NONE)
    assert remark.why == "kernel test robot says that all is well"


def test_a_report_without_text_is_one() -> None:
    talk, ids = begun()
    talk.say(ROBOT, "Re: [PATCH 3/3] ovl: Convert dir.c", "", to=ids[3])
    [remark] = talk.remarks(ROBOT)
    assert (remark.kind, remark.state, remark.text) == (Kind.BOT, State.OPEN, "[a report without text]")


def test_who_answers_a_report_is_a_person() -> None:
    talk, ids = begun()
    bot = talk.say(ROBOT, "Re: [PATCH 3/3] ovl: Convert dir.c", BUILD, to=ids[3])
    talk.say(AMIR, "Re: [PATCH 3/3] ovl: Convert dir.c", "> All errors (new ones prefixed by >>):\n\nWhy?\n", to=bot)
    assert [item.kind for item in talk.remarks(AMIR)] == [Kind.QUESTION]
