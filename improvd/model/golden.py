"""The golden trace of a bundle: notes, and what Keras computed of them when the bundle was made.

That a machine comes to the same proves the weights and the arithmetic, and tells what a step costs there.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.errors import BundleError
from improvd.model.tokens import ATTRIBUTES, COLUMNS, SIZES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from improvd.model.bundle import Bundle
    from improvd.model.tokens import Vocabulary

AGREEMENT: Final = 1e-4
"""How far a logit of the golden trace may be from Keras' own…"""
ROUNDING: Final = 1e-6
"""… and by what share of its head's largest more: a model that is too sure of itself has logits of hundreds."""


@dataclass(frozen=True)
class Golden:
    """Notes and the logits that Keras gave for them: ``rows`` (notes, 7), ``logits`` one (notes, ids) a head."""

    rows: NDArray[np.int32]
    style: int
    logits: tuple[NDArray[np.float32], ...]

    def describe(self) -> dict[str, object]:
        """As it stands in a bundle; `golden_from` reads it."""
        return {
            "style": self.style,
            "rows": self.rows.tolist(),
            "logits": [[[round(float(value), 5) for value in row] for row in head] for head in self.logits],
        }


def golden_from(path: Path, described: object, vocabulary: Vocabulary) -> Golden:
    """The trace as it is ``described`` in the file at ``path``. BundleError where it can't be one."""
    wrong = BundleError.damaged(path, "the golden trace is incomplete")
    if not isinstance(described, dict) or not isinstance(described.get("logits"), list):
        raise wrong
    try:
        rows = np.array(described["rows"], dtype=np.int32)
        logits = tuple(np.array(head, dtype=np.float32) for head in described["logits"])
        style = int(described["style"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise wrong from error
    limits = np.array(vocabulary.input_sizes[:COLUMNS])
    if rows.ndim != 2 or rows.shape[1] != COLUMNS or not len(rows) or (rows < 0).any() or (rows >= limits).any():
        raise wrong
    if not 0 <= style <= len(vocabulary.styles) or [head.shape for head in logits] != [
        (len(rows), size) for size in SIZES
    ]:
        raise wrong
    return Golden(rows, style, logits)


def verify(bundle: Bundle, rounds: int = 4) -> float:
    """Prove the bundle on this machine and measure it: median seconds of a step with all four heads.

    BundleError where a logit of the golden trace is further than `AGREEMENT` and `ROUNDING` allow from what Keras gave.
    """
    network, golden = bundle.network(), bundle.golden
    largest = [float(np.abs(logits).max()) for logits in golden.logits]
    times: list[float] = []
    for _ in range(max(1, rounds)):
        network.begin(golden.style)
        for number, row in enumerate(golden.rows.tolist()):
            start = time.perf_counter()
            heads = [network.logits(head, row) for head in range(len(ATTRIBUTES))]
            network.hear((*row, golden.style))
            times.append(time.perf_counter() - start)
            for head, name in enumerate(ATTRIBUTES):
                error = float(np.abs(heads[head] - golden.logits[head][number]).max())
                if not error <= AGREEMENT + ROUNDING * largest[head]:
                    raise BundleError(
                        f"{bundle.path}: the golden trace differs by {error:.2g} at note {number} ({name}): "
                        "the weights are not those that were trained, get the model again or train it again"
                    )
    return statistics.median(times)
