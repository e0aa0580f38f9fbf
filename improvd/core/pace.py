"""Where the beat is, as whoever sends clock and clicks is told: once, and again only where it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.events import Pace
from improvd.core.settings import Sync
from improvd.core.tempo import DEFAULT_BPM

if TYPE_CHECKING:
    from improvd.core.arrangement import Arrangement
    from improvd.core.events import Seconds
    from improvd.core.tempo import Pulse


class PaceKeeper:
    """Knows the beat as it was known at last. One thread owns it, the engine's; nothing here blocks."""

    def __init__(self, arrangement: Arrangement) -> None:
        self._arrangement = arrangement
        self.beat: Pulse | None = None
        """The beat as known last; None until one is for the first time."""
        self._told: Pace | None = None

    @property
    def bpm(self) -> float:
        """The tempo as last known, in quarter notes a minute."""
        return self.beat.timeline.bpm if self.beat else self._arrangement.settings.bpm or DEFAULT_BPM

    def tell(self, now: Seconds) -> list[Pace]:
        """Tell where the beat is, where that is known otherwise than before."""
        source, settings = self._arrangement.source, self._arrangement.settings
        known = source.known(now)
        self.beat = known or self.beat
        if self.beat is None:
            return []
        # A clock that has just gone on leads, and its beat is not known yet: nobody is to follow the one before.
        led = (known.sync if known else Sync.PLAYER) is source.leader()
        pace = Pace(
            origin=self.beat.timeline.origin,
            period=self.beat.timeline.period,
            bar=settings.beats_per_bar,
            tap=settings.tap,
            downbeat=self.beat.downbeat,
            first=source.first,
            running=led and not source.stopped(),
            song=self.beat.downbeat if self.beat.sync is Sync.CLOCK else None,
            latency=settings.output_latency,
        )
        if pace == self._told:
            return []
        self._told = pace
        return [pace]
