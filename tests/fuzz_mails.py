"""Mails mangled at random, and what must hold of them however they are: `python -m tests.fuzz_mails --runs 20000`."""

from __future__ import annotations

import argparse
import email
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from email.message import Message

from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.model import Exchange, Letter
from credseries.mail.thread.quotes import exchanges
from tests.mailcorpus import TALK, corpus, words

ANSWERED = (
    "Guard the frobs.\n\n> And why are they not guarded? Nobody has looked at that so far, as it seems to me\n",
)
PIECES = (
    *(b"\0", b"\r", b"\n", b"\n\n", b"\r\n\r\n", b"\xff\xfe", b"\xc3", b"\xe2\x80\xa8", b"\x1b[2J", b"=", b"=?", b"?="),
    *(b"> ", b"\n> ", b"\n| ", b"<", b">", b"<blockquote>", b"</blockquote>", b"<!--", b"-->", b"<script>", b"&#0;"),
    *(
        b"--=_frontier\n",
        b"\n--=_frontier--\n",
        b"\n-- \n",
        b"\nOn 1/1/24 10:00, A wrote:\n",
        b"\nFrom: a\n",
        b"\nFrom ",
    ),
    *(b"\n-----BEGIN PGP SIGNED MESSAGE-----\n", b"\n-----BEGIN PGP MESSAGE-----\n", b"\n-----Original Message-----\n"),
    *(b"Content-Type: text/html\n", b"Content-Type: multipart/mixed\n", b"Content-Type: message/rfc822\n"),
    *(b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n"),
    *(b"Content-Type: text/plain; charset=utf-16; format=flowed; delsp=yes\n", b"Content-Disposition: attachment\n"),
    *(
        b"Content-Type: application/pgp-signature\n",
        b"Content-Type: image/png\n",
        b"Content-Type: multipart/alternative\n",
    ),
)
CHARSETS = (b"utf-8", b"utf-7", b"utf-16", b"cp037", b"iso-2022-jp", b"hz", b"hex", b"undefined", b"\xff", b"idna", b"")


def mangled(seed: int, mails: dict[str, bytes]) -> tuple[str, bytes]:
    """A mail of the corpus, by its name, with one to six things done to it; the same for the same seed."""
    chance = random.Random(seed)
    name = chance.choice(sorted(mails))
    data = mails[name]
    for _ in range(chance.randint(1, 6)):
        data = chance.choice(_WAYS)(chance, data, mails)
    return name, data


def _flip(chance: random.Random, data: bytes, _: dict[str, bytes]) -> bytes:
    changed = bytearray(data)
    for _number in range(chance.randint(1, 20)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _insert(chance: random.Random, data: bytes, _: dict[str, bytes]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(PIECES) * chance.choice((1, 1, 1, 30)) + data[at:]


def _cut(chance: random.Random, data: bytes, _: dict[str, bytes]) -> bytes:
    start = chance.randint(0, len(data))
    end = min(len(data), start + chance.choice((1, 10, 100, 1000)))
    return data[:start] + data[end:]


def _end_early(chance: random.Random, data: bytes, _: dict[str, bytes]) -> bytes:
    return data[: chance.randint(len(data) // 2, len(data))]


def _lines(chance: random.Random, data: bytes, _: dict[str, bytes]) -> bytes:
    """One line goes, is there twice, or stands somewhere else."""
    lines = data.split(b"\n")
    line = lines.pop(chance.randrange(len(lines)))
    for _number in range(chance.randint(0, 2)):
        lines.insert(chance.randint(0, len(lines)), line)
    return b"\n".join(lines)


def _splice(chance: random.Random, data: bytes, mails: dict[str, bytes]) -> bytes:
    """The start of one mail with the end of another one."""
    other = mails[chance.choice(sorted(mails))]
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


def _charset(chance: random.Random, data: bytes, _: dict[str, bytes]) -> bytes:
    return re.sub(rb"(charset=)[^;\s]*", rb"\g<1>" + chance.choice(CHARSETS), data)


def _encoding(chance: random.Random, data: bytes, _: dict[str, bytes]) -> bytes:
    name = chance.choice((b"base64", b"quoted-printable", b"x-none", b"8bit", b"x-uuencode"))
    return re.sub(rb"(Content-Transfer-Encoding: )\S*", rb"\g<1>" + name, data)


def _ends(chance: random.Random, data: bytes, _: dict[str, bytes]) -> bytes:
    return data.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n", b" \n")))


_WAYS = (
    _flip,
    _flip,
    _insert,
    _insert,
    _insert,
    _cut,
    _cut,
    _end_early,
    _lines,
    _lines,
    _splice,
    _charset,
    _encoding,
    _ends,
)


def failures(data: bytes) -> list[str]:
    """What does not hold of a mail that should hold of every one; what raises is not caught."""
    letter = read_letter(data)
    return [*_letter_failures(letter), *_lost_words(letter, data), *_lost_lines(letter)]


def _letter_failures(letter: Letter) -> Iterator[str]:
    fields = (letter.message_id, letter.in_reply_to, letter.subject, letter.name, letter.address, *letter.references)
    if any(re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", field) for field in fields):
        yield "a field has control characters"
    if re.search(r"[\x00\r\x1b\ud800-\udfff]", letter.text):
        yield "the text has control characters"
    if letter.text and not letter.text.endswith("\n"):
        yield "the text has no end"
    if not letter.message_id:
        yield "it has no id"


def _lost_lines(letter: Letter) -> Iterator[str]:
    """Every character of the text is in an exchange, once."""
    expected = Counter(_bare(letter.text))
    for known in ((), ANSWERED, (letter.text,), (TALK,)):
        found = Counter(_bare("\n".join(_everything(exchanges(letter.text, known)))))
        if found != expected:
            yield f"lost: {expected - found}, too much: {found - expected}"


def _bare(text: str) -> str:
    """The text without what may be a mark."""
    return re.sub(r"[\s>|]", "", re.sub(r"[A-Z]{1,4}>", "", text))


def _everything(found: tuple[Exchange, ...]) -> Iterator[str]:
    for item in found:
        for quote in (*item.quotes, *item.below):
            yield quote.introduction
            yield from quote.lines
        yield item.words


def _lost_words(letter: Letter, data: bytes) -> Iterator[str]:
    """What Python's email package finds in a part of plain text is read, or it is said that something is not."""
    if letter.problems:
        return
    shown = "\n".join((letter.text, *(text for _, text in letter.attached)))
    marks = [word for name in corpus() for word in words(name)]
    for text in _payloads(email.message_from_bytes(data)):
        yield from (f"{word} is lost" for word in marks if word.encode() in text and word not in shown)


def _payloads(message: Message) -> Iterator[bytes]:
    for part in message.walk():
        for outside in (part.preamble, part.epilogue):
            yield (outside or "").encode("utf-8", "surrogateescape")
        payload = None if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(payload, bytes) and part.get_content_type() != "text/html":
            yield payload


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    options = parser.parse_args()
    mails = corpus()
    read, bad, slowest = Counter[str](), 0, (0.0, 0)
    for seed in range(options.seed, options.seed + options.runs):
        name, data = mangled(seed, mails)
        began = time.perf_counter()
        found = failures(data)
        slowest = max(slowest, (time.perf_counter() - began, seed))
        read["mails"] += 1
        read["with problems said"] += bool(read_letter(data).problems)
        bad += bool(found)
        if found:
            print(f"seed {seed} ({name}): {'; '.join(found)[:300]}", flush=True)
    print(", ".join(f"{count} {what}" for what, count in read.items()))
    print(f"{bad} failed; the slowest took {slowest[0]:.2f} s (seed {slowest[1]})")
    raise SystemExit(bad > 0)


if __name__ == "__main__":
    main()
