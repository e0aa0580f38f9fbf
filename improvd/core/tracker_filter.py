"""The beat as a filter hears it: a few dozen guesses at tempo and place in the beat, each weighed by every onset.

A guess is a Kalman filter over (when the last onset should have fallen, the period of the beat), and the slot of the
beat in which that onset was. A new onset branches each guess into the slots it may be meant for; a branch weighs as
much as the step from slot to slot is likely (`tracker_rhythm`), the onset is near where it should fall, and what
stands out stands on a beat. Like branches become one, and the heaviest stay: the switching state space of
Cemgil and Kappen (2003), searched by a beam in place of their particles, so that the same notes always give the same
beats.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from improvd.core.tracker_rhythm import (
    LONGEST_STEP,
    PLACES,
    SLOTS,
    USE,
    log_band,
    near_table,
    register,
    register_accents,
    size,
    size_accents,
    step_table,
    strength,
)

SLOWEST_BPM, FASTEST_BPM = 35.0, 230.0
COMFORT = (70.0, 130.0)
"""Tempi, in beats a minute, that are as good as any other; outside they are the less likely the farther, so that halves
and doubles are settled towards 70 to 140."""
DISCOMFORT = 0.15
"""Octaves outside that a tempo may lie with one standard deviation."""
HINTED = 0.12
"""The same about a tempo that was told …"""
FARTHEST = 1.3
"""… and how many times faster or slower than told it may be."""

CHORD_SPREAD = 0.040
"""Seconds; notes no later than this after the first of them are one onset."""
JITTER = 0.022
"""Seconds; how exactly an onset is played (standard deviation)."""
DRIFT = 0.04
"""How much the period changes from one beat to the next, as a share of it."""
RUBATO = 0.012
"""How much a single beat is stretched and given back, as a share of the period."""
STRAY = 0.08
"""Onsets a second, as a probability density, that belong to no place: ornaments, slips, spread chords."""
SWITCH = 0.003
"""How likely it is with each onset that the beat was mistaken all along: for its half, its double, its off-beat."""
FRESH = 0.015
"""How likely it is, with each beat in which nothing began, that the player comes back in on a beat of their own."""
LOUDNESS = 0.12
"""How much likelier a loud onset is on the beat, in nats for 16 steps of velocity."""
FADE = 0.97
"""What is left of the evidence with each onset: what was played long ago tells little, and little is ever certain."""
GUESSES = 24
"""How many guesses are kept."""
TOO_FAR = 14.0
"""Squared standard deviations beyond which an onset isn't meant for a slot."""

_STEPS = step_table()
_REGISTER_ACCENTS, _SIZE_ACCENTS = register_accents(), size_accents()
_STRENGTH = [strength(slot) for slot in range(SLOTS)]
# A slot must be long enough to be told from its neighbours: the faster the beat, the fewer places it has.
_SLOW, _NEAR_SLOW = 0.75, near_table(frozenset(PLACES))
_MEDIUM, _NEAR_MEDIUM = 0.50, near_table(frozenset(PLACES) - {3, 9, 15, 21})
_NEAR_FAST = near_table(frozenset({0, 6, 8, 12, 16, 18}))


class Guess(NamedTuple):
    """One way to hear what was played. Times and periods in seconds, variances in their squares."""

    weight: float
    at: float
    """When the last onset should have fallen, as far as is known now."""
    period: float
    at_variance: float
    covariance: float
    period_variance: float
    slot: int
    """The place in the beat of the last onset, 0 to 23."""

    @property
    def beat(self) -> float:
        """When the beat fell that the last onset is part of."""
        return self.at - self.period * self.slot / SLOTS

    def spread(self, at: float) -> float:
        """How exactly it foretells what falls ``at`` a time, as a standard deviation in seconds."""
        ahead = max(0.0, (at - self.at) / self.period)
        variance = self.at_variance + ahead * (2.0 * self.covariance + ahead * self.period_variance)
        return math.sqrt(max(0.0, variance + ahead * (RUBATO * self.period) ** 2))

    def means_the_beats_of(self, other: Guess) -> bool:
        """Whether both mean the same beats."""
        if not 0.92 < self.period / other.period < 1.087:
            return False
        turns = (self.beat - other.beat) / self.period
        return abs(turns - round(turns)) < 0.12


class BeatFilter:
    """Weighs guesses at the beat, note by note; ``bpm`` is about where the tempo was told to be."""

    def __init__(self, bpm: float | None = None) -> None:
        self.guesses: list[Guess] = []
        """The heaviest first; weights sum to 1."""
        self.onsets = 0
        """How many were heard, a chord being one."""
        self.register = 2
        self.size = 0
        """Of the last onset, as in `tracker_rhythm`."""
        self._told = bpm
        self._shortest = 60.0 / (FASTEST_BPM if bpm is None else bpm * FARTHEST)
        self._longest = 60.0 / (SLOWEST_BPM if bpm is None else bpm / FARTHEST)
        self._first = self._last = 0.0  # when the last onset began, and the first of those that no guess is about yet
        self._low, self._loudest = 0, 0  # of the last onset
        self._usual_low: float | None = None
        self._usual_loudness: float | None = None
        self._chords = 0.3  # the share of onsets that were chords, of late
        self._accents = (1.0, 1.0, 1.0)

    def hear(self, at: float, pitch: int, velocity: int) -> bool:
        """One note, no earlier than the one before; whether it is a new onset and no part of a chord."""
        if self.onsets and at - self._last <= CHORD_SPREAD:
            self._low = min(self._low, pitch)
            self._loudest = max(self._loudest, velocity)
            self.size += 1
            self._weigh_again()
            return False
        if self.onsets:
            self._usual_low = _towards(self._usual_low, self._low)
            self._usual_loudness = _towards(self._usual_loudness, self._loudest)
            self._chords += 0.1 * ((self.size > 1) - self._chords)
        self._low, self._loudest, self.size = pitch, velocity, 1
        self._accents = self._stands_out()
        self.onsets += 1
        if not self.guesses:
            self._begin(at)
        else:
            self._branch(at)
        self._last = at
        return True

    def _stands_out(self) -> tuple[float, float, float]:
        """How much likelier than usual the last onset is on the beat, halfway and elsewhere."""
        self.register = register(self._low, self._usual_low)
        # A chord stands out among single notes, but not where all are chords, nor a single note where all are.
        contrast = min(1.0, 6.0 * self._chords * (1.0 - self._chords))
        beat, half, other = (
            by_register * by_size**contrast
            for by_register, by_size in zip(
                _REGISTER_ACCENTS[self.register], _SIZE_ACCENTS[size(self.size) - 1], strict=True
            )
        )
        if self._usual_loudness is not None:
            louder = max(-1.0, min(1.0, (self._loudest - self._usual_loudness) / 16.0))
            beat *= math.exp(LOUDNESS * louder)
            other *= math.exp(-0.6 * LOUDNESS * louder)
        return beat, half, other

    def _weigh_again(self) -> None:
        """The last onset turned out to be larger: weigh by what it is now."""
        before, now = self._accents, self._stands_out()
        self._accents = now
        ratios = [new / old for new, old in zip(now, before, strict=True)]
        self._keep([Guess(guess[0] * ratios[_STRENGTH[guess[6]]], *guess[1:]) for guess in self.guesses])

    def _prior(self, period: float) -> float:
        """How likely a player is to choose a period, up to a constant."""
        bpm = 60.0 / period
        if self._told is not None:
            return math.exp(-0.5 * (math.log2(bpm / self._told) / HINTED) ** 2)
        if COMFORT[0] <= bpm <= COMFORT[1]:
            return 1.0
        return math.exp(-0.5 * (log_band(bpm, *COMFORT) / DISCOMFORT) ** 2)

    def _begin(self, at: float) -> None:
        """From the first two onsets: every slot they may be in, at every period that makes them so."""
        gap = at - self._first
        guesses = []
        if self.onsets > 1:
            for slot in PLACES:
                for step in range(1, LONGEST_STEP + 1):
                    period = gap * SLOTS / step
                    likely = _STEPS[slot][step]
                    if likely and self._shortest < period < self._longest:
                        here = (slot + step) % SLOTS
                        weight = USE[slot] * likely * self._prior(period) * self._accents[_STRENGTH[here]]
                        turns = SLOTS / step
                        guesses.append(
                            Guess(
                                weight,
                                at,
                                period,
                                JITTER**2,
                                JITTER**2 * turns,
                                2.0 * (JITTER * turns) ** 2,
                                here,
                            )
                        )
        self._first = at
        self._keep(guesses)

    def _branch(self, at: float) -> None:
        """Every guess, in each slot that the onset may be meant for."""
        branches: list[Guess] = []
        accents = self._accents
        exp, sqrt = math.exp, math.sqrt
        noise = JITTER * JITTER
        for guess in self.guesses:
            weight, last, period, at_variance, covariance, period_variance, slot = guess
            weight = weight**FADE * self._prior(period) ** (1.0 - FADE)
            branches.append(Guess(weight * STRAY, *guess[1:]))
            likely = _STEPS[slot]
            stretch = (RUBATO * period) ** 2
            gap = at - last
            nearest = round(gap / period * SLOTS)
            near = _NEAR_SLOW if period > _SLOW else _NEAR_MEDIUM if period > _MEDIUM else _NEAR_FAST
            for away, place in near[(slot + nearest) % SLOTS]:
                step = nearest + away
                if step <= 0:
                    continue
                beats = step / SLOTS
                error = gap - period * beats
                ahead = at_variance + beats * (2.0 * covariance + beats * period_variance + stretch)
                total = ahead + noise
                far = error * error / total
                if far > TOO_FAR:
                    continue
                shared = covariance + beats * period_variance
                turn = shared / total
                new_period = period + turn * error
                if self._shortest < new_period < self._longest:
                    gain = ahead / total
                    chance = likely[step] if step <= LONGEST_STEP else 0.001 * USE[place]
                    branches.append(
                        Guess(
                            weight * chance * exp(-0.5 * far) / sqrt(total) * accents[_STRENGTH[place]],
                            last + period * beats + gain * error,
                            new_period,
                            ahead - gain * ahead,
                            shared - gain * shared,
                            period_variance + beats * (DRIFT * period) ** 2 - turn * shared,
                            place,
                        )
                    )
        self._keep(_merged(branches + self._second_thoughts(branches, at)))

    def _second_thoughts(self, guesses: list[Guess], at: float) -> list[Guess]:
        """What the heaviest guess may be mistaken for, and a player who comes in anew after a rest."""
        best = max(guesses)
        total = sum(guess.weight for guess in guesses)
        _, when, period, at_variance, covariance, period_variance, slot = best
        half = SLOTS // 2
        found = [
            Guess(
                SWITCH * total * self._prior(period * times) / max(self._prior(period), 1e-9),
                when,
                period * times,
                at_variance,
                covariance * times,
                period_variance * times * times,
                int(other),
            )
            for times, other in (
                (1.0, (slot + half) % SLOTS),
                (2.0, slot / 2),
                (2.0, slot / 2 + half),
                (0.5, slot * 2 % SLOTS),
            )
            if other in USE and self._shortest < period * times < self._longest
        ]
        anew = min(0.5, FRESH * (at - self._last) / period)
        found += [
            Guess(
                anew * total * 0.5 * USE[place] * self._accents[_STRENGTH[place]],
                at,
                period,
                JITTER**2,
                0.0,
                (0.06 * period) ** 2,
                place,
            )
            for place in (0, half)
        ]
        return found

    def _keep(self, guesses: list[Guess]) -> None:
        """The heaviest, weighing 1 in all; none where they weigh nothing."""
        guesses.sort(reverse=True)
        del guesses[GUESSES:]
        total = sum(guess.weight for guess in guesses)
        self.guesses = [Guess(guess[0] / total, *guess[1:]) for guess in guesses] if total > 0.0 else []


def _merged(guesses: list[Guess]) -> list[Guess]:
    """Like guesses made one, the heaviest of them, that weighs as much as all."""
    best: dict[tuple[int, int, int], Guess] = {}
    weights: dict[tuple[int, int, int], float] = {}
    for guess in guesses:
        key = guess[6], int(math.log(guess[2]) * 33.0), int(guess[1] * 30.0)
        if key in best:
            weights[key] += guess[0]
            if guess[0] > best[key][0]:
                best[key] = guess
        else:
            best[key] = guess
            weights[key] = guess[0]
    return [Guess(weights[key], *guess[1:]) for key, guess in best.items()]


def _towards(usual: float | None, now: float) -> float:
    return now if usual is None else usual + 0.2 * (now - usual)
