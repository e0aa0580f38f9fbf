"""Rates and the time left, in virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.train import events
from improvd.train.progress import MEMORY, OFTEN, Pace, stage


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_stage_is_told_from_its_beginning_to_its_end() -> None:
    clock, told = Clock(), list[events.Event]()
    with stage(told.append, "reading", unit="files", total=80, clock=clock) as progress:
        for done in (0, 10, 20):
            progress.update(done)
            clock.now += 5.0
    assert told == [
        events.Stage("reading", "files", 80),
        events.Progress("reading", "files", 0, 80, 0.0, None, None),
        events.Progress("reading", "files", 10, 80, 0.125, 2.0, 35.0),
        events.Progress("reading", "files", 20, 80, 0.25, 2.0, 30.0),
        events.Stage("reading", "files", 80, done=20, seconds=15.0),
    ]


def test_where_the_whole_is_a_span_of_time_its_share_tells_what_is_left() -> None:
    clock, told = Clock(), list[events.Event]()
    with stage(told.append, "fitting", unit="notes", clock=clock) as progress:
        # Taken up again in the middle: what was done before is no work of these seconds.
        progress.update(500_000, share=0.5)
        clock.now += 60.0
        progress.update(620_000, share=0.6, text="epoch 3")
    last = told[2]
    assert isinstance(last, events.Progress)
    assert (last.total, last.rate, last.text) == (None, 2000.0, "epoch 3")
    assert last.seconds_left == pytest.approx(240.0)


def test_what_failed_has_no_end() -> None:
    told: list[events.Event] = []
    with pytest.raises(ZeroDivisionError), stage(told.append, "reading"):
        raise ZeroDivisionError
    assert told == [events.Stage("reading")]


def test_no_more_is_told_than_there_is_use_for_but_always_the_end() -> None:
    clock, told = Clock(), list[events.Event]()
    with stage(told.append, "reading", unit="files", total=10_000, clock=clock) as progress:
        for done in range(10_001):
            progress.update(done)
            clock.now += 0.001
    shares = [event.share for event in told if isinstance(event, events.Progress)]
    assert shares[-1] == 1.0
    assert len(shares) <= 10 / OFTEN + 2


def test_a_rate_forgets_how_fast_it_began() -> None:
    clock = Clock()
    pace = Pace(clock)
    for value in range(1000):
        pace.mark(value)  # a thousand at once, as out of a cache
    for value in range(1000, 1100):
        clock.now += 1.0
        pace.mark(value)
    assert pace.rate == pytest.approx(1.0)


def test_slow_work_has_a_rate_too() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.mark(0)
    assert pace.rate is None
    clock.now += 10 * MEMORY
    pace.mark(1)
    assert pace.rate == pytest.approx(1 / (10 * MEMORY))


@given(
    steps=st.lists(st.tuples(st.floats(0.01, 100), st.floats(0.01, 1000)), min_size=2, max_size=60),
)
def test_a_rate_lies_between_the_slowest_and_the_fastest(steps: list[tuple[float, float]]) -> None:
    clock = Clock()
    pace = Pace(clock)
    value = 0.0
    pace.mark(value)
    for seconds, more in steps:
        clock.now += seconds
        value += more
        pace.mark(value)
    rates = [more / seconds for seconds, more in steps]
    assert pace.rate is not None
    assert min(rates) * 0.999 <= pace.rate <= max(rates) * 1.001
