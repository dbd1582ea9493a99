"""A thread about a small series of one's own making, mail by mail, and what is read of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, formataddr

from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.discussion import Discussion, Thread, read_thread
from credseries.mail.thread.model import Letter
from credseries.series.remarks import Remark

ZOE = ("Zoë Łukaszewicz", "zoe@example.org")
AMIR = ("Amir Reviewer", "amir@example.com")
MIRA = ("Mira Maintainer", "mira@example.net")
ROBOT = ("kernel test robot", "lkp@intel.com")
START = datetime(2026, 11, 2, 9, tzinfo=UTC)

COVER = """Some workloads suffer from contention on the counter of their credentials.

  cred: Add a light override
  backing-file: Convert to guard
  ovl: Convert dir.c

 fs/backing-file.c     | 4 ++--
 fs/overlayfs/dir.c    | 6 +++---
 include/linux/cred.h  | 2 ++
 3 files changed, 7 insertions(+), 5 deletions(-)

base-commit: 0123456789abcdef0123456789abcdef01234567
"""

HELPERS = """A long-lived credential needs no reference.

Signed-off-by: Zoë Łukaszewicz <zoe@example.org>
---
 include/linux/cred.h | 2 ++
 1 file changed, 2 insertions(+)

diff --git a/include/linux/cred.h b/include/linux/cred.h
index 1111111..2222222 100644
--- a/include/linux/cred.h
+++ b/include/linux/cred.h
@@ -170,3 +170,5 @@ static inline bool cap_ambient(const struct cred *cred)
 int revert(const struct cred *cred);
~
+DEFINE_GUARD(cred, const struct cred *, _T = light(_T), back(_T));
+
 #endif
--~
2.43.0
"""

BACKING = """One scope, one revert.

Signed-off-by: Zoë Łukaszewicz <zoe@example.org>
---
 fs/backing-file.c | 4 ++--
 1 file changed, 2 insertions(+), 2 deletions(-)

diff --git a/fs/backing-file.c b/fs/backing-file.c
index 3333333..4444444 100644
--- a/fs/backing-file.c
+++ b/fs/backing-file.c
@@ -160,9 +160,8 @@ ssize_t read_iter(struct file *file, struct iov_iter *iter)
 {
 \tssize_t ret;
~
-\told = override(ctx->cred);
+\tguard(cred)(ctx->cred);
 \tret = iter_read(file, iter);
-\trevert(old);
~
 \treturn ret;
 }
--~
2.43.0
"""

DIR = """All of the directory operations.

Signed-off-by: Zoë Łukaszewicz <zoe@example.org>
---
 fs/overlayfs/dir.c | 6 +++---
 1 file changed, 3 insertions(+), 3 deletions(-)

diff --git a/fs/overlayfs/dir.c b/fs/overlayfs/dir.c
index 5555555..6666666 100644
--- a/fs/overlayfs/dir.c
+++ b/fs/overlayfs/dir.c
@@ -40,7 +40,6 @@ static int ovl_remove(struct dentry *dentry)
 {
 \tint err;
~
-\told = override(dentry);
+\tguard(cred)(dentry);
 \terr = work(dentry);
-\trevert(old);
 \treturn err;
 }
@@ -80,7 +79,6 @@ static int ovl_create(struct dentry *dentry)
 {
 \tint err;
~
-\told = override(dentry);
+\tguard(cred)(dentry);
 \terr = create(dentry);
-\trevert(old);
 \treturn err;
 }
--~
2.43.0
"""


def patch_text(text: str) -> str:
    """A patch as it is mailed: a space at the end of a line is written `~` here."""
    return text.replace("~\n", " \n")


@dataclass
class Talk:
    """The mails of a thread, one after the other, an hour apart."""

    mails: list[bytes]

    def say(
        self,
        who: tuple[str, str],
        subject: str,
        body: str,
        *,
        name: str = "",
        to: str = "",
        above: Sequence[str] = (),
        cc: Sequence[str] = (),
        headers: Sequence[tuple[str, str]] = (),
    ) -> str:
        """Add a mail, and give its Message-Id. `to` is the Message-Id of the one that it answers."""
        number = len(self.mails)
        message_id = name or f"m{number}@{who[1].partition('@')[2]}"
        fields = [
            ("From", formataddr(who)),
            ("To", "linux-unionfs@vger.kernel.org"),
            *([("Cc", ", ".join(cc))] if cc else []),
            ("Subject", subject),
            ("Date", format_datetime(START + timedelta(hours=number))),
            ("Message-Id", f"<{message_id}>"),
            *([("In-Reply-To", f"<{to}>")] if to else []),
            *([("References", " ".join(f"<{item}>" for item in (*above, to)))] if to else []),
            *headers,
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]
        head = "".join(f"{key}: {value}\n" for key, value in fields)
        self.mails.append((head + "\n" + body).encode())
        return message_id

    def post(
        self,
        patches: Sequence[tuple[str, str]],
        *,
        version: int = 1,
        cover: str = COVER,
        title: str = "overlayfs: Optimize creds",
        cc: Sequence[str] = (),
        to: str = "",
    ) -> dict[int, str]:
        """Send a version: (subject, text) of its patches. Gives the Message-Ids by number."""
        mark = f" v{version}" if version > 1 else ""
        total = len(patches)
        root = f"v{version}-0@example.org"
        ids = {0: self.say(ZOE, f"[PATCH{mark} 0/{total}] {title}", cover, name=root, cc=cc, to=to)}
        for number, (subject, text) in enumerate(patches, 1):
            ids[number] = self.say(
                *(ZOE, f"[PATCH{mark} {number}/{total}] {subject}", patch_text(text)),
                name=f"v{version}-{number}@example.org",
                to=root,
                cc=cc,
            )
        return ids

    @property
    def letters(self) -> list[Letter]:
        return [read_letter(mail) for mail in self.mails]

    def read(self, **options: object) -> Thread:
        return read_thread(self.letters, {}, **options)  # type: ignore[arg-type]

    def discussion(self) -> Discussion:
        [found] = self.read().discussions
        return found

    def remarks(self, who: tuple[str, str] | None = None) -> list[Remark]:
        return [item for item in self.discussion().remarks if who is None or item.address == who[1]]


PATCHES = (
    ("cred: Add a light override", HELPERS),
    ("backing-file: Convert to guard", BACKING),
    ("ovl: Convert dir.c", DIR),
)


def quoted(text: str, who: tuple[str, str] = ZOE) -> str:
    """Some lines as a mailer quotes them, with the line that says whose they are."""
    lines = patch_text(text).rstrip("\n").split("\n")
    marked = "\n".join(f"> {line}".rstrip() if not line.startswith(">") else f">{line}" for line in lines)
    return f"On Mon, Nov 2, 2026 at 9:00 AM {who[0]} <{who[1]}> wrote:\n{marked}\n"


def begun() -> tuple[Talk, dict[int, str]]:
    """A thread with the first version of the series, and its Message-Ids by number."""
    talk = Talk([])
    return talk, talk.post(PATCHES)
