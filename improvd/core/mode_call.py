"""``--mode call`` and ``continue``: the player plays, stops, and is answered; or we take over until they return."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from improvd.core.events import Beats, Seconds
from improvd.core.modes import Part, Turns
from improvd.core.turns import RECENT, beat_is_missed_at, call_ends_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import Note
    from improvd.core.tempo import Pulse

AHEAD: Final = Beats(4.0)
"""Who plays on alone has this much in hand."""
ALONE: Final = 64
"""After so many bars alone nobody is expected back."""


class CallTurns(Turns):
    """An answer to each call, about as long as it; the rules stand at the top of `turns`."""

    _pulse: Pulse | None = None  # of the call as it stands, where it was found already

    def watch(self, period: Seconds) -> Seconds | None:
        """Once no key is held: when the next onset is overdue."""
        self._pulse = None
        notes = [] if self._listener.held else self._listener.recent(RECENT + 1)
        if not notes:
            return None
        return call_ends_at(notes, pedal=self._listener.pedal, period=period, settings=self._settings)

    def decide(self, now: Seconds, lead: Seconds) -> Part | Seconds:
        """The onset expected is overdue; once a beat was missed too, it is our turn."""
        call = self._listener.notes(now)
        if self._pulse is None:
            self._pulse = self._source.pulse(call, now)
            missed = beat_is_missed_at(call, self._pulse.timeline, self._settings)
            if missed > now:
                return missed
        pulse = self._source.follow(self._pulse)
        return self._part(call, pulse, pulse.start(Seconds(now + lead)))


class ContinueTurns(CallTurns):
    """What follows on a call goes on, phrase after phrase, until the player returns."""

    def goes_on(self, now: Seconds, last_struck: Seconds, period: Seconds) -> bool:
        """Not for ever."""
        return now < last_struck + ALONE * self._settings.beats_per_bar * period

    def _part(self, call: Sequence[Note], pulse: Pulse, start: Beats) -> Part:
        return replace(super()._part(call, pulse, start), repeats=True, ahead=AHEAD)
