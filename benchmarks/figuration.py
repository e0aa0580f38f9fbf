"""Scores in other dress: their harmony as broken and repeated chords, octaves and runs, as later piano music has it.

Scores that may be learnt from are songs, dances and older keyboard music; what Liszt or Rachmaninoff asks of two hands
is hardly among them. The beat of such music is carried by the bass and the change of harmony, under figures of any
number of notes, and by a melody between them. Here stretches of a score are given such figures; its beats stay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from performers import Score

    Rng = np.random.Generator
    Note = tuple[float, float, int, float]  # onset and end in beats, pitch, velocity

DRESSES = {"as written": 0.35, "broken": 0.35, "repeated": 0.1, "octaves": 0.1, "run": 0.1}
"""What a stretch may be given, and how often."""
STRETCHES = (2, 4, 8, 16, 32)
"""Beats."""
PER_BEAT = {2: 2, 3: 3, 4: 5, 5: 0.6, 6: 4, 7: 0.5, 8: 3, 9: 0.4, 10: 0.5, 12: 1.5}
"""Notes of a figure to a beat, and how often so many."""
LOWEST, HIGHEST = 24, 100
"""Pitches that figures keep to."""


def figured(written: Score, rng: Rng) -> Score:
    """A score with other figures in some stretches, its beats and bars as they were."""
    columns = [(written.onset, written.offset, written.pitch, written.velocity.astype(float))]
    kept = np.ones(len(written.onset), dtype=bool)
    per_beat = _per_beat(rng)
    start = 0
    while start < written.beats:
        end = start + int(rng.choice(STRETCHES))
        dress = str(rng.choice(list(DRESSES), p=list(DRESSES.values())))
        inside = np.flatnonzero((written.onset >= start - 0.01) & (written.onset < end - 0.01))
        if rng.random() < 0.3:
            per_beat = _per_beat(rng)
        if dress != "as written" and len(inside) > 2:
            gone, more = _dressed(written, inside, (start, min(end, written.beats)), (dress, per_beat), rng)
            kept[gone] = False
            if more:
                columns.append(tuple(np.array(column) for column in zip(*more, strict=True)))
        start = end
    columns[0] = tuple(column[kept] for column in columns[0])
    onset, offset, pitch, velocity = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.lexsort((pitch, onset))
    return replace(
        written,
        onset=onset[order],
        offset=offset[order],
        pitch=pitch[order].astype(np.int64),
        velocity=velocity[order].astype(np.int64),
    )


def _per_beat(rng: Rng) -> int:
    odds = np.array(list(PER_BEAT.values()))
    return int(rng.choice(list(PER_BEAT), p=odds / odds.sum()))


def _dressed(
    written: Score, inside: NDArray[np.int64], span: tuple[int, int], dress: tuple[str, int], rng: Rng
) -> tuple[NDArray[np.int64], list[Note]]:
    """Which of the notes ``inside`` a stretch go, and what comes instead."""
    kind, per_beat = dress
    onset, pitch = written.onset[inside], written.pitch[inside]
    if kind == "octaves":
        which = inside[_is_top(onset, pitch)] if rng.random() < 0.5 else inside[_is_bottom(onset, pitch)]
        down = -12 if rng.random() < 0.7 else 12
        return inside[:0], [
            (written.onset[note], written.offset[note], int(written.pitch[note]) + down, float(written.velocity[note]))
            for note in which
            if LOWEST <= written.pitch[note] + down <= HIGHEST
        ]
    inner = ~_is_top(onset, pitch)
    gone = inside[inner] if rng.random() < 0.75 else inside  # with the melody kept, or all dissolved in figures
    if kind == "run":
        gone = inside[:0] if rng.random() < 0.5 else gone
        return gone, list(_run(span, per_beat, rng))
    loud = float(np.median(written.velocity[inside])) * rng.uniform(0.55, 0.95)
    turn = float(rng.choice([0.5, 1, 1, 1, 2, 2, 4])) if kind == "broken" else 1.0
    pattern = _pattern(rng)
    late = 1 if rng.random() < 0.12 else 0  # the figure leaves out its first note
    more: list[Note] = []
    for step in range(round((span[1] - span[0]) / turn)):
        at = span[0] + step * turn
        tones = _sounding(written, at, turn)
        if not tones:
            continue
        if kind == "repeated":
            more += _repeated(at, turn, tones, (per_beat, loud, late), rng)
        else:
            more += _broken(at, turn, tones, (per_beat, loud, late), pattern)
    return gone, more


def _sounding(written: Score, at: float, turn: float) -> list[int]:
    """The pitches that sound in a while, the lowest first."""
    some = (written.onset < at + turn - 0.01) & (written.offset > at + 0.01)
    return sorted({int(one) for one in written.pitch[some]})[:8]


def _pattern(rng: Rng) -> tuple[int, int, bool]:
    """How a figure goes: semitones of its range, which way (1 up, -1 down, 2 there and back, 0 to and fro), bass."""
    return int(rng.choice([12, 19, 24, 36])), int(rng.choice([1, 1, 2, 2, -1, 0])), rng.random() < 0.8


def _broken(
    at: float, turn: float, tones: list[int], figure: tuple[int, float, int], pattern: tuple[int, int, bool]
) -> Iterator[Note]:
    """A chord note by note, over a range from its lowest note on."""
    per_beat, loud, late = figure
    ambit, way, with_bass = pattern
    low = max(LOWEST, min(tones) - (12 if min(tones) > 54 else 0))
    classes = {tone % 12 for tone in tones}
    ladder = [one for one in range(low, min(HIGHEST, low + ambit) + 1) if one % 12 in classes]
    count = max(1, round(per_beat * turn))
    there_and_back = ladder + ladder[-2:0:-1]
    to_and_fro = [ladder[index // 2] if index % 2 == 0 else ladder[-1 - index // 2] for index in range(len(ladder))]
    order = {1: ladder, -1: ladder[::-1], 2: there_and_back, 0: to_and_fro}[way]
    for index in range(late, count):
        when = at + index * turn / count
        pitch = order[index % len(order)]
        yield when, when + turn / count, pitch, loud
    if with_bass and way != 1:
        yield at, at + turn, low, loud * 1.15


def _repeated(at: float, turn: float, tones: list[int], figure: tuple[int, float, int], rng: Rng) -> Iterator[Note]:
    """A chord again and again, its bass on the beat."""
    per_beat, loud, late = figure
    per_beat = min(per_beat, 6)
    for index in range(late, per_beat):
        when = at + index * turn / per_beat
        for tone in tones[1:] or tones:
            yield when, when + turn / per_beat, tone, loud
    if rng.random() < 0.85:
        yield at, at + turn, max(LOWEST, tones[0] - 12), loud * 1.1


def _run(span: tuple[int, int], per_beat: int, rng: Rng) -> Iterator[Note]:
    """A scale up or down over some beats, of any number of notes."""
    begin = span[0] + int(rng.integers(0, max(1, span[1] - span[0])))
    beats = int(rng.integers(1, 5))
    count = beats * per_beat + int(rng.integers(-1, 2)) * (rng.random() < 0.4)
    steps = [0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.6 else list(range(12))
    start, way = int(rng.integers(40, 85)), 1 if rng.random() < 0.5 else -1
    for index in range(max(count, 2)):
        turn, degree = divmod(way * index, len(steps))
        pitch = start + 12 * turn + steps[degree]
        if LOWEST <= pitch <= HIGHEST:
            when = begin + index * beats / max(count, 2)
            yield when, when + beats / max(count, 2), pitch, 64.0


def _is_top(onset: NDArray[np.float64], pitch: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which notes are the highest of what begins with them."""
    _, chord = np.unique(np.round(onset * 48), return_inverse=True)
    highest = np.zeros(int(chord.max()) + 1, dtype=np.int64)
    np.maximum.at(highest, chord, pitch)
    return np.asarray(pitch == highest[chord])


def _is_bottom(onset: NDArray[np.float64], pitch: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which notes are the lowest of what begins with them."""
    return _is_top(onset, 127 - pitch)
