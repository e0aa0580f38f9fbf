"""How far a stage is, how fast it goes and how long it will take: arithmetic on a clock that is passed in."""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from improvd.train import events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Clock = Callable[[], float]

MEMORY: Final = 30.0
"""Seconds that a rate looks back: long enough for slow files, short enough to forget that the first were cached."""
OFTEN: Final = 0.25
"""Seconds between two events of one stage: eyes and logs need no more."""


class Pace:
    """How fast a number grows, over the last half minute. ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._marks: deque[tuple[float, float]] = deque()

    def mark(self, value: float) -> None:
        """The number is ``value`` now; the first mark is where the count begins, be it 0 or not."""
        now = self._clock()
        self._marks.append((now, value))
        # One mark from before stays, or slow work would have nothing to be measured against.
        while len(self._marks) > 2 and self._marks[1][0] <= now - MEMORY:
            self._marks.popleft()

    @property
    def rate(self) -> float | None:
        """Growth a second; None until there are two marks apart in time."""
        if not self._marks:
            return None
        (begin, first), (_, last) = self._marks[0], self._marks[-1]
        seconds = self._clock() - begin
        return (last - first) / seconds if seconds > 0 and len(self._marks) > 1 else None


class Progress:
    """One stage under way: told how far it is, it tells ``tell``, not more often than there is use for."""

    def __init__(self, tell: events.Tell, begun: events.Stage, clock: Clock) -> None:
        self._tell, self._stage, self._clock = tell, begun, clock
        self._units, self._shares = Pace(clock), Pace(clock)
        self._told = -OFTEN
        self.done = 0.0

    def update(self, done: float, *, share: float | None = None, text: str = "") -> None:
        """So many units are done in all; ``text`` is what else to show.

        ``share`` of the whole, from 0 to 1, is for a stage that doesn't know its total: one that ends with its time.
        """
        total = self._stage.total
        self.done = done
        if share is None and total:
            share = min(1.0, done / total)
        now = self._clock()
        if now - self._told < OFTEN and share != 1.0:
            return
        self._told = now
        self._units.mark(done)
        if share is not None:
            self._shares.mark(share)
        growth = self._shares.rate
        left = (1 - share) / growth if share is not None and growth else None
        stage, unit = self._stage.stage, self._stage.unit
        self._tell(events.Progress(stage, unit, done, total, share, self._units.rate, left, text))


@contextmanager
def stage(
    tell: events.Tell, name: str, *, unit: str = "", total: float | None = None, clock: Clock = time.monotonic
) -> Iterator[Progress]:
    """One stage of a training, from its beginning to its end; an error leaves it without one."""
    begun = events.Stage(name, unit, total)
    start = clock()
    tell(begun)
    progress = Progress(tell, begun, clock)
    yield progress
    tell(events.Stage(name, unit, total, done=progress.done, seconds=clock() - start))
