"""The sustain pedal as we press it: renewed by the notes of an answer, and up as soon as none is left.

Legato pedalling: at a new harmony the pedal comes up with the stroke, which damps the old one, and goes down again a
moment later, which catches the new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from improvd.core.events import CONTROL, SUSTAIN, MidiEvent, Seconds

if TYPE_CHECKING:
    from improvd.core.events import PlannedNote

PRESSED_AFTER: Final = Seconds(0.060)
"""From the stroke of a new harmony until the pedal is down again."""


class Foot:
    """Where our pedals are. Owned by the schedule, on its thread; nothing blocks. Channels are 0–15.

    ``free`` is False while the player's own pedal is down at the same instrument: then no pedal of ours goes down
    there, and one that is to come up does so after theirs, which it would take away.
    """

    def __init__(self) -> None:
        self._down: set[int] = set()
        self._presses: dict[int, Seconds] = {}  # by channel, when the pedal goes down
        self._lifts: dict[int, Seconds] = {}  # of pedals that are down

    @property
    def channels(self) -> tuple[int, ...]:
        """Those on which the pedal is down, or about to be."""
        return tuple(sorted(self._down | self._presses.keys()))

    def strike(self, note: PlannedNote, *, free: bool) -> list[MidiEvent]:
        """What goes out just before a note of ours that sounds."""
        if note.pedal is None:
            return []
        lifted = self.lift(note.channel, note.onset, free=free)
        if note.pedal:
            self._presses[note.channel] = Seconds(note.onset + PRESSED_AFTER)
        return lifted

    def lift(self, channel: int, at: Seconds, *, free: bool) -> list[MidiEvent]:
        """The pedal comes up ``at`` a time, if it is down."""
        self._presses.pop(channel, None)
        if channel not in self._down:
            return []
        if not free:
            self._lifts.setdefault(channel, at)
            return []
        self._lifts.pop(channel, None)
        self._down.discard(channel)
        return [_message(channel, at, 0)]

    def release(self, now: Seconds) -> None:
        """All pedals are due to come up ``now``."""
        self._presses.clear()
        self._lifts = dict.fromkeys(self._down, now)

    def forget(self) -> None:
        """Nothing of ours is down: the synth is out of reach, or is told so otherwise."""
        self._down.clear()
        self._presses.clear()
        self._lifts.clear()

    def next_deadline(self, *, free: bool) -> Seconds | None:
        """When ``due`` will next have something, or None."""
        return min((*self._presses.values(), *(self._lifts.values() if free else ())), default=None)

    def due(self, now: Seconds, *, free: bool) -> list[MidiEvent]:
        """The messages to be sent now, each with the time that it was planned for."""
        out: list[MidiEvent] = []
        for channel, at in sorted(self._lifts.items()):
            if at <= now and free:
                out += self.lift(channel, at, free=free)
        for channel, at in sorted(self._presses.items()):
            if at <= now:
                del self._presses[channel]
                if free and channel not in self._down:
                    self._down.add(channel)
                    out.append(_message(channel, at, 127))
        return out


def _message(channel: int, at: Seconds, value: int) -> MidiEvent:
    return MidiEvent(at, bytes((CONTROL | channel, SUSTAIN, value)))
