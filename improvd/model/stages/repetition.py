"""Nothing goes round and round: a pitch, a figure or a pair of chords is ruled out when it has had its share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.model.stages.stage import Stage
from improvd.model.tokens import PITCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.draft import Draft

RUN: Final = 8
"""How often a pitch or a figure may come in a row, unless the call did it more often."""
PERIODS: Final = range(1, 13)
"""Notes in a figure, from 1 on: up to two chords of six."""
LONGEST: Final = 32
"""A longer figure comes less often: so many notes of it, but four times at least."""
FEWEST: Final = 4


class Repetition(Stage):
    """Rules out the pitch that would take a figure round once too often."""

    head = PITCH

    def __init__(self, draft: Draft) -> None:
        call = [note.pitch for note in draft.call]
        self._most = np.array([max(period * (rounds(period) - 1), longest_echo(call, period)) for period in PERIODS])
        self._echo = np.zeros(len(PERIODS), dtype=np.int64)
        self._last = np.full(max(PERIODS), -1)  # the newest first

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Rule out what goes on with a worn figure."""
        logits[self._last[self._echo >= self._most]] = -np.inf

    def hear(self, onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Count on."""
        self._echo += 1
        self._echo *= self._last == row[PITCH]
        self._last[1:] = self._last[:-1]
        self._last[0] = row[PITCH]


def rounds(period: int) -> int:
    """How often a figure of so many notes may come in a row."""
    return min(RUN, max(FEWEST, LONGEST // period))


def longest_echo(pitches: Sequence[int], period: int) -> int:
    """The most notes in a row that are each what came ``period`` notes before."""
    longest = echo = 0
    for number in range(period, len(pitches)):
        echo = echo + 1 if pitches[number] == pitches[number - period] else 0
        longest = max(longest, echo)
    return longest


def longest_run(pitches: Sequence[int]) -> int:
    """How often in a row one pitch stands in a sequence, at most."""
    return longest_echo(pitches, 1) + 1 if pitches else 0
