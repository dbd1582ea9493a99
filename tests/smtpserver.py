"""A real SMTP server on loopback that keeps what arrives, and fails where a test says.

It speaks RFC 5321 with SIZE, 8BITMIME, SMTPUTF8, STARTTLS (RFC 3207) and AUTH (RFC 4954): a thread for each connection.

    with SmtpServer([None, Fault(Point.END, taken=True)]) as server:
        ...  # the second message is taken, and the connection closes before the answer
    assert [mail.data for mail in server.arrived] == ...
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import re
import socket
import socketserver
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType

HOST = "127.0.0.1"
NAME = "mail.example.org"
_PATIENCE_SECONDS = 5.0


class Point(StrEnum):
    """Where in a message's way something goes wrong: in place of the answer to that command (CONNECT: the greeting),
    after the first line of the BODY, at the END (the dot), or right AFTER the answer to it.

    On a connection that has seen a MAIL the points before it are at the next MAIL.
    """

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    END = "end"
    AFTER = "after"


_ONCE = (Point.CONNECT, Point.EHLO, Point.STARTTLS, Point.AUTH)


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a message: with an `answer` ("451 later") that is said, else the connection closes (with
    `reset` hard), or with `silent` nothing is ever said. `taken` says whether the message arrives all the same; that
    makes a difference at the END only. An answer that begins with 421 closes the connection as well."""

    at: Point
    answer: str = ""
    silent: bool = False
    reset: bool = False
    taken: bool = False


DROPS = (
    *(Fault(point) for point in Point if point not in (Point.STARTTLS, Point.AUTH)),
    Fault(Point.END, taken=True),
)
"""The connection breaks at each point of a message's way that there is without TLS and passwords."""


@dataclass(frozen=True)
class Arrived:
    """A message as it came: its envelope, the parameters of MAIL, and its bytes with lines that end in LF."""

    sender: str
    recipients: tuple[str, ...]
    parameters: tuple[str, ...]
    data: bytes

    @property
    def message_id(self) -> str:
        """Its Message-Id, with brackets."""
        found = re.search(rb"(?im)^message-id:\s*(<[^>]*>)", self.data)
        return found[1].decode() if found else ""


@dataclass
class Session:
    """A connection: the commands that came (without what follows AUTH), whether it was encrypted, and who it was."""

    commands: list[str] = field(default_factory=list)
    encrypted: bool = False
    user: str = ""
    taken: int = 0


@dataclass(frozen=True)
class Manner:
    """How the server is otherwise.

    `tls` is "" (none), "starttls" or "ssl". With `users` it wants a password, by one of the `mechanisms`. `refuse` has
    answers for recipients. After `limit` messages a connection ends (0: never). `size` is the SIZE that it takes.
    `offers` are the extensions that it names besides.
    """

    tls: str = ""
    users: Mapping[str, str] = field(default_factory=dict)
    mechanisms: Sequence[str] = ("PLAIN", "LOGIN", "CRAM-MD5")
    refuse: Mapping[str, str] = field(default_factory=dict)
    limit: int = 0
    size: int = 0
    offers: Sequence[str] = ("8BITMIME", "SMTPUTF8")


class SmtpServer:
    """The server, running inside of its `with`.

    Each try to hand over a message meets the next of the `faults`, None where all is well; then all is well. A try
    begins with a connection, and with every MAIL after the first on it.
    `arrived` has the messages that it took, in order, `sessions` the connections, `violations` what no client may say:
    the `with` does not end without an error then. `silent` comes when it has begun to say nothing.
    """

    def __init__(self, faults: Iterable[Fault | None] = (), manner: Manner | None = None) -> None:
        self.arrived: list[Arrived] = []
        self.sessions: list[Session] = []
        self.violations: list[str] = []
        self.connections: list[_Connection] = []
        self.manner = manner or Manner()
        self.closing = threading.Event()
        self.silent = threading.Event()
        self.lock = threading.Lock()
        self._faults = iter(faults)
        self._server = _Listener((HOST, 0), functools.partial(_Connection, self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def settings(self) -> dict[str, str]:
        """What git's configuration has to say so that messages go there (without a user's name and password)."""
        settings = {"sendemail.smtpServer": HOST, "sendemail.smtpServerPort": str(self.port)}
        if self.manner.tls:
            settings["sendemail.smtpEncryption"] = {"starttls": "tls", "ssl": "ssl"}[self.manner.tls]
            settings["sendemail.smtpSSLCertPath"] = str(certificates().authority)
        return settings

    def message_ids(self) -> list[str]:
        """The Message-Ids of what arrived, in order."""
        return [mail.message_id for mail in self.arrived]

    def next_fault(self) -> Fault | None:
        """What the next try meets."""
        with self.lock:
            return next(self._faults, None)

    def __enter__(self) -> SmtpServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        # What a client has sent before it left is still read; one that stays is left.
        for connection in self.connections:
            connection.end(_PATIENCE_SECONDS)
        self._server.server_close()
        if kind is None:
            assert not self.violations, self.violations


@dataclass(frozen=True)
class Certificates:
    """Files: the authority's certificate, and the server's key with its certificate, for 127.0.0.1 and localhost."""

    authority: Path
    server: Path


@functools.cache
def certificates() -> Certificates:
    """An authority of the tests' own, made once in a process."""
    import trustme

    directory = Path(tempfile.mkdtemp(prefix="credseries-tls-"))
    authority = trustme.CA()
    files = Certificates(directory / "authority.pem", directory / "server.pem")
    authority.cert_pem.write_to_path(str(files.authority))
    authority.issue_cert(HOST, "localhost").private_key_and_cert_chain_pem.write_to_path(str(files.server))
    return files


def tls_context() -> ssl.SSLContext:
    """What a server encrypts with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates().server)
    return context


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False  # those are not waited for
    request_queue_size = 50


class _Over(Exception):
    """The connection is at its end."""


class _Connection(socketserver.BaseRequestHandler):
    """One connection, from the greeting to its end."""

    def __init__(self, owner: SmtpServer, *arguments: object) -> None:
        self._owner = owner
        self._manner = owner.manner
        self._session = Session()
        self._over = threading.Event()
        self._fault: Fault | None = None
        self._met = self._tried = False
        self._sender: tuple[str, tuple[str, ...]] | None = None
        self._recipients: list[str] = []
        super().__init__(*arguments)  # type: ignore[arg-type]

    def handle(self) -> None:
        self._owner.sessions.append(self._session)
        self._owner.connections.append(self)
        with contextlib.suppress(_Over, OSError):
            self._begin()
            while line := self._read():
                self._command(line)
        # The connection ends when both are closed.
        for one in (self._file, self._socket):
            with contextlib.suppress(OSError):
                one.close()
        self._over.set()

    def end(self, seconds: float) -> None:
        """Wait so long for the client to go, and then go."""
        if not self._over.wait(seconds):
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _begin(self) -> None:
        self._socket: socket.socket = self.request
        # A client that sends much is to notice that nobody reads it.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        self._file = self._socket.makefile("rb")
        if self._manner.tls == "ssl":
            self._encrypt()
        self._fault = self._owner.next_fault()
        self._say(f"220 {NAME} ESMTP", Point.CONNECT)

    def _encrypt(self) -> None:
        self._file.close()
        self._socket = tls_context().wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
        self._file = self._socket.makefile("rb")
        self._socket.do_handshake()
        self._session.encrypted = True

    def _read(self) -> bytes:
        return self._file.readline()

    def _check(self, line: bytes) -> None:
        if line.endswith(b"\n") and (not line.endswith(b"\r\n") or b"\r" in line[:-2]):
            self._owner.violations.append(f"a line that does not end in CRLF, or has a CR in it: {line!r}")

    def _command(self, line: bytes) -> None:
        verb, _, rest = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
        verb = verb.upper()
        self._session.commands.append(" ".join(filter(None, (verb, rest.split(" ")[0] if verb == "AUTH" else rest))))
        commands: dict[str, Callable[[str], None]] = {
            "EHLO": self._ehlo,
            "HELO": self._ehlo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": lambda _: self._say("250 ok"),
            "QUIT": self._quit,
        }
        if verb in commands:
            self._check(line)
        commands.get(verb, lambda _: self._say("500 what?"))(rest)

    def _ehlo(self, _: str) -> None:
        offers = [NAME, f"SIZE {self._manner.size}", *self._manner.offers]
        if self._manner.tls == "starttls" and not self._session.encrypted:
            offers.append("STARTTLS")
        elif self._manner.users:
            offers.append("AUTH " + " ".join(self._manner.mechanisms))
        lines = [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]
        self._say("\r\n".join(lines), Point.EHLO)

    def _starttls(self, _: str) -> None:
        if self._manner.tls != "starttls":
            self._say("502 no")
            return
        if self._say("220 go on", Point.STARTTLS):
            self._encrypt()

    def _mail(self, rest: str) -> None:
        if self._manner.users and not self._session.user:
            self._say("530 5.7.0 authenticate first")
            return
        if self._manner.limit and self._session.taken >= self._manner.limit:
            self._say("421 4.7.0 too many messages in this connection")
            raise _Over
        if self._tried:
            self._next_try()
        self._tried = True
        sender, parameters = _path(rest)
        size = next((int(item[5:]) for item in parameters if item.upper().startswith("SIZE=")), 0)
        if self._manner.size and size > self._manner.size:
            self._say("552 5.3.4 too big")
        elif self._say("250 2.1.0 ok", Point.MAIL):
            self._sender, self._recipients = (sender, parameters), []

    def _next_try(self) -> None:
        """A further message on this connection: what happens to it, at MAIL if it had to happen before."""
        fault = self._owner.next_fault()
        if fault is not None and fault.at in _ONCE:
            fault = Fault(Point.MAIL, fault.answer, fault.silent, fault.reset, fault.taken)
        self._fault, self._met = fault, False

    def _rcpt(self, rest: str) -> None:
        address, _ = _path(rest)
        if self._sender is None:
            self._say("503 5.5.1 MAIL first")
        elif address in self._manner.refuse:
            self._say(self._manner.refuse[address])
        elif self._say("250 2.1.5 ok", Point.RCPT):
            self._recipients.append(address)

    def _data(self, _: str) -> None:
        if self._sender is None or not self._recipients:
            self._say("503 5.5.1 RCPT first")
        elif self._say("354 go on", Point.DATA):
            data = self._body()
            sender, parameters = self._sender
            self._taking(Arrived(sender, tuple(self._recipients), parameters, data))

    def _body(self) -> bytes:
        lines: list[bytes] = []
        while (line := self._read()) != b".\r\n":
            if not line:
                raise _Over
            self._check(line)
            lines.append(line[1:] if line.startswith(b".") else line)
            self._meet(Point.BODY)
        return b"".join(line[:-2] + b"\n" for line in lines)

    def _taking(self, mail: Arrived) -> None:
        fault = self._fault
        fails = fault is not None and fault.at == Point.END and not self._met
        self._sender, self._recipients = None, []
        if fault is None or not fails or fault.taken:
            with self._owner.lock:
                self._owner.arrived.append(mail)
            self._session.taken += 1
        number = len(self._owner.arrived)
        if self._say(f"250 2.0.0 taken as {number}", Point.END):
            self._meet(Point.AFTER)

    def _rset(self, _: str) -> None:
        self._sender, self._recipients = None, []
        self._say("250 ok")

    def _quit(self, _: str) -> None:
        self._say("221 bye")
        raise _Over

    def _auth(self, rest: str) -> None:
        mechanism, _, first = rest.partition(" ")
        if mechanism.upper() not in self._manner.mechanisms or not self._manner.users:
            self._say("504 5.5.4 no such mechanism")
            return
        user = {
            "PLAIN": self._auth_plain,
            "LOGIN": self._auth_login,
            "CRAM-MD5": self._auth_cram,
            "XOAUTH2": self._auth_token,
        }[mechanism.upper()](first)
        if not user:
            self._say("535 5.7.8 bad user or password")
        elif self._say("235 2.7.0 welcome", Point.AUTH):
            self._session.user = user

    def _auth_plain(self, first: str) -> str:
        _, user, password = (_decoded(first) if first else self._ask("")).split("\0")
        return user if self._manner.users.get(user) == password else ""

    def _auth_login(self, first: str) -> str:
        user = _decoded(first) if first else self._ask("Username:")
        return user if self._manner.users.get(user) == self._ask("Password:") else ""

    def _auth_cram(self, _: str) -> str:
        challenge = f"<1896.697170952@{NAME}>"
        user, _, digest = self._ask(challenge).rpartition(" ")
        password = self._manner.users.get(user, "")
        right = hmac.new(password.encode(), challenge.encode(), hashlib.md5).hexdigest()
        return user if password and digest == right else ""

    def _auth_token(self, first: str) -> str:
        found = re.fullmatch(r"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01", _decoded(first))
        return found[1] if found and self._manner.users.get(found[1]) == found[2] else ""

    def _ask(self, text: str) -> str:
        self._send(f"334 {base64.b64encode(text.encode()).decode()}")
        return _decoded(self._read().decode().strip())

    def _say(self, answer: str, at: Point | None = None) -> bool:
        """Answer, if nothing goes wrong there; says whether it was this answer."""
        if self._meet(at):
            return False
        self._send(answer)
        return True

    def _meet(self, at: Point | None) -> bool:
        """Whether the fault is here; then it has happened, once for a try. Raises _Over."""
        fault = self._fault
        if fault is None or at is None or fault.at != at or self._met:
            return False
        self._met = True
        if fault.silent:
            self._owner.silent.set()
            self._owner.closing.wait()
            raise _Over
        if fault.answer:
            self._send(fault.answer)
            if not fault.answer.startswith("421"):
                return True
        elif fault.reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _Over

    def _send(self, answer: str) -> None:
        self._socket.sendall(answer.encode() + b"\r\n")


def _path(rest: str) -> tuple[str, tuple[str, ...]]:
    """The address and the parameters of `FROM:<...>` and `TO:<...>`."""
    found = re.fullmatch(r"(?:FROM|TO):\s*<([^<>]*)>(.*)", rest, re.IGNORECASE)
    return (found[1], tuple(found[2].split())) if found is not None else (rest, ())


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
