"""Metres by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.meter import Meter, meter_named


@pytest.mark.parametrize(
    ("text", "meter", "beats"),
    [("3/4", Meter(3, 4), 3), ("6/8", Meter(6, 8), 3), (" 2 / 2 ", Meter(2, 2), 4), ("5", Meter(5, 4), 5)],
)
def test_a_bar_is_counted_in_quarters(text: str, meter: Meter, beats: float) -> None:
    assert meter_named(text) == meter
    assert meter.bar == beats


@pytest.mark.parametrize(
    ("text", "tap"), [("3/4", 1), ("6/8", 1.5), ("3/8", 1.5), ("12/16", 0.75), ("2/2", 2), ("7/8", 1), ("1/8", 0.5)]
)
def test_what_is_tapped_to(text: str, tap: float) -> None:
    assert meter_named(text).tap == tap


@pytest.mark.parametrize("text", ["", "0/4", "17/4", "3/5", "3/", "/4", "3/4/4", "-3/4", "waltz", "3.5", "٣/٤"])
def test_what_is_no_metre_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="as 3/4"):
        meter_named(text)


@given(st.integers(1, 16), st.sampled_from([1, 2, 4, 8, 16]))
def test_a_metres_own_name_names_it(count: int, unit: int) -> None:
    assert meter_named(Meter(count, unit).name) == Meter(count, unit)
