"""No reciting: an answer follows the music that the model learnt for so many notes, and then goes its own way.

What counts is notes of the answer. The call is heard too, so that an answer which goes on where a tune was left off is
found out at once; but its notes are the player's. And whoever takes up what the player has just played, in whatever
key, quotes the player, be it a tune that the model has learnt or not: such notes don't count, and the limit begins
where the player's own notes end.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.model.follower import Follower
from improvd.model.hearing import FARTHEST, hear
from improvd.model.originality import RUN, runs
from improvd.model.stages.stage import Stage
from improvd.model.tokens import INTERVAL, PITCH, Metre, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.draft import Draft
    from improvd.model.originality import Filter


class Guard(Stage):
    """Rules out pitches with which an answer would follow what was ``learnt`` for more notes than its manner allows.

    ``notes`` is how many of the answer's last notes follow.
    """

    head = PITCH

    def __init__(self, draft: Draft, learnt: Filter) -> None:
        self._learnt = learnt
        self._most = math.inf if draft.manner.originality is None else draft.manner.originality
        self._follower = Follower(learnt)
        request = draft.request
        ours = [note for note in request.context[request.call :] if abs(note.onset) < FARTHEST]
        self._ours = {(round(note.onset * TICKS_PER_BEAT), note.pitch) for note in ours}
        self._to_prime = len(draft.context)
        # The runs that the player played.
        self._theirs: set[int] = set()
        for phrase in request.earlier:
            self._theirs.update(runs(Vocabulary().encode(hear(phrase, len(phrase)), Metre())).tolist())
        self._since = 0  # notes of the player's since the last of ours
        self._played = 0
        self.notes = 0

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Rule out what goes on as the corpus does, where enough has."""
        if self.notes < self._most:
            return
        ending = self._follower.next_runs(row[INTERVAL])
        if ending is not None:
            theirs = np.array([run in self._theirs for run in ending.tolist()])
            logits[self._learnt.has(ending) & ~theirs] = -np.inf

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
