"""Each planted fault is said below the very line of the patch that it is about, and is read back as a remark there."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.discussion import read_thread
from credseries.mail.thread.mbox import split_mbox
from tests.auditcase import Plant
from tests.planted import PLANTS
from tests.replycase import Drafted, draft, import_commits, mailed, make_repository, new_lines, plant_files, said

FILE = "fs/t.c"
# What is about a line that is gone is said below that line.
GONE = {
    "constant lost with the region": "err = 0;",
    "constant lost with its variable": "rc = 0;",
    "one of two equal constants lost": "rc = 0;",
    "extracted function: constant lost": "err = 0;",
}


@dataclass(frozen=True)
class Posted:
    """A patch with a planted fault as it was sent, and the replies to it."""

    mails: bytes
    replies: Drafted

    @property
    def text(self) -> str:
        """The text of the patch's mail."""
        return read_letter(split_mbox(self.mails)[0]).text


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Posted]:
    place = tmp_path_factory.mktemp("planted")
    repository = make_repository(place / "linux")
    chains = {
        f"plant-{number}": [
            ("Start", plant_files(plant, after=False)),
            (f"t: {plant.name}\n\nNothing else changes.\n", plant_files(plant, after=True)),
        ]
        for number, plant in enumerate(PLANTS)
    }
    commits = import_commits(repository, chains)
    found = {}
    for number, plant in enumerate(PLANTS):
        base, tip = commits[f"plant-{number}"]
        mails = mailed(repository, base, tip)
        box = place / f"{number}.mbox"
        box.write_bytes(mails)
        found[plant.name] = Posted(mails, draft(repository, box, base))
    return found


def line_gone(plant: Plant) -> int:
    [number] = [at for at, line in enumerate(plant.before.split("\n"), 1) if line.strip() == GONE[plant.name]]
    return number


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_fault_is_said_below_its_line(posted: dict[str, Posted], plant: Plant) -> None:
    mine = posted[plant.name]
    lines = mine.text.split("\n")
    reply = mine.replies.letter(1).text
    at, number = new_lines(mine.text).get((FILE, plant.line)), plant.line
    if plant.name in GONE:
        [at] = [index for index, line in enumerate(lines) if line[:1] == "-" and line[1:].strip() == GONE[plant.name]]
        number = line_gone(plant)
    piece = next(item for item in said(reply) if re.search(rf"{FILE}:{number}\b", item.words))
    assert piece.quoted, reply
    words = " ".join(piece.words.split())
    assert ("is not in this diff" in words) is (at is None)
    if at is not None:
        assert lines[at + 1 - len(piece.quoted) : at + 1] == list(piece.quoted), reply
    elif any(file == FILE for file, _ in new_lines(mine.text)):
        assert "That line is not in this diff; this is the nearest hunk of its function." in words
        assert lines.index(piece.quoted[-1]) > lines.index(f"+++ b/{FILE}")
    else:
        assert "That function is not in this diff." in words
        assert re.match(r" \d+ files? changed", piece.quoted[-1]), reply


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_reply_is_read_as_remarks_at_those_lines(posted: dict[str, Posted], plant: Plant) -> None:
    mine = posted[plant.name]
    reply = mine.replies.letter(1)
    [patch] = map(read_letter, split_mbox(mine.mails))
    assert reply.in_reply_to == patch.message_id
    assert [problem.partition(":")[0] for problem in reply.problems] == ["it has no date", "it has no Message-Id"]
    [discussion] = read_thread([patch, reply], {}).discussions
    mapped = new_lines(mine.text)
    places = {(item.place.patch, item.place.file, item.place.line) for item in discussion.remarks if item.place}
    if plant.name in GONE:
        assert (1, FILE, line_gone(plant)) in places, discussion.remarks
    elif (FILE, plant.line) in mapped:
        assert (1, FILE, plant.line) in places, discussion.remarks
    else:
        assert {patch for patch, _, _ in places} == {1}
