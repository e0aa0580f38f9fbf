from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.manner import AS_MEASURED, NONE_OF_ITS_OWN, each_from, each_to, manner_from
from improvd.core.settings import EngineSettings

NUMBER = st.none() | st.floats(0.01, 4).map(lambda number: float(f"{number:.3g}"))


@given(st.tuples(NUMBER, NUMBER, NUMBER, NUMBER))
def test_numbers_by_attribute_are_written_as_they_are_read(each: tuple[float | None, ...]) -> None:
    assert each_from(each_to(each)) == each


@pytest.mark.parametrize("text", ["pitch 0.8, duration 1.1", " duration=1.1 ,pitch   0.8,"])
def test_they_may_be_written_loosely(text: str) -> None:
    assert each_from(text) == (None, 0.8, 1.1, None)


@pytest.mark.parametrize(
    ("text", "reason"), [("loudness 1", "at most once"), ("pitch 1, pitch 2", "at most once"), ("pitch", "a number")]
)
def test_what_can_not_be_read_is_told(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        each_from(text)


def test_settings_stand_for_a_manner() -> None:
    assert manner_from(EngineSettings()) == AS_MEASURED
    assert each_from("") == NONE_OF_ITS_OWN
    turned = manner_from(EngineSettings(similarity=0.9, density=None, top_p_each="interval 0.5"))
    assert (turned.similarity, turned.density, turned.top_p_each) == (0.9, None, (0.5, None, None, None))
