"""The password for a server: sendemail.smtpPass, else what `git credential` knows or asks for (git-credential(1)).

As git-send-email(1) does it: the protocol is smtp, the host has its port, and the password is approved when the server
took it and rejected when it did not, so that whatever keeps it keeps only what is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credseries.mail.transport.model import NotTaken

if TYPE_CHECKING:
    from credseries.kernel.git import Repository
    from credseries.mail.transport.settings import Server


class Credentials:
    """The password for a server's user, found once; with `terminal` git may ask for it there."""

    def __init__(self, repo: Repository, server: Server, *, terminal: bool) -> None:
        self._repo = repo
        self._server = server
        self._environment = {"GIT_TERMINAL_PROMPT": "1" if terminal else "0"}
        self._password = server.password
        self._told = b""  # what git said, which it wants back
        self._approved = False

    def password(self) -> str:
        """The password; raises NotTaken when there is none, NotTrusted when the repository says whom to ask for it."""
        if not self._password:
            self._fill()
        return self._password

    def approve(self) -> None:
        """The server took it: whoever gave it to git may keep it."""
        if self._told and not self._approved:
            self._approved = True
            self._git("approve", self._told)

    def reject(self) -> None:
        """The server did not take it: whoever gave it to git shall forget it, and so does this."""
        if self._told:
            self._git("reject", self._told)
            self._password, self._told = "", b""

    def _fill(self) -> None:
        self._repo.restraint.refuse("credential.helper", "credential.*.helper", "core.askpass")
        server = self._server
        asked = f"protocol=smtp\nhost={server.address}\nusername={server.user}\n\n".encode()
        status, output, errors = self._git("fill", asked)
        found = dict(line.split("=", 1) for line in output.decode("utf-8", "replace").splitlines() if "=" in line)
        if status or not found.get("password"):
            why = errors.removeprefix("fatal: ").splitlines()
            raise NotTaken(
                f"there is no password for {server.user} at {server.address}{f' ({why[0]})' if why else ''}",
                hint="let git keep it (gitcredentials(7); `git config --global credential.helper cache` and a first "
                "run on a terminal), or set sendemail.smtpPass",
                lasting=True,
            )
        self._password = found["password"]
        self._told = output.rstrip(b"\n") + b"\n\n"

    def _git(self, action: str, data: bytes) -> tuple[int, bytes, str]:
        done = self._repo.ran("credential", action, environment=self._environment, data=data)
        return done.status, done.output, done.errors
