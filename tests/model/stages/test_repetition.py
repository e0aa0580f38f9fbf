from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.model.draft import Draft
from improvd.model.stages.repetition import PERIODS, RUN, Repetition, longest_echo, longest_run, rounds
from tests.model.asking import asked_after

PITCHES = st.lists(st.integers(60, 63), min_size=1, max_size=60)


def ruled_out(stage: Repetition) -> list[int]:
    logits = np.zeros(128, dtype=np.float32)
    stage.bend(logits, 0, [0] * 7)
    assert set(logits.tolist()) <= {0.0, -np.inf}
    return np.flatnonzero(np.isneginf(logits)).tolist()


def tell(stage: Repetition, pitches: list[int]) -> None:
    for pitch in pitches:
        stage.hear(0, [12, pitch, 5, 10, 0, 0, 0])


@pytest.mark.parametrize(
    "figure", [[60], [60, 64], [60, 64, 67], [60, 67, 64, 67], [48, 55, 60, 64, 67, 72], list(range(50, 62))]
)
def test_a_figure_comes_so_often_and_no_more(figure: list[int]) -> None:
    stage = Repetition(Draft(asked_after(62, 65)))
    tell(stage, figure * rounds(len(figure)))
    assert ruled_out(stage) == [figure[0]]
    tell(stage, [72])
    assert ruled_out(stage) == []


def test_before_it_has_had_its_share_nothing_is_ruled_out() -> None:
    stage = Repetition(Draft(asked_after(62, 65)))
    tell(stage, [60, 64] * (RUN - 1) + [60])
    assert ruled_out(stage) == []


def test_what_the_call_did_may_be_done() -> None:
    stage = Repetition(Draft(asked_after(*[60, 64] * 12)))
    tell(stage, [60, 64] * 11 + [60])
    assert ruled_out(stage) == []
    tell(stage, [64])
    assert ruled_out(stage) == [60]


@given(PITCHES, st.sampled_from(PERIODS))
def test_an_echo_is_counted_note_by_note(pitches: list[int], period: int) -> None:
    longest = longest_echo(pitches, period)
    assert 0 <= longest <= max(0, len(pitches) - period)
    slices = (pitches[first : first + longest + period] for first in range(len(pitches) - longest - period + 1))
    assert longest == 0 or any(one[period:] == one[:longest] for one in slices)


@given(PITCHES)
def test_a_run_is_the_longest_of_its_kind(pitches: list[int]) -> None:
    text = "".join(chr(pitch) for pitch in pitches)
    longest = longest_run(pitches)
    assert any(chr(pitch) * longest in text for pitch in pitches)
    assert not any(chr(pitch) * (longest + 1) in text for pitch in pitches)
    assert longest_run([]) == 0
