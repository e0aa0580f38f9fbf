"""Keys by the names that musicians give them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

OCTAVE: Final = 12
_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_NAMES: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# Of the mode only "M" and "m" are told apart by their case.
_WRITTEN: Final = re.compile(r"\s*([A-Ga-g])\s*([#♯b♭]?)\s*(M|m|(?i:maj|major|min|minor))?\s*")


@dataclass(frozen=True, slots=True)
class Key:
    """A key by the pitch class of its tonic (0 is C) and its mode."""

    tonic: int
    minor: bool = False

    @property
    def name(self) -> str:
        """As players write it: D, Dm, Bb."""
        return _NAMES[self.tonic] + "m" * self.minor


def key_named(text: str) -> Key:
    """The key of a name such as Dm, "F# minor", Bb or Eb major. ValueError where it is none."""
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise ValueError("must be a key, such as Dm, 'F# minor' or Bb")
    letter, sign, mode = written.groups(default="")
    minor = mode == "m" or mode.casefold().startswith("min")
    return Key((_LETTERS[letter.upper()] + _SIGNS[sign]) % OCTAVE, minor)
