"""Where the beat comes from when nobody tells: the player's own onsets.

A pulse is judged as a listener would judge it: onsets should fall on a grid of beats and their parts, the strong
ones on beats, with few parts of the grid left without use, at a speed people tap to. Each hypothesis (a period, a
phase, a way to divide the beat) walks once through the onsets, bending a little with each so that a player who
hurries or lingers is followed, and is scored by the logarithm of how probable it makes what was played.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from improvd.core.events import Beats, Note, Seconds
from improvd.core.settings import Sync
from improvd.core.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

CHORD_SPREAD = Seconds(0.050)
"""Onsets closer than this to the first of them are one chord."""
DEFAULT_BPM = 100.0
SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
SHORTEST, LONGEST = 60.0 / FASTEST_BPM, 60.0 / SLOWEST_BPM
COMFORT = (70.0, 140.0)
"""Where halves and doubles of a tempo are settled."""
LONGEST_LOOK_BACK = 24
"""Onsets that are looked at: what was played longer ago tells little of the beat now."""


class Onset(NamedTuple):
    """A struck note or chord: when, and how much it stands out (0 is ordinary, 1 very much, below 0 less)."""

    at: Seconds
    weight: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """A beat, and where it comes from; ``confidence`` from 0 (a guess) to 1.

    ``downbeat`` is a beat on which a bar begins, None where bars aren't known. Answers may begin every ``step`` beats,
    counted from it, or from beat 0.
    """

    timeline: Timeline
    confidence: float
    downbeat: Beats | None = None
    step: Beats = Beats(1.0)
    sync: Sync = Sync.PLAYER

    def start(self, after: Seconds) -> Beats:
        """The first beat on which an answer may begin that falls no earlier than ``after``."""
        return self.timeline.next_beat(after, self.step, self.downbeat or Beats(0.0))


@dataclass(frozen=True, slots=True)
class _Division:
    """A way to divide the beat: for each part of it, how likely a note begins there."""

    use: tuple[float, ...]
    prior: float

    @property
    def empty(self) -> float:
        """Log probability of a beat in which nothing begins."""
        return sum(math.log(1.0 - p) for p in self.use)


# These numbers were fitted on the training part of the corpus (cut at rests, played at a random tempo with 12 ms of
# jitter) for the share of calls whose next beat is found; docs/tempo.md has the figures on the part held out.
_DIVISIONS = (
    _Division((0.83,), math.log(0.15)),
    _Division((0.83, 0.69), math.log(0.53)),
    _Division((0.83, 0.25, 0.40, 0.25), math.log(0.25)),
    _Division((0.83, 0.35, 0.35), math.log(0.13)),
    _Division((0.83, 0.23, 0.23, 0.23, 0.23, 0.23), math.log(0.07)),
)
_SPREAD = 0.023  # seconds; how exactly a grid is played by hand
_STRAY = math.log(0.4)  # log density a second of an onset that belongs to no grid
_PHASE_GAIN, _PERIOD_GAIN = 0.40, 0.12
_ACCENT = 0.22  # how much more likely a strong onset is on the beat, in nats
_OPENING = 0.3  # how much more likely a call opens on a beat than off it, in nats, where nothing else tells
_EVIDENCE = 24.0  # onsets beyond this many say no more about half or double: they repeat themselves


def strike_times(notes: Sequence[Note]) -> list[Onset]:
    """Notes in order of onset -> onsets, chords made one, weighted by loudness, length and size of the chord."""
    chords: list[list[Note]] = []
    for note in notes:
        if chords and note.onset - chords[-1][0].onset <= CHORD_SPREAD:
            chords[-1].append(note)
        else:
            chords.append([note])
    if not chords:
        return []
    loudness = [max(note.velocity for note in chord) for chord in chords]
    mean = sum(loudness) / len(loudness)
    gaps = [later[0].onset - chord[0].onset for chord, later in pairwise(chords)]
    usual = sorted(gaps)[len(gaps) // 2] if gaps else 0.0
    onsets = []
    for index, chord in enumerate(chords):
        # The last one's length is its key's; what follows it is not known yet.
        gap = gaps[index] if index < len(gaps) else max(note.offset for note in chord) - chord[0].onset
        length = math.log2(max(gap, 0.03) / usual) if usual > 0 else 0.0
        weight = (
            max(-1.0, min(1.0, length))
            + 0.5 * max(-1.0, min(1.0, (loudness[index] - mean) / 16.0))
            + 0.2 * min(1.0, (len(chord) - 1) / 2.0)
        )
        onsets.append(Onset(chord[0].onset, max(-1.0, min(1.0, weight))))
    return onsets


def find_pulse(onsets: Sequence[Onset], bpm: float | None = None, last_bpm: float | None = None) -> Pulse:
    """The beat of ``onsets`` (in order of time, at least one).

    ``bpm`` fixes the tempo so that only the phase is looked for; ``last_bpm`` is where the player was a moment ago.
    Costs about 5 ms for 24 onsets on a desktop core, 0.2 ms an onset.
    """
    recent = list(onsets[-LONGEST_LOOK_BACK:])
    periods = [60.0 / bpm] if bpm else _periods(recent, last_bpm)
    best: list[tuple[float, float, float]] = []  # (score, origin, period)
    for period in periods:
        prior = 0.0 if bpm else _tempo_prior(60.0 / period, last_bpm)
        for number, phase in enumerate(_phases(recent, period)):
            likely = prior + (_OPENING if number == 0 else 0.0)
            for division in _DIVISIONS:
                score, origin, bent = _walk(recent, phase, period, division, fixed=bpm is not None)
                best.append((score + likely + division.prior, origin, bent))
    best.sort(key=lambda hypothesis: hypothesis[0], reverse=True)
    score, origin, period = best[0]
    rival = next((other for other in best[1:] if not _same(best[0], other, recent[-1].at)), None)
    margin = score - rival[0] if rival else 0.0
    confidence = (1.0 - math.exp(-max(margin, 0.0))) * min(1.0, (len(recent) - 1) / 6.0)
    # The beats are counted from near the first onset, so that a call begins about beat 0.
    first = round((onsets[0].at - origin) / period)
    return Pulse(Timeline(Seconds(origin + first * period), Seconds(period)), max(confidence, 0.0))


def _periods(onsets: Sequence[Onset], last_bpm: float | None) -> list[float]:
    """Candidate periods in seconds: what the gaps between onsets suggest, and the last tempo."""
    votes: dict[int, list[float]] = {}
    for index, onset in enumerate(onsets):
        for later in onsets[index + 1 : index + 7]:
            gap = later.at - onset.at
            for parts in (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4):
                period = gap / parts
                if SHORTEST <= period <= LONGEST:
                    votes.setdefault(round(math.log(period) / 0.04), []).append(period)
    ranked = sorted(votes.values(), key=len, reverse=True)[:16]
    periods = [sum(group) / len(group) for group in ranked]
    if last_bpm:
        periods.append(60.0 / last_bpm)
    return periods or [60.0 / DEFAULT_BPM]


def _phases(onsets: Sequence[Onset], period: float) -> list[float]:
    """Candidate times of a beat: the first onsets, unless they say the same."""
    phases: list[float] = []
    for onset in onsets[:4]:
        if all(abs(_wrap((onset.at - phase) / period)) * period > _SPREAD for phase in phases):
            phases.append(onset.at)
    strongest = max(onsets, key=lambda onset: onset.weight).at
    turns = round((strongest - onsets[0].at) / period)
    phases.append(strongest - turns * period)
    return phases


def _tempo_prior(bpm: float, last_bpm: float | None) -> float:
    """Log probability, up to a constant, of a player choosing ``bpm``."""
    prior = -0.5 * (math.log2(bpm / DEFAULT_BPM) / 0.7) ** 2
    low, high = COMFORT
    outside = max(math.log2(low / bpm), math.log2(bpm / high), 0.0)
    prior -= 18.0 * outside
    if last_bpm:
        away = math.log2(bpm / last_bpm) / 0.08
        prior += 2.0 * math.exp(-0.5 * away * away)
    return prior


def _walk(
    onsets: Sequence[Onset], phase: float, period: float, division: _Division, *, fixed: bool
) -> tuple[float, float, float]:
    """Score one hypothesis along the onsets; also where its beat and period ended up."""
    parts = len(division.use)
    used = [math.log(p) - math.log(1.0 - p) for p in division.use]
    normal = -math.log(_SPREAD * math.sqrt(2.0 * math.pi))
    origin, start_period = phase, period
    score, last = 0.0, None
    for onset in onsets:
        place = round((onset.at - origin) / period * parts)
        if last is not None and place <= last:
            place = last + 1
        error = onset.at - (origin + place * period / parts)
        part = place % parts
        fit = normal - 0.5 * (error / _SPREAD) ** 2 + used[part]
        fit += _ACCENT * onset.weight * (1.0 if part == 0 else -0.6)
        if fit > _STRAY - 3.0:
            score += fit
            origin += _PHASE_GAIN * error
            if not fixed and last is not None:
                # Bend about this onset's own beat, so that the phase just corrected stays.
                change = _PERIOD_GAIN * error * parts / max(1, place - last)
                new = min(max(period + change, start_period * 0.8, SHORTEST), start_period * 1.25, LONGEST)
                origin += place / parts * (period - new)
                period = new
        else:
            score += _STRAY - 3.0
        last = place
    beats = max(1.0, (onsets[-1].at - onsets[0].at) / start_period + 1.0 / parts)
    score += beats * division.empty
    return score * min(1.0, _EVIDENCE / len(onsets)), origin, period


def _same(one: tuple[float, float, float], other: tuple[float, float, float], at: float) -> bool:
    """Whether two hypotheses mean the same beats from ``at`` on."""
    if abs(math.log(one[2] / other[2])) > 0.05:
        return False
    here = at + one[2]
    return abs(_wrap((here - one[1]) / one[2]) - _wrap((here - other[1]) / other[2])) < 0.12


def _wrap(turns: float) -> float:
    """To within half a turn of 0."""
    return turns - round(turns)


def call_length(timeline: Timeline, notes: Sequence[Note]) -> Beats:
    """From the first onset to the last offset of ``notes`` (at least one)."""
    return Beats((max(note.offset for note in notes) - notes[0].onset) / timeline.period)
