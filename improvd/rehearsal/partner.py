"""The model in virtual time: the very improviser of the worker, with a clock that counts its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.events import Continuation, Generate, Seconds
from improvd.model.improviser import Improviser

if TYPE_CHECKING:
    from improvd.model.bundle import Bundle

STEP = Seconds(0.000_15)
"""What a step takes in virtual time: the same on every machine, so that the same seed gives the same bytes."""
WIRE = Seconds(0.001)
"""What the way to the model's process and back takes."""


class VirtualPartner:
    """Answers as the worker would on a machine that takes ``step`` seconds a step."""

    def __init__(self, bundle: Bundle, step: Seconds = STEP) -> None:
        self._now = Seconds(0.0)
        self.step = step
        self._improviser = Improviser(bundle, self._tick)

    def answer(self, asked_at: Seconds, request: Generate) -> tuple[Seconds, Continuation]:
        """The answer, and when it is there."""
        self._now = Seconds(asked_at + WIRE)
        continuation = self._improviser.answer(request)
        return self._now, continuation

    def _tick(self) -> Seconds:
        """The improviser looks at the clock once before every step."""
        self._now = Seconds(self._now + self.step)
        return self._now
