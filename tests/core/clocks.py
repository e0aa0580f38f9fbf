"""A MIDI clock in virtual time: where its beats fall, and when its ticks are heard."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from improvd.core.events import Seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

TICKS = 24


@dataclass
class VirtualClock:
    """Ticks from ``start`` on at ``bpm``, which grows by ``ramp`` beats a minute in each minute.

    Each is heard up to ``jitter`` seconds early or late; those numbered in ``lost`` are not heard.
    """

    bpm: float
    start: float = 0.0
    jitter: float = 0.0
    ramp: float = 0.0
    lost: frozenset[int] = frozenset()
    seed: int = 0
    true: list[float] = field(default_factory=list)
    """When the ticks came that were made so far, without jitter."""

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)  # noqa: S311  no secret
        self._at = self.start

    def ticks(self, until: float) -> list[Seconds]:
        """When the ticks of the time since the last call, and before ``until``, are heard, in order."""
        return sorted(self._made(until))

    def _made(self, until: float) -> Iterator[Seconds]:
        while self._at < until:
            number = len(self.true)
            self.true.append(self._at)
            bpm = self.bpm + self.ramp * (self._at - self.start) / 60
            if number not in self.lost:
                yield Seconds(self._at + self._rng.uniform(-self.jitter, self.jitter))
            self._at += 60 / bpm / TICKS
