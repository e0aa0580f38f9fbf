"""``--mode duet``: we play along, where and as much as the player leaves room (`niche`).

Begun once the beat is known: by the player's own playing after some onsets, or on the next bar where somebody leads. It
goes on, phrase after phrase, a beat or two at a time, so that what the player just did is heard in it; it ends when
the player has been silent for some bars.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from improvd.core.events import Beats, Seconds
from improvd.core.modes import Part, Turns, in_beats
from improvd.core.settings import Sync
from improvd.core.timeline import Timeline
from improvd.core.turns import intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import Note
    from improvd.core.tempo import Pulse

ONSETS: Final = 6
"""As many tell a beat."""
LONGEST_WAIT: Final = Seconds(4.0)
"""So long after the first of them we join, however few they are."""
SOON: Final = Seconds(0.25)
AHEAD: Final = Beats(0.5)
PHRASE: Final = 4
"""Bars of a phrase of ours."""
SILENCE: Final = 4
"""After so many bars without the player we end."""
BEND: Final = 0.12
"""A beat that is found to be faster or slower than the one that is played by more than this share is another one."""


class DuetTurns(Turns):
    """Playing along."""

    yields = False

    def watch(self, period: Seconds, lead: Seconds) -> Seconds | None:  # noqa: ARG002  a mode's
        """A first look soon; `decide` knows more."""
        struck = self._listener.first_struck
        return None if struck is None else Seconds(struck + SOON)

    def decide(self, now: Seconds, lead: Seconds) -> Part | Seconds:
        """Ours as soon as there is a beat to join in."""
        call = self._listener.notes(now)
        known = self._source.known(now)
        led = known is not None and known.sync is not Sync.PLAYER
        if not led and len(intervals(call)) + 1 < ONSETS and now < call[0].onset + LONGEST_WAIT:
            return Seconds(now + SOON)
        pulse = self._source.pulse(call, now)
        return self._part(call, pulse, pulse.start(Seconds(now + lead)))

    def goes_on(self, now: Seconds, last_struck: Seconds, period: Seconds) -> bool:
        """Not where the player has left."""
        return now < last_struck + SILENCE * self._settings.beats_per_bar * period

    def next_call(self, decided_at: Seconds, end: Seconds, pulse: Pulse) -> Seconds:  # noqa: ARG002  a mode's
        """What was played with us was not to be answered."""
        return end

    def _part(self, call: Sequence[Note], pulse: Pulse, start: Beats) -> Part:
        length = Beats(PHRASE * self._settings.beats_per_bar)
        phrase = in_beats(call, pulse.timeline)
        return Part(tuple(call), phrase, pulse, start, length, repeats=True, ahead=AHEAD, beside=True)


def locked(pulse: Pulse, found: Pulse | None) -> Pulse:
    """The beats of ``pulse``, counted on, where the player's beat as it is ``found`` by now puts them.

    Unchanged where none was found, or one so much faster or slower that it must be another.
    """
    if found is None or pulse.sync is not Sync.PLAYER or found.sync is not Sync.PLAYER:
        return pulse
    if abs(found.timeline.period / pulse.timeline.period - 1.0) > BEND:
        return pulse
    beat = round(pulse.timeline.beat_at(found.timeline.origin))
    origin = Seconds(found.timeline.origin - beat * found.timeline.period)
    return replace(pulse, timeline=Timeline(origin, found.timeline.period), confidence=found.confidence)
