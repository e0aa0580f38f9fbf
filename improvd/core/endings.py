"""Whether a call was the end: a last chord after a ritardando, which needs no answer.

A rule that would rather overlook an end than leave a call unanswered; docs/turns.md tells how often it does either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from improvd.core.events import Seconds
from improvd.core.key import OCTAVE
from improvd.core.tempo import CHORD_SPREAD
from improvd.core.turns import intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import Note

LEAST_INTERVALS: Final = 6
"""Fewer tell nothing of how fast the call was."""
USUAL: Final = 16
"""So many of the last intervals do."""
BROADENED: Final = 2
"""So many of them, the last ones, are all slower than usual …"""
SLOWER: Final = 1.5
"""… by this much."""
HELD: Final = Seconds(1.5)
"""How long the last chord is held."""
ROLLED: Final = Seconds(0.6)
"""How long before its last note the first of a chord may be struck."""
TRIADS: Final = ((0, 4, 7), (0, 3, 7))


def last_chord(notes: Sequence[Note]) -> list[Note]:
    """The notes, of ``notes`` in order of onset, that sounded together at the end.

    Those struck last, with all that were struck a little before and held for half as long as they.
    """
    last = notes[-1].onset
    release = max(note.offset for note in notes if note.onset >= last - CHORD_SPREAD)
    return [note for note in notes if note.onset >= last - ROLLED and note.offset >= (last + release) / 2]


def is_triad(pitches: Sequence[int]) -> bool:
    """Whether these are two pitch classes or three of one major or minor triad."""
    classes = {pitch % OCTAVE for pitch in pitches}
    roots = range(OCTAVE)
    return len(classes) > 1 and any(
        classes <= {(root + step) % OCTAVE for step in triad} for triad in TRIADS for root in roots
    )


def is_the_end(notes: Sequence[Note]) -> bool:
    """Whether ``notes``, a call in order of onset, end on a chord that is held, after intervals that broadened."""
    chord = last_chord(notes)
    struck = chord[0].onset
    gaps = intervals([note for note in notes if note.onset < struck or note is chord[0]])[-USUAL:]
    return (
        len(gaps) >= LEAST_INTERVALS
        and min(gaps[-BROADENED:]) >= SLOWER * sorted(gaps)[len(gaps) // 2]
        and max(note.offset for note in chord) - struck >= HELD
        and is_triad([note.pitch for note in chord])
    )
