"""From a fitted network to a bundle: half-precision weights, the golden trace from Keras, and the card."""

from __future__ import annotations

import platform
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tensorflow as tf

import improvd
from improvd.model import bundle, bundle_writer
from improvd.model.golden import Golden, verify
from improvd.model.tokens import ATTRIBUTES, COLUMNS, SIZES, Vocabulary
from improvd.train.fitting.network import build, set_weights
from improvd.train.reporting.card import card

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from improvd.model.network import Sizes
    from improvd.model.originality import Filter
    from improvd.train.intake.ingest import Filed
    from improvd.train.settings import TrainSettings

GOLDEN_NOTES: Final = 32
DTYPE: Final = np.float16
"""Half the size on disk and in the repository; the golden trace is computed from the rounded weights."""


def golden_trace(weights: Mapping[str, NDArray[np.floating[Any]]], sizes: Sizes, vocabulary: Vocabulary) -> Golden:
    """What Keras says at each of a few dozen random notes: random, so that no piece is carried in a bundle."""
    network = build(vocabulary.input_sizes, sizes, dropout=0.0)
    set_weights(network, weights)
    rng = np.random.Generator(np.random.PCG64(0))
    rows = np.stack([rng.integers(0, size, GOLDEN_NOTES) for size in vocabulary.input_sizes[:COLUMNS]], axis=1)
    rows[:, : len(SIZES)] = np.minimum(rows[:, : len(SIZES)], np.array(SIZES) - 1)
    rows = rows.astype(np.int32)
    style = len(vocabulary.styles)
    heard = vocabulary.heard(rows[None], np.array([style], np.int32))
    logits = network((tf.constant(heard), tf.constant(rows[None])))
    return Golden(rows, style, tuple(head[0].numpy() for head in logits))


def sources(files: Sequence[Filed]) -> list[dict[str, Any]]:
    """Every source and licence among files, with how many pieces and notes it gave."""
    groups: dict[tuple[str, str, str], dict[str, Any]] = defaultdict(lambda: {"pieces": 0, "notes": 0})
    for file in files:
        entry = file.entry
        group = groups[entry.source or entry.style, entry.licence or "unknown", entry.style]
        group["pieces"] += 1
        group["notes"] += file.notes
    return [
        {"source": source, "licence": licence, "style": style, **counts}
        for (source, licence, style), counts in sorted(groups.items())
    ]


def attribution(files: Sequence[Filed]) -> list[str]:
    """A line for each file whose licence asks to be credited (Creative Commons with BY)."""
    asking = [file.entry for file in files if "CC-BY" in file.entry.licence.upper().replace(" ", "-")]
    return sorted(
        f"{entry.composer}: {entry.title} — {entry.licence}, {entry.reference or entry.source}" for entry in asking
    )


def export(
    settings: TrainSettings,
    *,
    weights: Mapping[str, NDArray[np.float32]],
    sizes: Sizes,
    vocabulary: Vocabulary,
    files: Sequence[Filed],
    parent: Mapping[str, Any] | None,
    facts: Mapping[str, Any],
    originality: Filter,
) -> bundle.Bundle:
    """Write the bundle, read it back and prove it.

    ``facts`` go into ``model.json`` beside the provenance; ``parent`` is that of the model that was continued from;
    ``originality`` is the filter of what was learnt.
    """
    rounded = {name: array.astype(DTYPE) for name, array in weights.items()}
    learnt = [file for file in files if file.status == "used" and file.entry.split != "test"]
    everything = {
        "name": settings.out.name,
        "provenance": {
            "sources": sources(learnt),
            "attribution": attribution(learnt),
            "parent": parent,
            "settings": _settings(settings),
            "versions": {
                "improvd": improvd.__version__,
                "tensorflow": tf.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
        },
        **facts,
    }
    bundle_writer.write(
        settings.out,
        vocabulary=vocabulary,
        sizes=sizes,
        weights=rounded,
        golden=golden_trace(rounded, sizes, vocabulary),
        facts=everything,
        card=card(everything, settings.about.read_text(encoding="utf-8") if settings.about else ""),
        originality=originality,
    )
    written = bundle.load(settings.out)
    verify(written)
    return written


def _settings(settings: TrainSettings) -> dict[str, Any]:
    names = (
        "minutes",
        "epochs",
        "seed",
        "units",
        "width",
        "layers",
        "batch",
        "window",
        "dropout",
        "rate",
        "precision",
        "patience",
        "parent",
    )
    mappings = {"weights": dict(settings.weights), "styles": dict(settings.styles)}
    return {name: getattr(settings, name) for name in names} | mappings


def score_table(by_style: NDArray[np.float64], styles: Sequence[str]) -> dict[str, dict[str, float]]:
    """Bits a note by style and in all, as plain values; styles without notes left out."""
    out = {}
    for number, style in enumerate(("unknown", *styles)):
        if by_style[number, -1]:
            out[style] = _scores(by_style[number])
    count = by_style[:, -1:]
    if count.sum():
        out["all"] = _scores(np.append((by_style[:, :-1] * count).sum(axis=0) / count.sum(), count.sum()))
    return out


def _scores(values: NDArray[np.float64]) -> dict[str, float]:
    bits = dict(zip(ATTRIBUTES, (round(float(value), 4) for value in values[:-1]), strict=True))
    return {"notes": int(values[-1]), **bits, "total": round(float(values[:-1].sum()), 4)}
