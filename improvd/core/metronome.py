"""Keeps time for others, by the beat as it is known: a MIDI clock with Start and Stop, and clicks.

The rules:

- Ticks come 24 to a beat, each at a time of its own: none is doubled, and none left out but after a stall.
- Where the beat proves to lie elsewhere, the ticks don't jump: they run up to ``BEND`` faster or slower until they meet
  it. A beat is a beat, so they never have farther to go than half of one.
- Start leaves between two ticks, so that the next one is the first of a bar. Stop leaves at once.
- Clicks fall on what people tap to, the first of a bar on a sound of its own; each is ended.
- After a stall longer than ``STALL`` nothing is made up for: who follows is told to start again at the next bar.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from improvd.core.events import CONTROL, NOTE_OFF, NOTE_ON, TICKS_PER_BEAT, Beats, MidiEvent, Seconds
from improvd.core.timeline import Timeline

if TYPE_CHECKING:
    from improvd.core.events import Pace

TICK, START, STOP = bytes((0xF8,)), bytes((0xFA,)), bytes((0xFC,))
BEND: Final = 0.08
"""How much faster or slower than the beat the ticks may run to meet it."""
STALL: Final = Seconds(0.1)
STRONG, WEAK = 76, 77
"""General MIDI's wood blocks, on a channel of drums."""
STRONG_VELOCITY, WEAK_VELOCITY = 112, 80
BEAT: Final = 105
"""The controller that tells a beat; it has no other meaning."""
CLICK: Final = Seconds(0.04)
"""How long a click lasts."""


class Stroke(NamedTuple):
    """One message to be sent, at the time that it was planned for; ``click``: where clicks sound."""

    event: MidiEvent
    click: bool = False


class Metronome:
    """``clock``: send ticks and transport; ``click``: click on that channel (0–15), or not at all.

    ``beat``: tell on that channel, by the controller `BEAT`, each beat's number in its bar, 0 where nobody knows.

    Not thread-safe: one thread owns it, in the ports process; nothing blocks. No time is read from a clock.
    """

    def __init__(self, *, clock: bool, click: int | None, beat: int | None = None) -> None:
        self._clock = clock
        self._beat = beat
        self._click = click
        self._pace: Pace | None = None
        self._timeline = Timeline(Seconds(0.0), Seconds(1.0))
        self._tick = 0  # the next tick, on the axis of the pace
        self._astray = 0.0  # by how many seconds the ticks were late against the beat …
        self._since = 0  # … at this tick
        self._start: int | None = None  # the tick before which Start is due; it is the first of a bar
        self._started = False
        self._sounding: tuple[Seconds, int] | None = None  # the click that sounds: when it ends, its pitch

    def follow(self, pace: Pace, now: Seconds) -> list[Stroke]:
        """The beat is known otherwise from now on; the messages that follow from that at once."""
        timeline = Timeline(pace.origin, pace.period)
        if self._pace is None:
            tick = math.ceil(timeline.beat_at(now) * TICKS_PER_BEAT)
        else:
            due = self._time(self._tick)
            beats = round(timeline.beat_at(due) - self._tick / TICKS_PER_BEAT)
            tick = self._tick + beats * TICKS_PER_BEAT
            self._astray = due - timeline.time_at(Beats(tick / TICKS_PER_BEAT))
        self._since = tick
        self._pace, self._timeline, self._tick = pace, timeline, tick
        if not pace.running:
            self._start = None
            return self._stop(now)
        if not self._started:
            self._start = self._next_bar(tick)
        return []

    def next_deadline(self) -> Seconds | None:
        """When ``due`` next has something, or None."""
        if self._pace is None:
            return None
        next_ = self._start_time() if self._start == self._tick else self._time(self._tick)
        return Seconds(next_ if self._sounding is None else min(next_, self._sounding[0]))

    def due(self, now: Seconds) -> list[Stroke]:
        """What is to be sent now, in order."""
        out: list[Stroke] = []
        if self._pace is None:
            return out
        if self._time(self._tick) < now - STALL:
            self._resume(self._pace, now)
        while (at := self.next_deadline()) is not None and at <= now:
            if self._sounding is not None and self._sounding[0] <= at:
                out += self._end_click(at)
            elif self._start == self._tick:
                self._start, self._started = None, True
                if self._clock:
                    out.append(Stroke(MidiEvent(at, START)))
            else:
                out += self._strike(self._pace, at)
                self._tick += 1
        return out

    def leave(self, now: Seconds) -> list[Stroke]:
        """Who follows is about to be another: the one before stops, and the next is to start with the next bar."""
        out = self._stop(now) + self._end_click(now)
        if self._pace is not None and self._pace.running:
            self._start = self._next_bar(self._tick)
        return out

    def close(self, now: Seconds) -> list[Stroke]:
        """The end: nothing clicks on, and who follows is told to stop."""
        self._pace = None
        return self._stop(now) + self._end_click(now)

    def _strike(self, pace: Pace, at: Seconds) -> list[Stroke]:
        """The tick that is due, and a click that falls on it."""
        out = [Stroke(MidiEvent(at, TICK))] if self._clock else []
        place, tap = self._place(pace, self._tick), round(pace.tap * TICKS_PER_BEAT)
        if self._beat is not None and pace.running and place % tap == 0:
            number = 0 if pace.downbeat is None else place // tap + 1
            out.append(Stroke(MidiEvent(at, bytes((CONTROL | self._beat, BEAT, number)))))
        if self._click is not None and pace.running and place % tap == 0:
            strong = place == 0 and pace.downbeat is not None
            pitch, velocity = (STRONG, STRONG_VELOCITY) if strong else (WEAK, WEAK_VELOCITY)
            out += self._end_click(at)
            out.append(Stroke(MidiEvent(at, bytes((NOTE_ON | self._click, pitch, velocity))), click=True))
            self._sounding = Seconds(at + CLICK), pitch
        return out

    def _end_click(self, at: Seconds) -> list[Stroke]:
        if self._sounding is None or self._click is None:
            return []
        pitch, self._sounding = self._sounding[1], None
        return [Stroke(MidiEvent(at, bytes((NOTE_OFF | self._click, pitch, 0))), click=True)]

    def _stop(self, at: Seconds) -> list[Stroke]:
        started, self._started = self._started, False
        return [Stroke(MidiEvent(at, STOP))] if started and self._clock else []

    def _resume(self, pace: Pace, now: Seconds) -> None:
        """Nobody looked for a while."""
        self._tick = math.ceil(self._timeline.beat_at(now) * TICKS_PER_BEAT)
        self._astray = 0.0
        self._started = False
        self._start = self._next_bar(self._tick) if pace.running else None

    def _time(self, tick: int) -> Seconds:
        """When a tick is due that has not come yet."""
        beat = self._timeline.time_at(Beats(tick / TICKS_PER_BEAT))
        bent = (tick - self._since) * BEND * self._timeline.period / TICKS_PER_BEAT
        return Seconds(beat + math.copysign(max(0.0, abs(self._astray) - bent), self._astray))

    def _start_time(self) -> Seconds:
        """When the next tick is the first of a bar: halfway between it and the one before."""
        return Seconds(self._time(self._tick) - 0.5 * self._timeline.period / TICKS_PER_BEAT)

    def _next_bar(self, tick: int) -> int:
        """The first tick from ``tick`` on with which a bar begins; any beat where nobody knows of bars."""
        pace = self._pace
        if pace is None:
            return tick
        if pace.first is not None:
            tick = max(tick, round(pace.first * TICKS_PER_BEAT))
        return tick + -self._place(pace, tick) % self._bar(pace)

    def _place(self, pace: Pace, tick: int) -> int:
        """How many ticks into its bar a tick lies."""
        return (tick - round((pace.downbeat or 0.0) * TICKS_PER_BEAT)) % self._bar(pace)

    @staticmethod
    def _bar(pace: Pace) -> int:
        """How many ticks there are from one beat to begin with to the next."""
        return round((pace.tap if pace.downbeat is None else pace.bar) * TICKS_PER_BEAT)
