"""When each beat comes as people play: steady, moved, or free, with what they linger on and hurry through.

A tempo curve is drawn anew each time. It is the sum, in logarithms, of what was seen in performances whose beats are
known: a tempo that wanders, arcs over phrases that slow at their ends, single beats that are stretched and given back
(most by little, some by half and more), fermatas, breaths between phrases, passages at another tempo, and an end that
slows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Curve = NDArray[np.float64]
    Rng = np.random.Generator

PER_BEAT = 4
"""Points of a tempo curve in a beat."""
MANNERS = {0.0: 0.12, 0.12: 0.18, 0.5: 0.3, 1.1: 0.25, 1.9: 0.15}
"""How free the playing is, from a machine's to the lavish, and how often it is so."""
STEADY_MANNERS = {0.0: 0.3, 0.12: 0.45, 0.5: 0.25}
"""The same for music that is danced and sung to."""
STRETCH = 0.035
"""How much a single beat is stretched, in logarithms, where freedom is 1: the scale of a Student's t …"""
TAILS = (1.2, 1.6, 2.0, 3.0)
"""… and its degrees of freedom, drawn by lot: few, for there are beats that are stretched by half and more."""


def clock(beats: int, rng: Rng, *, steady: bool = False) -> Curve:
    """When each point of a piece comes, `PER_BEAT` to a beat and one more at the end, in beats of a steady tempo."""
    manners = STEADY_MANNERS if steady else MANNERS
    freedom = float(rng.choice(list(manners), p=list(manners.values())))
    if freedom == 0.0:
        return np.arange(beats * PER_BEAT + 1) / PER_BEAT
    slow = _wandering(beats, freedom, rng) + _phrases(beats, freedom, rng) + _single_beats(beats, freedom, rng)
    for beat in np.flatnonzero(rng.random(beats) < 0.004):  # another tempo from here on
        slow[beat * PER_BEAT :] += rng.normal(0, 0.12 + 0.12 * freedom)
    slow = np.clip(slow - slow.mean(), -1.1, 1.4)
    if rng.random() < 0.6:
        last = min(len(slow), int(rng.integers(6, 24)))
        slow[-last:] += np.linspace(0, rng.uniform(0.1, 0.4 + 0.4 * freedom), last)
    return np.concatenate([[0.0], np.cumsum(np.exp(slow) / PER_BEAT)])


def _wandering(beats: int, freedom: float, rng: Rng) -> Curve:
    """A tempo that nobody holds quite, and that finds back to itself."""
    count = beats * PER_BEAT
    steps = freedom * 0.03 * np.exp(rng.normal(0, 0.4)) * rng.normal(0, 1, count)
    back = rng.choice([0.9, 0.95, 0.98])
    slow = np.zeros(count)
    for point in range(1, count):
        slow[point] = back * slow[point - 1] + steps[point]
    return slow


def _phrases(beats: int, freedom: float, rng: Rng) -> Curve:
    """Arcs: onwards in the middle, slower at the ends; some ends are lingered on, and some breathe."""
    count = beats * PER_BEAT
    slow = np.zeros(count)
    length = int(rng.choice([2, 4, 8]) * rng.choice([2, 3, 4])) * PER_BEAT
    begins = -int(rng.integers(0, length))
    arch = freedom * rng.uniform(0, 0.45)
    while begins < count:
        end = begins + length
        inside = np.arange(max(begins, 0), min(end, count))
        if len(inside):
            slow[inside] += arch * rng.uniform(0.3, 1.3) * (4 * ((inside - begins) / length - 0.45) ** 2 - 0.3)
        if rng.random() < 0.5 and 0 < end < count:
            over = min(end, int(rng.integers(2, 3 * PER_BEAT)))
            slow[end - over : end] += np.linspace(0, freedom * rng.uniform(0.05, 0.4), over)
        if rng.random() < 0.15 * freedom and 0 < end < count:
            slow[end - 1] += rng.uniform(0.3, 1.0)
        begins = end
    for point in np.flatnonzero(rng.random(count) < 0.001 * freedom):
        slow[point] += rng.uniform(0.5, 1.5)  # a fermata
    return slow


def _single_beats(beats: int, freedom: float, rng: Rng) -> Curve:
    """Beats that are stretched or cut short by themselves, the first of a bar's many or all alike."""
    scale = freedom * STRETCH * np.exp(rng.normal(0, 0.5))
    stretch = np.clip(scale * rng.standard_t(rng.choice(TAILS), beats), -0.5, 1.0)
    if rng.random() < 0.4:  # the same beat of each bar, by habit
        bar = int(rng.integers(2, 5))
        stretch[int(rng.integers(bar)) :: bar] += freedom * rng.normal(0, 0.06)
    return np.repeat(stretch, PER_BEAT)
