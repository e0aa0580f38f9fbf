"""Taking up what the player played: what followed before, where it went as now, is mixed into what the network says.

How much a match is trusted was learnt on music that nothing else was learnt from: in pieces, places that match so many
notes go on alike so often (`SHARES`, by maximum likelihood). The knob multiplies these odds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import CONTEXT_NOTES, EARLIER_NOTES
from improvd.model.hearing import hear
from improvd.model.memory import Memory
from improvd.model.sampling import LARGEST, TINY
from improvd.model.stages.stage import Stage
from improvd.model.tokens import DURATION, INTERVAL, PITCH, VELOCITY, Metre, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.draft import Draft

SHARES: Final = {
    INTERVAL: (0.00, 0.00, 0.07, 0.17, 0.33, 0.47, 0.44, 0.69, 0.79, 0.79),
    PITCH: (0.01, 0.23, 0.41, 0.55, 0.66, 0.76, 0.75, 0.83, 0.91, 0.96),
    DURATION: (0.04, 0.05, 0.16, 0.30, 0.38, 0.31, 0.53, 0.57, 0.78, 0.88),
    VELOCITY: (0.00, 0.01, 0.01, 0.09, 0.22, 0.14, 0.15, 0.22, 0.17, 0.25),
}
"""The memory's share in what is likely, by how many notes the longest match has: `benchmarks/similarity.py`."""
LEAST: Final = 0.015
"""A smaller share isn't worth its time."""
SOME: Final = 0.001
"""No match is trusted less, so that where the knob stands at 1 all is taken from the memory."""
ALL: Final = 0.9999
"""No share is larger: the network still decides what the memory leaves open."""
OWN: Final = 256
"""Notes of the answer itself that are remembered too."""


class Similarity(Stage):
    """Mixes the memory's chances of one attribute into the network's. The stages of an answer share one memory."""

    def __init__(self, head: int, memory: Memory, knob: float) -> None:
        self.head = head
        self._memory = memory
        self._shares = [_turned(share, knob) for share in SHARES[head]]

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Mix."""
        memory, head = self._memory, self.head
        if head == INTERVAL:
            memory.all_places()
        elif head == PITCH:
            memory.with_interval(row[INTERVAL])
        elif head == DURATION:
            memory.with_pitch(row[PITCH])
        longest = memory.longest
        share = self._shares[longest] if longest >= 0 else 0.0
        if share < LEAST:
            return
        mixed = np.exp(np.minimum(logits, LARGEST))
        total = float(mixed.sum())
        remembered = memory.chances(head)
        if TINY < total < 1 / TINY and remembered.any():
            mixed *= (1.0 - share) / total
            mixed += share * remembered
            np.log(np.maximum(mixed, TINY, out=mixed), out=logits)


class Listening(Similarity):
    """The first of them, which tells the memory what is heard and played."""

    def hear(self, onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Remember."""
        self._memory.hear(row)


def _turned(share: float, knob: float) -> float:
    """A share as the knob has it: as learnt in the middle, none at 0, all at 1."""
    odds = max(share, SOME) * knob
    return min(ALL, odds / (odds + (1.0 - share) * (1.0 - knob)))


def similarity(draft: Draft) -> list[Stage]:
    """The stages that take up what was played; none where the knob stands at 0."""
    knob = draft.manner.similarity
    if not knob > 0:
        return []
    memory = Memory(EARLIER_NOTES + CONTEXT_NOTES + OWN)
    for phrase in draft.request.earlier:
        for row in Vocabulary().encode(hear(phrase, len(phrase)), Metre()).tolist():
            memory.hear(row)
        memory.begin()
    return [(Listening if head == INTERVAL else Similarity)(head, memory, knob) for head in SHARES]
