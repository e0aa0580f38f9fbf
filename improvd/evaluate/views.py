"""What a Markov model looks at: each attribute of a note from one or more sides.

A view says what symbol stands for the attribute, what is known of the note before the attribute is guessed, and what
symbols the notes before are remembered by. The attributes come in the network's order, so a view of the pitch may
know the interval, and that the note joins a chord.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.evaluate.ppm import NONE, ORDERS, contexts
from improvd.model.tokens import BEAT, DURATION, INTERVAL, PITCH, SIZES, VELOCITY

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from improvd.evaluate.ppm import Hashes

    Rows = NDArray[np.int64]
    Column = NDArray[np.int64]
    Side = Callable[[Rows, Column], Column]

STEPS: Final = 255
"""Pitch steps from 127 down to 127 up."""


@dataclass(frozen=True)
class View:
    """One side of an attribute.

    Its functions take rows of ids (n, 7) and how many notes of the same piece stand before each (n,), and give a
    number from 0 for each note: ``symbol`` (below ``size``, or NONE), what is ``known`` before it is guessed, and by
    what it is ``remembered``.
    """

    name: str
    attribute: int
    size: int
    symbol: Side
    known: Side
    remembered: Side

    def stream(self, rows: Rows, place: Column) -> tuple[Column, Hashes]:
        """The symbols (n,) of pieces end to end, and their contexts' hashes, (orders + 1, n)."""
        memory = self.remembered(rows, place) + 1
        past = []
        for order in range(1, ORDERS + 1):
            symbols = np.zeros(len(rows), dtype=np.int64)  # 0: before the beginning
            symbols[order:] = np.where(place[order:] >= order, memory[:-order], 0)
            past.append(symbols)
        return self.symbol(rows, place), contexts(self.known(rows, place), past)


def _column(attribute: int) -> Side:
    """The ids of an attribute; the id that means "none" is no symbol."""

    def side(rows: Rows, _place: Column) -> Column:
        return np.where(rows[:, attribute] < SIZES[attribute], rows[:, attribute], NONE)

    return side


def step(rows: Rows, place: Column) -> Column:
    """Pitch steps from the note before, 0 being 127 down; NONE at a beginning."""
    out = np.full(len(rows), NONE, dtype=np.int64)
    out[1:] = np.where(place[1:] > 0, np.diff(rows[:, PITCH]) + SIZES[PITCH] - 1, NONE)
    return out


def _beat_before(rows: Rows, place: Column) -> Column:
    """Where in the beat the note before fell."""
    out = np.full(len(rows), NONE, dtype=np.int64)
    out[1:] = np.where(place[1:] > 0, rows[:-1, BEAT], NONE)
    return out


def in_chord(rows: Rows, _place: Column) -> Column:
    """1 for a note at the onset of the one before."""
    return np.asarray(rows[:, INTERVAL] == 0, dtype=np.int64)


def _nothing(rows: Rows, _place: Column) -> Column:
    return np.zeros(len(rows), dtype=np.int64)


def _and_chord(side: Side) -> Side:
    return lambda rows, place: 2 * side(rows, place) + in_chord(rows, place)


def _both(*columns: int) -> Side:
    def side(rows: Rows, _place: Column) -> Column:
        out = np.zeros(len(rows), dtype=np.int64)
        for column in columns:
            out = 128 * out + rows[:, column]
        return out

    return side


VIEWS: Final = (
    View("interval", INTERVAL, SIZES[INTERVAL], _column(INTERVAL), _nothing, _both(INTERVAL, DURATION)),
    View("interval by beat", INTERVAL, SIZES[INTERVAL], _column(INTERVAL), _beat_before, _both(INTERVAL)),
    View("pitch", PITCH, SIZES[PITCH], _column(PITCH), in_chord, _and_chord(_column(PITCH))),
    View("pitch step", PITCH, STEPS, step, in_chord, _and_chord(step)),
    View("duration", DURATION, SIZES[DURATION], _column(DURATION), in_chord, _both(INTERVAL, DURATION)),
    View("duration by beat", DURATION, SIZES[DURATION], _column(DURATION), _both(INTERVAL, BEAT), _both(DURATION)),
    View("velocity", VELOCITY, SIZES[VELOCITY], _column(VELOCITY), in_chord, _and_chord(_column(VELOCITY))),
)


def places(starts: NDArray[np.int64], count: int) -> Column:
    """How many notes of the same piece stand before each of ``count`` notes, the pieces beginning at ``starts``."""
    begins = np.zeros(count, dtype=np.int64)
    begins[starts[starts < count]] = starts[starts < count]
    return np.asarray(np.arange(count) - np.maximum.accumulate(begins))


def pitches(chances: NDArray[Any], before: Column) -> NDArray[np.float64]:
    """Chances of pitches, (n, 128), from chances of steps, (n, 255), from the pitches ``before`` (n,)."""
    columns = np.arange(SIZES[PITCH]) - before[:, None] + SIZES[PITCH] - 1
    out = np.take_along_axis(chances, columns, axis=1)
    return np.asarray(out / out.sum(axis=1, keepdims=True))
