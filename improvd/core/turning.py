"""A knob's positions and the values that they stand for, and the steps of an endless one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from improvd.core.binding import Curve, Relative

if TYPE_CHECKING:
    from improvd.core.binding import Knob

WAY: Final = 127
"""A controller's last value."""
MIDDLE: Final = 64
DIGITS: Final = 4
"""Of a number that a knob sets; so many tell its 128 positions apart."""


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
