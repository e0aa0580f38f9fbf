"""Prediction by partial matching: what has followed the last few symbols before, from long matches to short.

Method C (Moffat, 1990) with full exclusion: where a context has been followed n times by d different symbols, one
that followed c times has c / (n + d), and d / (n + d) goes to the next shorter context, in which the symbols that were
just considered no longer count. What even the empty context has not seen is shared evenly.

Contexts are hashes of 56 bits, so that 4 million notes take about 12 bytes for each context and symbol that occur
together, and all notes of a corpus are looked up at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Symbols = NDArray[np.integer[Any]]
    Chances = NDArray[np.float64]

ORDERS: Final = 6
"""Symbols in the longest context."""
MOST_SYMBOLS: Final = 255
"""A symbol takes the low 8 bits of a key; the last of them means that there is none."""
NONE: Final = 255
"""No symbol: nothing is learnt from it, and no prediction is asked for."""
_SYMBOL_BITS: Final = np.uint64(8)
_MIX: Final = tuple(np.uint64(factor) for factor in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
"""The constants of splitmix64 (Steele, Lea and Flood, 2014)."""
_NEVER: Final = 1e-300
"""Stands for a chance of 0 where a logarithm is taken."""
_SUREST: Final = 1e-3
"""No prediction counts as surer than one whose entropy is this share of the largest."""


def _mix(hashes: Hashes) -> Hashes:
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _MIX[1]
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _MIX[2]
    return hashes ^ (hashes >> np.uint64(31))


def contexts(known: Symbols, past: Sequence[Symbols]) -> Hashes:
    """Hashes of the contexts of each order, shape (orders + 1, n), their low 8 bits 0.

    ``known`` (n,) is what is known of what comes, and part of every context; ``past[k]`` (n,) is the symbol k + 1
    places before. Symbols may be any integers from 0.
    """
    out = np.empty((len(past) + 1, len(known)), dtype=np.uint64)
    hashes = _mix(known.astype(np.uint64) + _MIX[0])
    out[0] = hashes
    for order, symbols in enumerate(past, 1):
        hashes = _mix(hashes * _MIX[0] + symbols.astype(np.uint64) + np.uint64(1))
        out[order] = hashes
    return (out >> _SYMBOL_BITS) << _SYMBOL_BITS


@dataclass(frozen=True, slots=True)
class Counts:
    """How often symbols followed contexts: ``keys`` are hashes of contexts with a symbol in the low bits, sorted."""

    keys: Hashes
    counts: NDArray[np.uint32]

    @classmethod
    def learn(cls, hashes: Hashes, symbols: Symbols) -> Counts:
        """From contexts (n,) and what followed each (n,)."""
        told = symbols != NONE
        keys, counts = np.unique(hashes[told] | symbols[told].astype(np.uint64), return_counts=True)
        return cls(keys, counts.astype(np.uint32))

    def after(self, hashes: Hashes, size: int) -> Chances:
        """How often each of ``size`` symbols followed each context: shape (n, size)."""
        first = np.searchsorted(self.keys, hashes)
        lengths = np.searchsorted(self.keys, hashes + np.uint64(MOST_SYMBOLS + 1)) - first
        rows = np.repeat(np.arange(len(hashes)), lengths)
        # The places of each context's keys, one context after the other.
        places = np.arange(len(rows)) + np.repeat(first - (np.cumsum(lengths) - lengths), lengths)
        out = np.zeros((len(hashes), size))
        out[rows, (self.keys[places] & np.uint64(MOST_SYMBOLS)).astype(np.int64)] = self.counts[places]
        return out


def so_far(hashes: Hashes, symbols: Symbols, size: int) -> Chances:
    """How often each symbol has followed each place's context before that place, in one sequence: (n, size)."""
    count = len(hashes)
    order = np.argsort(hashes, kind="stable")
    seen = np.zeros((count + 1, size))
    told = np.flatnonzero(symbols[order] != NONE)
    seen[told + 1, symbols[order][told]] = 1.0
    np.cumsum(seen, axis=0, out=seen)
    # In the order of contexts, then places: what was counted since the context's first place.
    new = np.ones(count, dtype=bool)
    new[1:] = np.diff(hashes[order]) != 0
    begin = np.maximum.accumulate(np.where(new, np.arange(count), 0))
    out = np.empty((count, size))
    out[order] = seen[:-1] - seen[begin]
    return out


def predict(counts: Iterable[Chances], size: int) -> Chances:
    """Chances of each symbol, shape (n, size), each row summing to 1, from counts of each order, longest first."""
    chances = rest = shut = None
    for one in counts:
        if chances is None or rest is None or shut is None:
            chances = np.zeros((len(one), size))
            rest, shut = np.ones(len(one)), np.zeros((len(one), size), dtype=bool)
        followed = np.where(shut, 0.0, one)
        times, kinds = followed.sum(axis=1), np.count_nonzero(followed, axis=1)
        known = kinds > 0
        share = np.divide(rest, times + kinds, out=np.zeros_like(rest), where=known)
        chances += followed * share[:, None]
        rest = np.where(known, share * kinds, rest)
        shut |= followed > 0
    if chances is None or rest is None or shut is None:
        raise ValueError("no order was given")
    unseen = size - np.count_nonzero(shut, axis=1)
    chances += ~shut * np.divide(rest, unseen, out=np.zeros_like(rest), where=unseen > 0)[:, None]
    # Where every symbol has been seen, nothing is left to escape to.
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def combine(predictions: Sequence[Chances], bias: float) -> Chances:
    """One prediction from several, (n, size): their geometric mean, the surer counting for more.

    A prediction's weight is its entropy to the power of -``bias``, the entropy being a share of the largest that
    there can be (Conklin, 1990; Pearce, Conklin and Wiggins, 2005). All must give some chance to the same symbols.
    """
    possible = predictions[0] > 0
    most = np.log(np.maximum(np.count_nonzero(possible, axis=1), 2))
    weights = np.zeros(len(most))
    together = np.zeros_like(predictions[0])
    for chances in predictions:
        logs = np.log(np.maximum(chances, _NEVER))
        weight = np.clip(-(chances * logs).sum(axis=1) / most, _SUREST, 1.0) ** -bias
        together += weight[:, None] * logs
        weights += weight
    together /= weights[:, None]
    together = np.where(possible, np.exp(together - together.max(axis=1, keepdims=True)), 0.0)
    return np.asarray(together / together.sum(axis=1, keepdims=True))
