"""A bundle small enough to be made in each test, with random weights and a golden trace of its own."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from improvd.model import bundle_writer
from improvd.model.bundle import Bundle
from improvd.model.golden import Golden
from improvd.model.network import Network, Sizes
from improvd.model.tokens import ATTRIBUTES, COLUMNS, SIZES, Vocabulary

if TYPE_CHECKING:
    from improvd.model.originality import Filter

STYLES = ("folk", "rock")
TINY = Sizes(units=16, width=8, layers=2, hidden=8, embeddings=(4, 5, 4, 3, 4, 3, 2, 3))


@cache
def tiny_bundle(seed: int = 0, scale: float = 0.6) -> Bundle:
    """The larger the scale, the surer (and the wilder) the model is of what it says."""
    rng = np.random.Generator(np.random.PCG64(seed))
    vocabulary = Vocabulary(STYLES)
    weights = {
        name: np.asarray(rng.normal(0.0, scale, shape), dtype=np.float32)
        for name, shape in TINY.shapes(vocabulary).items()
    }
    return Bundle(Path("tiny"), vocabulary, TINY, weights, golden_of(weights, vocabulary))


def write_tiny(
    path: Path,
    *,
    card: str = "# A card\n",
    dtype: type = np.float32,
    originality: Filter | None = None,
    **facts: object,
) -> Path:
    """The tiny bundle as a folder."""
    tiny = tiny_bundle()
    bundle_writer.write(
        path,
        vocabulary=tiny.vocabulary,
        sizes=tiny.sizes,
        weights={name: array.astype(dtype) for name, array in tiny.weights.items()},
        golden=tiny.golden,
        facts=facts,
        card=card,
        originality=originality,
    )
    return path


def golden_of(weights: dict[str, np.ndarray], vocabulary: Vocabulary) -> Golden:
    rng = np.random.Generator(np.random.PCG64(1))
    limits = (*SIZES, *vocabulary.input_sizes[len(SIZES) : COLUMNS])
    rows = np.stack([rng.integers(0, size, 8) for size in limits], axis=1).astype(np.int32)
    network = Network(weights, TINY, vocabulary)
    logits: list[list[np.ndarray]] = [[] for _ in ATTRIBUTES]
    network.begin(1)
    for row in rows.tolist():
        for head, kept in enumerate(logits):
            kept.append(network.logits(head, row).copy())
        network.hear((*row, 1))
    return Golden(rows, 1, tuple(np.stack(kept) for kept in logits))
