from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Beats
from improvd.core.manner import Manner
from improvd.model.draft import Draft
from improvd.model.improviser import Improviser
from improvd.model.stages.ending import EndingLength, EndingOnset, EndingPitch, Place, ending, place
from improvd.model.tokens import DURATIONS, INTERVALS
from tests.model.asking import asked_after, request
from tests.model.tiny_model import tiny_bundle

SCALE = (60, 62, 64, 65, 67, 64, 62, 60)


@pytest.mark.parametrize(
    ("beats_per_bar", "downbeat", "longest_gap", "expected"),
    [
        (4.0, None, 4.0, Place(6 * 24, 48)),  # the middle of the last bar, counted from the answer's first note
        (4.0, 3.0, 4.0, Place(7 * 24, 24)),  # the first beat of the bar after beat 3's
        (3.0, None, 4.0, Place(7 * 24, 24)),  # the first beat of a bar
        (4.0, None, 1.5, Place(7 * 24, 24)),  # no strong beat is near enough to the end
        (4.0, None, 0.5, None),
    ],
)
def test_it_ends_on_the_last_strong_beat_that_leaves_a_beat(
    beats_per_bar: float, downbeat: float | None, longest_gap: float, expected: Place | None
) -> None:
    asked = replace(request(), beats_per_bar=Beats(beats_per_bar), downbeat=downbeat, longest_gap=Beats(longest_gap))
    assert place(Draft(asked)) == expected


def test_only_the_last_segment_ends() -> None:
    assert place(Draft(replace(request(), end=Beats(12.0)))) is None
    assert ending(Draft(replace(request(), end=Beats(12.0)))) == []
    assert ending(Draft(replace(request(), manner=Manner(ending=0.0)))) == []


def test_it_does_not_pass_its_place_and_stays_there() -> None:
    draft = Draft(asked_after(*SCALE))
    stage = EndingOnset(draft, Place(144, 48))
    logits = np.zeros(len(INTERVALS), dtype=np.float32)
    stage.bend(logits, 120, [0] * 7)
    assert set(INTERVALS[logits == 0].tolist()) == set(range(25))
    logits[:] = 0.0
    stage.bend(logits, 144, [0] * 7)
    assert INTERVALS[logits == 0].tolist() == [
        interval for interval in INTERVALS.tolist() if interval not in range(1, 48)
    ]
    logits[:] = 0.0
    stage.bend(logits, 150, [0] * 7)
    assert not logits.any()


def test_it_leans_to_the_tonic_and_to_a_long_note_there_and_nowhere_else() -> None:
    draft = Draft(asked_after(*SCALE))
    where = Place(144, 48)
    pitches, lengths = np.zeros(128, dtype=np.float32), np.zeros(len(DURATIONS), dtype=np.float32)
    for onset in (120, 144):
        assert not pitches.any()
        EndingPitch(draft, where).bend(pitches, onset, [0] * 7)
        EndingLength(draft, where).bend(lengths, onset, [0] * 7)
    assert pitches[60:72].argmax() == 0
    assert pitches[64] > pitches[65]
    assert pitches[67] > pitches[66]
    assert DURATIONS[lengths < 0].max() < 0.7 * 48 <= DURATIONS[lengths == 0].min()


@given(st.integers(0, 50))
def test_where_the_knob_stands_at_1_every_answer_ends_so(seed: int) -> None:
    sure = Manner(ending=1.0, similarity=0.0)
    asked = asked_after(*SCALE, seed=seed, manner=sure, longest_gap=Beats(4.0), least_notes=0)
    notes = Improviser(tiny_bundle(), lambda: asked.start - asked.start).answer(asked).notes
    last = notes[-1]
    assert last.onset == asked.end - 2.0
    assert last.duration >= 0.7 * 2.0
    assert last.pitch % 12 in {0, 4, 7}
