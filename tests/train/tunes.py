"""Pieces with their labels, made for a test, and shards of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from improvd.model.tokens import BEAT, Metre, TickNotes, Vocabulary, in_order
from improvd.train.intake import shards
from improvd.train.intake.shards import Labelled, Notes

if TYPE_CHECKING:
    from pathlib import Path

FREE = Metre(beat_known=False)
ON_THE_BEAT = Metre(downbeat=0)


def climbing(count: int = 40, low: int = 60) -> TickNotes:
    """Eighths whose pitches say where in the piece a note stands."""
    number = np.arange(count, dtype=np.int64)
    return in_order(number * 12, low + number % 24, np.full(count, 12), np.full(count, 70))


def wandering(seed: int, count: int = 64) -> TickNotes:
    """Notes and chords up and down a scale, another tune for each seed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
    onset = np.cumsum(rng.choice([0, 6, 12, 12, 24], count))
    place = np.clip(np.cumsum(rng.integers(-2, 3, count)) + 4, 0, 7)
    return in_order(onset, 60 + scale[place], rng.choice([6, 12, 24], count), rng.integers(40, 100, count))


def held(notes: TickNotes, metre: Metre = FREE) -> Notes:
    """A piece as a shard has it."""
    return Notes(
        notes.onset.astype(np.int32),
        notes.duration.astype(np.int32),
        notes.pitch.astype(np.uint8),
        notes.velocity.astype(np.uint8),
        Vocabulary().encode(notes, metre)[:, BEAT:].astype(np.uint8),
        np.array([0, len(notes)]),
    )


def piece(
    number: int,
    notes: TickNotes | None = None,
    *,
    style: str = "folk",
    source: str = "",
    split: str = "train",
    metre: Metre = ON_THE_BEAT,
) -> Labelled:
    notes = wandering(number) if notes is None else notes
    return Labelled(f"{number:040x}", held(notes, metre), source or style, style, split)


def shard(folder: Path, *pieces: Labelled) -> str:
    return shards.write(str(folder), pieces)
