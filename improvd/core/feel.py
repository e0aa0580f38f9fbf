"""How an answer lies on its beat: straight or swung, strict or loose. What was asked of the model knows nothing of it.

The rules, in this order: `quantise` draws an onset towards the nearest place of a grid, `swing` lays the second half of
each beat later, `humanise` makes it a little early or late. All leave a note its length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from improvd.core.events import Beats, Seconds

GRID: Final = (0.0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0)
"""Sixteenths and triplets of a beat."""
STRAIGHT, SWUNG_MOST = 0.5, 0.75


@dataclass(frozen=True, slots=True)
class Feel:
    """What is done to where notes begin.

    ``swing`` is where the second eighth of a beat falls, 0.5 in the middle, 2/3 in triplets; ``quantise`` from 0 (as
    the model played) to 1 (on the grid); ``humanise`` the standard deviation of what is added by chance, in seconds.
    """

    swing: float = STRAIGHT
    quantise: float = 0.0
    humanise: Seconds = Seconds(0.0)

    def place(self, onset: Beats) -> Beats:
        """Where an onset falls by the grid and the swing."""
        beat = math.floor(onset)
        part = onset - beat
        if self.quantise:
            nearest = min(GRID, key=lambda place: abs(place - part))
            part += self.quantise * (nearest - part)
        if part < 0.5:
            part *= self.swing / 0.5
        elif part < 1.0:
            part = self.swing + (part - 0.5) * (1.0 - self.swing) / 0.5
        return Beats(beat + part)

    def astray(self, seed: int) -> Seconds:
        """How late a note comes, early below 0: alike for the same ``seed``, never beyond two standard deviations."""
        # The sum of four numbers that are spread evenly: as good as normal here, and bounded.
        total = sum(_even(4 * seed + index) - 0.5 for index in range(4))
        return Seconds(max(-2.0, min(2.0, total * math.sqrt(3.0))) * self.humanise)


def _even(seed: int) -> float:
    """A number from 0 to 1 out of a whole one, as if by chance (the finaliser of MurmurHash3)."""
    mixed = seed & 0xFFFF_FFFF_FFFF_FFFF
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53), (33, 1)):
        mixed = ((mixed ^ (mixed >> shift)) * factor) & 0xFFFF_FFFF_FFFF_FFFF
    return mixed / 2.0**64
