"""What the player played, to be taken up: all notes so far, and how far each place among them went as it goes now.

The memory of a variable-order Markov model, without its tables: contexts are not counted beforehand, they are compared
when they are asked for. A place matches so many notes as before it agree with the last notes played, in interval and in
steps of pitch, so that a phrase is known again in any key; where it goes on in the same key, that counts as one note
more. Each further note of a match makes a place so much likelier
that the longest matches all but decide, as they do in prediction by partial matching (Cleary and Witten, 1984).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.model.tokens import INTERVAL, PITCH, SIZES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LONGEST: Final = 8
"""Notes of a match that count."""
BITS: Final = 5
"""A place is 2 to this power times as likely for each further note that matches; of 3, 10 and 30 times 30 was best."""
BASE: Final = 2.0**BITS
TOP: Final = BASE**LONGEST
BEGINNING: Final = -1
"""Stands for a note that matches none: what comes after it has not followed it."""
_STEPS: Final = 512
"""Steps of pitch, up and down, are fewer."""


class Memory:
    """Notes in order, at most ``room`` of them; each is a place that may come again. For one thread.

    A place has a weight, by how it matches what was heard last. ``at`` and ``weights`` are the places that are still
    possible, given what was chosen of the next note so far: `all_places`, `with_interval`, `with_pitch`.
    """

    def __init__(self, room: int) -> None:
        self._sign = np.full(room, BEGINNING, dtype=np.int32)
        self._attributes = np.zeros((len(SIZES), room), dtype=np.int32)
        self._before = np.full(room, -1, dtype=np.int32)  # the pitch that each pitch was reached from
        self._weight = np.ones(room, dtype=np.float32)
        self._count = 0
        self._pitch = -1  # of the note heard last; -1: none that anything follows
        self._every = np.arange(room)
        self.at = self._every[:0]
        self.weights = self._weight[:0]

    def begin(self) -> None:
        """What comes next does not follow what came last."""
        if self._count:
            self._sign[self._count - 1] = BEGINNING
        self._weight[: self._count] = 1.0
        self._pitch = -1

    def hear(self, row: Sequence[int]) -> None:
        """One more note, by its ids (see ``tokens``); forgotten at once where there is no room for it."""
        count, sign, weight = self._count, self._sign, self._weight
        if count == len(sign):
            return
        interval, pitch = row[INTERVAL], row[PITCH]
        follows = self._pitch >= 0 and interval < SIZES[INTERVAL]
        step = pitch - self._pitch if follows else 0
        mark = interval * _STEPS + step + _STEPS // 2 if follows else BEGINNING
        self._attributes[:, count] = row[: len(SIZES)]
        if not follows:
            self._attributes[INTERVAL, count] = SIZES[INTERVAL]
        self._before[count], sign[count] = self._pitch, mark
        # A place that matched goes on matching where the note in it is the one that came.
        longer = np.minimum(weight[:count] * BASE, TOP)
        longer[(sign[:count] != mark) if follows else slice(None)] = 1.0
        weight[0] = 1.0
        weight[1 : count + 1] = longer
        self._count, self._pitch = count + 1, pitch

    def all_places(self) -> None:
        """Nothing was chosen yet: any place may come again."""
        self.at = self._every[: self._count]
        self.weights = self._weight[: self._count]

    def with_interval(self, interval: int) -> None:
        """Leave the places with this interval; from here on those that led on from the same pitch count for more."""
        if self._pitch < 0 or interval >= SIZES[INTERVAL]:
            self.at, self.weights = self._every[:0], self._weight[:0]
            return
        self.at = at = np.flatnonzero(self._attributes[INTERVAL, : self._count] == interval)
        self.weights = np.where(self._before[at] == self._pitch, BASE, 1.0) * self._weight[at]

    def with_pitch(self, pitch: int) -> None:
        """Of these, leave the places with the step that leads to this pitch."""
        same = self._attributes[PITCH, self.at] - self._before[self.at] == pitch - self._pitch
        self.at = self.at[same]
        self.weights = self.weights[same]

    @property
    def longest(self) -> int:
        """How many notes the longest match has, at most `LONGEST` and one for the key; -1 where no place is left."""
        if not len(self.weights):
            return -1
        return (math.frexp(self.weights.max())[1] - 1) // BITS

    def chances(self, attribute: int) -> NDArray[np.float64]:
        """How likely each id of an attribute is by the places that are left: shape (ids,), summing to 1 or all 0."""
        size = SIZES[attribute]
        if not len(self.at):
            return np.zeros(size)
        if attribute == PITCH:
            # The same steps from here; those that lead out of all pitches lie outside the middle third.
            ids = self._attributes[PITCH, self.at] - self._before[self.at] + (self._pitch + size)
            first, most = size, 3 * size
        else:
            ids, first, most = self._attributes[attribute, self.at], 0, size + 1
        out = np.bincount(ids, self.weights, most)[first : first + size]
        total = out.sum()
        return np.asarray(out / total if total > 0 else out)
