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
from functools import cache
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
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""The constants of splitmix64 (Steele, Lea and Flood, 2014). All arithmetic is modulo 2 to the power of 64."""
_WORD: Final = 2**64 - 1
_OLDEST: Final = pow(int(_BASE), RUN - 2, 2**64)
"""What the oldest step of a run has been multiplied with."""


@dataclass(frozen=True, slots=True)
class Match:
    """A passage that follows the corpus: the number of its first note, and how many notes; 0 where there is none."""

    first: int
    notes: int


def runs(rows: NDArray[Any], length: int = RUN) -> Keys:
    """A hash for each run of ``length`` notes: shape (notes - length + 1,), the n-th beginning with the n-th note.

    ``rows`` are ids, (notes, 7), of which intervals and pitches count.
    """
    steps = _step(rows[1:, INTERVAL].astype(np.int64), np.diff(rows[:, PITCH].astype(np.int64)))
    count = max(0, len(steps) - length + 2)
    hashes = np.zeros(count, dtype=np.uint64)
    for place in range(length - 1):
        hashes = hashes * _BASE + steps[place : place + count]
    return _mix(hashes)


def _step(interval: NDArray[np.int64], up: NDArray[np.int64]) -> Keys:
    """What leads from a note to the next, an interval's id and semitones up, as numbers with nothing in common."""
    return _mix((interval * (2 * _PITCHES) + up + _PITCHES).astype(np.uint64) + _BASE)


def _mix(hashes: Keys) -> Keys:
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _MIX[0]
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _MIX[1]
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


class Follower:
    """How far what is played follows a corpus, note by note. For one thread.

    ``notes`` is how many of the last notes do; 0 where they are fewer than a run.
    """

    def __init__(self, of: Filter) -> None:
        self._filter = of
        self.reset()

    def reset(self) -> None:
        """Forget what was played."""
        self.notes = 0
        self._pitch = -1
        self._steps: list[int] = []
        self._hash = 0

    def hear(self, interval: int, pitch: int) -> None:
        """One more note: the id of the interval to it, and its pitch."""
        if self._pitch >= 0:
            steps = self._steps
            step = _one_step(interval, pitch - self._pitch)
            # Hashes roll: the oldest step goes as the newest comes.
            oldest = steps.pop(0) * _OLDEST if len(steps) == RUN - 1 else 0
            self._hash = ((self._hash - oldest) * int(_BASE) + step) & _WORD
            steps.append(step)
            if len(steps) < RUN - 1 or not self._found():
                self.notes = 0
            else:
                self.notes = max(self.notes + 1, RUN)
        self._pitch = pitch

    def _found(self) -> bool:
        first = _one_mix(self._hash)
        stride = _one_mix((first + int(_BASE)) & _WORD) | 1
        bits, size = self._filter.bits, 8 * len(self._filter.bits)
        for number in range(HASHES):
            place = ((first + number * stride) & _WORD) % size
            if not int(bits[place >> 3]) >> (place & 7) & 1:
                return False
        return True

    def follows(self, interval: int) -> NDArray[np.bool_]:
        """Which next pitches, after an interval by its id, would follow the corpus: shape (128,)."""
        if len(self._steps) < RUN - 2:
            return np.zeros(_PITCHES, dtype=np.bool_)
        oldest = self._steps[0] * _OLDEST if len(self._steps) == RUN - 1 else 0
        so_far = np.uint64(((self._hash - oldest) * int(_BASE)) & _WORD)
        up = np.arange(_PITCHES) - self._pitch
        return self._filter.has(_mix(so_far + _step(np.full(_PITCHES, interval), up)))


@cache
def _one_step(interval: int, up: int) -> int:
    return int(_step(np.array([interval]), np.array([up]))[0])


def _one_mix(word: int) -> int:
    """`_mix` of one number: numpy takes ten times as long for so little."""
    word = ((word ^ (word >> 30)) * int(_MIX[0])) & _WORD
    word = ((word ^ (word >> 27)) * int(_MIX[1])) & _WORD
    return word ^ (word >> 31)


def _places(hashes: Keys, size: int) -> Keys:
    """The bits that stand for each run: shape (HASHES, n). Two hashes make all (Kirsch and Mitzenmacher, 2006)."""
    # Odd, so that the places differ from each other.
    stride = _mix(hashes + _BASE) | np.uint64(1)
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
