"""What a player played, on the grid."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import TICKS_PER_BEAT, BeatNote, Beats
from improvd.model.hearing import TOGETHER, hear, straighten


def straightened(*onsets: float) -> list[float]:
    return straighten(np.array(onsets)).tolist()


def test_what_is_played_near_sixteenths_is_taken_for_them() -> None:
    assert straightened(-1.2, 5.1, 13.6, 17.2) == [0, 6, 12, 18]


def test_what_is_played_near_triplets_is_taken_for_them() -> None:
    assert straightened(0.4, 7.1, 16.9) == [0, 8, 16]


def test_a_chord_whose_keys_went_down_one_after_the_other_is_one_onset() -> None:
    assert straightened(11, 12, 13.4) == [12, 12, 12]


def test_sextuplets_are_no_chords_though_each_lies_near_a_sixteenth() -> None:
    assert straightened(0, 4, 8, 12, 16, 20) == [0, 4, 8, 12, 16, 20]
    assert straightened(0.4, 3.6, 8.3, 12, 15.5, 20.2) == [0, 4, 8, 12, 16, 20]
    assert straightened(4, 8) == [4, 8]


def test_a_hornpipe_swings() -> None:
    assert straightened(0, 8, 12, 20) == [0, 8, 12, 20]
    assert straightened(-0.5, 7.6, 12.3, 20.4) == [0, 8, 12, 20]


def test_a_late_sixteenth_is_one() -> None:
    assert straightened(0.2, 7.2, 12.4, 18) == [0, 6, 12, 18]


@given(st.lists(st.floats(0, 10 * TICKS_PER_BEAT), min_size=1, max_size=40))
def test_two_onsets_stay_two(onsets: list[float]) -> None:
    ordered = sorted(onsets)
    moved = straighten(np.array(ordered)).tolist()
    assert all(abs(one - other) <= 2.0 for one, other in zip(ordered, moved, strict=True))
    for (early, late), (first, second) in zip(pairwise(ordered), pairwise(moved), strict=True):
        assert late - early <= TOGETHER or first < second


def test_our_own_notes_lie_on_ticks_already() -> None:
    ours = [BeatNote(Beats(tick / TICKS_PER_BEAT), Beats(0.5), 60, 80) for tick in (1, 5, 11)]
    assert hear(ours, 0).onset.tolist() == [1, 5, 11]
