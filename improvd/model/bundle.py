"""A model as a folder: `weights.npz`, `model.json`, `CARD.md`, `originality.npz`; here it is read, with suspicion.

Nothing in a bundle is code: arrays are read without pickle, their names, shapes and types are checked against
what the sizes call for before their bytes are unpacked. What is computed with them is proven by `golden`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.errors import BundleError
from improvd.model import arrays
from improvd.model import originality as filters
from improvd.model.golden import Golden, golden_from
from improvd.model.network import Network, Sizes
from improvd.model.tokens import COLUMNS, Vocabulary, vocabulary_from

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from improvd.model.originality import Filter

SCHEMA: Final = 1
MOST_JSON: Final = 8 * 2**20
MOST_UNITS: Final = 2048
MOST_LAYERS: Final = 8
DTYPES: Final = ("float16", "float32")


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
    facts = read_facts(path / "model.json")
    schema = facts.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise BundleError.damaged(path / "model.json", "schema is no number")
    if schema > SCHEMA:
        raise BundleError(
            f"{path} has schema {schema}, made by a newer improvd than this (schema {SCHEMA}): upgrade improvd"
        )
    vocabulary = _vocabulary(path / "model.json", facts)
    sizes = _sizes(path / "model.json", facts.get("sizes"))
    dtype = facts.get("dtype")
    if dtype not in DTYPES:
        raise BundleError.damaged(path / "model.json", f"dtype is none of {', '.join(DTYPES)}")
    weights = _read_weights(path / "weights.npz", sizes.shapes(vocabulary), np.dtype(dtype))
    golden = golden_from(path / "model.json", facts.pop("golden", None), vocabulary)
    return Bundle(path, vocabulary, sizes, weights, golden, facts, filters.load(path))


def read_facts(path: Path) -> dict[str, Any]:
    """What stands in the ``model.json`` at ``path``. BundleError where that is none, or can't be read."""
    try:
        if path.stat().st_size > MOST_JSON:
            raise BundleError.damaged(path, f"larger than {MOST_JSON // 2**20} MiB")
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"no model at {path.parent}: it has no {path.name}") from None
    except OSError as error:
        raise BundleError(f"can't read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BundleError.damaged(path, "not JSON") from error
    if not isinstance(facts, dict):
        raise BundleError.damaged(path, "not a JSON object")
    return facts


def _vocabulary(path: Path, facts: Mapping[str, Any]) -> Vocabulary:
    described = facts.get("vocabulary")
    if not isinstance(described, dict):
        raise BundleError.damaged(path, "no vocabulary")
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
        raise BundleError.damaged(path, "no sizes")

    def number(name: str, value: object, most: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise BundleError.damaged(path, f"sizes.{name} is not a number from 1 to {most}")
        return value

    embeddings = described.get("embeddings")
    if not isinstance(embeddings, list) or len(embeddings) != COLUMNS + 1:
        raise BundleError.damaged(path, f"sizes.embeddings is not a list of {COLUMNS + 1} numbers")
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
        raise BundleError.damaged(path, str(error)) from error
    return {name: _checked(path, name, held[name], shape, dtype) for name, shape in shapes.items()}


def _checked(
    path: Path, name: str, array: NDArray[Any], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[np.float32]:
    if array.shape != shape:
        raise BundleError.damaged(path, f"the array {name} has shape {array.shape}, not {shape}")
    if array.dtype != dtype:
        raise BundleError.damaged(path, f"the array {name} has type {array.dtype}, not {dtype}")
    if not np.isfinite(array).all():
        raise BundleError.damaged(path, f"the array {name} has numbers that are not finite")
    return np.asarray(array, dtype=np.float32)
