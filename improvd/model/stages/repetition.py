"""Nothing goes round and round: a pitch or a figure of up to four notes is ruled out when it has had its share."""

from __future__ import annotations

from collections import deque
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
PERIODS: Final = (1, 2, 3, 4)
"""Notes in a figure."""


class Repetition(Stage):
    """Rules out the pitch that would take a figure round once too often."""

    head = PITCH

    def __init__(self, draft: Draft) -> None:
        call = [note.pitch for note in draft.call]
        self._most = [max(period * (RUN - 1), longest_echo(call, period)) for period in PERIODS]
        self._echo = [0] * len(PERIODS)
        self._last: deque[int] = deque([-1] * max(PERIODS), max(PERIODS))

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Rule out what goes on with a worn figure."""
        for period, echo, most in zip(PERIODS, self._echo, self._most, strict=True):
            if echo >= most:
                logits[self._last[-period]] = -np.inf

    def hear(self, onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Count on."""
        pitch = row[PITCH]
        for number, period in enumerate(PERIODS):
            self._echo[number] = self._echo[number] + 1 if pitch == self._last[-period] else 0
        self._last.append(pitch)


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
