"""How well recordings are heard: note F-measure raw and cleaned, and how fast, as a Markdown table.

    python benchmarks/transcription.py FOLDER

FOLDER holds a MANIFEST.csv with the columns path, annotation (a MIDI file of the true notes), kind and seconds. Onsets
count as found within 50 ms where the kind says "rendered", within 100 ms where a person played and the annotation was
aligned; offsets are not judged. Speed is by processor time, so that a busy machine shows what an idle one would do.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mir_eval
import numpy as np
import symusic

from improvd.train.intake import pool
from improvd.train.music import posteriors, transcribe
from improvd.train.music.clean import clean

if TYPE_CHECKING:
    from improvd.train.music.clean import Played


def truth(path: Path, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Intervals in seconds, (notes, 2), and pitches in Hz, of the notes that begin within so many seconds."""
    score: Any = symusic.Score(str(path)).to("second")
    notes = [note for track in score.tracks for note in track.notes if note.start < seconds]
    intervals = np.array([(note.start, note.start + max(note.duration, 0.01)) for note in notes])
    return intervals, hertz(np.array([note.pitch for note in notes]))


def hertz(pitch: np.ndarray) -> np.ndarray:
    """Frequencies of MIDI pitches."""
    return 440.0 * 2.0 ** ((pitch - 69) / 12)


def f_measure(notes: posteriors.Heard | Played, reference: tuple[np.ndarray, np.ndarray], tolerance: float) -> float:
    """F-measure of onset and pitch."""
    intervals = np.column_stack([notes.onset, np.maximum(notes.offset, notes.onset + 0.01)])
    _, _, f, _ = mir_eval.transcription.precision_recall_f1_overlap(
        *reference, intervals, hertz(notes.pitch), onset_tolerance=tolerance, offset_ratio=None
    )
    return float(f)


def packaged(path: Path) -> posteriors.Heard:
    """What the package itself makes of a recording, by `basic_pitch.inference.predict` as it comes."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from basic_pitch.inference import predict  # noqa: PLC0415 - loads TensorFlow

    _, _, events = predict(path)
    onset, offset, pitch, strength = (np.array(column) for column in list(zip(*events, strict=True))[:4])
    return posteriors.Heard(onset, offset, pitch.astype(np.int64), strength, strength)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--package", action="store_true", help="the package's own predict() too; takes TensorFlow")
    options = parser.parse_args()
    with (options.folder / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"].startswith("audio")]
    transcribe.transcribe(options.folder / rows[-1]["path"])  # the model is loaded once
    print(
        "| recording | notes | raw F | cleaned F | seconds | × real time, one core |"
        + " package's F |" * options.package
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: |" + " ---: |" * options.package)
    table = []
    for row in rows:
        path, seconds = options.folder / row["path"], float(row["seconds"])
        started = time.process_time()
        heard = clean(transcribe.transcribe(path))
        speed = seconds / (time.process_time() - started)
        name = f"{row['composer']}: {row['title']}"[:48]
        if not row["annotation"]:
            print(f"| {name} | | | | {seconds:.0f} | {speed:.0f} |" + " |" * options.package)
            continue
        reference = truth(options.folder / row["annotation"], seconds)
        tolerance = 0.05 if "rendered" in row["kind"] else 0.1
        raw = transcribe.transcribe(path, posteriors.SHORTEST)
        judged = [raw, heard] + [packaged(path)] * options.package
        table.append([f_measure(one, reference, tolerance) for one in judged])
        own = f" {table[-1][2]:.3f} |" if options.package else ""
        figures = f"{table[-1][0]:.3f} | {table[-1][1]:.3f} | {seconds:.0f} | {speed:.0f}"
        print(f"| {name} | {len(reference[1])} | {figures} |{own}", flush=True)
    means = [f"{mean:.3f}" for mean in np.mean(table, axis=0)]
    print(f"| mean | | {means[0]} | {means[1]} | | |" + (f" {means[2]} |" if options.package else ""))
    paths = [options.folder / row["path"] for row in rows]
    started = time.perf_counter()
    list(pool.each(transcribe.transcribe, paths, 3600))
    passed = time.perf_counter() - started
    readers = resource.getrusage(resource.RUSAGE_CHILDREN)
    sound = sum(float(row["seconds"]) for row in rows)
    speed = sound / (readers.ru_utime + readers.ru_stime)
    wall = f"{sound / passed:.0f} × by the clock at a load of {os.getloadavg()[0]:.1f}"
    print(f"\nAll of it by {os.cpu_count()} processes started afresh: {speed:.0f} × real time each, {wall}.")


if __name__ == "__main__":
    main()
