"""How often whole pieces come back to what they had, by the similarity they are made with, beside composers' pieces.

    python benchmarks/pieces.py CORPUS [--split valid] [--styles folk lieder mutopia] [--pieces 5] [--bars 32]

CORPUS is a folder with a MANIFEST.csv (path, split) and a folder for each style. Counted is the share of 4-note
patterns, by their steps in time and pitch, that came before in the piece: of improvd's pieces from nothing, and of the
first bars of composers', counted as four beats. Also how long a bar takes to make. Prints a table in Markdown. Needs
`improvd[train]` (symusic). One core, about a second a piece.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from improvd.compose.run import ComposeSettings, compose
from improvd.core.events import TICKS_PER_BEAT
from improvd.core.manner import Manner
from improvd.evaluate.measures import patterns
from improvd.model.tokens import TickNotes, in_order
from improvd.train.music import midi
from improvd.train.music.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import BeatNote

SIMILARITIES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
FEWEST = 60
"""Notes of a composer's piece, at least."""
MOST = 30
"""Composers' pieces of a style."""


def again(notes: TickNotes) -> float:
    """The share of a piece's patterns that it had before."""
    found = patterns(notes)
    return 1 - len(set(found)) / len(found)


def on_grid(notes: Sequence[BeatNote]) -> TickNotes:
    """Notes in beats as notes in ticks."""
    columns = ([getattr(note, name) for note in notes] for name in ("onset", "pitch", "duration", "velocity"))
    onset, pitch, duration, velocity = (np.array(column) for column in columns)
    return in_order(
        np.rint(onset * TICKS_PER_BEAT).astype(np.int64),
        pitch,
        np.rint(duration * TICKS_PER_BEAT).astype(np.int64),
        velocity,
    )


def composers(corpus: Path, split: str, style: str, bars: int) -> list[float]:
    """The shares of composers' pieces of a style."""
    with (corpus / "MANIFEST.csv").open(encoding="utf-8") as manifest:
        paths = [corpus / row["path"] for row in csv.DictReader(manifest) if row["split"] == split]
    shares = []
    for path in [path for path in paths if path.parent.name == style][:MOST]:
        try:
            notes = midi.read(path).notes
        except SkippedError:
            continue
        count = int(np.searchsorted(notes.onset, notes.onset[0] + 4 * bars * TICKS_PER_BEAT))
        if count >= FEWEST:
            columns = (notes.onset, notes.pitch, notes.duration, notes.velocity)
            shares.append(again(TickNotes(*(column[:count] for column in columns))))
    return shares


def main() -> None:
    """Make, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--split", default="valid")
    parser.add_argument("--styles", nargs="+", default=["folk", "lieder", "mutopia"])
    parser.add_argument("--pieces", type=int, default=5)
    parser.add_argument("--bars", type=int, default=32)
    parser.add_argument("--model", default="default")
    options = parser.parse_args()

    columns = [*(f"similarity {similarity:g}" for similarity in SIMILARITIES), "composers"]
    print(f"| style | {' | '.join(columns)} |\n{'|---' * (len(columns) + 1)}|")
    times, notes = [], 0
    for style in options.styles:
        cells = []
        for similarity in SIMILARITIES:
            shares = []
            for seed in range(options.pieces):
                began = time.monotonic()
                piece = compose(
                    ComposeSettings(
                        bars=options.bars,
                        style=style,
                        seed=seed,
                        model=options.model,
                        manner=replace(Manner(), similarity=similarity),
                    )
                )
                times.append(time.monotonic() - began)
                notes += len(piece.notes)
                shares.append(again(on_grid(piece.notes)))
            cells.append(f"{statistics.mean(shares):.2f}")
        written = composers(options.corpus, options.split, style, options.bars)
        cells.append(f"{statistics.mean(written):.2f} ({len(written)})" if written else "–")
        print(f"| {style} | {' | '.join(cells)} |", flush=True)
    bar = 1000 * sum(times) / len(times) / options.bars
    print(f"\n{bar:.0f} ms a bar, {1e6 * sum(times) / notes:.0f} µs a note, loading and proving the model included.")


if __name__ == "__main__":
    main()
