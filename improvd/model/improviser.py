"""Answers: a `Generate` in, a `Continuation` out, keeping every promise that the two make.

The network is primed from nothing with the context at each answer, so an answer is a function of the request
alone. Of each note the interval is drawn first, then pitch, duration and velocity, each in four steps: the network says
what it finds likely, the stages bend that (`stages`), the draft says what may be at all (`draft`), and chance chooses.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from improvd.core.events import Continuation
from improvd.model.draft import Draft
from improvd.model.sampling import draw
from improvd.model.stages import stages
from improvd.model.tokens import (
    ATTRIBUTES,
    BEAT,
    COLUMNS,
    DURATION,
    INTERVAL,
    INTERVALS,
    NOTHING_HEARD,
    PITCH,
    VELOCITY,
    interval_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.core.events import Generate, Seconds
    from improvd.model.bundle import Bundle
    from improvd.model.limits import Limits
    from improvd.model.stages.stage import Stage

STEPS: Final = INTERVALS.tolist()
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
        self._stages = stages(draft)
        self._bending = [[stage for stage in self._stages if stage.head == head] for head in range(len(ATTRIBUTES))]
        complete = self._prime(draft, style) and self._go_on(draft, style)
        return Continuation(request.turn, request.segment, draft.finished(), complete)

    def _prime(self, draft: Draft, style: int) -> bool:
        network = self._network
        rows = self._vocabulary.encode(draft.context, draft.metre).tolist()
        network.reset()
        network.hear((*NOTHING_HEARD, style))
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
            onset = draft.first_onset()
            if onset is None:
                onset, row[INTERVAL] = self._next_onset(draft)
                if onset > draft.last:
                    return True
            else:
                row[INTERVAL] = draft.interval_to(onset)
            row[BEAT:] = self._vocabulary.place(onset, draft.metre)
            row[PITCH] = self._draw(draft, PITCH, onset, row, draft.pitches(onset))
            row[DURATION] = self._draw(draft, DURATION, onset, row, (0, draft.durations(onset)))
            row[VELOCITY] = self._draw(draft, VELOCITY, onset, row, draft.limits.velocities)
            draft.add(onset, row)
            self._network.hear((*row, style))
            for stage in self._stages:
                stage.hear(onset, row)
        return False

    def _next_onset(self, draft: Draft) -> tuple[int, int]:
        """When the next note falls, in ticks, and the id of the interval to it."""
        earliest, latest = draft.onset_range()
        low = bisect_left(STEPS, earliest - draft.previous)
        high = bisect_right(STEPS, latest - draft.previous)
        if low >= high:
            # No value of the vocabulary falls between: the latest onset that keeps the promises.
            return latest, interval_id(latest - draft.previous)
        chosen = self._draw(draft, INTERVAL, draft.previous, [0] * COLUMNS, (low, high))
        return draft.previous + STEPS[chosen], chosen

    def _draw(self, draft: Draft, head: int, onset: int, row: list[int], ids: tuple[int, int]) -> int:
        """One of the ids from the first of ``ids`` to before the second."""
        low, high = ids
        logits = self._network.logits(head, row)
        for stage in self._bending[head]:
            stage.bend(logits, onset, row)
        request = draft.request
        return low + draw(logits[low:high], draft.rng, temperature=request.temperature, top_p=request.top_p)
