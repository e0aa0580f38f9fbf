"""Whether what is played was learnt by heart: which runs of notes stand in the corpus, as a compact filter.

A run of `RUN` notes is its steps, each a time and a pitch relative to the note before, so it is known again in any key.
The filter is Bloom's (1970): a run of the corpus is always found, and another one once in about 270 times. Longer
matches are chained: of a passage that follows the corpus for n notes, n - RUN + 1 runs are found one after the other.
So no match is ever told too short; it may be told too long where the corpus holds its parts, but not in one place.
"""

from __future__ import annotations

import math
import os
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.errors import BundleError
from improvd.model.tokens import INTERVAL, PITCH

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]

RUN: Final = 10
"""Notes in a run. Of shorter ones chains were more often wrong; longer ones would not tell shorter matches."""
PER_RUN: Final = 12
"""Bits of the filter for each run of the corpus, at least."""
HASHES: Final = 6
"""Bits set for each run: with 12 bits a run in all, at most 1 in 200 of other runs is found too."""
MOST_BYTES: Final = 8 * 2**20
"""No filter is larger; a larger corpus makes it less sure instead, as `Filter.error` says."""
FILE: Final = "originality.npz"
_PITCHES: Final = 128
_MIX: Final = tuple(np.uint64(factor) for factor in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
"""The constants of splitmix64 (Steele, Lea and Flood, 2014)."""


@dataclass(frozen=True, slots=True)
class Match:
    """A passage that follows the corpus: the number of its first note, and how many notes; 0 where there is none."""

    first: int
    notes: int


def steps(rows: NDArray[Any]) -> Keys:
    """What leads from each note to the next, as one number: shape (notes - 1,), from rows of ids (notes, 7)."""
    pitch = np.diff(rows[:, PITCH].astype(np.int64)) + _PITCHES
    return (rows[1:, INTERVAL].astype(np.int64) * (2 * _PITCHES) + pitch).astype(np.uint64)


def runs(rows: NDArray[Any], length: int = RUN) -> Keys:
    """A hash for each run of ``length`` notes: shape (notes - length + 1,), the n-th beginning with the n-th note."""
    taken = steps(rows)
    count = max(0, len(taken) - length + 2)
    hashes = np.zeros(count, dtype=np.uint64)
    for place in range(length - 1):
        hashes = _mix(hashes * _MIX[0] + taken[place : place + count] + np.uint64(1))
    return hashes


def _mix(hashes: Keys) -> Keys:
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _MIX[1]
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _MIX[2]
    return hashes ^ (hashes >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class Filter:
    """The runs of a corpus: ``bits``, 8 to a byte, and how many different ``runs`` were put in."""

    bits: NDArray[np.uint8]
    runs: int

    @property
    def error(self) -> float:
        """The chance that a run that the corpus doesn't have is found all the same."""
        return float((1 - math.exp(-HASHES * self.runs / (8 * len(self.bits)))) ** HASHES)

    def has(self, hashes: Keys) -> NDArray[np.bool_]:
        """Which runs are found, shape (n,)."""
        places = _places(hashes, 8 * len(self.bits))
        found = (self.bits[places >> np.uint64(3)] >> (places & np.uint64(7)).astype(np.uint8)) & 1
        return np.asarray(found.all(axis=0))

    def longest(self, rows: NDArray[Any]) -> Match:
        """The longest passage, of rows of ids (notes, 7), that follows the corpus; the first of those as long."""
        found = np.concatenate([[False], self.has(runs(rows)), [False]]).astype(np.int8)
        turns = np.diff(found)
        begin, end = np.flatnonzero(turns == 1), np.flatnonzero(turns == -1)
        if not len(begin):
            return Match(0, 0)
        best = int(np.argmax(end - begin))
        return Match(int(begin[best]), int(end[best] - begin[best]) + RUN - 1)


def _places(hashes: Keys, size: int) -> Keys:
    """The bits that stand for each run: shape (HASHES, n). Two hashes make all (Kirsch and Mitzenmacher, 2006)."""
    # Odd, so that the places differ from each other.
    stride = _mix(hashes + _MIX[0]) | np.uint64(1)
    number = np.arange(HASHES, dtype=np.uint64)[:, None]
    return (hashes[None, :] + number * stride[None, :]) % np.uint64(size)


def learn(pieces: Iterable[NDArray[Any]]) -> Filter:
    """The filter of a corpus: rows of ids (notes, 7) of each piece."""
    hashes = np.unique(np.concatenate([np.empty(0, np.uint64), *map(runs, pieces)]))
    size = min(MOST_BYTES, max(64, math.ceil(len(hashes) * PER_RUN / 8)))
    bits = np.zeros(size, dtype=np.uint8)
    for places in _places(hashes, 8 * size):
        np.bitwise_or.at(bits, places >> np.uint64(3), np.uint8(1) << (places & np.uint64(7)).astype(np.uint8))
    return Filter(bits, len(hashes))


def write(folder: Path, of: Filter) -> None:
    """Put a filter into a bundle's folder, whole or not at all. OSError where it can't be written."""
    fresh = folder / f".{FILE}.{os.getpid()}.new"
    try:
        with fresh.open("wb") as file:
            np.savez(file, bits=of.bits, runs=np.int64(of.runs))
        fresh.replace(folder / FILE)
    finally:
        fresh.unlink(missing_ok=True)


def load(folder: Path) -> Filter:
    """The filter of a bundle. BundleError where it has none, or it is damaged."""
    path = folder / FILE
    damaged = BundleError(f"{path} is damaged: get the model again or train it again")
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_BYTES + 4096:
                raise damaged  # before anything is unpacked
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            bits, count = arrays["bits"], arrays["runs"]
    except FileNotFoundError:
        raise BundleError(f"the model at {folder} does not say what it was trained on: train it again") from None
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged from error
    fits = bits.dtype == np.uint8 and bits.ndim == 1 and 0 < len(bits) <= MOST_BYTES
    if not fits or count.dtype.kind != "i" or count.ndim or count < 0:
        raise damaged
    return Filter(bits, int(count))
