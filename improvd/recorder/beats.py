"""Where the beats of a recording fall: what each turn went by, joined into one map from seconds to beats.

Within a turn the map is its own steady beat. What lies between two turns is filled with whole beats, about as long, so
that the next turn's beats fall on beats of the map, and its bars on bars where they are known.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import Seconds
    from improvd.recorder.journal import Beat, Turn

DEFAULT_PERIOD = 0.5
EARLY = 0.25
"""A note this part of a beat ahead of a beat belongs to it."""
LEAST_GAP = 0.5
"""Beats that are filled at least: where less is left, the next turn is taken from its next beat on."""
SAME = 1e-6
"""Beats: what is no farther apart is one."""
STRETCH = 1.6
"""How much slower or quicker than the turn a filled beat may be, so that a bar begins where it should."""


@dataclass(frozen=True, slots=True)
class Map:
    """Corners ``(seconds, beats)`` in order; straight between them, and at ``period`` seconds a beat after the last."""

    corners: tuple[tuple[float, float], ...]
    period: float

    def beat_at(self, at: float) -> float:
        """The beat that falls at a time, not below 0."""
        index = max(0, bisect_right(self.corners, (at, math.inf)) - 1)
        seconds, beats = self.corners[index]
        return max(0.0, beats + (at - seconds) / self._period(index))

    def tempi(self) -> list[tuple[float, float]]:
        """``(beats, period)``: from which beat on a beat lasts so long."""
        return [(beats, self._period(index)) for index, (_, beats) in enumerate(self.corners)]

    def _period(self, index: int) -> float:
        if index + 1 == len(self.corners):
            return self.period
        (seconds, beats), (later, more) = self.corners[index : index + 2]
        return (later - seconds) / (more - beats)


def beat_map(turns: Sequence[Turn], begin: Seconds) -> Map:
    """The map of a recording whose first message is at ``begin``; beat 0, a downbeat, is no later."""
    steady = [(turn, turn.beat) for turn in turns if turn.beat is not None]
    if not steady:
        return Map(((begin, 0.0),), DEFAULT_PERIOD)
    turn, beat = steady[0]
    start = _first_beat(turn, beat)
    at = beat.origin + start * beat.period
    lead = _up_to((at - begin) / beat.period, _place(start, beat) or 0.0, beat.bar)
    corners = [(at - lead * beat.period, 0.0)]
    here = (at, lead)
    for turn, beat in steady:
        start = _first_beat(turn, beat)
        while (gap := (beat.origin + start * beat.period - here[0]) / beat.period) < LEAST_GAP and abs(gap) > SAME:
            start += 1
        end = _last_beat(turn, beat)
        if end <= start:
            continue
        beats = here[1]
        if gap > SAME:
            beats += _filling(gap, beats, _place(start, beat), beat.bar)
            corners += [here, (beat.origin + start * beat.period, beats)]
        here = (beat.origin + end * beat.period, beats + end - start)
    corners.append(here)
    return Map(tuple(dict(corners).items()), steady[-1][1].period)


def _first_beat(turn: Turn, beat: Beat) -> int:
    """The beat with which a turn begins."""
    return math.floor((turn.call_start - beat.origin) / beat.period + EARLY)


def _last_beat(turn: Turn, beat: Beat) -> int:
    """The beat by which it has ended; where the player cut it short, the last one before."""
    end = turn.call_end if turn.response_end is None else turn.response_end
    beats = (end - beat.origin) / beat.period
    return math.ceil(beats - SAME) if turn.reason == "finished" else math.floor(beats + SAME)


def _place(start: int, beat: Beat) -> float | None:
    """How many beats after the beginning of a bar ``start`` is; None where nobody knows."""
    return None if beat.downbeat is None else (start - beat.downbeat) % beat.bar


def _up_to(least: float, place: float, bar: float) -> float:
    """The smallest number of beats from ``least`` on that ends at ``place`` of a bar."""
    return place + bar * max(0, math.ceil((least - place) / bar - SAME))


def _filling(gap: float, before: float, place: float | None, bar: float) -> float:
    """How many beats a gap of ``gap`` of them is filled with, where ``before`` are there already."""
    if place is not None:
        fitting = _up_to(LEAST_GAP, (place - before) % bar, bar)
        fitting += bar * max(0, round((gap - fitting) / bar))
        if max(gap / fitting, fitting / gap) <= STRETCH:
            return fitting
    return float(max(1, round(gap)))
