"""When a call is over, and how long its answer is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Beats, Note, Seconds
from improvd.core.settings import EngineSettings
from improvd.core.timeline import Timeline
from improvd.core.turns import (
    BREATH,
    MISSED,
    answer_length,
    beat_is_missed_at,
    call_ends_at,
    expected_interval,
    intervals,
)

SETTINGS = EngineSettings()


def line(*onsets: float, length: float = 0.1) -> list[Note]:
    return [Note(Seconds(at), Seconds(at + length), 60, 80) for at in onsets]


def ends(notes: list[Note], *, pedal: bool = False, period: float = 0.6) -> float:
    return call_ends_at(notes, pedal=pedal, period=Seconds(period), settings=SETTINGS)


def test_a_chord_is_one_onset() -> None:
    assert intervals(line(1.0, 1.01, 1.02, 1.5, 1.53)) == [0.5]


def test_fast_playing_is_answered_sooner_than_slow_playing() -> None:
    fast = ends(line(0, 0.15, 0.3, 0.45)) - 0.45
    slow = ends(line(0, 0.6, 1.2, 1.8)) - 1.8
    assert fast < 0.3
    assert 0.6 < slow < 1.2


def test_the_longest_recent_interval_is_what_is_expected() -> None:
    assert expected_interval(line(0, 0.6, 1.2, 1.35, 1.5, 2.1)) == pytest.approx(0.6)


@pytest.mark.parametrize(("tap", "missed"), [(1.0, 1.0 + 1 / 3), (1.5, 1.5)])
def test_the_beat_that_is_missed_is_one_that_people_tap_to(tap: float, missed: float) -> None:
    """At 180 quarters a minute, the last onset on a beat."""
    timeline = Timeline(Seconds(1.0), Seconds(1 / 3))
    settings = EngineSettings(tap=Beats(tap))
    assert beat_is_missed_at(line(0.5, 1.0), timeline, settings) == pytest.approx(missed + MISSED)


def test_silence_is_bounded() -> None:
    assert ends(line(0, 3, 6)) == pytest.approx(6 + SETTINGS.longest_silence)
    assert ends(line(0)) <= SETTINGS.longest_silence


def test_a_long_key_gets_a_breath_after_it() -> None:
    notes = [*line(0, 0.3, 0.6), Note(Seconds(0.9), Seconds(4.0), 60, 80)]
    assert ends(notes) == 4.0 + BREATH


def test_a_pedal_delays_by_no_more_than_two_beats() -> None:
    notes = line(0, 0.3, 0.6, 0.9)
    assert ends(notes) < ends(notes, pedal=True) <= ends(notes) + 2 * 0.6


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 4)), min_size=1), st.booleans(), st.floats(0.3, 1.5))
def test_a_call_never_ends_before_its_keys_are_up_nor_much_later(
    keys: list[tuple[float, float]], pedal: bool, period: float
) -> None:
    notes = sorted((Note(Seconds(at), Seconds(at + held), 60, 80) for at, held in keys), key=lambda note: note.onset)
    up = max(note.offset for note in notes)
    end = ends(notes, pedal=pedal, period=period)
    assert end >= up
    assert end <= max(notes[-1].onset + SETTINGS.longest_silence, up + BREATH) + (2 * period if pedal else 0) + 1e-9


@pytest.mark.parametrize(("call", "answer"), [(0.1, 2), (3.9, 4), (4.1, 4), (4.6, 5), (16, 16), (500, 64)])
def test_an_answer_is_about_as_long_as_its_call(call: float, answer: float) -> None:
    assert answer_length(Beats(call), SETTINGS) == answer


@given(st.floats(0, 1e4))
def test_an_answer_is_at_least_half_its_call_within_the_bars_allowed(call: float) -> None:
    length = answer_length(Beats(call), SETTINGS)
    assert length >= min(call / 2, SETTINGS.max_bars * SETTINGS.beats_per_bar)
    assert length == int(length)
