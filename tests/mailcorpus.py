"""Mails of every variant that the reader of threads knows, each with remarks that have words of their own."""

from __future__ import annotations

import base64
import quopri
from email.message import EmailMessage

HEAD = (
    "Received: from a.example.org by b.example.org; Tue, 05 Mar 2024 08:09:11 +0000\n"
    "From: =?utf-8?q?J=C3=BCrgen_M=C3=BCller?= <juergen@example.org>\n"
    "To: Ann Author <ann@example.org>\nCc: linux-fsdevel@vger.kernel.org\n"
    "Subject: Re: [PATCH v2 2/3] frob: Guard the\n frobs\n"
    "Date: Tue, 05 Mar 2024 08:09:10 +0100\nMessage-ID: <{name}@example.org>\n"
    "In-Reply-To: <20240304-frob-v2-2@example.org>\n"
    "References: <20240304-frob-v2-0@example.org>\n <20240304-frob-v2-2@example.org>\nMIME-Version: 1.0\n"
)
TALK = (
    "Hi Ann,\n\nOn Mon, Mar 04, 2024 at 01:57:00PM +0100, Ann Author wrote:\n> Guard the frobs.\n> \n"
    "> > And why are they not guarded? Nobody has looked at that so far, as it seems to me, or\n> has somebody?\n\n"
    "First remark {0}: spl\u00fcrg, what for?\n\n> diff --git a/fs/x.c b/fs/x.c\n> --- a/fs/x.c\n> +++ b/fs/x.c\n"
    "> @@ -10,7 +10,7 @@ int frob(void)\n>  \tint a;\n> -\tfrob();\n> +\tguarded_frob();\n\n"
    "Please split this {1} into two.\n\nThe table {2} says\n\n  # a   b\n    1   2\n| x | y |\n\n"
    "Reviewed-by: J\u00fcrgen M\u00fcller <juergen@example.org>\n\n> -- \n> 2.43.0\n\n"
    "Last one {3}.\n\nThanks,\n-- \nJ\u00fcrgen\n"
)
TOP = (
    "Top remark {0}, and\nanother {1}.\n\nRegards,\nJ\u00fcrgen\n\n-----Original Message-----\n"
    "From: Ann Author <ann@example.org>\nSent: Monday\nTo: list@example.org\nSubject: RE: x\n\nGuard the frobs {2}.\n\n"
    "From: Bob\nSent: x\nTo: y\nSubject: z\n\nold {3}\n"
)
HTML = (
    "<html><head><style>p {{ a: b }}</style></head><body><div>Hi Ann,<br><br>remark {0} with &lt;code&gt;</div>"
    '<div class="gmail_quote">On Mon, Mar 4, 2024 at 1:57 PM Ann Author &lt;ann@example.org&gt; wrote:<br>'
    "<blockquote>Guard the <b>frobs</b>.<blockquote>why?</blockquote></blockquote></div>"
    "<ul><li>first {1}<li>second {2}</ul><pre>if (x)\n\ty();</pre><p>spl\u00fcrg {3}</body></html>"
)
PAGE = "Re: [PATCH v2 2/3] frob: Guard\n\nFrom: J\u00fcrgen M\u00fcller\nDate: Tue Mar 05 2024 - 08:09:10 EST\n\n\n"


def words(name: str) -> tuple[str, ...]:
    """The words that stand in the remarks of a mail and nowhere else."""
    return tuple(f"{name}remark{number}x" for number in range(4))


def corpus() -> dict[str, bytes]:
    """The mails, by their names."""
    return {name: make(name) for name, make in _MAKERS.items()}


def _talk(name: str, text: str = TALK) -> str:
    return text.format(*words(name))


def _mail(name: str, body: bytes, *fields: str) -> bytes:
    return "".join((HEAD.format(name=name), *(f"{field}\n" for field in fields), "\n")).encode() + body


def _plain(name: str, charset: str, declared: str = "", text: str = TALK) -> bytes:
    kind = f"Content-Type: text/plain; charset={declared or charset}"
    return _mail(name, _talk(name, text).encode(charset), kind, "Content-Transfer-Encoding: 8bit")


def _encoded(name: str, encoding: str, footer: bytes = b"") -> bytes:
    data = _talk(name).encode()
    packed = base64.encodebytes(data) if encoding == "base64" else quopri.encodestring(data)
    kind = "Content-Type: text/plain; charset=utf-8"
    return _mail(name, packed + footer, kind, f"Content-Transfer-Encoding: {encoding}")


def _parts(name: str, kind: str, *parts: tuple[str, bytes]) -> bytes:
    body = b"".join(f"--=_frontier\n{fields}\n\n".encode() + data + b"\n" for fields, data in parts)
    return _mail(name, body + b"--=_frontier--\n", f'Content-Type: multipart/{kind}; boundary="=_frontier"')


def _flowed(name: str, more: str = "") -> bytes:
    lines = []
    for line in _talk(name).replace("> > ", ">> ").split("\n"):
        cut = line.rfind(" ", 0, 40)
        long = len(line) > 45 and cut > 5 and not line.startswith((">", " ", "\t"))
        lines += [line[: cut + 1], line[cut + 1 :]] if long else [line]
    return _mail(name, "\n".join(lines).encode(), f"Content-Type: text/plain; charset=utf-8; format=flowed{more}")


def _alternative(name: str) -> bytes:
    plain, html = _talk(name).encode(), _talk(name, HTML).encode()
    return _parts(
        *(name, "alternative", ("Content-Type: text/plain; charset=utf-8", plain)),
        ("Content-Type: text/html; charset=utf-8", html),
    )


def _attached(name: str) -> bytes:
    first, second, third, fourth = words(name)
    return _parts(
        *(name, "mixed", ("Content-Type: text/plain; charset=utf-8", f"See {first} and {second}.".encode())),
        ('Content-Type: text/x-patch; name="a.patch"', f"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+{third}".encode()),
        ("Content-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64", base64.encodebytes(b"\x89PNG" * 99)),
        ("Content-Type: text/plain", f"___\nlist footer {fourth}".encode()),
    )


def _signed(name: str) -> bytes:
    signature = b"-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAdFiEE\n-----END PGP SIGNATURE-----"
    return _parts(
        *(name, "signed", ("Content-Type: text/plain; charset=utf-8", _talk(name).encode())),
        ("Content-Type: application/pgp-signature; name=signature.asc", signature),
    )


def _clearsigned(name: str) -> bytes:
    text = _talk(name).replace("\n-- \n", "\n- -- \n")
    armoured = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text}-----BEGIN PGP SIGNATURE-----\n\niQEz\n"
    return _mail(name, f"{armoured}-----END PGP SIGNATURE-----\n".encode(), "Content-Type: text/plain; charset=utf-8")


def _forwarded(name: str) -> bytes:
    return _parts(
        *(name, "mixed", ("Content-Type: text/plain", b"For your information")),
        ("Content-Type: message/rfc822", _plain(name, "utf-8")),
    )


def _nested(name: str) -> bytes:
    inner = _alternative(name)
    kind, _, body = inner[inner.index(b"Content-Type: multipart") :].partition(b"\n\n")
    outer = _parts(name, "mixed", (kind.decode(), body), ("Content-Type: text/plain", b"footer"))
    head, _, rest = outer.partition(b"\n\n")
    return (
        head.replace(b"=_frontier", b"outer")
        + b"\n\n"
        + (
            rest.replace(b"--=_frontier\n", b"--outer\n", 1).replace(
                b"\n--=_frontier\nContent-Type: text/plain\n\nfooter\n--=_frontier--",
                b"\n--outer\nContent-Type: text/plain\n\nfooter\n--outer--",
            )
        )
    )


def _broken(name: str) -> bytes:
    """Quoted lines that the sender's mailer broke at 72 characters without marks."""
    lines = []
    for line in _talk(name).split("\n"):
        cut = line.rfind(" ", 0, 60)
        lines += [line[:cut], line[cut + 1 :]] if line.startswith(">") and len(line) > 60 else [line]
    return _mail(name, "\n".join(lines).encode(), "Content-Type: text/plain; charset=utf-8")


def _made(name: str) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "J\u00fcrgen <juergen@example.org>", "Re: \u00fc" * 40
    message["Message-ID"], message["Date"] = f"<{name}@example.org>", "Tue, 05 Mar 2024 08:09:10 +0000"
    message.set_content(_talk(name), cte="base64")
    message.add_alternative(_talk(name, HTML), subtype="html")
    message.add_attachment("log line\n" * 50, filename="\u00fc.log")
    return message.as_bytes()


_MAKERS = {
    "utf8": lambda name: _plain(name, "utf-8"),
    "latin": lambda name: _plain(name, "iso-8859-1"),
    "wrong": lambda name: _plain(name, "utf-8", "us-ascii"),
    "unknown": lambda name: _plain(name, "latin-1", "x-none"),
    "wide": lambda name: _plain(name, "utf-16"),
    "crlf": lambda name: _plain(name, "utf-8").replace(b"\n", b"\r\n"),
    "bare": lambda name: b"Subject: hi\n\n" + _talk(name).encode(),
    "headless": lambda name: _talk(name).encode(),
    "page": lambda name: (PAGE + _talk(name)).encode(),
    "top": lambda name: _plain(name, "utf-8", text=TOP),
    "printable": lambda name: _encoded(name, "quoted-printable"),
    "sixtyfour": lambda name: _encoded(name, "base64"),
    "footer": lambda name: _encoded(name, "base64", b"______________\nlist mailing list\n"),
    "flowed": _flowed,
    "delsp": lambda name: _flowed(name, "; delsp=yes"),
    "html": lambda name: _mail(name, _talk(name, HTML).encode(), "Content-Type: text/html; charset=utf-8"),
    "alternative": _alternative,
    "attached": _attached,
    "signed": _signed,
    "clearsigned": _clearsigned,
    "forwarded": _forwarded,
    "nested": _nested,
    "broken": _broken,
    "initials": lambda name: _plain(name, "utf-8", text=TALK.replace("> ", "AA> ")),
    "bars": lambda name: _plain(name, "utf-8", text=TALK.replace("> ", "| ")),
    "long": lambda name: _plain(name, "utf-8", text=TALK.replace("what for", "what " * 3000 + "for")),
    "nul": lambda name: _plain(name, "utf-8").replace(b"what for", b"what\0for"),
    "made": _made,
}
