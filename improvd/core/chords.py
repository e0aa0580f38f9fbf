"""Chords by the names that musicians give them, and a form that goes round: "Dm7 | G7 | Cmaj7 | %"."""

from __future__ import annotations

import re
from typing import Final

from improvd.core.events import Beats, ChordAt
from improvd.core.key import OCTAVE

QUALITIES: Final = {
    **dict.fromkeys(("", "maj", "M"), (0, 4, 7)),
    **dict.fromkeys(("m", "min", "-"), (0, 3, 7)),
    **dict.fromkeys(("dim", "o", "°"), (0, 3, 6)),
    **dict.fromkeys(("aug", "+"), (0, 4, 8)),
    "5": (0, 7),
    "sus2": (0, 2, 7),
    **dict.fromkeys(("sus4", "sus"), (0, 5, 7)),
    "6": (0, 4, 7, 9),
    **dict.fromkeys(("m6", "min6", "-6"), (0, 3, 7, 9)),
    "7": (0, 4, 7, 10),
    **dict.fromkeys(("maj7", "M7", "Δ", "Δ7", "^7"), (0, 4, 7, 11)),
    **dict.fromkeys(("m7", "min7", "-7"), (0, 3, 7, 10)),
    **dict.fromkeys(("mmaj7", "mM7", "-Δ7"), (0, 3, 7, 11)),
    **dict.fromkeys(("m7b5", "ø", "ø7", "-7b5"), (0, 3, 6, 10)),
    **dict.fromkeys(("dim7", "o7", "°7"), (0, 3, 6, 9)),
    **dict.fromkeys(("7sus4", "7sus"), (0, 5, 7, 10)),
    **dict.fromkeys(("aug7", "+7", "7#5"), (0, 4, 8, 10)),
    "7b9": (0, 1, 4, 7, 10),
    "7#9": (0, 3, 4, 7, 10),
    "9": (0, 2, 4, 7, 10),
    **dict.fromkeys(("maj9", "M9"), (0, 2, 4, 7, 11)),
    **dict.fromkeys(("m9", "min9", "-9"), (0, 2, 3, 7, 10)),
    "13": (0, 4, 7, 9, 10),
    "add9": (0, 2, 4, 7),
}
"""Semitones above the root."""
MOST_BARS: Final = 64
AGAIN: Final = "%"
_ROOTS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_NAMED: Final = re.compile(r"([A-G])([#♯b♭]?)([^/]*)(?:/([A-G])([#♯b♭]?))?")


Form = tuple[tuple[tuple[int, ...], ...], ...]
"""Bars, each of one or more chords that share it evenly."""


def chord_named(text: str) -> tuple[int, ...]:
    """The pitch classes of a chord such as Dm7, F#7 or C/E. ValueError where it is none."""
    named = _NAMED.fullmatch(text)
    if named is None or named[3] not in QUALITIES:
        raise ValueError(f"has no chord that is called '{text[:20]}'")
    root = _ROOTS[named[1]] + _SIGNS[named[2]]
    classes = {(root + step) % OCTAVE for step in QUALITIES[named[3]]}
    if named[4]:
        classes.add((_ROOTS[named[4]] + _SIGNS[named[5]]) % OCTAVE)
    return tuple(sorted(classes))


def form_from(text: str) -> Form:
    """The form of a text: bars with ``|`` between them, ``%`` for the bar before once more; none where it is empty.

    ValueError, whose text goes on from an option's name, where it is none.
    """
    bars: list[tuple[tuple[int, ...], ...]] = []
    written = [bar.split() for bar in text.strip().strip("|").split("|")] if text.strip() else []
    for number, names in enumerate(written, 1):
        if names == [AGAIN] and bars:
            bars.append(bars[-1])
            continue
        try:
            bars.append(tuple(chord_named(name) for name in names))
        except ValueError as error:
            raise ValueError(f"{error} in bar {number}; there are C, Cm, C7, Cmaj7, Cm7b5, C/E and the like") from None
        if not names:
            raise ValueError(f"has no chord in bar {number}")
    if len(bars) > MOST_BARS:
        raise ValueError(f"has more than {MOST_BARS} bars")
    return tuple(bars)


def chords_between(form: Form, bar: Beats, origin: Beats, start: Beats, end: Beats) -> tuple[ChordAt, ...]:
    """The chords that sound from ``start`` to ``end``, in order; the form begins at ``origin`` and goes round."""
    if not form:
        return ()
    found: list[ChordAt] = []
    number = int((start - origin) // bar)
    while origin + number * bar < end:
        chords = form[number % len(form)]
        each = bar / len(chords)
        for index, classes in enumerate(chords):
            onset = Beats(origin + number * bar + index * each)
            if onset + each > start and onset < end:
                found.append(ChordAt(onset, classes))
        number += 1
    return tuple(found)
