"""Whether what is played was learnt by heart: which runs of notes stand in the corpus, as a compact filter.

A run of `RUN` notes is its steps, each a time and a pitch relative to the note before, so it is known again in any key.
The filter is Bloom's (1970): a run that was put in is always found, and another one once in about 270 times at most.
Longer matches are chained: of a passage that follows the corpus for n notes, n - RUN + 1 runs are found one after the
other. So none is ever told too short; it may be told too long where the corpus holds its parts, but not in one place.

A filter is slices, as in a scalable one (Almeida, Baquero, Preguiça and Hutchison, 2007): what a model learnt on top of
another goes into the room that the last slice has, or else into a slice of its own, and none ever gets too full.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.errors import BundleError
from improvd.model import arrays
from improvd.model.tokens import INTERVAL, PITCH
from improvd.whole import writing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]

RUN: Final = 10
"""Notes in a run. Of shorter ones chains were more often wrong; longer ones would not tell shorter matches."""
PER_RUN: Final = 12
"""Bits of a slice for each run in it, at least."""
HASHES: Final = 6
"""Bits set for each run: with 12 bits a run in all, at most 1 in 200 of other runs is found too."""
MOST_BYTES: Final = 16 * 2**20
"""No filter is larger: what has no room (beyond 11 million runs) is left out, and counted."""
LEAST_BYTES: Final = 64
MOST_SLICES: Final = 64
"""Far more than training writes: each new one is as large as what it holds, and holds more than there was room for."""
FILE: Final = "originality.npz"
PITCHES: Final = 128
BASE: Final = 0x9E3779B97F4A7C15
MIX: Final = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
"""The constants of splitmix64 (Steele, Lea and Flood, 2014). All arithmetic is modulo 2 to the power of 64."""
WORD: Final = 2**64 - 1
_ONES: Final = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1).astype(np.uint8)
"""How many bits each byte has."""


@dataclass(frozen=True, slots=True)
class Match:
    """A passage that follows the corpus: the number of its first note, and how many notes; 0 where there is none."""

    first: int
    notes: int


def runs(rows: NDArray[Any], length: int = RUN) -> Keys:
    """A hash for each run of ``length`` notes: shape (notes - length + 1,), the n-th beginning with the n-th note.

    ``rows`` are ids, (notes, 2 or more), of which intervals and pitches count.
    """
    hashed = steps(rows[1:, INTERVAL].astype(np.int64), np.diff(rows[:, PITCH].astype(np.int64)))
    count = max(0, len(hashed) - length + 2)
    hashes = np.zeros(count, dtype=np.uint64)
    for place in range(length - 1):
        hashes = hashes * np.uint64(BASE) + hashed[place : place + count]
    return mix(hashes)


def steps(interval: NDArray[np.int64], up: NDArray[np.int64]) -> Keys:
    """What leads from a note to the next, an interval's id and semitones up, as numbers with nothing in common."""
    return mix((interval * (2 * PITCHES) + up + PITCHES).astype(np.uint64) + np.uint64(BASE))


def mix(hashes: Keys) -> Keys:
    """Numbers whose every bit depends on all bits of those given."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(MIX[0])
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(MIX[1])
    return hashes ^ (hashes >> np.uint64(31))


def _places(hashes: Keys) -> Keys:
    """What stands for each run, to be cut to the size of a slice: shape (HASHES, n).

    Two hashes make all (Kirsch and Mitzenmacher, 2006).
    """
    # Odd, so that the places differ from each other.
    stride = mix(hashes + np.uint64(BASE)) | np.uint64(1)
    return hashes[None, :] + np.arange(HASHES, dtype=np.uint64)[:, None] * stride[None, :]


@dataclass(frozen=True, slots=True)
class Slice:
    """``bits``, 8 to a byte, whose number of bytes is a power of two, and how many different ``runs`` were put in."""

    bits: NDArray[np.uint8]
    runs: int

    @property
    def room(self) -> int:
        """How many more runs it may hold."""
        return 8 * len(self.bits) // PER_RUN - self.runs

    @property
    def error(self) -> float:
        """The chance that a run that was not put in is found all the same."""
        return float(_ONES[self.bits].sum(dtype=np.int64) / (8 * len(self.bits))) ** HASHES

    def has(self, places: Keys) -> NDArray[np.bool_]:
        """Which runs are found, of `_places`; shape (n,)."""
        inside = places & np.uint64(8 * len(self.bits) - 1)
        found = (self.bits[inside >> np.uint64(3)] >> (inside & np.uint64(7)).astype(np.uint8)) & 1
        return np.asarray(found.all(axis=0))

    def put(self, places: Keys) -> None:
        """Put runs in, by their `_places`; whoever does counts them."""
        inside = places & np.uint64(8 * len(self.bits) - 1)
        byte, bit = inside >> np.uint64(3), np.uint8(1) << (inside & np.uint64(7)).astype(np.uint8)
        np.bitwise_or.at(self.bits, byte.ravel(), bit.ravel())

    def folded(self, size: int) -> Slice:
        """The same in ``size`` bytes, as if all had been put in there: a place is cut to fewer bits."""
        return Slice(np.bitwise_or.reduce(self.bits.reshape(-1, size), axis=0), self.runs)


@dataclass(frozen=True, slots=True)
class Filter:
    """The runs of a corpus; ``left_out`` is how many had no room."""

    slices: tuple[Slice, ...] = ()
    left_out: int = 0

    @property
    def runs(self) -> int:
        """How many different runs were put in."""
        return sum(one.runs for one in self.slices)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(len(one.bits) for one in self.slices)

    @property
    def error(self) -> float:
        """The chance that a run that was not put in is found all the same."""
        return 1.0 - float(np.prod([1.0 - one.error for one in self.slices]))

    def has(self, hashes: Keys) -> NDArray[np.bool_]:
        """Which runs are found, shape (n,)."""
        places = _places(hashes)
        found = np.zeros(len(hashes), dtype=np.bool_)
        for one in self.slices:
            found |= one.has(places)
        return found

    def longest(self, rows: NDArray[Any]) -> Match:
        """The longest passage of rows of ids (notes, 2 or more) that follows the corpus, or the first of those."""
        found = np.concatenate([[False], self.has(runs(rows)), [False]]).astype(np.int8)
        turns = np.diff(found)
        begin, end = np.flatnonzero(turns == 1), np.flatnonzero(turns == -1)
        if not len(begin):
            return Match(0, 0)
        best = int(np.argmax(end - begin))
        return Match(int(begin[best]), int(end[best] - begin[best]) + RUN - 1)


def learn(pieces: Iterable[NDArray[Any]], known: Filter | None = None) -> Filter:
    """The filter of a corpus: rows of ids (notes, 2 or more) of each piece; ``known`` is what it has besides.

    One pass in bounded memory: no more than `MOST_BYTES` and a piece.
    """
    known = known or Filter()
    last = known.slices[-1] if known.slices else _empty(LEAST_BYTES)
    left = MOST_BYTES - known.size
    spare = 1 << (left.bit_length() - 1) if left >= LEAST_BYTES else 0
    most = max(8 * spare // PER_RUN, last.room)
    fresh = _empty(max(spare, len(last.bits)))
    count = left_out = 0
    for rows in pieces:
        new = np.unique(runs(rows))
        new = new[~(known.has(new) | fresh.has(_places(new)))]
        fitting = new[: most - count]
        fresh.put(_places(fitting))
        count += len(fitting)
        left_out += len(new) - len(fitting)
    return _joined(known, Slice(fresh.bits, count), left_out)


def _empty(size: int) -> Slice:
    return Slice(np.zeros(size, dtype=np.uint8), 0)


def _joined(known: Filter, fresh: Slice, left_out: int) -> Filter:
    """``known`` with what is fresh in its last slice, if there is room, else in one that is as small as may be."""
    left_out += known.left_out
    if known.slices and fresh.runs <= known.slices[-1].room:
        *others, last = known.slices
        bits = last.bits | fresh.folded(len(last.bits)).bits
        return Filter((*others, Slice(bits, last.runs + fresh.runs)), left_out)
    size = LEAST_BYTES
    while 8 * size // PER_RUN < fresh.runs:
        size *= 2
    return Filter((*known.slices, fresh.folded(size)), left_out)


def write(folder: Path, of: Filter) -> None:
    """Put a filter into a bundle's folder, whole or not at all. UserError where it can't be written."""
    with writing(folder / FILE) as file:
        np.savez(
            file,
            bits=np.concatenate([np.empty(0, np.uint8), *(one.bits for one in of.slices)]),
            sizes=np.array([len(one.bits) for one in of.slices], dtype=np.int64),
            runs=np.array([one.runs for one in of.slices], dtype=np.int64),
            left_out=np.int64(of.left_out),
        )


def load(folder: Path) -> Filter | None:
    """The filter of a bundle, None where it has none. BundleError where it is damaged."""
    path = folder / FILE
    damaged = BundleError.damaged(path, "no filter of what was learnt")
    try:
        held = arrays.read(path, {"bits": MOST_BYTES, "sizes": MOST_SLICES * 8, "runs": MOST_SLICES * 8, "left_out": 8})
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise damaged from error
    bits, sizes, counts, left_out = held.values()
    whole = all(array.dtype.kind == "i" and (array >= 0).all() for array in (sizes, counts, left_out))
    if not whole or bits.dtype != np.uint8 or (bits.ndim, sizes.ndim, left_out.ndim) != (1, 1, 0):
        raise damaged
    powers = (sizes >= LEAST_BYTES).all() and not (sizes & (sizes - 1)).any()
    if not powers or len(sizes) > MOST_SLICES or sizes.shape != counts.shape or sizes.sum() != len(bits):
        raise damaged
    ends = np.cumsum([0, *sizes.tolist()]).tolist()
    parts = zip(pairwise(ends), counts.tolist(), strict=True)
    return Filter(tuple(Slice(bits[begin:end], count) for (begin, end), count in parts), int(left_out))
