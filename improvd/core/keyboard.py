"""What becomes of what a keyboard sends, before it is heard as music: controls, transposition, thru.

The rules:

- A message of a control that is bound is no music: it is neither heard nor passed on.
- A key comes up as what it went down as, whatever changed meanwhile.
- Thru passes on all messages of channels as they come. What it passed down it passes up, or it is let go of at the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from improvd.core.binding import Control  # noqa: TC001  a peer that decodes looks the types up
from improvd.core.controls import is_bound
from improvd.core.events import ALL_NOTES_OFF, ALL_SOUND_OFF, CONTROL, NOTE_OFF, NOTE_ON, SUSTAIN, Seconds
from improvd.core.hands import Hands
from improvd.core.pitch import HIGHEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import MidiEvent

KEY_PRESSURE: Final = 0xA0


@dataclass(frozen=True, slots=True)
class Keyboard:
    """How a keyboard is taken: ``controls`` are bound, its keys sound ``transpose`` semitones higher."""

    controls: tuple[Control, ...] = ()
    transpose: int = 0
    thru: bool = False


AS_IT_IS: Final = Keyboard()
NEVER: Final = Seconds(math.inf)


class Taken(NamedTuple):
    """What a message is. ``event``: as it is heard, None if no key is so high. ``passes``: what goes to the synth."""

    event: MidiEvent | None
    is_control: bool = False
    passes: bytes | None = None


class Manual:
    """Takes the messages of a `Keyboard`. Pure; the ports process's main thread owns it, and nothing blocks."""

    def __init__(self, keyboard: Keyboard = AS_IT_IS) -> None:
        self._keyboard = keyboard
        self._down: dict[tuple[int, int], int] = {}  # keys as they are, and as what they went down; -1: as nothing
        self._passed = Hands(lost=NEVER)  # it sounds until its way up is passed, however long that takes
        self._channels: set[int] = set()  # where notes were passed

    def adopt(self, keyboard: Keyboard) -> None:
        """Go by other controls or another transposition from now on."""
        self._keyboard = keyboard

    def is_down(self, event: MidiEvent) -> bool:
        """Whether a message is the way up of a key that went down."""
        return event.kind == NOTE_OFF and (event.channel, event.data[1]) in self._down

    def take(self, event: MidiEvent) -> Taken:
        """What a message is that the player sent."""
        if not self.is_down(event) and is_bound(self._keyboard.controls, event):
            return Taken(event, is_control=True)
        if event.kind in (NOTE_ON, NOTE_OFF, KEY_PRESSURE):
            pitch = self._pitch(event)
            if pitch < 0:
                return Taken(None)
            event = replace(event, data=bytes((event.data[0], pitch, *event.data[2:])))
        if not (self._keyboard.thru and event.kind):
            return Taken(event)
        self._passed.hear(event)
        if event.kind == NOTE_ON:
            self._channels.add(event.channel)
        return Taken(event, passes=event.data)

    def take_over(self, keys: Sequence[tuple[int, int]], pedals: Sequence[int], now: Seconds) -> None:
        """Go on from another's: the player holds these ``keys`` (channel, pitch) and ``pedals``."""
        self._down.update({key: key[1] for key in keys})
        if self._keyboard.thru:
            self._passed.take_over(keys, pedals, now)
            self._channels.update(channel for channel, _ in keys)

    def owed(self) -> list[bytes]:
        """What lets go of all that was ever passed, for a synth that may have missed some of it.

        Notes that are held still by themselves too: not every synth knows the word for all.
        """
        silence = [
            bytes((CONTROL | channel, controller, 0))
            for channel in sorted(self._channels)
            for controller in (SUSTAIN, ALL_SOUND_OFF, ALL_NOTES_OFF)
        ]
        return self._passed.releases() + silence

    def leave(self) -> list[bytes]:
        """What lets go at the synth of all that was passed and is held still: it is to be exchanged for another."""
        out = self._passed.releases()
        self._passed.let_go()
        return out

    def release(self) -> list[bytes]:
        """The same where nobody will pass the way up of what is held."""
        out = self.leave()
        self.let_go()
        return out

    def let_go(self) -> None:
        """Nothing counts as held: the cable is out, or the synth was silenced."""
        self._passed.let_go()
        self._down.clear()

    def _pitch(self, event: MidiEvent) -> int:
        """The pitch that a key means; -1 where it is none."""
        key = (event.channel, event.data[1])
        pitch = event.data[1] + self._keyboard.transpose
        meant = self._down.get(key, pitch if 0 <= pitch <= HIGHEST else -1)
        if event.kind == NOTE_ON:
            meant = self._down[key] = pitch if 0 <= pitch <= HIGHEST else -1
        elif event.kind == NOTE_OFF:
            self._down.pop(key, None)
        return meant
