"""Who plays.

Whatever the mode (`modes`), a turn goes through these states. What is said of keys holds for call and response:

    state       what ends it                                                  next
    LISTENING   a key that counts                                             CALL
    CALL        no key held, and who goes on would have done so by now        THINKING
                (nor one that is held while nothing happens: `listener`)
                the same, and it was the end of the music (`endings`)         LISTENING
    THINKING    a key: the call was not over, and goes on                     CALL
                the answer begins to sound                                    ANSWERING
                nothing to sound for ``PATIENCE`` beats                       LISTENING
    ANSWERING   a key within ``TOO_SOON`` of its first note: it is released,
                and the call goes on, as the player came in on that beat too  CALL
                a key later: it is released; the key opens the next call      CALL
                its last note has ended                                       LISTENING

A call is over when its silence weighs more than a pause within a phrase does. What a silence weighs grows with the
time since the last onset and with the time since the last key came up; what it must weigh, with the longest interval
between the call's onsets, with the longest of the last few, and with the beat, each by a small power: fast playing is
answered sooner than slow, but a pause is not twice as long where the notes are. Weighed is the beat on which the answer
would begin, as a player who goes on would come in on that very beat. ``patience`` multiplies what is asked for, a pedal
still down adds a little, and after a long key there is always ``BREATH``. Where the numbers come from, and what they
give, is told in docs/decisions/when-a-call-ends.md.
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

SILENCE = 0.94
"""What a silence must weigh at least: its own weight, in seconds, is the product of the following powers."""
SINCE_ONSET, SINCE_RELEASE = 0.4, 0.6
"""The powers of the times since the last onset and since the last key came up."""
LONGEST_INTERVAL, RECENT_INTERVAL, BEAT = 0.12, 0.10, 0.25
"""The powers, in what is asked for, of the longest interval, the longest of the last `RECENT`, and the beat."""
REMEMBERED, RECENT = 32, 8
"""How many intervals are looked at: all, and the last of them."""
SLOWEST = Seconds(4.0)
"""A longer interval is a rest within the call, and tells no more of how slow it is."""
FIRST_EXPECTED = Seconds(0.8)
"""The interval of a call that is a single onset."""
PEDALLED = 1.2
"""So many times as much silence is asked for while a pedal is down."""
HALVINGS = 12
"""A silence is weighed to within a four-thousandth of itself."""
BREATH = Seconds(0.15)
"""No key came up more recently where a call is over."""
TOO_SOON = Seconds(0.10)
"""No player who heard the answer begin has replied to it before this."""
PATIENCE = Beats(8.0)


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


def silence_asked(notes: Sequence[Note], beat: Seconds, *, pedal: bool, patience: float) -> Seconds:
    """What a silence after ``notes`` (in order of onset) must weigh to be the end of the call.

    ``beat`` is how far apart people would tap to it, as far as that is known.
    """
    gaps = intervals(notes)[-REMEMBERED:] or [FIRST_EXPECTED]
    longest, recent = (min(max(part), SLOWEST) for part in (gaps, gaps[-RECENT:]))
    asked = patience * SILENCE * longest**LONGEST_INTERVAL * recent**RECENT_INTERVAL * beat**BEAT
    return Seconds(PEDALLED * asked if pedal else asked)


def call_over_at(notes: Sequence[Note], beat: Seconds, *, pedal: bool, patience: float) -> Seconds:
    """From when on an answer to ``notes`` may sound (in order of onset, at least one, all of whose keys are up).

    That is within `silence_asked` of the last key's way up.
    """
    asked = silence_asked(notes, beat, pedal=pedal, patience=patience)
    onset, release = notes[-1].onset, max(note.offset for note in notes)
    too_soon, enough = Seconds(0.0), asked
    for _ in range(HALVINGS):
        silence = Seconds((too_soon + enough) / 2)
        if (release + silence - onset) ** SINCE_ONSET * silence**SINCE_RELEASE < asked:
            too_soon = silence
        else:
            enough = silence
    return Seconds(release + enough)


def answer_length(call: Beats, settings: EngineSettings) -> Beats:
    """How long the answer to a call of ``call`` beats is: as long, in whole beats, within the bars allowed."""
    bar = settings.beats_per_bar
    length = max(1.0, math.ceil(call - 0.25))
    return Beats(max(1.0, min(max(length, settings.min_bars * bar), settings.max_bars * bar)))
