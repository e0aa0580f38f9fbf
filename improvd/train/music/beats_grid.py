"""Notes in seconds as notes on the model's grid: in beats where these are known, else at the times they were played.

On known beats they are moved to the grid as a player's are. Elsewhere a second has 48 ticks, as at 120 beats a minute,
and the beat is marked as unknown. What is struck as one chord begins at one time everywhere: a grid would tear it
apart by chance.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.core import events
from improvd.core.events import TICKS_PER_BEAT, BeatNote
from improvd.model.hearing import hear
from improvd.model.tokens import Metre
from improvd.train.music import beats
from improvd.train.music.beats_chain import strikes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from improvd.model.tokens import TickNotes
    from improvd.train.music.beats import Beats
    from improvd.train.music.clean import Played

    Curve = NDArray[np.float64]

TICKS_A_SECOND: Final = 2 * TICKS_PER_BEAT


def on_grid(played: Played) -> tuple[TickNotes, list[tuple[int, Metre]]]:
    """The notes, at least one, and from which tick on each metre holds, by which beats are known or unknown."""
    struck, strike = strikes(played.onset, played.velocity)
    onset: Curve = struck[strike]
    offset: Curve = np.maximum(played.offset, onset)
    found = beats.find(played)
    if found is None or not found.known.any():
        unknown = np.zeros(len(played), dtype=bool)
        return _heard(onset * TICKS_A_SECOND, offset * TICKS_A_SECOND, played, unknown), [(0, Metre(beat_known=False))]
    ticks = _ticks(found)
    times, until = _longer(found, ticks, float(played.offset.max()))
    onset, offset = (np.asarray(np.interp(these, times, until), dtype=np.float64) for these in (onset, offset))
    number = np.clip(np.searchsorted(ticks, np.rint(onset), side="right") - 1, 0, len(found.known) - 1)
    changes = [0, *(np.flatnonzero(np.diff(found.known)) + 1).tolist()]
    spans = [(int(ticks[change]), Metre(beat_known=bool(found.known[change]))) for change in changes]
    return _heard(onset, offset, played, found.known[number]), spans


def _ticks(found: Beats) -> Curve:
    """The tick of each beat: 24 from one known beat to the next; where unknown, about as many as its seconds have.

    Known beats lie on whole beats of the grid, so each stretch between them is bent to a whole number of beats.
    """
    length = np.where(found.known, float(TICKS_PER_BEAT), np.diff(found.times) * TICKS_A_SECOND)
    edges = [0, *(np.flatnonzero(np.diff(found.known)) + 1).tolist(), len(length)]
    for start, end in pairwise(edges):
        if not found.known[start]:
            total = length[start:end].sum()
            length[start:end] *= max(1, round(total / TICKS_PER_BEAT)) * TICKS_PER_BEAT / total
    return np.concatenate([[0.0], np.cumsum(length)])


def _longer(found: Beats, ticks: Curve, last: float) -> tuple[Curve, Curve]:
    """Times and ticks of the beats, and on as in the last beat to a time after them."""
    rate = (ticks[-1] - ticks[-2]) / (found.times[-1] - found.times[-2])
    over = max(0.0, last - float(found.times[-1])) + 1.0
    return np.append(found.times, found.times[-1] + over), np.append(ticks, ticks[-1] + over * rate)


def _heard(onset: Curve, offset: Curve, played: Played, known: NDArray[np.bool_]) -> TickNotes:
    """Notes by their ticks as notes on the grid, those on known beats heard as a player's are."""
    order = np.argsort(~known, kind="stable")
    notes = [
        BeatNote(
            events.Beats(float(onset[one]) / TICKS_PER_BEAT),
            events.Beats(float(offset[one] - onset[one]) / TICKS_PER_BEAT),
            int(played.pitch[one]),
            int(played.velocity[one]),
        )
        for one in order
    ]
    return hear(notes, int(known.sum()))
