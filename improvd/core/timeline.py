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

    def next_beat(self, after: Seconds, step: Beats = Beats(1.0), phase: Beats = Beats(0.0)) -> Beats:
        """The first beat no earlier than ``after``, of those ``step`` apart that ``phase`` is one of: each whole one.

        Compared in seconds: beat to second to beat falls short by a rounding step too often to be compared in beats.
        """
        count = math.ceil((self.beat_at(after) - phase) / step)
        while self.time_at(Beats(phase + (count - 1) * step)) >= after:
            count -= 1
        while self.time_at(Beats(phase + count * step)) < after:
            count += 1
        return Beats(phase + count * step)
