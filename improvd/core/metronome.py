"""Keeps time for others, by the beat as it is known: a MIDI clock with its transport, clicks, and each beat's number.

Ticks are a `Stride`'s, what is told of the song is a `Transport`'s, clicks are `Clicks`; here they are put in order.
After a stall longer than ``STALL`` nothing is made up for: who follows is told where it goes on, at the next bar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from improvd.core.clicks import Clicks
from improvd.core.events import CONTROL, TICKS_PER_BEAT, MidiEvent, Seconds
from improvd.core.stride import Stride
from improvd.core.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterable

    from improvd.core.events import Pace

TICK = bytes((0xF8,))
STALL: Final = Seconds(0.1)
BEAT: Final = 105
"""The controller that tells a beat; it has no other meaning."""


class Stroke(NamedTuple):
    """One message to be sent, at the time that it was planned for; ``click``: where clicks sound."""

    event: MidiEvent
    click: bool = False


class Metronome:
    """``clock``: send ticks and transport; ``click``: click on that channel (0–15), or not at all.

    ``early``: clicks leave before their beat by as much as the synth is slow. ``beat``: tell on that channel, by the
    controller `BEAT`, each beat's number in its bar, 0 where nobody knows.

    Not thread-safe: one thread owns it, in the ports process; nothing blocks. No time is read from a clock.
    """

    def __init__(self, *, clock: bool, click: int | None, early: bool = False, beat: int | None = None) -> None:
        self._clock = clock
        self._beat = beat
        self._clicking = click, early
        self._clicks = None if click is None else Clicks(click, early=early)
        self._transport = Transport()
        self._stride: Stride | None = None

    def become(
        self, now: Seconds, *, clock: bool, click: int | None, early: bool = False, beat: int | None = None
    ) -> list[Stroke]:
        """Keep time otherwise from now on, as one that is made so; the messages that follow from that at once.

        Who is sent no clock any more is told to stop. Who is sent one from now on begins a song with the next bar.
        """
        out: list[Stroke] = []
        if clock != self._clock:
            out += self._told(self._transport.close(), now)
            self._clock, self._transport = clock, Transport()
            if self._stride is not None:
                out += self._told(self._transport.follow(self._stride, 0), now)
        if (click, early) != self._clicking:
            out += self._end_click(now)
            self._clicking = click, early
            self._clicks = None if click is None else Clicks(click, early=early)
            if self._clicks is not None and self._stride is not None:
                self._clicks.follow(self._stride, 0, now)
        self._beat = beat
        return out

    def follow(self, pace: Pace, now: Seconds) -> list[Stroke]:
        """The beat is known otherwise from now on; the messages that follow from that at once."""
        if self._stride is None:
            self._stride, shift = Stride(pace, now), 0
        else:
            shift = self._stride.follow(pace, now)
        if self._clicks is not None:
            self._clicks.follow(self._stride, shift, now)
        return self._told(self._transport.follow(self._stride, shift), now)

    def next_deadline(self) -> Seconds | None:
        """When ``due`` next has something, or None."""
        if self._stride is None:
            return None
        tick, told = self._stride.time(self._stride.tick), self._transport.next_deadline(self._stride)
        clicked = None if self._clicks is None else self._clicks.next_deadline(self._stride)
        return min(at for at in (tick, told, clicked) if at is not None)

    def due(self, now: Seconds) -> list[Stroke]:
        """What is to be sent now, in order."""
        out: list[Stroke] = []
        stride = self._stride
        if stride is None:
            return out
        if stride.time(stride.tick) < now - STALL:
            out += self._resume(stride, now)
        while (at := self.next_deadline()) is not None and at <= now:
            if at == self._transport.next_deadline(stride):
                out += self._told([self._transport.due()], at)
            elif at == stride.time(stride.tick):
                out += self._tick(stride, at)
                stride.tick += 1
            elif self._clicks is not None:
                out += _clicks(self._clicks.due(stride, at))
        return out

    def leave(self, now: Seconds) -> list[Stroke]:
        """Who follows is about to be another: the one before stops, and the next goes on with the next bar."""
        if self._stride is None:
            return []
        return self._told(self._transport.again(self._stride), now) + self._end_click(now)

    def close(self, now: Seconds) -> list[Stroke]:
        """The end: nothing clicks on, and who follows is told to stop."""
        self._stride = None
        return self._told(self._transport.close(), now) + self._end_click(now)

    def _tick(self, stride: Stride, at: Seconds) -> list[Stroke]:
        """The tick that is due, and the beat that falls on it."""
        out = self._told([TICK], at)
        place, tap = stride.place(stride.tick), round(stride.pace.tap * TICKS_PER_BEAT)
        if self._beat is not None and stride.pace.running and place % tap == 0:
            number = 0 if stride.pace.downbeat is None else place // tap + 1
            out.append(Stroke(MidiEvent(at, bytes((CONTROL | self._beat, BEAT, number)))))
        return out

    def _end_click(self, at: Seconds) -> list[Stroke]:
        return [] if self._clicks is None else _clicks(self._clicks.end(at))

    def _resume(self, stride: Stride, now: Seconds) -> list[Stroke]:
        """Nobody looked for a while."""
        stride.skip(now)
        if self._clicks is not None:
            self._clicks.skip(stride, now)
        return self._told(self._transport.again(stride), now)

    def _told(self, messages: Iterable[bytes], at: Seconds) -> list[Stroke]:
        """What only those are told who follow a clock, if we send one."""
        return [Stroke(MidiEvent(at, data)) for data in messages] if self._clock else []


def _clicks(events: Iterable[MidiEvent]) -> list[Stroke]:
    return [Stroke(event, click=True) for event in events]
