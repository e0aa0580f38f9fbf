"""How much of an answer recites what the model learnt.

What counts is notes of the answer. The call is heard too, so that an answer which goes on where a tune was left off is
found out at once; but its notes are the player's. And whoever takes up what the player played, in whatever key, quotes
the player, be it a tune that the model has learnt or not: such notes don't count, and the count begins where the
player's own notes end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from improvd.model.follower import Follower
from improvd.model.originality import PITCHES, RUN, runs
from improvd.model.tokens import INTERVAL, PITCH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from improvd.model.originality import Filter


class Recital:
    """Counts, note by note. For one thread; never blocks.

    ``notes`` is how many of the answer's last notes follow what was ``learnt``.
    """

    def __init__(self, learnt: Filter) -> None:
        self._learnt = learnt
        self._follower = Follower(learnt)
        self._theirs: set[int] = set()  # the runs that the player played
        self._since = 0  # notes of the player's since the last of the answer's
        self._answered = 0
        self.notes = 0

    def allow(self, rows: NDArray[Any]) -> None:
        """What the player played earlier may be taken up: rows of ids (notes, 2 or more)."""
        self._theirs.update(runs(rows).tolist())

    def hear(self, interval: int, pitch: int, *, answer: bool) -> None:
        """One more note, by the id of the interval to it and its pitch: of the ``answer``, or else the player's."""
        follower = self._follower
        follower.hear(interval, pitch)
        if answer:
            self._since = 0
            self._answered += 1
        else:
            self._since += 1
            if self._since >= RUN and follower.run is not None:
                self._theirs.add(follower.run)
        if not follower.notes:
            self.notes = 0
        elif answer and follower.run not in self._theirs:
            self.notes = self.notes + 1 if follower.notes > RUN else min(RUN, self._answered)

    def would_count(self, interval: int) -> NDArray[np.bool_]:
        """Which next pitches of the answer, after an interval by its id, would count: shape (128,)."""
        ending = self._follower.next_runs(interval)
        if ending is None:
            return np.zeros(PITCHES, dtype=np.bool_)
        found = self._learnt.has(ending)
        for pitch in np.flatnonzero(found).tolist():
            found[pitch] = int(ending[pitch]) not in self._theirs
        return found


def longest(learnt: Filter, heard: NDArray[Any], answer: NDArray[Any]) -> int:
    """The most notes in a row of an answer that count, after a call: both rows of ids (notes, 2 or more).

    The answer's first row has the interval from the call's last note.
    """
    recital = Recital(learnt)
    most = 0
    for rows, ours in ((heard, False), (answer, True)):
        for row in rows.tolist():
            recital.hear(row[INTERVAL], row[PITCH], answer=ours)
            most = max(most, recital.notes)
    return most
