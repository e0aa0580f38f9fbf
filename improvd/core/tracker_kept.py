"""The beat that is kept while notes are heard: by what an ear makes of each, made exact by the filter's guesses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.ear import Heard
    from improvd.core.tracker_filter import Guess

LIKE: Final = 0.2
"""What an ear hears means the beats that are kept where it is off by no more: in phase a share of a beat, in period its
logarithm."""
FOLLOWED: Final = 0.5
"""How much of such a difference the beat takes over, where the ear is sure."""
DOUBT: Final = 4.0
"""How many notes, as sure as can be, must mean other beats for the beats to change; those that mean them make up for
it."""
CHORD_NOTE: Final = 0.3
"""What a later note of a chord counts for in that."""
SAME_PERIOD, SAME_PHASE = 0.92, 0.12
"""From what ratio of periods, and up to what share of a beat, a guess of the filter's means the beats that are kept."""
WAIT, LONGEST_WAIT = 2.0, 0.04
"""How long an onset is waited for after its beat was due: standard deviations of the filter's own uncertainty, and at
most these seconds, which is how long it is by the ear alone."""


class Kept(NamedTuple):
    """Beats: one of them, how far they are apart, and how long each is waited for; all in seconds."""

    beat: float
    period: float
    wait: float

    def turn(self, at: float) -> float:
        """How much of a beat is gone, 0 to 1."""
        return (at - self.beat) / self.period % 1.0

    def is_meant_by(self, guess: Guess) -> bool:
        """Whether a guess of the filter's means the same beats."""
        turns = (guess.beat - self.beat) / self.period
        same = SAME_PERIOD < guess.period / self.period < 1.0 / SAME_PERIOD
        return same and abs(turns - round(turns)) < SAME_PHASE

    def next(self, after: float) -> float:
        """The first beat that is no earlier."""
        return self.beat + self.period * math.ceil((after - self.beat) / self.period)


def of_guess(guess: Guess, now: float) -> Kept:
    """The beats of a guess; what comes is waited for as far as it may be late."""
    beats = Kept(guess.beat, guess.period, LONGEST_WAIT)
    return beats._replace(wait=min(LONGEST_WAIT, WAIT * guess.spread(beats.next(now))))


def exact(kept: Kept, guesses: Sequence[Guess], now: float) -> Kept:
    """The same beats by the heaviest of the filter's guesses that means them, which knows a steady tempo better."""
    same = next((guess for guess in guesses if kept.is_meant_by(guess)), None)
    return of_guess(same, now) if same else kept


class HeardBeat:
    """The beat as an ear hears it, note by note: it gives way to small differences, and stands against large ones."""

    def __init__(self) -> None:
        self._kept: Kept | None = None
        self._doubt = 0.0

    def hear(self, at: float, heard: Heard, *, new: bool) -> Kept:
        """The beat that is kept with another note, ``new`` if it begins an onset."""
        if self._kept is None:
            return self._take(at, heard)
        sure = heard.period_sure * heard.phase_sure
        turn = self._kept.turn(at)
        ahead = (heard.phase - turn + 0.5) % 1.0 - 0.5
        longer = math.log(heard.period / self._kept.period)
        if abs(ahead) < LIKE and abs(longer) < LIKE:
            self._doubt = max(0.0, self._doubt - sure)
            period = self._kept.period * math.exp(FOLLOWED * sure * longer)
            turn = (turn + FOLLOWED * sure * ahead) % 1.0
            self._kept = Kept(at - turn * period, period, LONGEST_WAIT)
            return self._kept
        self._doubt += sure * (1.0 if new else CHORD_NOTE)
        return self._take(at, heard) if self._doubt >= DOUBT else self._kept

    def _take(self, at: float, heard: Heard) -> Kept:
        self._kept = Kept(at - heard.phase * heard.period, heard.period, LONGEST_WAIT)
        self._doubt = 0.0
        return self._kept
