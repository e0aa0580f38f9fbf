"""The beat that is kept by an ear's word: it follows small differences, stands firm against single large ones, and ends
up where it is told to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.ear import Heard
from improvd.core.tracker_filter import Guess
from improvd.core.tracker_kept import DOUBT, LIKE, LONGEST_WAIT, HeardBeat, Kept, exact

shares = st.floats(0.0, 1.0)
periods = st.floats(0.22, 2.4)


def heard(phase: float, period: float = 0.5, sure: float = 1.0) -> Heard:
    return Heard(beat=0.5, period=period, period_sure=sure, phase=phase % 1.0, phase_sure=1.0)


@given(st.lists(st.tuples(st.floats(0.0, 5.0), shares, periods, shares, st.booleans()), min_size=1, max_size=60))
def test_beats_come_after_one_another_whatever_is_heard(notes: list[tuple[float, float, float, float, bool]]) -> None:
    beat, at = HeardBeat(), 0.0
    for gap, phase, period, sure, new in notes:
        at += gap
        kept = beat.hear(at, heard(phase, period, sure), new=new)
        assert 0.2 < kept.period < 2.5
        following = kept.next(at)
        assert at <= following <= at + kept.period * (1 + 1e-9)
        assert kept.next(following + 1e-6) == pytest.approx(following + kept.period)


@given(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9), shares)
def test_a_small_difference_is_made_half_as_small_at_most(phase: float, period: float, sure: float) -> None:
    """What is heard to be off within `LIKE` moves the beat towards it, and never past it."""
    beat = HeardBeat()
    beat.hear(10.0, heard(0.0), new=True)
    longer = 2.0 ** (period * LIKE)
    kept = beat.hear(10.5, heard(phase * LIKE, 0.5 * min(longer, 1.2), sure), new=True)
    moved = (kept.turn(10.5) + 0.5) % 1.0 - 0.5
    assert min(0.0, phase * LIKE) - 1e-9 <= moved <= max(0.0, phase * LIKE) + 1e-9
    assert min(1.0, longer) - 1e-9 <= kept.period / 0.5 <= max(1.0, longer) + 1e-9


def test_other_beats_are_taken_up_once_enough_notes_mean_them() -> None:
    beat = HeardBeat()
    for step in range(8):
        beat.hear(step * 0.5, heard(0.0), new=True)
    times = [4.0 + step * 0.5 for step in range(round(DOUBT) + 1)]
    turns = [beat.hear(at, heard(0.5), new=True).turn(at) for at in times]
    assert turns[: round(DOUBT) - 1] == pytest.approx([0.0] * (round(DOUBT) - 1), abs=1e-6)
    assert turns[-1] == pytest.approx(0.5)


def test_a_stray_note_now_and_then_changes_nothing() -> None:
    beat = HeardBeat()
    for step in range(100):
        kept = beat.hear(step * 0.5, heard(0.5 if step % 3 == 2 else 0.0), new=True)
        assert kept.turn(step * 0.5) == pytest.approx(0.0, abs=1e-6)


def test_a_guess_of_the_filter_that_means_the_same_beats_tells_them_more_exactly() -> None:
    kept = Kept(10.02, 0.51, LONGEST_WAIT)
    other = Guess(0.6, 10.0, 1.0, 1e-5, 0.0, 1e-6, 0)
    same = Guess(0.3, 10.25, 0.5, 1e-5, 0.0, 1e-6, 12)
    assert exact(kept, [other, same], 10.3).period == 0.5
    assert exact(kept, [other, same], 10.3).next(10.3) == pytest.approx(10.5)
    assert exact(kept, [other], 10.3) is kept
