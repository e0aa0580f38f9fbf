"""How soon an answer comes against how often it comes too soon, by how patient improvd is.

    python benchmarks/false_starts.py [CORPUS] [--performances FOLDER] [--phrases 200] [--seed 1] [--patience 0.7 1 1.4]

Phrases are what lies between rests of a beat or more, at least 4 notes and at most 32 beats long. With CORPUS (a folder
with a MANIFEST.csv): those of its test split, at the tempo written there. FOLDER holds performances, each ``NAME.mid``
with its annotated beats in ``NAME.beats.csv``. Each phrase is played to the engine in virtual time and followed by two
seconds of silence. A false start is a gap between two onsets of a phrase in which an answer began to sound; the delay
goes from the end of the last note struck to the first note of the answer, and is told against a beat or 0.9 s,
whichever is longer. Needs `improvd[train]` (symusic).
"""

from __future__ import annotations

import argparse
import csv
import random
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import symusic

from improvd.core.events import NOTE_OFF, NOTE_ON, BeatNote, Beats, Continuation, MidiEvent, Note, Seconds
from improvd.core.settings import EngineSettings
from improvd.core.tempo import CHORD_SPREAD
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import Generate

LEAST_NOTES, LONGEST = 4, 32.0
MOST_OF_A_PIECE = 12
SILENCE, LONG_ENOUGH = 2.0, 0.9


class Partner:
    """Answers as soon as the shipped model would, with one note."""

    step = Seconds(0.000_1)

    def answer(self, asked_at: Seconds, request: Generate) -> tuple[Seconds, Continuation]:
        """A note on the first beat of each segment."""
        note = BeatNote(request.start, Beats(min(0.5, request.until - request.start)), 60, 80)
        return Seconds(asked_at + 0.02), Continuation(request.turn, request.segment, (note,))


@dataclass(frozen=True)
class Phrase:
    """Notes in order of onset, the first at 1 s, and how long a beat is there, in seconds."""

    notes: tuple[Note, ...]
    period: float


@dataclass
class Figures:
    """Of all phrases with one patience; ``delays`` in seconds, ``shares`` of what a player may wait."""

    gaps: int = 0
    false_starts: int = 0
    unanswered: int = 0
    delays: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)


def cut(notes: Sequence[Note], period: float) -> list[Phrase]:
    """The phrases of a piece with beats of ``period`` seconds."""
    phrases: list[list[Note]] = [[]]
    up = 0.0
    for note in sorted(notes, key=lambda note: (note.onset, note.pitch)):
        if phrases[-1] and note.onset - up >= period:
            phrases.append([])
        phrases[-1].append(note)
        up = max(up, note.offset)
    found = []
    for phrase in phrases:
        if len(phrase) >= LEAST_NOTES and phrase[-1].onset - phrase[0].onset <= LONGEST * period:
            late = phrase[0].onset - 1.0
            moved = (Note(Seconds(n.onset - late), Seconds(n.offset - late), n.pitch, n.velocity or 1) for n in phrase)
            found.append(Phrase(tuple(moved), period))
    return found


def read(path: Path, period: float | None = None) -> list[Phrase]:
    """The phrases of a MIDI file; without a ``period``, its beats are as long as its own tempo has them on average."""
    score = symusic.Score(path).to("second")
    notes = [
        Note(Seconds(note.time), Seconds(note.time + note.duration), note.pitch, note.velocity)
        for track in score.tracks
        if not track.is_drum
        for note in track.notes
    ]
    if period is None:
        period = 60 / median([tempo.qpm for tempo in score.tempos] or [120.0])
    return cut(notes, period)


def of_corpus(corpus: Path, count: int, rng: random.Random) -> list[Phrase]:
    """Phrases of the test split."""
    with (corpus / "MANIFEST.csv").open(encoding="utf-8") as manifest:
        rows = [row for row in csv.DictReader(manifest) if row["split"] == "test" and "giantmidi" not in row["path"]]
    rng.shuffle(rows)
    phrases: list[Phrase] = []
    for row in rows:
        found = read(corpus / row["path"])
        phrases += rng.sample(found, min(MOST_OF_A_PIECE, len(found)))
        if len(phrases) >= count:
            break
    return phrases[:count]


def of_performances(folder: Path, count: int, rng: random.Random) -> list[Phrase]:
    """Phrases of performances whose beats are annotated."""
    phrases: list[Phrase] = []
    for path in sorted(folder.glob("*.mid")):
        with path.with_suffix(".beats.csv").open(encoding="utf-8") as lines:
            beats = [float(row[0]) for row in csv.reader(lines) if row and row[0][:1].isdigit()]
        found = read(path, median(later - at for at, later in pairwise(beats)))
        phrases += rng.sample(found, min(MOST_OF_A_PIECE, len(found)))
    rng.shuffle(phrases)
    return phrases[:count]


def play(phrase: Phrase, settings: EngineSettings, figures: Figures) -> None:
    """One phrase, and what became of it."""
    events = [MidiEvent(note.onset, bytes((NOTE_ON, note.pitch, note.velocity))) for note in phrase.notes]
    events += [MidiEvent(note.offset, bytes((NOTE_OFF, note.pitch, 0))) for note in phrase.notes]
    events.sort(key=lambda event: (event.at, event.kind == NOTE_ON))
    performance = Stage(Player(events), Partner(), settings).perform()
    struck = [sent.planned for sent in performance.sent if sent.data[0] & 0xF0 == NOTE_ON]
    onsets = [phrase.notes[0].onset]
    for note in phrase.notes:
        if note.onset - onsets[-1] > CHORD_SPREAD:
            onsets.append(note.onset)
    figures.gaps += len(onsets) - 1
    figures.false_starts += sum(any(one <= at < other for at in struck) for one, other in pairwise(onsets))
    up = max(note.offset for note in phrase.notes if note.onset > onsets[-1] - CHORD_SPREAD)
    first = next((at for at in struck if at >= onsets[-1]), None)
    if first is None or first > up + SILENCE + phrase.period:
        figures.unanswered += 1
        return
    figures.delays.append(first - up)
    figures.shares.append((first - up) / max(phrase.period, LONG_ENOUGH))


def main() -> None:
    """Print a line for each patience, over all phrases of each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--performances", type=Path)
    parser.add_argument("--phrases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, nargs="+", default=[0.6, 0.8, 1.0, 1.2, 1.5, 2.0])
    options = parser.parse_args()
    kinds: dict[str, list[Phrase]] = {}
    if options.corpus:
        kinds["corpus"] = of_corpus(options.corpus, options.phrases, random.Random(options.seed))
    if options.performances:
        kinds["performances"] = of_performances(options.performances, options.phrases, random.Random(options.seed))
    if not kinds:
        parser.error("there is nothing to play: name a corpus, or performances")
    for name, phrases in kinds.items():
        for patience in options.patience:
            figures = Figures()
            for phrase in phrases:
                play(phrase, EngineSettings(patience=patience), figures)
            per_thousand = 1000 * figures.false_starts / max(1, figures.gaps)
            print(
                f"{name}, patience {patience:g}: {len(phrases)} phrases, {figures.gaps} gaps, false starts"
                f" {figures.false_starts} ({per_thousand:.2f} in 1,000), delay {median(figures.delays):.2f} s median,"
                f" {median(figures.shares):.2f} of what may be waited, not answered in time {figures.unanswered}",
                flush=True,
            )


if __name__ == "__main__":
    main()
