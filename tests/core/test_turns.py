"""When a call is over, and how long its answer is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Beats, Note, Seconds
from improvd.core.settings import EngineSettings
from improvd.core.turns import (
    SILENCE,
    SINCE_ONSET,
    SINCE_RELEASE,
    SLOWEST,
    answer_length,
    call_over_at,
    intervals,
    silence_asked,
)

SETTINGS = EngineSettings()
TEMPO = 0.6
"""Seconds from beat to beat."""


def line(*onsets: float, length: float = 0.1) -> list[Note]:
    return [Note(Seconds(at), Seconds(at + length), 60, 80) for at in onsets]


def over(notes: list[Note], *, pedal: bool = False, beat: float = TEMPO, patience: float = 1.0) -> float:
    return call_over_at(notes, Seconds(beat), pedal=pedal, patience=patience)


def test_a_chord_is_one_onset() -> None:
    assert intervals(line(1.0, 1.01, 1.02, 1.5, 1.53)) == [0.5]


def test_fast_playing_is_answered_sooner_than_slow_playing() -> None:
    fast = over(line(0, 0.15, 0.3, 0.45)) - 0.45
    slow = over(line(0, 0.6, 1.2, 1.8)) - 1.8
    assert 0.5 < fast < 0.75 < slow < 1.0


def test_a_call_is_over_where_its_silence_weighs_what_is_asked_for() -> None:
    notes = line(0, 0.6, 1.2, 1.8, length=0.5)
    since_release = over(notes) - notes[-1].offset
    since_onset = over(notes) - notes[-1].onset
    asked = silence_asked(notes, Seconds(TEMPO), pedal=False, patience=1.0)
    assert since_onset**SINCE_ONSET * since_release**SINCE_RELEASE == pytest.approx(asked, rel=0.001)


def test_who_paused_once_may_pause_again() -> None:
    """An interval of a while ago counts, more so one of just now, and a very long one no more than a long one."""
    even = [0.3 * index for index in range(16)]
    paused = [at if at < 1.5 else at + 0.9 for at in even]
    just_now = [at if at < 4.0 else at + 0.9 for at in even]
    slept = [at if at < 4.0 else at + 9.0 for at in even]
    waits = [over(line(*onsets)) - onsets[-1] for onsets in (even, paused, just_now, slept)]
    assert waits == sorted(waits)
    assert len(set(waits)) == 4
    longest = silence_asked(line(0, SLOWEST, SLOWEST + 0.3), Seconds(TEMPO), pedal=False, patience=1.0)
    assert silence_asked(line(0, 20, 20.3), Seconds(TEMPO), pedal=False, patience=1.0) == longest


def test_a_single_note_is_a_call() -> None:
    assert 0.5 < over(line(0)) < 1.2


@pytest.mark.parametrize("beat", [0.15, TEMPO, 3.0])
@pytest.mark.parametrize("step", [0.05, 0.6, 9.0])
def test_silence_is_bounded(step: float, beat: float) -> None:
    notes = line(0, step, 2 * step, length=step)
    assert over(notes, beat=beat) - notes[-1].offset < SILENCE * 1.8


def test_patience_multiplies_what_is_asked_for() -> None:
    notes = line(0, 0.3, 0.6, 0.9)
    asked = [silence_asked(notes, Seconds(TEMPO), pedal=False, patience=patience) for patience in (0.5, 1.0, 3.0)]
    assert asked == pytest.approx([asked[1] / 2, asked[1], asked[1] * 3])
    assert over(notes, patience=0.5) < over(notes) < over(notes, patience=3.0)


def test_a_pedal_delays_a_little() -> None:
    notes = line(0, 0.3, 0.6, 0.9)
    assert over(notes) < over(notes, pedal=True) < over(notes) + 0.3


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 4)), min_size=1), st.booleans(), st.floats(0.3, 1.5))
def test_a_call_never_ends_before_its_keys_are_up_nor_much_later(
    keys: list[tuple[float, float]], pedal: bool, beat: float
) -> None:
    notes = sorted((Note(Seconds(at), Seconds(at + held), 60, 80) for at, held in keys), key=lambda note: note.onset)
    up = max(note.offset for note in notes)
    end = over(notes, pedal=pedal, beat=beat)
    assert up < end <= up + silence_asked(notes, Seconds(beat), pedal=pedal, patience=1.0)


@pytest.mark.parametrize(("call", "answer"), [(0.1, 2), (3.9, 4), (4.1, 4), (4.6, 5), (16, 16), (500, 64)])
def test_an_answer_is_about_as_long_as_its_call(call: float, answer: float) -> None:
    assert answer_length(Beats(call), SETTINGS) == answer


@given(st.floats(0, 1e4))
def test_an_answer_is_at_least_half_its_call_within_the_bars_allowed(call: float) -> None:
    length = answer_length(Beats(call), SETTINGS)
    assert length >= min(call / 2, SETTINGS.max_bars * SETTINGS.beats_per_bar)
    assert length == int(length)
