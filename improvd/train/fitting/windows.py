"""Windows of notes: cut from pieces, changed at random so that little music teaches more, and written as ids.

What is changed is the music itself, in ticks, semitones and velocities; ids are made last. Unchanged windows are the
rows that `Vocabulary.encode` gives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from improvd.model.tokens import (
    BAR_UNKNOWN,
    BEAT,
    BEAT_UNKNOWN,
    COLUMNS,
    DURATION,
    INTERVAL,
    METRE_UNKNOWN,
    PITCH,
    SIZES,
    VELOCITY,
    VELOCITY_BIN,
    duration_ids,
    interval_ids,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from improvd.train.intake.shards import Notes

SHIFTS: Final = (-5, 6)
"""Each window is moved by a number of semitones from this range, so that every key is learnt alike."""
VELOCITY_JITTER: Final = 12
TEMPO_JITTER: Final = 0.1
"""Without a known beat a window's tempo is nobody's in particular: it is played faster or slower by up to so much."""
STYLE_DROPOUT: Final = 0.25
BAR_DROPOUT: Final = 0.5
"""A live player's bar is mostly unknown, so half of the windows are learnt without it."""
BEAT_DROPOUT: Final = 0.03


class Batch(NamedTuple):
    """Windows side by side: ``rows`` (batch, window, 7) of ids, ``style`` (batch,), ``lengths`` (batch,) in notes.

    What lies after a window's length is padding.
    """

    rows: NDArray[np.int32]
    style: NDArray[np.int32]
    lengths: NDArray[np.int32]


class Cut(NamedTuple):
    """Where a window comes from: ``length`` notes from ``start`` on, in a style by id."""

    notes: Notes
    start: int
    length: int
    style: int


@dataclass(frozen=True)
class Windows:
    """Windows as music: all but ``lengths`` and ``style`` are (batch, window), ``places`` (batch, window, 3).

    ``onset`` and ``duration`` in ticks; zeros after a window's length.
    """

    onset: NDArray[np.int32]
    duration: NDArray[np.int32]
    pitch: NDArray[np.int32]
    velocity: NDArray[np.int32]
    places: NDArray[np.int32]
    lengths: NDArray[np.int32]
    style: NDArray[np.int32]


def gather(cuts: Sequence[Cut], window: int) -> Windows:
    """Windows of at most ``window`` notes, as they stand in their pieces."""
    shape = (len(cuts), window)
    out = Windows(
        onset=np.zeros(shape, np.int32),
        duration=np.zeros(shape, np.int32),
        pitch=np.zeros(shape, np.int32),
        velocity=np.zeros(shape, np.int32),
        places=np.zeros((*shape, 3), np.int32),
        lengths=np.array([cut.length for cut in cuts], np.int32),
        style=np.array([cut.style for cut in cuts], np.int32),
    )
    for number, (notes, start, length, _) in enumerate(cuts):
        where = slice(start, start + length)
        out.onset[number, :length] = notes.onset[where]
        out.duration[number, :length] = notes.duration[where]
        out.pitch[number, :length] = notes.pitch[where]
        out.velocity[number, :length] = notes.velocity[where]
        out.places[number, :length] = notes.places[where]
    return out


def vary(windows: Windows, rng: np.random.Generator) -> Windows:
    """Other music of the same kind: another key, loudness and, where the beat is unknown, tempo.

    The place in the bar, the beat or the style of some windows is left out, so that the model plays without them too.
    """
    size = len(windows.lengths)
    shift = rng.integers(SHIFTS[0], SHIFTS[1] + 1, size)
    jitter = rng.integers(-VELOCITY_JITTER, VELOCITY_JITTER + 1, size)
    tempo = np.exp(rng.uniform(-1, 1, size) * np.log1p(TEMPO_JITTER))
    no_style, no_bar, no_beat = (rng.random((3, size)).T < (STYLE_DROPOUT, BAR_DROPOUT, BEAT_DROPOUT)).T

    heard = np.arange(windows.pitch.shape[1]) < windows.lengths[:, None]
    lowest = np.where(heard, windows.pitch, 127).min(axis=1)
    highest = np.where(heard, windows.pitch, 0).max(axis=1)
    pitch = windows.pitch + np.clip(shift, -lowest, 127 - highest)[:, None]

    beatless = ((windows.places[:, :, 0] == BEAT_UNKNOWN) | ~heard).all(axis=1)
    factor = np.where(beatless, tempo, 1.0)[:, None]

    places = windows.places.copy()
    places[no_beat, :, 0] = BEAT_UNKNOWN
    places[no_bar | no_beat, :, 1:] = BAR_UNKNOWN, METRE_UNKNOWN
    return replace(
        windows,
        onset=_stretched(windows.onset, factor),
        duration=np.rint(windows.duration * factor).astype(np.int32),
        pitch=np.clip(pitch, 0, 127).astype(np.int32),
        velocity=np.clip(windows.velocity + jitter[:, None], 1, 127).astype(np.int32),
        places=places,
        style=np.where(no_style, 0, windows.style).astype(np.int32),
    )


def _stretched(onset: NDArray[np.int32], factor: NDArray[np.float64]) -> NDArray[np.int32]:
    """Onsets at another tempo; what was not one chord is not made one."""
    steps = np.diff(onset, axis=1)
    moved = np.diff(np.rint((onset - onset[:, :1]) * factor), axis=1)
    moved[(steps > 0) & (moved == 0)] = 1
    return np.concatenate([np.zeros_like(onset[:, :1]), np.cumsum(moved, axis=1).astype(np.int32)], axis=1)


def encode(windows: Windows) -> Batch:
    """Windows as ids; the first note of each has no interval."""
    rows = np.empty((*windows.onset.shape, COLUMNS), np.int32)
    rows[:, 0, INTERVAL] = SIZES[INTERVAL]
    rows[:, 1:, INTERVAL] = interval_ids(np.diff(windows.onset, axis=1))
    rows[:, :, PITCH] = windows.pitch
    rows[:, :, DURATION] = duration_ids(windows.duration)
    rows[:, :, VELOCITY] = windows.velocity // VELOCITY_BIN
    rows[:, :, BEAT:] = windows.places
    return Batch(rows, windows.style, windows.lengths)


def whole(pieces: Sequence[Cut], *, size: int, window: int) -> Iterator[Batch]:
    """Every note of some pieces once, unchanged, in windows from each one's start.

    The last batch is as large as the others: its spare windows have length 0.
    """
    cuts = [
        piece._replace(start=piece.start + start, length=min(window, piece.length - start))
        for piece in pieces
        for start in range(0, piece.length, window)
    ]
    for part in range(0, len(cuts), size):
        chosen = cuts[part : part + size]
        spare = [chosen[0]._replace(length=0, style=0)] * (size - len(chosen))
        yield encode(gather(chosen + spare, window))
