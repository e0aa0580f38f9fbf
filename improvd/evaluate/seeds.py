"""Where pieces are cut: what was heard up to there, and how the composer went on.

A cut is at a note that begins a new onset, on the beat where there is one, with enough before it to hear and enough
after it to compare. Which of a piece's cuts is taken depends on its content alone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.core.events import CONTEXT_NOTES, TICKS_PER_BEAT
from improvd.evaluate.pieces import untold
from improvd.model.tokens import BEAT, BEAT_UNKNOWN, INTERVAL, SIZES, TickNotes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from improvd.train.music.reading import Piece

    Rows = NDArray[np.int32]

FEWEST_HEARD: Final = 32
"""Notes before a cut, at least; `CONTEXT_NOTES` of them are heard at most."""
COMPARED: Final = 50
"""Notes after a cut that there are at least; the ranking test is about so many."""
ANSWER_BEATS: Final = 16
"""How long an answer is: four bars of four beats."""
FEWEST_ANSWERED: Final = 8
"""Notes within those beats that the composer wrote, at least."""
LONGEST_PAUSE: Final = 4 * TICKS_PER_BEAT
"""Ticks between the last onset heard and the cut, at most: after a longer pause something new begins."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A piece and the number of the note before which it is cut."""

    piece: Piece
    cut: int

    @property
    def start(self) -> int:
        """The tick of the cut."""
        return int(self.piece.notes.onset[self.cut])

    @property
    def heard(self) -> TickNotes:
        """The notes before the cut, at most 100."""
        return _between(self.piece.notes, max(0, self.cut - CONTEXT_NOTES), self.cut)

    @property
    def heard_rows(self) -> Rows:
        """The same as rows of ids, untold, heard from nothing."""
        return begun(untold(self.piece.rows[max(0, self.cut - CONTEXT_NOTES) : self.cut]))

    @property
    def continuation(self) -> TickNotes:
        """What the composer wrote in the beats of an answer."""
        return within(self.piece.notes, self.start)

    @property
    def compared_rows(self) -> Rows:
        """The next 50 notes as rows of ids, untold; the first has the interval from the last note heard."""
        return untold(self.piece.rows[self.cut : self.cut + COMPARED])


def within(notes: TickNotes, start: int) -> TickNotes:
    """The notes whose onsets lie in the beats of an answer that begins at a tick."""
    first, last = np.searchsorted(notes.onset, [start, start + ANSWER_BEATS * TICKS_PER_BEAT])
    return _between(notes, int(first), int(last))


def _between(notes: TickNotes, first: int, last: int) -> TickNotes:
    part = slice(first, last)
    return TickNotes(notes.onset[part], notes.pitch[part], notes.duration[part], notes.velocity[part])


def begun(rows: Rows) -> Rows:
    """Rows as a beginning: the first note has no note before it."""
    out = rows.copy()
    out[:1, INTERVAL] = SIZES[INTERVAL]
    return out


def cuts(piece: Piece) -> NDArray[np.int64]:
    """All numbers of notes before which a piece may be cut."""
    onset, rows = piece.notes.onset, piece.rows
    number = np.arange(len(onset))
    gap = np.diff(onset, prepend=onset[:1])
    answered = np.searchsorted(onset, onset + ANSWER_BEATS * TICKS_PER_BEAT) - number
    fits = (number >= FEWEST_HEARD) & (number + COMPARED <= len(onset)) & (answered >= FEWEST_ANSWERED)
    on_beat = (rows[:, BEAT] == 0) | (rows[:, BEAT] == BEAT_UNKNOWN)
    return np.flatnonzero(fits & on_beat & (gap > 0) & (gap <= LONGEST_PAUSE))


def chance(piece: Piece, what: str) -> random.Random:
    """Chance that is the same wherever the piece's file lies."""
    return random.Random(f"{piece.digest} {what}")  # noqa: S311  it chooses music, not secrets


def cut(pieces: Iterable[Piece], most: int | None = None) -> list[Seed]:
    """One seed of each piece that can be cut; of these ``most``, chosen by content, in the order of the pieces."""
    seeds = [Seed(piece, int(chance(piece, "cut").choice(places))) for piece in pieces if len(places := cuts(piece))]
    chosen = sorted(seeds, key=lambda seed: seed.piece.digest)[:most]
    kept = {id(seed) for seed in chosen}
    return [seed for seed in seeds if id(seed) in kept]
