"""How far a training is, and how fast it learns there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

LAST_RATE: Final = 0.01
"""The learning rate's end as a share of its highest."""
LONGEST_WARM_UP: Final = 0.1
"""The warm-up takes at most this share of a training."""
LEAST_STEPS: Final = 64
"""Steps that an epoch has at least: a small corpus is passed over several times in one, for a window is other music
each time it is seen, and a network needs a thousand steps or so to learn anything of use."""
BATCHES: Final = 16
"""Batches that a corpus is worth at least: a small one is learnt in smaller batches."""
SMALLEST_BATCH: Final = 8
EPOCHS: Final = 20
UNWATCHED_EPOCHS: Final = 1


def epochs(*, continued: bool, watched: bool) -> int:
    """How many epochs at most, where nobody says.

    Few where a model is ``continued`` from and no piece can be spared to be ``watched``, which happens with one alone:
    it would soon be known by heart, and all else forgotten.
    """
    return UNWATCHED_EPOCHS if continued and not watched else EPOCHS


def epoch(notes: int, batch: int, window: int) -> tuple[int, int]:
    """The windows of a batch, at most ``batch``, and the steps of an epoch, for so many notes to learn from."""
    fair = min(batch, max(SMALLEST_BATCH, notes // (window * BATCHES)))
    return fair, max(LEAST_STEPS, round(notes / (fair * window)))


@dataclass(frozen=True)
class Schedule:
    """A linear warm-up of ``warm_up`` steps to the highest rate, then half a cosine down to a hundredth of it.

    A training ends with its ``steps``, or where ``seconds`` are given with these. Cosine: Loshchilov and Hutter, SGDR:
    Stochastic Gradient Descent with Warm Restarts, 2017 (without restarts).
    """

    highest: float
    warm_up: int
    steps: int
    seconds: float | None = None

    def done(self, step: int, seconds: float) -> float:
        """How much of the training is behind after so many steps and seconds, from 0 to 1."""
        return min(1.0, step / self.steps if self.seconds is None else seconds / self.seconds)

    def rate(self, step: int, seconds: float) -> float:
        """The learning rate of a step, of which ``step`` went before."""
        done = self.done(step, seconds)
        if self.seconds is None:
            warm = (step + 1) / max(1, min(self.warm_up, int(LONGEST_WARM_UP * self.steps)))
        else:
            warm = max((step + 1) / self.warm_up, done / LONGEST_WARM_UP)
        return self.highest * min(1.0, warm) * (LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2)
