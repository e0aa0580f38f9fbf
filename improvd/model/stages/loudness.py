"""Playing as loud as the player does, or so much louder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.model.stages.stage import Stage
from improvd.model.tokens import SIZES, VELOCITY, VELOCITY_BIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.draft import Draft

STRENGTH: Final = 0.5
"""How much of a bell about the call's mean, as wide as the call, is laid over the velocities."""
NARROWEST: Final = 8.0
"""Velocities that the bell is wide at least: the standard deviation."""


class Loudness(Stage):
    """Leans towards the call's mean velocity, moved by what was asked for."""

    head = VELOCITY

    def __init__(self, draft: Draft) -> None:
        velocities = np.array([note.velocity for note in draft.call], dtype=np.float64)
        middle, width = (velocities.mean(), max(NARROWEST, velocities.std())) if len(velocities) else (0.0, np.inf)
        middles = np.arange(SIZES[VELOCITY]) * VELOCITY_BIN + VELOCITY_BIN / 2
        away = (middles - middle - (draft.manner.velocity or 0.0)) / width
        self._bias = (-0.5 * STRENGTH * away**2).astype(np.float32)

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Lean."""
        logits += self._bias
