"""What the ear learns from: scores and songs played as people play, heard note by note, each note's place known.

A row to a note is what `improvd.ear` hears of it, beside what a filter that follows makes of it; a sequence is a
stretch of one performance. Players stop at times and come in again, on their beat or anywhere, as they do around an
answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import figuration
import numpy as np
import performers
import songs

from improvd.core.ear import Heard
from improvd.core.events import Seconds
from improvd.core.tracker import Tracker
from improvd.core.tracker_stance import NUMBERS
from improvd.ear.features import FEATURES, Listening
from improvd.train.files import corpus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Rng = np.random.Generator

SHARES = {"lieder": 0.22, "mutopia": 0.36, "quartets": 0.06, "folk": 0.08, "freedoom": 0.03, "": 0.25}
"""How often each folder of the corpus is drawn from; "" stands for the songs made up."""
DRESSED = 0.45
"""How often a score is given figures that it doesn't have (`figuration.py`)."""
INTERRUPTED = 0.25
"""How often a player stops now and then."""
LENGTH = 640
"""Notes of each sequence."""
PLACES = (0, 1 / 2, 1 / 4, 3 / 4, 1 / 3, 2 / 3)
"""Places in the beat to tell apart; two more classes stand for all others, and for what isn't written."""
CHORD_NOTE = 0.6
"""How much a later note of a chord counts, against the first."""


class Sequences(NamedTuple):
    """Notes to learn from, (`LENGTH`,) or (sequences, `LENGTH`); of what is heard, and of the stance, columns.

    Where ``weight`` is 0 is none.
    """

    heard: NDArray[np.float16]
    stance: NDArray[np.float16]
    weight: NDArray[np.float16]
    place: NDArray[np.int8]
    """Classes; 0 is on the beat."""
    period: NDArray[np.float16]
    """Of the beat there, in seconds."""
    phase: NDArray[np.float16]
    """How much of the beat is gone, 0 to 1."""


@dataclass
class Overheard:
    """An ear that keeps the stance that it is told; what it says is nothing to learn from."""

    stance: Sequence[float] = ()

    def hear(self, _at: float, _pitch: int, _velocity: int, stance: Sequence[float]) -> Heard:
        """Always the same."""
        self.stance = stance
        return Heard(0.0, 0.6, 0.0, 0.0, 0.0)


def scores(folder: str) -> dict[str, dict[str, list[performers.Score]]]:
    """By split, "train" and "valid", and by folder, the scores of a corpus that have beats."""
    found: dict[str, dict[str, list[performers.Score]]] = {"train": {}, "valid": {}}
    for entry in corpus.find([folder]):
        name = Path(entry.path).parent.name
        if entry.split in found and name in SHARES and (score := performers.score(Path(entry.path))) is not None:
            found[entry.split].setdefault(name, []).append(score)
    return found


def drawn(some: dict[str, list[performers.Score]], count: int, seed: int, processes: int) -> Iterator[Sequences]:
    """``count`` sequences, one by one, each a stretch of another performance; other processes draw them ahead."""
    seeds = np.random.SeedSequence(seed).spawn(count)
    with Pool(processes, _to_draw_from.update, (some,)) as pool:
        yield from pool.imap(_drawn, seeds, chunksize=4)


_to_draw_from: dict[str, list[performers.Score]] = {}
"""In a process that draws, the scores, handed over once."""


def _drawn(seed: np.random.SeedSequence) -> Sequences:
    return draw(_to_draw_from, seed)


def draw(some: dict[str, list[performers.Score]], seed: np.random.SeedSequence) -> Sequences:
    """A stretch of one performance."""
    rng = np.random.default_rng(seed)
    names = [name for name in SHARES if not name or name in some]
    share = np.array([SHARES[name] for name in names])
    name = str(rng.choice(names, p=share / share.sum()))
    score = some[name][rng.integers(len(some[name]))] if name else songs.song(rng)
    if name and rng.random() < DRESSED:
        score = figuration.figured(score, rng)
    performance = performers.perform(score, rng, steady=not name)
    known = labels(performance)
    onset = performance.played.onset
    if rng.random() < INTERRUPTED:
        onset = interrupted(onset, known[1], rng)
    count = len(onset)
    start = 0 if rng.random() < 0.3 or count < LENGTH + 50 else int(rng.integers(0, count - LENGTH + 1))
    out = room()
    listening, overheard = Listening(), Overheard([0.0] * NUMBERS)
    tracker = Tracker(ear=overheard)
    for row, index in enumerate(range(start, min(count, start + LENGTH))):
        note = float(onset[index]), int(performance.played.pitch[index]), int(performance.played.velocity[index])
        new, out.heard[row] = listening.hear(*note)
        tracker.hear(Seconds(note[0]), *note[1:])
        out.stance[row] = overheard.stance
        out.weight[row] = 1.0 if new else CHORD_NOTE
        for column, values in zip(out[3:], known, strict=True):
            column[row] = values[index]
    return out


def room(*sequences: int) -> Sequences:
    """Room for sequences, without any notes."""
    shape = (*sequences, LENGTH)
    return Sequences(
        np.zeros((*shape, FEATURES), np.float16),
        np.zeros((*shape, NUMBERS), np.float16),
        np.zeros(shape, np.float16),
        np.zeros(shape, np.int8),
        np.ones(shape, np.float16),
        np.zeros(shape, np.float16),
    )


def labels(performance: performers.Performance) -> tuple[NDArray[np.generic], ...]:
    """For each note: the class of its place, the period of the beat there in seconds, and how much of it is gone.

    What isn't written is where it was struck.
    """
    beats = performance.beats
    count = np.arange(len(beats))
    struck = np.interp(performance.played.onset, beats, count)
    span = np.minimum(struck + 1, len(beats) - 1) - np.maximum(struck - 1, 0)
    period = (np.interp(struck + 1, count, beats) - np.interp(struck - 1, count, beats)) / np.maximum(span, 0.5)
    written = ~np.isnan(performance.place)
    at = np.where(written, performance.place, struck)
    place = np.full(len(at), len(PLACES))
    for index, one in enumerate(PLACES):
        place[np.abs((at - one + 0.5) % 1 - 0.5) < 0.021] = index
    place[~written] = len(PLACES) + 1
    return place, period, at % 1


def interrupted(onset: NDArray[np.float64], period: NDArray[np.float64], rng: Rng) -> NDArray[np.float64]:
    """Onsets with silences put in: whole beats for most, any time for the others."""
    later = np.zeros(len(onset))
    for note in np.flatnonzero(rng.random(len(onset)) < rng.choice([0.003, 0.01, 0.02])):
        if note and onset[note] - onset[note - 1] > 0.08:  # not within a chord
            beats = int(rng.choice([2, 4, 4, 8, 8, 16]))
            later[note:] += beats * period[note] if rng.random() < 0.7 else rng.uniform(0.5, 15.0)
    return np.asarray(onset + later)
