"""The beat of a player who plays on: told as it falls, from what was heard by then.

`Tracker` is fed onsets and asked for beats as time passes. A filter (`tracker_filter`) guesses at the tempo and at
what comes next; an `Ear`, where there is one, judges each onset by all that was heard, the filter's guesses among it.
Here is decided when a beat is told: at the onset that falls on it; where none comes, a moment after it was due, for as
long as it may still be a little late. What was told is never taken back: where filter and ear change their minds, the
beats change from then on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from improvd.core.events import Seconds
from improvd.core.tracker_bars import Bars
from improvd.core.tracker_filter import BeatFilter, Guess
from improvd.core.tracker_stance import Stance

if TYPE_CHECKING:
    from improvd.core.ear import Ear

FIRST_ONSETS = 4
"""No beat is told before so many onsets were heard."""
LEAST_STEP = 0.5
"""Beats are at least this share of a period apart, even where the filter changes its mind."""
NEAR = 0.08
"""Seconds; an onset this near to where its beat should have fallen is where that beat falls."""
WAIT, LONGEST_WAIT = 2.0, 0.04
"""How long an onset is waited for: standard deviations of the beat's own uncertainty, and at most these seconds."""
LOYALTY = 30.0
"""How many times likelier other beats must be for the beats to change."""
LOOKED_AT = 16
"""Of the guesses, the heaviest, that have a say in which beats are likeliest."""
WELL_HEARD = 8
"""Onsets before which confidence is not full."""
MEMORY = 8.0
"""Beats of silence that halve the confidence, after the first two."""
LIKELY = 0.5
"""How likely an onset must be a beat to be told as one, where a beat is due or overdue …"""
EARLY = 0.5
"""… and how much likelier an octave before that, as far as the filter is trusted; less than a half, none is."""
TRUSTED = (0.4, 0.7)
"""Trust in the filter, from none to full: how often the ear agrees with it of late, 0 to 1."""
FIRST_TRUST = 0.6
"""What it is at first."""
TRUST_LEARNS = 0.08
"""How much each onset says of it that either takes for a beat."""
GOES_ON = 0.55
"""Trust below which a beat that nobody plays is not told."""
SURE_OF = (-0.43, 0.7)
"""What the log odds of a beat come to, and how much those of the trust and of the ear each say of them: fitted, so that
of the beats said to be sure by nine tenths nine tenths are right."""
SUREST = 0.99
DOUBTED = 0.5
"""Trust below which the filter's own confidence counts for nothing."""
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
        self._ear = ear
        self._stance = Stance()
        self._likely = 0.0  # how likely the last onset is a beat
        self._trust = 1.0 if ear is None else FIRST_TRUST
        self._bars = Bars(bar)
        self._leader: Guess | None = None
        self._mass = 0.0  # the probability of the leader's beats
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
        self._choose()
        self._judge(at, pitch, velocity, new=new)
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
        return None if self._leader is None else Seconds(self._leader.period)

    @property
    def next_beat(self) -> Seconds | None:
        """When the next beat should fall that is not told yet."""
        return None if self._leader is None else Seconds(self._next(self._leader))

    @property
    def confidence(self) -> float:
        """How sure the beat is that is kept, now: as the filter is of its guesses, unless the ear doubts them."""
        return self._kept(self._trust if self._ear is not None and self._trust < DOUBTED else self._mass)

    def _kept(self, sure: float) -> float:
        """What is left of it while little was heard yet, and in silence."""
        if self._leader is None:
            return 0.0
        silent = max(0.0, (self._now - self._last_onset) / self._leader.period - 2.0)
        return sure * min(1.0, self._filter.onsets / WELL_HEARD) * math.pow(0.5, silent / MEMORY)

    def _next(self, leader: Guess) -> float:
        """When the leader's first beat falls that is no earlier than the last one told allows."""
        last = max(self._last_beat, self._passed)
        after = max(last + LEAST_STEP * leader.period, self._now - LONGEST_WAIT)
        return leader.beat + leader.period * math.ceil((after - leader.beat) / leader.period)

    def _pass(self, now: Seconds) -> None:
        """Time goes on to ``now`` without a note: tell the beats that fall meanwhile."""
        while self._leader is not None and self._filter.onsets >= FIRST_ONSETS:
            beat = self._next(self._leader)
            due = max(self._now, beat + min(LONGEST_WAIT, WAIT * self._leader.spread(beat)))
            if due >= now or due > self._last_onset + PATIENCE:
                break
            self._now = due
            if self._trust > GOES_ON:
                self._tell(Seconds(due), self._leader, self._kept(self._mass if self._ear is None else self._trust))
                self._bars.hear(register=2, notes=0)
            else:
                self._passed = beat
        self._now = max(self._now, now)

    def _judge(self, at: Seconds, pitch: int, velocity: int, *, new: bool) -> None:
        """How likely the last onset is a beat, and whether that speaks for the filter."""
        leader = self._leader
        on_beat = leader is not None and leader.slot == 0 and abs(leader.at - at) < NEAR
        if self._ear is None:
            self._likely = float(on_beat)
            return
        stance = self._stance.numbers(self._filter.guesses, leader, self._mass, at, new=new)
        self._likely = self._ear.hear(at, max(0, min(127, pitch)), max(1, min(127, velocity)), stance)
        if new and leader is not None:
            if leader.slot == 0:
                self._trust += TRUST_LEARNS * (self._likely - self._trust)
            elif self._likely > LIKELY:
                self._trust += TRUST_LEARNS * (1.0 - self._likely - self._trust)

    def _tell_on_onset(self, at: Seconds) -> None:
        leader = self._leader
        if leader is None or self._filter.onsets < FIRST_ONSETS:
            return
        since = (at - self._last_beat) / leader.period
        if since <= LEAST_STEP:
            return
        none, full = TRUSTED
        trust = max(0.0, min(1.0, (self._trust - none) / (full - none)))
        if self._likely > LIKELY + trust * EARLY * max(0.0, -math.log2(min(since, 1.0))):
            self._tell(at, leader, self._kept(self._mass if self._ear is None else self._sure_of_onset()))
            self._on_beat = True

    def _sure_of_onset(self) -> float:
        """How sure the last onset is a beat, by the ear and by what its word was worth of late."""
        bias, share = SURE_OF
        odds = bias + share * (_log_odds(self._trust) + _log_odds(self._likely))
        return 1.0 / (1.0 + math.exp(-odds))

    def _tell(self, at: Seconds, leader: Guess, confidence: float) -> None:
        """A beat falls now."""
        self._settle_bar(self._filter.register, self._filter.size)
        if self._period_told and not 0.75 < leader.period / self._period_told < 1.33:
            self._bars.restart()
        self._bars.step()
        self._told.append(Beat(at, at, 60.0 / leader.period, self._bars.position, confidence))
        self._last_beat, self._period_told = at, leader.period

    def _settle_bar(self, register: int, notes: int) -> None:
        """All of the onset was heard that fell on the last beat, if one did."""
        if self._on_beat:
            self._bars.hear(register, notes)
            self._on_beat = False

    def _choose(self) -> None:
        """The beats that most of the weight is on, or, while nothing is much likelier, the beats as they were."""
        groups: list[tuple[float, Guess]] = []
        for guess in self._filter.guesses[:LOOKED_AT]:
            for index, (weight, first) in enumerate(groups):
                if guess.means_the_beats_of(first):
                    groups[index] = weight + guess.weight, first
                    break
            else:
                groups.append((guess.weight, guess))
        if not groups:
            return
        best = max(groups)
        if self._leader is not None:
            same = next((group for group in groups if group[1].means_the_beats_of(self._leader)), None)
            if same is not None and same[0] * LOYALTY > best[0]:
                best = same
        self._mass, self._leader = best


def _log_odds(probability: float) -> float:
    sure = max(1.0 - SUREST, min(SUREST, probability))
    return math.log(sure / (1.0 - sure))
