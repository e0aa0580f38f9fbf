"""No reciting: an answer follows the music that the model learnt for so many notes, and then goes its own way."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.model.hearing import FARTHEST, hear
from improvd.model.recital import Recital
from improvd.model.stages.stage import Stage
from improvd.model.tokens import INTERVAL, PITCH, Metre, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.draft import Draft
    from improvd.model.originality import Filter


class Guard(Stage):
    """Rules out pitches with which an answer would follow what was ``learnt`` for more notes than its manner allows."""

    head = PITCH

    def __init__(self, draft: Draft, learnt: Filter) -> None:
        request = draft.request
        self._most = math.inf if draft.manner.originality is None else draft.manner.originality
        self._recital = Recital(learnt)
        for phrase in request.earlier:
            self._recital.allow(Vocabulary().encode(hear(phrase, len(phrase)), Metre()))
        ours = [note for note in request.context[request.call :] if abs(note.onset) < FARTHEST]
        self._ours = {(round(note.onset * TICKS_PER_BEAT), note.pitch) for note in ours}
        self._to_prime = len(draft.context)

    @property
    def notes(self) -> int:
        """How many of the answer's last notes follow."""
        return self._recital.notes

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Rule out what goes on as the corpus does, where enough has."""
        if self.notes >= self._most:
            logits[self._recital.would_count(row[INTERVAL])] = -np.inf

    def hear(self, onset: int, row: Sequence[int]) -> None:
        """Count on."""
        primed = self._to_prime == 0
        self._to_prime -= not primed
        self._recital.hear(row[INTERVAL], row[PITCH], answer=primed or (onset, row[PITCH]) in self._ours)
