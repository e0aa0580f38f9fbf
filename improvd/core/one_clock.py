"""Of several inputs that send a MIDI clock, the one that is followed: two clocks together are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from improvd.core.events import Seconds
from improvd.core.metronome import TICK

if TYPE_CHECKING:
    from improvd.core.events import MidiEvent

TIMING: Final = frozenset((0xF2, TICK[0], 0xFA, 0xFB, 0xFC))
"""Song Position, tick, Start, Continue, Stop: what a clock sends."""
SILENCE: Final = Seconds(1.0)
"""A clock that ticks so long no more is followed no more, if another ticks. The slowest that is followed, at 20 beats a
minute, ticks eight times in it."""


class OneClock:
    """The first input that ticks is followed, for as long as it does. Pure; one thread's; nothing blocks.

    Start, Stop and the like count from that input alone, and from any while none ticks: many clocks begin with Start.
    """

    def __init__(self) -> None:
        self._source: str | None = None
        self._ticked = Seconds(0.0)

    def takes(self, source: str, event: MidiEvent) -> bool:
        """Whether a message is to be taken in: any that is no clock's, and those of the clock that is followed."""
        status = event.data[0]
        if status not in TIMING:
            return True
        if self._source not in (None, source) and event.at - self._ticked < SILENCE:
            return False
        if status == TICK[0]:
            self._source, self._ticked = source, event.at
        return True

    def lose(self, source: str) -> None:
        """An input is gone, and its clock with it."""
        if self._source == source:
            self._source = None
