"""What the player played, to be taken up: all notes so far, and how far each place among them went as it goes now.

The memory of a variable-order Markov model, without its tables: contexts are not counted beforehand, they are compared
when they are asked for. A place matches so many notes as before it agree with the last notes played, in interval and in
steps of pitch, so that a phrase is known again in any key; where it goes on in the same key, that counts as one note
more. Each further note of a match makes a place so much likelier
that the longest matches all but decide, as they do in prediction by partial matching (Cleary and Witten, 1984).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from improvd.model.tokens import DURATION, INTERVAL, PITCH, SIZES, VELOCITY

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

    A place has a weight, by how it matches what was heard last; ``left`` are the weights of all places, 0 for those
    that are ruled out by what was chosen of the next note so far, by `narrow`. All notes are looked at each
    time: of some hundreds, whatever picks some out costs more than it saves.
    """

    def __init__(self, room: int) -> None:
        self._sign = np.full(room, BEGINNING)
        self._before = np.full(room, BEGINNING)  # the pitch that each pitch was reached from
        self._up = np.zeros(room, dtype=np.int64)  # the step from there
        self._attributes = np.zeros((len(SIZES), room), dtype=np.int64)
        self._weight = np.ones(room)
        self._count = 0
        self._pitch = BEGINNING  # of the note heard last
        self.left = self._weight[:0]

    def learn(self, rows: NDArray[np.integer[Any]]) -> None:
        """A phrase by its rows of ids, (notes, 4 or more), before anything is heard: nothing follows its end."""
        rows = rows[: len(self._sign) - self._count, : len(SIZES)]
        if not len(rows):
            return
        here = slice(self._count, self._count + len(rows))
        pitch = rows[:, PITCH].astype(np.int64)
        self._attributes[:, here] = rows.T
        self._attributes[INTERVAL, self._count] = SIZES[INTERVAL]
        self._before[here][1:], self._up[here][1:] = pitch[:-1], np.diff(pitch)
        self._sign[here][1:-1] = _sign(rows[1:-1, INTERVAL].astype(np.int64), np.diff(pitch)[:-1])
        self._count += len(rows)

    def hear(self, row: Sequence[int]) -> None:
        """One more note, by its ids (see ``tokens``); forgotten at once where there is no room for it."""
        count, weight = self._count, self._weight
        if count == len(weight):
            return
        interval, pitch, duration, velocity = row[: len(SIZES)]
        if self._pitch != BEGINNING and interval < SIZES[INTERVAL]:
            self._before[count], self._up[count] = self._pitch, pitch - self._pitch
            sign = _sign(interval, pitch - self._pitch)
            # A place that matched goes on matching where the note in it is the one that came.
            longer = np.minimum(weight[:count] * BASE, TOP)
            longer *= self._sign[:count] == sign
            np.maximum(longer, 1.0, out=weight[1 : count + 1])
            self._sign[count] = sign
        else:
            interval = SIZES[INTERVAL]
            weight[: count + 1] = 1.0
        attributes = self._attributes
        attributes[INTERVAL, count], attributes[PITCH, count] = interval, pitch
        attributes[DURATION, count], attributes[VELOCITY, count] = duration, velocity
        self._count, self._pitch = count + 1, pitch

    def narrow(self, attribute: int, row: Sequence[int]) -> None:
        """Leave the places at which all came that of ``row`` is chosen before ``attribute``; asked of each in turn."""
        if attribute == INTERVAL:
            self.left = self._weight[: self._count]
        elif attribute == PITCH:
            self._with_interval(row[INTERVAL])
        elif attribute == DURATION:
            self._with_pitch(row[PITCH])

    def _with_interval(self, interval: int) -> None:
        """Leave the places with this interval; from here on those that led on from the same pitch count for more."""
        count = self._count
        if self._pitch == BEGINNING or interval >= SIZES[INTERVAL]:
            self.left = np.zeros(count)
            return
        self.left = self._weight[:count] * (self._attributes[INTERVAL, :count] == interval)
        np.multiply(self.left, BASE, out=self.left, where=self._before[:count] == self._pitch)

    def _with_pitch(self, pitch: int) -> None:
        """Of these, leave the places with the step that leads to this pitch."""
        self.left = self.left * (self._up[: self._count] == pitch - self._pitch)

    @property
    def longest(self) -> int:
        """How many notes the longest match has, at most `LONGEST` and one for the key; -1 where no place is left."""
        left = self.left
        heaviest = float(left[left.argmax()]) if len(left) else 0.0
        return (math.frexp(heaviest)[1] - 1) // BITS if heaviest > 0 else -1

    def weights(self, attribute: int) -> NDArray[np.float64]:
        """How much the places that are left weigh by their ids of an attribute: shape (ids,)."""
        size = SIZES[attribute]
        if attribute == PITCH:
            # The same steps from here; those that lead out of all pitches lie outside the middle third.
            steps = self._up[: self._count] + (self._pitch + size)
            return np.asarray(np.bincount(steps, self.left, 3 * size)[size : 2 * size], dtype=np.float64)
        ids = self._attributes[attribute, : self._count]
        return np.asarray(np.bincount(ids, self.left, size + 1)[:size], dtype=np.float64)


T = TypeVar("T", int, "NDArray[np.int64]")


def _sign(interval: T, up: T) -> T:
    """One number for an interval and a step of pitch."""
    return interval * _STEPS + up + _STEPS // 2
