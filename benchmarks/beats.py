"""How well the beat of recordings is found, shown on performances whose beats are annotated, as a Markdown table.

    python benchmarks/beats.py FOLDER

FOLDER holds NAME.mid beside NAME.beats.csv, whose first column is the time of each beat in seconds. Of every
performance the onsets alone are looked at, as they would be of a recording heard without mistakes. AMLt is the share
of beats in continuous, right stretches, where half and double tempo count as right.
"""

from __future__ import annotations

import argparse
import csv
from contextlib import suppress
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np
import symusic

from improvd.train import beats


def played(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Onsets in seconds, in order, and their weights."""
    score: Any = symusic.Score(str(path)).to("second")
    notes = sorted(
        (note.start, note.velocity / 64) for track in score.tracks if not track.is_drum for note in track.notes
    )
    onset, weight = np.array(notes).T
    return onset, weight


def annotated(path: Path) -> np.ndarray:
    """Times of the beats in seconds."""
    times = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            with suppress(ValueError):  # the heading
                times.append(float(row[0]))
    return np.array(sorted(times))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    scores: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for path in sorted(folder.glob("*.mid")):
        onset, weight = played(path)
        found = beats.track(onset, weight)
        if found is None:
            continue
        right, guess = (mir_eval.beat.trim_beats(times) for times in (annotated(path.with_suffix(".beats.csv")), found))
        _, _, _, any_level = mir_eval.beat.continuity(right, guess)
        scores[beats.vouched(found, onset)].append((mir_eval.beat.f_measure(right, guess), any_level))
    print("| | performances | beat F | AMLt | worst AMLt |")
    print("|---|---:|---:|---:|---:|")
    for vouched, name in ((True, "beat known"), (False, "left unknown")):
        table = np.array(scores[vouched]).reshape(-1, 2)
        mean = table.mean(axis=0)
        print(f"| {name} | {len(table)} | {mean[0]:.2f} | {mean[1]:.2f} | {table[:, 1].min():.2f} |")


if __name__ == "__main__":
    main()
