"""From chances to notes: where each pitch begins and ends, given how likely it sounds in each frame.

As Basic Pitch does it (`note_creation.py`, Apache 2.0): onsets are peaks of the onset chance, or of a sudden rise;
a note lasts until its pitch is unlikely for a while. What is left sounding without an onset is a note too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

LOWEST_PITCH: Final = 21
ONSET: Final = 0.5
SOUNDING: Final = 0.3
GAP: Final = 11
"""Frames that a pitch may be unlikely for and go on."""
SHORTEST: Final = 11
"""A note lasts longer than this many frames, as Basic Pitch has it: 128 ms."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Notes as heard, in order of onset; arrays of one length.

    ``onset`` and ``offset`` in seconds (in frames inside this module), ``pitch`` 21–108, ``strength`` 0–1: the mean
    chance that it sounds, which grows with loudness; ``attack`` 0–1: the chance that it begins where it does.
    """

    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    pitch: NDArray[np.int64]
    strength: NDArray[np.float64]
    attack: NDArray[np.float64]

    def __len__(self) -> int:
        """How many notes."""
        return len(self.onset)

    def at(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> Heard:
        """These notes only, in this order."""
        return Heard(self.onset[which], self.offset[which], self.pitch[which], self.strength[which], self.attack[which])


def joined(parts: Sequence[Heard]) -> Heard:
    """Notes of several parts in order of onset, then pitch."""
    none = np.empty(0)
    whole = Heard(
        np.concatenate([none, *(part.onset for part in parts)]),
        np.concatenate([none, *(part.offset for part in parts)]),
        np.concatenate([none, *(part.pitch for part in parts)]).astype(np.int64),
        np.concatenate([none, *(part.strength for part in parts)]),
        np.concatenate([none, *(part.attack for part in parts)]),
    )
    return whole.at(np.lexsort((whole.pitch, whole.onset)))


def notes(sounding: Matrix, onsets: Matrix, shortest: int = SHORTEST) -> Heard:
    """Notes longer than ``shortest`` frames of (frames, 88) chances that a pitch sounds and begins; times in frames."""
    left = np.array(sounding.T, order="C")  # by pitch, as notes run along time
    found = []
    for pitch, start in _onsets(sounding, onsets):
        end = _end(left[pitch], start)
        if end - start > shortest:
            found.append((start, end, pitch))
            left[max(0, pitch - 1) : pitch + 2, start:end] = 0
    found += _without_onset(left, shortest)
    rows = np.array(sorted(found), dtype=np.int64).reshape(-1, 3)
    strength = [float(sounding[start:end, pitch].mean()) for start, end, pitch in rows]
    attack = [float(onsets[max(0, start - 1) : start + 2, pitch].max()) for start, _, pitch in rows]
    return Heard(
        rows[:, 0].astype(np.float64),
        rows[:, 1].astype(np.float64),
        rows[:, 2] + LOWEST_PITCH,
        np.array(strength, dtype=np.float64),
        np.array(attack, dtype=np.float64),
    )


def _onsets(sounding: Matrix, onsets: Matrix) -> list[tuple[int, int]]:
    """(pitch, frame) of each onset, the last first: a later note's sound is not to prolong an earlier one."""
    if len(sounding) < 3:
        return []
    rise = np.zeros_like(sounding)
    rise[2:] = np.minimum(sounding[2:] - sounding[1:-1], sounding[2:] - sounding[:-2]).clip(0)
    highest = float(rise.max())
    likely = np.maximum(onsets, rise * (float(onsets.max()) / highest)) if highest > 0 else onsets
    middle = likely[1:-1]
    peak = (middle > likely[:-2]) & (middle > likely[2:]) & (middle >= ONSET)
    frame, pitch = np.nonzero(peak)
    return [(int(one), int(when) + 1) for one, when in zip(pitch[::-1], frame[::-1], strict=True)]


def _end(left: Matrix, start: int) -> int:
    """The frame before which a note that begins at ``start`` is over."""
    quiet = 0
    frame = start + 1
    last = len(left) - 1
    while frame < last and quiet < GAP:
        quiet = quiet + 1 if left[frame] < SOUNDING else 0
        frame += 1
    return frame - quiet


def _without_onset(left: Matrix, shortest: int) -> list[tuple[int, int, int]]:
    """(first frame, end, pitch) of what sounds on without an onset, the likeliest first; empties ``left``."""
    found = []
    frames = left.shape[1]
    while left.size:
        pitch, middle = divmod(int(left.argmax()), frames)
        if left[pitch, middle] <= SOUNDING:
            break
        end = _end(left[pitch], middle)
        start = frames - _end(left[pitch, ::-1], frames - 1 - middle)
        if end - start > shortest:
            found.append((start, end, pitch))
        left[max(0, pitch - 1) : pitch + 2, max(0, start - GAP) : end + GAP] = 0
    return found
