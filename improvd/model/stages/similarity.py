"""Taking up what the player played: what followed before, where it went as now, is mixed into what the network says.

How much a match is trusted was learnt on music that nothing else was learnt from: in pieces, places that match so many
notes go on alike so often (`SHARES`, by maximum likelihood). The knob multiplies these odds. How loud the player was
there says next to nothing (0.01 bits a note), so velocities are left to others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import CONTEXT_NOTES, EARLIER_NOTES
from improvd.model.hearing import hear
from improvd.model.memory import Memory
from improvd.model.sampling import LARGEST, TINY
from improvd.model.stages.stage import Stage
from improvd.model.tokens import DURATION, INTERVAL, PITCH, SIZES, Metre, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.draft import Draft

SHARES: Final = {
    INTERVAL: (0.00, 0.00, 0.07, 0.17, 0.33, 0.47, 0.44, 0.69, 0.79, 0.79),
    PITCH: (0.01, 0.23, 0.41, 0.55, 0.66, 0.76, 0.75, 0.83, 0.91, 0.96),
    DURATION: (0.04, 0.05, 0.16, 0.30, 0.38, 0.31, 0.53, 0.57, 0.78, 0.88),
}
"""The memory's share in what is likely, by how many notes the longest match has: `benchmarks/similarity.py`."""
LEAST: Final = 0.015
"""Smaller odds aren't worth their time."""
SOME: Final = 0.001
"""No match is trusted less, so that where the knob stands at 1 all is taken from the memory."""
ALL: Final = 1e4
"""No odds are larger: the network still decides what the memory leaves open."""
ONES: Final = np.ones(max(SIZES))
OWN: Final = 256
"""Notes of the answer itself that are remembered too."""


class Similarity(Stage):
    """Mixes the memory's chances of one attribute into the network's. The stages of an answer share one memory."""

    def __init__(self, head: int, memory: Memory, knob: float) -> None:
        self.head = head
        self._memory = memory
        # By how many notes match; where none are left, -1, none.
        self._odds = [*(_odds(share, knob) for share in SHARES[head]), 0.0]

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Mix."""
        memory, head = self._memory, self.head
        memory.narrow(head, row)
        odds = self._odds[memory.longest]
        if odds < LEAST:
            return
        remembered = memory.weights(head)
        weight = float(remembered.dot(ONES[: len(remembered)]))
        chances = np.exp(np.minimum(logits, LARGEST))
        total = float(chances.dot(ONES[: len(chances)]))
        if weight > 0 and TINY < total < 1 / TINY:
            # What is not remembered stays as it is: only the odds between both count, and they are as in the mixture.
            remembered *= odds * total / weight
            np.log(np.maximum(remembered + chances, TINY), out=logits, casting="same_kind")


class Listening(Similarity):
    """The first of them, which tells the memory what is heard and played."""

    def hear(self, onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Remember."""
        self._memory.hear(row)


def _odds(share: float, knob: float) -> float:
    """The odds of a share as the knob has them: as learnt in the middle, none at 0, all at 1."""
    share = max(share, SOME)
    return min(ALL, share / (1.0 - share) * knob / max(1.0 - knob, 1e-9))


def similarity(draft: Draft) -> list[Stage]:
    """The stages that take up what was played; none where the knob stands at 0."""
    knob = draft.manner.similarity
    if not knob > 0:
        return []
    memory = Memory(EARLIER_NOTES + CONTEXT_NOTES + OWN)
    for phrase in draft.request.earlier:
        memory.learn(Vocabulary().encode(hear(phrase, len(phrase)), Metre()))
    return [(Listening if head == INTERVAL else Similarity)(head, memory, knob) for head in SHARES]
