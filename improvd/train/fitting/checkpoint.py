"""What a training needs to go on after Ctrl-C or `kill -9`: one file, replaced whole."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.train.fitting.curve import Curve
from improvd.whole import writing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

NAME: Final = "checkpoint.npz"


@dataclass
class Standing:
    """Where a training stands; all of it but the arrays.

    ``seconds`` were spent fitting. ``best`` is the least validation loss in bits a note, ``waited`` how many
    validations ago that was. ``history`` has one entry a validation. ``curve`` is of the steps' own losses, of which
    ``learnt`` is the sum since the last validation. ``scale`` is what losses are multiplied with where gradients are in
    so few bits that they would vanish, and ``calm`` how many steps ago it was too much.
    """

    fingerprint: str
    step: int = 0
    seconds: float = 0.0
    best: float | None = None
    waited: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    curve: Curve = field(default_factory=Curve)
    learnt: float = 0.0
    scale: float = 2.0**15
    calm: int = 0


def save(folder: Path, standing: Standing, groups: Mapping[str, Arrays]) -> None:
    """Replace the checkpoint; ``groups`` of arrays by name, such as weights and the optimiser's. Raises UserError."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {f"{group}/{name}": array for group, held in groups.items() for name, array in held.items()}
    with writing(folder / NAME) as file:
        np.savez(file, standing=np.array(json.dumps(asdict(standing))), **arrays)


def load(folder: Path, fingerprint: str) -> tuple[Standing, dict[str, dict[str, NDArray[Any]]]] | None:
    """The checkpoint, or None where there is none, it is damaged, or it belongs to another training."""
    try:
        with np.load(folder / NAME, allow_pickle=False) as held:
            told = json.loads(str(held["standing"]))
            standing = Standing(**{**told, "curve": Curve(**told["curve"])})
            if standing.fingerprint != fingerprint:
                return None
            groups: dict[str, dict[str, NDArray[Any]]] = {}
            for key in held.files:
                group, _, name = key.partition("/")
                if name:
                    groups.setdefault(group, {})[name] = held[key]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return standing, groups
