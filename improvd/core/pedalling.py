"""Where a pianist's foot would go: down for notes that ring together, up where they would blur.

A player who pedals is answered with the pedal. What is caught by it is a chord, an arpeggio, a bass under its chords;
steps of a scale are left dry, as a player leaves them.
"""

from __future__ import annotations

from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import BeatNote, Beats, Note

OFTEN: Final = 0.5
"""The share of a call's notes that the pedal held on from which the call counts as pedalled."""
THIN: Final = 72
"""From this pitch on strings are short: steps up there hardly blur."""
LEAST: Final = 2
"""A pedal for fewer strokes would catch nothing."""


class Pedal(str, Enum):
    """Whether answers use the sustain pedal."""

    AUTO = "auto"
    """Where the player does, or the style."""
    ON = "on"
    OFF = "off"


def is_pedalled(call: Sequence[Note]) -> bool:
    """Whether a call was played with the pedal: half of its notes or more were held on by it."""
    return bool(call) and sum(note.pedalled for note in call) >= OFTEN * len(call)


def pedalling(notes: Sequence[BeatNote], longest: Beats) -> list[bool | None]:
    """For each note, in order of (onset, pitch): True, the pedal is renewed at it; False, it comes up; None, it stays.

    No pedal is held for longer than ``longest`` beats of strokes.
    """
    strokes = [list(stroke) for _, stroke in groupby(notes, key=lambda note: note.onset)]
    told: list[bool | None] = []
    ringing: list[BeatNote] = []
    begun = strokes_rung = 0  # where in ``told`` the present pedal began, and how many strokes it holds
    for stroke in strokes:
        if not ringing or stroke[0].onset - ringing[0].onset >= longest or _blurs(ringing, stroke):
            ringing, begun, strokes_rung = [], len(told), 0
        told += [None] * len(stroke)
        ringing += stroke
        strokes_rung += 1
        told[begun] = strokes_rung >= LEAST
    return told


def _blurs(ringing: Sequence[BeatNote], stroke: Sequence[BeatNote]) -> bool:
    """Whether any two of them are a step apart, or a semitone in any octave: not up where strings are short."""
    for old in ringing:
        for new in stroke:
            apart = abs(new.pitch - old.pitch)
            if min(new.pitch, old.pitch) < THIN and (apart in {1, 2} or apart % 12 in {1, 11}):
                return True
    return False
