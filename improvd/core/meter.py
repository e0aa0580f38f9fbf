"""Metres as musicians write them: 3/4, 6/8."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from improvd.core.events import Beats

MOST: Final = 16
"""Units in a bar, and the shortest of them: sixteenths."""
_WRITTEN: Final = re.compile(r"\s*(\d{1,2})\s*(?:/\s*(1|2|4|8|16)\s*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Meter:
    """``count`` notes in a bar, each the ``unit``-th part of a whole note."""

    count: int = 4
    unit: int = 4

    @property
    def bar(self) -> Beats:
        """How long a bar is; a beat is a quarter note, as for MIDI."""
        return Beats(4.0 * self.count / self.unit)

    @property
    def tap(self) -> Beats:
        """What people tap to: a dotted quarter in 6/8, a half in 2/2, a quarter where nothing else is regular."""
        if self.unit >= 8 and self.count % 3 == 0:
            return Beats(12.0 / self.unit)
        return Beats(min(max(1.0, 4.0 / self.unit), self.bar))

    @property
    def name(self) -> str:
        """As players write it."""
        return f"{self.count}/{self.unit}"


def meter_named(text: str) -> Meter:
    """The metre of a name such as 3/4 or 6/8; 3 alone is 3/4. ValueError where it is none."""
    written = _WRITTEN.fullmatch(text)
    if written is None or not 1 <= int(written[1]) <= MOST:
        raise ValueError(f"is a metre of 1 to {MOST} notes in a bar, as 3/4 or 6/8")
    return Meter(int(written[1]), int(written[2] or 4))
