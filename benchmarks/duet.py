"""How duet leaves room: where and how much improvd plays beside players who know nothing of it.

    python benchmarks/duet.py [FOLDER] [--model default] [--beats 60] [--seed 1]

Players made up for it, at 100 bpm: walks on the C major scale in quarters, eighths or sixteenths, low or high, on and
on or in turns of eight beats; chords; two hands; hands that wander over the keyboard; and who plays faster and faster.
With FOLDER the beginnings of its performances are played (all its MIDI files), in beats as improvd hears them.

Told are notes a beat, a chord of theirs being one: theirs, and ours in beats in which they strike nothing, up to once,
up to twice, more often; of our notes the share within the compass of theirs of the last two beats, and the share closer
than four semitones to one of these that still sounds or is a beat old; and how far ours are from their middle, in
semitones (median). With the engine and the improviser of `improvd run`.
"""

from __future__ import annotations

import argparse
import random
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Final

from improvd.core.events import NOTE_OFF, NOTE_ON, MidiEvent, Note, Seconds
from improvd.core.settings import EngineSettings, Mode
from improvd.core.tempo import CHORD_SPREAD
from improvd.model.bundle import load
from improvd.model.places import find
from improvd.rehearsal.partner import VirtualPartner
from improvd.rehearsal.player import Player, read_midi
from improvd.rehearsal.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BEAT: Final = 0.6
TURN: Final = 8.0
LATELY: Final = 2.0
SETTLED: Final = 8.0
"""Beats until both have found in."""
NEAR: Final = 4
SCALE: Final = (0, 2, 4, 5, 7, 9, 11)
CLASSES: Final = ("in none", "to 1", "to 2", "more")

Struck = tuple[float, int]
"""A beat and a pitch."""


def walk(rng: random.Random, middle: int) -> Iterator[int]:
    """Pitches about ``middle``, of C major."""
    degree = 0
    while True:
        degree = max(-5, min(5, degree + rng.choice((-2, -1, 1, 2))))
        octave, tone = divmod(degree, len(SCALE))
        yield middle + 12 * octave + SCALE[tone]


def line(step: float, middle: int, *, pauses: bool = False) -> Callable[[random.Random], Iterator[Struck]]:
    """A line with a note each ``step`` beats; whoever ``pauses`` leaves out every other turn."""

    def play(rng: random.Random) -> Iterator[Struck]:
        for index, pitch in enumerate(walk(rng, middle)):
            if not (pauses and int(index * step // TURN) % 2):
                yield index * step, pitch

    return play


def chords(rng: random.Random) -> Iterator[Struck]:
    """Four voices in quarters."""
    for beat, root in enumerate(walk(rng, 48)):
        yield from ((float(beat), root + up) for up in (0, 7, 12, 16))


def two_hands(rng: random.Random) -> Iterator[Struck]:
    """A bass in halves, a melody in eighths."""
    melody, bass = walk(rng, 72), walk(rng, 41)
    for index in count():
        if index % 4 == 0:
            yield index / 2, next(bass)
        yield index / 2, next(melody)


def wanderer(rng: random.Random) -> Iterator[Struck]:
    """Eighths, from the low end of the keyboard to the high one and back in 32 beats."""
    for index, pitch in enumerate(walk(rng, 0)):
        way = index / 32 % 2
        yield index / 2, 42 + pitch + round(42 * (way if way < 1 else 2 - way))


def faster(rng: random.Random) -> Iterator[Struck]:
    """From a note in two beats to eight a beat, and anew."""
    beat = 0.0
    for pitch in walk(rng, 60):
        yield beat, pitch
        beat += 2.0 / 2.0 ** int(beat / 4 % 5)


PLAYERS: Final = {
    **{
        f"{name}, {where}, {how}": line(step, middle, pauses=pauses)
        for name, step in (("quarters", 1.0), ("eighths", 0.5), ("sixteenths", 0.25))
        for where, middle in (("low", 48), ("high", 67))
        for how, pauses in (("on and on", False), ("in turns", True))
    },
    "chords": chords,
    "two hands": two_hands,
    "a wanderer": wanderer,
    "faster and faster": faster,
}


@dataclass
class Figures:
    """Of one player or several; by class of beat, how many there were and how many notes of ours."""

    beats: list[int] = field(default_factory=lambda: [0] * len(CLASSES))
    ours: list[int] = field(default_factory=lambda: [0] * len(CLASSES))
    theirs: int = 0
    apart: list[float] = field(default_factory=list)
    inside: int = 0
    near: int = 0

    def add(self, theirs: Sequence[Note], ours: Sequence[tuple[float, int]], period: float) -> None:
        """What both played, in seconds, with beats of ``period``."""
        onsets = [note.onset for note in theirs]
        struck = onsets[:1] + [later for at, later in pairwise(onsets) if later - at > CHORD_SPREAD]
        first, end = onsets[0] + SETTLED * period, onsets[-1]
        for beat in range(int((end - first) / period)):
            begin = first + beat * period
            busy = bisect_left(struck, begin + period - 0.01) - bisect_left(struck, begin - 0.01)
            kind = min(busy, len(CLASSES) - 1)
            self.theirs += busy
            self.beats[kind] += 1
            self.ours[kind] += sum(begin - 0.01 <= at < begin + period - 0.01 for at, _ in ours)
        for at, pitch in ours:
            lately = [note for note in theirs if at - LATELY * period <= note.onset <= at]
            if not lately or not first <= at < end:
                continue
            pitches = [note.pitch for note in lately]
            self.apart.append(abs(pitch - mean(pitches)))
            self.inside += min(pitches) <= pitch <= max(pitches)
            self.near += any(
                abs(pitch - note.pitch) < NEAR and (note.offset > at or note.onset > at - period) for note in lately
            )

    def __str__(self) -> str:
        """As a cell of each column of the table."""
        each = " | ".join(
            f"{ours / beats:.2f}" if beats else "–" for ours, beats in zip(self.ours, self.beats, strict=True)
        )
        told = max(1, len(self.apart))
        return (
            f"{self.theirs / max(1, sum(self.beats)):.2f} | {each} | {self.inside / told:.2f} | {self.near / told:.2f}"
            f" | {median(self.apart or [0]):.0f}"
        )


def made_up(player: Callable[[random.Random], Iterator[Struck]], beats: float, seed: int) -> list[MidiEvent]:
    """So many beats of somebody's, as a keyboard sends them."""
    struck: list[Struck] = []
    for one in player(random.Random(seed)):
        if one[0] >= beats:
            break
        struck.append(one)
    onsets = sorted({beat for beat, _ in struck})
    until = dict(pairwise([*onsets, beats]))
    events = []
    for beat, pitch in struck:
        held = min(1.0, until[beat] - beat) * 0.9
        events.append(MidiEvent(Seconds(1 + beat * BEAT), bytes((NOTE_ON, pitch, 75))))
        events.append(MidiEvent(Seconds(1 + (beat + held) * BEAT), bytes((NOTE_OFF, pitch, 0))))
    return sorted(events, key=lambda event: (event.at, event.kind == NOTE_ON))


def notes_of(events: Sequence[MidiEvent]) -> list[Note]:
    """The notes that messages make, in order of onset."""
    down: dict[int, MidiEvent] = {}
    notes = []
    for event in events:
        if event.kind in (NOTE_ON, NOTE_OFF):
            before = down.pop(event.data[1], None)
            if before is not None:
                notes.append(Note(before.at, event.at, event.data[1], before.data[2]))
            if event.kind == NOTE_ON:
                down[event.data[1]] = event
    return sorted(notes, key=lambda note: note.onset)


def main() -> None:
    """Play, and print a line for each player, and one for all performances."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--model", default="default")
    parser.add_argument("--beats", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    partner = VirtualPartner(load(find(options.model)))
    settings = EngineSettings(mode=Mode.DUET, seed=options.seed)

    def perform(events: list[MidiEvent], figures: Figures, period: float | None = None) -> None:
        performance = Stage(Player(events), partner, settings).perform()
        ours = [(float(one.planned), one.data[1]) for one in performance.sent if one.data[0] & 0xF0 == NOTE_ON]
        heard = median(turn.bpm for turn in performance.turns) if performance.turns else 60 / BEAT
        figures.add(notes_of(events), ours, period or 60 / heard)

    columns = ("player", "theirs", *(f"ours, {name}" for name in CLASSES), "within", "near", "apart")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for name, player in PLAYERS.items():
        figures = Figures()
        perform(made_up(player, options.beats, options.seed), figures, BEAT)
        print(f"| {name} | {figures} |", flush=True)
    if options.folder:
        figures = Figures()
        for path in sorted(options.folder.glob("*.mid")):
            events = [event for event in read_midi(path) if event.at < options.beats * BEAT]
            perform(events, figures)
        print(f"| performances | {figures} |", flush=True)


if __name__ == "__main__":
    main()
