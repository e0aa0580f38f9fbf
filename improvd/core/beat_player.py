"""``--sync player``: the beat is the player's own.

A tracker hears every key and goes on through answers, so that a player who returns meets the beat that was kept. Where
it isn't sure, the call is heard for its own beat, as if nothing had been played before but for the tempo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from improvd.core.beat import BeatSource
from improvd.core.events import Beats, Seconds
from improvd.core.tempo import Pulse, find_pulse, strike_times
from improvd.core.timeline import Timeline
from improvd.core.tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.ear import MakeEar
    from improvd.core.events import Note
    from improvd.core.settings import EngineSettings

SURE: Final = 0.8
"""The tracker's confidence from which its beat is better than the call's own: docs/tempo.md has the figures."""


class PlayerBeat(BeatSource):
    """The beat of what is played; the tracker's where its confidence is at least ``sure``. ``ear`` makes its ear."""

    def __init__(self, settings: EngineSettings, ear: MakeEar | None = None, sure: float = SURE) -> None:
        self._settings = settings
        self._ear = ear
        self._sure = sure
        self._tracker = self._fresh(settings)
        self._decided: Pulse | None = None

    def adopt(self, settings: EngineSettings, now: Seconds) -> None:  # noqa: ARG002  as all sources are told
        """In another metre the tracker counts anew: what it took for a beat may be none any more."""
        before, self._settings = self._settings, settings
        if (before.beats_per_bar, before.tap) != (settings.beats_per_bar, settings.tap):
            self._tracker = self._fresh(settings)

    def hear(self, at: Seconds, pitch: int, velocity: int) -> None:
        """Another onset to follow; about 0.2 ms, with an ear 0.3."""
        self._tracker.hear(at, pitch, velocity)

    def pulse(self, call: Sequence[Note], now: Seconds) -> Pulse:
        """The beat that was followed so far, or the call's own; counted from about where the call begins."""
        fixed, tap = self._settings.bpm, self._settings.tap
        found = None if fixed else self._tracked(now)
        if found is None:
            last = self._decided.timeline.bpm / tap if self._decided else None
            own = find_pulse(strike_times(call), fixed and fixed / tap, last)
            found = Pulse(Timeline(own.timeline.origin, Seconds(own.timeline.period / tap)), own.confidence)
        taps = round((call[0].onset - found.timeline.origin) / (found.timeline.period * tap))
        origin = found.timeline.time_at(Beats(taps * tap))
        return Pulse(Timeline(origin, found.timeline.period), found.confidence, step=tap)

    def known(self, now: Seconds) -> Pulse | None:
        """The beat that is followed, or while that is unsure the last answer's."""
        return self._tracked(now) or self._decided

    def decided(self, pulse: Pulse) -> None:
        """The next call is likely to be about as fast, whoever led."""
        self._decided = Pulse(pulse.timeline, pulse.confidence, step=self._settings.tap)

    def _tracked(self, now: Seconds) -> Pulse | None:
        """What the tracker follows, in quarters from its next beat; None where it isn't sure of it."""
        tracker = self._tracker
        tracker.beats(now)
        period, beat = tracker.period, tracker.next_beat
        if period is None or beat is None or tracker.confidence < self._sure:
            return None
        tap = self._settings.tap
        return Pulse(Timeline(beat, Seconds(period / tap)), tracker.confidence, step=tap)

    def _fresh(self, settings: EngineSettings) -> Tracker:
        taps = settings.beats_per_bar / settings.tap
        return Tracker(bar=round(taps) if taps == round(taps) else None, ear=self._ear() if self._ear else None)
