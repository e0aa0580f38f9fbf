"""Ticks of a clock, through all that happens to them on a cable."""

from __future__ import annotations

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Beats, Seconds
from improvd.core.ticks import TickFollower
from tests.core.clocks import VirtualClock

TEMPI = (60.0, 97.3, 120.0, 174.0)
AHEAD = 12  # ticks: a note is planned about half a beat ahead of its time


def errors(clock: VirtualClock, seconds: float, settling: float = 3.0) -> list[float]:
    """How far from the truth each tick was put, half a beat before it came."""
    follower = TickFollower()
    foretold: dict[int, float] = {}
    for at in clock.ticks(clock.start + seconds):
        follower.hear(at)
        followed = follower.followed
        if followed and at > clock.start + settling:
            tick = followed.count + AHEAD
            foretold[tick] = followed.timeline.time_at(Beats(tick / 24))
    return sorted(abs(at - clock.true[tick]) for tick, at in foretold.items() if tick < len(clock.true))


@pytest.mark.parametrize("bpm", TEMPI)
def test_five_milliseconds_of_jitter_leave_one(bpm: float) -> None:
    found = errors(VirtualClock(bpm, jitter=0.005), 30)
    assert median(found) < 0.001
    assert found[-1] < 0.004


@pytest.mark.parametrize("bpm", TEMPI)
@pytest.mark.parametrize("ramp", [10.0, -10.0])
def test_a_ramp_is_followed(bpm: float, ramp: float) -> None:
    found = errors(VirtualClock(bpm, jitter=0.003, ramp=ramp), 60)
    assert median(found) < 0.005
    assert found[-len(found) // 100] < 0.012


@pytest.mark.parametrize("bpm", TEMPI)
def test_lost_ticks_are_counted(bpm: float) -> None:
    lost = frozenset({100, 171, 260, 261, 300, 301, 302})
    found = errors(VirtualClock(bpm, jitter=0.005, lost=lost), 40)
    assert median(found) < 0.001
    assert found[-len(found) // 20] < 0.004  # for a few ticks it may be either


def test_a_tick_too_many_is_left_out() -> None:
    clock, follower = VirtualClock(120.0), TickFollower()
    for number, at in enumerate(clock.ticks(10.0)):
        follower.hear(at)
        if number in (200, 300):
            follower.hear(Seconds(at + 0.001))
    followed = follower.followed
    assert followed is not None
    assert followed.count == len(clock.true) - 1


@pytest.mark.parametrize("factor", [0.5, 0.7, 0.9, 1.1, 1.5, 2.0])
def test_a_jump_of_tempo_is_caught_within_two_beats(factor: float) -> None:
    before, follower = VirtualClock(120.0, jitter=0.0005), TickFollower()
    for at in before.ticks(10.0):
        follower.hear(at)
    after = VirtualClock(120.0 * factor, start=before.true[-1] + 0.5 / 24, jitter=0.0005, seed=1)
    for at in after.ticks(12.0 + 2 / factor):
        follower.hear(at)
    followed = follower.followed
    assert followed is not None
    assert followed.timeline.bpm == pytest.approx(120 * factor, rel=0.01)
    tick = followed.timeline.beat_at(Seconds(after.true[-1])) * 24
    assert tick == pytest.approx(round(tick), abs=0.1)


def test_the_tempo_is_known_from_the_second_tick_and_after_a_restart_from_the_first() -> None:
    follower = TickFollower()
    follower.hear(Seconds(1.0))
    assert follower.followed is None
    follower.hear(Seconds(1.025))
    assert follower.followed is not None
    for tick in range(2, 50):
        follower.hear(Seconds(1.0 + tick * 0.025))
    follower.restart()
    assert follower.followed is None
    assert follower.next_count == 50
    follower.hear(Seconds(7.0))
    followed = follower.followed
    assert followed is not None
    assert followed.timeline.time_at(Beats(50 / 24)) == pytest.approx(7.0)
    assert followed.timeline.bpm == pytest.approx(100, rel=0.001)


def test_a_gap_of_seconds_is_bridged() -> None:
    clock, follower = VirtualClock(97.3, jitter=0.002), TickFollower()
    for at in clock.ticks(20.0):
        if not 10.0 < at < 13.5:
            follower.hear(at)
    followed = follower.followed
    assert followed is not None
    assert followed.count == len(clock.true) - 1


@given(st.lists(st.floats(0.0, 1.0) | st.sampled_from([0.0, 0.0208, 1e-9, 50.0, 1e9]), max_size=120), st.data())
def test_whatever_comes_there_is_a_tempo_that_a_clock_may_have(gaps: list[float], data: st.DataObject) -> None:
    follower, at = TickFollower(), 0.0
    restarts = data.draw(st.sets(st.integers(0, 120), max_size=3))
    for number, gap in enumerate(gaps):
        at += gap
        if number in restarts:
            follower.restart()
        follower.hear(Seconds(at))
        followed = follower.followed
        if followed is not None:
            assert 19.9 < followed.timeline.bpm < 401
            assert follower.next_count == followed.count + 1
            assert followed.error >= 0
