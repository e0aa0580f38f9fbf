"""Which control somebody means by moving it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from improvd.core.binding import PROGRAM, Control
from improvd.core.events import CONTROL, NOTE_ON
from improvd.core.turning import MIDDLE

if TYPE_CHECKING:
    from improvd.core.events import MidiEvent

LAST_CONTROLLER: Final = 119
"""Those above it are no controls but orders to a channel."""


class Learner:
    """Watches a keyboard until a control was moved: a ``knob``, or anything that can be pressed. Pure, one thread's."""

    def __init__(self, *, knob: bool) -> None:
        self._knob = knob
        self._first: dict[Control, int] = {}

    def hear(self, event: MidiEvent) -> Control | None:
        """The control that is meant, on its own channel, once that is clear.

        A knob is one that sends two values: what sends one alone, whatever is played or switched meanwhile, is none.
        """
        if event.kind not in (CONTROL, NOTE_ON, PROGRAM):
            return None
        control = Control(event.kind, event.data[1], event.channel)
        if event.kind != CONTROL:
            return None if self._knob else control
        if control.number > LAST_CONTROLLER:
            return None
        if self._knob:
            return control if self._first.setdefault(control, event.data[2]) != event.data[2] else None
        return control if event.data[2] >= MIDDLE else None
