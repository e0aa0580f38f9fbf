"""The ear: what it hears of a note, that it is the network that was taught, and that nothing played can upset it."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Seconds
from improvd.core.tracker import Beat, Tracker
from improvd.core.tracker_stance import NUMBERS
from improvd.ear.features import FEATURES, Listening
from improvd.ear.hearing import HEARING, JUDGING, Hearing, Network, network
from tests.performances import Played, performances

STANCE = [0.1] * NUMBERS

performed = performances(1e6, 40)


def rows(played: Played) -> list[np.ndarray]:
    listening = Listening()
    return [listening.hear(*note)[1] for note in played]


def beats(played: Played) -> list[Beat]:
    tracker = Tracker(ear=Hearing())
    told = []
    for at, pitch, velocity in played:
        tracker.hear(Seconds(at), pitch, velocity)
        told += tracker.beats(Seconds(at))
    return told


def rubato(seed: int) -> tuple[Played, list[float]]:
    """Sixteenths with a chord on each beat, at a tempo that swings by a third and leaps by a fifth; and the beats."""
    rng = random.Random(seed)  # noqa: S311 - music, not a secret
    at, played, due = 1.0, [], []
    for beat in range(64):
        period = 0.6 * (1.0 + 0.3 * math.sin(beat / 3.0)) * math.exp(rng.gauss(0.0, 0.2))
        due.append(at)
        played += [(at, 40 + 5 * (beat // 4 % 3), 84), (at + 0.006, 60 + beat % 5, 76), (at + 0.008, 64, 76)]
        played += [(at + period * part / 4, 67 + (beat + part) % 5, 58) for part in (1, 2, 3)]
        at += period
    return played, due


@given(performed)
def test_what_is_heard_stays_within_bounds(played: Played) -> None:
    for row in rows(played):
        assert row.shape == (FEATURES,)
        assert np.isfinite(row).all()
        assert np.abs(row).max() <= 12.0


@given(performed)
def test_the_ear_says_how_likely(played: Played) -> None:
    ear = Hearing()
    assert all(0.0 < ear.hear(*note, STANCE) < 1.0 for note in played)


@given(st.floats(-1e5, 1e5))
def test_when_the_clock_began_makes_no_difference(later: float) -> None:
    played = rubato(1)[0][:40]
    moved = [(at + later, pitch, velocity) for at, pitch, velocity in played]
    assert np.abs(np.array(rows(played)) - np.array(rows(moved))).max() < 1e-3


def test_notes_within_a_chords_spread_are_one_onset() -> None:
    listening = Listening()
    assert [listening.hear(at, 60, 80)[0] for at in (1.0, 1.03, 1.041, 1.05)] == [True, False, True, False]


def test_the_network_is_its_layers() -> None:
    """Against the same computed plainly."""
    rng = np.random.default_rng(0)
    wide = [FEATURES, 5, 4 + NUMBERS, 3, 2, 1]
    shapes = [(wide[0], wide[1]), (wide[1], 4), (wide[2], wide[3]), (wide[3], wide[4]), (wide[4], wide[5])]
    layers = {}
    for name, shape in zip((*HEARING, *JUDGING), shapes, strict=True):
        layers[f"{name}.kernel"] = rng.normal(size=shape).astype(np.float32)
        layers[f"{name}.bias"] = rng.normal(size=shape[1]).astype(np.float32)
    row = rng.normal(size=FEATURES).astype(np.float32)
    now = row
    for name in (*HEARING, *JUDGING):
        if name == JUDGING[0]:
            now = np.append(now, STANCE)
        now = now @ layers[f"{name}.kernel"] + layers[f"{name}.bias"]
        now = now if name == JUDGING[-1] else np.maximum(now, 0)
    assert Network(layers)(row, STANCE) == pytest.approx(float(now[0]), rel=1e-4)


def test_the_weights_of_the_package_fit() -> None:
    assert math.isfinite(network()(np.zeros(FEATURES, dtype=np.float32), [0.0] * NUMBERS))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_free_playing_is_followed_that_the_filter_alone_loses(seed: int) -> None:
    played, due = rubato(seed)

    def found(told: list[Beat]) -> float:
        """The F-measure within 70 ms, after four beats."""
        times = [beat.time for beat in told if beat.time > due[4] - 0.1]
        right = sum(min(abs(time - one) for time in times) < 0.07 for one in due[4:])
        return 2 * right / (len(times) + len(due) - 4)

    alone = Tracker()
    for at, pitch, velocity in played:
        alone.hear(Seconds(at), pitch, velocity)
    by_filter, by_ear = found(alone.beats(Seconds(played[-1][0]))), found(beats(played))
    assert by_ear > 0.75
    assert by_ear > by_filter + 0.2


def test_a_steady_pulse_is_told_beat_by_beat_with_confidence() -> None:
    played = [(1.0 + half * 0.3, 67 if half % 2 else 45, 60 if half % 2 else 80) for half in range(64)]
    late = [beat for beat in beats(played) if beat.time > 10.0]
    assert len(late) == pytest.approx(17, abs=1)
    assert all(abs((beat.time - 1.0) / 0.6 - round((beat.time - 1.0) / 0.6)) < 0.05 for beat in late)
    assert min(beat.confidence for beat in late) > 0.7


@given(performed, st.floats(0.0, 1.0), st.integers(0, 2**32))
def test_what_is_played_later_changes_no_beat_told_before(played: Played, share: float, seed: int) -> None:
    cut = played[0][0] + share * (played[-1][0] - played[0][0])
    rng = random.Random(seed)  # noqa: S311 - music, not a secret
    before = [note for note in played if note[0] <= cut]
    other = sorted((cut + rng.random(), rng.randrange(128), rng.randrange(1, 128)) for _ in range(4))
    told = [beat for beat in beats(played) if beat.decided_at < cut]
    assert [beat for beat in beats(before + other) if beat.decided_at < cut] == told


@given(
    st.lists(st.tuples(st.floats(), st.integers(-300, 300), st.integers(-300, 300)), max_size=30),
    st.none() | st.floats(20, 400),
)
def test_nothing_that_is_played_raises(played: Played, bpm: float | None) -> None:
    tracker = Tracker(bpm, ear=Hearing())
    for at, pitch, velocity in played:
        tracker.hear(Seconds(at), pitch, velocity)
    for beat in tracker.beats(Seconds(1e6)):
        assert beat.decided_at <= beat.time
        assert 0.0 <= beat.confidence <= 1.0
