"""Answers: a `Generate` in, a `Continuation` out, keeping every promise that the two make.

The network is primed from nothing with the context at each answer, so an answer is a function of the request
alone. Of each note the interval is drawn first, then pitch, duration and velocity, each in four steps: the network says
what it finds likely, the stages bend that (`stages`), the draft says what may be at all (`draft`), and chance chooses.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.core.events import Continuation
from improvd.model.draft import Draft
from improvd.model.stages import stages
from improvd.model.stages.tonality import clear_key
from improvd.model.tokens import (
    ATTRIBUTES,
    BEAT,
    COLUMNS,
    DURATION,
    INTERVAL,
    INTERVALS,
    PITCH,
    VELOCITY,
    interval_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from improvd.core.events import Generate, Seconds
    from improvd.model.bundle import Bundle
    from improvd.model.limits import Limits
    from improvd.model.stages.stage import Stage

STEPS: Final = INTERVALS.tolist()
PEDALLED: Final = 1 / 3
"""The share of a style's notes held on by the pedal from which that style is played with it."""
MOST_NOTES: Final = 1024
"""No answer to one request has more notes than this."""


class Improviser:
    """A model that answers. For one thread.

    ``now`` reads the clock in which requests state their deadlines; it is asked before each step. ``bounds``, where
    there are any, hold for all answers, instead of those that each call sets.
    """

    def __init__(self, bundle: Bundle, now: Callable[[], Seconds], bounds: Limits | None = None) -> None:
        self._network = bundle.network()
        self._vocabulary = bundle.vocabulary
        self._learnt = bundle.originality
        self._pedalled = {style for style, share in bundle.pedalled.items() if share >= PEDALLED}
        self._now = now
        self._bounds = bounds
        self._stages: list[Stage] = []  # of the answer in the making
        self._bending: list[list[Stage]] = [[] for _ in ATTRIBUTES]  # the same, by the attribute that they bend

    def answer(self, request: Generate) -> Continuation:
        """Go on from the request's context, as its docstring and that of ``Continuation`` promise.

        ``complete`` is False where the deadline, or a bound of 1,024 notes, came before ``until``. Never raises
        for a valid request.
        """
        draft = Draft(request, self._bounds)
        if draft.impossible:
            return Continuation(request.turn, request.segment, ())
        style = self._vocabulary.style_id(request.style)
        self._stages = stages(draft, self._learnt)
        self._bending = [[stage for stage in self._stages if stage.head == head] for head in range(len(ATTRIBUTES))]
        complete = self._prime(draft, style) and self._go_on(draft, style)
        pedalled = request.style in self._pedalled
        return Continuation(request.turn, request.segment, draft.finished(), complete, clear_key(draft), pedalled)

    def _prime(self, draft: Draft, style: int) -> bool:
        network = self._network
        rows = self._vocabulary.encode(draft.context, draft.metre).tolist()
        network.begin(style)
        for onset, row in zip(draft.context.onset.tolist(), rows, strict=True):
            if self._now() >= draft.request.deadline:
                return False
            network.hear((*row, style))
            for stage in self._stages:
                stage.hear(onset, row)
        return True

    def _go_on(self, draft: Draft, style: int) -> bool:
        before = self._now()
        while len(draft.notes) < MOST_NOTES:
            now = self._now()
            # The next step will take about as long as the last.
            if now + (now - before) >= draft.request.deadline:
                return False
            before = now
            row = [0] * COLUMNS
            onset = self._begin(draft, row)
            if onset > draft.last:
                return True
            row[DURATION] = draft.draw(DURATION, self._bent(DURATION, onset, row)[: draft.durations(onset)])
            softest, loudest = draft.limits.velocities
            row[VELOCITY] = softest + draft.draw(VELOCITY, self._bent(VELOCITY, onset, row)[softest:loudest])
            draft.add(onset, row)
            self._network.hear((*row, style))
            for stage in self._stages:
                stage.hear(onset, row)
        return False

    def _begin(self, draft: Draft, row: list[int]) -> int:
        """Choose when the next note falls, returned in ticks, and its pitch; past ``draft.last``: there is no next."""
        first = draft.first_onset()
        without: list[int] = []  # intervals after which no pitch may come
        while True:
            onset, row[INTERVAL] = (
                self._next_onset(draft, without) if first is None else (first, draft.interval_to(first))
            )
            if onset > draft.last:
                return onset
            row[BEAT:] = self._vocabulary.place(onset, draft.metre)
            low, high = draft.pitches(onset)
            logits = self._bent(PITCH, onset, row)[low:high]
            # Where there is no other interval either, what an answer promises comes before what the stages forbid.
            if logits.max() != -np.inf or first is not None or row[INTERVAL] in without:
                row[PITCH] = low + draft.draw(PITCH, logits)
                return onset
            without.append(row[INTERVAL])

    def _next_onset(self, draft: Draft, without: list[int]) -> tuple[int, int]:
        """When the next note falls, in ticks, and the id of the interval to it: none of ``without``, if others go."""
        earliest, latest = draft.onset_range()
        low = bisect_left(STEPS, earliest - draft.previous)
        high = bisect_right(STEPS, latest - draft.previous)
        if low >= high:
            # No value of the vocabulary falls between: the latest onset that keeps the promises.
            return latest, interval_id(latest - draft.previous)
        logits = self._bent(INTERVAL, draft.previous, [0] * COLUMNS)
        logits[without] = -np.inf
        chosen = low + draft.draw(INTERVAL, logits[low:high])
        return draft.previous + STEPS[chosen], chosen

    def _bent(self, head: int, onset: int, row: list[int]) -> NDArray[np.float32]:
        """The network's logits for one attribute of the next note, bent by the stages."""
        logits = self._network.logits(head, row)
        for stage in self._bending[head]:
            stage.bend(logits, onset, row)
        return logits
