"""Playing that doesn't lie in the beats of its file, as when it was recorded without a click: its own are found.

They are found as in a duet, from the last notes, and counted back to the first: what goes on does so in the tempo that
the playing ends in.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import mido
import numpy as np

from improvd.core.events import TICKS_PER_BEAT, Beats, Note, Seconds
from improvd.core.tempo import find_pulse, strike_times
from improvd.model.hearing import is_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from improvd.core.events import BeatNote

    Timed = tuple[Beats, mido.Message]

USUAL_TEMPO: Final = 500_000
"""Microseconds a beat, where a MIDI file tells none."""


def is_free(notes: Iterable[BeatNote]) -> bool:
    """Whether notes, at least one, lie on no grid of the beats that they are counted in."""
    onset = np.array([note.onset for note in notes], dtype=np.float64)
    return not is_written((onset * TICKS_PER_BEAT) % TICKS_PER_BEAT)


def in_own_beats(timed: Sequence[Timed], notes: Sequence[BeatNote]) -> list[Timed]:
    """Messages in the beats of what is played in them, bars of four from about the first note, in their tempo.

    ``timed`` and ``notes`` (at least one) are in the file's beats and in order of time. What comes before the first
    note comes with it.
    """
    seconds = _clock([(at, one.tempo) for at, one in timed if one.type == "set_tempo" and one.tempo > 0])
    played = [
        Note(seconds(note.onset), seconds(Beats(note.onset + note.duration)), note.pitch, note.velocity)
        for note in notes
    ]
    timeline = find_pulse(strike_times(played)).timeline
    # The first note may be a little before beat 0, and a file has nothing before 0.
    downbeat = Beats(1.0 if timeline.beat_at(played[0].onset) < 0 else 0.0)
    kept = [
        (Beats(timeline.beat_at(seconds(max(at, notes[0].onset))) + downbeat), one)
        for at, one in timed
        if one.type not in ("set_tempo", "time_signature")
    ]
    return [
        (Beats(0.0), mido.MetaMessage("set_tempo", tempo=round(timeline.period * 1e6))),
        (downbeat, mido.MetaMessage("time_signature", numerator=4, denominator=4)),
        *kept,
    ]


def _clock(tempos: Sequence[tuple[Beats, int]]) -> Callable[[Beats], Seconds]:
    """When a beat falls by tempos in microseconds a beat, each with the beat from which it holds, in order."""
    changes = [(Beats(0.0), USUAL_TEMPO), *tempos]
    beats, seconds = [at for at, _ in changes], [0.0]
    for (earlier, tempo), (later, _) in pairwise(changes):
        seconds.append(seconds[-1] + (later - earlier) * tempo / 1e6)

    def second(beat: Beats) -> Seconds:
        number = bisect_right(beats, beat) - 1
        return Seconds(seconds[number] + (beat - beats[number]) * changes[number][1] / 1e6)

    return second
