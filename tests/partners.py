"""Players and partners that need no model: what the tests of the duet are played with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from improvd.core.events import CONTROL, NOTE_OFF, NOTE_ON, SUSTAIN, BeatNote, Beats, Continuation, MidiEvent, Seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from improvd.core.events import Generate, Sent


def keys(*played: tuple[float, float, int] | tuple[float, float, int, int]) -> list[MidiEvent]:
    """(key down, key up, pitch[, velocity]) -> the messages, in order of time."""
    events = []
    for down, up, pitch, *velocity in played:
        events.append(MidiEvent(Seconds(down), bytes((NOTE_ON, pitch, *(velocity or [80])))))
        events.append(MidiEvent(Seconds(up), bytes((NOTE_OFF, pitch, 0))))
    return sorted(events, key=lambda event: event.at)


def pedal(at: float, *, down: bool) -> MidiEvent:
    return MidiEvent(Seconds(at), bytes((CONTROL, SUSTAIN, 127 if down else 0)))


def scale(start: float, step: float, count: int, held: float = 0.8, low: int = 60) -> list[MidiEvent]:
    """``count`` even notes, each held for a part of ``step``."""
    return keys(*((start + i * step, start + (i + held) * step, low + i % 12) for i in range(count)))


def strikes(sent: Iterable[Sent]) -> list[tuple[float, int]]:
    """(time, pitch) of the note-ons that were sent."""
    return [(round(message.planned, 6), message.data[1]) for message in sent if message.data[0] & 0xF0 == NOTE_ON]


PEDAL = -1


def hanging(sent: Iterable[Sent]) -> set[tuple[int, int]]:
    """(channel, pitch) of notes that were struck and not ended; a second strike without an off fails.

    A sustain pedal that stayed down is (channel, `PEDAL`).
    """
    sounding: set[tuple[int, int]] = set()
    for message in sent:
        kind, key = message.data[0] & 0xF0, (message.data[0] & 0x0F, message.data[1])
        if kind == NOTE_ON:
            assert key not in sounding
            sounding.add(key)
        elif kind == NOTE_OFF:
            sounding.remove(key)
        elif kind == CONTROL and message.data[1] == SUSTAIN:
            (sounding.add if message.data[2] else sounding.discard)((key[0], PEDAL))
    return sounding


@dataclass
class Steady:
    """Answers each request with a note every ``every`` beats from its start, ``latency`` after it was asked."""

    latency: float = 0.02
    step: Seconds = Seconds(0.000_1)
    every: float = 0.5
    asked: list[Generate] = field(default_factory=list)

    def answer(self, asked_at: Seconds, request: Generate) -> tuple[Seconds, Continuation]:
        self.asked.append(request)
        notes: list[BeatNote] = []
        while (onset := Beats(request.start + len(notes) * self.every)) < request.until:
            length = Beats(min(self.every * 0.9, request.end - onset))
            notes.append(BeatNote(onset, length, 60 + len(notes) % 12, 80))
        return Seconds(asked_at + self.latency), Continuation(request.turn, request.segment, tuple(notes))
