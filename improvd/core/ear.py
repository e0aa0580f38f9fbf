"""What an ear is, that judges where in the beat a note falls: the tracker listens through one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Ear(Protocol):
    """Hears notes in the order in which they are struck. One to a tracker; owned by its thread."""

    def hear(self, at: float, pitch: int, velocity: int, stance: Sequence[float]) -> float:
        """How likely the onset that this note is part of is a beat, from what was struck by now.

        ``at`` in seconds, never before the note before; ``stance`` is what `tracker_stance` makes of the filter's
        guesses, this note heard. Takes about 0.06 ms and waits for nothing.
        """
        ...


MakeEar = Callable[[], Ear]
"""A fresh ear for another performance."""
