"""Pieces made in memory."""

from __future__ import annotations

import hashlib

import numpy as np

from improvd.model.tokens import Metre, TickNotes, Vocabulary, in_order
from improvd.train.files.corpus import Entry
from improvd.train.music.reading import Piece


def notes(*events: tuple[int, int], duration: int = 12, velocity: int = 80) -> TickNotes:
    """From (onset in ticks, pitch)."""
    onset, pitch = np.array(events, dtype=np.int64).reshape(-1, 2).T
    return in_order(onset, pitch, np.full(len(onset), duration), np.full(len(onset), velocity))


def piece(music: TickNotes, *, style: str = "folk", source: str = "") -> Piece:
    rows = Vocabulary().encode(music, Metre(downbeat=0)).astype(np.uint8)
    digest = hashlib.sha256(rows.tobytes()).hexdigest()
    return Piece(Entry(f"{digest[:8]}.mid", style=style, source=source), music, rows, digest)


def tune(seed: int, count: int = 200, *, start: int = 60, step: int = 12) -> Piece:
    """A walk up and down a scale of G, half a beat a note."""
    rng = np.random.Generator(np.random.PCG64(seed))
    scale = [0, 2, 4, 5, 7, 9, 11]
    walk = np.cumsum(rng.integers(-2, 3, count))
    pitches = [start + 7 + 12 * (place // 7) + scale[place % 7] for place in np.clip(walk, -14, 14).tolist()]
    return piece(notes(*((step * number, pitch) for number, pitch in enumerate(pitches))))
