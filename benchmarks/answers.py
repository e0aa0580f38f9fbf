"""How calls are answered: phrases cut at rests from the pieces of a corpus, each played to improvd as to a person.

    python benchmarks/answers.py CORPUS [--split test] [--phrases 100] [--seed 1] [--model default]

CORPUS is a folder with a MANIFEST.csv (path, source, split). Every phrase is rehearsed as by
`improvd rehearse --hold`, with the same engine and model. A phrase counts as answered where each of its calls got
at least four notes and half the call's length. Prints a table in Markdown. Needs `improvd[train]` (symusic).
"""

from __future__ import annotations

import argparse
import csv
import random
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import symusic

from improvd.core.events import NOTE_OFF, NOTE_ON, MidiEvent, Note, Seconds, TurnEnded
from improvd.core.settings import EngineSettings
from improvd.model.bundle import load
from improvd.model.places import find
from improvd.rehearsal.partner import VirtualPartner
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Stage

if TYPE_CHECKING:
    from improvd.rehearsal.performance import Performance

SHORTEST_REST = 0.5
"""Beats in which nothing sounds, for a phrase to end there."""
PHRASE = (4.0, 16.0)
LEAST_NOTES = 4
MOST_OF_A_PIECE = 3


@dataclass
class Figures:
    """What is counted of one source."""

    phrases: int = 0
    answered: int = 0
    calls: int = 0
    inside: int = 0  # calls judged over before the phrase was
    while_held: int = 0
    hanging: int = 0
    delay_seconds: list[float] = field(default_factory=list)
    delay_beats: list[float] = field(default_factory=list)
    lengths: list[float] = field(default_factory=list)
    densities: list[float] = field(default_factory=list)


def spans(score: symusic.Score) -> list[list[symusic.Note]]:
    """The notes of all that lies between the end of one rest and the start of another, 4 to 16 beats long."""
    notes = sorted(
        (note for track in score.tracks if not track.is_drum for note in track.notes),
        key=lambda note: (note.start, note.pitch),
    )
    rest = SHORTEST_REST * score.ticks_per_quarter
    cuts, sounding_until = [0], 0
    for index, note in enumerate(notes):
        if index and note.start - sounding_until >= rest:
            cuts.append(index)
        sounding_until = max(sounding_until, note.end)
    cuts.append(len(notes))
    shortest, longest = (beats * score.ticks_per_quarter for beats in PHRASE)
    found = (notes[first:last] for first, last in combinations(cuts, 2))
    return [span for span in found if span and shortest <= max(note.end for note in span) - span[0].start <= longest]


def phrases(path: Path) -> list[list[Note]]:
    """The phrases of a piece in seconds of its own tempo; the first onset falls at 1 s."""
    score = symusic.Score(path)
    changes = [(tempo.time, tempo.qpm) for tempo in score.tempos] or [(0, 120.0)]

    def seconds(tick: int) -> float:
        at, total = 0, 0.0
        for (_, qpm), until in zip(changes, [*(time for time, _ in changes[1:]), tick], strict=True):
            total += max(0, min(until, tick) - at) * 60 / (qpm * score.ticks_per_quarter)
            at = max(at, min(until, tick))
        return total

    found = []
    for span in spans(score):
        start = seconds(span[0].start) - 1.0
        found.append(
            [
                Note(
                    Seconds(seconds(note.start) - start), Seconds(seconds(note.end) - start), note.pitch, note.velocity
                )
                for note in span
            ]
        )
    return found


def played(phrase: list[Note]) -> list[MidiEvent]:
    """The phrase as a keyboard sends it: offs before ons at equal times."""
    events = [MidiEvent(note.onset, bytes((NOTE_ON, note.pitch, max(note.velocity, 1)))) for note in phrase]
    events += [MidiEvent(note.offset, bytes((NOTE_OFF, note.pitch, 0))) for note in phrase]
    return sorted(events, key=lambda event: (event.at, event.kind))


def count(figures: Figures, performance: Performance) -> None:
    """Add one phrase's performance to the figures."""
    turns = [turn for turn in performance.turns if turn.call_notes]
    last_onset = max(event.at for event in performance.heard if event.kind == NOTE_ON)
    figures.phrases += 1
    figures.calls += len(turns)
    figures.inside += sum(turn.decided_at < last_onset for turn in turns)
    figures.answered += bool(turns) and all(map(is_answered, turns))
    figures.while_held += sum(key_is_held(performance, turn.decided_at) for turn in turns)
    figures.hanging += hangs(performance)
    for turn in turns:
        if turn.response_onset is not None:
            wait = turn.response_onset - turn.call_end
            figures.delay_seconds.append(wait)
            figures.delay_beats.append(wait * turn.bpm / 60)
            figures.lengths.append(turn.response_beats / max(turn.call_beats, 1e-9))
            figures.densities.append(
                turn.response_notes / max(turn.response_beats, 1e-9) * turn.call_beats / turn.call_notes
            )


def is_answered(turn: TurnEnded) -> bool:
    """At least four notes and half the call's length."""
    return turn.response_notes >= LEAST_NOTES and turn.response_beats >= turn.call_beats / 2


def key_is_held(performance: Performance, at: float) -> bool:
    """Whether the player held a key at a time."""
    held: set[int] = set()
    for event in performance.heard:
        if event.at > at:
            break
        (held.add if event.kind == NOTE_ON else held.discard)(event.data[1])
    return bool(held)


def hangs(performance: Performance) -> int:
    """Notes struck and never ended."""
    sounding: set[int] = set()
    for sent in performance.sent:
        kind = sent.data[0] & 0xF0
        if kind in (NOTE_ON, NOTE_OFF):
            (sounding.add if kind == NOTE_ON else sounding.discard)(sent.data[1])
    return len(sounding)


def row(name: str, figures: Figures) -> str:
    """One line of the table."""

    def spread(values: list[float]) -> str:
        if not values:
            return "–"
        ordered = sorted(values)
        low, high = ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 10]
        return f"{statistics.median(ordered):.2f} ({low:.2f}–{high:.2f})"

    return (
        f"| {name} | {figures.phrases} | {figures.answered} | {figures.calls} | {figures.inside} "
        f"| {figures.while_held} | {figures.hanging} | {spread(figures.delay_seconds)} | {spread(figures.delay_beats)} "
        f"| {spread(figures.lengths)} | {spread(figures.densities)} |"
    )


def main() -> None:
    """Cut, play, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--phrases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="default")
    options = parser.parse_args()

    rng = random.Random(options.seed)
    with (options.corpus / "MANIFEST.csv").open(encoding="utf-8") as manifest:
        rows = [entry for entry in csv.DictReader(manifest) if entry["split"] == options.split]
    bundle = load(find(options.model))
    chosen: list[tuple[str, list[Note]]] = []
    for entry in rows:
        found = phrases(options.corpus / entry["path"])
        source = Path(entry["path"]).parent.name
        chosen += [(source, phrase) for phrase in rng.sample(found, min(len(found), MOST_OF_A_PIECE))]
    rng.shuffle(chosen)
    by_source: dict[str, Figures] = defaultdict(Figures)
    total = Figures()
    for source, phrase in chosen[: options.phrases]:
        player, settings = Player(played(phrase)), EngineSettings(seed=options.seed)
        performance = Stage(player, VirtualPartner(bundle), settings, hold=True).perform()
        for figures in (by_source[source], total):
            count(figures, performance)
    print(
        "| source | phrases | answered | calls | begun inside | with a key held | hanging | delay, s | delay, beats "
        "| length ÷ call's | density ÷ call's |"
    )
    print("|---" * 11 + "|")
    for name in sorted(by_source):
        print(row(name, by_source[name]))
    print(row("all", total))
    print("\nMedian (first and last tenth). Delay: from the call's last key up to the answer's first note.")


if __name__ == "__main__":
    main()
