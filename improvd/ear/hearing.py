"""The ear that was taught: how likely an onset is a beat, by a small network in numpy.

Five layers; the filter's stance comes in at the third, so that what the first two hear could be learnt from far more
music than a filter can follow in the same time. It learnt from the scores of the training corpus and from songs made
up, played by a machine as people play: docs/tempo.md tells how, and has the command.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.ear.features import Listening

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float32]

WEIGHTS: Final = Path(__file__).with_suffix(".npz")
HEARING: Final = ("first", "second")
"""The layers that hear the note …"""
JUDGING: Final = ("third", "fourth", "last")
"""… and those that weigh it with the filter's stance."""
SUREST: Final = 12.0
"""Log odds beyond which nothing is any surer."""


class Network:
    """Layers by name: kernels (in, out) and biases (out,). Between them what is negative is nothing."""

    def __init__(self, layers: Mapping[str, Array]) -> None:
        self._hearing, self._judging = (
            [(layers[f"{name}.kernel"].astype(np.float32), layers[f"{name}.bias"].astype(np.float32)) for name in names]
            for names in (HEARING, JUDGING)
        )

    def __call__(self, row: Array, stance: Sequence[float]) -> float:
        """Log odds of a beat, from a row of features and a stance."""
        now = row
        for kernel, bias in self._hearing:
            now = np.maximum(_through(now, kernel) + bias, 0.0)
        now = np.concatenate([now, np.array(stance, dtype=np.float32)])
        for kernel, bias in self._judging[:-1]:
            now = np.maximum(_through(now, kernel) + bias, 0.0)
        kernel, bias = self._judging[-1]
        return float((_through(now, kernel) + bias)[0])


class Hearing:
    """An ear (`improvd.core.ear.Ear`) for one performance."""

    def __init__(self) -> None:
        self._listening = Listening()
        self._network = network()

    def hear(self, at: float, pitch: int, velocity: int, stance: Sequence[float]) -> float:
        """The probability that the onset which this note is part of is a beat."""
        _, row = self._listening.hear(at, pitch, velocity)
        odds = max(-SUREST, min(SUREST, self._network(row, stance)))
        return float(1.0 / (1.0 + np.exp(-odds)))


@cache
def network() -> Network:
    """The network with the weights that the package has."""
    with np.load(WEIGHTS, allow_pickle=False) as arrays:
        return Network({name: arrays[name] for name in arrays.files})


def _through(now: Array, kernel: Array) -> Array:
    """A product that begins no threads and adds in the same order everywhere, as BLAS does not promise."""
    return np.asarray(np.einsum("i,ij->j", now, kernel))
