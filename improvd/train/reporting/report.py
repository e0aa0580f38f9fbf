"""The report of a training: a page to look at, and the list of files, beside the model that came of it."""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.model.tokens import BEAT_UNKNOWN, SIZES, VELOCITY_BIN, TickNotes, duration_ids, interval_ids
from improvd.train.reporting.distributions import Counted, count
from improvd.train.reporting.page import Example, Material, page
from improvd.train.reporting.playing import play
from improvd.whole import writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from numpy.typing import NDArray

    from improvd.model.bundle import Bundle
    from improvd.train.fitting.data import Data
    from improvd.train.fitting.windows import Cut
    from improvd.train.intake.ingest import Filed
    from improvd.train.intake.shards import Notes
    from improvd.train.settings import TrainSettings

NAME: Final = "report.html"
LIST: Final = "files.csv"
SAMPLED: Final = 300
"""Pieces of the corpus that are counted …"""
FIRST_NOTES: Final = 500
"""… and so many first notes of each."""
PLAYED: Final = 40
"""Pieces that the model plays …"""
LENGTH: Final = 100
"""… and how many notes each has: what it has learnt to see at once."""
EXAMPLES: Final = 3
EXAMPLE_LENGTH: Final = 64
SEED: Final = 0


def write(settings: TrainSettings, bundle: Bundle, files: Sequence[Filed], data: Data) -> Path:
    """Write the page and the list into the bundle's folder, each whole or not at all, and give the page's path."""
    learnt, watched = (data.sample(split, pieces=SAMPLED, notes=FIRST_NOTES) for split in ("train", "valid"))
    played = _play(bundle, learnt)
    material = Material(
        settings=settings,
        facts=bundle.facts,
        files=files,
        learnt=_count([cut.notes for cut in learnt]),
        played=_count([notes for _, notes in played]),
        examples=_examples(bundle, played),
        alone=_alone(learnt, watched),
    )
    with _writing(bundle.path / LIST) as file:
        _list(files, file)
    with _writing(bundle.path / NAME) as file:
        file.write(page(material))
    return bundle.path / NAME


def _play(bundle: Bundle, learnt: Sequence[Cut]) -> list[tuple[int, TickNotes]]:
    """Pieces by the model, each in the style of one that it learnt from, and with a beat where that has one."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    network = bundle.network()
    like = [learnt[one] for one in rng.integers(0, len(learnt), PLAYED)]
    return [
        (one.style, play(network, one.style, LENGTH, rng, beat_known=bool(one.notes.places[0, 0] != BEAT_UNKNOWN)))
        for one in like
    ]


def _examples(bundle: Bundle, played: Sequence[tuple[int, TickNotes]]) -> list[Example]:
    """How a few pieces begin: the first of each style, as far as there is room; where there is more, others."""
    firsts = {style: number for number, (style, _) in reversed(list(enumerate(played)))}.values()
    chosen = sorted(range(len(played)), key=lambda number: (number not in firsts, number))[:EXAMPLES]
    names = ("", *bundle.vocabulary.styles)
    out = []
    for style, notes in (played[number] for number in chosen):
        columns = (notes.onset, notes.pitch, notes.duration, notes.velocity)
        out.append(Example(names[style], TickNotes(*(column[:EXAMPLE_LENGTH] for column in columns))))
    return out


def _count(pieces: Sequence[TickNotes | Notes]) -> Counted:
    names = ("onset", "pitch", "duration", "velocity")
    columns = (np.concatenate([getattr(one, name) for one in pieces]) for name in names)
    return count(*columns, starts=np.cumsum([0, *map(len, pieces)]))


def _alone(learnt: Sequence[Cut], watched: Sequence[Cut]) -> float | None:
    """What a watched note costs by how often each of its values occurs in what was learnt from, in bits."""
    if not watched:
        return None
    bits = 0.0
    for size, known, asked in zip(SIZES, _ids(learnt), _ids(watched), strict=True):
        chances = np.bincount(known, minlength=size) + 1.0  # what was never met may still come
        bits -= float(np.log2(chances / chances.sum())[asked].mean())
    return bits


def _ids(cuts: Sequence[Cut]) -> tuple[NDArray[np.integer[Any]], ...]:
    """The ids of all notes by attribute; there are fewer intervals, since a piece's first note has none."""
    return (
        interval_ids(np.concatenate([np.diff(cut.notes.onset) for cut in cuts])),
        np.concatenate([cut.notes.pitch for cut in cuts]),
        duration_ids(np.concatenate([cut.notes.duration for cut in cuts])),
        np.concatenate([cut.notes.velocity for cut in cuts]) // VELOCITY_BIN,
    )


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    with writing(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
        yield text
        text.detach()


def _list(files: Sequence[Filed], out: TextIO) -> None:
    """Every file as a line of CSV."""
    rows = csv.writer(out, lineterminator="\n")
    told = ("style", "split", "title", "composer", "source", "licence", "reference")
    rows.writerow(["path", "status", "reason", *told, "notes", "key", "beat_known", "digest"])
    for one in files:
        about = (getattr(one.entry, name) for name in told)
        rows.writerow([one.entry.path, one.status, one.reason, *about, one.notes, one.key, one.beat_known, one.digest])
