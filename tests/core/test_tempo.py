"""The beat of what is played: its tempo, its phase, and that odd playing raises nothing."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Note, Seconds
from improvd.core.tempo import FASTEST_BPM, SLOWEST_BPM, find_pulse, strike_times

RHYTHMS = {
    "quarters": [0, 1, 2, 3, 4, 5, 6, 7],
    "eighths": [i / 2 for i in range(16)],
    "mixed": [0, 1, 1.5, 2, 3, 4, 4.5, 5, 6],
    "sixteenths": [0, 0.25, 0.5, 0.75, 1, 2, 2.5, 3, 4, 4.25, 4.5, 4.75, 5, 6],
    "dotted": [0, 0.75, 1, 1.75, 2, 3, 4, 4.75, 5, 6],
    "triplets": [0, 1 / 3, 2 / 3, 1, 2, 2 + 1 / 3, 2 + 2 / 3, 3, 4],
    "pick-up": [-0.5, 0, 1, 1.5, 2, 3, 3.5, 4, 5, 6],
    "swing": [0, 2 / 3, 1, 1 + 2 / 3, 2, 3, 3 + 2 / 3, 4, 4 + 2 / 3, 5, 6],
}


def play(beats: list[float], bpm: float, seed: int, jitter: float = 0.008) -> list[Note]:
    rng = random.Random(seed)  # noqa: S311 - jitter, not a secret
    beats = [*beats, max(beats) + 1]
    return [
        Note(
            Seconds(5 + at * 60 / bpm + rng.gauss(0, jitter)),
            Seconds(5 + at * 60 / bpm + 0.85 * (after - at) * 60 / bpm),
            60,
            rng.randint(70, 80) + (8 if at == int(at) else 0),
        )
        for at, after in pairwise(beats)
    ]


@pytest.mark.parametrize("bpm", [76, 88, 100, 112, 126])
@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_the_next_beats_are_the_players_own(rhythm: str, bpm: float) -> None:
    for seed in range(5):
        pulse = find_pulse(strike_times(play(RHYTHMS[rhythm], bpm, seed)))
        assert pulse.timeline.bpm == pytest.approx(bpm, rel=0.03)
        due = 5 + (int(max(RHYTHMS[rhythm])) + 2) * 60 / bpm
        ahead = pulse.timeline.time_at(pulse.timeline.next_beat(Seconds(due - 0.1)))
        assert ahead == pytest.approx(due, abs=0.06)


def test_a_player_who_slows_down_is_followed() -> None:
    at, onsets = 5.0, []
    for beat in range(12):
        onsets.append(at)
        at += 0.5 * 1.01**beat
    notes = [Note(Seconds(onset), Seconds(onset + 0.3), 60, 80) for onset in onsets]
    timeline = find_pulse(strike_times(notes)).timeline
    assert timeline.time_at(timeline.next_beat(Seconds(at - 0.2))) == pytest.approx(at, abs=0.08)


def test_halves_and_doubles_are_settled_where_people_tap() -> None:
    assert find_pulse(strike_times(play([i / 2 for i in range(16)], 60, 1))).timeline.bpm == pytest.approx(
        120, rel=0.03
    )
    assert find_pulse(strike_times(play(list(range(16)), 200, 1))).timeline.bpm == pytest.approx(100, rel=0.03)


def test_a_fixed_tempo_is_taken_as_it_is() -> None:
    assert find_pulse(strike_times(play(RHYTHMS["mixed"], 100, 1)), bpm=97).timeline.bpm == pytest.approx(97)


def test_the_last_tempo_settles_what_the_notes_leave_open() -> None:
    notes = [Note(Seconds(5 + i * 0.45), Seconds(5.2 + i * 0.45), 60, 80) for i in range(4)]
    assert find_pulse(strike_times(notes), last_bpm=133).timeline.bpm == pytest.approx(133, rel=0.03)


def test_a_single_note_has_a_beat_and_no_confidence() -> None:
    pulse = find_pulse(strike_times([Note(Seconds(3.0), Seconds(3.5), 60, 80)]))
    assert pulse.timeline.bpm == pytest.approx(100)
    assert pulse.timeline.time_at(pulse.timeline.next_beat(Seconds(2.9))) == pytest.approx(3.0)
    assert pulse.confidence == 0


def test_a_chord_is_one_onset_that_stands_out() -> None:
    single, chord = (
        strike_times(
            [Note(Seconds(i * 0.5 + j * 0.01), Seconds(i * 0.5 + 0.4), 60 + j, 80) for i in range(4) for j in js]
        )
        for js in ([0], [0, 1, 2])
    )
    assert len(single) == len(chord) == 4
    assert all(many.weight > one.weight for one, many in zip(single, chord, strict=True))


@given(
    st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 30), st.integers(1, 127)), min_size=1, max_size=60),
    st.none() | st.floats(20, 400),
    st.none() | st.floats(20, 400),
)
def test_anything_played_has_a_sane_beat(
    played: list[tuple[float, float, int]], bpm: float | None, last_bpm: float | None
) -> None:
    notes = sorted(
        (Note(Seconds(at), Seconds(at + length), 60, velocity) for at, length, velocity in played),
        key=lambda note: note.onset,
    )
    pulse = find_pulse(strike_times(notes), bpm, last_bpm)
    assert math.isfinite(pulse.timeline.origin)
    if bpm:
        assert pulse.timeline.bpm == pytest.approx(bpm)
    else:
        slowest, fastest = min(SLOWEST_BPM, last_bpm or SLOWEST_BPM), max(FASTEST_BPM, last_bpm or FASTEST_BPM)
        assert slowest / 1.3 <= pulse.timeline.bpm <= fastest * 1.3
    assert 0 <= pulse.confidence <= 1
