"""From a recording to notes on the grid: heard, cleaned, and laid on the beat where one can be vouched for.

There the notes are moved to the grid as a player's are. Elsewhere they keep their times, at 48 ticks a second, and are
marked as having no known beat, as a free performance in a MIDI file is.
"""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT, BeatNote, Beats
from improvd.model.hearing import hear
from improvd.model.tokens import Metre, TickNotes, in_order
from improvd.train import beats, cache, transcribe
from improvd.train.clean import Played, clean
from improvd.train.posteriors import Heard
from improvd.train.skipped import PassingError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

REVISION: Final = "recordings 1"
"""Rises whenever the same notes heard would give other notes on the grid."""
TICKS_A_SECOND: Final = 2 * TICKS_PER_BEAT
"""Where no beat is known: those of 120 beats a minute, the tempo of a MIDI file that names none."""


def read(path: Path) -> tuple[TickNotes, list[tuple[int, Metre]]]:
    """The notes of a recording on the grid, and their metre; SkippedError with the reason where there are none."""
    missing = transcribe.why_not(path)
    if missing:  # asked here, so that it is not remembered
        raise PassingError(missing)
    made = cache.remembered(path, f"{REVISION}, {transcribe.REVISION}", _made)
    return TickNotes(*made["notes"]), [(0, Metre(beat_known=bool(made["beat_known"])))]


def _made(path: Path) -> dict[str, NDArray[np.generic]]:
    # Remembered by itself, because it takes far longer than what follows, and changes less often.
    heard = cache.remembered(path, transcribe.REVISION, _heard)
    notes, beat_known = on_grid(clean(Heard(**heard)))
    return {"notes": np.array(astuple(notes)), "beat_known": np.array(beat_known)}


def _heard(path: Path) -> dict[str, NDArray[np.generic]]:
    heard = transcribe.transcribe(path)
    return {name: getattr(heard, name) for name in Heard.__slots__}


def on_grid(played: Played) -> tuple[TickNotes, bool]:
    """Notes in seconds as notes on the grid, and whether that is one of beats."""
    found = beats.find(played.onset, played.velocity / 64.0)
    if found is None:
        onset, offset = (np.round(times * TICKS_A_SECOND).astype(np.int64) for times in (played.onset, played.offset))
        return in_order(onset, played.pitch, offset - onset, played.velocity), False
    onsets, offsets = (beats.position(found, times) for times in (played.onset, played.offset))
    notes = [
        BeatNote(Beats(float(onset)), Beats(float(offset - onset)), int(pitch), int(velocity))
        for onset, offset, pitch, velocity in zip(onsets, offsets, played.pitch, played.velocity, strict=True)
    ]
    return hear(notes, len(notes)), True
