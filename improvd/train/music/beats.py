"""The beat of a performance, from its notes alone: found for the whole piece, vouched for where it can be trusted.

A network hears how likely each moment is a beat (`beats_heard`), chains of beats are laid through what was struck
(`beats_chain`), and each beat of the best one is trusted as far as the others bear it out (`beats_trust`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.train.music.beats_chain import chains, strikes
from improvd.train.music.beats_heard import heard
from improvd.train.music.beats_trust import evidence, position, trust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from improvd.train.music.clean import Played

    Curve = NDArray[np.float64]

REVISION: Final = "beats 3"
"""Rises whenever the same notes would give other beats."""
FEWEST: Final = 8
"""Beats, and strikes, below which there's nothing to be sure of."""
MOST_STRIKES: Final = 30_000
LONGEST: Final = 7200.0
"""Seconds. What is longer, or has more strikes, has no beat that is looked for: that bounds time and memory."""
VOUCHED: Final = 0.75
"""Trusted at least so far, a beat is known,"""
STRETCH: Final = 16
"""in stretches of at least so many beats,"""
LAPSE: Final = 8
"""which lapses of fewer beats don't end."""


@dataclass(frozen=True, slots=True)
class Beats:
    """The beats of a performance: ``times`` in seconds, ascending, from no later than its first onset to past its last.

    ``trust`` says how likely each beat, to the one after it, is right, ``known`` which are vouched for; both have one
    element fewer than ``times``.
    """

    times: Curve
    trust: Curve
    known: NDArray[np.bool_]

    def position(self, seconds: Curve) -> Curve:
        """Times within as beats from the first."""
        return position(self.times, seconds)


def find(played: Played) -> Beats | None:
    """The likeliest beats, and where they are known; None where there are too few notes, or far too many."""
    tracked = track(played)
    if tracked is None:
        return None
    times, speaks_for = tracked
    sure = trust(speaks_for)
    return Beats(times, sure, _stretches(sure >= VOUCHED))


def track(played: Played) -> tuple[Curve, Curve] | None:
    """The times of the likeliest beats, and the `evidence` for each; None as in `find`."""
    if len(played) < FEWEST or played.onset[-1] - played.onset[0] > LONGEST:
        return None
    struck, _ = strikes(played.onset, played.velocity)
    if not FEWEST <= len(struck) <= MOST_STRIKES:
        return None
    start, log_odds = heard(played)
    found = [chain.times(struck) for chain in chains(struck, start, log_odds)]
    if not found or len(found[0]) < FEWEST:
        return None
    first, last = float(played.onset[0]), float(played.onset[-1])
    best, *others = [_continued(times, first, last) for times in found]
    return best, evidence(best, others, struck, start, log_odds)


def _continued(beats: Curve, first: float, last: float) -> Curve:
    """Beats on either side, as far apart as the outer ones, until they reach around the onsets."""
    head, tail = beats[1] - beats[0], beats[-1] - beats[-2]
    earlier = beats[0] - head * np.arange(max(0, int(np.ceil((beats[0] - first) / head))), 0, -1)
    later = beats[-1] + tail * np.arange(1, max(0, int(np.floor((last - beats[-1]) / tail))) + 2)
    return np.concatenate([earlier, beats, later])


def _stretches(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Known beats without the short lapses between them, and without short stretches."""
    filled = _without_short(known, LAPSE, of=False)
    return _without_short(filled, STRETCH, of=True)


def _without_short(known: NDArray[np.bool_], length: int, *, of: bool) -> NDArray[np.bool_]:
    """Runs of ``of`` shorter than ``length`` turned over; those of what is unknown not at either end."""
    out = known.copy()
    edges = np.flatnonzero(np.diff(known)) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(known)]
    for start, end in zip(starts, ends, strict=True):
        outer = start == 0 or end == len(known)
        if known[start] == of and end - start < length and (of or not outer):
            out[start:end] = not of
    return out
