"""Someone who plays for as long as one likes: phrases in keys and tempos of their own, with pauses, pedal and slips."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from improvd.core.events import CONTROL, NOTE_OFF, NOTE_ON, SUSTAIN, MidiEvent, Seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

SCALE = (0, 2, 4, 5, 7, 9, 11)
STEPS = (0.25, 0.5, 0.5, 1.0, 1.0, 1.5)
"""Beats from one onset to the next."""


def plays(seconds: float, seed: int) -> list[MidiEvent]:
    """What is played in so many seconds, in order of time."""
    chance = random.Random(seed)  # noqa: S311  music, not secrets
    events: list[MidiEvent] = []
    now = 1.0
    while now < seconds:
        phrase = list(_phrase(now, chance))
        events += phrase
        # Sometimes into the answer, sometimes after it, sometimes after coffee.
        now = phrase[-1].at + chance.choice([0.3, 2.0, 6.0, 12.0, 12.0, 300.0 if chance.random() < 0.1 else 20.0])
    return sorted(events, key=lambda event: event.at)


def _phrase(start: float, chance: random.Random) -> Iterator[MidiEvent]:
    beat, tonic, degree = 60.0 / chance.uniform(60, 160), chance.randint(48, 66), chance.randint(0, 7)
    pedal, at, last = chance.random() < 0.2, start, start
    if pedal:
        yield _at(at, CONTROL, SUSTAIN, 127)
    for _ in range(chance.randint(1, 40)):
        length = chance.choice(STEPS) * beat
        degree = min(14, max(0, degree + chance.randint(-2, 2)))
        onset = at + chance.gauss(0, 0.01) if at > start else at
        for step in (0, 2, 4) if chance.random() < 0.15 else (0,):
            octave, place = divmod(degree + step, len(SCALE))
            pitch = tonic + 12 * octave + SCALE[place]
            yield _at(onset, NOTE_ON, pitch, chance.randint(30, 110))
            off = onset + length * chance.uniform(0.3, 0.95)
            if chance.random() > 0.001:  # else its message gets lost on the way
                yield _at(off, NOTE_OFF, pitch, 0)
            last = max(last, off)
        at += length
    if pedal:
        yield _at(last + 0.05, CONTROL, SUSTAIN, 0)


def _at(at: float, kind: int, first: int, second: int) -> MidiEvent:
    return MidiEvent(Seconds(max(at, 0.0)), bytes([kind, first, second]))
