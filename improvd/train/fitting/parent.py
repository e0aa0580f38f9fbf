"""Continuing from a model that is there: its sizes, styles and weights, and what it owes its name to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from improvd.model import bundle, places
from improvd.model.tokens import COLUMNS
from improvd.train.settings import TrainSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.bundle import Bundle
    from improvd.model.network import Sizes

STYLE_TABLE = f"heard.{COLUMNS}"
"""The only array of a model whose shape depends on the styles that it knows."""


@dataclass(frozen=True)
class Parent:
    """The model that a training continues from."""

    bundle: Bundle

    @property
    def styles(self) -> tuple[str, ...]:
        """The styles that it knows; they keep their ids."""
        return self.bundle.vocabulary.styles

    @property
    def sizes(self) -> Sizes:
        """The sizes that the child has too."""
        return self.bundle.sizes

    @property
    def digest(self) -> str:
        """A hash of its weights."""
        digest = hashlib.sha256()
        for name, array in sorted(self.bundle.weights.items()):
            digest.update(name.encode() + array.tobytes())
        return digest.hexdigest()

    def weights(self, styles: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Its weights for a model that knows ``styles``, its own first; a new one begins as an unknown style does."""
        table = self.bundle.weights[STYLE_TABLE]
        new = np.repeat(table[:1], len(styles) + 1 - len(table), axis=0)
        return {**self.bundle.weights, STYLE_TABLE: np.concatenate([table, new])}

    def overruled(self, settings: TrainSettings) -> list[str]:
        """What was asked for in vain, each as "--units 512 (it has 256)": what a model is can't be continued with."""
        return [
            f"--{name} {asked} (it has {has})"
            for name in ("units", "width", "layers")
            if (asked := getattr(settings, name))
            not in (getattr(TrainSettings, name), has := getattr(self.sizes, name))
        ]

    def provenance(self) -> dict[str, Any]:
        """What it was made of, its own parents' music included."""
        told = self.bundle.facts.get("provenance", {})
        parent = told.get("parent") or {}
        return {
            "name": self.bundle.name,
            "sources": [*told.get("sources", []), *parent.get("sources", [])],
            "attribution": sorted({*told.get("attribution", []), *parent.get("attribution", [])}),
        }


def find(name: str) -> Parent | None:
    """A model by name or folder, None for no name. BundleError where it isn't there or is damaged."""
    return Parent(bundle.load(places.find(name))) if name else None
