"""Near-identical melodies: the same tune in another key, octave, tempo or arrangement, with a few notes changed.

A piece goes by the set of turns that its melody takes: five intervals in a row. Of that set a fingerprint of fixed size
is kept, by which the share of turns that two pieces have in common is estimated (MinHash: A. Broder, "On the
resemblance and containment of documents", 1997), and likely pairs are found without comparing all (bands: Leskovec,
Rajaraman, Ullman, "Mining of Massive Datasets", ch. 3). Where the melody lies is a matter of pitch and order alone, so
neither key nor tempo, loudness or articulation counts; and a set doesn't count how often a part is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from improvd.model.tokens import TickNotes

REVISION: Final = "melody 1"
"""Rises whenever the same notes would give another fingerprint."""
SIZE: Final = 128
"""Numbers in a fingerprint: shares are estimated with a standard deviation of 0.043 at most."""
SAME: Final = 0.6
"""From this share of turns in common on, two melodies are one: about one note in twenty may differ, as each is part of
six turns. Versions of one folk tune mostly have less in common, different tunes hardly anything."""
TURN: Final = 5
"""Intervals in a turn."""
LEAPS: Final = 3
"""How many different intervals make a turn worth counting: scales and repeated notes are in every piece."""
FEWEST_TURNS: Final = 16
"""Less music than that is too little to be told from other music."""
WIDEST: Final = 24
"""Semitones; a wider interval counts as this one."""
SPREAD: Final = 2
"""Ticks up to which onsets make one chord: performers don't strike all of it at once."""
REACH: Final = 6
UNDER: Final = 5
"""A note more than so many semitones below the highest of so many chords before it, and of as many after it, is
accompaniment that sounds while the melody rests or holds."""
ROWS: Final = 3
"""Numbers in a band: pieces alike in all of some band are compared. At the share `SAME`, 42 bands of 3 leave out one
pair in 30,000; at a share of 0.1, 96 pairs in 100."""
MOST_IN_BAND: Final = 16
"""With how many of the first of a crowd that is alike in one band each other is compared."""
RANK: Final = {"test": 0, "valid": 1}
EMPTY: Final = np.iinfo(np.uint32).max

_DRAWN: Final = np.random.PCG64(1997).random_raw(2 * SIZE)
_FACTORS, _TERMS = _DRAWN[:SIZE] | np.uint64(1), _DRAWN[SIZE:]


@dataclass(frozen=True)
class Candidate:
    """A piece that may be another's duplicate: ``digest`` is alike for the same rows, ``order`` is its place."""

    digest: str
    fingerprint: NDArray[np.uint32]
    split: str
    order: int


def fingerprint(notes: TickNotes) -> NDArray[np.uint32]:
    """The melody as (128,) numbers; all of them the largest there is where there is too little to go by.

    The share of places at which two fingerprints agree estimates the share of turns that the melodies have in common.
    """
    turns = _turns(_melody(notes))
    least = np.full(SIZE, EMPTY, np.uint32)
    if len(turns) < FEWEST_TURNS:
        return least
    for start in range(0, len(turns), 4096):
        hashed = turns[start : start + 4096, None] * _FACTORS + _TERMS
        least = np.minimum(least, (hashed >> np.uint64(32)).min(axis=0).astype(np.uint32))
    return least


def resolve(candidates: Sequence[Candidate]) -> dict[int, int]:
    """Which pieces to leave out: the index of each duplicate, and of the piece that is kept in its place.

    Of pieces that are the same, one of the test split is kept, else one of validation, so that neither is learnt; else
    the first in order. Each is compared with what is kept, never with another duplicate: a chain of similar tunes is
    not one tune. The choice doesn't depend on the order in which candidates are given, as long as their ``order``
    differs; and among those that are kept there are no duplicates.
    """
    ranked = sorted(range(len(candidates)), key=lambda index: _rank(candidates[index]))
    instead: dict[int, int] = {}
    first: dict[str, int] = {}
    for index in ranked:
        kept = first.setdefault(candidates[index].digest, index)
        if kept != index:
            instead[index] = kept
    while True:
        left = [index for index in ranked if index not in instead]
        found = _near([candidates[index].fingerprint for index in left])
        if not found:
            break
        instead.update((left[one], left[other]) for one, other in found.items())
    return {one: _last(instead, one) for one in sorted(instead)}


def _rank(candidate: Candidate) -> tuple[int, int, str]:
    return RANK.get(candidate.split, 2), candidate.order, candidate.digest


def _last(instead: dict[int, int], index: int) -> int:
    while index in instead:
        index = instead[index]
    return index


def _near(fingerprints: Sequence[NDArray[np.uint32]]) -> dict[int, int]:
    """Which of the pieces, the one to be kept first, are the same as one before them, and as which."""
    if not fingerprints:
        return {}
    table = np.stack(fingerprints)
    known = np.flatnonzero(table[:, 0] != EMPTY)
    pairs = np.unique(np.concatenate([np.empty((0, 2), np.int64), *_likely(table, known)]), axis=0)
    # In parts, so that a million pairs don't take a gigabyte.
    parts = (pairs[start : start + 65_536] for start in range(0, len(pairs), 65_536))
    same = [part[(table[part[:, 0]] == table[part[:, 1]]).mean(axis=1) >= SAME] for part in parts]
    instead: dict[int, int] = {}
    for later, earlier in np.concatenate([pairs[:0], *same]).tolist():
        if later not in instead and earlier not in instead:
            instead[later] = earlier
    return instead


def _likely(table: NDArray[np.uint32], known: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Pairs (pairs, 2) of rows, the later one first, that are alike in a band."""
    for start in range(0, SIZE - ROWS + 1, ROWS):
        band = table[known, start : start + ROWS].astype(np.uint64)
        keys = (band[:, 0] * _FACTORS[0] + band[:, 1]) * _FACTORS[1] + band[:, 2]
        order = np.argsort(keys, kind="stable")
        rows, keys = known[order], keys[order]
        first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
        begins = np.repeat(first, np.diff(np.append(first, len(keys))))
        for back in range(MOST_IN_BAND):
            others = np.flatnonzero(np.arange(len(keys)) - begins > back)
            if len(others) == 0:
                break
            yield np.stack([rows[others], rows[begins[others] + back]], axis=1)


def _melody(notes: TickNotes) -> NDArray[np.int64]:
    """Pitches of the highest voice: the top of each chord, without accompaniment that is heard between."""
    if len(notes) == 0:
        return notes.pitch
    chords = np.flatnonzero(np.append(True, np.diff(notes.onset) > SPREAD))
    tops: NDArray[np.int64] = np.maximum.reduceat(notes.pitch, chords)
    highest = sliding_window_view(np.pad(tops, REACH, constant_values=0), REACH).max(axis=1)
    before, after = highest[: len(tops)], highest[REACH + 1 :]
    melody: NDArray[np.int64] = tops[(tops >= before - UNDER) | (tops >= after - UNDER)]
    return melody


def _turns(melody: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The different turns of a melody, each as one well mixed number."""
    if len(melody) <= TURN:
        return np.empty(0, np.uint64)
    turns = sliding_window_view(np.clip(np.diff(melody), -WIDEST, WIDEST) + WIDEST, TURN)
    ordered = np.sort(turns, axis=1)
    turns = turns[1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1) >= LEAPS]
    numbers = np.unique(turns @ (2 * WIDEST + 1) ** np.arange(TURN)).astype(np.uint64)
    # The finalizer of SplitMix64: every bit of a turn matters to every bit of its number.
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = numbers ^ (numbers >> np.uint64(31))
    return mixed
