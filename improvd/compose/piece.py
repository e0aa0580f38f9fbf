"""A whole piece, asked for as a duet asks for an answer: a stretch at a time, each from the last notes before it.

So there is one way in which improvd plays, and what is heard of a model here is what it would play on stage: the
network is primed with as many notes as it learnt from at a time, and what bends or bounds an answer bends and bounds a
piece. What lies further back is told as a player's earlier phrases are: a piece may come back to how it began.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from improvd.core.answer import one_seed
from improvd.core.events import CONTEXT_NOTES, Beats, Generate
from improvd.core.phrases import remember
from improvd.model.limits import CHORD, Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import BeatNote
    from improvd.core.meter import Meter
    from improvd.model.improviser import Improviser

LONGEST_REST: Final = 2
"""Bars between two onsets, at most."""
OPEN: Final = Limits(pitches=(36, 97), velocities=(4, 14), chord=CHORD)
"""Where a piece that begins with nothing may go: five octaves of a keyboard, neither breathed nor hammered."""


def limits(heard: Sequence[BeatNote]) -> Limits:
    """What a piece keeps to from its first note to its last: what its beginning would allow an answer.

    Held throughout, for taken from the last notes alone it would wander a little further with each stretch.
    """
    if not heard:
        return OPEN
    onsets = [note.onset for note in heard]
    return Limits.of(heard, max(onsets.count(onset) for onset in set(onsets)))


def whole(improviser: Improviser, request: Generate, meter: Meter) -> tuple[BeatNote, ...]:
    """All notes of a piece from ``request.start``, a bar line, to ``request.end``, in order of (onset, pitch).

    ``request`` is what a duet would ask for the whole of it; its segment and ``until`` don't count. Takes about 10 ms a
    bar and 0.1 ms a note.
    """
    heard = request.context
    notes: list[BeatNote] = []
    start, segment = request.start, 0
    while start < request.end:
        until = Beats(start + meter.bar)
        if until + meter.bar >= request.end:
            until = request.end  # the last two bars at once, so that there is room for an ending
        so_far = (*heard, *notes)
        context = so_far[-CONTEXT_NOTES:]
        notes += improviser.answer(
            replace(
                request,
                segment=segment,
                context=context,
                call=max(0, len(context) - len(notes)),
                earlier=remember((), so_far[:-CONTEXT_NOTES]),
                start=start,
                until=until,
                seed=one_seed(request.seed, segment),
            )
        ).notes
        start, segment = until, segment + 1
    return tuple(notes)
