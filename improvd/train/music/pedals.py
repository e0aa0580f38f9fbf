"""How much of a file's music is held on by the sustain pedal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def held(tracks: Sequence[Any]) -> float:
    """The share of the notes of symusic's ``tracks``, drums left out, whose key came up while the pedal was down."""
    notes = under = 0
    for track in tracks:
        if track.is_drum or not len(track.notes):
            continue
        notes += len(track.notes)
        pedals = track.pedals.numpy()
        down, up = pedals["time"], pedals["time"] + pedals["duration"]
        if len(down):
            struck = track.notes.numpy()
            ended = struck["time"] + struck["duration"]
            last = np.searchsorted(down, ended, side="right") - 1  # the pedal that went down last before
            under += int(((last >= 0) & (up[last] > ended)).sum())
    return under / notes if notes else 0.0
