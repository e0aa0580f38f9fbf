"""Scores played as people play: with rubato, unsteady hands, rolled chords, ornaments; and where the beats came to lie.

From this the networks learn that hear beats (`beats_weights.py`, `ear_weights.py`), since performances with annotated
beats that may be learnt from are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import rubato
import symusic

from improvd.train.music.clean import Played
from improvd.train.music.midi import has_beat

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Curve = NDArray[np.float64]
    Rng = np.random.Generator

PHASES = (0, 1 / 2, 1 / 3, 2 / 3, 1 / 4, 3 / 4)


@dataclass(frozen=True)
class Score:
    """Notes in order, times in beats; seconds to a beat as written; which of the ``beats`` begin a bar."""

    onset: Curve
    offset: Curve
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]
    period: float
    beats: int
    down: NDArray[np.bool_]


class Performance(NamedTuple):
    """What was played; when its beats fall, and which of them begin a bar; and where in the score each note stands.

    ``place`` is in beats, NaN for what isn't written: ornaments, wrong notes.
    """

    played: Played
    beats: Curve
    down: NDArray[np.bool_]
    place: Curve


def score(path: Path) -> Score | None:
    """A score from a MIDI file; None where it has no beats of its own, or they don't lie where the weight is.

    Three eighths are a beat in 6/8 and its like, a half is one in 2/2.
    """
    file: Any = symusic.Score(str(path))
    columns = [track.notes.numpy() for track in file.tracks if not track.is_drum and len(track.notes)]
    if not columns:
        return None
    onset, duration, pitch, velocity = (
        np.concatenate([column[name] for column in columns]).astype(np.int64)
        for name in ("time", "duration", "pitch", "velocity")
    )
    if not 40 <= len(onset) <= 8000 or not has_beat(onset, file.tpq):
        return None
    signatures = sorted((one.time, one.numerator, one.denominator) for one in file.time_signatures) or [(0, 4, 4)]
    end = int((onset + duration).max())
    beats, bars = [], []
    for (start, over, under), after in zip(signatures, [*signatures[1:], (end + 1, 0, 0)], strict=True):
        long = file.tpq * 4 / under * (3 if under >= 8 and over % 3 == 0 else 1)
        beats.append(np.arange(start, after[0], max(long, file.tpq / 4)))
        bars.append(np.abs((beats[-1] - start) % (file.tpq * 4 / under * over)) < 1)
    beat = np.concatenate(beats)
    if len(beat) < 16:
        return None
    usual = float(np.median(np.diff(beat)))
    place = (onset - beat[np.maximum(np.searchsorted(beat, onset, side="right") - 1, 0)]) / usual
    # A file that begins with half a beat's pick-up at time 0 counts its beats half a beat off.
    mass = [np.minimum(duration, 2 * usual)[np.abs((place - phase + 0.5) % 1 - 0.5) < 0.02].sum() for phase in PHASES]
    if np.argmax(mass) != 0:
        return None
    order = np.lexsort((pitch, onset))
    number = np.arange(len(beat) + 8)
    times = np.append(beat, beat[-1] + usual * np.arange(1, 9))
    qpm = float(file.tempos[0].qpm) if len(file.tempos) else 120.0
    return Score(
        np.interp(onset[order], times, number),
        np.interp((onset + duration)[order], times, number),
        pitch[order],
        velocity[order],
        float(np.clip(60 / max(qpm, 1) * usual / file.tpq, 0.1, 6)),
        len(beat),
        np.concatenate(bars),
    )


def perform(written: Score, rng: Rng, *, steady: bool = False) -> Performance:
    """One performance, another each time, from 1 s on; ``steady`` as songs are, or as free as may be."""
    onset, offset = written.onset, written.offset
    if rng.random() < 0.12:
        swing = rng.uniform(0.54, 0.66)
        onset, offset = (np.floor(t) + np.interp(t % 1, [0, 0.5, 1], [0, swing, 1]) for t in (onset, offset))
    period = _period(written, rng)
    clock = period * rubato.clock(max(written.beats, int(offset.max()) + 1) + 2, rng, steady=steady)
    points = np.arange(len(clock)) / rubato.PER_BEAT
    seconds = np.interp(onset, points, clock)
    length = np.maximum(np.interp(offset, points, clock) - seconds, 0.03)
    seconds, rank, size = _by_hand(onset, seconds, rng)
    length = length * np.exp(rng.normal(-0.1, 0.35) + rng.normal(0, 0.2, len(length)))
    if rng.random() < 0.25:
        length = np.maximum(length, rng.uniform(0.2, 1.2) * rng.random(len(length)))  # the pedal
    velocity = _touched(written, rank == size - 1, rng)
    kept = (rng.random(len(seconds)) > rng.choice([0, 0, 0.03, 0.1])) & _thinned(written, rank, size, rng)
    kept_columns = (seconds[kept], length[kept], written.pitch[kept], velocity[kept], written.onset[kept])
    played, place = _ornamented(kept_columns, rng)
    later = 1 - played.onset[0]
    beats = np.interp(np.arange(written.beats), points, clock)
    played = Played(played.onset + later, played.offset + later, played.pitch, played.velocity)
    return Performance(played, beats + later, written.down, place)


def _thinned(written: Score, rank: NDArray[np.int64], size: NDArray[np.int64], rng: Rng) -> NDArray[np.bool_]:
    """Which notes are played where somebody leaves out inner voices, or plays one hand alone for a while."""
    kept = np.ones(len(rank), dtype=bool)
    if rng.random() < 0.15:
        kept &= (rank == 0) | (rank == size - 1) | (rng.random(len(rank)) < 0.3)
    if rng.random() < 0.15:
        middle = np.median(written.pitch) + rng.normal(0, 3)
        alone = np.sin(written.onset / rng.uniform(3, 12) + rng.uniform(0, 6)) > rng.uniform(0.3, 1)
        hand = written.pitch > middle if rng.random() < 0.5 else written.pitch <= middle
        kept &= ~alone | hand
    return kept if kept.sum() > len(kept) // 3 else np.ones(len(rank), dtype=bool)


def _period(written: Score, rng: Rng) -> float:
    """Seconds to a beat: about as written or as usual, and no faster than fingers are."""
    period = written.period * np.exp(rng.normal(0, 0.3)) if rng.random() < 0.7 else 0.6 * np.exp(rng.normal(0, 0.45))
    period = float(np.clip(period, 0.25, 2.2))
    strikes_a_second = len(np.unique(np.round(written.onset * 24))) / (np.ptp(written.onset) + 1) / period
    return period * max(1.0, strikes_a_second / rng.uniform(11, 17))


def _by_hand(onset: Curve, seconds: Curve, rng: Rng) -> tuple[Curve, NDArray[np.int64], NDArray[np.int64]]:
    """Onsets as fingers hit them; and each note's rank in its chord, from below, and the chord's size."""
    _, chord = np.unique(np.round(onset * 48), return_inverse=True)
    chords = int(chord.max()) + 1
    size = np.bincount(chord)[chord]
    rank = np.arange(len(onset)) - np.searchsorted(chord, np.arange(chords))[chord]
    out = seconds + rng.normal(0, rng.uniform(0.004, 0.022), chords)[chord]
    out += rng.normal(0, rng.uniform(0.002, 0.012), len(onset))
    rolled = (rng.random(chords) < rng.choice([0, 0.02, 0.15]))[chord] & (size > 2)
    out += np.where(rolled, (rank - size / 2) * rng.uniform(0.02, 0.07), 0)
    if rng.random() < 0.4:
        out += np.where((rank == size - 1) & (size > 1), rng.normal(-0.01, 0.015, chords)[chord], 0)  # a melody leads
    if rng.random() < 0.15:  # the hands part: the bass before, the melody late
        out += np.where((rank == size - 1) & (size > 1), rng.exponential(0.03, chords)[chord], 0)
    return out, rank, size


def _touched(written: Score, melody: NDArray[np.bool_], rng: Rng) -> Curve:
    """Velocities: those written, waves over phrases, a little more on the beat and in the melody, and chance."""
    out = written.velocity * rng.uniform(0.3, 1)
    out += 60 - out.mean() + 12 * np.sin(written.onset / rng.uniform(4, 40) + rng.uniform(0, 6))
    on_beat = np.abs((written.onset + 0.5) % 1 - 0.5) < 0.01
    out += on_beat * rng.uniform(-1, 8) + melody * rng.uniform(0, 12)
    return np.asarray(out + rng.normal(0, rng.uniform(2, 9), len(out)))


def _ornamented(struck: tuple[Curve, Curve, NDArray[np.int64], Curve, Curve], rng: Rng) -> tuple[Played, Curve]:
    """What was struck, a column each, with grace notes, trills and wrong notes; and the place of each note."""
    onset, length, pitch, velocity, place = struck
    graced = np.flatnonzero(rng.random(len(onset)) < rng.choice([0, 0.01, 0.04]))
    more = [onset[graced] - rng.uniform(0.05, 0.12, len(graced))]
    pitches = [pitch[graced] + rng.integers(1, 3, len(graced))]
    for note in np.flatnonzero((length > 0.5) & (rng.random(len(onset)) < rng.choice([0, 0, 0.03]))):
        every = rng.uniform(0.06, 0.1)
        trill = np.arange(onset[note] + every, onset[note] + 0.8 * length[note], every)
        more.append(trill)
        pitches.append(pitch[note] + np.arange(1, len(trill) + 1) % 2 * 2)
    if rng.random() < 0.3:
        wrong = int(rng.integers(0, len(onset) // 30 + 1))
        more.append(rng.uniform(onset.min(), onset.max(), wrong))
        pitches.append(rng.integers(40, 90, wrong))
    added = np.concatenate(more)
    onset = np.concatenate([onset, added])
    length = np.concatenate([length, np.full(len(added), 0.08)])
    pitch = np.clip(np.concatenate([pitch, *pitches]) + rng.integers(-5, 7), 0, 127)
    velocity = np.clip(np.rint(np.concatenate([velocity, np.full(len(added), 50.0)])), 5, 127)
    place = np.concatenate([place, np.full(len(added), np.nan)])
    order = np.lexsort((pitch, onset))
    onset, length, pitch, velocity = onset[order], length[order], pitch[order], velocity[order]
    return Played(onset, onset + length, pitch.astype(np.int64), velocity.astype(np.int64)), place[order]
