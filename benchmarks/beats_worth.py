"""Whether beats that are not sure are worth giving: bits a note with and without them, by how far they are trusted.

    python benchmarks/beats_worth.py CORPUS

CORPUS is a folder of MIDI, scores and performances without beats of their own, with a manifest. Intervals and durations
are foretold from what came before (the place in the beat, then one and two notes; interpolated as Witten and Bell do),
counted on scores and on half of the performances, measured on the other half, and then the other way round. Bits are
exact: an id that stands for several lengths costs what tells them apart.

Any grid makes notes cheaper, since it moves them. So beats are weighed against false ones, as far apart as the found
ones are in the middle, but steady: what true beats save beyond those they save by being true.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
from beats import played

from improvd.model.tokens import BEAT, BEAT_UNKNOWN, DURATION, INTERVAL, SIZES, WIDTHS, Vocabulary
from improvd.train.files import corpus
from improvd.train.music import beats, beats_grid, midi
from improvd.train.music.beats import Beats
from improvd.train.music.skipped import SkippedError

if TYPE_CHECKING:
    from improvd.train.music.clean import Played

EVERY = 12
"""One in so many scores is enough to learn what is usual."""
TRUST = (0.0, 0.3, 0.45, 0.6, 0.75, 0.9, 1.01)
GRIDS = ("none", "false", "found")


class Foretelling:
    """Counts of what came after each context, from none to the whole of it."""

    def __init__(self, attribute: int) -> None:
        self._size = SIZES[attribute]
        self._width = np.log2(WIDTHS[attribute])
        self._counts: dict[tuple[int, ...], dict[int, int]] = defaultdict(lambda: defaultdict(int))

    def bits(self, context: tuple[int, ...], value: int) -> float:
        """What a value costs, before it is learnt."""
        chance = 1 / self._size
        for length in range(len(context) + 1):
            seen = self._counts[context[:length]]
            if seen:
                total = sum(seen.values()) + len(seen)
                chance = (seen.get(value, 0) + len(seen) * chance) / total
            seen[value] += 1
        return float(-np.log2(chance) + self._width[value])


def cost(rows: np.ndarray, interval: Foretelling, duration: Foretelling) -> np.ndarray:
    """Bits of the interval and the duration of each note but the first two; all are learnt."""
    out = []
    for two, one, now in zip(rows.tolist(), rows[1:].tolist(), rows[2:].tolist(), strict=False):
        bits = interval.bits((one[BEAT], one[INTERVAL], two[INTERVAL]), now[INTERVAL])
        out.append(bits + duration.bits((now[BEAT], now[INTERVAL], one[DURATION]), now[DURATION]))
    return np.array(out)


def laid(notes: Played, grid: Beats | None) -> np.ndarray:
    """Rows of ids of notes on a grid."""
    with mock.patch.object(beats, "find", return_value=grid):
        return Vocabulary().encode(*beats_grid.on_grid(notes))


def false(found: Beats, rng: np.random.Generator) -> Beats:
    """Steady beats from anywhere."""
    period = float(np.median(np.diff(found.times)))
    times = np.arange(found.times[0] - period * rng.random(), found.times[-1] + period, period)
    return Beats(times, np.ones(len(times) - 1), np.ones(len(times) - 1, dtype=bool))


def gathered(folder: str) -> tuple[list[np.ndarray], list[Played]]:
    """Rows of scores, and performances."""
    scores, performances = [], []
    for number, entry in enumerate(corpus.find([folder])):
        if entry.split != "test":
            try:
                heard = midi.read(Path(entry.path))
                rows = Vocabulary().encode(heard.notes, heard.metre)
            except SkippedError:
                continue
            if "performance" in entry.style or (rows[:, BEAT] == BEAT_UNKNOWN).any():
                performances.append(played(Path(entry.path)))
            elif number % EVERY == 0:
                scores.append(rows)
    return scores, performances


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    scores, performances = gathered(parser.parse_args().corpus)
    rng = np.random.default_rng(1)
    trust: list[np.ndarray] = []
    grids: dict[str, list[np.ndarray]] = {name: [] for name in GRIDS}
    for notes in performances:
        found = beats.find(notes)
        if found is None:
            continue
        everywhere = replace(found, known=np.ones(len(found.known), dtype=bool))
        rows = {"none": laid(notes, None), "false": laid(notes, false(found, rng)), "found": laid(notes, everywhere)}
        fewest = min(len(one) for one in rows.values())  # unisons become one note, on some grids more than on others
        for name in GRIDS:
            grids[name].append(rows[name][:fewest])
        number = np.searchsorted(found.times, notes.onset, side="right") - 1
        trust.append(found.trust[np.clip(number, 0, len(found.trust) - 1)][2:fewest])
    costs: dict[str, list[np.ndarray]] = {name: [np.empty(0)] * len(trust) for name in GRIDS}
    for name in GRIDS:
        for half in (0, 1):
            interval, duration = Foretelling(INTERVAL), Foretelling(DURATION)
            for rows in [*scores, *grids[name][1 - half :: 2]]:
                cost(rows, interval, duration)
            for which in range(half, len(trust), 2):
                costs[name][which] = cost(grids[name][which], interval, duration)
    trusted = np.concatenate(trust)
    every = {name: np.concatenate(costs[name]) for name in GRIDS}
    print(f"{len(scores)} scores, {len(trust)} performances\n")
    print("| trusted | notes | no beats | false beats | found beats |")
    print("|---|---:|---:|---:|---:|")
    for low, high in [*pairwise(TRUST), (0.0, 1.01)]:
        some = (trusted >= low) & (trusted < high)
        if some.any():
            bits = " | ".join(f"{every[name][some].mean():.2f}" for name in GRIDS)
            print(f"| {low:.2f} to {min(high, 1):.2f} | {some.sum():,} | {bits} |")


if __name__ == "__main__":
    main()
