"""What a control shows that follows what it is bound to: a fader with a motor, a ring of lamps, a lamp under a pad."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from improvd.core.binding import PROGRAM, Command, Encoder, Fixed, Knob, Select
from improvd.core.events import NOTE_ON
from improvd.core.turning import WAY, position

if TYPE_CHECKING:
    from improvd.core.binding import Binding

MUTE: Final = "mute"
"""The one command that is on or off, and so can be shown."""


def can_follow(binding: Binding) -> bool:
    """Whether a control has anything to show: a program is none, and most commands are over at once."""
    return binding.control.kind != PROGRAM and (not isinstance(binding.way, Command) or binding.target == MUTE)


def shown(binding: Binding, present: float | str) -> bytes | None:
    """The message that has a control show what its target is at ``present``; None for a word, which no knob has.

    A lamp is lit by 127 and out at 0, in a note-on's velocity where it is a key's; a control that is bound on any
    channel is told on the first.
    """
    control, value = binding.control, _value(binding, present)
    return None if value is None else bytes((control.kind | (control.channel or 0), control.number, value))


def _value(binding: Binding, present: float | str) -> int | None:
    way = binding.way
    if isinstance(way, Encoder):
        way = way.knob
    if isinstance(way, Knob):
        return None if isinstance(present, str) else round(position(way, present))
    if isinstance(way, Select):
        return _selected(way, present, is_key=binding.control.kind == NOTE_ON)
    return WAY if present == (way.value if isinstance(way, Fixed) else True) else 0


def _selected(way: Select, present: float | str, *, is_key: bool) -> int | None:
    """Of few values: where a fader would choose it; under a pad, the brighter the later it comes."""
    if present not in way.values:
        return None
    index, count = way.values.index(present), len(way.values)
    return round(WAY * index / max(1, count - 1)) if is_key else (2 * index + 1) * (WAY + 1) // (2 * count)
