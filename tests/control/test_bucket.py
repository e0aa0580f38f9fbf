"""How much one visitor may ask."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from improvd.control.bucket import Bucket


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 20)), max_size=60))
def test_never_more_than_the_burst_and_the_rate_since(steps: list[tuple[float, int]]) -> None:
    bucket, now, taken = Bucket(10.0, 25.0, 0.0), 0.0, 0
    for pause, cost in steps:
        now += pause
        if bucket.takes(cost, now):
            taken += cost
        assert taken <= 25 + 10 * now + 1e-6


def test_what_was_refused_is_not_paid_for_and_is_possible_later() -> None:
    bucket = Bucket(10.0, 20.0, 0.0)
    assert bucket.takes(20, 0.0)
    assert not bucket.takes(5, 0.4)
    assert bucket.takes(5, 0.5)
