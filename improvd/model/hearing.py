"""What the player played, as the model knows music: on the grid.

Written music, which the model learnt from, lies on the grid exactly; nobody plays like that. So within a beat
whose onsets all lie near sixteenths, or all near triplets, they are taken for these, and a chord whose keys went
down one after the other is one onset. What lies near neither stays where it was played, to the tick.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.model.tokens import Metre, TickNotes, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.core.events import BeatNote

GRIDS: Final = (6, 8)
"""Ticks between sixteenths, and between triplets."""
FINER: Final = 4
"""Between sextuplets, or the notes of a rhythm that swings. All lies near these, so they must fit twice as well."""
NEAR: Final = 2.0
"""How many ticks off the grid an onset may be; 40 ms at 120 bpm."""
TOGETHER: Final = 3.0
"""Onsets further apart than so many ticks are two, and not a chord whose keys went down one after the other."""
WRITTEN: Final = np.array([3, 4, 6, 8, 12, 16, 18, 24, 36, 48, 72, 96, 144, 192])
"""Lengths that music is written in, in ticks."""
STRETCH: Final = 1.25
"""A key held up to this much longer or shorter than a written length is taken for it."""
WRITTEN_PLACES: Final = np.array([0, 3, 6, 8, 9, 12, 15, 16, 18, 21, 24])
"""Ticks of a beat where written music puts onsets: thirty-seconds and triplets."""
TOLERANCE: Final = 0.35
WRITTEN_SHARE: Final = 0.6
"""Written music has nearly all onsets within the tolerance of these; a free performance about three in ten."""
FARTHEST: Final = 2.0**24
"""Beats beyond which a time is no music."""


def hear(notes: Sequence[BeatNote], played: int) -> TickNotes:
    """Notes in beats as notes on the grid; the first ``played`` are the player's, the others our own.

    Ours lie on ticks already. A note whose times aren't finite or lie absurdly far is left out.
    """
    kept = [(note, number < played) for number, note in enumerate(notes) if _sane(note)]
    human = np.array([ours for _, ours in kept], dtype=bool)
    onset = np.array([note.onset for note, _ in kept], dtype=np.float64) * TICKS_PER_BEAT
    duration = np.array([note.duration for note, _ in kept], dtype=np.float64) * TICKS_PER_BEAT
    ticks = np.rint(onset)
    if human.any():
        ticks[human] = straighten(onset[human])
        duration[human] = _as_written(duration[human])
    return in_order(
        ticks.astype(np.int64),
        np.array([note.pitch for note, _ in kept], dtype=np.int64),
        np.rint(duration).astype(np.int64),
        np.array([note.velocity for note, _ in kept], dtype=np.int64),
    )


def is_written(places: NDArray[np.floating[Any]]) -> bool:
    """Whether onsets, in ticks after the beat, lie on the beats they are counted in, as in written music."""
    off = np.abs(places[:, None] - WRITTEN_PLACES[None, :]).min(axis=1)
    return bool(np.mean(off <= TOLERANCE) >= WRITTEN_SHARE)


def _sane(note: BeatNote) -> bool:
    return abs(note.onset) < FARTHEST and abs(note.duration) < FARTHEST


def straighten(onset: NDArray[np.float64]) -> NDArray[np.float64]:
    """Onsets in ticks, each beat's moved to the grid that it lies near, else rounded."""
    out = np.rint(onset)
    # A note just before the beat belongs to it, so beats are cut a little early.
    beat = np.floor((onset + NEAR) / TICKS_PER_BEAT)
    for one in np.unique(beat):
        within = beat == one
        (error, moved), (finer, moved_finer) = (
            min((_moved(onset[within], grid) for grid in grids), key=lambda guess: guess[0])
            for grids in (GRIDS, (FINER,))
        )
        if finer <= min(NEAR, error) / 2:
            out[within] = moved_finer
        elif error <= NEAR:
            out[within] = moved
    return out


def _moved(onset: NDArray[np.float64], grid: int) -> tuple[float, NDArray[np.float64]]:
    """How far the farthest of some onsets lies from a grid, and where all of them lie on it.

    Infinitely far, where two onsets would become one.
    """
    moved = np.rint(onset / grid) * grid
    if max(np.ptp(onset[moved == one]) for one in np.unique(moved)) > TOGETHER:
        return math.inf, moved
    return float(np.abs(onset - moved).max()), moved


def _as_written(duration: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.maximum(duration, 1.0)
    ratio = np.abs(np.log(length[:, None] / WRITTEN[None, :]))
    nearest = WRITTEN[ratio.argmin(axis=1)]
    return np.where(ratio.min(axis=1) <= math.log(STRETCH), nearest, duration)


def metre(downbeat: float | None, beats_per_bar: float) -> Metre:
    """The metre of a request; its bar is unknown where there is no downbeat or either number is absurd."""
    if downbeat is None or not abs(downbeat) < FARTHEST or not 0 < beats_per_bar < FARTHEST:
        return Metre()
    return Metre(round(downbeat * TICKS_PER_BEAT), round(beats_per_bar * TICKS_PER_BEAT))
