"""Playing where the player does, or so much above; beside them, where they leave room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.model.stages.stage import Stage
from improvd.model.tokens import PITCH, SIZES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.draft import Draft

STRENGTH: Final = 0.25
"""How much of a bell about the call's mean, as wide as the call, is laid over the pitches."""
MOVED: Final = 0.15
"""So much more of it for each semitone that it was moved, to outweigh what the call itself pulls back."""
NARROWEST: Final = 4.0
"""Semitones that the bell is wide at least: the standard deviation."""


class Register(Stage):
    """Leans towards the call's middle, moved by the semitones that were asked for."""

    head = PITCH

    def __init__(self, draft: Draft) -> None:
        pitches = np.array([note.pitch for note in draft.call], dtype=np.float64)
        middle, width = (pitches.mean(), max(NARROWEST, pitches.std())) if len(pitches) else (0.0, np.inf)
        wanted = middle + (draft.manner.register or 0.0)
        niche = draft.request.niche
        if niche is not None and niche.lowest is not None and niche.highest is not None:
            wanted, width = (niche.lowest + niche.highest) / 2, max(NARROWEST, (niche.highest - niche.lowest) / 4)
        away = (np.arange(SIZES[PITCH]) - wanted) / width
        self._bias = (-0.5 * (STRENGTH + MOVED * abs(wanted - middle)) * away**2).astype(np.float32)

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Lean."""
        logits += self._bias
