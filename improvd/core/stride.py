"""The ticks of the beat as they fall for others, 24 to a beat: each at a time of its own, and none ever jumps.

Where the beat proves to lie elsewhere, the ticks run up to ``BEND`` faster or slower until they meet it. A beat is a
beat, so they never have farther to go than half of one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from improvd.core.events import TICKS_PER_BEAT, Beats, Seconds
from improvd.core.timeline import Timeline

if TYPE_CHECKING:
    from improvd.core.events import Pace

BEND: Final = 0.08
"""How much faster or slower than the beat the ticks may run to meet it."""


class Stride:
    """One walk along the beat; ``tick`` is the next to fall, on the axis of the pace. Pure; one thread owns it."""

    def __init__(self, pace: Pace, now: Seconds) -> None:
        self.pace = pace
        self._timeline = Timeline(pace.origin, pace.period)
        self._astray = 0.0  # by how many seconds the ticks were late against the beat …
        self._since = 0  # … at this tick
        self.known_at = now  # nothing that follows from the beat as known now is due before
        self.tick = self._next(now)

    def follow(self, pace: Pace, now: Seconds) -> int:
        """The beat is known otherwise from now on. By how much the number of each tick grows by it."""
        self.known_at = now
        due = self.time(self.tick)
        self.pace, self._timeline = pace, Timeline(pace.origin, pace.period)
        beats = round(self._timeline.beat_at(due) - self.tick / TICKS_PER_BEAT)
        shift = beats * TICKS_PER_BEAT
        self.tick += shift
        self._since = self.tick
        self._astray = due - self._timeline.time_at(Beats(self.tick / TICKS_PER_BEAT))
        return shift

    def skip(self, now: Seconds) -> None:
        """Nobody looked for a while: go on with what falls next."""
        self.tick = self._next(now)
        self._astray = 0.0

    def time(self, tick: int) -> Seconds:
        """When a tick is due; of one that has come, about when it was."""
        beat = self._timeline.time_at(Beats(tick / TICKS_PER_BEAT))
        bent = max(0, tick - self._since) * BEND * self._timeline.period / TICKS_PER_BEAT
        return Seconds(beat + math.copysign(max(0.0, abs(self._astray) - bent), self._astray))

    def before(self, tick: int) -> Seconds:
        """A time between a tick and the one that comes before it, so that a message then is about that tick."""
        return max(Seconds(self.time(tick) - 0.5 * self._timeline.period / TICKS_PER_BEAT), self.known_at)

    def place(self, tick: int) -> int:
        """How many ticks into its bar a tick lies; into its tap, where nobody knows of bars."""
        return (tick - round((self.pace.downbeat or 0.0) * TICKS_PER_BEAT)) % self.bar

    def next_bar(self, tick: int) -> int:
        """The first tick from ``tick`` on with which a bar begins, no earlier than the music."""
        if self.pace.first is not None:
            tick = max(tick, round(self.pace.first * TICKS_PER_BEAT))
        return tick + -self.place(tick) % self.bar

    def next_tap(self, tick: int) -> int:
        """The first tick from ``tick`` on that people tap to; the last tap of a bar may be cut short."""
        place = self.place(tick)
        return tick + min(-place % round(self.pace.tap * TICKS_PER_BEAT), -place % self.bar)

    @property
    def bar(self) -> int:
        """How many ticks there are from one beat to begin with to the next."""
        return round((self.pace.tap if self.pace.downbeat is None else self.pace.bar) * TICKS_PER_BEAT)

    def _next(self, now: Seconds) -> int:
        return math.ceil(self._timeline.beat_at(now) * TICKS_PER_BEAT)
