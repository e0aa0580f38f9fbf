from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from improvd.model.sampling import distribution, draw

ANY = arrays(np.float32, st.integers(1, 128), elements=st.floats(width=32))
USUAL = arrays(np.float32, st.integers(1, 128), elements=st.floats(-20, 20, width=32))
ODD = st.floats() | st.sampled_from([0.0, -1.0, 1.0, 1e-9, 1e9])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@given(ANY, ODD, ODD)
def test_whatever_it_is_given_it_gives_probabilities(logits: np.ndarray, temperature: float, top_p: float) -> None:
    chances = distribution(logits, temperature=temperature, top_p=top_p)
    assert np.isfinite(chances).all()
    assert (chances >= 0).all()
    assert chances.sum() == pytest.approx(1)
    drawn = draw(logits, rng(), temperature=temperature, top_p=top_p)
    assert 0 <= drawn < len(logits)
    whole = distribution(logits, temperature=temperature, top_p=1.0 if top_p > 0 else 0.0)
    assert whole[drawn] > 0
    # Of ids equally likely either may be in the nucleus; what is surely likelier than the drawn one doesn't fill it.
    assert not 0 < top_p < 1 or whole[whole > whole[drawn] * (1 + 1e-5)].sum() < top_p + 1e-5


@given(USUAL, st.integers(0, 127))
def test_the_impossible_is_never_drawn(logits: np.ndarray, only: int) -> None:
    only %= len(logits)
    masked = np.full_like(logits, -np.inf)
    masked[only] = logits[only]
    assert draw(masked, rng(), top_p=0.95) == draw(masked, rng()) == only


@given(USUAL, st.floats(0.1, 1.0), st.floats(0.3, 3.0))
def test_the_nucleus_is_the_fewest_likeliest_ids_that_reach_it(
    logits: np.ndarray, top_p: float, temperature: float
) -> None:
    whole = distribution(logits, temperature=temperature)
    kept = distribution(logits, temperature=temperature, top_p=top_p) > 0
    assert whole[kept].sum() >= top_p - 1e-9
    assert whole[kept].sum() - whole[kept].min() < top_p + 1e-9
    assert not (~kept).any() or whole[~kept].max() <= whole[kept].min()


@given(USUAL, st.integers(0, 2**32))
def test_cold_is_the_likeliest(logits: np.ndarray, seed: int) -> None:
    assert logits[draw(logits, rng(seed), temperature=0.0)] == logits.max()


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 0.95), (0.7, 0.6), (1.4, 1.0), (1.0, 0.999)])
def test_ids_are_drawn_as_often_as_they_should_be(temperature: float, top_p: float) -> None:
    chance = rng(5)
    logits = chance.normal(0.0, 2.0, 30).astype(np.float32)
    expected = distribution(logits, temperature=temperature, top_p=top_p)
    count = 20_000
    drawn = [draw(logits, chance, temperature=temperature, top_p=top_p) for _ in range(count)]
    seen = np.bincount(drawn, minlength=len(logits)) / count
    assert np.abs(seen - expected).max() < 4 * np.sqrt(0.25 / count)
    assert (seen[expected == 0] == 0).all()


def test_drawing_leaves_the_logits_alone() -> None:
    logits = np.arange(8, dtype=np.float32)
    draw(logits, rng(), temperature=0.5, top_p=0.9)
    assert logits.tolist() == list(range(8))
