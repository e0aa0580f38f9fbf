"""Answers by the Markov model: many at once, each note drawn from what the model foresees there.

The answers begin where the improviser's do, last as long, and are drawn from the same nucleus; what they lack is the
limits that the improviser takes from the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.evaluate.ppm import NONE, ORDERS
from improvd.evaluate.seeds import ANSWER_BEATS
from improvd.evaluate.views import VIEWS
from improvd.model.tokens import (
    BAR,
    BAR_UNKNOWN,
    BEAT,
    BEAT_UNKNOWN,
    COLUMNS,
    DURATION,
    INTERVAL,
    INTERVALS,
    METRE,
    METRE_UNKNOWN,
    PITCH,
    VELOCITY,
    Vocabulary,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from improvd.evaluate.markov import Markov
    from improvd.evaluate.ppm import Chances, Hashes
    from improvd.evaluate.seeds import Seed
    from improvd.evaluate.views import View
    from improvd.model.tokens import TickNotes

NUCLEUS: Final = 0.95
"""As `Generate.top_p`, where nothing else is asked."""
MOST_NOTES: Final = 400
WINDOW: Final = ORDERS + 2
"""Notes that a view has to see for the contexts of the last of them."""


def answers(
    model: Markov, seeds: Sequence[Seed], each: int, progress: Callable[[float], None] = lambda _: None
) -> list[list[TickNotes]]:
    """``each`` answers to every seed. ``progress`` is told how many seeds' worth of beats is done."""
    walk = _Walk(model, [seed for seed in seeds for _ in range(each)])
    while len(walk.going) and walk.column < walk.rows.shape[1]:
        walk.step()
        progress(walk.share * len(seeds))
    flat = walk.finished()
    return [flat[n : n + each] for n in range(0, len(flat), each)]


class _Walk:
    """Many pieces side by side, one note further at each step.

    ``rows`` (answers, notes, 7): what was heard stands at the right end of the first columns, then the answer.
    """

    def __init__(self, model: Markov, seeds: Sequence[Seed]) -> None:
        self._model = model
        self._rng = np.random.Generator(np.random.PCG64(0))
        self._seeds = seeds
        heard = [seed.heard_rows.astype(np.int64) for seed in seeds]
        self.heard = self.column = max((len(rows) for rows in heard), default=0)
        width = self.column + MOST_NOTES
        self.rows = np.zeros((len(seeds), width, COLUMNS), dtype=np.int64)
        self.rows[:, :, BAR], self.rows[:, :, METRE] = BAR_UNKNOWN, METRE_UNKNOWN
        self.going = np.arange(len(seeds))
        self.tick = np.array([int(seed.heard.onset[-1]) for seed in seeds])
        self.end = np.array([seed.start for seed in seeds]) + ANSWER_BEATS * TICKS_PER_BEAT
        self.length = np.full(len(seeds), self.column)
        # A context that nothing has: hashes are never 0 but by an absurd chance.
        self._hashes = {view.name: np.zeros((ORDERS + 1, len(seeds), width), np.uint64) for view in VIEWS}
        self._symbols = {view.name: np.full((len(seeds), width), NONE) for view in VIEWS}
        for number, rows in enumerate(heard):
            here = slice(self.column - len(rows), self.column)
            self.rows[number, here] = rows
            for view in VIEWS:
                symbols, hashes = view.stream(rows, np.arange(len(rows)))
                self._symbols[view.name][number, here] = symbols
                self._hashes[view.name][:, number, here] = hashes

    @property
    def share(self) -> float:
        """How much of all answers' time is behind, roughly."""
        left = np.clip(self.end - self.tick, 0, None).sum() / (ANSWER_BEATS * TICKS_PER_BEAT)
        return float(1 - min(1.0, left / max(1, len(self.end))))

    def step(self) -> None:
        """One more note for each answer that has not ended."""
        first = self.column == self.heard
        row = self.rows[self.going, self.column]
        if first:
            row[:, INTERVAL] = [self._seeds[one].compared_rows[0, INTERVAL] for one in self.going]
            tick = np.array([self._seeds[one].start for one in self.going])
        else:
            self.rows[self.going, self.column] = row
            row[:, INTERVAL] = self._draw(INTERVAL)
            tick = self.tick[self.going] + INTERVALS[row[:, INTERVAL]]
        on = tick < self.end[self.going]
        self.tick[self.going[~on]] = self.end[self.going[~on]]
        self.going, row, tick = self.going[on], row[on], tick[on]
        if not len(self.going):
            return
        known = self.rows[self.going, self.heard - 1, BEAT] != BEAT_UNKNOWN
        row[:, BEAT] = np.where(known, tick % TICKS_PER_BEAT, BEAT_UNKNOWN)
        self.tick[self.going] = tick
        for head in (PITCH, DURATION, VELOCITY):
            self.rows[self.going, self.column] = row
            row[:, head] = self._draw(head)
        self.rows[self.going, self.column] = row
        for view in VIEWS:
            symbols, hashes = self._stream(view)
            self._symbols[view.name][self.going, self.column] = symbols
            self._hashes[view.name][:, self.going, self.column] = hashes
        self.column += 1
        self.length[self.going] = self.column

    def _stream(self, view: View) -> tuple[NDArray[np.int64], Hashes]:
        """The view of the note in the making, of all answers that go on."""
        window = self.rows[self.going, self.column - WINDOW + 1 : self.column + 1]
        place = np.tile(np.arange(WINDOW), len(window))
        symbols, hashes = view.stream(window.reshape(-1, COLUMNS), place)
        return symbols[WINDOW - 1 :: WINDOW], hashes[:, WINDOW - 1 :: WINDOW]

    def _draw(self, head: int) -> NDArray[np.int64]:
        shown = []
        for view in VIEWS:
            if view.attribute == head:
                hashes = self._stream(view)[1]
                shown.append((view, hashes, [self._shown(view, order, one) for order, one in enumerate(hashes)]))
        rows = self.rows[self.going, self.column]
        chances = self._model.foresee(rows, self.rows[self.going, self.column - 1, PITCH], shown)
        return sample(chances, self._rng.random(len(chances)))

    def _shown(self, view: View, order: int, hashes: Hashes) -> Chances:
        """What has followed contexts so far in each answer and its seed: (answers, size)."""
        before = self._hashes[view.name][order, self.going, : self.column]
        which, where = np.nonzero(before == hashes[:, None])
        symbols = self._symbols[view.name][self.going[which], where]
        told = symbols != NONE
        flat = np.bincount(which[told] * view.size + symbols[told], minlength=len(hashes) * view.size)
        return flat.reshape(len(hashes), view.size).astype(np.float64)

    def finished(self) -> list[TickNotes]:
        """The answers, as notes on the grid."""
        return [
            Vocabulary().decode(self.rows[number, self.heard : self.length[number]].astype(np.int32), seed.start)
            for number, seed in enumerate(self._seeds)
        ]


def sample(chances: Chances, places: NDArray[np.float64]) -> NDArray[np.int64]:
    """One id of each row's nucleus: the fewest likeliest ids that reach `NUCLEUS`; ``places`` (n,) are from 0 to 1."""
    order = np.argsort(-chances, axis=1, kind="stable")
    reached = np.cumsum(np.take_along_axis(chances, order, axis=1), axis=1)
    last = np.argmax(reached >= NUCLEUS * reached[:, -1:], axis=1)
    whole = np.take_along_axis(reached, last[:, None], axis=1)
    drawn = np.minimum((reached <= places[:, None] * whole).sum(axis=1), last)
    return np.take_along_axis(order, drawn[:, None], axis=1)[:, 0]
