"""How fast fitting is, and how much memory it takes however large the corpus is.

    python benchmarks/fitting.py SHARDS [--copies 1 4 16] [--precision bfloat16]

SHARDS is a folder of shards as a training leaves them, `~/.cache/improvd/shards`. Copies of them, each a semitone apart
so that no two are the same, make the corpus larger. For each size a process of its own indexes the corpus, takes steps
of learning, streams through many rounds, and takes steps again.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from improvd.train.fitting import data
from improvd.train.intake import shards
from improvd.train.intake.shards import Labelled
from improvd.train.settings import TrainSettings

ROUNDS = 24


def copies(folder: Path, into: Path, count: int) -> None:
    """A corpus of so many transposed copies of the shards in a folder."""
    for path in sorted(map(str, folder.glob("*.parquet"))):
        held = [(group, shards.load(group)) for group in shards.groups(path)]
        for shift in range(count):
            pieces = []
            for group, notes in held:
                for place, (digest, source) in enumerate(zip(group.pieces, group.sources, strict=True)):
                    piece = notes.piece(place)
                    moved = replace(piece, pitch=np.clip(piece.pitch.astype(int) + shift, 0, 127).astype(np.uint8))
                    name = sha256(f"{digest} {shift}".encode()).hexdigest()[:40]
                    pieces.append(Labelled(name, moved, source, group.style, group.split))
            shards.write(str(into), pieces)


def measure(folder: Path, precision: str, steps: int) -> None:
    """Fit, and print what it took as one row of the table."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from improvd.model.network import Sizes  # noqa: PLC0415  TensorFlow takes seconds to load
    from improvd.train.fitting import replicas  # noqa: PLC0415  as above
    from improvd.train.fitting.fit import Fit  # noqa: PLC0415  as above
    from improvd.train.run import EMBEDDINGS, HIDDEN  # noqa: PLC0415  as above

    settings = TrainSettings((), folder / "out", precision=precision)
    sizes = Sizes(settings.units, settings.width, settings.layers, HIDDEN, EMBEDDINGS)
    start = time.monotonic()
    found = data.index(map(str, folder.glob("*.parquet")))
    indexed = time.monotonic() - start
    with closing(Fit(settings, found, sizes, "", replicas.find())) as fit:
        fit._take_step()  # noqa: SLF001  the first is tracing
        start = time.monotonic()
        for _ in range(steps):
            fit._take_step()  # noqa: SLF001  a step is what is measured
        learning = time.monotonic() - start
        start = time.monotonic()
        drawn = range(0, ROUNDS * fit.stream.per_round, 4)
        for step in drawn:
            fit.stream.batch(step)
        drawing = (time.monotonic() - start) / len(drawn)
        fit._take_step()  # noqa: SLF001  as above
    notes = sum(count.notes for count in found.counts.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    speed = steps * fit.batch * settings.window / learning
    print(f"| {notes / 1e6:.1f} | {indexed:.2f} | {1000 * drawing:.0f} | {speed:,.0f} | {peak:,.0f} |", flush=True)


def main() -> None:
    """A row for each size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("shards", type=Path)
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.shards, asked.precision, asked.steps)
        return
    print("| million notes | to index, s | a batch, ms | targets/s | peak memory, MB |\n|---:|---:|---:|---:|---:|")
    for count in asked.copies:
        with tempfile.TemporaryDirectory() as folder:
            copies(asked.shards, Path(folder), count)
            again = [sys.executable, __file__, folder, "--measure", "--precision", asked.precision]
            subprocess.run([*again, "--steps", str(asked.steps)], check=True)  # noqa: S603  ourselves


if __name__ == "__main__":
    main()
