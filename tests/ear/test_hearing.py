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
from improvd.ear.hearing import FARTHEST, Hearing, network
from improvd.ear.network import PERIODS, PHASES, TOLD, Network
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


@given(performed, st.none() | st.floats(20, 400))
def test_what_the_ear_says_is_within_bounds(played: Played, bpm: float | None) -> None:
    ear = Hearing(bpm)
    for note in played:
        heard = ear.hear(*note, STANCE)
        assert all(0.0 < share <= 1.0 + 1e-6 for share in (heard.period_sure, heard.phase_sure))
        assert 0.0 < heard.beat < 1.0
        assert 0.0 <= heard.phase < 1.0
        assert 0.2 < heard.period < 2.5


@given(performed, st.floats(40, 180))
def test_a_tempo_that_was_told_is_about_what_is_heard(played: Played, bpm: float) -> None:
    ear = Hearing(bpm)
    for note in played:
        assert 1 / FARTHEST - 0.01 < ear.hear(*note, STANCE).period * bpm / 60 < FARTHEST + 0.01


@given(st.floats(-1e5, 1e5))
def test_when_the_clock_began_makes_no_difference(later: float) -> None:
    played = rubato(1)[0][:40]
    moved = [(at + later, pitch, velocity) for at, pitch, velocity in played]
    assert np.abs(np.array(rows(played)) - np.array(rows(moved))).max() < 1e-3


def test_notes_within_a_chords_spread_are_one_onset() -> None:
    listening = Listening()
    assert [listening.hear(at, 60, 80)[0] for at in (1.0, 1.03, 1.041, 1.05)] == [True, False, True, False]


def random_layers(wide: int, cells: int, narrow: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "hear.kernel": (FEATURES + NUMBERS, wide),
        "hear.bias": (wide,),
        "memory.kernel": (wide, 3 * cells),
        "memory.recurrent": (cells, 3 * cells),
        "memory.bias": (2, 3 * cells),
        "judge.kernel": (wide + cells, narrow),
        "judge.bias": (narrow,),
        "tell.kernel": (narrow + cells, TOLD),
        "tell.bias": (TOLD,),
    }
    return {name: (0.3 * rng.normal(size=shape)).astype(np.float32) for name, shape in shapes.items()}


def test_the_network_remembers_as_gated_cells_do() -> None:
    """Against the same computed cell by cell, over three notes."""
    layers = random_layers(5, 4, 3)
    network = Network(layers)
    rows = np.random.default_rng(1).normal(size=(3, FEATURES)).astype(np.float32)
    memory, plain = network.nothing_heard(), [0.0] * 4

    def sigmoid(value: float) -> float:
        return 1.0 / (1.0 + math.exp(-value))

    for row in rows:
        told, memory = network(row, STANCE, memory)
        heard = np.maximum(np.append(row, STANCE) @ layers["hear.kernel"] + layers["hear.bias"], 0)
        new = heard @ layers["memory.kernel"] + layers["memory.bias"][0]
        old = np.array(plain) @ layers["memory.recurrent"] + layers["memory.bias"][1]
        for cell in range(4):
            update, reset = (sigmoid(new[cell + gate] + old[cell + gate]) for gate in (0, 4))
            candidate = math.tanh(new[cell + 8] + reset * old[cell + 8])
            plain[cell] = update * plain[cell] + (1 - update) * candidate
        judged = np.maximum(np.append(heard, plain) @ layers["judge.kernel"] + layers["judge.bias"], 0)
        assert told == pytest.approx(np.append(judged, plain) @ layers["tell.kernel"] + layers["tell.bias"], rel=1e-3)
        assert memory == pytest.approx(np.array(plain), rel=1e-3)


def test_the_weights_of_the_package_fit() -> None:
    told, _ = network()(np.zeros(FEATURES, dtype=np.float32), [0.0] * NUMBERS, network().nothing_heard())
    assert told.shape == (1 + PERIODS + PHASES,)
    assert np.isfinite(told).all()


@pytest.mark.parametrize("bpm", [72, 90, 108, 126])
@pytest.mark.parametrize("parts", [2, 4])
def test_a_steady_tempo_and_its_beats_are_heard(bpm: float, parts: int) -> None:
    """A low note on the beat and higher ones between: at its tempo, in phase."""
    period = 60 / bpm
    played = [
        (1.0 + step * period / parts, 62 + step % 3 if step % parts else 43, 60 if step % parts else 80)
        for step in range(32 * parts)
    ]
    late = [beat for beat in beats(played) if beat.time > 1.0 + 12 * period]
    assert len(late) == pytest.approx(19, abs=1)
    for beat in late:
        assert beat.bpm == pytest.approx(bpm, rel=0.05)
        turns = (beat.time - 1.0) / period
        assert abs(turns - round(turns)) * period < 0.05


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
