"""Who plays.

Whatever the mode (`modes`), a turn goes through these states. What is said of keys holds for call and response:

    state       what ends it                                                  next
    LISTENING   a key that counts                                             CALL
    CALL        no key held, and the next onset expected is overdue           THINKING
    THINKING    a key: the call was not over, and goes on                     CALL
                the answer begins to sound                                    ANSWERING
                nothing to sound for ``PATIENCE`` beats                       LISTENING
    ANSWERING   a key within ``TOO_SOON`` of its first note: it is released,
                and the call goes on, as the player came in on that beat too  CALL
                a key later: it is released; the key opens the next call      CALL
                its last note has ended                                       LISTENING

A call is over when the player left the time in which they would have gone on. That time is judged from the call's
own inter-onset intervals, and from its beat: the beat after the last onset must have gone by too. It is bounded by
``longest_silence`` after the last onset, both times ``patience``; a key that was held longer
still gets ``BREATH`` after it came up, since the next onset of a line in long notes is due just then. A pedal
still down asks for up to ``PEDAL_BEATS`` more.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING

from improvd.core.events import Beats, Seconds
from improvd.core.tempo import CHORD_SPREAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import Note
    from improvd.core.settings import EngineSettings
    from improvd.core.timeline import Timeline

OVERDUE = 1.8
"""An onset is overdue at this many times the interval it was expected after."""
FIRST_EXPECTED = Seconds(0.8)
"""What is expected after a single onset."""
BREATH = Seconds(0.15)
NEAR_BEAT = 0.4
"""A beat nearer than this part of one to the last onset is that onset's own."""
MISSED = Seconds(0.10)
"""So long after a beat the player is no longer late for it."""
TOO_SOON = Seconds(0.10)
"""No player who heard the answer begin has replied to it before this."""
PEDAL_BEATS = Beats(2.0)
PATIENCE = Beats(8.0)
RECENT = 8
"""Intervals that count in what is expected next."""


class State(Enum):
    """Whose turn it is; the rules stand at the top of this file."""

    LISTENING = "listening"
    CALL = "call"
    THINKING = "thinking"
    ANSWERING = "answering"


def intervals(notes: Sequence[Note]) -> list[Seconds]:
    """Inter-onset intervals of notes in order of onset, chords taken as one."""
    gaps: list[Seconds] = []
    last: Seconds | None = None
    for note in notes:
        if last is not None and note.onset - last <= CHORD_SPREAD:
            continue
        if last is not None:
            gaps.append(Seconds(note.onset - last))
        last = note.onset
    return gaps


def expected_interval(notes: Sequence[Note]) -> Seconds:
    """How long after the last onset the call led one to expect the next: the longest of its recent intervals."""
    return max(intervals(notes)[-RECENT:], default=FIRST_EXPECTED)


def call_ends_at(notes: Sequence[Note], *, pedal: bool, period: Seconds, settings: EngineSettings) -> Seconds:
    """When the call (``notes`` in order of onset, at least one, all of whose keys are up) will be over.

    ``period`` is the length of a beat as far as it is known.
    """
    last_onset = notes[-1].onset
    last_release = max(note.offset for note in notes)
    longest = settings.patience * settings.longest_silence
    overdue = last_onset + min(settings.patience * OVERDUE * expected_interval(notes), longest)
    if pedal:
        overdue += PEDAL_BEATS * period
    breath = last_release + BREATH
    limit = last_onset + longest
    if breath > limit and last_release < limit:
        breath = limit
    return Seconds(max(overdue, breath))


def beat_is_missed_at(notes: Sequence[Note], timeline: Timeline, settings: EngineSettings) -> Seconds:
    """When the beat after the last onset of ``notes``, one that people tap to, will have gone by without the player.

    Whoever goes on after a short rest does so on a beat, and there an answer would begin too.
    """
    last_onset, tap = notes[-1].onset, settings.tap
    beat = timeline.time_at(timeline.next_beat(Seconds(last_onset + NEAR_BEAT * tap * timeline.period), tap))
    return Seconds(min(beat + MISSED, last_onset + settings.patience * settings.longest_silence))


def answer_length(call: Beats, settings: EngineSettings) -> Beats:
    """How long the answer to a call of ``call`` beats is: as long, in whole beats, within the bars allowed."""
    bar = settings.beats_per_bar
    length = max(1.0, math.ceil(call - 0.25))
    return Beats(max(1.0, min(max(length, settings.min_bars * bar), settings.max_bars * bar)))
