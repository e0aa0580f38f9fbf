"""No reciting: an answer follows the music that the model learnt for so many notes, and then goes its own way.

What counts is notes of the answer. The call is heard too, so that an answer which goes on where a tune was left off is
found out at once; but its notes are the player's. And whoever takes up what the player has just played, in whatever
key, quotes the player, be it a tune that the model has learnt or not: such notes don't count, and the limit begins
where the player's own notes end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.model.follower import Follower
from improvd.model.hearing import FARTHEST
from improvd.model.originality import RUN
from improvd.model.stages.stage import Stage
from improvd.model.tokens import INTERVAL, PITCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.draft import Draft
    from improvd.model.originality import Filter

MOST: Final = 12
"""Notes that may follow, unless something else is asked. No fewer than a run can be told: one that is as long."""


class Guard(Stage):
    """Rules out the pitches with which an answer would follow what was ``learnt`` for more than ``most`` notes.

    ``notes`` is how many of the answer's last notes follow.
    """

    head = PITCH

    def __init__(self, draft: Draft, learnt: Filter, most: int) -> None:
        self._learnt, self._most = learnt, most
        self._follower = Follower(learnt)
        request = draft.request
        ours = [note for note in request.context[request.call :] if abs(note.onset) < FARTHEST]
        self._ours = {(round(note.onset * TICKS_PER_BEAT), note.pitch) for note in ours}
        self._to_prime = len(draft.context)
        self._theirs: set[int] = set()  # the runs that the player played
        self._since = 0  # notes of the player's since the last of ours
        self._played = 0
        self.notes = 0

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Rule out what goes on as the corpus does, where enough has."""
        if self.notes < self._most:
            return
        runs = self._follower.next_runs(row[INTERVAL])
        if runs is not None:
            theirs = np.array([run in self._theirs for run in runs.tolist()])
            logits[self._learnt.has(runs) & ~theirs] = -np.inf

    def hear(self, onset: int, row: Sequence[int]) -> None:
        """Count on."""
        follower = self._follower
        follower.hear(row[INTERVAL], row[PITCH])
        if self._to_prime:
            self._to_prime -= 1
            if (onset, row[PITCH]) not in self._ours:
                self._since += 1
                if self._since >= RUN and follower.run is not None:
                    self._theirs.add(follower.run)
                if not follower.notes:
                    self.notes = 0
                return
        self._since = 0
        self._played += 1
        if not follower.notes:
            self.notes = 0
        elif follower.run not in self._theirs:
            self.notes = self.notes + 1 if follower.notes > RUN else min(RUN, self._played)
