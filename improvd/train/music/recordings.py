"""From a recording to notes on the grid: heard, cleaned, and laid on the beat where one can be vouched for."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.model.tokens import Metre, TickNotes
from improvd.train.files import cache
from improvd.train.music import beats, transcribe
from improvd.train.music.beats_grid import on_grid
from improvd.train.music.clean import clean
from improvd.train.music.posteriors import Heard
from improvd.train.music.skipped import PassingError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

REVISION: Final = f"recordings 2, {beats.REVISION}"
"""Rises whenever the same notes heard would give other notes on the grid."""


def read(path: Path) -> tuple[TickNotes, list[tuple[int, Metre]]]:
    """The notes of a recording on the grid, and their metre; SkippedError with the reason where there are none."""
    missing = transcribe.why_not(path)
    if missing:  # asked here, so that it is not remembered
        raise PassingError(missing)
    made = cache.remembered(path, f"{REVISION}, {transcribe.REVISION}", _made)
    spans = zip(made["from_tick"].tolist(), made["beat_known"].tolist(), strict=True)
    return TickNotes(*made["notes"]), [(tick, Metre(beat_known=known)) for tick, known in spans]


def _made(path: Path) -> dict[str, NDArray[np.generic]]:
    # Remembered by itself, because it takes far longer than what follows, and changes less often.
    heard = cache.remembered(path, transcribe.REVISION, _heard)
    notes, spans = on_grid(clean(Heard(**heard)))
    return {
        "notes": np.array(astuple(notes)),
        "from_tick": np.array([tick for tick, _ in spans]),
        "beat_known": np.array([metre.beat_known for _, metre in spans]),
    }


def _heard(path: Path) -> dict[str, NDArray[np.generic]]:
    heard = transcribe.transcribe(path)
    return {name: getattr(heard, name) for name in Heard.__slots__}
