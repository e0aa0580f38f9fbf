"""Following chords that were asked for: their notes are likelier, most of all on the beat."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.model.stages.stage import Stage
from improvd.model.stages.tonality import CLASSES
from improvd.model.tokens import PITCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.draft import Draft

ON_THE_BEAT, BETWEEN = 3.0, 1.2
"""Nats for a note of the chord: between beats notes pass by."""
ANTICIPATED: Final = 3
"""A note so many ticks before a chord is one of it."""


class Harmony(Stage):
    """Leans towards the notes of the chord that sounds."""

    head = PITCH

    def __init__(self, draft: Draft) -> None:
        chords = draft.request.chords
        self._ticks = [round(chord.onset * TICKS_PER_BEAT) - ANTICIPATED for chord in chords]
        self._members = [np.isin(CLASSES, chord.classes).astype(np.float32) for chord in chords]

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Lean."""
        chord = bisect_right(self._ticks, onset) - 1
        if chord >= 0:
            near = min(onset % TICKS_PER_BEAT, -onset % TICKS_PER_BEAT) <= ANTICIPATED
            logits += (ON_THE_BEAT if near else BETWEEN) * self._members[chord]
