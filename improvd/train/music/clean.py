"""Cleaning what was heard in a recording: which notes are real, what belongs together, how loud they are.

Each number was chosen for the note F-measure; docs/transcription.md has the figures, and the command.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from improvd.train.music.posteriors import Heard

FAINT_ATTACK: Final = 0.3
"""A note that hardly begins is resonance."""
CLEAR_ATTACK: Final = 0.7
"""A note that begins as clearly as this may be short, and may follow another of its pitch at once."""
SHORT: Final = 0.125
SEAM: Final = 0.025
"""Seconds: shorter than this is too short without a clear attack; a repeat this soon after a note needs one too."""
GHOST: Final = 0.7
"""An octave above a sounding note, what is weaker than this share of it is its overtone."""
GHOST_EARLY: Final = 0.05
CHORD: Final = 0.03
"""Seconds within which notes are one chord: a grid would tear it apart by chance."""
USUAL_VELOCITY: Final = 72
SPREAD_VELOCITY: Final = 14
VELOCITIES: Final = (20, 120)


@dataclass(frozen=True, slots=True)
class Played:
    """Notes in order of onset, then pitch; times in seconds, ``pitch`` and ``velocity`` as MIDI has them."""

    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]

    def __len__(self) -> int:
        """How many notes."""
        return len(self.onset)


def clean(heard: Heard) -> Played:
    """The notes that are to be learnt from, loud and soft within the piece's own range."""
    heard = _without_ghosts(_without_repeats(heard))
    long_enough = (heard.offset - heard.onset > SHORT) | (heard.attack >= CLEAR_ATTACK)
    heard = heard.at(long_enough & (heard.attack >= FAINT_ATTACK))
    onset = _chords_together(heard.onset)
    order = np.lexsort((heard.pitch, onset))
    return Played(onset[order], heard.offset[order], heard.pitch[order], _velocity(heard.strength)[order])


def _without_repeats(heard: Heard) -> Heard:
    """One note for each that was heard as several: a wavering sound looks like new onsets."""
    heard = heard.at(np.lexsort((heard.onset, heard.pitch)))
    offset, strength = heard.offset.copy(), heard.strength.copy()
    kept = np.ones(len(heard), dtype=bool)
    last = 0
    for index in range(1, len(heard)):
        joins = heard.pitch[index] == heard.pitch[last] and heard.onset[index] - offset[last] <= SEAM
        if joins and heard.attack[index] < CLEAR_ATTACK:
            offset[last] = max(offset[last], offset[index])
            strength[last] = max(strength[last], strength[index])
            kept[index] = False
        else:
            last = index
    merged = replace(heard, offset=offset, strength=strength).at(kept)
    return merged.at(np.lexsort((merged.pitch, merged.onset)))


def _without_ghosts(heard: Heard) -> Heard:
    kept = np.ones(len(heard), dtype=bool)
    sounding: dict[int, list[int]] = {}
    for index, pitch in enumerate(heard.pitch):
        sounding.setdefault(int(pitch), []).append(index)
    for lower, upper in ((low, low + 12) for low in sounding if low + 12 in sounding):
        low, high = np.array(sounding[lower]), np.array(sounding[upper])
        # Notes of one pitch follow each other, so the last to begin in time is the one that may sound.
        under = np.searchsorted(heard.onset[low], heard.onset[high] + GHOST_EARLY, side="right") - 1
        over = heard.offset[low[under]] > heard.onset[high]
        weak = heard.strength[high] < GHOST * heard.strength[low[under]]
        kept[high[(under >= 0) & over & weak]] = False
    return heard.at(kept)


def _chords_together(onset: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each onset, in order, as that of the first note of its chord."""
    out = onset.copy()
    for index in range(1, len(out)):
        if out[index] - out[index - 1] <= CHORD:
            out[index] = out[index - 1]
    return out


def _velocity(strength: NDArray[np.float64]) -> NDArray[np.int64]:
    """Velocities whose middle and spread are those of usual playing: a recording's level says nothing of its force."""
    if not len(strength):
        return np.empty(0, np.int64)
    low, middle, high = np.quantile(strength, (0.25, 0.5, 0.75))
    scale = SPREAD_VELOCITY / max((high - low) / 1.35, 0.02)  # 1.35 times the deviation lies between the quartiles
    velocity = np.round(USUAL_VELOCITY + (strength - middle) * scale)
    return np.asarray(np.clip(velocity, *VELOCITIES), dtype=np.int64)
