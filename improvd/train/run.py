"""One training from end to end: files → pieces → windows → weights → bundle."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from improvd.errors import CorpusError
from improvd.model.network import Sizes
from improvd.train import corpus as corpora
from improvd.train import dataset
from improvd.train.events import Note
from improvd.train.ingest import ingest
from improvd.train.progress import stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.model.bundle import Bundle
    from improvd.train.events import Tell
    from improvd.train.fit import Fit
    from improvd.train.ingest import Outcome
    from improvd.train.reading import Piece
    from improvd.train.settings import TrainSettings

EMBEDDINGS: Final = (48, 48, 48, 16, 24, 16, 8, 16)
"""Width of each input's embedding, in the order of a step's inputs."""
HIDDEN: Final = 160
"""Width of each head's hidden layer."""
TOLD: Final = 8
"""How many skipped files are named one by one."""
SCORED_NOTES: Final = 1000


def run(settings: TrainSettings, tell: Tell) -> Bundle:
    """Train a model and write its bundle to ``settings.out``; ``tell`` gets an event for each thing to know.

    A training of the same corpus and settings that was broken off goes on from its checkpoint. CorpusError, with
    nothing left behind, where the corpus is missing, empty or no music; KeyboardInterrupt passes through once
    the checkpoint is written.
    """
    _check(settings)
    entries = corpora.find(settings.corpus)
    with stage(tell, "reading", unit="files", total=len(entries)) as progress:
        pieces, outcomes = ingest(entries, progress.update)
    _tell(outcomes, tell)
    corpus = dataset.build(pieces)
    dataset.shares(corpus, settings.weights)  # wrong weights are better told before TensorFlow is loaded
    test = dataset.together([piece for piece in pieces if piece.entry.split == "test"], corpus.styles)
    styles = ", ".join(corpus.styles)
    tell(Note(f"{len(corpus.train):,} notes to learn from, {len(corpus.valid):,} to watch by, styles: {styles}"))

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what it says of missing GPUs as it loads is no error
    from improvd.train.export import export, score_table  # noqa: PLC0415 - TensorFlow takes seconds to load
    from improvd.train.fit import Fit  # noqa: PLC0415 - as above

    sizes = Sizes(
        units=settings.units, width=settings.width, layers=settings.layers, hidden=HIDDEN, embeddings=EMBEDDINGS
    )
    fit = Fit(settings, corpus, sizes, _fingerprint(settings, pieces))
    if fit.resume():
        tell(Note(f"going on from step {fit.standing.step:,} of the training that was broken off"))
    with stage(tell, "fitting", unit="notes") as progress:
        fit.run(progress, tell)
    fit.take_best()
    scores = {
        name: score_table(fit.bits(notes, window=SCORED_NOTES, most=SCORED_NOTES, size=32), corpus.styles)
        for name, notes in (("valid", corpus.valid), ("test", test))
        if len(notes)
    }
    facts = {"fit": _facts(settings, fit), "scores": scores}
    bundle = export(settings, weights=fit.best, sizes=sizes, vocabulary=fit.vocabulary, pieces=pieces, facts=facts)
    shutil.rmtree(settings.work_folder, ignore_errors=True)
    tell(Note(f"wrote {settings.out}"))
    return bundle


def _check(settings: TrainSettings) -> None:
    for name in ("units", "width", "layers", "batch", "window", "epochs", "patience"):
        if getattr(settings, name) < 1:
            raise CorpusError(f"{name} must be at least 1")
    if settings.minutes is not None and not settings.minutes > 0:
        raise CorpusError("minutes must be more than 0")
    if settings.precision not in ("float32", "bfloat16"):
        raise CorpusError(f"precision is float32 or bfloat16, not {settings.precision}")
    if settings.about is not None and not settings.about.is_file():
        raise CorpusError(f"no such file: {settings.about}")
    if settings.out.exists() and not (settings.out / "model.json").exists():
        raise CorpusError(f"{settings.out} is there already and is no model: choose another name")


def _tell(outcomes: Sequence[Outcome], tell: Tell) -> None:
    counts = Counter(outcome.status for outcome in outcomes)
    told = ", ".join(f"{counts[status]:,} {status}" for status in ("used", "duplicate", "skipped") if counts[status])
    tell(Note(told))
    skipped = [outcome for outcome in outcomes if outcome.status == "skipped"]
    for outcome in skipped[:TOLD]:
        tell(Note(f"  skipped {outcome.path}: {outcome.reason}"))
    if len(skipped) > TOLD:
        tell(Note(f"  … and {len(skipped) - TOLD:,} more"))


def _fingerprint(settings: TrainSettings, pieces: Sequence[Piece]) -> str:
    """What makes a checkpoint this training's own: the music and whatever shapes the weights or the batches."""
    names = ("seed", "units", "width", "layers", "batch", "window", "dropout")
    what: dict[str, Any] = {name: getattr(settings, name) for name in names}
    what["weights"] = sorted(settings.weights.items())
    what["pieces"] = [(piece.digest, piece.entry.style, piece.entry.split) for piece in pieces]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _facts(settings: TrainSettings, fit: Fit) -> dict[str, Any]:
    standing = fit.standing
    return {
        "steps": standing.step,
        "notes_seen": standing.step * fit.batch * settings.window,
        "seconds": round(standing.seconds),
        "processors": os.cpu_count(),
        "parameters": sum(int(array.size) for array in fit.best.values()),
        "history": standing.history,
    }
