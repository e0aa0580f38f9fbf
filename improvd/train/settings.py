"""What a training run is asked to do. Light: importing this loads no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class TrainSettings:
    """One `improvd train`: what to learn from, where the bundle goes, and how long and how to learn.

    ``corpus``: MIDI files, recordings and scores; files, folders of any depth or globs; ``music21:NAME``. ``out``: the
    bundle's folder; its name is the model's.
    ``weights``: how often to draw from each style, by name; a style not named gets its share by the square root
    of its notes when the mapping is empty, else 0.
    """

    corpus: tuple[str, ...]
    out: Path
    minutes: float | None = None
    """Wall-clock budget for fitting; the schedule ends with it. None: as many epochs as it takes."""
    epochs: int = 20
    """Passes over as many notes as the corpus holds, when there is no budget of minutes."""
    seed: int = 0
    units: int = 256
    width: int = 96
    """What a layer passes on of its units: a step's cost lies in moving weights, and this halves them."""
    layers: int = 2
    batch: int = 128
    window: int = 100
    """Notes in one training window: what the model hears before it goes on."""
    dropout: float = 0.3
    rate: float = 3e-3
    """The highest learning rate, after the warm-up."""
    precision: str = "float32"
    """"float32", or "bfloat16" to multiply in half the bits: faster on processors made for it."""
    patience: int = 8
    """Validations without an improvement before fitting stops."""
    weights: Mapping[str, float] = field(default_factory=dict)
    about: Path | None = None
    """A Markdown file of one's own to put into the card: what the model is, whom to thank."""
    work: Path | None = None
    """Where checkpoints live until the bundle is done. None: a hidden folder beside ``out``."""

    @property
    def work_folder(self) -> Path:
        """The folder of checkpoints."""
        return self.work if self.work is not None else self.out.parent / f".{self.out.name}.training"
