"""Several inputs become one keyboard: what they send as one stream, in which nothing hangs and nothing is cut.

The rules:

- A key goes down whoever strikes it, and comes up once it is up at every input that held it; so does a pedal.
- All notes off, and all sound off, are the way up of the keys of the input that sends them.
- An input that goes lets go of what it held, and of nothing else.
- What was held before anybody listened here is nobody's: who lets go of it first does, and so does any input that goes.

With one input all messages pass as they come.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from improvd.core.events import ALL_NOTES_OFF, ALL_SOUND_OFF, CONTROL, NOTE_OFF, SUSTAIN, MidiEvent, Seconds
from improvd.core.hands import Hands
from improvd.core.keyboard import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable


class Inputs:
    """Which input holds what, each known by its ``source``. Pure; the ports process's main thread owns it."""

    def __init__(self) -> None:
        self._held: defaultdict[str, Hands] = defaultdict(_hands)
        self._nobodys = _hands()

    def take(self, source: str, event: MidiEvent) -> list[MidiEvent]:
        """What a message of ``source`` is to the one keyboard: itself, nothing, or the way up of some keys."""
        hands = self._held[source]
        before = hands.keys
        hands.hear(event)
        if event.kind == NOTE_OFF:
            self._nobodys.hear(event)
            return [] if self._elsewhere((event.channel, event.data[1]), source) else [event]
        if event.kind != CONTROL:
            return [event]
        if event.data[1] == SUSTAIN and event.data[2] < 64:
            self._nobodys.hear(event)
            return [] if any(event.channel in other.pedals for other in self._others(source)) else [event]
        if event.data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self._nobodys.hear(event)
            if any(channel == event.channel for other in self._others(source) for channel, _ in other.keys):
                return self._ups([key for key in before if key[0] == event.channel], source, event.at)
        return [event]

    def lose(self, source: str, at: Seconds) -> list[MidiEvent]:
        """An input is gone: the way up of all that it alone held."""
        gone, nobodys = self._held.pop(source, _hands()), self._nobodys
        self._nobodys = _hands()
        pedals = {*gone.pedals, *nobodys.pedals} - {one for other in self._held.values() for one in other.pedals}
        return self._ups(dict.fromkeys((*gone.keys, *nobodys.keys)), source, at) + [
            MidiEvent(at, bytes((CONTROL | channel, SUSTAIN, 0))) for channel in sorted(pedals)
        ]

    def take_over(self, keys: Iterable[tuple[int, int]], pedals: Iterable[int], now: Seconds) -> None:
        """Go on from another's: these ``keys`` (channel, pitch) and ``pedals`` are held, nobody knows where."""
        self._nobodys.take_over(keys, pedals, now)

    def let_go(self) -> None:
        """Nothing counts as held."""
        self._held.clear()
        self._nobodys.let_go()

    def _others(self, source: str) -> list[Hands]:
        return [hands for other, hands in self._held.items() if other != source]

    def _elsewhere(self, key: tuple[int, int], source: str) -> bool:
        """Whether a key is held at another input."""
        return any(key in other.keys for other in self._others(source))

    def _ups(self, keys: Iterable[tuple[int, int]], source: str, at: Seconds) -> list[MidiEvent]:
        return [
            MidiEvent(at, bytes((NOTE_OFF | channel, pitch, 64)))
            for channel, pitch in keys
            if not self._elsewhere((channel, pitch), source)
        ]


def _hands() -> Hands:
    """What is held and passed on sounds until it is let go of: nothing is forgotten, however long that takes."""
    return Hands(lost=NEVER)
