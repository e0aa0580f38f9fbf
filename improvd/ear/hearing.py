"""The ear that was taught: of each note, how likely it is a beat, how long the beat is and how much of it is gone.

It learnt from the scores of the training corpus and from songs made up, played by a machine as people play:
docs/tempo.md tells how, and has the command.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.core.ear import Heard
from improvd.ear.features import Listening
from improvd.ear.network import AN_OCTAVE, PERIODS, PHASES, SHORTEST, Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.ear.network import Array

WEIGHTS: Final = Path(__file__).with_suffix(".npz")
SUREST: Final = 12.0
"""Log odds beyond which nothing is any surer."""
FARTHEST: Final = 1.3
"""How many times longer or shorter than told a beat may be."""
ABOUT: Final = (1, 2)
"""Classes of periods and of phases, either side of the likeliest, that say the same."""


class Hearing:
    """An ear (`improvd.core.ear.Ear`) for one performance; ``bpm`` is about where the tempo was told to be."""

    def __init__(self, bpm: float | None = None) -> None:
        self._listening = Listening()
        self._network = network()
        self._memory = self._network.nothing_heard()
        self._allowed = np.zeros(PERIODS, dtype=np.float32)
        if bpm is not None:
            told = max(0.0, min(PERIODS - 1.0, math.log2(60.0 / bpm / SHORTEST) * AN_OCTAVE))
            self._allowed[np.abs(np.arange(PERIODS) - told) > math.log2(FARTHEST) * AN_OCTAVE] = -math.inf

    def hear(self, at: float, pitch: int, velocity: int, stance: Sequence[float]) -> Heard:
        """What the ear makes of the onset which this note is part of."""
        _, row = self._listening.hear(at, pitch, velocity)
        told, self._memory = self._network(row, stance, self._memory)
        beat = 1.0 / (1.0 + math.exp(-max(-SUREST, min(SUREST, float(told[0])))))
        period, period_sure = _likeliest(told[1 : 1 + PERIODS] + self._allowed, ABOUT[0], around=False)
        phase, phase_sure = _likeliest(told[1 + PERIODS :], ABOUT[1], around=True)
        return Heard(
            beat,
            SHORTEST * 2.0 ** (period / AN_OCTAVE),
            period_sure,
            phase / PHASES % 1.0,
            phase_sure,
        )


@cache
def network() -> Network:
    """The network with the weights that the package has."""
    with np.load(WEIGHTS, allow_pickle=False) as arrays:
        return Network({name: arrays[name] for name in arrays.files})


def _likeliest(odds: Array, about: int, *, around: bool) -> tuple[float, float]:
    """The mean of the likeliest class and those about it, and their share; ``around``: the first follows the last."""
    share = np.exp(odds - odds.max())
    share /= share.sum()
    best = int(share.argmax())
    classes = range(best - about, best + about + 1)
    near = [(float(share[one % len(share)]), one) for one in classes if around or 0 <= one < len(share)]
    sure = sum(weight for weight, _ in near)
    return sum(weight * one for weight, one in near) / sure, sure
