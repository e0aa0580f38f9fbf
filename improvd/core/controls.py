"""Messages of knobs, pads and pedals become wishes: an option to be set, a command to be done.

The rules:

- A knob does nothing until it passes the value that holds; from then on it leads, until somebody else changes that
  value. So no knob makes the music jump, wherever it was left.
- A pad, a key, a program change, or a controller that passes the middle upwards, is a press; its way up does nothing.
- What holds where a word stands for a number (``auto``, ``free``) can't be passed: there a knob leads at once.
- A control that follows what it is bound to, by a motor or lamps, is told each value that it didn't set itself, and so
  is where that is: it leads at once. What it sends back of what it was told is none of the player's.

Pure, and owned by one thread; nothing blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from improvd.core.binding import Encoder, Fixed, Knob, Select
from improvd.core.events import CONTROL, NOTE_OFF, Seconds
from improvd.core.showing import can_follow, shown
from improvd.core.turning import MIDDLE, WAY, place, position, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.core.binding import Binding, Control
    from improvd.core.events import MidiEvent

    Present = Callable[[str], float | str]

ECHO: Final = Seconds(0.05)
"""What a control sends of what it was told comes back within this."""


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
        self._following = [
            (binding, hold)
            for binding, hold in zip(self.bindings, self._held, strict=True)
            if binding.follows and can_follow(binding)
        ]

    def hear(self, event: MidiEvent, present: Present) -> list[Wish]:
        """What somebody wishes by moving a control. ``present`` tells what an option is now, as a file would."""
        wishes = []
        for binding, hold in zip(self.bindings, self._held, strict=True):
            if binding.control.fits(event) and not hold.is_echo(event):
                hold.told = None
                wishes += _wish(binding, hold, event, present)
        return wishes

    def show(self, now: Seconds, present: Present) -> list[bytes]:
        """What controls that follow are to be told ``now``. ``present`` tells of the command mute whether it is on."""
        told = []
        for binding, hold in self._following:
            value = present(binding.target)
            message = shown(binding, value)
            if message is None or message == hold.told:
                continue
            hold.told = message
            endless = isinstance(binding.way, Encoder)  # whose lamps don't know of its own steps
            if endless or hold.set is None or hold.set != value:
                hold.told_at = now
                hold.set = hold.set if endless else None  # it leaves where its hand had put it
                told.append(message)
        return told

    def forget(self) -> None:
        """Nobody knows what is shown: another device may be there."""
        for _, hold in self._following:
            hold.told = hold.set = None


class _Hold:
    """Where a control was left: the ``position`` that it reached, and the value that it ``set`` there.

    ``told`` is what it was told to show since, and when; None: nothing. ``wished`` is what it was pressed for last,
    while ``wished_at`` held.
    """

    __slots__ = ("position", "set", "told", "told_at", "wished", "wished_at")

    def __init__(self) -> None:
        self.position: float | None = None
        self.set: float | str | None = None
        self.told: bytes | None = None
        self.told_at = Seconds(0.0)
        self.wished: float | str = ""
        self.wished_at: float | str | None = None

    def is_echo(self, event: MidiEvent) -> bool:
        """Whether a message is what the control was told, coming back."""
        return event.data == self.told and event.at - self.told_at < ECHO


def _wish(binding: Binding, hold: _Hold, event: MidiEvent, present: Present) -> list[Wish]:
    way, target = binding.way, binding.target
    if isinstance(way, Knob):
        return _turn(binding, way, hold, event.data[2], present(target))
    if isinstance(way, Encoder):
        return _step(target, way, hold, event.data[2], present(target))
    if isinstance(way, Select) and event.kind == CONTROL:
        chosen = hold.set = way.values[event.data[2] * len(way.values) // (WAY + 1)]
        return [Wish(target, chosen)] if chosen != present(target) else []
    if not _is_press(hold, event):
        return []
    if isinstance(way, Select):
        return [Wish(target, _next(way, hold, present(target)))]
    return [Wish(target, way.value if isinstance(way, Fixed) else None)]


def _next(way: Select, hold: _Hold, present: float | str) -> float | str:
    """The value after the one that holds; where the last press was for one that was refused, the one after that."""
    last = hold.wished if hold.wished_at == present else present
    after = way.values.index(last) + 1 if last in way.values else 0
    others = [value for value in (*way.values[after:], *way.values[:after]) if value != present]
    hold.wished_at, hold.wished = present, others[0] if others else present
    return hold.wished


def _is_press(hold: _Hold, event: MidiEvent) -> bool:
    if event.kind != CONTROL:
        return event.kind != NOTE_OFF
    before, hold.position = hold.position or 0, event.data[2]
    return event.data[2] >= MIDDLE > before


def _turn(binding: Binding, way: Knob, hold: _Hold, at: int, present: float | str) -> list[Wish]:
    """A knob with two ends is at a position now."""
    before, hold.position = hold.position, at
    leads = binding.follows or present == hold.set
    if not leads and not isinstance(present, str) and not _passes(way, before, at, present):
        hold.set = None
        return []
    hold.set = place(way, at)
    return [Wish(binding.target, hold.set)] if hold.set != present else []


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
