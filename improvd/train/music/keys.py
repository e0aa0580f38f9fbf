"""The key of a piece, as music21 finds it: how well the time that each pitch class sounds fits each key's usual share.

music21 asks the notes of a piece for nothing but that time, so it is given twelve notes, as long as all of their pitch
class together: the answer is the same, fifty times as fast.
"""

from __future__ import annotations

import functools
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT

if TYPE_CHECKING:
    from improvd.model.tokens import TickNotes

REVISION: Final = "keys 1"
"""Rises whenever the same notes would give another key."""
CLEAR: Final = 0.6
"""The correlation from which on a key is named; that of the nearest key to notes drawn by lot is 0.5 in the median."""


def key_of(notes: TickNotes) -> str:
    """The key, as "D minor" or "Eb major"; empty where none is clear, and where music21 is missing."""
    if len(notes) == 0 or find_spec("music21") is None:
        return ""
    analysis, stream = _music21()
    beats = np.bincount(notes.pitch % 12, weights=notes.duration, minlength=12) / TICKS_PER_BEAT
    for note, length in zip(stream, beats.tolist(), strict=True):
        note.sites.purgeLocations(rescanIsDead=True)  # it would keep track of every stream that an analysis made
        note.quarterLength = length
    (tonic, mode, correlation), _ = analysis.process(stream)
    analysis.solutionsFound.clear()  # it would keep all that it ever found
    return f"{tonic.name.replace('-', 'b')} {mode}" if correlation >= CLEAR else ""


@functools.cache
def _music21() -> tuple[Any, Any]:
    """The analysis behind music21's ``analyze("key")``, and a stream of one note for each pitch class."""
    from music21 import note, stream  # noqa: PLC0415  it takes a second to load, and only readers need it
    from music21.analysis import discrete  # noqa: PLC0415  as above

    twelve: Any = stream.Stream()
    for pitch_class in range(12):
        twelve.insert(0, note.Note(60 + pitch_class))
    method: Any = discrete.AardenEssen
    return method(), twelve
