"""Learning itself: what precision does, what a schedule is, what is learnt from."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.model.network import Sizes
from improvd.train.fitting import data
from improvd.train.fitting.schedule import Schedule
from improvd.train.settings import TrainSettings
from tests.train.tunes import piece, shard

if TYPE_CHECKING:
    from pathlib import Path

    from improvd.train.fitting.fit import Fit

SIZES = Sizes(units=12, width=8, layers=2, hidden=8, embeddings=(4, 5, 4, 3, 4, 3, 2, 3))
needs_tensorflow = pytest.mark.needs("tensorflow")
# TensorFlow and what it brings warn of each other's age.
pytestmark = pytest.mark.filterwarnings("ignore")


def opened(folder: Path, **changes: Any) -> Fit:  # noqa: ANN401  by name
    from improvd.train.fitting import replicas  # noqa: PLC0415 - only where TensorFlow is
    from improvd.train.fitting.fit import Fit  # noqa: PLC0415 - as above

    held = shard(folder / "shards", *(piece(number) for number in range(8)), piece(99, split="valid"))
    plain = {"batch": 4, "window": 16, "units": 12, "width": 8, "epochs": 99}
    return Fit(TrainSettings((), folder / "out", **plain | changes), data.index([held]), SIZES, "", replicas.find())


@given(st.integers(1, 5000), st.integers(1, 300), st.integers(0, 4999))
def test_a_rate_climbs_to_its_highest_and_falls_to_its_end(steps: int, warm_up: int, step: int) -> None:
    schedule = Schedule(0.01, warm_up, steps)
    rates = [schedule.rate(number, 0.0) for number in range(steps)]
    assert min(rates) > 0
    assert max(rates) <= 0.01
    top = int(np.argmax(rates))
    assert top <= max(1, min(warm_up, steps // 10))
    assert all(one >= other for one, other in zip(rates[top:], rates[top + 1 :], strict=False))
    assert schedule.rate(steps, 0.0) == pytest.approx(0.0001)
    # With a budget of time it goes by the time.
    timed = Schedule(0.01, warm_up, steps, seconds=100.0)
    assert [timed.done(step, seconds) for seconds in (0.0, 25.0, 1000.0)] == [0.0, 0.25, 1.0]
    assert timed.rate(0, 10.0) == pytest.approx(schedule.highest, rel=0.03)


@needs_tensorflow
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_the_bits_learn_nearly_the_same(precision: str, tmp_path: Path) -> None:
    with (
        closing(opened(tmp_path, precision="float32")) as whole,
        closing(opened(tmp_path, precision=precision)) as half,
    ):
        for _ in range(12):
            whole._take_step()
            half._take_step()
        curves = [np.array(fit.standing.curve.points) for fit in (whole, half)]
        np.testing.assert_allclose(curves[1], curves[0], atol=0.05)
        assert curves[0][-1] < curves[0][0]


@needs_tensorflow
def test_gradients_too_large_for_float16_are_passed_over_and_the_scale_falls(tmp_path: Path) -> None:
    from improvd.train.fitting.network import get_weights  # noqa: PLC0415 - as above

    with closing(opened(tmp_path, precision="float16")) as fit:
        fit.standing.scale = 2.0**100
        before = get_weights(fit.network)
        fit._take_step()
        after = get_weights(fit.network)
        assert all((after[name] == before[name]).all() for name in before)
        assert fit.standing.scale == 2.0**99
        assert fit.standing.curve.count + len(fit.standing.curve.points) == 0
        fit.standing.scale = 2.0**10
        fit.standing.calm = 1999
        fit._take_step()
        assert fit.standing.scale == 2.0**11
        assert not all((get_weights(fit.network)[name] == before[name]).all() for name in before)


@needs_tensorflow
def test_a_single_piece_watches_itself(tmp_path: Path) -> None:
    from improvd.train.fitting import replicas  # noqa: PLC0415 - as above
    from improvd.train.fitting.fit import Fit  # noqa: PLC0415 - as above

    held = shard(tmp_path, *(piece(number) for number in range(5)))
    settings = TrainSettings((), tmp_path / "out", batch=4, window=16, patience=1, rate=0.0)
    with closing(Fit(settings, data.index([held]), SIZES, "", replicas.find())) as fit:
        assert sum(cut.length for cut in fit.watched) == data.index([held]).counts["train"].notes
        for _ in range(3):
            fit._take_step()
            fit._validate(lambda _: None)
        assert fit.standing.waited == 0, "what it watches by it has learnt, so it says nothing of when to stop"
