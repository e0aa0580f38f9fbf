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
    ``weights``: how often to draw from a style or a source, by name; what is not named is not drawn from. Where there
    are none, each style gets its share by the square root of its notes.
    """

    corpus: tuple[str, ...]
    out: Path
    minutes: float | None = None
    """Wall-clock budget for fitting; the schedule ends with it. None: as many epochs as it takes."""
    epochs: int | None = None
    """Passes over as many notes as the corpus holds, of 64 steps at least, when there is no budget of minutes. None: as
    `improvd.train.fitting.schedule.epochs`."""
    seed: int = 0
    units: int = 256
    width: int = 96
    """What a layer passes on of its units: a step's cost lies in moving weights, and this halves them."""
    layers: int = 2
    batch: int = 128
    window: int = 100
    """Notes in one training window: what the model hears before it goes on."""
    dropout: float = 0.3
    rate: float | None = None
    """The highest learning rate, after the warm-up. None: what suits a fresh model, or one to continue from."""
    precision: str = "auto"
    """"float32", or "bfloat16" or "float16" to multiply in half the bits: faster on processors made for it. "auto" is
    what suits the GPUs, and "float32" where there are none."""
    patience: int = 8
    """Validations without an improvement before fitting stops."""
    weights: Mapping[str, float] = field(default_factory=dict)
    styles: Mapping[str, str] = field(default_factory=dict)
    """What to call styles: patterns of what the corpus calls them to names, as `improvd.train.files.styles.named`."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Which column of a manifest tells a field of `improvd.train.files.manifest.SYNONYMS`; an empty name: none does."""
    parent: str = ""
    """The model to continue from, by name or folder; its sizes stand. Empty: a fresh one."""
    about: Path | None = None
    """A Markdown file of one's own to put into the card: what the model is, whom to thank."""
    cache: str = ""
    """Where what was read is kept, a path or a URL. Empty: as `improvd.train.files.cache.folder`."""
    scheduler: str = ""
    """The address of the Dask scheduler whose workers read the corpus. Empty: processes of this machine."""
    workers: int | None = None
    """How many processes of this machine read the corpus. None: one a core."""
    strict: bool = False
    """Whether a file that can't be used ends the training."""
    work: Path | None = None
    """Where checkpoints live until the bundle is done. None: a hidden folder beside ``out``."""

    @property
    def work_folder(self) -> Path:
        """The folder of checkpoints."""
        return self.work if self.work is not None else self.out.parent / f".{self.out.name}.training"
