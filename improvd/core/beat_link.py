"""``--sync link``: the beat is that of an Ableton Link session, in tempo and phase, and answers begin on its bars.

    mode      what ends it                                                      next
    FREE      the session starts                                                PLAYING
    PLAYING   the session stops: all that sounds of ours ends, nobody answers   STOPPED
    STOPPED   the session starts                                                PLAYING
              the last of the others has gone: nobody is there to start it      FREE

Many who share a beat never start or stop it, so until somebody does, the music is on. A session is never gone: alone,
we keep its tempo and its beat, and whoever comes joins them. Between two readings the beat is the last one's, gone on
with. Where it proves to lie whole beats elsewhere, only bars move, and an answer plays on.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from improvd.core.beat import BeatSource
from improvd.core.beat_player import PlayerBeat
from improvd.core.events import Beats, Seconds
from improvd.core.settings import Sync
from improvd.core.tempo import Pulse
from improvd.core.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.ear import MakeEar
    from improvd.core.events import LinkState, Note
    from improvd.core.settings import EngineSettings


class Mode(Enum):
    """Whether the music is on; the rules stand at the top of this file."""

    FREE = "free"
    PLAYING = "playing"
    STOPPED = "stopped"


class LinkBeat(BeatSource):
    """The beat of a Link session; until the first reading of it, the player's."""

    def __init__(self, settings: EngineSettings, ear: MakeEar | None = None) -> None:
        self._settings = settings
        self._player = PlayerBeat(settings, ear)
        self._timeline: Timeline | None = None  # on an axis of our own, which no jump of whole beats moves
        self._ahead = Beats(0.0)  # how many beats the session's own count is ahead of that axis
        self._mode = Mode.FREE
        self.peers: int | None = None

    def adopt(self, settings: EngineSettings, now: Seconds) -> None:
        """The session's tempo is set where it is read, not here."""
        self._settings = settings
        self._player.adopt(settings, now)

    def hear(self, at: Seconds, pitch: int, velocity: int) -> None:
        """Followed too, for as long as nothing of the session was read."""
        self._player.hear(at, pitch, velocity)

    def hear_link(self, state: LinkState) -> bool:
        """The session was read; True where it has stopped."""
        alone = bool(self.peers) and not state.peers
        self.peers = state.peers
        period = Seconds(60.0 / state.bpm)
        if self._timeline is not None:
            went_on = self._timeline.beat_at(state.at) + self._ahead
            self._ahead = Beats(self._ahead + round(state.beat - went_on))
        self._timeline = Timeline(Seconds(state.at - (state.beat - self._ahead) * period), period)
        was_stopped = self.stopped()
        if state.playing is not None:
            self._mode = Mode.PLAYING if state.playing else Mode.STOPPED
        if alone and self.stopped():
            self._mode = Mode.FREE
        return self.stopped() and not was_stopped

    def pulse(self, call: Sequence[Note], now: Seconds) -> Pulse:
        """The session's beat."""
        return self._session() or self._player.pulse(call, now)

    def known(self, now: Seconds) -> Pulse | None:
        """The session's beat."""
        return self._session() or self._player.known(now)

    def follow(self, pulse: Pulse) -> Pulse:
        """The same beats where the session puts them now."""
        if pulse.sync is not Sync.LINK or self._timeline is None:
            return pulse
        return replace(pulse, timeline=self._timeline)

    def leader(self) -> Sync:
        """The session, once it was read."""
        return Sync.PLAYER if self._timeline is None else Sync.LINK

    def stopped(self) -> bool:
        """From the session's stop to its start."""
        return self._mode is Mode.STOPPED

    def _session(self) -> Pulse | None:
        if self._timeline is None:
            return None
        bar = self._settings.beats_per_bar
        return Pulse(self._timeline, 1.0, downbeat=Beats(-self._ahead), step=bar, sync=Sync.LINK)
