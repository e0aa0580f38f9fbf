"""How duet leaves room: where and how much improvd plays beside players made up for it, who play and pause.

    python benchmarks/duet.py [--model default] [--seconds 60] [--seed 1]

Each player plays a walk on the C major scale at 100 bpm: sparse in quarters or dense in sixteenths, low or high, on and
on or in turns of eight beats. Told are notes a beat: theirs while they play, ours meanwhile and in their pauses, both
together while they play; of our notes the share within the compass of theirs of the last four beats, and the share
outside of it, but within an octave and a fourth of their middle; and how far ours are from that, in semitones (median).
With the engine and the improviser of `improvd run`.
"""

from __future__ import annotations

import argparse
import random
from statistics import median
from typing import Final, NamedTuple

from improvd.core.events import NOTE_OFF, NOTE_ON, MidiEvent, Seconds
from improvd.core.settings import EngineSettings, Mode
from improvd.model.bundle import load
from improvd.model.places import find
from improvd.rehearsal.partner import VirtualPartner
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Stage

BEAT: Final = 0.6
TURN: Final = 8.0
LATELY: Final = 4.0
SETTLED: Final = 8.0
"""Beats until both have found in."""
SCALE: Final = (0, 2, 4, 5, 7, 9, 11)


class Someone(NamedTuple):
    """A player: the step between notes in beats, the pitch they walk about, and whether they pause every other turn."""

    step: float
    middle: int
    pauses: bool

    def plays(self, beat: float) -> bool:
        """Whether they play there."""
        return not self.pauses or int(beat // TURN) % 2 == 0

    def notes(self, beats: float, rng: random.Random) -> list[tuple[float, int]]:
        """(beat, pitch) of what they play."""
        degree, found, beat = 0, [], 0.0
        while beat < beats:
            if self.plays(beat):
                degree = max(-5, min(5, degree + rng.choice((-2, -1, 1, 2))))
                octave, tone = divmod(degree, len(SCALE))
                found.append((beat, self.middle + 12 * octave + SCALE[tone]))
            beat += self.step
        return found


PLAYERS: Final = {
    f"{name}, {where}, {how}": Someone(step, middle, pauses)
    for name, step in (("sparse", 1.0), ("in eighths", 0.5), ("dense", 0.25))
    for where, middle in (("low", 48), ("high", 67))
    for how, pauses in (("on and on", False), ("in turns", True))
}


def main() -> None:
    """Play, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    partner = VirtualPartner(load(find(options.model)))
    columns = ("player", "theirs", "ours meanwhile", "in pauses", "together", "within theirs", "just outside", "apart")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for name, someone in PLAYERS.items():
        rng = random.Random(options.seed)
        beats = options.seconds / BEAT
        theirs = someone.notes(beats, rng)
        events = [MidiEvent(Seconds(1 + beat * BEAT), bytes((NOTE_ON, pitch, 75))) for beat, pitch in theirs]
        for beat, pitch in theirs:
            events.append(MidiEvent(Seconds(1 + (beat + 0.9 * someone.step) * BEAT), bytes((NOTE_OFF, pitch, 0))))
        events.sort(key=lambda event: (event.at, event.kind == NOTE_ON))
        settings = EngineSettings(mode=Mode.DUET, seed=options.seed)
        sent = Stage(Player(events), partner, settings).perform().sent
        ours = [((one.planned - 1) / BEAT, one.data[1]) for one in sent if one.data[0] & 0xF0 == NOTE_ON]
        ours = [(beat, pitch) for beat, pitch in ours if SETTLED <= beat < beats]
        playing = sum(someone.plays(beat / 4) for beat in range(int(4 * SETTLED), int(4 * beats))) / 4
        pausing = beats - SETTLED - playing
        meanwhile = sum(someone.plays(beat) for beat, _ in ours)
        told = sum(beat >= SETTLED for beat, _ in theirs) / playing
        inside = near = 0
        apart = []
        for beat, pitch in ours:
            lately = [other for at, other in theirs if beat - LATELY <= at <= beat]
            if not lately:
                continue
            apart.append(abs(pitch - sum(lately) / len(lately)))
            inside += min(lately) <= pitch <= max(lately)
            near += not min(lately) <= pitch <= max(lately) and apart[-1] <= 17
        pauses = f"{(len(ours) - meanwhile) / pausing:.2f}" if pausing else "–"
        print(
            f"| {name} | {told:.2f} | {meanwhile / playing:.2f} | {pauses} | {told + meanwhile / playing:.2f}"
            f" | {inside / max(1, len(apart)):.2f} | {near / max(1, len(apart)):.2f} | {median(apart or [0]):.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
