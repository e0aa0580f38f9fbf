"""How many pieces it takes: bits a note on pieces not learnt from, after training on a few, more and all of a corpus.

    python benchmarks/learning.py music21:bach [--counts 1 5 50] [--draws 3] [--from default] [--held 40]
                                  [--epochs N] [--plot docs/learning.svg] [--work FOLDER]

Some pieces are held out, chosen by their names. Of the others (those of 200 notes or more, as one alone must have) so
many are drawn as --counts says, several times over for small numbers, and at last all; each draw is learnt from nothing
and on top of the model named by --from, with the settings that `improvd train` has of itself. Every model is scored on
the first 1,000 notes of each held-out piece by the network that plays. Prints a table in Markdown and draws it. --work
keeps what was trained: the same command goes on where it was stopped. Needs `improvd[train]`.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from improvd.model.bundle import load
from improvd.model.network import log_probabilities
from improvd.model.places import find
from improvd.model.tokens import ATTRIBUTES
from improvd.train.files import corpus
from improvd.train.fitting.data import FEWEST_NOTES
from improvd.train.music.reading import read_piece
from improvd.train.music.skipped import SkippedError
from improvd.train.run import run
from improvd.train.settings import TrainSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from improvd.model.bundle import Bundle
    from improvd.train.music.reading import Piece

SCORED_NOTES = 1000
FROM_NOTHING, ON_TOP = "from nothing", "on top of the model"
Bits = dict[str, float]


def readable(entries: Sequence[corpus.Entry]) -> Iterator[Piece]:
    """The pieces that can be read."""
    for entry in entries:
        try:
            yield read_piece(entry)
        except SkippedError as reason:
            print(f"skipped {entry.path}: {reason}")


def drawn(pieces: Sequence[Piece], count: int, draw: int) -> list[str]:
    """The paths of so many pieces, other ones for each draw; a larger count holds what a smaller one has."""
    order = np.random.Generator(np.random.PCG64(draw)).permutation(len(pieces))
    return [str(pieces[number].entry.path) for number in order[:count]]


def scored(bundle: Bundle, pieces: Sequence[Piece]) -> Bits:
    """A model's bits a note, told the pieces' style where it knows it."""
    network = bundle.network()
    total, notes = np.zeros(len(ATTRIBUTES)), 0
    for piece in pieces:
        rows = piece.rows[:SCORED_NOTES].astype(np.int32)
        total -= log_probabilities(network, rows, bundle.vocabulary.style_id(piece.entry.style)).sum(axis=0) / np.log(2)
        notes += len(rows)
    bits = dict(zip(ATTRIBUTES, (total / notes).tolist(), strict=True))
    return bits | {"total": sum(bits.values())}


def trained(paths: Sequence[str], out: Path, parent: str, epochs: int | None) -> Bundle:
    """The model of these pieces; the one that is there already, where it was trained before."""
    if not (out / "model.json").exists():
        run(TrainSettings(corpus=tuple(paths), out=out, parent=parent, epochs=epochs), lambda _event: None)
    return load(out)


def draw_plot(path: Path, counts: Sequence[int], curves: dict[str, dict[int, list[Bits]]], before: float) -> None:
    """The total over the number of pieces, a point for each draw and a line through their means."""
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for (name, curve), colour in zip(curves.items(), ("#0072b2", "#d55e00"), strict=True):
        totals = {count: [bits["total"] for bits in curve[count]] for count in counts}
        axes.plot(counts, [statistics.fmean(totals[count]) for count in counts], color=colour, label=name, lw=2)
        for count in counts:
            axes.plot([count] * len(totals[count]), totals[count], "o", color=colour, ms=5, alpha=0.7)
    axes.axhline(before, color="#666666", ls="--", lw=1.2, label="the model as it is")
    axes.set_xscale("log")
    axes.set_xticks(list(counts), [f"{count:,}" for count in counts])
    axes.minorticks_off()
    axes.set_xlabel("pieces learnt from")
    axes.set_ylabel("bits a note, held-out pieces")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Train, score, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 5, 50])
    parser.add_argument("--draws", type=int, default=3, help="how often to draw fewer than all")
    parser.add_argument("--from", dest="parent", default="default", help="the model to learn on top of")
    parser.add_argument("--epochs", type=int, help="for those from nothing; left out: as improvd train")
    parser.add_argument("--held", type=int, default=40, help="pieces held out")
    parser.add_argument("--plot", type=Path, help="an SVG file to draw to")
    parser.add_argument("--work", type=Path, help="a folder to keep what is trained")
    asked = parser.parse_args()

    pieces = sorted(
        {piece.digest: piece for piece in readable(corpus.find([asked.corpus]))}.values(),
        key=lambda piece: hashlib.sha256(Path(piece.entry.path).name.encode()).digest(),
    )
    held, free = pieces[: asked.held], [piece for piece in pieces[asked.held :] if len(piece.rows) >= FEWEST_NOTES]
    counts = [*(count for count in asked.counts if count < len(free)), len(free)]
    print(f"{len(held)} pieces held out, {sum(min(len(piece.rows), SCORED_NOTES) for piece in held):,} notes scored\n")
    before = scored(load(find(asked.parent)), held)
    print(f"| pieces | learnt | {' | '.join((*ATTRIBUTES, 'total'))} | from … to |")
    print(f"|---:|---|{'---:|' * (len(ATTRIBUTES) + 2)}")
    print(f"| 0 | the model as it is | {' | '.join(f'{bits:.3f}' for bits in before.values())} | |")
    curves: dict[str, dict[int, list[Bits]]] = {name: defaultdict(list) for name in (FROM_NOTHING, ON_TOP)}
    with nullcontext(asked.work) if asked.work else tempfile.TemporaryDirectory() as work:
        for count in counts:
            for name, parent in ((FROM_NOTHING, ""), (ON_TOP, asked.parent)):
                for draw in range(1 if count == len(free) else asked.draws):
                    out = Path(work) / f"{name.split()[0]}-{count}-{draw}"
                    made = trained(drawn(free, count, draw), out, parent, None if parent else asked.epochs)
                    curves[name][count].append(scored(made, held))
                results = curves[name][count]
                mean = [statistics.fmean(bits[key] for bits in results) for key in before]
                totals = [bits["total"] for bits in results]
                spread = f"{min(totals):.2f} … {max(totals):.2f}" if len(totals) > 1 else ""
                print(f"| {count:,} | {name} | {' | '.join(f'{bits:.3f}' for bits in mean)} | {spread} |", flush=True)
    if asked.plot:
        draw_plot(asked.plot, counts, curves, before["total"])


if __name__ == "__main__":
    main()
