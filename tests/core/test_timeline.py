"""The map from seconds to beats and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Beats, Seconds
from improvd.core.timeline import Timeline

TIMELINES = st.builds(
    Timeline,
    st.floats(-1e6, 1e6).map(Seconds),
    st.floats(0.2, 3.0).map(Seconds),
)


def test_beats_lie_where_the_tempo_puts_them() -> None:
    timeline = Timeline(Seconds(10.0), Seconds(0.5))
    assert timeline.bpm == 120
    assert timeline.time_at(Beats(4)) == 12.0
    assert timeline.beat_at(Seconds(9.5)) == -1
    assert timeline.next_beat(Seconds(10.1)) == 1
    assert timeline.next_beat(Seconds(10.5)) == 1


@given(TIMELINES, st.floats(-1e6, 1e6))
def test_the_next_beat_is_the_first_not_before(timeline: Timeline, after: float) -> None:
    beat = timeline.next_beat(Seconds(after))
    assert beat == int(beat)
    assert timeline.time_at(beat) >= after
    assert timeline.time_at(Beats(beat - 1)) < after


@given(TIMELINES, st.integers(-100_000, 100_000))
def test_a_beat_is_its_own_next_beat(timeline: Timeline, beat: int) -> None:
    assert timeline.next_beat(timeline.time_at(Beats(beat))) == beat


@given(TIMELINES, st.floats(-1e5, 1e5))
def test_beats_come_back_as_they_went(timeline: Timeline, beat: float) -> None:
    assert timeline.beat_at(timeline.time_at(Beats(beat))) == pytest.approx(beat, abs=1e-6)
