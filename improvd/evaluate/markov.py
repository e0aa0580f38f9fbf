"""The baseline: a variable-order Markov model of notes, learnt from a corpus and, as it goes, in the piece itself.

Each attribute of a note is foreseen by `ppm.predict` from every view of it (`views.VIEWS`), by what the corpus taught
(long term) and what the piece has shown so far (short term), all combined by `ppm.combine`. It is told the same as the
network, in the same order: the beat, no bar and no style; a chord's notes ascend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.evaluate import ppm
from improvd.evaluate.views import STEPS, VIEWS, in_chord, pitches, places
from improvd.model.tokens import ATTRIBUTES, INTERVAL, PITCH, SIZES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from improvd.evaluate.ppm import Chances, Hashes
    from improvd.evaluate.views import Column, Rows, View

BIAS: Final = 0.5
"""How much surer predictions count for more: the best of 0, 0.5, 1, 2, 4 and 7 on the corpus's validation split."""
MIDDLE: Final = 60
"""Stands for the pitch before the first note; no step is foreseen from it."""
AT_ONCE: Final = 4096
"""Notes foreseen at once: a matrix of so many rows, with a column for each symbol, is some megabytes."""

Longs = dict[str, list[ppm.Counts]]


class Markov:
    """What a corpus taught. Not changed by what it is asked."""

    def __init__(self, long: Longs) -> None:
        self._long = long

    @classmethod
    def learn(
        cls, rows: NDArray[np.uint8], starts: NDArray[np.int64], progress: Callable[[float], None] = lambda _: None
    ) -> Markov:
        """From pieces end to end: rows of ids (notes, 7), and where each piece begins.

        ``progress`` is told how many of the views are done.
        """
        wide, place = rows.astype(np.int64), places(starts, len(rows))
        long: Longs = {}
        for number, view in enumerate(VIEWS, 1):
            symbols, hashes = view.stream(wide, place)
            long[view.name] = [ppm.Counts.learn(order, symbols) for order in hashes]
            progress(number)
        return cls(long)

    @property
    def entries(self) -> int:
        """How many pairs of a context and a symbol it holds, 12 bytes each."""
        return sum(len(counts.keys) for orders in self._long.values() for counts in orders)

    def bits(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """Bits of each attribute of one piece's notes, heard from nothing; shape (notes, 4)."""
        wide = rows.astype(np.int64)
        place = np.arange(len(wide))
        out = np.zeros((len(wide), len(ATTRIBUTES)))
        for head in range(len(ATTRIBUTES)):
            shown = [(view, *so_far(view, wide, place)) for view in VIEWS if view.attribute == head]
            for part in range(0, len(wide), AT_ONCE):
                here = slice(part, part + AT_ONCE)
                chances = self.foresee(
                    wide[here],
                    before(wide, place)[here],
                    [(view, hashes[:, here], [one[here] for one in counts]) for view, hashes, counts in shown],
                )
                ids = np.minimum(wide[here, head], SIZES[head] - 1)
                out[here, head] = -np.log2(chances[np.arange(len(ids)), ids])
        out[:1, INTERVAL] = 0.0  # the first note has no interval
        return out

    def foresee(self, rows: Rows, previous: Column, views: Sequence[tuple[View, Hashes, Sequence[Chances]]]) -> Chances:
        """Chances of each id of one attribute of the next notes, shape (n, ids).

        ``rows`` (n, 7) as far as they are known, ``previous`` (n,) the pitches before them; for each view of the
        attribute its contexts' hashes (orders + 1, n) and the counts, (n, size) an order, that the piece has shown.
        """
        predictions = []
        for view, hashes, shown in views:
            learnt = [
                counts.after(order, view.size) for counts, order in zip(self._long[view.name], hashes, strict=True)
            ]
            predictions += [predict(view, counts, rows, previous) for counts in (learnt, shown)]
        return ppm.combine(predictions, BIAS)


def so_far(view: View, rows: Rows, place: Column) -> tuple[Hashes, list[Chances]]:
    """Of one piece: contexts' hashes, (orders + 1, n), and what followed each before it, (n, size) an order."""
    symbols, hashes = view.stream(rows, place)
    return hashes, [ppm.so_far(order, symbols, view.size) for order in hashes]


def predict(view: View, counts: Sequence[Chances], rows: Rows, previous: Column) -> Chances:
    """Chances of each id of a view's attribute, (n, ids), from counts of each order, shortest first."""
    chances = ppm.predict(reversed(counts), view.size)
    if view.attribute != PITCH:
        return chances
    return possible(pitches(chances, previous) if view.size == STEPS else chances, rows, previous)


def before(rows: Rows, place: Column) -> Column:
    """The pitch before each note, (n,)."""
    out = np.full(len(rows), MIDDLE, dtype=np.int64)
    out[1:] = np.where(place[1:] > 0, rows[:-1, PITCH], MIDDLE)
    return out


def possible(chances: Chances, rows: Rows, previous: Column) -> Chances:
    """Chances of pitches, (n, 128), without those that can't be: the notes of a chord ascend."""
    chord = (in_chord(rows, previous) == 1) & (previous < SIZES[PITCH] - 1)
    out = np.where(chord[:, None] & (np.arange(SIZES[PITCH]) <= previous[:, None]), 0.0, chances)
    return np.asarray(out / out.sum(axis=1, keepdims=True))
