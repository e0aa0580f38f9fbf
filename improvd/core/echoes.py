"""Messages of ours that the instrument sends back, told from the player's."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from improvd.core.events import NOTE_OFF, MidiEvent, Seconds

if TYPE_CHECKING:
    from collections.abc import Hashable

MOST: Final = 512
"""Messages that are expected back at once; the oldest are forgotten first."""


class Echoes:
    """What left for an instrument and may come back within ``window``. One thread's, the schedule's; nothing blocks."""

    def __init__(self, window: Seconds) -> None:
        self._window = window
        self._expected: deque[tuple[Seconds, Hashable]] = deque(maxlen=MOST)

    def expect(self, event: MidiEvent, at: Seconds) -> None:
        """``event`` left ``at`` a time."""
        self._expected.append((at, _signature(event)))

    def holds(self, event: MidiEvent, *, comes_up: bool) -> bool:
        """Whether a message that came in is our own, sent back; it counts as having come.

        A key the player holds ``comes_up`` by their hand: were that mistaken for an echo, it would seem held for ever.
        """
        signature = _signature(event)
        while self._expected and self._expected[0][0] < event.at - self._window:
            self._expected.popleft()
        for sent in self._expected:
            if sent[1] == signature and not comes_up:
                self._expected.remove(sent)
                return True
        return False


def _signature(event: MidiEvent) -> Hashable:
    """What of a message survives an instrument sending it back: an off's velocity, or its form, need not."""
    if event.kind == NOTE_OFF:
        return (NOTE_OFF, event.channel, event.data[1])
    return tuple(event.data)
