"""Messages of knobs, pads and pedals become wishes: an option to be set, a command to be done.

The rules:

- A knob does nothing until it passes the value that holds; from then on it leads, until somebody else changes that
  value. So no knob makes the music jump, wherever it was left.
- A pad, a key, a program change, or a controller that passes the middle upwards, is a press; its way up does nothing.
- What holds where a word stands for a number (``auto``, ``free``) can't be passed: there a knob leads at once.

Pure, and owned by one thread; nothing blocks.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from improvd.core.binding import Curve, Encoder, Fixed, Knob, Relative, Select
from improvd.core.events import CONTROL, NOTE_OFF

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.core.binding import Binding, Control
    from improvd.core.events import MidiEvent

    Present = Callable[[str], float | str]

WAY: Final = 127
"""A controller's last value."""
MIDDLE: Final = 64
DIGITS: Final = 4
"""Of a number that a knob sets; so many tell its 128 positions apart."""


class Wish(NamedTuple):
    """``target`` is to have this ``value``; None: it is a command."""

    target: str
    value: float | str | None = None


def is_bound(controls: Sequence[Control], event: MidiEvent) -> bool:
    """Whether a message is one of these controls': not music."""
    return any(control.fits(event) for control in controls)


class Controls:
    """The map of controls, and where each was left. ``bindings``: one control may have several."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        self.bindings = tuple(bindings)
        self._held = [_Hold() for _ in bindings]

    def hear(self, event: MidiEvent, present: Present) -> list[Wish]:
        """What somebody wishes by moving a control. ``present`` tells what an option is now, as a file would."""
        wishes = []
        for binding, hold in zip(self.bindings, self._held, strict=True):
            if binding.control.fits(event):
                wishes += _wish(binding, hold, event, present)
        return wishes


class _Hold:
    """Where a control was left: the ``position`` that it reached, and the value that it ``set`` there."""

    __slots__ = ("position", "set")

    def __init__(self) -> None:
        self.position: float | None = None
        self.set: float | None = None


def _wish(binding: Binding, hold: _Hold, event: MidiEvent, present: Present) -> list[Wish]:
    way, target = binding.way, binding.target
    if isinstance(way, Knob):
        return _turn(target, way, hold, event.data[2], present(target))
    if isinstance(way, Encoder):
        return _step(target, way, hold, event.data[2], present(target))
    if isinstance(way, Select) and event.kind == CONTROL:
        chosen = way.values[event.data[2] * len(way.values) // (WAY + 1)]
        return [Wish(target, chosen)] if chosen != present(target) else []
    if not _is_press(hold, event):
        return []
    if isinstance(way, Select):
        now = present(target)
        after = way.values.index(now) + 1 if now in way.values else 0
        return [Wish(target, way.values[after % len(way.values)])]
    return [Wish(target, way.value if isinstance(way, Fixed) else None)]


def _is_press(hold: _Hold, event: MidiEvent) -> bool:
    if event.kind != CONTROL:
        return event.kind != NOTE_OFF
    before, hold.position = hold.position or 0, event.data[2]
    return event.data[2] >= MIDDLE > before


def _turn(target: str, way: Knob, hold: _Hold, at: int, present: float | str) -> list[Wish]:
    """A knob with two ends is at a position now."""
    before, hold.position = hold.position, at
    if not isinstance(present, str) and present != hold.set and not _passes(way, before, at, present):
        hold.set = None
        return []
    hold.set = place(way, at)
    return [Wish(target, hold.set)] if hold.set != present else []


def _passes(way: Knob, before: float | None, at: int, present: float) -> bool:
    """Whether the knob, now ``at`` that position, has come past what holds; a step beside it is close enough."""
    meant = position(way, present)
    return abs(at - meant) <= 1 or (before is not None and min(before, at) <= meant <= max(before, at))


def _step(target: str, way: Encoder, hold: _Hold, data: int, present: float | str) -> list[Wish]:
    """An endless encoder moved: on from where it was, or where somebody else set the value, from there."""
    here = hold.position
    if here is None or present != hold.set:
        here = position(way.knob, way.knob.low if isinstance(present, str) else present)
    hold.position = min(max(here + steps(way.relative, data), 0.0), WAY)
    hold.set = place(way.knob, hold.position)
    return [Wish(target, hold.set)] if hold.set != present else []


def place(way: Knob, position: float) -> float:
    """The value at a knob's ``position``, from 0 to `WAY`."""
    share = position / WAY
    if way.curve is Curve.EXPONENTIAL:
        value = way.low * (way.high / way.low) ** share
    else:
        value = way.low + (way.high - way.low) * share
    value = round(value) if way.whole else float(f"{value:.{DIGITS}g}")
    return min(max(value, way.low), way.high)


def position(way: Knob, value: float) -> float:
    """The position at which a knob has a ``value``; beyond its range, the end's. The reverse of `place`."""
    inside = min(max(value, way.low), way.high)
    if way.curve is Curve.EXPONENTIAL:
        return WAY * math.log(inside / way.low) / math.log(way.high / way.low)
    return WAY * (inside - way.low) / (way.high - way.low)


def steps(relative: Relative, data: int) -> int:
    """How many steps up an endless encoder has gone, by what it sends."""
    if relative is Relative.OFFSET:
        return data - MIDDLE
    if relative is Relative.SIGN:
        return data if data < MIDDLE else MIDDLE - data
    return data if data < MIDDLE else data - (WAY + 1)
