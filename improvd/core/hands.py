"""Which keys and pedals the player holds down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.events import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL,
    NOTE_OFF,
    NOTE_ON,
    SUSTAIN,
    MidiEvent,
    Seconds,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

LOST = Seconds(60.0)
"""A key that went down so long ago, while others are struck, did come up: its message got lost on the way.

Were it held for ever, no call would ever be over again.
"""


class Hands:
    """Follows key and pedal messages. Not thread-safe; nothing blocks. ``lost``: as `LOST`, or other."""

    def __init__(self, lost: Seconds = LOST) -> None:
        self._lost = lost
        self._keys: dict[tuple[int, int], Seconds] = {}  # (channel, pitch) -> when it went down, in that order
        self._pedals: set[int] = set()

    @property
    def keys(self) -> tuple[tuple[int, int], ...]:
        """(channel, pitch) of each held key, the longest held first."""
        return tuple(self._keys)

    @property
    def pedal(self) -> bool:
        """Whether a sustain pedal is down on any channel."""
        return bool(self._pedals)

    @property
    def pedals(self) -> tuple[int, ...]:
        """The channels on which a sustain pedal is down."""
        return tuple(sorted(self._pedals))

    def holds(self, pitch: int) -> bool:
        """Whether ``pitch`` is held on any channel: many instruments listen to all of them."""
        return any(held == pitch for _, held in self._keys)

    def hear(self, event: MidiEvent) -> None:
        """Take one message in; those that are neither key nor pedal change nothing."""
        kind = event.kind
        if kind == NOTE_ON:
            self._keys = {key: at for key, at in self._keys.items() if event.at - at < self._lost}
            self._keys[event.channel, event.data[1]] = event.at
        elif kind == NOTE_OFF:
            self._keys.pop((event.channel, event.data[1]), None)
        elif kind == CONTROL:
            controller, value = event.data[1], event.data[2]
            if controller == SUSTAIN:
                (self._pedals.add if value >= 64 else self._pedals.discard)(event.channel)
            elif controller in (ALL_SOUND_OFF, ALL_NOTES_OFF):
                self._keys = {key: at for key, at in self._keys.items() if key[0] != event.channel}

    def releases(self) -> list[bytes]:
        """The messages with which all that is held would come up."""
        keys = [bytes((NOTE_OFF | channel, pitch, 64)) for channel, pitch in self.keys]
        return keys + [bytes((CONTROL | channel, SUSTAIN, 0)) for channel in self.pedals]

    def take_over(self, keys: Iterable[tuple[int, int]], pedals: Iterable[int], now: Seconds) -> None:
        """Go on from what another has followed so far: its ``keys`` and ``pedals``."""
        self._keys.update((key, now) for key in keys)
        self._pedals.update(pedals)

    def let_go(self) -> None:
        """Forget all: the cable is out, so no key will be seen to come up."""
        self._keys.clear()
        self._pedals.clear()
