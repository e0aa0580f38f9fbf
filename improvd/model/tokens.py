"""The representation: how music becomes numbers for the network, and back.

A note is one step of four attributes, in the order in which they are sampled: interval (from the onset before
it), pitch, duration, velocity. Times lie on a grid of 24 ticks a beat. Notes stand in order of (onset, pitch),
so the notes of a chord are 0 ticks apart and ascending; two of one pitch at one onset are one note.

The daemon and the trainer both go through this one class, so what was learnt and what is played can't drift
apart; a bundle carries its hash.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Ids = NDArray[np.int32]

REVISION: Final = 1
"""Rises whenever the meaning of an id changes, so that the hash does too."""

_COARSE: Final = (54, 60, 66, 72, 84, 96, 120, 144, 192, 288, 384)
INTERVALS: Final = np.array([*range(49), *_COARSE], dtype=np.int64)
"""Ticks that each interval id stands for: 0–48 one by one, then coarser, up to 16 beats."""
DURATIONS: Final = np.array([*range(1, 49), *_COARSE], dtype=np.int64)
"""Ticks that each duration id stands for: as the intervals, without 0."""
VELOCITY_BIN: Final = 8
LONGEST: Final = int(INTERVALS[-1])

ATTRIBUTES: Final = ("interval", "pitch", "duration", "velocity")
INTERVAL, PITCH, DURATION, VELOCITY = range(4)
BEAT, BAR, METRE = 4, 5, 6
"""Columns of a row of ids after the four attributes: the place of the note's onset."""
COLUMNS: Final = 7

BEAT_UNKNOWN: Final = TICKS_PER_BEAT
BAR_SLOT: Final = 12
"""Ticks to a slot of the place in the bar: an eighth note."""
BAR_SLOTS: Final = 16
BAR_UNKNOWN: Final = BAR_SLOTS
METRE_UNKNOWN: Final = 0

SIZES: Final = (len(INTERVALS), 128, len(DURATIONS), 128 // VELOCITY_BIN)
"""How many ids each attribute has. The id one past the last stands for "no note yet"."""
PLACE_SIZES: Final = (TICKS_PER_BEAT + 1, BAR_SLOTS + 1, BAR_SLOTS + 1)
"""How many ids the place in the beat, the place in the bar and the metre have, the unknown ones included."""

NOTHING_HEARD: Final = (*SIZES, BEAT_UNKNOWN, BAR_UNKNOWN, METRE_UNKNOWN)
"""The row that stands before the first note."""


def _nearest(values: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Id of the value nearest to each number of ticks from 0 to the longest; a tie goes to the shorter."""
    ticks = np.arange(LONGEST + 1)
    distance: NDArray[np.int64] = np.abs(ticks[:, None] - values[None, :])
    return np.asarray(distance.argmin(axis=1), dtype=np.uint8)


_INTERVAL_ID: Final = _nearest(INTERVALS)
_DURATION_ID: Final = _nearest(DURATIONS)
WIDTHS: Final = (
    np.bincount(_INTERVAL_ID, minlength=SIZES[INTERVAL]),
    np.ones(SIZES[PITCH], dtype=np.int64),
    np.bincount(_DURATION_ID[1:], minlength=SIZES[DURATION]),
    np.array([VELOCITY_BIN - 1] + [VELOCITY_BIN] * (SIZES[VELOCITY] - 1)),
)
"""How many exact values each id holds: exact bits are the bin's bits plus log2 of its width. Velocity 0 is no note."""


def interval_id(ticks: int) -> int:
    """The id of an interval; beyond 16 beats counts as 16 beats, below 0 as 0."""
    return int(_INTERVAL_ID[min(max(ticks, 0), LONGEST)])


def interval_ids(ticks: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
    """`interval_id` of many at once, in an array of the same shape."""
    return _INTERVAL_ID[np.clip(ticks, 0, LONGEST)]


def duration_ids(ticks: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
    """The ids of durations, in an array of the same shape; beyond 16 beats counts as 16 beats, below 1 as 1."""
    return _DURATION_ID[np.clip(ticks, 1, LONGEST)]


@dataclass(frozen=True, slots=True)
class TickNotes:
    """Notes on the grid, in order of (onset, pitch) with no pitch twice at one onset; arrays of one length.

    ``onset`` and ``duration`` in ticks (duration at least 1), ``pitch`` 0–127, ``velocity`` 1–127.
    """

    onset: NDArray[np.int64]
    pitch: NDArray[np.int64]
    duration: NDArray[np.int64]
    velocity: NDArray[np.int64]

    def __len__(self) -> int:
        """How many notes."""
        return len(self.onset)


def in_order(
    onset: NDArray[np.int64], pitch: NDArray[np.int64], duration: NDArray[np.int64], velocity: NDArray[np.int64]
) -> TickNotes:
    """Put notes into the one order the model knows.

    Unisons at one onset become one note, as long as the longest and as loud as the loudest. Durations are at
    least 1; pitches outside 0–127 are dropped; velocities are clipped to 1–127.
    """
    heard = (pitch >= 0) & (pitch <= 127)
    onset, pitch, duration, velocity = onset[heard], pitch[heard], duration[heard], velocity[heard]
    order = np.lexsort((pitch, onset))
    onset, pitch = onset[order].astype(np.int64), pitch[order].astype(np.int64)
    duration = np.maximum(duration[order], 1).astype(np.int64)
    velocity = np.clip(velocity[order], 1, 127).astype(np.int64)
    if len(onset) == 0:
        return TickNotes(onset, pitch, duration, velocity)
    first = np.ones(len(onset), dtype=bool)
    first[1:] = (np.diff(onset) != 0) | (np.diff(pitch) != 0)
    starts = np.flatnonzero(first)
    return TickNotes(
        onset[starts],
        pitch[starts],
        np.maximum.reduceat(duration, starts),
        np.maximum.reduceat(velocity, starts),
    )


@dataclass(frozen=True, slots=True)
class Metre:
    """Where beats and bars lie. ``downbeat`` is the tick of some downbeat, None where the bar is unknown.

    ``bar`` is the length of a bar in ticks; ``beat_known`` is False for playing that has no beat of its own.
    """

    downbeat: int | None = None
    bar: int = 4 * TICKS_PER_BEAT
    beat_known: bool = True


@dataclass(frozen=True)
class Vocabulary:
    """Both directions between notes and ids, for a model that knows these styles.

    Style id 0 is "none or unknown"; the n-th style of ``styles`` has id n + 1.
    """

    styles: tuple[str, ...] = ()

    def describe(self) -> dict[str, object]:
        """All that gives the ids their meaning, as plain values for JSON."""
        return {
            "revision": REVISION,
            "ticks_per_beat": TICKS_PER_BEAT,
            "attributes": list(ATTRIBUTES),
            "intervals": INTERVALS.tolist(),
            "durations": DURATIONS.tolist(),
            "pitches": SIZES[PITCH],
            "velocity_bin": VELOCITY_BIN,
            "bar_slot": BAR_SLOT,
            "bar_slots": BAR_SLOTS,
            "styles": list(self.styles),
        }

    @property
    def hash(self) -> str:
        """The same on every machine and version of Python; differs where any id could mean something else."""
        text = json.dumps(self.describe(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def input_sizes(self) -> tuple[int, ...]:
        """Rows of each input's table: the attributes of the note before (one more: none), its place, the style."""
        return (*(size + 1 for size in SIZES), *PLACE_SIZES, len(self.styles) + 1)

    def style_id(self, style: str) -> int:
        """The id of a style by name, ignoring case; 0 for one that the model does not know."""
        names = [name.casefold() for name in self.styles]
        return names.index(style.casefold()) + 1 if style.casefold() in names else 0

    def place(self, tick: int, metre: Metre) -> tuple[int, int, int]:
        """Ids of the place in the beat, the place in the bar and the metre of an onset at a tick."""
        if not metre.beat_known:
            return BEAT_UNKNOWN, BAR_UNKNOWN, METRE_UNKNOWN
        beat = tick % TICKS_PER_BEAT
        if metre.downbeat is None or not BAR_SLOT <= metre.bar <= BAR_SLOT * BAR_SLOTS:
            return beat, BAR_UNKNOWN, METRE_UNKNOWN
        return beat, (tick - metre.downbeat) % metre.bar // BAR_SLOT, metre.bar // BAR_SLOT

    def encode(self, notes: TickNotes, metre: Metre | Sequence[tuple[int, Metre]]) -> Ids:
        """Rows of ids, shape (notes, 7): the four attributes and the place of each note's onset.

        The first note has no note before it, so its interval is the id for "none". ``metre`` may be a list of
        (tick from which it holds, metre) for pieces whose metre changes. Intervals and durations beyond 16
        beats count as 16 beats.
        """
        rows = np.empty((len(notes), COLUMNS), dtype=np.int32)
        if len(notes) == 0:
            return rows
        rows[0, INTERVAL] = SIZES[INTERVAL]
        rows[1:, INTERVAL] = interval_ids(np.diff(notes.onset))
        rows[:, PITCH] = notes.pitch
        rows[:, DURATION] = duration_ids(notes.duration)
        rows[:, VELOCITY] = np.clip(notes.velocity, 1, 127) // VELOCITY_BIN
        spans = [(int(notes.onset[0]), metre)] if isinstance(metre, Metre) else list(metre)
        rows[:, BEAT:] = BEAT_UNKNOWN, BAR_UNKNOWN, METRE_UNKNOWN
        for start, span in spans:
            where = notes.onset >= start
            rows[where, BEAT:] = self._places(notes.onset[where], span)
        return rows

    def _places(self, onset: NDArray[np.int64], metre: Metre) -> Ids:
        # The same as `place`, for many onsets at once.
        out = np.empty((len(onset), 3), dtype=np.int32)
        out[:] = BEAT_UNKNOWN, BAR_UNKNOWN, METRE_UNKNOWN
        if metre.beat_known:
            out[:, 0] = onset % TICKS_PER_BEAT
            if metre.downbeat is not None and BAR_SLOT <= metre.bar <= BAR_SLOT * BAR_SLOTS:
                out[:, 1] = (onset - metre.downbeat) % metre.bar // BAR_SLOT
                out[:, 2] = metre.bar // BAR_SLOT
        return out

    def heard(self, rows: Ids, style: Ids) -> Ids:
        """What the network hears before each note of windows: the note before it, its place, and the style.

        ``rows`` is (windows, notes, 7), ``style`` (windows,); the result is (windows, notes, 8), whose ids run
        below ``input_sizes``. Before the first note stand "none" and unknown places.
        """
        out = np.empty((*rows.shape[:2], COLUMNS + 1), dtype=np.int32)
        out[:, :1, :COLUMNS] = NOTHING_HEARD
        out[:, 1:, :COLUMNS] = rows[:, :-1]
        out[:, :, COLUMNS] = style[:, None]
        return out

    def decode(self, rows: Ids, start: int = 0) -> TickNotes:
        """Notes of rows of ids, the first of them at tick ``start``; each id as the value that it stands for."""
        steps = rows[:, INTERVAL].copy()
        steps[:1] = 0
        return TickNotes(
            start + np.cumsum(INTERVALS[steps]),
            rows[:, PITCH].astype(np.int64),
            DURATIONS[rows[:, DURATION]],
            np.clip(rows[:, VELOCITY] * VELOCITY_BIN + VELOCITY_BIN // 2, 1, 127).astype(np.int64),
        )


def vocabulary_from(description: Mapping[str, object]) -> Vocabulary:
    """The vocabulary that a bundle describes; ValueError where this improvd gives ids another meaning."""
    styles = description.get("styles")
    if not isinstance(styles, list) or not all(isinstance(style, str) for style in styles):
        raise ValueError("styles is not a list of names")
    vocabulary = Vocabulary(tuple(styles))
    ours = vocabulary.describe()
    differing = sorted(key for key in {*ours, *description} if ours.get(key) != description.get(key))
    if differing:
        raise ValueError(f"{differing[0]} is not what this improvd knows")
    return vocabulary
