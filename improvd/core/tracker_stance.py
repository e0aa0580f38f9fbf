"""How the filter's guesses stand when a note is struck, in a few numbers that an ear may weigh."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.tracker_filter import Guess

NUMBERS: Final = 13
"""How many there are."""
HALF: Final = 12
"""The slot halfway through a beat."""
USUAL_PERIOD: Final = 0.6
"""Seconds that periods are told against."""


class Stance:
    """Follows who leads among the guesses, and for how long already."""

    def __init__(self) -> None:
        self._before: Guess | None = None
        self._onsets = 0  # since the beats became what they are

    def numbers(
        self, guesses: Sequence[Guess], leader: Guess | None, mass: float, at: float, *, new: bool
    ) -> list[float]:
        """`NUMBERS` of them, most within -1 to 1; all 0 while there is no ``leader``.

        How probable the beat and the half of it are; the double, the half and the same of the leader's period; the
        leader's own beats; then its period, where in its beat the note is (twice), how exactly that is known, and for
        how many onsets its beats were the same. ``new``: the note begins an onset.
        """
        if leader is None:
            return [0.0] * NUMBERS
        if new:
            same = self._before is not None and leader.means_the_beats_of(self._before)
            self._onsets = self._onsets + 1 if same else 0
            self._before = leader
        beat = half = double = fast = level = 0.0
        now = leader.period
        for weight, _, period, _, _, _, slot in guesses:
            if slot == 0:
                beat += weight
            elif slot == HALF:
                half += weight
            if 0.92 * now < period < 1.087 * now:
                level += weight
            elif 1.85 * now < period < 2.15 * now:
                double += weight
            elif 0.46 * now < period < 0.54 * now:
                fast += weight
        turn = 2.0 * math.pi * math.fmod((at - leader.beat) / leader.period, 1.0)
        return [
            beat,
            half,
            double,
            fast,
            level,
            mass,
            math.log2(leader.period / USUAL_PERIOD),
            math.cos(turn),
            math.sin(turn),
            math.cos(2.0 * turn),
            math.sin(2.0 * turn),
            10.0 * math.sqrt(max(0.0, leader.at_variance)) / leader.period,
            math.log1p(self._onsets) / 3.0,
        ]
