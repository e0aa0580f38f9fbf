"""What an ear is, that hears where in the beat a note falls: the tracker listens through one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Heard(NamedTuple):
    """What an ear makes of a note; how likely and how sure from 0 to 1."""

    beat: float
    """How likely the onset that it is part of is a beat."""
    period: float
    """The length of a beat there, in seconds, and how sure that is …"""
    period_sure: float
    phase: float
    """… and how much of one is gone, 0 to 1, and how sure that is."""
    phase_sure: float


class Ear(Protocol):
    """Hears notes in the order in which they are struck. One to a tracker; owned by its thread."""

    def hear(self, at: float, pitch: int, velocity: int, stance: Sequence[float]) -> Heard:
        """What it makes of a note, from what was struck by now.

        ``at`` in seconds, never before the note before; ``stance`` is what `tracker_stance` makes of the filter's
        guesses, this note heard. Takes about 0.1 ms and waits for nothing.
        """
        ...


MakeEar = Callable[[], Ear]
"""A fresh ear for another performance."""
