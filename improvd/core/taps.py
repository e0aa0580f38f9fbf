"""A tempo by tapping."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from improvd.core.events import Seconds

if TYPE_CHECKING:
    from improvd.core.events import Beats

LONGEST: Final = Seconds(2.5)
"""From tap to tap; after a longer pause somebody begins anew."""
SHORTEST: Final = Seconds(0.1)
"""A pad that bounces taps no tempo."""
HEARD: Final = 5
"""Taps that count: the latest."""


class Taps:
    """The latest taps. Pure, one thread's."""

    def __init__(self) -> None:
        self._at: deque[Seconds] = deque(maxlen=HEARD)

    def tap(self, at: Seconds, beat: Beats) -> float | None:
        """Somebody taps ``at`` a time, each ``beat`` quarter notes: the tempo in quarter notes a minute by now.

        None after the first tap, and where it bounced.
        """
        if self._at and at - self._at[-1] < SHORTEST:
            return None
        if self._at and at - self._at[-1] > LONGEST:
            self._at.clear()
        self._at.append(at)
        intervals = sorted(later - earlier for earlier, later in pairwise(self._at))
        return 60.0 * beat / intervals[len(intervals) // 2] if intervals else None
