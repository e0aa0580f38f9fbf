"""What a note costs, in bits: by attribute, as a bin of the vocabulary or as the exact event.

Two accounts, each a sum over notes divided by all notes. *Bins*: what the vocabulary tells apart. *Exact*: every
event there can be on 24 ticks a beat, pitches 0–127 and velocities 1–127; a bin's probability is spread evenly over the
values it holds, so that models with other bins may be compared. The first note of a piece has no interval: that
costs nothing, in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.model.tokens import ATTRIBUTES, DURATIONS, INTERVALS, LONGEST, WIDTHS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from improvd.model.tokens import TickNotes

# One more entry than there are ids: the id "none" of a first interval is no target and costs nothing.
_SPREAD: Final = [np.log2(np.append(widths, 1).astype(np.float64)) for widths in WIDTHS]


def spread(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Bits from a bin to the exact value in it, for rows of ids: shape (notes, 4)."""
    return np.stack([table[rows[:, head]] for head, table in enumerate(_SPREAD)], axis=1)


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over notes: ``bins`` and ``exact`` are bits of each attribute, shape (4,); they can be added."""

    notes: int
    bins: NDArray[np.float64]
    exact: NDArray[np.float64]

    @classmethod
    def of(cls, rows: NDArray[Any], bits: NDArray[np.float64]) -> Tally:
        """Of one piece: its rows of ids and the bits, (notes, 4), of its bins."""
        return cls(len(rows), bits.sum(axis=0), (bits + spread(rows)).sum(axis=0))

    def describe(self) -> dict[str, Any]:
        """Per note: ``bits`` of bins and of ``exact`` events by attribute and in ``total``; ``perplexity`` of bins."""
        bits = _by_name(self.bins / max(self.notes, 1))
        return {
            "notes": self.notes,
            "bits": bits,
            "exact": _by_name(self.exact / max(self.notes, 1)),
            "perplexity": {name: 2**value for name, value in bits.items()},
        }


def total(tallies: Iterable[Tally]) -> Tally:
    """All together; so means weigh every note alike."""
    zero = np.zeros(len(ATTRIBUTES))
    notes, bins, exact = 0, zero, zero
    for one in tallies:
        notes, bins, exact = notes + one.notes, bins + one.bins, exact + one.exact
    return Tally(notes, bins, exact)


def _by_name(bits: NDArray[np.float64]) -> dict[str, float]:
    return {**dict(zip(ATTRIBUTES, bits.tolist(), strict=True)), "total": float(bits.sum())}


def outside(pieces: Sequence[TickNotes]) -> dict[str, float]:
    """Shares of notes that the vocabulary can't tell exactly.

    ``interval`` and ``duration``: the value stands between two of the vocabulary's and is taken for the nearer, or is
    beyond the longest. ``beyond``: either is longer than 16 beats. ``any``: either isn't told exactly.
    """
    counts = np.zeros(4)
    for notes in pieces:
        step = np.diff(notes.onset, prepend=notes.onset[:1])
        between, length = ~np.isin(step, INTERVALS), ~np.isin(notes.duration, DURATIONS)
        beyond = (step > LONGEST) | (notes.duration > LONGEST)
        counts += [between.sum(), length.sum(), beyond.sum(), (between | length).sum()]
    shares = counts / max(1, sum(len(notes) for notes in pieces))
    return dict(zip(("interval", "duration", "beyond", "any"), shares.tolist(), strict=True))
