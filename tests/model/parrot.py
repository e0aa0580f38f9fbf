"""A model that knows one piece by heart and nothing else: wherever it hears a note of it, it goes on with it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from improvd.model import originality
from improvd.model.tokens import DURATION, INTERVAL, PITCH, SIZES, VELOCITY, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.model.originality import Filter

SURE = 14.0
"""How much likelier than any other the right id is, in nats."""
REMEMBERED = 6
"""Notes by which it finds its place, at most."""


def melody(seed: int, count: int) -> np.ndarray:
    """Rows of a line that wanders within an octave and a half, in quavers, crotchets and semiquavers."""
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = np.zeros((count, 7), dtype=np.int64)
    walk = 60 + np.cumsum(rng.choice([-4, -3, -2, -1, 1, 2, 3, 4, 5], count))
    rows[:, PITCH] = 55 + np.abs((walk - 55) % 36 - 18)
    rows[:, INTERVAL] = rng.choice([6, 12, 12, 24], count)
    rows[0, INTERVAL] = SIZES[INTERVAL]
    rows[:, DURATION], rows[:, VELOCITY] = 5, 10
    return rows


class ByHeart:
    """In place of a network: sure of what comes next in its piece."""

    def __init__(self, piece: np.ndarray) -> None:
        self._piece = piece
        known = list(zip(piece[:, INTERVAL].tolist(), piece[:, PITCH].tolist(), strict=True))
        # The number of the note that comes after some last ones; of the first of these only the pitch counts.
        self._after: dict[tuple[object, ...], int] = {}
        for length in range(1, REMEMBERED + 1):
            for at in range(len(known) - length):
                self._after.setdefault(_key(known[at : at + length]), at + length)
        self._heard: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)

    def begin(self, style: int) -> None:  # noqa: ARG002  a network's
        self._heard.clear()

    def hear(self, ids: Sequence[int]) -> None:
        if ids[PITCH] < SIZES[PITCH]:
            self._heard.append((ids[INTERVAL], ids[PITCH]))

    def logits(self, head: int, chosen: Sequence[int]) -> np.ndarray:  # noqa: ARG002  a network's
        heard = list(self._heard)
        places = (self._after.get(_key(heard[first:])) for first in range(len(heard)))
        row = self._piece[next((place for place in places if place is not None), 1)]
        out = np.zeros(SIZES[head], dtype=np.float32)
        out[row[head]] = SURE
        return out


def _key(notes: Sequence[tuple[int, int]]) -> tuple[object, ...]:
    return (notes[0][1], *notes[1:])


@dataclass
class Parrot:
    """A bundle of it; ``originality`` is what keeps it from reciting."""

    piece: np.ndarray
    originality: Filter | None
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    pedalled: dict[str, float] = field(default_factory=dict)

    def network(self) -> ByHeart:
        return ByHeart(self.piece)


PIECE = melody(1, 300)
LEARNT = originality.learn([PIECE])
