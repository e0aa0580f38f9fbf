"""What is heard of a note as it is struck: how long after others, how high and loud among them, in time with which.

One note at a time, from what was struck by then; used by who learns and by who listens, so that both hear the same.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Row = NDArray[np.float32]

CHORD_SPREAD: Final = 0.040
"""Seconds; notes no later than this after the first of them are one onset."""
ONSETS: Final = 6
"""How many onsets before are remembered."""
BASSES: Final = 4
"""How many notes that were the bass are remembered by when they were."""
GAPS: Final = 14
"""How many soft classes there are for a gap between onsets, from `SHORTEST` on, `STEPS` to an octave."""
SHORTEST: Final = 0.05
STEPS: Final = 2.4
LONGEST: Final = 8.0
"""Seconds after which nothing is told apart any more."""
NEVER: Final = -1e12
"""When what wasn't struck yet was struck."""
PERIODS: Final = 0.2 * 2.0 ** (np.arange(24) / 6.0)
"""Seconds, 0.2 to 2.9: what each resonator is tuned to."""
BANKS: Final = 4
RINGING: Final = (2.0, 8.0, 5.0, 5.0)
"""How many of its periods a resonator rings, until it is down to a third: those of all notes, short and long, those of
the bass, and those of what is new in the harmony."""
HARMONY: Final = (0.6, 3.0)
"""Seconds for which pitch classes stay in the ear, to a third: twice, short and long."""
FALL: Final = 5.0
"""Semitones a second by which what counts as bass comes up again."""
USUAL: Final = 0.1
"""How much each note says of what height and loudness are usual."""
FEATURES: Final = 17 + BASSES + 5 * ONSETS + 2 * GAPS + 2 * BANKS * len(PERIODS)

_DECAY: Final = -1.0 / np.outer(RINGING, PERIODS)
# One array turns and fades all: the resonators' banks, then how much energy each may have, which doesn't turn.
_TURN: Final = np.concatenate([_DECAY + 2j * np.pi / PERIODS, _DECAY]).astype(np.complex64)


class Onset(NamedTuple):
    """A chord that was struck."""

    at: float
    low: int
    notes: int
    loud: float
    new: float
    """How new its notes were to the harmony, at most 1."""


class Listening:
    """Turns notes into rows of features. Times never go back; a pitch is 0 to 127, a velocity 1 to 127."""

    def __init__(self) -> None:
        self._before: deque[Onset] = deque([Onset(NEVER, 60, 1, 0.0, 0.0)] * ONSETS, ONSETS)
        self._now = self._before[-1]
        self._highest = self._highest_before = 60
        self._basses: deque[float] = deque([NEVER] * BASSES, BASSES)
        self._last = NEVER
        self._struck = [NEVER] * 128
        self._classes = [NEVER] * 12
        self._quick, self._slow = [0.0] * 12, [0.0] * 12
        self._height, self._loudness = 60.0, 64.0
        self._low = 127.0
        self._resonators = np.zeros((2 * BANKS, len(PERIODS)), dtype=np.complex64)

    def hear(self, at: float, pitch: int, velocity: int) -> tuple[bool, Row]:
        """Whether this note is a new onset, and what is heard of it: a row of `FEATURES`, most within -1 to 1."""
        gap = min(at - self._last, LONGEST)
        new = at - self._now.at > CHORD_SPREAD
        self._low = min(127.0, self._low + FALL * gap)
        bass = pitch <= self._low + 1.0
        louder = max(-1.5, min(1.5, (velocity - self._loudness) / 20.0))
        place = pitch % 12
        self._quick, quick = _novelty(self._quick, place, gap / HARMONY[0])
        self._slow, slow = _novelty(self._slow, place, gap / HARMONY[1])
        if new:
            self._before.append(self._now)
            self._highest_before, self._highest = self._highest, pitch
            self._now = Onset(at, pitch, 1, louder, slow)
        else:
            self._highest = max(self._highest, pitch)
            start, low, notes, loud, fresh = self._now
            self._now = Onset(start, min(low, pitch), notes + 1, max(loud, louder), max(fresh, slow))
        now = self._now
        before = self._before[-1]
        row = [
            float(new),
            min(now.notes, 8) / 4.0 - 0.5,
            (at - now.at) / CHORD_SPREAD,
            _log(gap),
            (pitch - 60) / 24.0,
            (pitch - self._height) / 12.0,
            _within((pitch - before.low) / 12.0),
            _within((pitch - self._highest_before) / 12.0),
            float(bass),
            float(pitch >= self._highest),
            louder,
            _log(at - self._struck[pitch]),
            _log(at - self._classes[place]),
            quick,
            slow,
            now.new,
            (now.low - 48) / 24.0,
        ]
        row += [_log(at - one) for one in self._basses]
        for one in self._before:
            row += (
                _log(now.at - one.at),
                _within((now.low - one.low) / 12.0),
                min(one.notes, 8) / 4.0 - 0.5,
                one.loud,
                one.new,
            )
        row += _soft(now.at - before.at)
        row += _soft(before.at - self._before[-2].at)
        out = np.empty(FEATURES, dtype=np.float32)
        out[: len(row)] = row
        weight = 1.0 + louder / 3.0
        self._resonate(out[len(row) :], gap, (weight, weight, weight * bass, weight * slow))
        self._height += USUAL * (pitch - self._height)
        self._loudness += USUAL * (velocity - self._loudness)
        if bass:
            self._low = float(pitch)
            if at - self._basses[-1] > CHORD_SPREAD:
                self._basses.append(at)
        self._last = self._struck[pitch] = self._classes[place] = at
        return new, out

    def _resonate(self, out: Row, gap: float, weights: tuple[float, float, float, float]) -> None:
        """How far this note is in phase with those before, by bank and period; then it rings with them."""
        now = self._resonators
        now *= np.exp(_TURN * np.float32(gap))
        heard = now[:BANKS] / (now[BANKS:].real + np.float32(0.2))
        out[:] = heard.view(np.float32).reshape(-1)
        now += np.array((*weights, *weights), dtype=np.float32)[:, None]


def _novelty(ringing: list[float], place: int, gone: float) -> tuple[list[float], float]:
    """How little a pitch class was heard of late, 0 to 1; and what rings from now on."""
    kept = math.exp(-gone)
    ringing = [one * kept for one in ringing]
    total = sum(ringing)
    new = 1.0 - min(1.0, 3.0 * ringing[place] / total) if total > 0.0 else 1.0
    ringing[place] += 1.0
    return ringing, new


def _log(gap: float) -> float:
    """A gap in seconds as about -1 to 1."""
    return math.log2(max(0.01, min(gap, LONGEST)) * 3.0) / 4.5


def _within(value: float) -> float:
    return max(-1.5, min(1.5, value))


def _soft(gap: float) -> list[float]:
    """A gap shared among the two classes that it lies between."""
    row = [0.0] * GAPS
    place = max(0.0, min(GAPS - 1.001, math.log2(max(gap, SHORTEST) / SHORTEST) * STEPS))
    low = int(place)
    row[low], row[low + 1] = low + 1 - place, place - low
    return row
