"""The likeliest chains of beats through what was struck: each beat at a strike, or between strikes over rests.

A segmental Viterbi search. A segment runs from a strike to a later strike and is one beat, or several where nothing
is struck on those between. It is worth more the likelier its beats are where they are by what the network heard, the
nearer what is struck within lies to even parts of a beat, and the more usual its tempo is. Segments follow each other
the better, the less the period changes; a player may linger, but not leap. As a beat is where something was struck, a
tempo that bends is followed to the note.

What fits one period fits others too, above all twice and half of it. So a chain is sought about each of several usual
periods; where they agree, the beat is likely right, and `beats_trust` makes use of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from improvd.train.music.beats_heard import RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from improvd.train.music.beats_heard import Frames

    Curve = NDArray[np.float64]
    Indices = NDArray[np.int64]

# The numbers below were chosen on the twelve performances that docs/beats.md names.
CHORD: Final = 0.035
"""Seconds: what begins no later than this after the note before is struck with it, for twice as long at most."""
PERIODS: Final = (0.25, 2.0)
"""Seconds from beat to beat."""
LONGEST: Final = 4.0
"""Seconds that a segment may take while anything is struck within."""
MOST: Final = 8
"""Beats in a segment; a longer silence is one of as many as fit."""
EMPTY: Final = 0.12
"""Beats before and after those within a segment, where nothing is struck."""
USUAL: Final = np.geomspace(0.3, 1.6, 8)
"""Seconds from beat to beat, about which chains are sought."""
SPREAD: Final = 0.3
"""Octaves of tempo about the usual one of a chain,"""
FARTHEST: Final = 0.8
"""and the most."""
MIDDLE: Final = 0.8
"""Seconds from beat to beat, where halves and doubles are settled,"""
SETTLED: Final = 0.06
"""and how much that counts, a strike and squared octave."""
HEARD: Final = 0.85
"""How much the network's log odds count,"""
CERTAIN: Final = (-5.0, 5.0)
"""and the farthest that they are believed."""
WITHIN: Final = 0.6
"""How much it counts where within a beat things are struck."""
EXACT: Final = 0.022
"""Spread of what is struck about its part of a beat: in seconds,"""
BENT: Final = 0.042
"""and in beats, since people bend the tempo within a beat too."""
STRAY: Final = 1.7
"""Strikes a second that belong to no grid: ornaments."""
ON_BEAT: Final = 1.7
"""How many strikes are expected on a beat."""
STEADY: Final = 0.07
"""How much the logarithm of the period changes from beat to beat,"""
UNSTEADY: Final = 0.016
"""and seconds that a strike is off."""
SKIPPED: Final = 1.5
"""What it costs to leave out a strike before the first beat; after the last twice as much."""
MOST_SKIPPED: Final = 16


class Division(NamedTuple):
    """A way to divide a beat evenly: how many strikes are expected on each part but the first, and how usual it is."""

    expected: tuple[float, ...]
    usual: float


DIVISIONS: Final = (
    Division((), 0.10),
    Division((2.3,), 0.45),
    Division((0.43, 2.3, 0.43), 0.25),
    Division((0.7, 1.2), 0.15),
    Division((0.36, 0.7, 0.36, 1.2, 0.36), 0.05),
    Division((0.36, 0.43, 0.36, 2.3, 0.36, 0.43, 0.36), 0.03),
)
PLACES: Final = 96
"""Steps in which a place within a beat is looked up,"""
SPREADS: Final = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10, 0.12])
"""and spreads, in beats."""
AT_ONCE: Final = 1_000_000
"""Strikes within segments that are looked at together, so that memory doesn't grow with the piece."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Strikes (as numbers) at either end of each segment, and how many beats it is; arrays of one length."""

    first: Indices
    last: Indices
    beats: Indices

    def __len__(self) -> int:
        """How many."""
        return len(self.first)

    def at(self, where: Indices | slice) -> Segments:
        """Some of them."""
        return Segments(self.first[where], self.last[where], self.beats[where])

    def times(self, struck: Curve) -> Curve:
        """Of all beats in seconds, where segments follow each other; those between strikes are spread evenly."""
        beat = np.arange(self.beats.sum()) - np.repeat(np.cumsum(self.beats) - self.beats, self.beats)
        first, every = struck[self.first], (struck[self.last] - struck[self.first]) / self.beats
        return np.append(np.repeat(first, self.beats) + beat * np.repeat(every, self.beats), struck[self.last[-1:]])


def strikes(onset: Curve, velocity: NDArray[np.int64]) -> tuple[Curve, Indices]:
    """Times of what is struck, a chord once: the mean of its onsets, the louder counting more; and each note's strike.

    ``onset`` in seconds, in order.
    """
    if not len(onset):
        return np.empty(0), np.empty(0, np.int64)
    starts = []
    began = latest = -np.inf
    for number, time in enumerate(onset.tolist()):
        if time - latest > CHORD or time - began > 2 * CHORD:
            starts.append(number)
            began = time
        latest = time
    struck = np.add.reduceat(onset * velocity, starts) / np.add.reduceat(velocity, starts)
    return np.asarray(struck), np.repeat(np.arange(len(starts)), np.diff(starts, append=len(onset)))


def chains(struck: Curve, start: float, log_odds: Frames) -> list[Segments]:
    """The likeliest chain about each usual period, the likeliest of all first; none for fewer than two strikes.

    ``struck`` in seconds, ascending; ``log_odds`` of a beat, a frame each, from ``start`` seconds on.
    """
    if len(struck) < 2:
        return []
    segments = _segments(struck)
    length = struck[segments.last] - struck[segments.first]
    period = length / segments.beats
    worth = _worth(struck, segments, period, start, log_odds)
    silent = length > LONGEST
    found = []
    for usual in USUAL:
        octaves = np.log2(period / usual)
        kept = np.flatnonzero((np.abs(octaves) < FARTHEST) | silent)
        some = segments.at(kept)
        total, path = _best(
            len(struck), some, worth[kept] - 0.5 * some.beats * (octaves[kept] / SPREAD) ** 2, period[kept]
        )
        total -= SETTLED * len(struck) * float(np.log2(usual / MIDDLE)) ** 2
        found.append((total, some.at(path)))
    return [one for total, one in sorted(found, key=lambda each: -each[0]) if len(one)]


def _segments(struck: Curve) -> Segments:
    """All that a chain may be made of, in order of the first strike."""
    numbers = np.arange(len(struck))
    farthest = np.searchsorted(struck, struck + LONGEST, side="right") - 1
    farthest = np.maximum(farthest, np.minimum(numbers + 1, len(struck) - 1))
    first, last = _following(numbers, farthest - numbers)
    length = struck[last] - struck[first]
    found = []
    for beats in range(1, MOST + 1):
        period = length / beats
        fits = np.flatnonzero((period >= PERIODS[0]) & (period <= PERIODS[1]))
        for beat in range(1, beats):
            between = struck[first[fits]] + period[fits] * beat
            near = EMPTY * period[fits]
            fits = fits[np.searchsorted(struck, between - near) >= np.searchsorted(struck, between + near)]
        found.append((first[fits], last[fits], np.full(len(fits), beats)))
    gap = np.diff(struck)
    silent = np.flatnonzero(gap > MOST * PERIODS[1])
    found.append((silent, silent + 1, np.rint(gap[silent] / MIDDLE).astype(np.int64)))
    first, last, beats_each = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((last, first))
    return Segments(first[order], last[order], beats_each[order])


def _following(numbers: Indices, counts: Indices) -> tuple[Indices, Indices]:
    """Each number beside each of the ``counts`` numbers that follow it."""
    one = np.repeat(numbers, counts)
    return one, one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)


def _worth(struck: Curve, segments: Segments, period: Curve, start: float, log_odds: Frames) -> Curve:
    """How much each segment is worth by itself, as a log likelihood."""
    beats = segments.beats
    worth = WITHIN * (_divided(struck, segments, period) + beats * (np.log(ON_BEAT) - ON_BEAT - STRAY * period))
    worth += HEARD * at(struck, start, log_odds)[segments.last]
    for number in range(2, MOST + 1):
        several = np.flatnonzero(beats == number)
        for beat in range(1, number):
            between = struck[segments.first[several]] + period[several] * beat
            worth[several] += HEARD * at(between, start, log_odds)
    return np.asarray(worth - np.log(_unsteadiness(period) * period))


def _unsteadiness(period: Curve) -> Curve:
    return np.asarray(np.sqrt(STEADY**2 + 2 * (UNSTEADY / period) ** 2))


def at(times: Curve, start: float, log_odds: Frames) -> Curve:
    """The highest log odds within a frame of each time, since the network may be that much off."""
    frame = np.rint((times - start) * RATE).astype(np.int64)
    near = np.clip(frame[:, None] + np.array([-1, 0, 1]), 0, len(log_odds) - 1)
    return np.asarray(np.clip(log_odds[near].max(axis=1), *CERTAIN), dtype=np.float64)


def _divided(struck: Curve, segments: Segments, period: Curve) -> Curve:
    """Log likelihood of what is struck within each segment, by its likeliest division.

    Strikes come as in a Poisson process, most densely around the parts of a beat.
    """
    tables = [np.asarray(_density(division)).ravel() for division in DIVISIONS]
    spread = np.sqrt((EXACT / period) ** 2 + BENT**2)
    nearest = np.abs(np.log(spread[:, None] / SPREADS)).argmin(axis=1)
    best = np.empty(len(segments))
    for part in _parts(segments):
        some, every, near = segments.at(part), period[part], nearest[part]
        inside = some.last - some.first - 1
        segment = np.repeat(np.arange(len(some)), inside)
        strike = _following(some.first, inside)[1]
        place = (struck[strike] - struck[some.first[segment]]) / every[segment] % 1.0
        where = near[segment] * PLACES + np.minimum((place * PLACES).astype(np.int64), PLACES - 1)
        likely = [
            np.bincount(segment, np.log(table[where] / every[segment] + STRAY), len(some))
            + np.log(division.usual)
            - some.beats * sum(division.expected)
            for division, table in zip(DIVISIONS, tables, strict=True)
        ]
        best[part] = np.max(likely, axis=0)
    return best


def _parts(segments: Segments) -> Iterator[slice]:
    """Stretches of segments that hold about so many strikes as may be looked at together."""
    held = np.cumsum(segments.last - segments.first)
    cuts = np.searchsorted(held, np.arange(0, int(held[-1]) + AT_ONCE, AT_ONCE)) if len(held) else np.zeros(0, int)
    for one, other in zip(cuts[:-1].tolist(), [*cuts[1:-1].tolist(), len(segments)], strict=True):
        yield slice(one, other)


def _density(division: Division) -> Curve:
    """Strikes expected a beat, for each spread and place: shape (spreads, places)."""
    places = (np.arange(PLACES) + 0.5) / PLACES
    parts = len(division.expected) + 1
    # Next to a beat more may be struck, but then it is no strike of its own.
    peaks = [(0.0, 0.3 * ON_BEAT), (1.0, 0.3 * ON_BEAT)]
    peaks += [(number / parts, expected) for number, expected in enumerate(division.expected, start=1)]
    total = np.zeros((len(SPREADS), PLACES))
    for where, expected in peaks:
        total += expected * np.exp(-0.5 * ((places - where) / SPREADS[:, None]) ** 2)
    return np.asarray(total / (np.sqrt(2 * np.pi) * SPREADS[:, None]))


def _best(count: int, segments: Segments, worth: Curve, period: Curve) -> tuple[float, Indices]:
    """The log likelihood and the segments, in order, of the best chain through ``count`` strikes."""
    tempo, precision = np.log(period), 0.5 / _unsteadiness(period) ** 2
    begin = np.searchsorted(segments.first, np.arange(count + 1)).tolist()
    ending = np.argsort(segments.last, kind="stable")
    end = np.searchsorted(segments.last[ending], np.arange(count + 1)).tolist()
    total = np.full(len(segments), -np.inf)
    before = np.full(len(segments), -1)
    for strike in range(count):
        here = slice(begin[strike], begin[strike + 1])
        if here.start == here.stop:
            continue
        opening = -SKIPPED * strike if strike < MOST_SKIPPED else -np.inf
        total[here] = worth[here] + opening
        earlier = ending[end[strike] : end[strike + 1]]
        if len(earlier):
            ways = total[earlier][:, None] - (tempo[earlier][:, None] - tempo[here]) ** 2 * precision[here]
            best = ways.argmax(axis=0)
            gained = ways[best, np.arange(len(best))]
            goes_on = gained > opening
            total[here] = np.where(goes_on, worth[here] + gained, total[here])
            before[here] = np.where(goes_on, earlier[best], -1)
    left_out = count - 1 - segments.last
    total = np.where(left_out <= MOST_SKIPPED, total - 2 * SKIPPED * left_out, -np.inf)
    if not np.isfinite(total).any():
        return -np.inf, np.empty(0, np.int64)
    now = int(total.argmax())
    score, path = float(total[now]), []
    while now >= 0:
        path.append(now)
        now = int(before[now])
    return score, np.array(path[::-1])
