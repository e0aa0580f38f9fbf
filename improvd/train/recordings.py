"""From a recording to notes on the grid: heard, remembered, cleaned, and laid at a tempo that says nothing.

The beat of a recording is not looked for: its notes keep their times, at 48 ticks a second, and are marked as having
no known beat, as a free performance in a MIDI file is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.model.tokens import Metre, TickNotes, in_order
from improvd.train import cache, transcribe
from improvd.train.clean import clean
from improvd.train.posteriors import Heard
from improvd.train.skipped import SkippedError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TICKS_A_SECOND: Final = 2 * TICKS_PER_BEAT
"""Where no beat is known: those of 120 beats a minute, the tempo of a MIDI file that names none."""


def read(path: Path) -> tuple[TickNotes, list[tuple[int, Metre]]]:
    """The notes of a recording on the grid, and their metre; SkippedError with the reason where there are none."""
    missing = transcribe.why_not(path)
    if missing:  # asked here, so that it is not remembered
        raise SkippedError(missing)
    played = clean(Heard(**cache.remembered(path, transcribe.REVISION, _heard)))
    onset, offset = (np.round(times * TICKS_A_SECOND).astype(np.int64) for times in (played.onset, played.offset))
    return in_order(onset, played.pitch, offset - onset, played.velocity), [(0, Metre(beat_known=False))]


def _heard(path: Path) -> dict[str, NDArray[np.generic]]:
    heard = transcribe.transcribe(path)
    return {name: getattr(heard, name) for name in Heard.__slots__}
