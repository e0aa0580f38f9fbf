"""How fast a corpus of MIDI files becomes shards, what a second run takes, and how much memory it needs.

    python benchmarks/ingest.py CORPUS [--times 4 16] [--workers 1 2]

CORPUS is read as it is, by each number of workers, each time with an empty cache and then once more with nothing
changed. For --times, as many files are made in a temporary folder: copies of those that have a beat of their own, each
with its pitches in another order, so that none is a duplicate. Memory is what the processes hold alone plus their share
of what they hold together (PSS), at the highest. Beside wall-clock time stands the time that processors worked, which
a busy machine lengthens less, and the load.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import symusic

from improvd.errors import UserError
from improvd.train.files import corpus
from improvd.train.intake.ingest import ingest
from improvd.train.music import midi

KINDS = {"reader": "improvd.train.intake.reader", "worker": "spawn_main"}
LOOKING = 0.5


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--times", type=int, nargs="*", default=[])
    parser.add_argument("--workers", type=int, nargs="*", default=[2])
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        one(given.corpus, *given.child)
        return
    heads = "files, workers, s, files/s, processors' s, again s, shards, main MiB, worker MiB, reader MiB, load"
    print(f"| {heads.replace(', ', ' | ')} |\n|{'---:|' * 11}", flush=True)
    for workers in given.workers:
        measure(given.corpus, workers)
    for times in given.times:
        with tempfile.TemporaryDirectory() as folder:
            copies(given.corpus, Path(folder), times)
            measure(folder, max(given.workers))


def measure(folder: str, workers: int) -> None:
    """Ingest a folder twice and print a line."""
    with tempfile.TemporaryDirectory() as cache:
        first, peaks = watched(folder, cache, workers)
        again, _ = watched(folder, cache, workers)
    held = " | ".join(f"{peaks.get(kind, 0) / 1024:.0f}" for kind in ("main", "worker", "reader"))
    print(
        f"| {first['files']:,} | {workers} | {first['seconds']:.1f} | {first['files'] / first['seconds']:.0f} | "
        f"{first['processors']:.1f} | {again['seconds']:.1f} | {first['shards']} | {held} | {os.getloadavg()[0]:.0f} |",
        flush=True,
    )


def watched(folder: str, cache: str, workers: int) -> tuple[dict[str, Any], dict[str, int]]:
    """What an ingestion in a process of its own tells, and the highest PSS of one process of each kind, in KiB."""
    peaks: dict[str, int] = {}
    command = [sys.executable, __file__, folder, "--child", cache, str(workers)]
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:  # noqa: S603  this very file
        while run.poll() is None:
            for process, kind in family(run.pid).items():
                peaks[kind] = max(peaks.get(kind, 0), pss(process))
            time.sleep(LOOKING)
        seconds = time.monotonic() - start
        told = json.loads(run.communicate()[0])
    return told | {"seconds": seconds}, peaks


def family(process: int) -> dict[int, str]:
    """A process and all below it, and what each is."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {process: "main"}
    while more := [child for child, of in parents.items() if of in found and child not in found]:
        for child in more:
            try:
                command = Path(f"/proc/{child}/cmdline").read_text()
            except OSError:
                command = ""
            found[child] = next((kind for kind, mark in KINDS.items() if mark in command), "other")
    return found


def pss(process: int) -> int:
    """What a process holds, in KiB; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def one(folder: str, cache: str, workers: str) -> None:
    """Ingest, in this process, and tell of it as JSON."""
    made = ingest(corpus.find([folder]), cache=cache, workers=int(workers))
    used = os.times()
    processors = used.user + used.system + used.children_user + used.children_system
    print(json.dumps({"files": len(made.files), "shards": len(made.shards), "processors": processors}))


def copies(source: str, folder: Path, times: int) -> None:
    """So many times as many files as a corpus has, of those that have a beat, with their pitches in another order."""
    rng = np.random.Generator(np.random.PCG64(times))
    entries = [entry for entry in corpus.find([source]) if entry.path.endswith(midi.SUFFIXES)]
    left = len(entries) * times
    while left:
        for number, entry in enumerate(entries):
            score = symusic.Score(entry.path)
            onset = np.concatenate([track.notes.numpy()["time"] for track in score.tracks] or [np.empty(0, int)])
            if len(onset) == 0 or not midi.has_beat(onset.astype(np.int64), score.tpq):
                continue
            for track in score.tracks:
                columns = track.notes.numpy()
                columns["pitch"] = rng.permutation(columns["pitch"])
                track.notes = symusic.Note.from_numpy(**columns)
            below = folder / f"{number % 100:02}"
            below.mkdir(exist_ok=True)
            score.dump_midi(below / f"{left}.mid")
            left -= 1
            if not left:
                break


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
