"""Where mail goes out, as the configuration says: a server, a program like sendmail, or b4's web endpoint.

The variables are those of git-send-email(1); where b4 0.16 reads them otherwise (`get_smtp`, `ez.cmd_send`) it is
said. Two things are stricter than with git: an encryption that is misspelt is an error and not clear text, and without
any configuration nothing is sent to a server or program that happens to be there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import parseaddr
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from credseries.errors import UsageError, without_secrets
from credseries.kernel.restraint import not_trusted
from credseries.mail.transport.hosts import wrong_host
from credseries.mail.transport.sendemail import Variables, existing, read_variables, wrong
from credseries.words import near

if TYPE_CHECKING:
    from credseries.kernel.git import Repository

DEFAULT_ENDPOINT = "https://lkml.kernel.org/_b4_submit"  # of b4 0.16, for trees of the kernel
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2")
ANSWER_SECONDS = 60.0
PROGRAM_SECONDS = 300.0

_PORT, _TLS_PORT = 25, 465  # git's
_TOKENS = ("OAUTH", "OAUTH2", "XOAUTH2")  # b4's names
_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*):(?P<port>\d+)")


class Encryption(StrEnum):
    """How a connection is encrypted: not at all, from its first byte on, or by STARTTLS before anything is said."""

    NONE = "none"
    SSL = "ssl"
    STARTTLS = "tls"


_ENCRYPTIONS = {
    "": Encryption.NONE,
    "none": Encryption.NONE,
    "ssl": Encryption.SSL,
    "smtps": Encryption.SSL,
    "tls": Encryption.STARTTLS,
    "starttls": Encryption.STARTTLS,
}


@dataclass(frozen=True)
class Server:
    """An SMTP server.

    `certificates` is a file or directory of authorities to trust, None for the system's, empty when the server's
    certificate is not to be checked. `user` is empty when none is to be authenticated, `password` when it has to be
    asked for; with `mechanisms` only those are used. `domain` is what this machine calls itself, empty for its name.
    `timeout` is how many seconds an answer may take.
    """

    host: str
    port: int
    encryption: Encryption = Encryption.NONE
    certificates: str | None = None
    domain: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    mechanisms: tuple[str, ...] = ()
    timeout: float = ANSWER_SECONDS

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, so that nobody is on the way to it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def address(self) -> str:
        """Host and port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def description(self) -> str:
        """Where messages go, for a person."""
        how = {Encryption.NONE: "not encrypted", Encryption.SSL: "TLS", Encryption.STARTTLS: "STARTTLS"}
        known = "" if self.encryption == Encryption.NONE or self.certificates != "" else ", its certificate unchecked"
        return f"{self.address} ({how[self.encryption]}{known}{f', as {self.user}' if self.user else ''})"


@dataclass(frozen=True)
class Program:
    """A program that takes a message as sendmail does: a path, or a `command` for the shell.

    `options` are given to it besides; with `names_sender` it is told the sender (-f). `timeout` is how many seconds it
    may run for a message.
    """

    command: str
    through_shell: bool
    options: tuple[str, ...] = ()
    names_sender: bool = False
    timeout: float = PROGRAM_SECONDS

    @property
    def description(self) -> str:
        """Where messages go, for a person."""
        return f"the program {self.command}"


@dataclass(frozen=True)
class Endpoint:
    """A web endpoint as b4 knows it, whose address may have a token in it; `timeout` is how many seconds an answer may
    take."""

    url: str = field(repr=False)
    timeout: float = ANSWER_SECONDS

    @property
    def description(self) -> str:
        """Where messages go, for a person."""
        return f"the web endpoint {without_secrets(self.url)}"


@dataclass(frozen=True)
class Settings:
    """The way out, the address that is the `sender` of what goes there, and after how many messages (0: never) it
    closes for how many seconds."""

    outlet: Server | Program | Endpoint
    sender: str
    batch: int = 0
    pause: float = 0.0


def read_settings(repo: Repository, *, web: bool = False) -> Settings:
    """What is configured; with `web` the web endpoint although there is a server.

    Raises UsageError when a value is impossible, and when nothing is configured; NotTrusted when the repository itself
    names a program, or a place for the user's password.
    """
    variables = read_variables(repo)
    sender = _sender(repo, variables)
    if web:
        return Settings(_endpoint(repo, variables), sender)
    outlet = _program(variables) or _server(variables) or _configured_endpoint(variables)
    if outlet is None:
        raise UsageError(
            "no way to send mail is configured: none of sendemail.smtpServer, sendemail.sendmailCmd and "
            "b4.send-endpoint-web is set",
            hint="git config --global sendemail.smtpServer smtp.example.org, likewise smtpServerPort 587, "
            "smtpEncryption tls and smtpUser you@example.org; or sendemail.sendmailCmd msmtp; kernel.org's endpoint "
            "is there for all (once: b4 send --web-auth-new), with --web",
        )
    if isinstance(outlet, Endpoint):
        return Settings(outlet, sender)
    key = variables.key("smtpReloginDelay")
    pause = variables.seconds(key, variables.get("smtpReloginDelay")) or 0.0
    return Settings(outlet, sender, variables.whole_number("smtpBatchSize") or 0, pause)


def _sender(repo: Repository, variables: Variables) -> str:
    """The bare address that bounces go to: sendemail.envelopeSender, else sendemail.from, else the author's."""
    envelope = variables.get("envelopeSender")
    name = "envelopeSender" if envelope and envelope != "auto" else "from"
    text = _printable(variables, name)
    if not text:
        return repo.config("user.email") or repo.identity("author").email
    address = parseaddr(text)[1]
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address):
        raise wrong(variables.key(name), text, "it is no mail address")
    return address


def _timeout(variables: Variables, default: float) -> float:
    value = variables.other("credseries.smtpTimeout")
    found = variables.seconds("credseries.smtpTimeout", value)
    if found == 0:
        raise wrong("credseries.smtpTimeout", str(value), "give a number of seconds above 0")
    return default if found is None else found


def _program(variables: Variables) -> Program | None:
    """The program of sendemail.sendmailCmd, or of sendemail.smtpServer when that is a path."""
    command, server = variables.get("sendmailCmd"), variables.path("smtpServer")
    shell = bool(command)
    if shell or (server or "").startswith("/"):
        for name in ("sendmailCmd" if shell else "smtpServer", "smtpServerOption"):
            if variables.is_own(name):
                raise not_trusted(variables.key(name), "says which program sends mail, and how")
    if not command:
        if not server or "/" not in server:
            return None
        if not server.startswith("/"):
            raise wrong(
                variables.key("smtpServer"),
                _without_user(server),
                "it is neither a host nor an absolute path (sendemail.sendmailCmd takes a command)",
            )
        command = existing(variables.key("smtpServer"), server, "this program")
    return Program(
        command,
        through_shell=shell,
        options=variables.every("smtpServerOption"),
        names_sender=bool(variables.get("envelopeSender")),
        timeout=_timeout(variables, PROGRAM_SECONDS),
    )


def _server(variables: Variables) -> Server | None:
    server = variables.get("smtpServer")
    if not server:
        return None
    encryption = _encryption(variables)
    named = _HOST_AND_PORT.fullmatch(server)
    host = named["host"] if named else server
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if problem := wrong_host(host):
        raise wrong(variables.key("smtpServer"), server, f"it is neither a host nor an absolute path: {problem}")
    port = variables.whole_number("smtpServerPort", lowest=1, highest=65535) or (int(named["port"]) if named else 0)
    mechanisms = _mechanisms(variables)
    _check_password(variables)
    return Server(
        host=host,
        port=port or (_TLS_PORT if encryption == Encryption.SSL else _PORT),
        encryption=encryption,
        certificates=_certificates(variables, encryption),
        domain=_printable(variables, "smtpDomain"),
        user="" if mechanisms is None else _printable(variables, "smtpUser"),
        password=variables.get("smtpPass") or "",
        mechanisms=mechanisms or (),
        timeout=_timeout(variables, ANSWER_SECONDS),
    )


def _without_user(server: str) -> str:
    """What was given for a host, without what stands where a URL has a user and a password."""
    return re.sub(r".*@", "***@", server, flags=re.DOTALL)


def _check_password(variables: Variables) -> None:
    """Raises NotTrusted when the user's own password would go where the repository says."""
    if variables.get("smtpPass") and not variables.is_own("smtpPass"):
        for name in ("smtpServer", "smtpServerPort", "smtpEncryption", "smtpSSLCertPath"):
            if variables.is_own(name):
                raise not_trusted(variables.key(name), "says where your password (sendemail.smtpPass) would go")


def _printable(variables: Variables, name: str) -> str:
    """A value that is said to a server, where a line's end in it would begin another command. Raises UsageError."""
    value = variables.get(name) or ""
    if not value.isprintable():
        raise wrong(variables.key(name), value, "it has control characters")
    return value


def _encryption(variables: Variables) -> Encryption:
    text = variables.get("smtpEncryption")
    if text is None:  # what git called it before
        truth = (variables.get("smtpSSL") or "").lower() in ("true", "yes", "on", "1")
        return Encryption.SSL if truth else Encryption.NONE
    found = _ENCRYPTIONS.get(text.lower())
    if found is None:
        known = ["tls", "ssl", "none"]
        raise wrong(variables.key("smtpEncryption"), text, f"it can be {', '.join(known)}{near(text, known)}")
    return found


def _certificates(variables: Variables, encryption: Encryption) -> str | None:
    path = variables.path("smtpSSLCertPath")
    if not path or encryption == Encryption.NONE:
        return path
    return existing(variables.key("smtpSSLCertPath"), path, "this file or directory of certificates")


def _mechanisms(variables: Variables) -> tuple[str, ...] | None:
    """The only ways to authenticate, none for all; None when nobody is to be authenticated."""
    text = variables.get("smtpAuth") or ""
    names = [name.upper() for name in text.split()]
    if names == ["NONE"]:
        return None
    names = ["XOAUTH2" if name in _TOKENS else name for name in names]
    known = tuple(dict.fromkeys(name for name in names if name in MECHANISMS))
    if names and not known:
        raise wrong(variables.key("smtpAuth"), text, f"of these, credseries knows none: {', '.join(MECHANISMS)}, none")
    return known


def _configured_endpoint(variables: Variables) -> Endpoint | None:
    url = variables.other("b4.send-endpoint-web")
    if not url:
        return None
    if not re.match(r"https?://[^/]", url) or not url.isprintable() or re.search(r"\s", url):
        raise wrong("b4.send-endpoint-web", url, "it is no web address (https://...)")
    try:
        parts = urlsplit(url)
        problem = wrong_host(parts.hostname or "") if parts.port != 0 else "port 0 is none"
    except ValueError as error:  # a port that is none, brackets that do not belong together
        raise wrong("b4.send-endpoint-web", url, f"it is no web address: {error}") from error
    if problem:
        raise wrong("b4.send-endpoint-web", url, f"it is no web address: {problem}")
    return Endpoint(url, _timeout(variables, ANSWER_SECONDS))


def _endpoint(repo: Repository, variables: Variables) -> Endpoint:
    """The endpoint that is configured, else, in a tree of the kernel, kernel.org's, as b4 has it."""
    found = _configured_endpoint(variables)
    if found is not None:
        return found
    if repo.work_tree is not None and (repo.work_tree / "Kconfig").exists():
        return Endpoint(DEFAULT_ENDPOINT, _timeout(variables, ANSWER_SECONDS))
    raise UsageError(
        "no web endpoint is configured, and this is no work tree of the kernel, for which there is one",
        hint="git config b4.send-endpoint-web https://...",
    )
