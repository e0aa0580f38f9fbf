from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Beats, Niche
from improvd.core.manner import Manner
from improvd.model.draft import Draft
from improvd.model.stages.density import MOST, Density
from improvd.model.tokens import INTERVALS
from tests.model.asking import asked_after

CALL = (60, 62, 64, 65, 67, 65, 64, 62)
START = 4 * 24


def tilt(played: int, *, ticks: int, density: float | None = 1.0) -> float:
    """Nats for each doubling of an interval, after so many notes in so many ticks; the call had one in 12."""
    stage = Density(Draft(asked_after(*CALL, manner=Manner(density=density))))
    for number in range(played):
        stage.hear(START + number * ticks // max(1, played), [12, 60, 5, 10, 0, 0, 0])
    logits = np.zeros(len(INTERVALS), dtype=np.float32)
    stage.bend(logits, START + ticks, [0] * 7)
    return float(logits[1])  # an interval of 1 tick is one doubling from nothing


def test_the_calls_own_density_is_left_alone() -> None:
    assert abs(tilt(9, ticks=96)) < 0.01


def test_too_many_notes_lean_to_longer_intervals_and_too_few_to_shorter_ones() -> None:
    assert tilt(30, ticks=96) > tilt(15, ticks=96) > 0 > tilt(4, ticks=96) > tilt(1, ticks=96)


def test_another_density_than_the_calls_is_leant_to_from_the_first_note_on() -> None:
    assert tilt(1, ticks=0, density=2.0) < 0 < tilt(1, ticks=0, density=0.5)


def test_what_was_heard_before_the_answer_is_not_counted() -> None:
    stage = Density(Draft(asked_after(*CALL)))
    for number in range(50):
        stage.hear(number, [1, 60, 5, 10, 0, 0, 0])
    stage.hear(START, [12, 60, 5, 10, 0, 0, 0])
    logits = np.zeros(len(INTERVALS), dtype=np.float32)
    stage.bend(logits, START, [0] * 7)
    assert np.allclose(logits, 0.0)


def beside(density: float | None, since: float = 0.0) -> Density:
    """Beside somebody who has two notes a beat, where nothing of ours was heard."""
    return Density(Draft(asked_after(*CALL, niche=Niche(None, None, density, Beats(since)))))


def test_beside_a_player_so_many_notes_a_beat_are_leant_to_as_there_is_room_for() -> None:
    leans = []
    for density in (0.5, 1.0, 2.0, 4.0, None):
        logits = np.zeros(len(INTERVALS), dtype=np.float32)
        beside(density).bend(logits, START, [0] * 7)
        leans.append(round(float(logits[1]), 3))
    assert leans[0] > leans[1] > leans[2] > leans[3]
    assert leans[2] == leans[4]  # as many as they have


def test_beside_a_player_what_we_played_long_ago_is_not_made_up_for() -> None:
    fresh, busy = beside(2.0, since=3.0), beside(2.0, since=3.0)
    for number in range(40):
        busy.hear(2 * 24 - number, [1, 60, 5, 10, 0, 0, 0])
    logits = np.zeros((2, len(INTERVALS)), dtype=np.float32)
    fresh.bend(logits[0], START, [0] * 7)
    busy.bend(logits[1], START, [0] * 7)
    assert np.allclose(logits[0], logits[1])


@given(st.integers(0, 300), st.integers(0, 5000), st.floats(0.25, 4))
def test_it_never_leans_beyond_reason(played: int, ticks: int, density: float) -> None:
    assert abs(tilt(played, ticks=ticks, density=density)) <= MOST + 1e-6
