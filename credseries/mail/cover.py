"""The cover letter of a series, rendered from its facts; pure.

The layout is the template `cover.txt.j2`, which a user may replace; what it is filled with is `CoverFacts`,
ready to print. The result is checked against everything that b4 would misread (`text.cover_problems`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credseries import resources
from credseries.errors import NotASeries, UsageError
from credseries.mail.facts import cover_facts
from credseries.mail.text import cover_problems, squeeze
from credseries.series.changelog import join_letter
from credseries.series.current import Current
from credseries.series.model import SeriesRecord
from credseries.series.prep import read_cover, strip_comments

TEMPLATE = "cover.txt.j2"


@dataclass(frozen=True)
class Cover:
    """A cover letter: its subject without prefixes, and its body without a newline at the end."""

    subject: str
    body: str

    @property
    def text(self) -> str:
        """The letter as b4 stores it: subject, blank line, body."""
        return f"{self.subject}\n\n{self.body}"


def parse_cover(text: str) -> Cover:
    """The letter in a text as b4 stores it; without a blank second line there is no subject."""
    subject, _, rest = text.strip().partition("\n")
    if rest and not rest.startswith("\n"):
        return Cover("", text.strip())
    return Cover(subject.strip(), rest.strip("\n"))


def stored_cover(current: Current) -> Cover:
    """The letter as b4 would send it, with what the author has changed in it; raises NotASeries when it is gone."""
    if current.cover is None:
        raise NotASeries(
            f"branch {current.record.branch} has no cover letter any more",
            hint="`credseries cover --note TEXT` renders it anew",
        )
    return parse_cover(strip_comments(read_cover(current.cover_message).letter))


def fill(name: str, facts: object) -> Cover:
    """The letter that a template makes of some facts.

    Raises UsageError when the template is broken, and when the result would not survive b4.
    """
    cover = parse_cover(squeeze(_filled(name, facts)))
    check_cover(cover)
    return cover


def _filled(name: str, facts: object) -> str:
    # jinja2 takes 50 ms to import, and no other command needs it.
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader(resources.roots("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    template = resources.read_text("templates", name)
    try:
        return environment.from_string(template).render(cover=facts)
    except Exception as error:  # a template is a program, and fails like one
        raise UsageError(
            f"the template {name} cannot be filled in: {error}",
            hint=f"it is {resources.find('templates', name)}",
        ) from error


def check_cover(cover: Cover) -> None:
    """Raise UsageError, naming every place, when the letter would not come back from b4 as it went in."""
    problems: Sequence[str] = cover_problems(cover.text)
    if problems:
        raise UsageError(
            "b4 would not keep this cover letter as it is:\n" + "\n".join(f"  {problem}" for problem in problems),
            hint="change these lines; indent tables, and write rules with ===",
        )


def check_notes(notes: str) -> None:
    """Raise UsageError, as `check_cover`, for what is to stand below the letter's line `---`."""
    check_cover(Cover("subject", join_letter("A letter.", notes)))


def render_cover(series: SeriesRecord) -> Cover:
    """The series' cover letter, wrapped at 72 columns.

    The author's numbers are printed as they are, indented (see `text.verbatim`), the note as prose. Raises UsageError
    when the result would not survive b4, and when the template is broken.
    """
    facts = cover_facts(series)
    if not facts.title:
        raise UsageError("the series has no title", hint="its recipe must have one")
    return fill(TEMPLATE, facts)
