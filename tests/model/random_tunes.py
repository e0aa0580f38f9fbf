"""Tunes that nobody wrote, and a filter that has learnt some of them."""

from __future__ import annotations

import numpy as np

from improvd.model import originality
from improvd.model.tokens import INTERVAL, PITCH, SIZES


def tune(*pitches: int, interval: int = 12) -> np.ndarray:
    rows = np.zeros((len(pitches), 7), dtype=np.uint8)
    rows[:, PITCH], rows[:, INTERVAL] = pitches, interval
    rows[:1, INTERVAL] = SIZES[INTERVAL]
    return rows


def random_tune(seed: int, count: int) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = tune(*rng.integers(0, 128, count).tolist())
    rows[1:, INTERVAL] = rng.integers(0, SIZES[INTERVAL], max(0, count - 1))
    return rows


CORPUS = [random_tune(seed, 200) for seed in range(20)]
LEARNT = originality.learn(CORPUS)
