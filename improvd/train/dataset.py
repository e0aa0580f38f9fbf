"""Windows to learn from, drawn from pieces held in memory as compact arrays.

Every batch is a function of the seed and the number of the step alone, so a training that was killed goes on
with the very batches it would have had.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from improvd.errors import CorpusError
from improvd.model.tokens import (
    BAR,
    BAR_UNKNOWN,
    BEAT,
    BEAT_UNKNOWN,
    COLUMNS,
    INTERVAL,
    METRE,
    METRE_UNKNOWN,
    PITCH,
    SIZES,
    VELOCITY,
    VELOCITY_BIN,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from improvd.train.reading import Piece

SHIFTS: Final = (-5, 6)
"""Each window is moved by a number of semitones from this range, so that every key is learnt alike."""
VELOCITY_JITTER: Final = 12
STYLE_DROPOUT: Final = 0.25
BAR_DROPOUT: Final = 0.5
"""A live player's bar is mostly unknown, so half of the windows are learnt without it."""
BEAT_DROPOUT: Final = 0.03
FEWEST_NOTES: Final = 200
VALID_SHARE: Final = 0.05


class Batch(NamedTuple):
    """Windows side by side: ``rows`` (batch, window, 7) of ids, ``style`` (batch,), ``lengths`` (batch,) in notes.

    What lies after a window's length is padding.
    """

    rows: NDArray[np.int32]
    style: NDArray[np.int32]
    lengths: NDArray[np.int32]


@dataclass(frozen=True)
class Notes:
    """Pieces end to end. ``starts`` has one more entry than there are pieces; ``style`` is one id a piece."""

    rows: NDArray[np.uint8]
    velocity: NDArray[np.uint8]
    starts: NDArray[np.int64]
    style: NDArray[np.int32]

    def __len__(self) -> int:
        """How many notes."""
        return len(self.rows)


@dataclass(frozen=True)
class Corpus:
    """What fitting learns from (``train``) and is watched by (``valid``; may be empty), split by piece."""

    styles: tuple[str, ...]
    train: Notes
    valid: Notes


def together(pieces: Sequence[Piece], styles: Sequence[str]) -> Notes:
    """Pieces end to end, with their styles as ids."""
    lengths = [len(piece.rows) for piece in pieces]
    ids = {style: number for number, style in enumerate(styles, 1)}
    return Notes(
        np.concatenate([np.empty((0, COLUMNS), np.uint8), *(piece.rows for piece in pieces)]),
        np.concatenate([np.empty(0, np.uint8), *(piece.notes.velocity for piece in pieces)]).astype(np.uint8),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array([ids.get(piece.entry.style, 0) for piece in pieces], dtype=np.int32),
    )


def split(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Pieces to fit and pieces to validate; those of a manifest's test split are in neither.

    A piece without a split of its own goes by its content. Where chance leaves nothing to validate with, it is
    the piece with the smallest digest; a single piece is only fitted.
    """
    train, valid = [], []
    for piece in pieces:
        where = piece.entry.split
        if not where:
            share = int(hashlib.sha1(piece.digest.encode(), usedforsecurity=False).hexdigest()[:8], 16) / 2**32
            where = "valid" if share < VALID_SHARE else "train"
        if where == "train":
            train.append(piece)
        elif where == "valid":
            valid.append(piece)
    if not valid and len(train) > 1:
        chosen = min(train, key=lambda piece: piece.digest)
        train.remove(chosen)
        valid.append(chosen)
    if not train:
        train, valid = valid, []
    return train, valid


def build(pieces: Sequence[Piece]) -> Corpus:
    """Split pieces and lay them end to end. CorpusError where too little is left to learn from."""
    train, valid = split(pieces)
    styles = tuple(sorted({piece.entry.style for piece in train if piece.entry.style}))[:255]
    corpus = Corpus(styles, together(train, styles), together(valid, styles))
    if len(corpus.train) < FEWEST_NOTES:
        raise CorpusError(
            f"too little music: {len(corpus.train)} notes to learn from, at least {FEWEST_NOTES} are needed"
        )
    return corpus


def shares(corpus: Corpus, weights: Mapping[str, float]) -> NDArray[np.float64]:
    """How likely each training piece is to be drawn from, for one window.

    Styles count by ``weights``, or where that is empty by the square root of their notes; within a style every
    note counts alike. CorpusError where the weights name no style of the corpus.
    """
    notes = corpus.train
    lengths = np.diff(notes.starts).astype(np.float64)
    totals = np.bincount(notes.style, weights=lengths, minlength=len(corpus.styles) + 1)
    if weights:
        unknown = sorted(set(weights) - set(corpus.styles))
        if unknown:
            raise CorpusError(f"no style {unknown[0]!r} in the corpus: it has {', '.join(corpus.styles) or 'none'}")
        wanted = np.array([0.0, *(max(0.0, weights.get(style, 0.0)) for style in corpus.styles)])
    else:
        wanted = np.sqrt(totals)
    chances = lengths * (wanted / np.maximum(totals, 1.0))[notes.style]
    if not chances.sum() > 0:
        raise CorpusError("the weights leave nothing to learn from")
    return np.asarray(chances / chances.sum())


def draw(notes: Notes, cumulative: NDArray[np.float64], *, size: int, window: int, seed: int, step: int) -> Batch:
    """The batch of one step of training: ``size`` windows, changed at random as described above.

    ``cumulative`` is the running sum of ``shares``.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, step])))
    piece = np.minimum(np.searchsorted(cumulative, rng.random(size), side="right"), len(notes.style) - 1)
    first, count = notes.starts[piece], np.diff(notes.starts)[piece]
    # Half a window of room at either side, so that beginnings and endings are seen as often as middles.
    offset = (rng.random(size) * np.maximum(count, 1)).astype(np.int64) - window // 2
    offset = np.clip(offset, 0, np.maximum(count - window, 0))
    batch = gather(notes, first + offset, np.minimum(count - offset, window), window, notes.style[piece])
    jitter = rng.integers(-VELOCITY_JITTER, VELOCITY_JITTER + 1, size)
    exact = notes.velocity[_index(first + offset, window, len(notes))] + jitter[:, None]
    batch.rows[:, :, VELOCITY] = np.clip(exact, 1, 127) // VELOCITY_BIN
    _transpose(batch, rng.integers(SHIFTS[0], SHIFTS[1] + 1, size))
    chance = rng.random((3, size))
    batch.style[chance[0] < STYLE_DROPOUT] = 0
    no_beat = chance[2] < BEAT_DROPOUT
    no_bar = (chance[1] < BAR_DROPOUT) | no_beat
    batch.rows[no_beat, :, BEAT] = BEAT_UNKNOWN
    batch.rows[no_bar, :, BAR] = BAR_UNKNOWN
    batch.rows[no_bar, :, METRE] = METRE_UNKNOWN
    return batch


def gather(
    notes: Notes,
    start: NDArray[np.int64],
    lengths: NDArray[np.int64],
    window: int,
    style: NDArray[np.int32],
) -> Batch:
    """Windows of at most ``window`` notes from each ``start``, unchanged; the first note has no interval."""
    rows = notes.rows[_index(start, window, len(notes))].astype(np.int32)
    rows[:, 0, INTERVAL] = SIZES[INTERVAL]
    # Past the window's length lies the next piece; its first note has the id "none", which is no target.
    rows[:, 1:, INTERVAL] %= SIZES[INTERVAL]
    return Batch(rows, style.copy(), lengths.astype(np.int32))


def _index(start: NDArray[np.int64], window: int, count: int) -> NDArray[np.int64]:
    return np.minimum(start[:, None] + np.arange(window), count - 1)


def _transpose(batch: Batch, shift: NDArray[np.int64]) -> None:
    pitch = batch.rows[:, :, PITCH]
    heard = np.arange(pitch.shape[1]) < batch.lengths[:, None]
    lowest = np.where(heard, pitch, 127).min(axis=1)
    highest = np.where(heard, pitch, 0).max(axis=1)
    shift = np.clip(shift, -lowest, 127 - highest)
    batch.rows[:, :, PITCH] = np.clip(pitch + shift[:, None], 0, 127)


def windows(notes: Notes, *, size: int, window: int, most: int | None = None) -> Iterator[Batch]:
    """Every note once, unchanged, in windows from each piece's start; of each piece at most ``most`` notes.

    The last batch is as large as the others: its spare windows have length 0.
    """
    starts, lengths, styles = [], [], []
    for number, style in enumerate(notes.style):
        begin, end = int(notes.starts[number]), int(notes.starts[number + 1])
        if most is not None:
            end = min(end, begin + most)
        for start in range(begin, end, window):
            starts.append(start)
            lengths.append(min(window, end - start))
            styles.append(int(style))
    for part in range(0, len(starts), size):
        spare = [0] * (size - len(starts[part : part + size]))
        yield gather(
            notes,
            np.array(starts[part : part + size] + spare, dtype=np.int64),
            np.array(lengths[part : part + size] + spare, dtype=np.int64),
            window,
            np.array(styles[part : part + size] + spare, dtype=np.int32),
        )
