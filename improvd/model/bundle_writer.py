"""How a bundle comes to be, and to know more of itself: written whole, read by `bundle`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from improvd.model import originality as filters
from improvd.model.bundle import SCHEMA, read_facts
from improvd.whole import replacing, writing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from improvd.model.golden import Golden
    from improvd.model.network import Sizes
    from improvd.model.originality import Filter
    from improvd.model.tokens import Vocabulary


def write(
    path: Path,
    *,
    vocabulary: Vocabulary,
    sizes: Sizes,
    weights: Mapping[str, NDArray[np.floating[Any]]],
    golden: Golden,
    facts: Mapping[str, object],
    card: str,
    originality: Filter | None = None,
) -> None:
    """Write a bundle to ``path``, whole, in place of what was there.

    The type of the weights (all float16 or all float32) is kept. UserError where the folder can't be written.
    """
    dtype = next(iter(weights.values())).dtype
    described = {
        "schema": SCHEMA,
        "vocabulary_hash": vocabulary.hash,
        "vocabulary": vocabulary.describe(),
        "sizes": {
            "units": sizes.units,
            "width": sizes.width,
            "layers": sizes.layers,
            "hidden": sizes.hidden,
            "embeddings": list(sizes.embeddings),
        },
        "dtype": str(dtype),
        **facts,
        "golden": golden.describe(),
    }
    with replacing(path) as fresh:
        np.savez(fresh / "weights.npz", **dict(weights))
        (fresh / "model.json").write_text(_readable(described), encoding="utf-8")
        (fresh / "CARD.md").write_text(card, encoding="utf-8")
        if originality is not None:
            filters.write(fresh, originality)


def amend(path: Path, facts: Mapping[str, object], card: str) -> None:
    """Give a bundle more ``facts``, in place of those of the same names, and another card.

    Each of its two files is whole at any time, and stays as it was where it can't be written: UserError.
    """
    described = read_facts(path / "model.json")
    golden = described.pop("golden", None)
    for name, text in (("model.json", _readable({**described, **facts, "golden": golden})), ("CARD.md", card)):
        with writing(path / name) as file:
            file.write(text.encode())


def _readable(described: Mapping[str, object]) -> str:
    """JSON with a line to each value, but rows of numbers on one line."""
    text = json.dumps(described, indent=1, ensure_ascii=False)
    return re.sub(r"\[[-\d.,e\s]*\]", lambda match: re.sub(r"\s+", " ", match[0]), text) + "\n"
