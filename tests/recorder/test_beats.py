"""The beats of a recording: each turn's own where it was, whole beats between."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Beats, Seconds
from improvd.recorder import journal
from improvd.recorder.beats import STRETCH, Map, beat_map
from improvd.recorder.journal import Beat, Turn
from tests.recorder.takes import take, turn, written


def turns(*takes: list[str]) -> list[Turn]:
    return journal.read(written(*(line for lines in takes for line in lines))).turns


def beats(found: Map, *times: float) -> list[float]:
    return [found.beat_at(at) for at in times]


def test_a_turn_falls_on_its_own_beats_from_the_first_note_on() -> None:
    found = beat_map(turns(take(11.0, 0.5)), Seconds(11.0))
    assert beats(found, 11.0, 11.5, 11.75, 14.0) == pytest.approx([0, 1, 1.5, 6])
    assert [period for _, period in found.tempi()] == pytest.approx([0.5, 0.5])


def test_what_was_played_before_has_whole_bars_of_the_same_beat() -> None:
    found = beat_map(turns(take(11.0, 0.5)), Seconds(10.2))
    assert beats(found, 10.2, 11.0, 11.5) == pytest.approx([1.4, 3, 4])


def test_a_bar_begins_on_the_downbeat_that_is_known() -> None:
    found = beat_map(turns(take(11.0, 0.5, downbeat=-1.0)), Seconds(11.0))
    assert beats(found, 11.0, 12.0) == pytest.approx([1, 3])


def test_the_gap_between_turns_is_filled_with_whole_beats() -> None:
    found = beat_map(turns(take(11.0, 0.5), take(17.7, 0.4)), Seconds(11.0))
    # The first ends at beat 10, which is 16.0; 1.7 s are 4.25 beats of the second.
    assert beats(found, 16.0, 17.7, 18.1, 18.5) == pytest.approx([10, 14, 15, 16])
    assert [(beat, round(period, 4)) for beat, period in found.tempi()] == [(0, 0.5), (10, 0.425), (14, 0.4), (24, 0.4)]


def test_the_gap_is_filled_so_that_bars_go_on() -> None:
    found = beat_map(turns(take(11.0, 0.5, downbeat=0.0), take(17.7, 0.4, downbeat=0.0)), Seconds(11.0))
    # Bars are of three: of beats 12 and 15, 15 is nearer to 14.25.
    assert beats(found, 17.7, 18.1) == pytest.approx([15, 16])


def test_an_answer_that_is_cut_short_by_the_next_call_stays_in_its_beat() -> None:
    first = [*take(11.0, 0.5)[:-1], journal.turn({**turn(11.0, 0.5, reason="interrupted"), "response_end": 14.6})]
    found = beat_map(turns(first, take(14.6, 0.4)), Seconds(11.0))
    assert beats(found, 14.0, 14.5) == pytest.approx([6, 7])
    # From the next beat of the new call on it is the new one's.
    assert (found.beat_at(15.4) - found.beat_at(15.0)) == pytest.approx(1)
    assert found.beat_at(15.0) == round(found.beat_at(15.0))


def test_without_a_beat_time_runs_by_the_clock() -> None:
    assert beats(beat_map([], Seconds(5.0)), 5.0, 6.0, 8.0) == [0, 2, 6]


BEATS = st.builds(
    Beat,
    origin=st.floats(-5, 5),
    period=st.floats(0.25, 1.5),
    bar=st.sampled_from([2.0, 3.0, 4.0, 1.5]).map(Beats),
    downbeat=st.none() | st.integers(-4, 4).map(lambda beat: Beats(float(beat))),
)


@given(
    found=st.lists(
        st.tuples(BEATS, st.floats(0.05, 6), st.floats(0, 5), st.booleans(), st.floats(-1.0, 8)), min_size=1, max_size=8
    ),
    before=st.floats(0, 10),
)
def test_whatever_was_played_the_map_goes_forward_and_turns_stay_in_their_beat(
    found: list[tuple[Beat, float, float, bool, float]], before: float
) -> None:
    """A turn's call and answer, whether it was finished, and how long after it the next begins: it may be before."""
    at, played = 20.0, []
    for beat, call, answer, finished, gap in found:
        end = at + call + answer
        reason = "finished" if finished else "interrupted"
        played.append(Turn(Seconds(at), Seconds(at + call), Seconds(at + call), Seconds(end), 3, 100.0, reason, beat))
        at = max(at + 0.01, end + gap)
    at_call, begin = 20.0, Seconds(20.0 - before)
    made = beat_map(played, begin)
    assert made.corners[0][0] <= begin + 1e-6
    for (seconds, beats_), (later, more) in zip(made.corners, made.corners[1:], strict=False):
        assert later > seconds
        assert more > beats_
    places = [made.beat_at(20.0 - before + step * 0.37) for step in range(200)]
    assert places == sorted(places)
    assert min(places) >= 0
    periods = [turn_.beat.period for turn_ in played if turn_.beat]
    for _, period in made.tempi():
        assert min(periods) / STRETCH / 2 < period < max(periods) * STRETCH * 2
    first = played[0]
    assert first.beat
    beat, period = math.ceil((at_call - first.beat.origin) / first.beat.period), first.beat.period
    if first.response_end and first.beat.origin + (beat + 1) * period < first.response_end:
        onset = first.beat.origin + beat * period
        assert made.beat_at(onset + period) - made.beat_at(onset) == pytest.approx(1)
