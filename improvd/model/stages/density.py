"""As many notes a beat as the player plays, or so many times as many; beside them, as many as they leave room for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.model.stages.stage import Stage
from improvd.model.tokens import INTERVAL, INTERVALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.draft import Draft

GAIN: Final = (0.5, 1.5)
"""Nats for each doubling of an interval, for each doubling of the density beyond what is wanted, and for its square."""
AHEAD: Final = 1.0
"""The same for each doubling that is wanted beyond the call's own, which shows only after some notes …"""
MOST_AHEAD: Final = 2.0
"""… up to so many."""
NOTES: Final = 4.0
"""So many notes as they should be are added to what is counted, so that the first few decide nothing."""
MOST: Final = 5.0
LEAST: Final = 0.25
"""Notes a beat; where fewer were heard lately, they tell of no density."""
DOUBLINGS: Final = np.log2(1.0 + INTERVALS).astype(np.float32)


class Density(Stage):
    """Leans towards longer intervals where the answer is denser than it should be by now, else towards shorter ones."""

    head = INTERVAL

    def __init__(self, draft: Draft) -> None:
        wanted, usual = draft.manner.density or 1.0, draft.call_density()
        self._begin, self._count = draft.begin, 0
        niche = draft.request.niche
        if niche is not None and niche.density is not None:
            # Left alone the answer would be as dense as all that is heard lately, theirs and ours together.
            since = min(round(niche.since * TICKS_PER_BEAT), draft.start - TICKS_PER_BEAT)
            lately = int((draft.context.onset >= since).sum())
            usual = max(LEAST, lately * TICKS_PER_BEAT / (draft.start - since))
            wanted = niche.density / usual
            self._begin = max(self._begin, since)
        self._rate = wanted * usual / TICKS_PER_BEAT
        self._ahead = -AHEAD * min(MOST_AHEAD, max(-MOST_AHEAD, math.log2(wanted)))

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Lean."""
        if self._rate > 0:
            due = self._rate * max(0, onset - self._begin) + 1.0
            beyond = math.log2((self._count + NOTES) / (due + NOTES))
            tilt = self._ahead + (GAIN[0] + GAIN[1] * abs(beyond)) * beyond
            logits += min(max(tilt, -MOST), MOST) * DOUBLINGS

    def hear(self, onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Count the answer's notes, those of its earlier segments too."""
        self._count += onset >= self._begin
