"""How far a chain of beats can be trusted, beat by beat.

Chains sought about other periods are a committee (Holzapfel et al. 2012 for tracking in sound): a beat on which they
agree, at its tempo or at half or twice of it, is likely right, and where playing is too free for any, each goes its
own way. With that count what the network heard, and how many strikes lie on plain parts of the beat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.train.music.beats_chain import at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.train.music.beats_heard import Frames

    Curve = NDArray[np.float64]

AROUND: Final = 8
"""Beats before and after that are looked at together."""
TOLERANCE: Final = 0.175
"""Beats by which two chains may differ: as mir_eval counts."""
LEVELS: Final = ((1.0, 0.5), (0.5, 0.5), (2.0, 1.0))
"""How many beats of one chain make one of another, and the step between the places where it may begin: on the beat or
between two, half as fast from any beat, twice as fast."""
PARTS: Final = np.array([0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1])
NEAR: Final = 0.05
"""Beats about these parts, within which a strike lies on them. By chance six in ten do."""
# Fitted by logistic regression on the twelve performances that docs/beats.md names, and on noise; it has the command.
CONSTANT: Final = -2.44
WEIGHTS: Final = np.array([6.25, 2.49, 3.53])
"""Of each column of the evidence."""


def position(beats: Curve, times: Curve) -> Curve:
    """Times in seconds as beats from the first of ``beats``, which reach around them."""
    return np.asarray(np.interp(times, beats, np.arange(len(beats))), dtype=np.float64)


def trust(evidence: Curve) -> Curve:
    """The probability that each beat, to the one after it, is right; half and twice the tempo count as right."""
    return np.asarray(1 / (1 + np.exp(-CONSTANT - evidence @ WEIGHTS)))


def evidence(beats: Curve, others: Sequence[Curve], struck: Curve, start: float, log_odds: Frames) -> Curve:
    """What speaks for each beat, to the one after it: shape (beats - 1, 3), means over the beats around.

    The share of other chains that agree, what was heard on the beat, and the share of strikes on plain parts of it.
    ``beats`` and ``others`` in seconds, around what is ``struck``; ``log_odds`` of a beat, a frame each, from ``start``
    seconds on.
    """
    agreement = np.mean([agree(beats, other) for other in others], axis=0) if others else np.zeros(len(beats) - 1)
    heard = at(beats, start, log_odds)
    where = position(beats, struck)
    on_parts = np.abs(where[:, None] % 1 - PARTS).min(axis=1) < NEAR
    number = np.minimum(where.astype(np.int64), len(beats) - 2)
    held = np.bincount(number, minlength=len(beats) - 1).astype(np.float64)
    plain = np.bincount(number, on_parts, len(beats) - 1).astype(np.float64)
    return np.stack(
        [
            _around(agreement),
            _around((heard[:-1] + heard[1:]) / 2),
            _around(plain) / np.maximum(_around(held), 1e-9),
        ],
        axis=1,
    )


def agree(beats: Curve, other: Curve) -> NDArray[np.bool_]:
    """Whether another chain has a beat with each beat, to the one after it, or one of half or twice the tempo."""
    where = position(other, beats)
    step = np.diff(where)
    found = np.zeros(len(step), dtype=bool)
    for level, phase in LEVELS:
        off = np.abs((where / phase + 0.5) % 1 - 0.5) * phase
        near = (off[:-1] < TOLERANCE * level) & (off[1:] < TOLERANCE * level)
        found |= near & (np.abs(step - level) < TOLERANCE * level)
    return np.asarray(found & (beats[:-1] >= other[0]) & (beats[1:] <= other[-1]))


def _around(values: Curve) -> Curve:
    """Means over the beats around each."""
    window = np.ones(2 * AROUND + 1)
    total = np.convolve(values, window)[AROUND:-AROUND]
    return np.asarray(total / np.convolve(np.ones(len(values)), window)[AROUND:-AROUND])
