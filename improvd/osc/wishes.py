"""What a message of OSC asks for: addresses and values on one side, what a session can be asked on the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from improvd.config.kinds import Number, Switch
from improvd.config.live import LIVE, live_option, parsed
from improvd.core.binding import COMMANDS
from improvd.errors import UserError

if TYPE_CHECKING:
    from improvd.osc.packets import Said

ROOT: Final = "/improvd/"
"""How all our addresses begin."""
REFRESH: Final = "refresh"
MUTE: Final = "mute"
MODEL: Final = "model"
"""The one option that may name a file; who sends a packet is not asked who they are."""
DIGITS: Final = 7
"""Of a number: what OSC's ``f`` holds. 0.8 comes as 0.800000011920929 and is 0.8."""


class Set(NamedTuple):
    """An option is to have this value, as a file would hold it."""

    name: str
    value: float | str


class Press(NamedTuple):
    """A command is to be done."""

    name: str


class Mute(NamedTuple):
    """It is to listen without answering, or to answer again."""

    on: bool


class Tell(NamedTuple):
    """Who asks is to be told what stands at this address."""

    address: str


class Refresh(NamedTuple):
    """All who are told are to be told everything anew."""


Wish: TypeAlias = Set | Press | Mute | Tell | Refresh


def wish_of(said: Said) -> Wish | None:
    """What a message asks for; None where that is nothing. Raises `UserError`.

    An address that isn't ours is somebody else's business. A button's way up, which sends 0, asks for nothing.
    """
    name = said.address.removeprefix(ROOT)
    if name == said.address:
        return None
    pressed = all(value not in (0, False) for value in said.values[:1])
    if name in COMMANDS:
        if name == MUTE and said.values:
            return Mute(pressed)
        return Press(name) if pressed else None
    if name == REFRESH:
        return Refresh() if pressed else None
    if not said.values:
        return Tell(said.address)
    return Set(name, _value(name, said.values))


def _value(name: str, values: tuple[object, ...]) -> float | str:
    """The value of a live option. Raises `UserError`."""
    kind = live_option(name).kind
    value = values[0]
    if len(values) != 1 or not isinstance(value, (bool, int, float, str)):
        raise UserError(f"{name} takes one value, a number or a text")
    if isinstance(value, str):
        if name == MODEL and os.sep in value:
            raise UserError(f"by OSC a {name} goes by its name, and not by a path")
        return parsed(name, value)
    if isinstance(kind, Switch):
        value = value != 0
    elif isinstance(value, float):
        value = float(f"{value:.{DIGITS}g}")
        if isinstance(kind, Number) and kind.whole and value.is_integer():
            value = int(value)  # a fader has no others
    try:
        return kind.plain(kind.check(value))
    except (ValueError, OverflowError) as error:
        raise UserError(f"{name} {error}") from None


def is_float(name: str) -> bool:
    """Whether the value of a live option, where it is a number, may be any, and so is always told as OSC's ``f``."""
    kind = LIVE[name].kind
    return isinstance(kind, Number) and not kind.whole
