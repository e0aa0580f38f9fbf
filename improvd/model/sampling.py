"""From logits to one id: temperature and nucleus. Never fails, whatever it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLDEST: Final = 1e-3
"""Below this temperature only the likeliest id is left; above its inverse all are alike."""

LARGEST: Final = 80.0
"""The largest number whose exponential is still a number in single precision."""
TINY: Final = 1e-30


def distribution(
    logits: NDArray[np.floating[Any]], *, temperature: float = 1.0, top_p: float = 1.0
) -> NDArray[np.float64]:
    """Probabilities of the ids, shape (ids,), that sum to 1.

    A temperature of 0 or below (or no number) leaves the likeliest id, as does a ``top_p`` of 0: the nucleus is
    the fewest likeliest ids whose probabilities reach ``top_p``. A logit that is no number, or minus infinity,
    is impossible; where all are, all are alike.
    """
    scores = np.nan_to_num(logits.astype(np.float64), nan=-np.inf, posinf=1e30, neginf=-np.inf)
    top = scores.max()
    if top == -np.inf:
        scores[:] = top = 0.0
    # Not `temperature <= COLDEST`, so that a temperature that is no number is cold too.
    if not temperature > COLDEST or not top_p > 0.0:
        one = np.zeros_like(scores)
        one[scores.argmax()] = 1.0
        return one
    chances = np.exp((scores - top) / min(temperature, 1.0 / COLDEST))
    if top_p < 1.0:
        order = np.argsort(-chances, kind="stable")
        reached = np.cumsum(chances[order])
        # The id that crosses the threshold still belongs to the nucleus.
        chances[order[int(np.searchsorted(reached, top_p * reached[-1])) + 1 :]] = 0.0
    return np.asarray(chances / chances.sum())


def draw(
    logits: NDArray[np.floating[Any]], rng: np.random.Generator, *, temperature: float = 1.0, top_p: float = 1.0
) -> int:
    """An id drawn from ``distribution`` of the same arguments.

    What is commonly asked goes a shorter way to the same end: four draws are in each step of a live answer.
    """
    place = rng.random()
    if COLDEST < temperature < 1.0 / COLDEST and 0.0 < top_p < 1.0:
        chances = np.exp(np.minimum(logits * (1.0 / temperature), LARGEST))
        order = chances.argsort()
        reached = chances[order].cumsum()
        total = float(reached[-1])
        if TINY < total < 1 / TINY:  # else too large or too small to count, or no numbers: the longer way
            # The unlikeliest ids whose sum leaves at least `top_p` of the rest are outside the nucleus.
            first = int(reached.searchsorted((1.0 - top_p) * total, side="right"))
            below = float(reached[first - 1]) if first else 0.0
            at = int(reached.searchsorted(below + place * (total - below), side="right"))
            return int(order[min(at, len(order) - 1)])
    chances = distribution(logits, temperature=temperature, top_p=top_p)
    return min(int(chances.cumsum().searchsorted(place, side="right")), int(np.flatnonzero(chances)[-1]))
