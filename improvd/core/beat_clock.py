"""``--sync clock``: the beat is a MIDI clock's, in tempo and phase, and answers begin on its bars.

    mode      what ends it                                                      next
    ABSENT    a tick: a clock that says no more than that is running            RUNNING
              Start, Continue                                                   RUNNING
    RUNNING   Stop: all that sounds of ours ends, and nobody answers            STOPPED
              no sign for ``SILENCE``: the cable is out, and the player leads   GONE
    GONE      a tick: the song went on meanwhile; Start, Continue               RUNNING
              Stop                                                              STOPPED
    STOPPED   Start, Continue                                                   RUNNING

The tick after Start is the first of the song, the one after Continue goes on where Stop or Song Position left it.
Song Position while it runs says where the next tick lies; only bars move by it, and an answer plays on.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from improvd.core.beat import BeatSource
from improvd.core.beat_player import PlayerBeat
from improvd.core.events import TICKS_PER_BEAT, Beats, Seconds
from improvd.core.settings import Sync
from improvd.core.tempo import Pulse
from improvd.core.ticks import TickFollower

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.ear import MakeEar
    from improvd.core.events import MidiEvent, Note
    from improvd.core.settings import EngineSettings

SONG_POSITION, START, CONTINUE, STOP = 0xF2, 0xFA, 0xFB, 0xFC
TICKS_PER_POSITION: Final = 6
"""Song Position counts sixteenths."""
SILENCE: Final = Seconds(0.6)
"""A clock that is silent so long is gone: five ticks at 20 beats a minute."""
LOOSE: Final = Seconds(0.010)
"""With beats known no better than this, confidence is a half."""


class Mode(Enum):
    """What the clock does; the rules stand at the top of this file."""

    ABSENT = "absent"
    RUNNING = "running"
    GONE = "gone"
    STOPPED = "stopped"


class ClockBeat(BeatSource):
    """The beat of a clock; where there is none, the player's."""

    def __init__(self, settings: EngineSettings, ear: MakeEar | None = None) -> None:
        self._settings = settings
        self._player = PlayerBeat(settings, ear)
        self._ticks = TickFollower()
        self._mode = Mode.ABSENT
        self._heard_of = Seconds(0.0)  # when the clock last gave a sign
        self._ahead = 0  # how many ticks the song is ahead of the count of ticks
        self._position = 0  # the tick of the song to go on from

    def begin(self, now: Seconds) -> None:
        """The player leads until there is a clock."""
        self._player.begin(now)

    def adopt(self, settings: EngineSettings, now: Seconds) -> None:
        """The clock's tempo is not for us to set."""
        self._settings = settings
        self._player.adopt(settings, now)

    def on_time(self, now: Seconds) -> None:
        """A clock that is silent for too long is gone."""
        if self._mode is Mode.RUNNING and now >= self._heard_of + SILENCE:
            self._mode = Mode.GONE

    def hear(self, at: Seconds, pitch: int, velocity: int) -> None:
        """Followed too, for when the clock is gone."""
        self._player.hear(at, pitch, velocity)

    def hear_ticks(self, ticks: Sequence[Seconds]) -> None:
        """Follow them; about 30 µs a tick."""
        for at in ticks:
            if self._mode is Mode.ABSENT:
                self._ahead = -self._ticks.next_count
            if self._mode is not Mode.STOPPED:
                self._mode = Mode.RUNNING
            self._ticks.hear(at)
        if ticks:
            self._heard_of = Seconds(max(self._heard_of, ticks[-1]))

    def hear_transport(self, event: MidiEvent) -> bool:
        """Start, Continue, Stop, Song Position."""
        status = event.data[0] if event.data else 0
        if status == SONG_POSITION and len(event.data) == 3:
            self._position = (event.data[1] | event.data[2] << 7) * TICKS_PER_POSITION
            if self._mode is Mode.RUNNING:
                self._ahead = self._position - self._ticks.next_count
            return False
        if status not in (START, CONTINUE, STOP):
            return False
        if status == STOP:
            self._pause()
            self._mode = Mode.STOPPED
            return True
        self._pause()
        if status == START:
            self._position = 0
        # Its ticks need not keep the phase that they had before.
        self._ticks.restart()
        self._ahead = self._position - self._ticks.next_count
        self._mode = Mode.RUNNING
        self._heard_of = event.at
        return True

    def pulse(self, call: Sequence[Note], now: Seconds) -> Pulse:
        """The clock's beat where it runs; else the call's."""
        return self._clock() or self._player.pulse(call, now)

    def known(self, now: Seconds) -> Pulse | None:
        """The clock's beat where it runs; else the player's."""
        return self._clock() or self._player.known(now)

    def decided(self, pulse: Pulse) -> None:
        """For the player who leads once the clock is gone, a call is likely to be as fast as it was."""
        self._player.decided(pulse)

    def follow(self, pulse: Pulse) -> Pulse:
        """The same beats where the clock puts them now."""
        followed = self._ticks.followed
        if pulse.sync is not Sync.CLOCK or followed is None:
            return pulse
        return replace(pulse, timeline=followed.timeline)

    def leader(self) -> Sync:
        """The clock, unless it is not there."""
        return Sync.CLOCK if self._mode in (Mode.RUNNING, Mode.STOPPED) else Sync.PLAYER

    def stopped(self) -> bool:
        """From Stop to Start or Continue."""
        return self._mode is Mode.STOPPED

    def next_deadline(self) -> Seconds | None:
        """When a clock that runs is gone unless it ticks before."""
        return Seconds(self._heard_of + SILENCE) if self._mode is Mode.RUNNING else None

    def _pause(self) -> None:
        """Remember where in the song it is."""
        if self._mode in (Mode.RUNNING, Mode.GONE):
            self._position = self._ticks.next_count + self._ahead

    def _clock(self) -> Pulse | None:
        followed = self._ticks.followed
        if self._mode is not Mode.RUNNING or followed is None:
            return None
        return Pulse(
            followed.timeline,
            LOOSE / (LOOSE + followed.error),
            downbeat=Beats(-self._ahead / TICKS_PER_BEAT),
            step=self._settings.beats_per_bar,
            sync=Sync.CLOCK,
        )
