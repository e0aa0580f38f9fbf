"""One training from end to end: files → pieces → windows → weights → bundle."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

from improvd.errors import CorpusError
from improvd.model.network import Sizes
from improvd.train import plan
from improvd.train.events import Caution, Note, Result
from improvd.train.files import cache, styles
from improvd.train.files import corpus as corpora
from improvd.train.fitting import data, parent
from improvd.train.fitting.data import MOST_SAMPLED, SCORED_NOTES, WATCHED_PIECES
from improvd.train.fitting.recall import remember
from improvd.train.intake import rates
from improvd.train.intake.ingest import ingest
from improvd.train.intake.labels import TEST
from improvd.train.progress import stage
from improvd.train.reporting.summary import summarise, tell_files
from improvd.train.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from improvd.model.bundle import Bundle
    from improvd.model.originality import Filter
    from improvd.train.events import Tell
    from improvd.train.fitting.data import Data
    from improvd.train.fitting.fit import Fit
    from improvd.train.fitting.parent import Parent
    from improvd.train.intake.ingest import Ingested
    from improvd.train.settings import TrainSettings

EMBEDDINGS: Final = (48, 48, 48, 16, 24, 16, 8, 16)
"""Width of each input's embedding, in the order of a step's inputs."""
HIDDEN: Final = 160
"""Width of each head's hidden layer."""
PRECISIONS: Final = ("auto", "float32", "bfloat16", "float16")


def run(settings: TrainSettings, tell: Tell) -> Bundle | None:
    """Train a model and write its bundle to ``settings.out``; ``tell`` gets an event for each thing to know.

    A training of the same corpus and settings that was broken off goes on from its checkpoint. CorpusError, with
    nothing left behind, where the corpus is missing, empty or no music; KeyboardInterrupt passes through once
    the checkpoint is written. None where another worker writes the bundle.
    """
    begun = time.monotonic()
    _check(settings)
    origin = parent.find(settings.parent)
    sizes = Sizes(
        units=settings.units, width=settings.width, layers=settings.layers, hidden=HIDDEN, embeddings=EMBEDDINGS
    )
    if origin:
        sizes = origin.sizes
        for option in origin.overruled(settings):
            tell(Caution(f"{option} is passed over: a model keeps its sizes, and {settings.parent} is continued from"))
    entries = styles.named(corpora.find(settings.corpus, settings.columns), settings.styles)
    place = cache.folder(settings.cache)
    ingested = ingest(
        entries,
        tell,
        cache=place,
        scheduler=settings.scheduler,
        workers=settings.workers,
        strict=settings.strict,
    )
    summary = summarise(ingested.files)
    tell_files(ingested.files, summary, tell)
    found = data.index(ingested.shards, origin.styles if origin else ())
    found.chances(settings.weights)  # wrong weights are better told before TensorFlow is loaded
    _tell_data(found, tell)

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what it says of missing GPUs as it loads is no error
    from improvd.train.fitting import replicas  # noqa: PLC0415  TensorFlow takes seconds to load
    from improvd.train.fitting.export import export, score_table  # noqa: PLC0415  as above
    from improvd.train.fitting.fit import Fit  # noqa: PLC0415  as above
    from improvd.train.reporting import report  # noqa: PLC0415  matplotlib takes another

    fit = Fit(settings, found, sizes, _fingerprint(settings, found, origin), replicas.find(), origin)
    with closing(fit), _writing(settings.out):
        if fit.resume():
            tell(Note(f"going on from step {fit.standing.step:,} of the training that was broken off"))
        with stage(tell, "fitting", unit="notes") as progress:
            fit.run(progress, tell)
    if not fit.replicas.chief:
        tell(Note("done; the first worker writes the model"))
        return None
    fit.take_best()
    with stage(tell, "scoring"):
        scores = {
            split: score_table(fit.bits(scored, window=SCORED_NOTES, size=32), found.styles)
            for split in ("valid", "test")
            if (scored := found.sample(split, pieces=MOST_SAMPLED, notes=SCORED_NOTES))
        }
    pedalled = {**(origin.bundle.pedalled if origin else {}), **summary.pedalled}
    facts = {"corpus": summary.facts(), "pedalled": pedalled, "fit": _facts(fit), "scores": scores}
    rates.learn(place, {rates.FITTING: (facts["fit"]["notes_seen"], facts["fit"]["seconds"])})
    recall = _remember(ingested, found, origin, tell)
    with _writing(settings.out):
        bundle = export(
            settings,
            weights=fit.best,
            sizes=sizes,
            vocabulary=fit.vocabulary,
            files=ingested.files,
            parent=origin.provenance() if origin else None,
            facts=facts,
            originality=recall,
        )
    with stage(tell, "reporting"), _writing(settings.out):
        page = report.write(settings, bundle, ingested.files, found)
    shutil.rmtree(settings.work_folder, ignore_errors=True)
    tell(
        Result(
            model=str(settings.out),
            report=str(page),
            seconds=time.monotonic() - begun,
            bits={split: table["all"]["total"] for split, table in scores.items()},
            files=summary.files,
            reasons=summary.reasons,
            styles=summary.styles,
        )
    )
    return bundle


def foretell(settings: TrainSettings, tell: Tell) -> None:
    """Tell what `run` would do and about how long that would take, and do nothing; CorpusError as there."""
    _check(settings)
    parent.find(settings.parent)
    for line in plan.in_words(plan.plan(settings), settings):
        tell(Note(line))


def _check(settings: TrainSettings) -> None:
    for name in ("units", "width", "layers", "batch", "window", "epochs", "patience"):
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise CorpusError(f"{name} must be at least 1")
    for name in ("minutes", "rate"):
        value = getattr(settings, name)
        if value is not None and not 0 < value < math.inf:
            raise CorpusError(f"{name} must be more than 0, and finite")
    if not 0 <= settings.dropout < 1:
        raise CorpusError("dropout must be at least 0, and less than 1")
    if settings.seed < 0:
        raise CorpusError("seed must be at least 0")
    if settings.precision not in PRECISIONS:
        raise CorpusError(f"precision is one of {', '.join(PRECISIONS)}, not {settings.precision}")
    if settings.about is not None and not settings.about.is_file():
        raise CorpusError(f"no such file: {settings.about}")
    with _writing(settings.out):
        _check_out(settings.out)


def _check_out(out: Path) -> None:
    """Whether a model can be written there: better told now than after hours."""
    if out.exists() and not (out / "model.json").exists():
        raise CorpusError(f"{out} is there already and is no model: choose another name")
    above = next(folder for folder in out.absolute().parents if folder.exists())
    if not above.is_dir():
        raise CorpusError(f"can't write {out}: {above} is no folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise CorpusError(f"can't write {out}: no permission to write to {above}")


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """What the system says against writing there, as an error that the user can mend."""
    try:
        yield
    except OSError as error:
        raise CorpusError(f"can't write {out}: {error.strerror or error}") from error


def _remember(ingested: Ingested, found: Data, origin: Parent | None, tell: Tell) -> Filter:
    """The filter of what was learnt, and of what the parent had."""
    known = origin.bundle.originality if origin else None
    if origin and known is None:
        tell(Caution(f"{origin.bundle.name} doesn't say what it learnt: of that, the new model may recite as it likes"))
    notes = sum(count.notes for split, count in found.counts.items() if split != TEST)
    with stage(tell, "remembering", unit="notes", total=notes) as progress:
        recall = remember(ingested.shards, known, progress.update)
    if recall.left_out:
        tell(
            Caution(
                f"what keeps the model from reciting has room for {recall.runs:,} runs of notes: "
                f"{recall.left_out:,} were left out"
            )
        )
    return recall


def _tell_data(found: Data, tell: Tell) -> None:
    train, valid = found.counts["train"], found.counts["valid"]
    watching = many(min(valid.pieces, WATCHED_PIECES), "piece")
    of = f" of {valid.pieces:,}" if valid.pieces > WATCHED_PIECES else ""
    styles = ", ".join(found.styles) or "none"
    tell(Note(f"{train.notes:,} notes to learn from, {watching}{of} to watch by, styles: {styles}"))


def _fingerprint(settings: TrainSettings, found: Data, origin: Parent | None) -> str:
    """What makes a checkpoint this training's own: the music and whatever shapes the weights or the batches."""
    names = ("seed", "units", "width", "layers", "batch", "window", "dropout")
    what: dict[str, Any] = {name: getattr(settings, name) for name in names}
    what["weights"] = sorted(settings.weights.items())
    what["parent"] = origin.digest if origin else ""
    what["music"] = found.digest
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _facts(fit: Fit) -> dict[str, Any]:
    standing = fit.standing
    return {
        "steps": standing.step,
        "notes_seen": standing.step * fit.batch * fit.settings.window,
        "seconds": round(standing.seconds),
        "processors": os.cpu_count(),
        "parameters": sum(int(array.size) for array in fit.best.values()),
        "rate": fit.schedule.highest,
        "precision": fit.precision,
        "replicas": fit.replicas.count,
        "history": standing.history,
        "curve": standing.curve.as_points(),
    }
