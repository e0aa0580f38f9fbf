"""Pop songs made up, as a piano plays them: chords in patterns below, a melody that anticipates above.

Nobody may learn from the songs that people know, and the old scores have no such rhythm. Each song has its own form,
pattern and way to syncopate, drawn by lot; what is heard of it is rhythm, and which notes are low or change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from performers import Score

if TYPE_CHECKING:
    Rng = np.random.Generator

Note = tuple[float, float, int, int]
"""Onset and end in beats, pitch, velocity."""
Chord = tuple[list[int], float]
"""Pitch classes, the root first, and how many beats it lasts."""

TRIADS = ((0, 4, 7), (9, 0, 4), (5, 9, 0), (7, 11, 2), (2, 5, 9), (4, 7, 11), (7, 0, 2))
SEVENTHS = ((9, 0, 4, 7), (5, 9, 0, 4), (2, 5, 9, 0))
CHORDS = (*TRIADS, *SEVENTHS)
SCALE = (0, 2, 4, 5, 7, 9, 11)
PATTERNS = ("blocks", "beats", "broken", "broken", "stride", "eighths", "pushed", "held", "syncopated")


def song(rng: Rng) -> Score:
    """One song of 24 to 72 bars, its beats quarters."""
    bar = 3 if rng.random() < 0.08 else 4
    bars = int(rng.integers(24, 73))
    grid = float(rng.choice([0.5, 0.25], p=(0.6, 0.4)))
    loop = [CHORDS[int(rng.integers(len(CHORDS)))] for _ in range(4)]
    every = float(rng.choice([bar, bar / 2 if bar == 4 else bar]))
    key = int(rng.integers(12))
    notes: list[Note] = []
    # What a section is made of: a pattern below, how busy the melody is and how often it comes early.
    pattern, busy, early = "", 0.0, 0.0
    riff: list[tuple[float, int]] = []
    for number in range(bars):
        if number % 8 == 0:
            pattern = str(rng.choice(PATTERNS))
            busy, early = float(rng.uniform(0.15, 0.75)), float(rng.choice([0.0, 0.15, 0.4, 0.6]))
        if number % int(rng.choice([2, 4])) == 0 or not riff:
            riff = _melody(bar, grid, busy, early, rng)
        start = number * bar
        at = 0.0
        while at < bar - 0.01:
            index = int((start + at) / every)
            chord = [(tone + key) % 12 for tone in loop[index % len(loop)]], min(every, bar - at)
            notes += _accompany(pattern, start + at, chord, grid, rng)
            at += every
        if not (number < 4 and rng.random() < 0.3) and rng.random() > 0.08:
            ends = [*(place for place, _ in riff[1:]), float(bar)]
            for (place, step), after in zip(riff, ends[: len(riff)], strict=True):
                pitch = 60 + key + 12 * (step // 7) + SCALE[step % 7]
                notes.append((start + place, start + max(after, place + grid / 2), pitch, 84))
                if rng.random() < 0.08:
                    notes.append((start + place, start + after, pitch - int(rng.choice([3, 4, 12])), 74))
    notes.sort()
    onset, offset, pitch, velocity = (np.array(column) for column in zip(*notes, strict=True))
    first = int(onset[0]) // bar * bar
    count = bars * bar - first
    return Score(
        onset - first,
        offset - first,
        pitch.astype(np.int64),
        velocity.astype(np.int64),
        60 / float(rng.uniform(56, 138)),
        count,
        np.arange(count) % bar == 0,
    )


def _melody(bar: int, grid: float, busy: float, early: float, rng: Rng) -> list[tuple[float, int]]:
    """Places in a bar and steps of a scale; notes on beats come half a beat or a quarter early now and then."""
    places = []
    for slot in range(round(bar / grid)):
        at = slot * grid
        strong = 1.0 if at % 1 == 0 else 0.75 if at % 0.5 == 0 else 0.45
        if rng.random() < min(0.95, busy * strong * 1.3):
            moved = at - grid if at >= grid and strong == 1.0 and rng.random() < early else at
            if not places or moved > places[-1]:
                places.append(moved)
    step, tune = int(rng.integers(0, 9)), []
    for place in places:
        step = int(np.clip(step + rng.integers(-2, 3), -3, 12))
        tune.append((place, step))
    return tune


def _accompany(pattern: str, at: float, chord: Chord, grid: float, rng: Rng) -> list[Note]:
    """A chord's worth of the left hand, and where it fits chords of the right."""
    tones, length = chord
    root = 36 + tones[0]
    middle = sorted(48 + tone for tone in tones)
    beats, halves = range(round(length)), [half / 2 for half in range(round(length * 2))]
    slots = [slot * grid for slot in range(round(length / grid))]
    struck: list[tuple[float, float, list[int], int]] = [(0.0, length, [root], 72)]
    if pattern == "held":
        struck.append((0.0, length, middle, 60))
    elif pattern == "blocks":
        struck += [(beat, 1, middle, 62) for beat in beats]
    elif pattern == "beats":
        struck = [(beat, 1, [root + 12 * (beat % 2)], 70) for beat in beats]
    elif pattern == "eighths":
        struck = [(half, 0.5, [root] if half % 1 == 0 or rng.random() < 0.7 else middle, 66) for half in halves]
    elif pattern == "stride":
        struck = [(beat, 1, middle if beat % 2 else [root], 60 if beat % 2 else 70) for beat in beats]
    elif pattern == "broken":
        step, up = (grid, slots) if rng.random() < 0.5 else (0.5, halves)
        low = [36 + 12 * (tone < tones[0]) + tone for tone in tones]
        rising = [low[0], low[-1], low[0] + 12, *[tone + 12 for tone in low[1:]]]
        turn = [0, 1, 2, 3, 2, 1]
        struck = [(when, step, [rising[turn[index % 6]]], 64) for index, when in enumerate(up) if rng.random() < 0.95]
    elif pattern == "pushed":
        places = (0.0, 1.5, 2.0 if rng.random() < 0.3 else 2.5, 3.5 if rng.random() < 0.4 else 3.0)
        struck = [(when, 1, [root, *middle], 66) for when in places]
    else:
        off = [when for when in slots if rng.random() < (0.25 if when % 1 == 0 else 0.45)]
        struck += [(when, 2 * grid, middle if rng.random() < 0.7 else [root + 12], 60) for when in off]
    return [
        (at + when, at + min(when + lasts, length), pitch, loud)
        for when, lasts, pitches, loud in struck
        if when < length - 0.01
        for pitch in pitches
    ]
