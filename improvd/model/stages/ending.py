"""How an answer ends: on a long, stable note, on the last strong beat that leaves it time to sound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.core.key import OCTAVE, Key
from improvd.model import keys
from improvd.model.stages.stage import Stage, against
from improvd.model.stages.tonality import CLASSES, likely_keys
from improvd.model.tokens import DURATION, DURATIONS, INTERVAL, INTERVALS, PITCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.draft import Draft

MIDDLE: Final = 10.0
"""Nats against all else where the knob stands in its middle."""
MOST_STABLE: Final = 6.0
"""Nats for the tonic where it stands at 1."""
LONGEST_BAR: Final = 64
"""Beats of a bar that is one."""
LONG: Final = 0.7
"""A long note lasts at least this share of what is left."""


@dataclass(frozen=True, slots=True)
class Place:
    """The tick of the last onset, and how many ticks are left from there."""

    tick: int
    room: int


def place(draft: Draft) -> Place | None:
    """Where the answer should come to its end; None where this is not its last segment, or there is no such place.

    Bars are counted from a downbeat where one is known, else from the answer's first note. Strong is the first beat of
    a bar, and the middle one of an even number.
    """
    request = draft.request
    if request.until < request.end:
        return None
    origin = draft.begin if draft.metre.downbeat is None else draft.metre.downbeat
    bar = round(request.beats_per_bar) if 0.5 < request.beats_per_bar < LONGEST_BAR else 1
    end = draft.last + 1
    widest = math.floor(min(request.longest_gap, bar) * TICKS_PER_BEAT)
    found: Place | None = None
    for beat in range((end - TICKS_PER_BEAT - origin) // TICKS_PER_BEAT, -1 - abs(origin), -1):
        tick = origin + beat * TICKS_PER_BEAT
        if end - tick > widest or tick <= max(draft.begin, draft.previous):
            break
        strong = beat % bar == 0 or 2 * (beat % bar) == bar
        found = found or Place(tick, end - tick)
        if strong:
            return Place(tick, end - tick)
    return found


class EndingOnset(Stage):
    """Leans towards an onset on the place where it should end, and to none after it."""

    head = INTERVAL

    def __init__(self, draft: Draft, where: Place) -> None:
        self._where, self._bias = where, -against(draft.manner.ending, MIDDLE)

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Lean."""
        ahead = self._where.tick - onset
        if ahead > 0:
            logits[INTERVALS.searchsorted(ahead, side="right") :] += self._bias
        elif ahead == 0:
            logits[1 : INTERVALS.searchsorted(self._where.room)] += self._bias


class EndingPitch(Stage):
    """Leans towards the tonic, less to its third and fifth, where it ends."""

    head = PITCH

    def __init__(self, draft: Draft, where: Place) -> None:
        self._where = where
        self._bias = (MOST_STABLE * draft.manner.ending * (likely_keys(draft) @ STABLE)[CLASSES]).astype(np.float32)

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Lean."""
        if onset == self._where.tick:
            logits += self._bias


class EndingLength(Stage):
    """Leans towards what lasts nearly as long as there is time, where it ends."""

    head = DURATION

    def __init__(self, draft: Draft, where: Place) -> None:
        self._where, self._bias = where, -against(draft.manner.ending, MIDDLE)
        self._short = int(DURATIONS.searchsorted(LONG * where.room))

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Lean."""
        if onset == self._where.tick:
            logits[: self._short] += self._bias


def _stable(key: Key) -> NDArray[np.float64]:
    """How stable each pitch class is at an end: shape (12,)."""
    out = np.zeros(OCTAVE)
    for step, stability in ((0, 1.0), (3 if key.minor else 4, 0.6), (7, 0.6)):
        out[(key.tonic + step) % OCTAVE] = stability
    return out


STABLE: Final = np.stack([_stable(key) for key in keys.KEYS])
"""The same in each of `keys.KEYS`: shape (24, 12)."""


def ending(draft: Draft) -> list[Stage]:
    """The stages of an ending; none where there is none to make."""
    where = place(draft)
    if where is None or draft.manner.ending <= 0:
        return []
    return [EndingOnset(draft, where), EndingPitch(draft, where), EndingLength(draft, where)]
