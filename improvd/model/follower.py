"""How far what is played follows a corpus, note by note: the filter of `originality` asked as music comes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.model.originality import BASE, HASHES, MIX, PITCHES, RUN, WORD, steps
from improvd.model.originality import mix as mix_all
from improvd.model.tokens import SIZES

if TYPE_CHECKING:
    from improvd.model.originality import Filter, Keys

_OLDEST: Final = pow(BASE, RUN - 2, 2**64)
"""What the oldest step of a run has been multiplied with."""


class Follower:
    """Listens to notes and knows how many of the last ones follow the corpus. For one thread; never blocks.

    ``notes`` is that number, 0 where they are fewer than a run; ``run`` the hash of the last run, None before there is
    one.
    """

    def __init__(self, of: Filter) -> None:
        self._slices = [(one.bits.data, 8 * len(one.bits) - 1) for one in of.slices]
        self.notes = 0
        self.run: int | None = None
        self._pitch = -1
        self._steps: list[int] = []
        self._hash = 0

    def hear(self, interval: int, pitch: int) -> None:
        """One more note: the id of the interval to it, and its pitch."""
        if self._pitch >= 0:
            heard = self._steps
            # Hashes roll: the oldest step goes as the newest comes.
            oldest = heard.pop(0) * _OLDEST if len(heard) == RUN - 1 else 0
            step = _table()[interval][pitch - self._pitch + PITCHES - 1]
            self._hash = ((self._hash - oldest) * BASE + step) & WORD
            heard.append(step)
            if len(heard) == RUN - 1:
                self.run = _mix(self._hash)
                self.notes = max(self.notes + 1, RUN) if self._has(self.run) else 0
        self._pitch = pitch

    def _has(self, run: int) -> bool:
        stride = _mix((run + BASE) & WORD) | 1
        for bits, last in self._slices:
            at = run
            for _ in range(HASHES):
                place = at & last
                if not bits[place >> 3] >> (place & 7) & 1:
                    break
                at += stride
            else:
                return True
        return False

    def next_runs(self, interval: int) -> Keys | None:
        """The hash of the run that each next pitch would end, after an interval by its id: (128,); None before one."""
        if len(self._steps) < RUN - 2:
            return None
        oldest = self._steps[0] * _OLDEST if len(self._steps) == RUN - 1 else 0
        so_far = np.uint64(((self._hash - oldest) * BASE) & WORD)
        first = PITCHES - 1 - self._pitch
        return mix_all(so_far + _arrays()[interval, first : first + PITCHES])


@cache
def _arrays() -> Keys:
    """Every step's hash, (intervals and none, 255): by the interval's id, and by semitones up from -127."""
    interval, up = np.meshgrid(np.arange(SIZES[0] + 1), np.arange(1 - PITCHES, PITCHES), indexing="ij")
    return steps(interval.ravel(), up.ravel()).reshape(interval.shape)


@cache
def _table() -> list[list[int]]:
    """The same as Python's own numbers: numpy takes ten times as long for so little."""
    out: list[list[int]] = _arrays().tolist()
    return out


def _mix(word: int) -> int:
    """`originality.mix` of one number, for the same reason."""
    word = ((word ^ (word >> 30)) * MIX[0]) & WORD
    word = ((word ^ (word >> 27)) * MIX[1]) & WORD
    return word ^ (word >> 31)
