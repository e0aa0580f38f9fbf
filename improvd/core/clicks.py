"""A metronome's clicks: on what people tap to, the first of a bar on a sound of its own, each of them ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from improvd.core.events import NOTE_OFF, NOTE_ON, MidiEvent, Seconds

if TYPE_CHECKING:
    from improvd.core.stride import Stride

STRONG, WEAK = 76, 77
"""General MIDI's wood blocks, on a channel of drums."""
STRONG_VELOCITY, WEAK_VELOCITY = 112, 80
LENGTH: Final = Seconds(0.04)
"""How long a click lasts."""
TOO_LATE: Final = Seconds(0.1)
"""A click that should have come so long ago is left out."""


class Clicks:
    """On ``channel`` (0–15). Pure; one thread owns it.

    ``early``: they sound on the synth, and leave as much before their beat as it is slow.
    """

    def __init__(self, channel: int, *, early: bool) -> None:
        self._channel = channel
        self._early = early
        self._tick: int | None = None  # clicks on ticks before this one are past
        self._sounding: tuple[Seconds, int] | None = None  # the click that sounds: when it ends, its pitch

    def follow(self, stride: Stride, shift: int, now: Seconds) -> None:
        """The beat is known otherwise, each tick's number having grown by ``shift``."""
        self._tick = stride.tick if self._tick is None else self._tick + shift
        self.skip(stride, now)

    def skip(self, stride: Stride, now: Seconds) -> None:
        """What should have sounded a while ago is past."""
        if self._tick is not None:
            while self._time(stride, tap := stride.next_tap(self._tick)) < now - TOO_LATE:
                self._tick = tap + 1

    def next_deadline(self, stride: Stride) -> Seconds | None:
        """When ``due`` next has something, or None."""
        ends = None if self._sounding is None else self._sounding[0]
        if self._tick is None or not stride.pace.running:
            return ends
        begins = max(stride.known_at, self._time(stride, stride.next_tap(self._tick)))
        return begins if ends is None else min(begins, ends)

    def due(self, stride: Stride, at: Seconds) -> list[MidiEvent]:
        """What is due ``at`` the deadline."""
        if self._sounding is not None and self._sounding[0] <= at:
            return self.end(at)
        tap = stride.next_tap(self._tick or 0)
        self._tick = tap + 1
        strong = stride.place(tap) == 0 and stride.pace.downbeat is not None
        pitch, velocity = (STRONG, STRONG_VELOCITY) if strong else (WEAK, WEAK_VELOCITY)
        ended = self.end(at)
        self._sounding = Seconds(at + LENGTH), pitch
        return [*ended, MidiEvent(at, bytes((NOTE_ON | self._channel, pitch, velocity)))]

    def end(self, at: Seconds) -> list[MidiEvent]:
        """No click sounds on."""
        if self._sounding is None:
            return []
        pitch, self._sounding = self._sounding[1], None
        return [MidiEvent(at, bytes((NOTE_OFF | self._channel, pitch, 0)))]

    def _time(self, stride: Stride, tick: int) -> Seconds:
        return Seconds(stride.time(tick) - (stride.pace.latency if self._early else 0.0))
