"""Answers to listen to and to look at: phrases of a corpus played to improvd as to a person, as MIDI, WAV and pictures.

    python benchmarks/listening.py CORPUS OUT [--split test] [--count 10] [--seed 1] [--model default] [--style NAME]

CORPUS is a folder with a MANIFEST.csv (path, source, split). One phrase of 8 to 16 beats is taken of each piece, turn
by turn from each source, and rehearsed as by `improvd rehearse --hold`. To the folder OUT go, for each, the duet as
MIDI and WAV and its piano roll, with what the composer wrote after the phrase below it; and a table, in Markdown.
Needs `improvd[train]` (symusic, matplotlib), and fluidsynth for the WAV.
"""

from __future__ import annotations

import argparse
import csv
import random
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import symusic
from answers import played, spans
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from improvd.core.events import NOTE_OFF, NOTE_ON, Note, Seconds
from improvd.core.settings import EngineSettings
from improvd.model import keys
from improvd.model.bundle import load
from improvd.model.places import find
from improvd.rehearsal.partner import VirtualPartner
from improvd.rehearsal.player import Player
from improvd.rehearsal.score import write_duet
from improvd.rehearsal.stage import Stage
from improvd.render import sound
from improvd.render.roll import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from improvd.rehearsal.performance import Performance

SHORTEST, LONGEST = 8.0, 16.0
"""Beats of a phrase."""
FEWEST = 8
"""Notes of a phrase."""
COLOURS = {"call": "#8a6d1d", "improvd": "#1f77b4", "composer": "#7f7f7f"}


class Phrase(NamedTuple):
    """A phrase and how the composer went on, in seconds from a second before the phrase."""

    name: str
    source: str
    bpm: float
    call: list[Note]
    after: list[Note]


@dataclass
class Answer:
    """What improvd made of a phrase; ``heard`` is the phrase as it was played, waiting wherever that was answered."""

    phrase: Phrase
    heard: list[Note]
    notes: list[Note]
    performance: Performance


def phrase_of(path: Path, rng: random.Random) -> Phrase | None:
    """One phrase of a piece, between two rests or, where there are none, of four bars; None where it is too short."""
    score = symusic.Score(path)
    notes = sorted(
        (note for track in score.tracks if not track.is_drum for note in track.notes),
        key=lambda note: (note.start, note.pitch),
    )
    if not notes:
        return None
    shortest, longest = (round(beats * score.ticks_per_quarter) for beats in (SHORTEST, LONGEST))
    found = [(span[0].start, max(note.end for note in span)) for span in spans(score)]
    found = [(start, end) for start, end in found if shortest <= end - start <= longest]
    found = found or [(start, start + longest) for start in range(notes[0].start, notes[-1].start - longest, longest)]
    rng.shuffle(found)
    for start, end in found:
        call = [note for note in notes if start <= note.start < end]
        after = [note for note in notes if end <= note.start < 2 * end - start]
        if len(call) >= FEWEST and after:
            bpm = next((tempo.qpm for tempo in reversed(score.tempos) if tempo.time <= start), 120.0)
            second = 60.0 / (bpm * score.ticks_per_quarter)
            heard, later = (
                [
                    Note(
                        Seconds(1.0 + (note.start - start) * second),
                        Seconds(1.0 + (min(note.end, last) - start) * second),
                        note.pitch,
                        max(1, note.velocity),
                    )
                    for note in some
                ]
                for some, last in ((call, end), (after, 2 * end - start))
            )
            return Phrase(path.stem, path.parent.name, bpm, heard, later)
    return None


def phrases(corpus: Path, split: str, count: int, rng: random.Random) -> list[Phrase]:
    """So many phrases, turn by turn from each source."""
    with (corpus / "MANIFEST.csv").open(encoding="utf-8") as manifest:
        paths = [corpus / row["path"] for row in csv.DictReader(manifest) if row["split"] == split]
    rng.shuffle(paths)
    sources = [[path for path in paths if path.parent == folder] for folder in sorted({path.parent for path in paths})]
    found: list[Phrase] = []
    for path in (path for turn in zip_longest(*sources) for path in turn if path is not None):
        phrase = phrase_of(path, rng)
        found += [phrase] if phrase else []
        if len(found) == count:
            break
    return found


def struck(messages: Iterable[tuple[Seconds, bytes]]) -> list[Note]:
    """The notes that messages make, in order of time."""
    down: dict[int, tuple[Seconds, int]] = {}
    notes = []
    for at, data in messages:
        kind, pitch, velocity = data[0] & 0xF0, data[1], data[-1]
        if kind == NOTE_ON and velocity:
            down[pitch] = at, velocity
        elif kind in (NOTE_ON, NOTE_OFF) and pitch in down:
            onset, loud = down.pop(pitch)
            notes.append(Note(onset, at, pitch, loud))
    return sorted(notes, key=lambda note: (note.onset, note.pitch))


def key_of(notes: Sequence[Note]) -> keys.Found:
    """The key that notes are in."""
    pitch = np.array([note.pitch for note in notes])
    return keys.find(keys.sounding(pitch, np.array([note.offset - note.onset for note in notes])))


def draw(answers: Sequence[Answer], path: Path) -> None:
    """The piano rolls of some answers, each with what the composer wrote below it, as one picture."""
    figure = Figure(figsize=(15, 5 * len(answers)), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, answer in zip(np.ravel(figure.subplots(2 * len(answers), 1, squeeze=False)), _rows(answers), strict=True):
        title, parts, turns, span = answer
        for name, notes in parts.items():
            for note in notes:
                axes.barh(
                    note.pitch,
                    note.offset - note.onset,
                    left=note.onset,
                    height=0.85,
                    color=COLOURS[name],
                    alpha=0.35 + 0.65 * note.velocity / 127,
                    edgecolor="black",
                    linewidth=0.4,
                )
        pitches = [note.pitch for notes in parts.values() for note in notes]
        for beat in turns:
            axes.axvline(beat, color="#cccccc", linewidth=0.6, zorder=0)
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_xlim(*span)
        axes.set_yticks(range(min(pitches) // 12 * 12, max(pitches) + 1, 12))
        axes.set_yticklabels([name_of(int(pitch)) for pitch in axes.get_yticks()])
        axes.set_ylim(min(pitches) - 2, max(pitches) + 2)
    figure.savefig(path, dpi=70)


def _rows(answers: Sequence[Answer]) -> Iterable[tuple[str, dict[str, list[Note]], list[float], tuple[float, float]]]:
    """Title, notes, times of beats, and first and last second of each roll."""
    for answer in answers:
        phrase = answer.phrase
        beats = []
        for turn in answer.performance.turns:
            if turn.response_onset is not None and turn.response_end is not None:
                beats += list(np.arange(turn.response_onset, turn.response_end + 1e-6, 60.0 / turn.bpm))
        last = max(note.offset for note in (*answer.heard, *answer.notes, *phrase.after))
        span = (0.8, last + 0.2)
        heard = ", ".join(f"{turn.bpm:.0f} bpm, {turn.reason}" for turn in answer.performance.turns)
        title = f"{phrase.source}: {phrase.name} ({phrase.bpm:.0f} bpm, {key_of(phrase.call).key.name}; heard {heard})"
        yield title, {"call": answer.heard, "improvd": answer.notes}, beats, span
        yield "as the composer went on", {"call": phrase.call, "composer": phrase.after}, [], span


def row(number: int, answer: Answer) -> str:
    """One line of the table."""
    call, notes, after = answer.phrase.call, answer.notes, answer.phrase.after
    key = key_of(call)

    def figures(some: Sequence[Note]) -> str:
        if not some:
            return "– | – | –"
        pitch = np.array([note.pitch for note in some])
        seconds = max(note.offset for note in some) - some[0].onset
        register = f"{name_of(int(pitch.min()))}–{name_of(int(pitch.max()))}"
        return f"{len(some) / max(seconds, 0.1):.1f} | {100 * keys.share(key.key, pitch):.0f} | {register}"

    clear = "" if key.clear else "?"
    return (
        f"| {number} | {answer.phrase.source} | {answer.phrase.name} | {key.key.name}{clear} "
        f"| {figures(call)} | {figures(notes)} | {figures(after)} |"
    )


def main() -> None:
    """Cut, play, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="default")
    parser.add_argument("--style", default="")
    options = parser.parse_args()

    options.out.mkdir(parents=True, exist_ok=True)
    bundle, font = load(find(options.model)), sound.soundfont()
    bundle.check_style(options.style)
    part = ("notes/s", "in key, %", "range")
    columns = [f"{who}: {what}" for who in ("call", "improvd", "composer") for what in part]
    lines = [f"| | source | piece | key | {' | '.join(columns)} |", "|---" * (4 + len(columns)) + "|"]
    settings = EngineSettings(seed=options.seed, style=options.style)
    for number, phrase in enumerate(
        phrases(options.corpus, options.split, options.count, random.Random(options.seed)), 1
    ):
        performance = Stage(Player(played(phrase.call)), VirtualPartner(bundle), settings, hold=True).perform()
        answer = Answer(
            phrase,
            struck((event.at, event.data) for event in performance.heard),
            struck((sent.actual, sent.data) for sent in performance.sent),
            performance,
        )
        name = options.out / f"{number:02}-{phrase.source}"
        write_duet(performance, name.with_suffix(".mid"))
        sound.write_wav(name.with_suffix(".mid"), name.with_suffix(".wav"), font)
        draw([answer], name.with_suffix(".png"))
        lines.append(row(number, answer))
        print(lines[-1])
    (options.out / "listening.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
