"""How well the beat of a player is followed, on performances whose beats are annotated, as tables in Markdown.

    python benchmarks/tempo.py FOLDER [--part report] [--each] [--refit] [--bpm]

FOLDER holds NAME.mid beside NAME.beats.csv (time_s, label: db for a downbeat). What is fitted or chosen is chosen on
one part of the performances (`--part choose`) and reported on the other; see `CHOSEN`. Notes are given to the tracker
in order, as a keyboard would; a beat counts as told at its `decided_at`, no later than it falls. Beats are scored by
mir_eval after the first 5 s: F-measure within 70 ms, and the share of beats in continuous right stretches at the
annotated tempo (CMLt) or also at its half, double or off-beat (AMLt). "Tempo": the share of annotated beats at which
the tempo last told is within 8 % of that of the four beats around; "next": the share of beats whose following one is
foretold within 70 ms by adding a period to the last beat told, and the median of that error where the tempo is right.

Trackers that see the whole file stand beside: librosa's dynamic programming over an envelope made of the notes,
pretty_midi's, and (`--refit`, minutes) the beat of one call of `improvd.core.tempo`, causal, found anew at each onset.
librosa and pretty_midi are left out where they aren't installed. `--bpm` tells the tracker each performance's median
tempo, as a player would who types `--bpm`. `--each` adds a line for each performance.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
import warnings
from bisect import bisect_right
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import mir_eval
import numpy as np

from improvd.core.events import NOTE_ON, Note, Seconds
from improvd.core.tempo import find_pulse, strike_times
from improvd.core.tracker import Beat, Tracker
from improvd.ear.hearing import Hearing
from improvd.rehearsal.player import read_midi

if TYPE_CHECKING:
    from collections.abc import Callable

CHOSEN = ("Bach", "Debussy", "Mozart", "Schumann", "pop909_073", "pop909_257", "pop909_372", "pop909_577")
"""How names begin of the performances to choose by; all others are reported on.

Split by composer, so that no hand is in both parts: four that span the centuries and, with median tempi of 29 to 152,
the tempi of the others; and of the pop songs, each by its own hand, every third in order of tempo. Settled before
anything was fitted.
"""
START = 5.0
"""Seconds that a listener may take to find in."""
NEAR = 0.070
SAME_TEMPO = 0.08
LEVELS = (1.0, 2.0, 0.5, 3.0, 1 / 3)
COLUMNS = ("F", "CMLt", "AMLt", "tempo", "any level", "next", "error, ms", "downbeats F")


class Performance(NamedTuple):
    """A performance: what was played, and its beats, of which some are downbeats."""

    name: str
    path: Path
    notes: list[tuple[Seconds, int, int]]
    beats: np.ndarray
    downbeats: np.ndarray

    @property
    def pop(self) -> bool:
        """Whether it is a pop song, and classical otherwise."""
        return self.name.startswith("pop")

    @property
    def bpm(self) -> float:
        """The median tempo."""
        return 60.0 / float(np.median(np.diff(self.beats)))


class Found(NamedTuple):
    """Beats found: when, at what tempo, and which are downbeats (None: not told)."""

    beats: list[float]
    bpm: list[float]
    downbeats: list[float] | None


def read(path: Path) -> Performance:
    """A performance and its annotation."""
    events = [event for event in read_midi(path) if event.kind == NOTE_ON]
    with path.with_suffix(".beats.csv").open(newline="", encoding="utf-8") as file:
        rows = [(float(row["time_s"]), row["label"]) for row in csv.DictReader(file)]
    return Performance(
        path.stem,
        path,
        [(event.at, event.data[1], event.data[2]) for event in events],
        np.array([at for at, _ in rows]),
        np.array([at for at, label in rows if label == "db"]),
    )


def follow(
    performance: Performance, bpm: float | None = None, costs: list[float] | None = None, *, deaf: bool = False
) -> list[Beat]:
    """What the tracker tells; ``costs`` collects the seconds of computing that each note took. ``deaf``: by no ear."""
    tracker = Tracker(bpm, ear=None if deaf else Hearing(bpm))
    for at, pitch, velocity in performance.notes:
        began = time.thread_time()
        tracker.hear(at, pitch, velocity)
        if costs is not None:
            costs.append(time.thread_time() - began)
    return tracker.beats(performance.notes[-1][0])


def as_found(beats: list[Beat]) -> Found:
    """The tracker's beats."""
    return Found(
        [beat.time for beat in beats],
        [beat.bpm for beat in beats],
        [beat.time for beat in beats if beat.bar_position == 0],
    )


def refitted(performance: Performance) -> Found:
    """The beat of one call, found anew at each onset from the notes up to it and continued to the next."""
    beats: list[float] = []
    bpm: list[float] = []
    notes: list[Note] = []
    timeline = None
    for at, pitch, velocity in performance.notes:
        while timeline is not None:
            after = max(notes[-1].onset, beats[-1] + timeline.period / 2 if beats else 0.0)
            beat = timeline.time_at(timeline.next_beat(Seconds(after)))
            if beat >= at:
                break
            beats.append(beat)
            bpm.append(timeline.bpm)
        new = not notes or at - notes[-1].onset > 0.03
        notes.append(Note(at, Seconds(at + 0.2), pitch, velocity))
        if new and len(notes) > 4:
            timeline = find_pulse(strike_times(notes[-60:]), None, timeline.bpm if timeline else None).timeline
    return Found(beats, bpm, None)


def librosa_beats(performance: Performance) -> Found:
    """Ellis's dynamic programming over an envelope of the notes, 100 samples a second. Sees the whole file."""
    import librosa  # noqa: PLC0415 - need not be installed

    envelope = np.zeros(int(performance.notes[-1][0] * 100) + 100)
    for at, _, velocity in performance.notes:
        envelope[int(at * 100)] += velocity
    envelope = np.convolve(np.sqrt(envelope), np.exp(-0.5 * (np.arange(-5, 6) / 2.0) ** 2), "same")
    bpm, beats = librosa.beat.beat_track(onset_envelope=envelope, sr=100, hop_length=1, units="time")
    return Found(list(beats), [float(np.ravel(bpm)[0])] * len(beats), None)


def pretty_midi_beats(performance: Performance) -> Found:
    """One tempo and one start for the whole file."""
    import pretty_midi  # noqa: PLC0415 - need not be installed

    midi = pretty_midi.PrettyMIDI(str(performance.path))
    bpm = midi.estimate_tempo()
    beats = np.arange(midi.estimate_beat_start(), performance.notes[-1][0], 60.0 / bpm)
    return Found(list(beats), [bpm] * len(beats), None)


def scores(performance: Performance, found: Found) -> dict[str, float]:
    """The columns of the table for one performance."""
    right, guess = (mir_eval.beat.trim_beats(np.array(times), START) for times in (performance.beats, found.beats))
    _, same_level, _, any_level = mir_eval.beat.continuity(right, guess)
    at = [index for index in range(2, len(performance.beats) - 2) if performance.beats[index] >= START]
    tempo = level = foretold = 0
    errors = []
    for index in at:
        beat, following = performance.beats[index : index + 2]
        last = bisect_right(found.beats, beat + NEAR) - 1
        if last < 0:
            continue
        period = (performance.beats[index + 2] - performance.beats[index - 2]) / 4
        ratio = found.bpm[last] * period / 60.0
        tempo += abs(ratio - 1.0) < SAME_TEMPO
        level += min(abs(ratio / times - 1.0) for times in LEVELS) < SAME_TEMPO
        if abs(found.beats[last] - beat) <= NEAR:
            error = abs(found.beats[last] + 60.0 / found.bpm[last] - following)
            foretold += error <= NEAR
            if abs(ratio - 1.0) < 0.25:
                errors.append(error)
    downbeats = float("nan")
    if found.downbeats is not None:
        told = (mir_eval.beat.trim_beats(np.array(times), START) for times in (performance.downbeats, found.downbeats))
        downbeats = mir_eval.beat.f_measure(*told)
    values = (
        mir_eval.beat.f_measure(right, guess),
        same_level,
        any_level,
        tempo / len(at),
        level / len(at),
        foretold / len(at),
        1000.0 * statistics.median(errors) if errors else float("nan"),
        downbeats,
    )
    return dict(zip(COLUMNS, values, strict=True))


def row(name: str, rows: list[dict[str, float]]) -> str:
    """A line of the table: the mean of each column."""
    cells = []
    for column in COLUMNS:
        values = [line[column] for line in rows if not np.isnan(line[column])]
        mean = statistics.mean(values) if values else float("nan")
        cells.append("–" if not values else f"{mean:.0f}" if column == "error, ms" else f"{mean:.2f}")
    return f"| {name} | {' | '.join(cells)} |"


def compare(
    trackers: dict[str, Callable[[Performance], Found]], performances: list[Performance], *, each: bool
) -> None:
    """Print the table: pop and classical for each tracker."""
    print("| | " + " | ".join(COLUMNS) + " |")
    print("|---|" + "---:|" * len(COLUMNS))
    for name, tracker in trackers.items():
        kinds: dict[str, list[dict[str, float]]] = defaultdict(list)
        for performance in performances:
            line = scores(performance, tracker(performance))
            kinds["pop" if performance.pop else "classical"].append(line)
            if each:
                print(row(f"{name}: {performance.name}", [line]))
        for kind in sorted(kinds, reverse=True):
            print(row(f"{name}, {len(kinds[kind])} {kind}", kinds[kind]))


def sureness(told: list[tuple[float, bool]]) -> list[str]:
    """How often beats are right, by how sure the tracker was of them."""
    lines = ["| confidence | beats | right |", "|---|---:|---:|"]
    for low, high in ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 1.01)):
        right = [hit for confidence, hit in told if low <= confidence < high]
        if right:
            lines.append(f"| {low:.2f}–{min(high, 1.0):.2f} | {len(right)} | {statistics.mean(right):.2f} |")
    return lines


def main() -> None:
    """Track, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", choices=("choose", "report", "all"), default="report")
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--refit", action="store_true")
    parser.add_argument("--bpm", action="store_true")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="(pretty_midi|mir_eval)")

    performances = [
        read(path)
        for path in sorted(options.folder.glob("*.mid"))
        if options.part == "all" or path.stem.startswith(CHOSEN) == (options.part == "choose")
    ]
    if not performances:
        parser.error(f"{options.folder} holds no performance of this part (NAME.mid beside NAME.beats.csv)")
    costs: list[float] = []
    told: list[tuple[float, bool]] = []

    def ours(performance: Performance) -> Found:
        beats = follow(performance, performance.bpm if options.bpm else None, costs)
        told.extend(
            (beat.confidence, bool(np.min(np.abs(performance.beats - beat.time)) <= NEAR))
            for beat in beats
            if beat.time >= START
        )
        return as_found(beats)

    trackers: dict[str, Callable[[Performance], Found]] = {
        "improvd": ours,
        "improvd, the filter alone": lambda performance: as_found(follow(performance, deaf=True)),
    }
    if options.refit:
        trackers["improvd, a call's beat at each onset"] = refitted
    if find_spec("librosa"):
        trackers["librosa, whole file"] = librosa_beats
    if find_spec("pretty_midi"):
        trackers["pretty_midi, whole file"] = pretty_midi_beats
    compare(trackers, performances, each=options.each)
    print()
    print("\n".join(sureness(told)))
    costs.sort()
    mean, median, late = statistics.mean(costs), costs[len(costs) // 2], costs[len(costs) * 99 // 100]
    print(f"\nMilliseconds a note: mean {mean * 1e3:.3f}, median {median * 1e3:.3f}, 99th percentile {late * 1e3:.3f}.")


if __name__ == "__main__":
    main()
