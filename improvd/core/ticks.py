"""The ticks of a MIDI clock, 24 a beat, followed through jitter, ticks that get lost, and changes of tempo.

A loop that is locked in phase, as in a radio, here as a Kalman filter over (when the last tick should have come, the
period of a tick), both uncertain. How far a tick may stray is taken to be as with Student's distribution: near the
middle a tick counts in full, an outlier for little. Beside the likeliest reading of the stream a few others are kept,
each a filter of its own: one tick was lost, or several; one came too many; the tempo has jumped. A jitter of 5 ms at
174 beats a minute is a third of a tick's period, so no single tick can tell these apart, but the next few do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from improvd.core.events import TICKS_PER_BEAT, Seconds
from improvd.core.timeline import Timeline

SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
SHORTEST = 60.0 / FASTEST_BPM / TICKS_PER_BEAT
LONGEST = 60.0 / SLOWEST_BPM / TICKS_PER_BEAT
JITTER = 0.003
"""Seconds; how exactly ticks come (standard deviation, near the middle)."""
TAILS = 4.0
"""Degrees of freedom of Student's distribution: the fewer, the likelier are ticks that come very late."""
WANDER = 0.0005
"""How much a tempo changes in a second, as a share of it: a memory of about a second. A steady ramp of 10 bpm a minute
lags by 1.4 ms so."""
JUMP = 0.1
"""How much a tempo changes where it jumps, as a share of it (standard deviation)."""
LOST, EXTRA, JUMPED = math.log(1e-3), math.log(1e-4), math.log(1e-3)
"""How likely it is with each tick that one before it was lost, that it is one too many, that the tempo jumped."""
SETTLED = 8
"""Ticks in a row before any of that is thought of: the tempo is not known well enough before."""
READINGS = 6
"""How many readings of the stream are kept."""
LIKE = 0.1
"""Readings that differ by less than this part of a tick's period are the same."""


class _Reading(NamedTuple):
    """One way to read the stream: a filter, and how likely it is (a logarithm, up to a constant)."""

    score: float
    number: int
    """The number of the last tick."""
    at: float
    """When it should have come."""
    period: float
    at_variance: float
    covariance: float
    period_variance: float

    def next(self, steps: int) -> _Reading:
        """As it stands ``steps`` ticks later, before anything is heard."""
        span = steps * self.period
        wander = (WANDER * self.period) ** 2 * span
        return self._replace(
            number=self.number + steps,
            at=self.at + span,
            at_variance=self.at_variance + steps * (2.0 * self.covariance + steps * self.period_variance),
            covariance=self.covariance + steps * self.period_variance,
            period_variance=self.period_variance + wander,
        )

    def jumped(self) -> _Reading:
        """Had the tempo changed at once, one tick ago."""
        change = (JUMP * self.period) ** 2
        return self._replace(
            score=self.score + JUMPED,
            at_variance=self.at_variance + change,
            covariance=self.covariance + change,
            period_variance=self.period_variance + change,
        )

    def heard(self, at: float) -> _Reading | None:
        """With the tick that was expected now heard ``at`` a time; None where no clock would be that fast or slow."""
        error = at - self.at
        variance = self.at_variance + JITTER * JITTER
        far = error * error / variance
        score = self.score - 0.5 * math.log(variance) - 0.5 * (TAILS + 1.0) * math.log1p(far / TAILS)
        # An outlier is heard as if it were less exact.
        noise = JITTER * JITTER * max(1.0, (TAILS + far) / (TAILS + 1.0))
        total = self.at_variance + noise
        gain, turn = self.at_variance / total, self.covariance / total
        period = self.period + turn * error
        if not SHORTEST <= period <= LONGEST:
            return None
        return _Reading(
            score,
            self.number,
            self.at + gain * error,
            period,
            self.at_variance * (1.0 - gain),
            self.covariance * (1.0 - gain),
            self.period_variance - turn * self.covariance,
        )

    def is_like(self, other: _Reading) -> bool:
        """Whether both say the same, now and for the next beat."""
        near = LIKE * self.period
        return (
            self.number == other.number
            and abs(self.at - other.at) < near
            and abs(self.period - other.period) * TICKS_PER_BEAT < near
        )


@dataclass(frozen=True, slots=True)
class Followed:
    """A clock as it is known: beat 0 of ``timeline`` is the tick that was numbered 0.

    ``error`` is the standard deviation of where its beats are put, in seconds.
    """

    timeline: Timeline
    count: int
    """The number of the last tick."""
    error: Seconds


class TickFollower:
    """Follows one stream of ticks. Pure; one thread owns it; a tick costs about 30 µs."""

    def __init__(self) -> None:
        self._readings: list[_Reading] = []
        self._run = 0  # ticks since the phase was begun anew
        self._last = -math.inf
        self._tempo: tuple[float, float] | None = None  # period and its variance, from before the phase was lost
        self._next = 0  # the number of the next tick, where there is no reading

    @property
    def followed(self) -> Followed | None:
        """The clock as known now; None before its tempo can be told."""
        if not self._readings or (self._run < 2 and self._tempo is None):
            return None
        best = self._readings[0]
        origin = Seconds(best.at - best.number * best.period)
        timeline = Timeline(origin, Seconds(best.period * TICKS_PER_BEAT))
        return Followed(timeline, best.number, Seconds(math.sqrt(best.at_variance)))

    @property
    def next_count(self) -> int:
        """The number that the next tick will have, unless one is lost."""
        return self._readings[0].number + 1 if self._readings else self._next

    def restart(self) -> None:
        """The clock was stopped or started: its next tick may come at any time, its tempo is about what it was."""
        if self._readings:
            best = self._readings[0]
            self._tempo = best.period, best.period_variance + (0.02 * best.period) ** 2
            self._next = best.number + 1
        self._readings = []
        self._run = 0

    def hear(self, at: Seconds) -> None:
        """A tick came."""
        at = Seconds(max(at, self._last))
        self._last = at
        self._run += 1
        if not self._readings:
            self._begin(at)
            return
        heard = [read for branch in self._branches(at) if (read := branch.heard(at)) is not None]
        heard += self._extra(at)
        if not heard:  # a tempo that no clock has: another stream than before
            self.restart()
            self._tempo = None
            self.hear(at)
            return
        self._keep(heard)

    def _begin(self, at: Seconds) -> None:
        if self._tempo is None:
            # Any tempo: the next tick says which.
            period, variance = math.sqrt(SHORTEST * LONGEST), (LONGEST / 2.0) ** 2
        else:
            period, variance = self._tempo
        self._readings = [_Reading(0.0, self._next, at, period, JITTER * JITTER, 0.0, variance)]

    def _branches(self, at: Seconds) -> list[_Reading]:
        """What the tick may be, by every reading: the next one, or one after some that were lost; a jump."""
        branches = [reading.next(1) for reading in self._readings]
        if self._run <= SETTLED:
            return branches
        best = self._readings[0]
        branches.append(best.jumped().next(1))
        for reading in self._readings:
            late = (at - reading.at) / reading.period
            steps = max(2, round(late))
            if late > 1.4:
                branches.append(reading.next(steps)._replace(score=reading.score + LOST))
        return branches

    def _extra(self, at: Seconds) -> list[_Reading]:
        """The readings by which this tick is one too many: nothing is learnt from it."""
        if self._run <= SETTLED:
            return []
        chance = EXTRA - 0.5 * math.log(JITTER * JITTER)
        return [
            reading._replace(score=reading.score + chance)
            for reading in self._readings
            if at - reading.at < 0.6 * reading.period
        ]

    def _keep(self, readings: list[_Reading]) -> None:
        """The likeliest, no two of them alike, scores counted from the best one's."""
        readings.sort(reverse=True)
        kept: list[_Reading] = []
        for reading in readings:
            if not any(reading.is_like(other) for other in kept):
                kept.append(reading)
            if len(kept) == READINGS:
                break
        self._readings = [reading._replace(score=reading.score - kept[0].score) for reading in kept]
