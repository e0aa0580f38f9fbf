"""The key that notes are in, judged from the notes alone.

Krumhansl's way: how long each pitch class sounds, correlated with how well listeners found each to fit a key
(Krumhansl and Kessler, 1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from improvd.model.tokens import TickNotes

OCTAVE: Final = 12
_MAJOR: Final = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR: Final = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_SCALES: Final = {False: (0, 2, 4, 5, 7, 9, 11), True: (0, 2, 3, 5, 7, 8, 10, 11)}
"""Semitones above the tonic; minor with both sevenths."""
CLEAR_FIT: Final = 0.75
CLEAR_LEAD: Final = 0.05
"""A key is clear where it correlates at least so well, and by so much better than the next."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key by its tonic's pitch class; ``clear`` where hardly another could be meant."""

    tonic: int
    minor: bool
    clear: bool

    def share(self, notes: TickNotes) -> float:
        """Which share of notes lies in the key's scale; 0 for no notes."""
        return float(np.isin((notes.pitch - self.tonic) % OCTAVE, _SCALES[self.minor]).mean()) if len(notes) else 0.0


def classes(notes: TickNotes) -> NDArray[np.float64]:
    """How long each pitch class sounds, in ticks: shape (12,)."""
    return np.bincount(notes.pitch % OCTAVE, weights=notes.duration, minlength=OCTAVE).astype(np.float64)


def find(notes: TickNotes) -> Key:
    """The key that fits notes best; C major, and not clear, where none does."""
    sound = classes(notes)
    if np.ptp(sound) == 0:
        return Key(0, minor=False, clear=False)
    fits = [
        (float(np.corrcoef(np.roll(profile, tonic), sound)[0, 1]), tonic, minor)
        for minor, profile in ((False, _MAJOR), (True, _MINOR))
        for tonic in range(OCTAVE)
    ]
    (fit, tonic, minor), (second, *_) = sorted(fits, reverse=True)[:2]
    return Key(tonic, minor, clear=fit >= CLEAR_FIT and fit - second >= CLEAR_LEAD)
