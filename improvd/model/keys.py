"""The key that notes are in, judged from the notes alone.

Krumhansl's way: how long each pitch class sounds, correlated with how well listeners found each to fit a key
(Krumhansl and Kessler, 1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.key import OCTAVE, Key

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAJOR: Final = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR: Final = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_SCALES: Final = {False: (0, 2, 4, 5, 7, 9, 11), True: (0, 2, 3, 5, 7, 8, 10, 11)}
"""Semitones above the tonic; minor with both sevenths."""
KEYS: Final = tuple(Key(tonic, minor) for minor in (False, True) for tonic in range(OCTAVE))
CLEAR_FIT: Final = 0.75
CLEAR_LEAD: Final = 0.05
"""A key is clear where it correlates at least so well, and by so much better than the next."""
SURENESS: Final = 30.0
"""How much likelier a key is for a better correlation: e times for each thirtieth."""


def _standard(profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of mean 0 and length 1, so that a product of two is their correlation."""
    centred = profile - profile.mean()
    return np.asarray(centred / np.linalg.norm(centred))


def _in(key: Key) -> NDArray[np.bool_]:
    steps = (np.arange(OCTAVE) - key.tonic) % OCTAVE
    return np.isin(steps, _SCALES[key.minor])


_PROFILES: Final = np.stack([_standard(np.roll(_MINOR if key.minor else _MAJOR, key.tonic)) for key in KEYS])
SCALES: Final = np.stack([_in(key) for key in KEYS])
"""Which pitch classes lie in the scale of each of `KEYS`: shape (24, 12)."""


@dataclass(frozen=True, slots=True)
class Found:
    """The key that fits best; ``clear`` where hardly another could be meant."""

    key: Key
    clear: bool


def sounding(pitch: NDArray[Any], duration: NDArray[Any]) -> NDArray[np.float64]:
    """How long each pitch class sounds, shape (12,), in the unit of the durations, both (notes,)."""
    return np.bincount(pitch % OCTAVE, weights=duration, minlength=OCTAVE).astype(np.float64)


def fits(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """How well pitch classes that sound so long, (12,), fit each of `KEYS`: correlations, 0 where all sound alike."""
    largest = sound.max()
    return np.asarray(_PROFILES @ _standard(sound / largest)) if sound.min() < largest else np.zeros(len(KEYS))


def find(sound: NDArray[np.float64]) -> Found:
    """The key that fits best; C major, and not clear, where none does."""
    fit = fits(sound)
    best, second = np.argsort(-fit, kind="stable")[:2]
    return Found(KEYS[best], bool(fit[best] >= CLEAR_FIT and fit[best] - fit[second] >= CLEAR_LEAD))


def chances(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """How likely each of `KEYS` is, shape (24,); all alike where nothing sounds."""
    odds = np.exp(SURENESS * fits(sound))
    return np.asarray(odds / odds.sum())


def share(key: Key, pitch: NDArray[Any]) -> float:
    """Which share of notes lies in the key's scale; 0 for no notes."""
    return float(SCALES[KEYS.index(key)][pitch % OCTAVE].mean()) if len(pitch) else 0.0
