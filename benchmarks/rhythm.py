"""What the beat tracker knows of rhythm, counted in scores: the tables of `improvd/core/tracker_rhythm.py`.

    python benchmarks/rhythm.py CORPUS

CORPUS is a folder with a MANIFEST.csv (path, split); of its training part the scores are read (what was performed
tells no beats), as far as their first change of metre. Many begin with a pick-up that their file does not tell, which
puts every beat beside its place; so each score may be moved by a part of a beat, and then by whole beats, to where
the counts of all make it likeliest, a few times over. Prints Python. Needs `improvd[train]` (symusic).
"""

from __future__ import annotations

import argparse
import csv
import math
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import symusic

from improvd.core.tracker_rhythm import LONGEST_STEP, PLACES, SLOTS, register, size, strength

WEIGHTS = {"folk": 0.07, "lieder": 1.0, "mutopia": 2.0, "quartets": 1.0}
"""How much a score of each source counts, so that none outvotes the others by number."""
TOGETHER = 1 / 32
"""Quarters; what begins closer than this is one chord."""
ROUNDS = 5
MOVES = {0: 0.8, 12: 0.12, 6: 0.02, 18: 0.02, 8: 0.02, 16: 0.02}
"""Slots by which a score may be moved, and how likely that is before it was looked at."""
IMPOSSIBLE = -7.0
FEWEST = 24
RAREST = 0.002


class Onset(NamedTuple):
    """A chord of a score: its slot, counted from the start, and what stands out of it."""

    slot: int
    register: int
    size: int


class Score(NamedTuple):
    """The onsets of a score, how much they count in all, and the beats of its bar (0: neither 2, 3 nor 4)."""

    onsets: list[Onset]
    weight: float
    bar: int


def read(path: Path, weight: float) -> Score:
    """The score up to its first change of metre."""
    score = symusic.Score(path)
    metres = [(metre.time, metre.numerator, metre.denominator) for metre in score.time_signatures] or [(0, 4, 4)]
    _, count, unit = metres[0]
    compound = count % 3 == 0 and count > 3
    beat = score.ticks_per_quarter * 4 / unit * (3 if compound else 1)
    until = metres[1][0] if len(metres) > 1 else math.inf
    chords: list[tuple[int, list[int]]] = []
    notes = sorted((note.start, note.pitch) for track in score.tracks if not track.is_drum for note in track.notes)
    for start, pitch in notes:
        if start >= until:
            break
        if chords and start - chords[-1][0] <= TOGETHER * score.ticks_per_quarter:
            chords[-1][1].append(pitch)
        else:
            chords.append((start, [pitch]))
    onsets: list[Onset] = []
    usual = None
    for start, pitches in chords:
        place = start / beat * SLOTS
        low = min(pitches)
        onset = Onset(round(place), register(low, usual), size(len(pitches)))
        usual = low if usual is None else usual + 0.2 * (low - usual)
        if abs(place - onset.slot) <= 0.6 and (not onsets or onset.slot > onsets[-1].slot):
            onsets.append(onset)
    beats = count // 3 if compound else count
    return Score(onsets, weight / max(1, len(onsets)), beats if beats in (2, 3, 4) else 0)


class Counts:
    """How often each step is made from each slot, and what begins on each kind of place."""

    def __init__(self, scores: list[Score], moved: list[int]) -> None:
        self.steps: dict[tuple[int, int], float] = defaultdict(float)
        self.registers: dict[tuple[int, int], float] = defaultdict(lambda: 1e-6)
        self.sizes: dict[tuple[int, int], float] = defaultdict(lambda: 1e-6)
        for score, by in zip(scores, moved, strict=True):
            last = None
            for onset in score.onsets:
                here = onset.slot + by
                if here % SLOTS not in PLACES:
                    last = None
                    continue
                if last is not None:
                    self.steps[last % SLOTS, min(here - last, LONGEST_STEP)] += score.weight
                last = here
                kind = strength(here % SLOTS)
                self.registers[kind, onset.register] += score.weight
                self.sizes[kind, onset.size] += score.weight
        self._log_steps = {key: math.log(share) for key, share in shares(self.steps).items()}
        self._log_registers = {key: math.log(share) for key, share in shares(self.registers).items()}
        self._log_sizes = {key: math.log(share) for key, share in shares(self.sizes).items()}

    def likelihood(self, score: Score, by: int) -> float:
        """Log probability of a score moved by so many slots."""
        total, last = math.log(MOVES[by]), None
        for onset in score.onsets[:300]:
            here = onset.slot + by
            if here % SLOTS not in PLACES:
                total, last = total + IMPOSSIBLE, None
                continue
            if last is not None:
                step = last % SLOTS, min(here - last, LONGEST_STEP)
                total += max(self._log_steps.get(step, IMPOSSIBLE), IMPOSSIBLE)
            last = here
            kind = strength(here % SLOTS)
            total += self._log_registers.get((kind, onset.register), IMPOSSIBLE)
            total += self._log_sizes.get((kind, onset.size), IMPOSSIBLE)
        return total


def shares(counts: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    """Each count as a share of all with the same first key."""
    totals: dict[int, float] = defaultdict(float)
    for (first, _), count in counts.items():
        totals[first] += count
    return {key: count / totals[key[0]] for key, count in counts.items()}


Table = dict[tuple[int, int], float]
"""Shares of what is met on downbeats (1) and on other beats (0)."""


def bars(scores: list[Score], moved: list[int]) -> tuple[Table, Table]:
    """Register and size (0: nothing begins) on downbeats and on other beats, each score's bars begun where they fit."""
    barred = [(score, by) for score, by in zip(scores, moved, strict=True) if score.bar]
    played = []
    for score, by in barred:
        beats = {(onset.slot + by) // SLOTS: onset for onset in score.onsets if (onset.slot + by) % SLOTS == 0}
        played.append([(beat, beats.get(beat)) for beat in range(min(beats, default=0), max(beats, default=0) + 1)])
    starts = [0] * len(barred)
    for _ in range(ROUNDS):
        registers: Table = defaultdict(lambda: 1e-6)
        sizes: Table = defaultdict(lambda: 1e-6)
        for (score, _by), beats_of, start in zip(barred, played, starts, strict=True):
            for beat, onset in beats_of:
                down = int((beat - start) % score.bar == 0)
                sizes[down, onset.size if onset else 0] += score.weight
                if onset:
                    registers[down, onset.register] += score.weight
        table = shares(registers), shares(sizes)
        starts = [
            likeliest_start(score.bar, beats_of, *table) for (score, _by), beats_of in zip(barred, played, strict=True)
        ]
    return table


def likeliest_start(bar: int, beats: list[tuple[int, Onset | None]], registers: Table, sizes: Table) -> int:
    """Which of the first beats begins a bar."""
    gain = [0.0] * bar
    for beat, onset in beats[:300]:
        heard = onset.size if onset else 0
        gain[beat % bar] += math.log(sizes[1, heard] / sizes[0, heard])
        if onset:
            gain[beat % bar] += math.log(registers[1, onset.register] / registers[0, onset.register])
    return gain.index(max(gain))


def main() -> None:
    """Count, move, count again, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    corpus = parser.parse_args().corpus
    with (corpus / "MANIFEST.csv").open(encoding="utf-8") as manifest:
        rows = [row for row in csv.DictReader(manifest) if row["split"] == "train"]
    sources = [(row["path"], Path(row["path"]).parent.name) for row in rows]
    scores = [read(corpus / path, WEIGHTS[source]) for path, source in sources if source in WEIGHTS]
    scores = [score for score in scores if len(score.onsets) >= FEWEST]
    moved = [0] * len(scores)
    for _ in range(ROUNDS):
        counts = Counts(scores, moved)
        moved = [max(MOVES, key=lambda by, score=score: counts.likelihood(score, by)) for score in scores]
    counts = Counts(scores, moved)
    print(f"# {len(scores)} scores, {sum(map(bool, moved))} of them moved")
    steps = shares(counts.steps)
    print("STEPS = {")
    for place in PLACES:
        # Few begin on an eighth of a beat; who goes on from there by beats is a score that is beside its place still.
        longest = SLOTS // 2 if place % 6 == 3 else LONGEST_STEP
        row = {step: steps[at, step] for at, step in sorted(steps) if at == place and step < longest}
        row = {step: share for step, share in row.items() if share >= RAREST}
        print(f"    {place}: {{{', '.join(f'{step}: {share:.3f}' for step, share in row.items())}}},")
    print("}")
    used: dict[int, float] = defaultdict(float)
    for (at, step), count in counts.steps.items():
        used[(at + step) % SLOTS] += count
    print("USE =", {place: round(used[place] / sum(used.values()), 4) for place in PLACES})
    for name, table, values in (
        ("REGISTER", shares(counts.registers), range(5)),
        ("SIZE", shares(counts.sizes), range(1, 5)),
    ):
        print(f"{name} =", tuple(tuple(round(table[kind, value], 3) for value in values) for kind in range(3)))
    down_register, down_size = bars(scores, moved)
    for name, table, values in (("DOWN_REGISTER", down_register, range(5)), ("DOWN_SIZE", down_size, range(5))):
        print(f"{name} =", tuple(round(math.log(table[1, value] / table[0, value]), 2) for value in values))


if __name__ == "__main__":
    main()
