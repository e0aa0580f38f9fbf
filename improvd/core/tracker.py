"""The beat of a player who plays on: told as it falls, from what was heard by then.

`Tracker` is fed onsets and asked for beats as time passes. A filter (`tracker_filter`) guesses at the tempo and at
what comes next; an `Ear`, where there is one, hears each note by all that was played, the filter's guesses among it,
and keeps the beat (`tracker_kept`); without one the filter's leading guess does. Here is decided when a beat is told:
at the onset that falls on it; where none comes, a moment after it was due, for as long as it may still be a little
late. What was told is never taken back: where the mind changes, the beats change from then on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from improvd.core.events import Seconds
from improvd.core.tracker_bars import Bars
from improvd.core.tracker_filter import BeatFilter
from improvd.core.tracker_kept import LONGEST_WAIT, HeardBeat, Kept, exact, of_guess
from improvd.core.tracker_leader import Leader
from improvd.core.tracker_stance import Stance

if TYPE_CHECKING:
    from improvd.core.ear import Ear

FIRST_ONSETS = 4
"""No beat is told before so many onsets were heard."""
LEAST_STEP = 0.5
"""Beats are at least this share of a period apart, even where the filter changes its mind."""
NEAR = 0.08
"""Seconds; an onset this near to where its beat should have fallen is where that beat falls."""
WELL_HEARD = 8
"""Onsets before which confidence is not full."""
MEMORY = 8.0
"""Beats of silence that halve the confidence, after the first two."""
LIKELY = (0.4, 0.5)
"""How likely an onset must be a beat to be told as one, where a beat is due or overdue: with no trust in the beat that
is kept, and with full …"""
EARLY = 0.5
"""… and how much likelier an octave before that, as far as that beat is trusted; less than a half, none is."""
TRUSTED = (0.4, 0.7)
"""Trust in the beat that is kept, from none to full: how often the ear finds beats where it foretells them, 0 to 1."""
FIRST_TRUST = 0.6
"""What it is at first."""
TRUST_LEARNS = 0.08
"""How much each onset says of it that either takes for a beat."""
FIRM, FOUND = 0.8, 0.5
"""How sure the filter must be of its beats, and how well the ear must find beats there, for them to be kept. The second
holds for the filter's confidence to count, too."""
GOES_ON = 0.55
"""Trust below which a beat that nobody plays is not told."""
SURE_OF = (-0.1, 0.55)
"""What the log odds of a beat come to, and how much those of the trust and of the ear each say of them: fitted, so that
of the beats said to be sure by nine tenths nine tenths are right."""
SUREST = 0.99
LATEST = 1e9
"""Seconds either side of 0 that a clock may show: thirty years, in which a float still tells microseconds apart."""
PATIENCE = Seconds(120.0)
"""Silence after which nobody is thought to keep the beat."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A beat that falls at ``time``, told at ``decided_at``, no later than it falls, from what was heard by then.

    ``bar_position`` counts from 0, the first beat of a bar; None while that is unclear. ``confidence`` is from 0 to 1.
    """

    time: Seconds
    decided_at: Seconds
    bpm: float
    bar_position: int | None
    confidence: float


class Tracker:
    """Follows the beat of one player. ``bpm`` is about where their tempo is, ``bar`` how many beats a bar has.

    `hear` and `beats` take the time in order; what comes earlier than something before counts as coming with it.
    ``ear`` judges onsets, a fresh one; without any, what the filter takes for a beat is one.
    """

    def __init__(self, bpm: float | None = None, bar: int | None = None, ear: Ear | None = None) -> None:
        self._filter = BeatFilter(bpm)
        self._leader = Leader()
        self._ear = ear
        self._stance = Stance()
        self._by_ear = HeardBeat()
        self._by_filter: Kept | None = None
        self._kept: Kept | None = None
        self._likely = 0.0  # how likely the last onset is a beat
        self._trust = 1.0 if ear is None else FIRST_TRUST
        self._filter_trust = FIRST_TRUST
        self._bars = Bars(bar)
        self._now = -math.inf
        self._last_onset = -math.inf
        self._last_beat = -math.inf
        self._passed = -math.inf  # the last beat that fell and wasn't told
        self._period_told = 0.0
        self._on_beat = False  # whether the last onset fell on a beat that the bars have yet to hear of
        self._told: list[Beat] = []

    def hear(self, at: Seconds, pitch: int, velocity: int) -> None:
        """A note was struck. A time that no clock shows is no onset."""
        if not abs(at) < LATEST:
            return
        at = Seconds(max(at, self._now))
        self._pass(at)
        before = self._filter.register, self._filter.size
        new = self._filter.hear(at, pitch, velocity)
        if new:
            self._settle_bar(*before)
        self._now = self._last_onset = at
        self._leader.choose(self._filter.guesses)
        self._keep(at, pitch, velocity, new=new)
        self._tell_on_onset(at)

    def beats(self, now: Seconds) -> list[Beat]:
        """The beats told since this was last asked, with all that are due by ``now``."""
        if abs(now) < LATEST:
            self._pass(Seconds(max(now, self._now)))
        told, self._told = self._told, []
        return told

    @property
    def period(self) -> Seconds | None:
        """The length of a beat as heard now; None before there is one."""
        return None if self._kept is None else Seconds(self._kept.period)

    @property
    def next_beat(self) -> Seconds | None:
        """When the next beat should fall that is not told yet."""
        return None if self._kept is None else Seconds(self._next(self._kept))

    @property
    def confidence(self) -> float:
        """How sure the beat is that is kept, now: as the filter is, where it means the same and the ear trusts it."""
        guess = self._leader.guess
        if self._kept is None or guess is None:
            return 0.0
        sure = self._leader.mass
        if self._ear is not None:
            agreed = self._trust >= FOUND and self._kept.is_meant_by(guess)
            sure = max(self._trust, sure) if agreed else self._trust
        return sure * self._well_heard() * self._remembered(self._kept)

    def _well_heard(self) -> float:
        return min(1.0, self._filter.onsets / WELL_HEARD)

    def _remembered(self, kept: Kept) -> float:
        """What is left of confidence in silence."""
        silent = max(0.0, (self._now - self._last_onset) / kept.period - 2.0)
        return math.pow(0.5, silent / MEMORY)

    def _next(self, kept: Kept) -> float:
        """When the first beat falls that is no earlier than the last one told allows."""
        last = max(self._last_beat, self._passed)
        return kept.next(max(last + LEAST_STEP * kept.period, self._now - LONGEST_WAIT))

    def _pass(self, now: Seconds) -> None:
        """Time goes on to ``now`` without a note: tell the beats that fall meanwhile."""
        while self._kept is not None and self._filter.onsets >= FIRST_ONSETS:
            beat = self._next(self._kept)
            due = max(self._now, beat + self._kept.wait)
            if due >= now or due > self._last_onset + PATIENCE:
                break
            self._now = due
            if self._trust > GOES_ON:
                self._tell(Seconds(due), self._kept, self._sure_of_rest(self._kept))
                self._bars.hear(register=2, notes=0)
            else:
                self._passed = beat
        self._now = max(self._now, now)

    def _keep(self, at: Seconds, pitch: int, velocity: int, *, new: bool) -> None:
        """A note was struck, and the filter knows: what beat is kept from now on, and how likely this is one."""
        guess, mass = self._leader.guess, self._leader.mass
        before, self._by_filter = self._by_filter, guess and of_guess(guess, at)
        if self._ear is None:
            self._kept = self._by_filter
            self._likely = float(guess is not None and guess.slot == 0 and abs(guess.at - at) < NEAR)
            return
        stance = self._stance.numbers(self._filter.guesses, guess, mass, at, new=new)
        heard = self._ear.hear(at, max(0, min(127, pitch)), max(1, min(127, velocity)), stance)
        self._likely = heard.beat
        if new:
            self._trust = _learnt(self._trust, self._kept, at, heard.beat)
            self._filter_trust = _learnt(self._filter_trust, before, at, heard.beat)
        kept = self._by_ear.hear(at, heard, new=new)
        if self._by_filter is not None and mass >= FIRM and self._filter_trust >= FOUND:
            self._kept = self._by_filter
        else:
            self._kept = exact(kept, self._filter.guesses, at)

    def _tell_on_onset(self, at: Seconds) -> None:
        kept = self._kept
        if kept is None or self._filter.onsets < FIRST_ONSETS:
            return
        since = (at - self._last_beat) / kept.period
        if since <= LEAST_STEP:
            return
        none, full = TRUSTED
        trust = max(0.0, min(1.0, (self._trust - none) / (full - none)))
        least, most = LIKELY
        early = max(0.0, -math.log2(min(since, 1.0)))
        if self._likely > least + trust * (most - least + EARLY * early):
            self._tell(at, kept, self.confidence if self._ear is None else self._sure_of_onset())
            self._on_beat = True

    def _sure_of_rest(self, kept: Kept) -> float:
        """How sure a beat is that nobody plays."""
        sure = self._leader.mass if self._ear is None else self._trust
        return sure * self._well_heard() * self._remembered(kept)

    def _sure_of_onset(self) -> float:
        """How sure the last onset is a beat, by the ear and by what its word was worth of late."""
        bias, share = SURE_OF
        odds = bias + share * (_log_odds(self._trust) + _log_odds(self._likely))
        return self._well_heard() / (1.0 + math.exp(-odds))

    def _tell(self, at: Seconds, kept: Kept, confidence: float) -> None:
        """A beat falls now."""
        self._settle_bar(self._filter.register, self._filter.size)
        if self._period_told and not 0.75 < kept.period / self._period_told < 1.33:
            self._bars.restart()
        self._bars.step()
        self._told.append(Beat(at, at, 60.0 / kept.period, self._bars.position, confidence))
        self._last_beat, self._period_told = at, kept.period

    def _settle_bar(self, register: int, notes: int) -> None:
        """All of the onset was heard that fell on the last beat, if one did."""
        if self._on_beat:
            self._bars.hear(register, notes)
            self._on_beat = False


def _learnt(trust: float, kept: Kept | None, at: float, beat: float) -> float:
    """Trust in beats as they were kept, after an onset that is a beat as likely as that."""
    if kept is None:
        return trust
    turn = kept.turn(at)
    if min(turn, 1.0 - turn) * kept.period < NEAR:
        return trust + TRUST_LEARNS * (beat - trust)
    return trust + TRUST_LEARNS * (1.0 - beat - trust) if beat > 0.5 else trust


def _log_odds(probability: float) -> float:
    sure = max(1.0 - SUREST, min(SUREST, probability))
    return math.log(sure / (1.0 - sure))
