"""``--sync internal``: improvd leads. The beat is steady from a count-in on, and the player follows its click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from improvd.core.beat import BeatSource
from improvd.core.events import Beats, Seconds
from improvd.core.settings import Sync
from improvd.core.tempo import DEFAULT_BPM, Pulse
from improvd.core.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.ear import MakeEar
    from improvd.core.events import Note
    from improvd.core.settings import EngineSettings

BREATH: Final = Beats(0.2)
"""From the moment that the duet is on to the count-in; less than any tap, so that no click comes before it."""


class OurBeat(BeatSource):
    """A steady beat of our own; beat 0, a downbeat, follows on the count-in."""

    first = Beats(0.0)

    def __init__(self, settings: EngineSettings, ear: MakeEar | None = None) -> None:  # noqa: ARG002  as all sources
        self._settings = settings
        self._timeline: Timeline | None = None

    def begin(self, now: Seconds) -> None:
        """Count in from now."""
        self._timeline = self._from(now)

    def adopt(self, settings: EngineSettings, now: Seconds) -> None:
        """Another tempo holds from now on, without a jump; in another metre a bar begins with the next beat."""
        before, self._settings = self._settings, settings
        if self._timeline is None:
            return
        if before.beats_per_bar != settings.beats_per_bar:
            beat = self._timeline.next_beat(now)
            self._timeline = Timeline(self._timeline.time_at(beat), self._timeline.period)
        beat = self._timeline.beat_at(now)
        self._timeline = Timeline(Seconds(now - beat * self._period), self._period)

    def pulse(self, call: Sequence[Note], now: Seconds) -> Pulse:  # noqa: ARG002  whatever was played
        """Ours."""
        return self._pulse(self._timeline or self._from(now))

    def known(self, now: Seconds) -> Pulse | None:  # noqa: ARG002  it never changes
        """Ours, once the duet is on."""
        return self._pulse(self._timeline) if self._timeline else None

    def _pulse(self, timeline: Timeline) -> Pulse:
        bar = self._settings.beats_per_bar
        return Pulse(timeline, 1.0, downbeat=Beats(0.0), step=bar, sync=Sync.INTERNAL)

    def _from(self, now: Seconds) -> Timeline:
        beats = BREATH + self._settings.count_in * self._settings.beats_per_bar
        return Timeline(Seconds(now + beats * self._period), self._period)

    def leader(self) -> Sync:
        """We lead."""
        return Sync.INTERNAL

    @property
    def _period(self) -> Seconds:
        return Seconds(60.0 / (self._settings.bpm or DEFAULT_BPM))
