"""Which beat of the bar it is: a filter over the bars that may be, of two to four beats, and the place in them."""

from __future__ import annotations

import math
from typing import Final

from improvd.core.tracker_rhythm import DOWN_REGISTER, DOWN_SIZE, size

METRES: Final = {2: 0.25, 3: 0.25, 4: 0.5}
"""Beats in a bar, and how likely a player is to choose that."""
SLIP: Final = 0.003
"""How likely the bar is, at any beat, to be another one, begun anywhere."""
SURE: Final = 0.4
"""A place in the likeliest bar is told from this probability on."""


class Bars:
    """Counts beats into bars. Told of each beat in turn, and of what begins on it."""

    def __init__(self, beats: int | None = None) -> None:
        metres = METRES if beats is None else {beats: 1.0}
        self._start = {(metre, place): share / metre for metre, share in metres.items() for place in range(metre)}
        self._belief = dict(self._start)

    def restart(self) -> None:
        """The beats are others from now on."""
        self._belief = dict(self._start)

    def step(self) -> None:
        """The next beat."""
        moved = {(metre, (place + 1) % metre): share for (metre, place), share in self._belief.items()}
        self._belief = {key: (1.0 - SLIP) * share + SLIP * self._start[key] for key, share in moved.items()}

    def hear(self, register: int, notes: int) -> None:
        """What began on this beat: its register and number of notes (0: nothing), once all of it was heard."""
        lift = math.exp(DOWN_SIZE[size(notes)] + (DOWN_REGISTER[register] if notes else 0.0))
        weighed = {key: share * (lift if key[1] == 0 else 1.0) for key, share in self._belief.items()}
        total = sum(weighed.values())
        self._belief = {key: share / total for key, share in weighed.items()}

    @property
    def position(self) -> int | None:
        """The place of this beat in its bar, 0 being the first; None while that is not clear.

        A bar of four and one of two halves it are told apart late and agree on much, so a metre is chosen first.
        """
        metres: dict[int, float] = {}
        for (metre, _), share in self._belief.items():
            metres[metre] = metres.get(metre, 0.0) + share
        metre = max(metres, key=lambda one: metres[one])
        place = max(range(metre), key=lambda one: self._belief[metre, one])
        return place if self._belief[metre, place] >= SURE * metres[metre] else None
