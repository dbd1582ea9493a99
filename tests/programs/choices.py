"""Where a generated program's choices come from: hypothesis, a seeded generator, or a list of earlier choices.

A choice is a number below a bound, and 0 stands for the simplest outcome everywhere, so that smaller lists of smaller
numbers are simpler programs, whoever does the shrinking.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices(ABC):
    """A source of choices; `taken` are those made so far."""

    def __init__(self) -> None:
        self.taken: list[int] = []

    @abstractmethod
    def _below(self, bound: int) -> int:
        """A number from 0 to bound - 1."""

    def below(self, bound: int) -> int:
        """A number from 0 to bound - 1, noted in `taken`."""
        value = self._below(bound)
        self.taken.append(value)
        return value

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases; the simplest outcome is False."""
        return self.below(100) >= 100 - percent

    def one_of(self, options: Sequence[T]) -> T:
        """One of the options, the first of which is the simplest."""
        return options[self.below(len(options))]

    def weighted(self, options: Sequence[tuple[int, T]]) -> T:
        """One of the options, each as often as its weight says."""
        number = self.below(sum(weight for weight, _ in options))
        for weight, option in options:
            if number < weight:
                return option
            number -= weight
        raise AssertionError("the weights add up")


class SeededChoices(Choices):
    """Choices by a seed: the same seed makes the same program."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    def _below(self, bound: int) -> int:
        return self._random.randrange(bound)


class DrawnChoices(Choices):
    """Choices that hypothesis draws."""

    def __init__(self, draw: Callable[[int], int]) -> None:
        super().__init__()
        self._draw = draw

    def _below(self, bound: int) -> int:
        return self._draw(bound) if bound > 1 else 0


class RecordedChoices(Choices):
    """Choices made before, perhaps changed since; where they run out, the simplest ones."""

    def __init__(self, recorded: Sequence[int]) -> None:
        super().__init__()
        self._recorded = list(recorded)

    def _below(self, bound: int) -> int:
        at = len(self.taken)
        return min(self._recorded[at], bound - 1) if at < len(self._recorded) else 0


def _simpler(best: Sequence[int], at: int, size: int) -> Iterator[list[int]]:
    """Lists with a piece left out, set to 0, or with a number set to 0 and what it led to left out."""
    head, piece, tail = list(best[:at]), list(best[at : at + size]), list(best[at + size :])
    yield head + tail
    if any(piece):
        yield [*head, *[0] * len(piece), *tail]
    if size > 1 and piece[0]:
        yield [*head, 0, *tail]


def shrink(recorded: Sequence[int], fails: Callable[[Sequence[int]], bool], attempts: int = 400) -> list[int]:
    """A simpler list of choices that still fails, while attempts last."""
    best = list(recorded)
    before: list[int] = []
    while best != before and attempts > 0:
        before = best
        size = max(len(best) // 2, 1)
        while size:
            at = 0
            while at < len(best):
                tried = list(_simpler(best, at, size))[: max(attempts, 0)]
                attempts -= len(tried)
                smaller = next((item for item in tried if fails(item)), None)
                if smaller is None:
                    at += size
                else:
                    at += size if len(smaller) == len(best) else 0
                    best = smaller
            size //= 2
    return best
