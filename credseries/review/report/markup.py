"""Code as HTML, line by line: short tags, for a report has many thousand lines. All text is escaped here.

`b` is a word of C, `i` a comment, `u` a text in quotes, `em` what changes credentials, `.x` an escape that stands for
something that cannot be seen.
"""

from __future__ import annotations

from html import escape

from markupsafe import Markup

from credseries.review.report.tokens import Token, Tokens
from credseries.review.visible import parts, visible

_TAGS = {Token.WORD: "b", Token.COMMENT: "i", Token.TEXT: "u", Token.CREDENTIALS: "em"}


def code(line: str, tokens: Tokens) -> str:
    """A line of C."""
    return "".join(_tagged(token, piece) for token, piece in tokens.of(line))


def plain(text: str) -> str:
    """Text that is no C."""
    if visible(text) == text:
        return escape(text, quote=False)
    return "".join(
        f'<span class="x">{escape(piece)}</span>' if hidden else escape(piece, quote=False)
        for hidden, piece in parts(text)
    )


def _tagged(token: Token, piece: str) -> str:
    tag = _TAGS.get(token)
    return f"<{tag}>{plain(piece)}</{tag}>" if tag else plain(piece)


def attribute(text: str) -> str:
    """Text as the value of an attribute in double quotes."""
    return escape(visible(text), quote=True)


def markup(pieces: list[str]) -> Markup:
    """Pieces, all of which are escaped already, as HTML that a template leaves alone."""
    return Markup("".join(pieces))
