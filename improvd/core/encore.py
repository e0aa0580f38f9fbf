"""What was answered last, once more: again, varied, or note for note (see `cues`)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from improvd.core.answer import Answer
from improvd.core.cues import Cue
from improvd.core.events import BeatNote, Beats

if TYPE_CHECKING:
    from collections.abc import Iterable

    from improvd.core.events import Seconds
    from improvd.core.settings import EngineSettings
    from improvd.core.tempo import Pulse

VARIED: Final = 0.85
"""How far a variation takes up what it varies, at least."""


def encore(
    cue: Cue, last: Answer, turn: int, pulse: Pulse, start: Beats, *, lead: Seconds, settings: EngineSettings
) -> Answer | None:
    """What a cue asks for after ``last``, beginning at ``start`` of ``pulse``; None where there is nothing to go by.

    What the model heard for it lies as far before the new start as it lay before the old one, at the same place in the
    bar. A repetition is complete: nothing is to be asked.
    """
    notes = _latest(last)
    if not notes and cue is not Cue.AGAIN:
        return None
    part = replace(last.part, pulse=pulse, start=start, fixed=False, repeats=False, beside=False)
    if cue is Cue.VARY:
        settings = replace(settings, similarity=max(settings.similarity, VARIED))
        steps = math.ceil((notes[-1].onset + notes[-1].duration - last.start) / pulse.step - 1e-9)
        before = Beats(start - last.start - max(1, steps) * pulse.step)
        part = replace(part, phrase=_moved((*part.phrase, *last.notes), before))
    else:
        part = replace(part, phrase=_moved(part.phrase, Beats(start - last.start)))
    answer = Answer(turn, part, lead=lead, settings=settings, cue=cue.value)
    if cue is Cue.REPEAT:
        answer.preset(_moved(notes, Beats(start - _beginning(last))))
    return answer


def _beginning(last: Answer) -> Beats:
    """Where its latest phrase began."""
    if not last.part.repeats or not last.notes:
        return last.start
    return Beats(last.start + (last.notes[-1].onset - last.start) // last.part.length * last.part.length)


def _latest(last: Answer) -> tuple[BeatNote, ...]:
    """The notes of its latest phrase."""
    return tuple(note for note in last.notes if note.onset >= _beginning(last))


def _moved(notes: Iterable[BeatNote], by: Beats) -> tuple[BeatNote, ...]:
    return tuple(replace(note, onset=Beats(note.onset + by)) for note in notes)
