"""A model as a folder: `weights.npz`, `model.json`, `CARD.md`, `originality.npz`; read with suspicion, written whole.

Nothing in a bundle is code: arrays are read without pickle, their names, shapes and types are checked against
what the sizes call for before their bytes are unpacked, and the golden trace proves that this machine computes
what Keras computed when the bundle was made.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.errors import BundleError
from improvd.model import arrays
from improvd.model import originality as filters
from improvd.model.network import Network, Sizes
from improvd.model.tokens import ATTRIBUTES, COLUMNS, NOTHING_HEARD, SIZES, Vocabulary, vocabulary_from

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from improvd.model.originality import Filter

SCHEMA: Final = 1
AGREEMENT: Final = 1e-4
"""How far a logit of the golden trace may be from Keras' own…"""
ROUNDING: Final = 1e-6
"""… and by what share of its head's largest more: a model that is too sure of itself has logits of hundreds."""
MOST_JSON: Final = 8 * 2**20
MOST_UNITS: Final = 2048
MOST_LAYERS: Final = 8
DTYPES: Final = ("float16", "float32")


@dataclass(frozen=True)
class Golden:
    """Notes and the logits that Keras gave for them: ``rows`` (notes, 7), ``logits`` one (notes, ids) a head."""

    rows: NDArray[np.int32]
    style: int
    logits: tuple[NDArray[np.float32], ...]


@dataclass(frozen=True)
class Bundle:
    """A model in memory. ``facts`` are ``model.json``'s other contents: provenance and scores.

    ``originality`` is the filter of what it was trained on, None where it doesn't say.
    """

    path: Path
    vocabulary: Vocabulary
    sizes: Sizes
    weights: dict[str, NDArray[np.float32]]
    golden: Golden
    facts: dict[str, Any] = field(default_factory=dict)
    originality: Filter | None = None

    @property
    def name(self) -> str:
        """What the model is called: the name of its folder."""
        return self.path.resolve().name

    @property
    def style_names(self) -> dict[str, str]:
        """What it calls the styles of the corpus it was trained on: patterns of these to its names, in order."""
        told = self.facts.get("provenance")
        settings = told.get("settings") if isinstance(told, dict) else None
        names = settings.get("styles") if isinstance(settings, dict) else None
        return {str(pattern): str(name) for pattern, name in names.items()} if isinstance(names, dict) else {}

    @property
    def pedalled(self) -> dict[str, float]:
        """By style, the share of the notes it was trained on that a sustain pedal held on; none: left out."""
        told = self.facts.get("pedalled")
        shares = told.items() if isinstance(told, dict) else ()
        return {str(style): float(share) for style, share in shares if isinstance(share, (int, float))}

    def check_style(self, style: str) -> None:
        """BundleError, naming the styles there are, where ``style`` is not empty and not among them."""
        if style and not self.vocabulary.style_id(style):
            known = ", ".join(self.vocabulary.styles) or "none"
            raise BundleError(f"the model {self.name} knows no style '{style}'; it knows: {known}")

    def network(self) -> Network:
        """A network of its own with these weights."""
        return Network(self.weights, self.sizes, self.vocabulary)


def load(path: Path) -> Bundle:
    """Read a bundle. BundleError, naming the file or field and what to do, where anything about it is wrong."""
    if not path.is_dir():
        raise BundleError(f"no model at {path}: there is no such folder")
    facts = _read_json(path / "model.json")
    schema = facts.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise _damaged(path / "model.json", "schema is no number")
    if schema > SCHEMA:
        raise BundleError(
            f"{path} has schema {schema}, made by a newer improvd than this (schema {SCHEMA}): upgrade improvd"
        )
    vocabulary = _vocabulary(path / "model.json", facts)
    sizes = _sizes(path / "model.json", facts.get("sizes"))
    dtype = facts.get("dtype")
    if dtype not in DTYPES:
        raise _damaged(path / "model.json", f"dtype is none of {', '.join(DTYPES)}")
    weights = _read_weights(path / "weights.npz", sizes.shapes(vocabulary), np.dtype(dtype))
    golden = _golden(path / "model.json", facts.pop("golden", None), vocabulary)
    return Bundle(path, vocabulary, sizes, weights, golden, facts, filters.load(path))


def _damaged(path: Path, what: str) -> BundleError:
    return BundleError(f"{path} is damaged ({what}): get the model again or train it again")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_JSON:
            raise _damaged(path, f"larger than {MOST_JSON // 2**20} MiB")
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"no model at {path.parent}: it has no {path.name}") from None
    except OSError as error:
        raise BundleError(f"can't read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "not JSON") from error
    if not isinstance(facts, dict):
        raise _damaged(path, "not a JSON object")
    return facts


def _vocabulary(path: Path, facts: Mapping[str, Any]) -> Vocabulary:
    described = facts.get("vocabulary")
    if not isinstance(described, dict):
        raise _damaged(path, "no vocabulary")
    try:
        vocabulary = vocabulary_from(described)
    except ValueError as reason:
        raise BundleError(
            f"{path}: the vocabulary is another one ({reason}): train the model again with this improvd"
        ) from None
    if facts.get("vocabulary_hash") != vocabulary.hash:
        raise BundleError(
            f"{path}: vocabulary_hash does not match the vocabulary: get the model again or train it again"
        )
    return vocabulary


def _sizes(path: Path, described: object) -> Sizes:
    if not isinstance(described, dict):
        raise _damaged(path, "no sizes")

    def number(name: str, value: object, most: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise _damaged(path, f"sizes.{name} is not a number from 1 to {most}")
        return value

    embeddings = described.get("embeddings")
    if not isinstance(embeddings, list) or len(embeddings) != COLUMNS + 1:
        raise _damaged(path, f"sizes.embeddings is not a list of {COLUMNS + 1} numbers")
    return Sizes(
        units=number("units", described.get("units"), MOST_UNITS),
        width=number("width", described.get("width"), MOST_UNITS),
        layers=number("layers", described.get("layers"), MOST_LAYERS),
        hidden=number("hidden", described.get("hidden"), MOST_UNITS),
        embeddings=tuple(number("embeddings", width, MOST_UNITS) for width in embeddings),
    )


def _read_weights(
    path: Path, shapes: Mapping[str, tuple[int, ...]], dtype: np.dtype[Any]
) -> dict[str, NDArray[np.float32]]:
    try:
        held = arrays.read(path, {name: math.prod(shape) * dtype.itemsize for name, shape in shapes.items()})
    except FileNotFoundError:
        raise BundleError(f"no model at {path.parent}: it has no {path.name}") from None
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    return {name: _checked(path, name, held[name], shape, dtype) for name, shape in shapes.items()}


def _checked(
    path: Path, name: str, array: NDArray[Any], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[np.float32]:
    if array.shape != shape:
        raise _damaged(path, f"the array {name} has shape {array.shape}, not {shape}")
    if array.dtype != dtype:
        raise _damaged(path, f"the array {name} has type {array.dtype}, not {dtype}")
    if not np.isfinite(array).all():
        raise _damaged(path, f"the array {name} has numbers that are not finite")
    return np.asarray(array, dtype=np.float32)


def _golden(path: Path, described: object, vocabulary: Vocabulary) -> Golden:
    wrong = _damaged(path, "the golden trace is incomplete")
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
        network.reset()
        before: list[int] = list(NOTHING_HEARD)
        for number, row in enumerate(golden.rows.tolist()):
            start = time.perf_counter()
            network.hear((*before, golden.style))
            heads = [network.logits(head, row) for head in range(len(ATTRIBUTES))]
            times.append(time.perf_counter() - start)
            for head, name in enumerate(ATTRIBUTES):
                error = float(np.abs(heads[head] - golden.logits[head][number]).max())
                if not error <= AGREEMENT + ROUNDING * largest[head]:
                    raise BundleError(
                        f"{bundle.path}: the golden trace differs by {error:.2g} at note {number} ({name}): "
                        "the weights are not those that were trained, get the model again or train it again"
                    )
            before = row
    return statistics.median(times)


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
    """Write a bundle whole: to a hidden folder beside ``path``, then renamed, in place of what was there.

    The type of the weights (all float16 or all float32) is kept. OSError where the folder can't be written.
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
        "golden": {
            "style": golden.style,
            "rows": golden.rows.tolist(),
            "logits": [[[round(float(value), 5) for value in row] for row in head] for head in golden.logits],
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.parent / f".{path.name}.{os.getpid()}.new"
    stale = path.parent / f".{path.name}.{os.getpid()}.old"
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        np.savez(fresh / "weights.npz", **dict(weights))
        (fresh / "model.json").write_text(_readable(described), encoding="utf-8")
        (fresh / "CARD.md").write_text(card, encoding="utf-8")
        if originality is not None:
            filters.write(fresh, originality)
        if path.exists():
            path.rename(stale)
        fresh.rename(path)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(stale, ignore_errors=True)


def amend(path: Path, facts: Mapping[str, object], card: str) -> None:
    """Give a bundle more ``facts``, in place of those of the same names, and another card.

    Each of its two files is whole at any time, and stays as it was where it can't be written: OSError.
    """
    described = _read_json(path / "model.json")
    golden = described.pop("golden", None)
    for name, text in (("model.json", _readable({**described, **facts, "golden": golden})), ("CARD.md", card)):
        fresh = path / f".{name}.{os.getpid()}.new"
        try:
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path / name)
        finally:
            fresh.unlink(missing_ok=True)


def _readable(described: Mapping[str, object]) -> str:
    """JSON with a line to each value, but rows of numbers on one line."""
    text = json.dumps(described, indent=1, ensure_ascii=False)
    return re.sub(r"\[[-\d.,e\s]*\]", lambda match: re.sub(r"\s+", " ", match[0]), text) + "\n"
