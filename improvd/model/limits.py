"""What an answer may not leave: the call's register and loudness, and what hands can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from improvd.model.tokens import SIZES, VELOCITY, VELOCITY_BIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import BeatNote, Niche
    from improvd.core.manner import Manner

BELOW, ABOVE = 7, 7
"""How many semitones an answer may go beyond the call."""
OCTAVE: Final = 12
MIDDLE: Final = (48, 84)
"""The register where nothing was heard."""
LOUDNESS: Final = (48, 104)
"""The range of velocities where nothing was heard."""
BINS_BEYOND: Final = 1
BESIDE: Final = 2
"""Notes at one onset, at most, beside somebody who plays on."""
CHORD: Final = 6
"""Notes at one onset, at most, and never more than in the call: who plays a line is answered by a line."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``pitches`` and ``velocities``: the lowest id allowed and the one above the highest.

    ``chord`` is how many notes there may be at one onset.
    """

    pitches: tuple[int, int]
    velocities: tuple[int, int]
    chord: int

    @classmethod
    def of(
        cls,
        call: Sequence[BeatNote],
        chord: int = CHORD,
        manner: Manner | None = None,
        niche: Niche | None = None,
    ) -> Limits:
        """The limits that a call sets, moved as far as a manner moves answers from it; the pitches are a niche's.

        ``chord`` is how many notes its largest chord has.
        """
        lowest, highest = MIDDLE
        softest, loudest = LOUDNESS
        if call:
            lowest, highest = min(note.pitch for note in call) - BELOW, max(note.pitch for note in call) + ABOVE
            softest, loudest = min(note.velocity for note in call), max(note.velocity for note in call)
        higher, louder = (round(manner.register or 0.0), round(manner.velocity or 0.0)) if manner else (0, 0)
        lowest, highest, softest, loudest = lowest + higher, highest + higher, softest + louder, loudest + louder
        lowest, highest = max(0, min(lowest, 127 - OCTAVE)), min(127, max(highest, OCTAVE))
        if niche is not None:
            chord = min(chord, BESIDE)
            if niche.lowest is not None and niche.highest is not None:
                lowest, highest = niche.lowest, niche.highest
        softest, loudest = (min(127, max(1, velocity)) // VELOCITY_BIN for velocity in (softest, loudest))
        return cls(
            pitches=(lowest, highest + 1),
            velocities=(max(0, softest - BINS_BEYOND), min(SIZES[VELOCITY], loudest + BINS_BEYOND + 1)),
            chord=min(CHORD, chord),
        )
