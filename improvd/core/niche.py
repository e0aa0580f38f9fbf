"""The room that a player leaves: where and how much to play beside somebody who plays on.

Both are judged by what their hands did in the last few beats, anew for each piece of ours: what is played beside them
follows them up and down the keyboard, steps back as soon as they have much to say, and fills in where they rest.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from improvd.core.events import Beats, Niche
from improvd.core.pitch import HIGHEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from improvd.core.events import BeatNote
    from improvd.core.manner import Manner

RECENTLY: Final = Beats(4.0)
"""What was played so lately tells where the hands are, and how busy they are."""
JUST_NOW: Final = Beats(1.5)
"""Who returns from a rest is as busy as in this time."""
AT_LEAST: Final = 6
"""Notes that tell where the hands are, however long ago they were played."""
CHORD: Final = 1 / 12
"""Beats within which notes are one onset."""
TOGETHER: Final = 2.0
"""Onsets a beat of both parts, as far as ours can make that true."""
FEWEST: Final = 0.5
"""Ours, beside somebody who plays more than that alone."""
GAP: Final = 5
"""Semitones that are left between both parts."""
WIDTH: Final = 17
"""Semitones from our lowest to our highest note …"""
NARROWEST: Final = 11
"""… and at the least, even if it has to be among theirs."""
KEYS: Final = (36, 91)
"""What is played below or above that is hardly heard as a part of its own."""
MIDDLE: Final = 62
"""Nearer to it is better."""

Range = tuple[int, int]


def niche(theirs: Sequence[BeatNote], ours: Sequence[BeatNote], start: Beats, manner: Manner) -> Niche:
    """The room there is from ``start`` on beside ``theirs``, of whom ``ours`` is heard; both in order of onset.

    The knobs of a ``manner`` are on top of it: so many semitones higher, so many times as many notes.
    """
    lowest = highest = None
    if manner.register is not None and theirs:
        low, high = _range(theirs, ours, start)
        moved = min(HIGHEST - high, max(-low, round(manner.register)))
        lowest, highest = low + moved, high + moved
    density = None
    if manner.density is not None:
        density = manner.density * min(TOGETHER, max(FEWEST, TOGETHER - _busy(theirs, start)))
    return Niche(lowest, highest, density, Beats(start - RECENTLY))


def _busy(theirs: Sequence[BeatNote], start: Beats) -> float:
    """How many onsets a beat they have lately, or just now if that is more."""
    heard = [note.onset for note in theirs if start - RECENTLY <= note.onset < start]
    onsets = heard[:1] + [later for before, later in pairwise(heard) if later - before > CHORD]
    if not onsets:
        return 0.0
    span = min(RECENTLY, max(JUST_NOW, start - theirs[0].onset))
    just_now = sum(onset >= start - JUST_NOW for onset in onsets)
    return max(len(onsets) / span, just_now / JUST_NOW)


def _range(theirs: Sequence[BeatNote], ours: Sequence[BeatNote], start: Beats) -> Range:
    """Where their hands are not: where we are already if that will do, else where there is most room."""
    lately = [note.pitch for note in theirs if note.onset + note.duration > start - RECENTLY]
    pitches = sorted(lately if len(lately) >= AT_LEAST else [note.pitch for note in theirs[-AT_LEAST:]])
    free = [(low, high) for low, high in _free(pitches) if high - low >= NARROWEST]
    if not free:
        lowest, highest = KEYS
        ends = [(lowest, lowest + NARROWEST), (highest - NARROWEST, highest)]
        return min(ends, key=lambda end: sum(end[0] - GAP < pitch < end[1] + GAP for pitch in pitches))
    ours_lately = [note.pitch for note in ours[-AT_LEAST:]]
    here = sum(ours_lately) / len(ours_lately) if ours_lately else None
    if here is not None:
        free = [(low, high) for low, high in free if low - GAP <= here <= high + GAP] or free
    return min(free, key=lambda one: (one[0] - one[1], abs(sum(one) / 2 - MIDDLE)))


def _free(pitches: Sequence[int]) -> Iterator[Range]:
    """What is free below, above and between ``pitches``, in ascending order; the nearest to them, and to the middle."""
    lowest, highest = KEYS
    top = pitches[0] - GAP
    yield max(lowest, top - WIDTH), top
    bottom = pitches[-1] + GAP
    yield bottom, min(highest, bottom + WIDTH)
    for low, high in pairwise(pitches):
        yield low + GAP, min(high - GAP, low + GAP + WIDTH)
