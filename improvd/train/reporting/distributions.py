"""How often each pitch, interval, duration and velocity occurs: in the corpus, and in what a model plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.model.tokens import PITCH, SIZES, VELOCITY, VELOCITY_BIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Ticks = NDArray[np.integer[Any]]

LENGTHS: Final[Mapping[str, float]] = {
    "⅛": 1 / 8,
    "⅙": 1 / 6,
    "¼": 1 / 4,
    "⅓": 1 / 3,
    "½": 1 / 2,
    "⅔": 2 / 3,
    "¾": 3 / 4,
    "1": 1,
    "1½": 3 / 2,
    "2": 2,
    "3": 3,
    "4+": 4,
}
"""The note values that times are counted by, by name, in beats; each time counts for the nearest by ratio."""
TOGETHER: Final = "0"
"""The name of an interval of no time: the notes of a chord."""


@dataclass(frozen=True)
class Counted:
    """Notes of many pieces, counted: how many fall into each class of each attribute, and how many notes there are."""

    pitch: NDArray[np.int64]
    interval: NDArray[np.int64]
    duration: NDArray[np.int64]
    velocity: NDArray[np.int64]
    notes: int


def count(onset: Ticks, pitch: Ticks, duration: Ticks, velocity: Ticks, *, starts: Ticks) -> Counted:
    """Count notes of pieces that stand end to end; ``starts`` has one more entry than there are pieces.

    Times in ticks. Intervals lie within pieces: each has one fewer than notes.
    """
    inside = np.ones(max(0, len(onset) - 1), dtype=bool)
    edges = starts[1:-1]
    inside[edges[(edges > 0) & (edges < len(onset))] - 1] = False
    intervals = np.diff(onset)[inside]
    together = int((intervals <= 0).sum())
    return Counted(
        pitch=np.bincount(np.clip(pitch, 0, SIZES[PITCH] - 1).astype(np.int64), minlength=SIZES[PITCH]),
        interval=np.concatenate([[together], _lengths(intervals[intervals > 0])]),
        duration=_lengths(duration),
        velocity=np.bincount(velocity.astype(np.int64) // VELOCITY_BIN, minlength=SIZES[VELOCITY]),
        notes=len(onset),
    )


def overlap(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """How much of two distributions is common to both, from 0 to 1: where one has more than the other, that is not."""
    return float(np.minimum(one / max(1, one.sum()), other / max(1, other.sum())).sum())


def _lengths(ticks: Ticks) -> NDArray[np.int64]:
    values = TICKS_PER_BEAT * np.array(list(LENGTHS.values()))
    edges = np.sqrt(values[:-1] * values[1:])
    return np.bincount(np.digitize(ticks, edges), minlength=len(LENGTHS))
