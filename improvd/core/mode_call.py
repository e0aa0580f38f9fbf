"""``--mode call`` and ``continue``: the player plays, stops, and is answered; or we take over until they return."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from improvd.core.endings import is_the_end
from improvd.core.events import Beats, Seconds
from improvd.core.modes import Part, Turns
from improvd.core.turns import BREATH, REMEMBERED, call_over_at

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

    def watch(self, period: Seconds, lead: Seconds) -> Seconds | None:
        """Once no key is held: soon enough for an answer that begins as soon as the call may be over."""
        notes = [] if self._listener.held else self._listener.recent(REMEMBERED + 1)
        if not notes:
            return None
        breath = max(note.offset for note in notes) + BREATH
        return Seconds(max(breath, self._over_at(notes, period) - lead))

    def decide(self, now: Seconds, lead: Seconds) -> Part | Seconds | None:
        """Ours from the first beat on by which the call is over; until it sounds, a key takes that back."""
        call = self._listener.notes(now)
        if self._settings.leave_endings and is_the_end(call):
            return None
        pulse = self._source.pulse(call, now)
        over = self._over_at(self._listener.recent(REMEMBERED + 1), pulse.timeline.period)
        return self._part(call, pulse, pulse.start(Seconds(max(over, now + lead))))

    def _over_at(self, notes: Sequence[Note], period: Seconds) -> Seconds:
        settings = self._settings
        beat = Seconds(period * settings.tap)
        return call_over_at(notes, beat, pedal=self._listener.pedal, patience=settings.patience)


class ContinueTurns(CallTurns):
    """What follows on a call goes on, phrase after phrase, until the player returns."""

    def goes_on(self, now: Seconds, last_struck: Seconds, period: Seconds) -> bool:
        """Not for ever."""
        return now < last_struck + ALONE * self._settings.beats_per_bar * period

    def _part(self, call: Sequence[Note], pulse: Pulse, start: Beats) -> Part:
        return replace(super()._part(call, pulse, start), repeats=True, ahead=AHEAD)
