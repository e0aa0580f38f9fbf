"""What of ours sounds when, and what must never be cut.

The rules, all kept here and nowhere else:

- A note is planned whole; its off belongs to its on. No on leaves without its off being due.
- At equal times offs go before ons.
- A pitch struck again first ends the old note; the old note's own off is then void.
- An on later than ``late_limit`` is dropped together with its off, and counted. An off is always sent.
- No note lasts longer than ``longest_note``.
- Our pedal comes up once nothing of ours sounds or is to come, however that came about.
- What the instrument sends back of ours within ``echo_window`` is an echo, not the player.
- Where the synth may be the player's own keyboard, or what they play is passed on to it, a pitch the player holds is
  theirs: no on and no off of ours for it, no CC 120 or 123 while they hold a key or the pedal, no CC 64 while they hold
  the pedal. An off so withheld follows their key's way up. What is passed on ends with us and guards nothing then.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from improvd.core.echoes import Echoes
from improvd.core.events import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL,
    NOTE_OFF,
    NOTE_ON,
    SUSTAIN,
    MidiEvent,
    PlannedNote,
    Seconds,
)
from improvd.core.foot import Foot
from improvd.core.hands import Hands
from improvd.core.sounding import Sounding

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST_NOTE = 0.01


class Instrument(Enum):
    """Whether the synth we play may be the keyboard the player plays."""

    SEPARATE = "separate"
    UNKNOWN = "unknown"
    """Virtual ports: who is at the other end can't be seen. As ``SAME`` while playing, but at the end a hanging
    note would be worse than a cut one, so every off is sent then."""
    SAME = "same"


@dataclass(frozen=True, slots=True)
class ScheduleLimits:
    """All in seconds."""

    late_limit: Seconds = Seconds(0.050)
    longest_note: Seconds = Seconds(12.0)
    echo_window: Seconds = Seconds(0.030)


class Schedule:
    """The planned and the sounding notes of one output. Not thread-safe: one thread owns it; nothing blocks.

    Used by the ports process on real time and by the rehearsal in virtual time. Times may be given in any order;
    none is read from a clock.
    """

    def __init__(
        self,
        instrument: Instrument = Instrument.SEPARATE,
        limits: ScheduleLimits | None = None,
        *,
        thru: bool = False,
    ) -> None:
        self._instrument = instrument
        self._thru = thru  # what the player's keys sound at the synth is theirs, as on an instrument of their own
        self._limits = limits or ScheduleLimits()
        self._hands = Hands()
        self._foot = Foot()
        # (time, 0 for an off and 1 for an on, key); entries that no longer hold are skipped when they come up
        self._heap: list[tuple[Seconds, int, int]] = []
        self._planned: dict[int, PlannedNote] = {}
        self._sounding = Sounding()
        self.plugged = True
        """Whether the synth is in reach."""
        self.echoes = Echoes(self._limits.echo_window)
        """What may come back of what left: of what leaves beside all that is planned here, whoever sends it says so."""
        self.late_notes = 0
        """Notes dropped because their on would have come more than ``late_limit`` late."""
        self.yielded_notes = 0
        """Notes not played because the player held that very pitch."""

    @property
    def sounding(self) -> tuple[PlannedNote, ...]:
        """The notes whose on was sent and whose off was not."""
        return tuple(self._sounding.notes.values())

    def hear(self, event: MidiEvent) -> bool:
        """Take note of a message that came in; True where the player sent it, False where it is our own echo."""
        comes_up = event.kind == NOTE_OFF and (event.channel, event.data[1]) in self._hands.keys
        if self.echoes.holds(event, comes_up=comes_up):
            return False
        self.follow(event)
        return True

    def follow(self, event: MidiEvent) -> None:
        """The player sent this."""
        self._hands.hear(event)
        if event.kind == NOTE_OFF or not self._hands.keys:
            for key in sorted(self._sounding.withheld):
                if not self._hands.holds(self._sounding.notes[key].pitch):
                    self._sounding.withheld.discard(key)
                    self._end(key, event.at)

    def play(self, notes: Iterable[PlannedNote]) -> None:
        """Plan ``notes``. One that is planned already is replaced; of one that sounds only the end may move."""
        if not self.plugged:
            return
        for note in notes:
            sounding = self._sounding.notes.get(note.key)
            onset = note.onset if sounding is None else sounding.onset
            offset = Seconds(min(max(note.offset, onset + SHORTEST_NOTE), onset + self._limits.longest_note))
            if sounding is None:
                self._planned[note.key] = replace(note, offset=offset, velocity=min(max(note.velocity, 1), 127))
                heapq.heappush(self._heap, (onset, 1, note.key))
            elif note.key not in self._sounding.withheld:
                self._end(note.key, offset)

    def release(self, now: Seconds) -> None:
        """Drop all that is planned and let all that sounds be due to end ``now``."""
        self._planned.clear()
        self._foot.release(now)
        for key in self._sounding.notes:
            if key not in self._sounding.withheld:
                self._end(key, now)

    def adopt(
        self,
        notes: Iterable[tuple[int, int]],
        now: Seconds,
        keys: Iterable[tuple[int, int]] = (),
        pedals: Iterable[int] = (),
    ) -> None:
        """Count (channel, pitch) pairs as sounding that a sender before this one left behind, and end them ``now``.

        ``keys`` (channel, pitch) and ``pedals`` (channel) are what the player holds meanwhile.
        """
        self._hands.take_over(keys, pedals, now)
        self._sounding.adopt(notes)
        self.release(now)

    def unplug(self, seen: Seconds) -> None:
        """The synth is out of reach: drop what is planned, send nothing, and owe what sounds its off until `plug`.

        It was last in reach at ``seen``: the offs sent since then may not have arrived, and are owed again.
        """
        self.plugged = False
        self._planned.clear()
        self._foot.forget()
        self._sounding.adopt(self._sounding.ended_since(seen))

    def plug(self, now: Seconds, instrument: Instrument, channels: Iterable[int] = ()) -> list[MidiEvent]:
        """The synth is in reach, and ``instrument`` what it is now. What ends everything that may sound there of ours.

        That is what a synth still sounds that went with notes of ours on, and what an improvd before this one, ended by
        force, may have left sounding on ``channels``.
        """
        self.plugged = True
        self._instrument = instrument
        self._sounding.channels.update(channels)
        return self._silence(now, guarded=self._guarded)

    def owed(self) -> list[bytes]:
        """What ends all that may sound of ours at a synth that went, and will not be the one that is played on."""
        offs = [bytes((NOTE_OFF | note.channel, note.pitch, 64)) for note in self._sounding.notes.values()]
        return offs + [bytes((CONTROL | channel, SUSTAIN, 0)) for channel in sorted(self._sounding.channels)]

    def let_go(self, now: Seconds) -> None:
        """The keyboard is out of reach: no key counts as held, and what waited for one to come up ends ``now``."""
        self._hands.let_go()
        for key in sorted(self._sounding.withheld):
            self._end(key, now)
        self._sounding.withheld.clear()

    def know(self, instrument: Instrument) -> None:
        """From now on the synth is ``instrument``: the keyboard is another, or the synth."""
        self._instrument = instrument

    def next_deadline(self) -> Seconds | None:
        """When ``due`` will next have something, or None."""
        if not self.plugged:
            return None
        while self._heap and not self._is_live(*self._heap[0]):
            heapq.heappop(self._heap)
        foot = self._foot.next_deadline(free=self._foot_is_free)
        if not self._heap:
            return foot
        return self._heap[0][0] if foot is None else Seconds(min(self._heap[0][0], foot))

    def due(self, now: Seconds) -> list[MidiEvent]:
        """The messages to be sent now, in order, each with the time it was planned for."""
        out: list[MidiEvent] = []
        while (at := self.next_deadline()) is not None and at <= now:
            if not self._heap or self._heap[0][0] > at:
                self._press(self._foot.due(at, free=self._foot_is_free), now, out)
                continue
            _, is_on, key = heapq.heappop(self._heap)
            if is_on:
                self._begin(key, now, out)
            elif self._may_end(self._sounding.notes[key]):
                self._sound_off(key, at, now, out)
            else:
                self._sounding.withheld.add(key)
        for channel in self._foot.channels:
            if not self._needs_pedal(channel):
                self._press(self._foot.lift(channel, now, free=self._foot_is_free), now, out)
        return out

    def close(self, now: Seconds) -> list[MidiEvent]:
        """The last messages: every sounding note's off, then pedal up, all sound off and all notes off.

        None where the synth is out of reach. What was passed on must have been let go of.
        """
        self._planned.clear()
        return self.leave(now)

    def leave(self, now: Seconds) -> list[MidiEvent]:
        """The same at a synth that is to be exchanged for another, at which what is planned will sound."""
        return self._silence(now, guarded=self._instrument is not Instrument.SEPARATE)

    def panic(self, now: Seconds) -> list[MidiEvent]:
        """Silence on all channels, whatever is believed to be sounding or held; nothing is planned any more.

        Where the synth is out of reach, that is what it gets once it is back.
        """
        self._planned.clear()
        self._foot.forget()
        self._hands.let_go()
        out: list[MidiEvent] = []
        if not self.plugged:
            self._sounding.channels.update(range(16))
            return out
        for key in sorted(self._sounding.notes):
            self._sound_off(key, now, now, out)
        for channel in range(16):
            for controller in (SUSTAIN, ALL_SOUND_OFF, ALL_NOTES_OFF):
                self._send(MidiEvent(now, bytes((CONTROL | channel, controller, 0))), now, out)
        return out

    def _silence(self, now: Seconds, *, guarded: bool) -> list[MidiEvent]:
        """End all that sounds; ``guarded``: what the player holds may sound there too."""
        out: list[MidiEvent] = []
        if not self.plugged:
            return out
        for key in sorted(self._sounding.notes):
            if self._instrument is not Instrument.SAME or self._may_end(self._sounding.notes[key]):
                self._sound_off(key, now, now, out)
            else:
                self._sounding.withheld.add(key)
        self._foot.forget()
        for channel in sorted(self._sounding.channels):
            # 120 and 123 would cut what the player holds by key or by pedal; every off of ours is sent already.
            if not (guarded and self._hands.pedal):
                out.append(MidiEvent(now, bytes((CONTROL | channel, SUSTAIN, 0))))
            if not (guarded and (self._hands.keys or self._hands.pedal)):
                out.append(MidiEvent(now, bytes((CONTROL | channel, ALL_SOUND_OFF, 0))))
                out.append(MidiEvent(now, bytes((CONTROL | channel, ALL_NOTES_OFF, 0))))
        return out

    def _is_live(self, at: Seconds, is_on: int, key: int) -> bool:
        if is_on:
            return key in self._planned and self._planned[key].onset == at
        return self._sounding.ends_at(key, at)

    def _may_end(self, note: PlannedNote) -> bool:
        return not (self._guarded and self._hands.holds(note.pitch))

    @property
    def _guarded(self) -> bool:
        """Whether what the player holds may sound at the synth too."""
        return self._thru or self._instrument is not Instrument.SEPARATE

    def _end(self, key: int, at: Seconds) -> None:
        self._sounding.move_end(key, at)
        heapq.heappush(self._heap, (at, 0, key))

    def _begin(self, key: int, now: Seconds, out: list[MidiEvent]) -> None:
        note = self._planned.pop(key)
        if now - note.onset > self._limits.late_limit:
            self.late_notes += 1
            return
        if not self._may_end(note):
            self.yielded_notes += 1
            return
        older = self._sounding.at(note.channel, note.pitch)
        if older is not None:
            self._sound_off(older, note.onset, now, out)
        self._sounding.begin(note)
        self._press(self._foot.strike(note, free=self._foot_is_free), now, out)
        heapq.heappush(self._heap, (note.offset, 0, key))
        self._send(MidiEvent(note.onset, bytes((NOTE_ON | note.channel, note.pitch, note.velocity))), now, out)

    def _sound_off(self, key: int, planned: Seconds, now: Seconds, out: list[MidiEvent]) -> None:
        note = self._sounding.end(key, now)
        self._send(MidiEvent(planned, bytes((NOTE_OFF | note.channel, note.pitch, 64))), now, out)

    def _needs_pedal(self, channel: int) -> bool:
        """Whether something of ours sounds there, or is to come."""
        return self._sounding.is_on(channel) or any(note.channel == channel for note in self._planned.values())

    @property
    def _foot_is_free(self) -> bool:
        """Whether no pedal of the player's may be down at the synth."""
        return not (self._guarded and self._hands.pedal)

    def _press(self, pedals: Iterable[MidiEvent], now: Seconds, out: list[MidiEvent]) -> None:
        for event in pedals:
            self._send(event, now, out)

    def _send(self, event: MidiEvent, now: Seconds, out: list[MidiEvent]) -> None:
        self.echoes.expect(event, now)
        out.append(event)
