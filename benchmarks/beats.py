"""How well the beat of performances is found, against annotated beats, as Markdown tables.

    python benchmarks/beats.py FOLDER [--librosa [--soundfont FILE.sf2]] [--trust] [--fit] [--sample MIDI ...]

FOLDER holds NAME.mid beside NAME.beats.csv, whose first column is the time of each beat in seconds. The numbers of the
tracker were chosen on the twelve performances named in CHOSEN_ON; the others are for reporting.

F is mir_eval's F-measure within 70 ms; CMLt is the share of beats in continuous, right stretches, AMLt the same where
half and double tempo and the off-beat count as right. --librosa also measures librosa's dynamic programming on a curve
made of the notes; with a soundfont, both on the first minute of the sound of each, which fluidsynth renders. --trust
tells how often beats are right by how far they are trusted, and --fit fits that trust anew. --sample tells how many
notes of other performances get a beat.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np
import soundfile
import symusic

from improvd.train.music import beats, transcribe
from improvd.train.music.beats_trust import TOLERANCE, agree
from improvd.train.music.clean import Played, clean

CHOSEN_ON = ("Bach", "Chopin", "Rachmaninoff", "pop909_073", "pop909_178", "pop909_233", "pop909_257")
"""By composer, so that what was chosen for one player's style isn't reported on the same."""
POP = "pop909"
SETS = ("classical, chosen on", "pop, chosen on", "classical", "pop")
CURVE_RATE = 100
SOUND = 60.0
"""Seconds of it are enough to compare by, and take an hour less."""
NOISE = (0.1, 0.2, 0.3, 0.5)
TRUST = (0.0, 0.25, 0.5, 0.75, 0.9, 1.01)


@dataclass(frozen=True)
class Performance:
    """A performance, the true times of its beats, and the set that it belongs to."""

    path: Path
    played: Played
    right: np.ndarray

    @property
    def set(self) -> str:
        """One of SETS."""
        kind = "pop" if self.path.name.startswith(POP) else "classical"
        return f"{kind}, chosen on" if self.path.name.startswith(CHOSEN_ON) else kind

    def score(self, found: np.ndarray, until: float = np.inf) -> tuple[float, float, float]:
        """F, CMLt, AMLt of beats found, in seconds, up to a time."""
        right, guess = (mir_eval.beat.trim_beats(times[times < until]) for times in (self.right, found))
        _, same_level, _, any_level = mir_eval.beat.continuity(right, guess)
        return mir_eval.beat.f_measure(right, guess), same_level, any_level


def played(path: Path) -> Played:
    """What a MIDI file holds, in seconds, but drums."""
    file: Any = symusic.Score(str(path)).to("second")
    columns = [track.notes.numpy() for track in file.tracks if not track.is_drum and len(track.notes)]
    onset, duration, pitch, velocity = (
        np.concatenate([column[name] for column in columns]) for name in ("time", "duration", "pitch", "velocity")
    )
    order = np.lexsort((pitch, onset))
    onset, duration = onset[order].astype(np.float64), duration[order].astype(np.float64)
    return Played(onset, onset + duration, pitch[order].astype(np.int64), velocity[order].astype(np.int64))


def annotated(path: Path) -> np.ndarray:
    """Times of the beats in seconds."""
    times = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            with suppress(ValueError):  # the heading
                times.append(float(row[0]))
    return np.array(sorted(times))


def by_curve(notes: Played) -> np.ndarray:
    """Beats by librosa, from how much begins when."""
    import librosa  # noqa: PLC0415  only measured against, so not needed for the rest

    curve = np.zeros(int(notes.onset[-1] * CURVE_RATE) + 2 * CURVE_RATE)
    np.add.at(curve, np.rint(notes.onset * CURVE_RATE).astype(int), notes.velocity / 64)
    blurred = np.convolve(np.sqrt(curve), np.exp(-0.5 * (np.arange(-6, 7) / 2.5) ** 2), "same")
    hop = 22_000 // CURVE_RATE
    return librosa.beat.beat_track(onset_envelope=blurred, sr=22_000, hop_length=hop, units="time")[1]


def by_sound(path: Path, soundfont: Path) -> tuple[np.ndarray, np.ndarray]:
    """Beats from the sound: ours, from the notes heard in it, and librosa's."""
    import librosa  # noqa: PLC0415  as above

    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "played.wav"
        command = ["fluidsynth", "-ni", "-q", "-r", "22050", "-g", "0.6", "-F", str(wav), str(soundfont), str(path)]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  the caller's own files
        samples, rate = librosa.load(wav, sr=None, duration=SOUND)
        soundfile.write(wav, samples, rate)
        found = beats.find(clean(transcribe.transcribe(wav)))
    return found.times, librosa.beat.beat_track(y=samples, sr=rate, units="time")[1]


def table_of_sets(name: str, scores: dict[Path, tuple[float, float, float]], of: list[Performance]) -> None:
    """A row for each set."""
    for one in SETS:
        rows = [scores[performance.path] for performance in of if performance.set == one]
        if rows:
            f, same, any_level = np.mean(rows, axis=0)
            print(f"| {name} | {one} | {len(rows)} | {f:.2f} | {same:.2f} | {any_level:.2f} |")


def vouched(found: beats.Beats, notes: Played) -> np.ndarray:
    """Whether each note lies on a known beat."""
    number = np.searchsorted(found.times, notes.onset, side="right") - 1
    return found.known[np.clip(number, 0, len(found.known) - 1)]


def rightness(found: beats.Beats, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each beat goes with the annotation, and whether that reaches so far."""
    inside = (found.times[:-1] >= right[0]) & (found.times[1:] <= right[-1])
    return agree(found.times, right), inside


def thirds(found: beats.Beats, right: np.ndarray) -> np.ndarray:
    """Whether each beat is a third of an annotated one, as eighths are in 6/8."""
    where = 3 * np.interp(found.times, right, np.arange(len(right)))
    near = np.abs((where + 0.5) % 1 - 0.5) < TOLERANCE
    return near[:-1] & near[1:] & (np.abs(np.diff(where) - 1) < TOLERANCE)


def table_of_vouching(found: dict[Path, beats.Beats], of: list[Performance]) -> None:
    """How much is vouched for, and how much of that is right."""
    print("\n| | with known beats | mostly known | notes on known beats | known beats right | or a third of one |")
    print("|---|---:|---:|---:|---:|---:|")
    for one in SETS:
        some = [performance for performance in of if performance.set == one]
        if not some:
            continue
        shares = [vouched(found[performance.path], performance.played).mean() for performance in some]
        right, third = [], []
        for performance in some:
            good, inside = rightness(found[performance.path], performance.right)
            known = inside & found[performance.path].known
            right.append(good[known])
            third.append((good | thirds(found[performance.path], performance.right))[known])
        count, most = sum(share > 0 for share in shares), sum(share > 0.5 for share in shares)
        share, with_thirds = (np.concatenate(each).mean() for each in (right, third))
        print(f"| {one} | {count} of {len(some)} | {most} | {np.mean(shares):.0%} | {share:.0%} | {with_thirds:.0%} |")


def table_of_trust(found: dict[Path, beats.Beats], of: list[Performance]) -> None:
    """How often beats are right, by how far they are trusted, in what is reported on."""
    trust, right = [], []
    for performance in of:
        if "chosen" not in performance.set:
            good, inside = rightness(found[performance.path], performance.right)
            trust.append(found[performance.path].trust[inside])
            right.append(good[inside])
    trusted, good = np.concatenate(trust), np.concatenate(right)
    print("\n| trusted | beats | right |")
    print("|---|---:|---:|")
    for low, high in pairwise(TRUST):
        some = (trusted >= low) & (trusted < high)
        print(f"| {low:.2f} to {min(high, 1):.2f} | {some.sum()} | {good[some].mean() if some.any() else 0:.0%} |")


def noise(every: float, rng: np.random.Generator) -> Played:
    """Three minutes of notes from anywhere, one in so many seconds: nothing in them is a beat."""
    onset = np.cumsum(rng.exponential(every, round(180 / every)))
    pitch, velocity = rng.integers(40, 90, len(onset)), rng.integers(40, 100, len(onset))
    return Played(onset, onset + rng.uniform(0.1, 1, len(onset)), pitch, velocity)


def fitted(of: list[Performance]) -> np.ndarray:
    """The constant and the weights of the evidence, by logistic regression, each performance counting alike.

    One in four is noise, so that what isn't music isn't trusted either.
    """
    known, right, share = [], [], []
    for performance in of:
        if "chosen" in performance.set:
            times, evidence = beats.track(performance.played)
            inside = (times[:-1] >= performance.right[0]) & (times[1:] <= performance.right[-1])
            known.append(np.hstack([np.ones((inside.sum(), 1)), evidence[inside]]))
            right.append(agree(times, performance.right)[inside])
            share.append(np.full(inside.sum(), 200 / inside.sum()))
    rng = np.random.default_rng(1)
    for every in NOISE:
        _, evidence = beats.track(noise(every, rng))
        known.append(np.hstack([np.ones((len(evidence), 1)), evidence]))
        right.append(np.zeros(len(evidence), dtype=bool))
        share.append(np.full(len(evidence), 200 / len(evidence)))
    known, right, share = (np.concatenate(each) for each in (known, right, share))
    weights = np.zeros(known.shape[1])
    for _ in range(30):  # Newton's method, held a little towards 0
        chance = 1 / (1 + np.exp(-known @ weights))
        slope = known.T @ (share * (right - chance)) - 0.1 * weights
        bend = (known * (share * chance * (1 - chance))[:, None]).T @ known + 0.1 * np.eye(len(weights))
        weights += np.linalg.solve(bend, slope)
    return weights


def table_of_sample(paths: list[Path]) -> None:
    """How much of other performances is vouched for, and how long that took."""
    shares, notes, seconds = [], [], []
    for path in paths:
        performance = played(path)
        began = time.process_time()
        found = beats.find(performance)
        seconds.append(time.process_time() - began)
        shares.append(vouched(found, performance).mean() if found is not None else 0.0)
        notes.append(len(performance))
    known, count = np.array(shares), np.array(notes)
    print(
        f"\n{len(paths)} performances, {count.sum():,} notes: {(known > 0).sum()} with known beats, "
        f"{(known > 0.5).sum()} mostly known, {(known * count).sum() / count.sum():.0%} of all notes on known beats; "
        f"{1000 * np.sum(seconds) / (count.sum() / 1000):.0f} ms of one core a thousand notes"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--librosa", action="store_true")
    parser.add_argument("--soundfont", type=Path)
    parser.add_argument("--trust", action="store_true")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--sample", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    performances = [
        Performance(path, played(path), annotated(path.with_suffix(".beats.csv")))
        for path in sorted(options.folder.glob("*.mid"))
    ]
    found = {one.path: beats.find(one.played) for one in performances}
    print("| | performances | | F | CMLt | AMLt |")
    print("|---|---|---:|---:|---:|---:|")
    ours = {one.path: one.score(found[one.path].times) for one in performances}
    table_of_sets("improvd, notes", ours, performances)
    if options.librosa:
        curves = {one.path: one.score(by_curve(one.played)) for one in performances}
        table_of_sets("librosa, notes", curves, performances)
        if options.soundfont:
            sounds = {
                one.path: [one.score(times, SOUND) for times in by_sound(one.path, options.soundfont)]
                for one in performances
            }
            table_of_sets("improvd, sound", {path: both[0] for path, both in sounds.items()}, performances)
            table_of_sets("librosa, sound", {path: both[1] for path, both in sounds.items()}, performances)
    table_of_vouching(found, performances)
    if options.trust:
        table_of_trust(found, performances)
    if options.fit:
        print("\nconstant and weights:", fitted(performances).round(2))
    if options.sample:
        table_of_sample(options.sample)


if __name__ == "__main__":
    main()
