"""What the beat tracker knows of rhythm: where in a beat notes begin, what follows what, and what stands out where.

A beat is divided into 24 slots, of which twelve are places where notes begin: halves, thirds, quarters, sixths and
eighths of the beat. The tables were counted in some 5,500 scores of the training corpus by ``benchmarks/rhythm.py``,
which prints them.
"""

from __future__ import annotations

import math
from typing import Final

SLOTS: Final = 24
PLACES: Final = (0, 3, 4, 6, 8, 9, 12, 15, 16, 18, 20, 21)
"""The slots of a beat at which notes begin."""
LONGEST_STEP: Final = 96
"""Slots; of what follows after more than four beats nothing is known but where in the beat it begins."""
REACH: Final = 4
"""How many slots beside the nearest one an onset may be meant for."""

STEPS: Final = {
    0: {3: 0.008, 4: 0.026, 6: 0.131, 8: 0.114, 9: 0.002, 12: 0.384, 16: 0.027, 18: 0.036, 24: 0.229, 36: 0.013,
        48: 0.021, 72: 0.004},
    3: {1: 0.013, 3: 0.489, 5: 0.007, 6: 0.047, 9: 0.051},
    4: {2: 0.044, 4: 0.932, 8: 0.015, 12: 0.005, 20: 0.002},
    6: {2: 0.018, 3: 0.045, 6: 0.906, 12: 0.014, 18: 0.015},
    8: {4: 0.237, 8: 0.742, 12: 0.008, 16: 0.008},
    9: {3: 0.934, 6: 0.054, 12: 0.006},
    12: {3: 0.012, 4: 0.079, 6: 0.277, 9: 0.007, 12: 0.610, 24: 0.010},
    15: {1: 0.023, 3: 0.733, 6: 0.034, 9: 0.031},
    16: {2: 0.031, 4: 0.172, 8: 0.746, 12: 0.003, 16: 0.040, 24: 0.005},
    18: {2: 0.011, 3: 0.047, 6: 0.935, 12: 0.005},
    20: {1: 0.014, 4: 0.840, 8: 0.104, 12: 0.040},
    21: {3: 0.951, 6: 0.042, 12: 0.003},
}  # fmt: skip
"""Of the onsets in a slot, which share is followed by the next one so many slots later."""
USE: Final = {0: 0.4177, 3: 0.0048, 4: 0.0127, 6: 0.0586, 8: 0.0655, 9: 0.0039, 12: 0.2416, 15: 0.0042, 16: 0.0802,
              18: 0.0885, 20: 0.0155, 21: 0.0067}  # fmt: skip
"""Which share of all onsets falls into a slot."""
REGISTER: Final = (
    (0.245, 0.268, 0.296, 0.135, 0.057),
    (0.075, 0.166, 0.339, 0.242, 0.178),
    (0.038, 0.134, 0.360, 0.278, 0.190),
)
"""For onsets on the beat, halfway, and elsewhere: how often each ``register`` is met."""
SIZE: Final = (
    (0.231, 0.219, 0.182, 0.367),
    (0.515, 0.234, 0.117, 0.134),
    (0.693, 0.169, 0.066, 0.072),
)
"""The same for chords of one, two, three, and four or more notes."""
DOWN_REGISTER: Final = (0.71, 0.17, -0.19, -1.05, -1.41)
"""Log odds for a beat to be the first of a bar, by the ``register`` of what begins on it."""
DOWN_SIZE: Final = (-1.27, -0.45, -0.10, 0.10, 0.45)
"""The same by its ``size``, 0 being a beat on which nothing begins."""

SURPRISE: Final = 0.3
"""How much of what is played is unlike the scores: syncopated, ornamented, free."""


def register(low: int, usual: float | None) -> int:
    """How low the lowest pitch of an onset lies against what is usual of late: 0 very low … 4 very high."""
    return 2 if usual is None else max(-2, min(2, round((low - usual) / 7))) + 2


def size(notes: int) -> int:
    """A chord's number of notes, 1 to 4 (or more)."""
    return min(notes, 4)


def strength(slot: int) -> int:
    """0 on the beat, 1 halfway, 2 elsewhere."""
    return 0 if slot == 0 else 1 if slot == SLOTS // 2 else 2


def step_table() -> list[list[float]]:
    """For each slot and each step up to ``LONGEST_STEP``: how likely the step is, 0 where it leads to no place."""
    table = [[0.0] * (LONGEST_STEP + 1) for _ in range(SLOTS)]
    for place in PLACES:
        for step in range(1, LONGEST_STEP + 1):
            use = USE.get((place + step) % SLOTS)
            if use is not None:
                # A stranger to the scores comes when it will, sooner rather than later.
                strange = SURPRISE * 0.35 * use * 0.5 ** (step / SLOTS)
                known = (1.0 - SURPRISE) * STEPS[place].get(step, 0.0)
                table[place][step] = known + strange + 1e-6
    return table


def register_accents() -> list[list[float]]:
    """By ``register``: how much likelier than usual such an onset is on the beat, halfway, and elsewhere."""
    return _accents(REGISTER)


def size_accents() -> list[list[float]]:
    """The same by ``size``, less one."""
    return _accents(SIZE)


def _accents(table: tuple[tuple[float, ...], ...]) -> list[list[float]]:
    often = (USE[0], USE[SLOTS // 2], 1.0 - USE[0] - USE[SLOTS // 2])
    usual = [sum(share * of for share, of in zip(often, column, strict=True)) for column in zip(*table, strict=True)]
    return [[of / whole for of in column] for column, whole in zip(zip(*table, strict=True), usual, strict=True)]


def near_table(places: frozenset[int]) -> list[list[tuple[int, int]]]:
    """For each slot that an onset seems nearest to: the places it may be meant for, as (slots away, place)."""
    return [
        [(away, (slot + away) % SLOTS) for away in range(-REACH, REACH + 1) if (slot + away) % SLOTS in places]
        for slot in range(SLOTS)
    ]


def log_band(bpm: float, low: float, high: float) -> float:
    """How many octaves a tempo lies outside ``low`` to ``high``; 0 within."""
    return max(0.0, math.log2(low / bpm), math.log2(bpm / high))
