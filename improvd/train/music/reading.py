"""One file to one piece, whatever kind of file it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.model.tokens import Vocabulary
from improvd.train.files import store
from improvd.train.music import midi, recordings, scores
from improvd.train.music.audio import RECORDINGS
from improvd.train.music.skipped import SkippedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from improvd.model.tokens import TickNotes
    from improvd.train.files.corpus import Entry

FEWEST_NOTES: Final = 8
MOST_BYTES: Final = {
    **dict.fromkeys(midi.SUFFIXES, midi.MOST_BYTES),
    **dict.fromkeys(scores.FORMATS, scores.MOST_BYTES),
}
"""Of what is fetched, by suffix: nothing that its reader would refuse."""


@dataclass(frozen=True)
class Piece:
    """Music to learn from: ``notes`` on the grid, and their ``rows`` (notes, 7) of ids.

    ``digest`` is the same for pieces of the same rows; ``pedalled`` is the share of notes held on by a pedal.
    """

    entry: Entry
    notes: TickNotes
    rows: NDArray[np.uint8]
    digest: str
    pedalled: float = 0.0


def read_piece(entry: Entry) -> Piece:
    """Read one file, in this process; SkippedError with the reason where it can't be used."""
    kind = store.suffix(entry.path)
    with store.local(entry.path, MOST_BYTES.get(kind, store.MOST_BYTES)) as file:
        if file.stat().st_size == 0:
            raise SkippedError("empty file")
        pedalled = 0.0  # neither sound nor a score tells
        if kind in RECORDINGS:
            notes, metre = recordings.read(file)
        elif kind in scores.FORMATS:
            notes, metre = scores.read(file)
        else:
            notes, metre, pedalled = midi.read(file)
    if len(notes) < FEWEST_NOTES:
        raise SkippedError("fewer than 8 notes" if len(notes) else "no notes")
    rows = Vocabulary().encode(notes, metre).astype(np.uint8)
    digest = hashlib.sha1(rows.tobytes(), usedforsecurity=False).hexdigest()
    return Piece(entry, notes, rows, digest, pedalled)
