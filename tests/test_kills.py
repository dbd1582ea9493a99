"""A process that is killed leaves what was there, or all of what it was to make, and nothing that blocks git."""

from __future__ import annotations

import random
from itertools import cycle
from pathlib import Path

import pytest

from tests.kills.commands import VICTIMS
from tests.kills.run import Aim, Range

SEED = 20261124


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count"),
    [("split", 12), ("cover", 6), ("refresh", 9), ("refresh-conflict", 6), ("reroll", 9), ("sending", 9), ("send", 9)],
)
def test_killed_at_any_moment(pristine_miniature: Path, tmp_path: Path, name: str, count: int) -> None:
    """`make kills` does it many more times."""
    ground, chance = Range.make(VICTIMS[name], pristine_miniature, tmp_path), random.Random(f"{SEED} {name}")
    kills = [ground.kill(chance, tmp_path, aim) for _, aim in zip(range(count), cycle(Aim), strict=False)]
    while all(kill.outcome != "old" for kill in kills):  # none was in time
        ground = ground.sooner()
        kills.append(ground.kill(chance, tmp_path))
    assert [kill for kill in kills if kill.problems] == []
