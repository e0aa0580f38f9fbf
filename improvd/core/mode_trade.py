"""``--mode trade``: so many bars the player's, as many ours, on the bars of the beat.

The player's bars begin where ours ended, or, after a silence, with the bar in which they begin to play; a note shortly
before a bar line belongs to the bar after it. Where nobody knows of bars, the first note of a phrase opens one, and its
beats are counted on. At the end of their bars it is our turn, whatever they hold or still play; what they play in our
bars is heard as an accompaniment and stops nothing, and the last beat before their own opens those.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from improvd.core.events import Beats, Seconds
from improvd.core.modes import Part, Turns, in_beats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import Note
    from improvd.core.tempo import Pulse

PICK_UP: Final = 0.5
"""A note so many beats before a bar line, at most, belongs to the bar after it."""
IN_HAND: Final = Seconds(0.15)
"""Ours is asked for so much sooner than need be: a bar line can't be put off."""
SOON: Final = Seconds(0.25)
"""The end of their bars is not judged more often, as a beat that is only just found may prove to be another."""


class TradeTurns(Turns):
    """Trading by the bar."""

    yields = False
    _from: Seconds | None = None  # where our bars ended last and theirs began

    def watch(self, period: Seconds, lead: Seconds) -> Seconds | None:  # noqa: ARG002  a mode's
        """A first look soon; `decide` knows more."""
        struck = self._listener.first_struck
        return None if struck is None else Seconds(struck + SOON)

    def decide(self, now: Seconds, lead: Seconds) -> Part | Seconds | None:
        """Ours as soon as theirs are over but for what the model needs; none where ours have gone by as well."""
        call = self._listener.notes(now)
        pulse = self._source.pulse(call, now)
        start = Beats(self._opening(call[0].onset, pulse) + self._length)
        asked_at = Seconds(pulse.timeline.time_at(start) - lead - IN_HAND)
        if asked_at > now:
            # Nearer to it, more will have been heard of the beat.
            return Seconds(min(asked_at, now + max(SOON, (asked_at - now) / 2)))
        if pulse.timeline.next_beat(Seconds(now + lead), phase=start) >= start + self._length:
            return None  # it was played when we did not trade yet
        return self._part(call, pulse, start)

    def next_call(self, decided_at: Seconds, end: Seconds, pulse: Pulse) -> Seconds:
        """A pick-up within the last beat of ours opens theirs."""
        self._from = end
        return Seconds(max(decided_at, end - pulse.timeline.period * self._settings.tap))

    @property
    def _length(self) -> Beats:
        return Beats(self._settings.bars * self._settings.beats_per_bar)

    def _opening(self, first: Seconds, pulse: Pulse) -> Beats:
        """The bar line, or the beat, with which the player's bars began; ``first`` is their first onset."""
        timeline, bar = pulse.timeline, self._settings.beats_per_bar
        since = None if self._from is None else timeline.beat_at(first) - timeline.beat_at(self._from)
        if self._from is not None and since is not None and since < self._length:
            at = timeline.beat_at(self._from)
            base = pulse.downbeat if pulse.downbeat is not None else Beats(0.0)
            step = bar if pulse.downbeat is not None else Beats(1.0)
            return Beats(base + step * round((at - base) / step))
        if pulse.downbeat is None:
            return Beats(round(timeline.beat_at(first)))
        bars = math.floor((timeline.beat_at(first) + PICK_UP - pulse.downbeat) / bar)
        opening = Beats(pulse.downbeat + bars * bar)
        return opening if self._source.first is None else max(opening, self._source.first)

    def _part(self, call: Sequence[Note], pulse: Pulse, start: Beats) -> Part:
        return Part(tuple(call), in_beats(call, pulse.timeline), pulse, start, self._length, fixed=True)
