"""What a model plays when nobody leads it: note after note from nothing, as its own view of what it learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from improvd.model.sampling import draw
from improvd.model.tokens import BEAT, COLUMNS, INTERVAL, INTERVALS, PITCH, SIZES, Metre

if TYPE_CHECKING:
    from improvd.model.network import Network
    from improvd.model.tokens import TickNotes


def play(network: Network, style: int, count: int, rng: np.random.Generator, *, beat_known: bool = True) -> TickNotes:
    """``count`` notes from tick 0 on, each drawn as the model finds it likely: no temperature, no limits.

    Only what can't be is left out: a chord's notes ascend. ``style`` is an id; without ``beat_known`` the model is not
    told where in the beat it is, as with playing that has none.
    """
    metre = Metre(beat_known=beat_known)
    rows = np.empty((count, COLUMNS), np.int32)
    network.begin(style)
    onset, before = 0, -1
    for number in range(count):
        row = [0] * COLUMNS
        if number == 0:
            row[INTERVAL] = SIZES[INTERVAL]
        else:
            # Above the highest pitch nothing is left for a chord.
            first = 1 if before + 1 >= SIZES[PITCH] else 0
            row[INTERVAL] = first + draw(network.logits(INTERVAL, row)[first:], rng)
            onset += int(INTERVALS[row[INTERVAL]])
        row[BEAT:] = network.vocabulary.place(onset, metre)
        lowest = before + 1 if row[INTERVAL] == 0 else 0
        row[PITCH] = lowest + draw(network.logits(PITCH, row)[lowest:], rng)
        for head in range(PITCH + 1, len(SIZES)):
            row[head] = draw(network.logits(head, row), rng)
        before = row[PITCH]
        network.hear((*row, style))
        rows[number] = row
    return network.vocabulary.decode(rows)
