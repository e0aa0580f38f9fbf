"""Seconds to beats and back, as an immutable value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from improvd.core.events import Beats, Seconds


@dataclass(frozen=True, slots=True)
class Timeline:
    """A steady beat: beat 0 falls at ``origin``, one beat lasts ``period`` seconds."""

    origin: Seconds
    period: Seconds

    @property
    def bpm(self) -> float:
        """Beats a minute."""
        return 60.0 / self.period

    def beat_at(self, at: Seconds) -> Beats:
        """The beat, whole or not, that falls at a time."""
        return Beats((at - self.origin) / self.period)

    def time_at(self, beat: Beats) -> Seconds:
        """When a beat falls."""
        return Seconds(self.origin + beat * self.period)

    def next_beat(self, after: Seconds) -> Beats:
        """The first whole beat that falls no earlier than ``after``.

        Compared in seconds: beat to second to beat falls short by a rounding step too often to be compared in beats.
        """
        beat = math.ceil((after - self.origin) / self.period)
        while self.time_at(Beats(beat - 1)) >= after:
            beat -= 1
        while self.time_at(Beats(beat)) < after:
            beat += 1
        return Beats(float(beat))
