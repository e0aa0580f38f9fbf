"""Single keys by the names that musicians give them: C4 is the middle C, key 60."""

from __future__ import annotations

import re
from typing import Final

from improvd.core.key import OCTAVE

MIDDLE_C_OCTAVE: Final = 4
HIGHEST: Final = 127
_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_NAMES: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_WRITTEN: Final = re.compile(r"\s*([A-Ga-g])([#♯b♭]?)(-?[0-9])\s*", re.ASCII)


def pitch_named(text: str) -> int:
    """The key, 0–127, of a name such as C4, F#3 or Bb-1. ValueError where it is none."""
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise ValueError("must be a key, such as C4 (the middle one), F#3 or Bb2")
    letter, sign, octave = written.groups()
    # B#3 is the C above it, Cb4 the B below.
    pitch = _LETTERS[letter.upper()] + _SIGNS[sign] + OCTAVE * (int(octave) - MIDDLE_C_OCTAVE) + 60
    if not 0 <= pitch <= HIGHEST:
        raise ValueError(f"must be a key from {pitch_name(0)} to {pitch_name(HIGHEST)}")
    return pitch


def pitch_name(pitch: int) -> str:
    """The name of a key: 60 is C4."""
    return f"{_NAMES[pitch % OCTAVE]}{pitch // OCTAVE - 1}"
