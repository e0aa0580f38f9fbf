"""A network that takes up what it hears: its chances, and those of what the piece has shown so far, combined.

The network has learnt how music goes in general, and forgets within a hundred notes how this piece went. The short-term
half of the Markov model has learnt nothing but this piece. Combined as the Markov model combines its own halves, they
show what there is to gain where a player's own phrases are remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.evaluate import markov, ppm
from improvd.evaluate.views import VIEWS
from improvd.model.tokens import ATTRIBUTES, INTERVAL, PITCH, SIZES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from improvd.evaluate.ppm import Chances
    from improvd.model.network import Network

BIAS: Final = 1.0
"""As `markov.BIAS`: the best of 0, 0.5, 1 and 2 on a third of the corpus's validation split."""
LEAST: Final = 1e-300
"""No chance of the network's is less, so that where it is sure of what can't be, something is left."""


def chances(network: Network, rows: NDArray[np.int32], style: int) -> list[Chances]:
    """A network's chances of each id of each attribute before each note, heard from nothing: (notes, ids) each."""
    out = [np.empty((len(rows), size)) for size in SIZES]
    network.begin(style)
    for number, row in enumerate(rows.tolist()):
        for head, table in enumerate(out):
            scores = network.logits(head, row).astype(np.float64)
            table[number] = np.exp(scores - scores.max())
        network.hear((*row, style))
    return [np.maximum(table / table.sum(axis=1, keepdims=True), LEAST) for table in out]


def bits(network: Network, rows: NDArray[Any], style: int) -> NDArray[np.float64]:
    """Bits of each attribute of a piece's notes, foreseen by both; shape (notes, 4)."""
    wide = rows.astype(np.int64)
    place = np.arange(len(wide))
    previous = markov.before(wide, place)
    out = np.zeros((len(wide), len(ATTRIBUTES)))
    for head, alone in enumerate(chances(network, rows.astype(np.int32), style)):
        predictions = [
            markov.predict(view, markov.so_far(view, wide, place)[1], wide, previous)
            for view in VIEWS
            if view.attribute == head
        ]
        predictions.append(markov.possible(alone, wide, previous) if head == PITCH else alone)
        together = ppm.combine(predictions, BIAS)
        out[:, head] = -np.log2(together[place, np.minimum(wide[:, head], SIZES[head] - 1)])
    out[:1, INTERVAL] = 0.0  # the first note has no interval
    return out
