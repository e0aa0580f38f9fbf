"""How often the beat of a call is found: its tempo, and where its next beat falls.

    python benchmarks/calls.py [CORPUS] [--split test] [--calls 400] [--seed 1] [--sure 0.8] [--turns 1] [--ear]

Without CORPUS: calls made up of quarters, eighths, dotted pairs, triplets and sixteenths at 72-138 bpm, played with
8 ms of jitter and uneven loudness. With CORPUS (a folder with a MANIFEST.csv): phrases cut at rests as by
`answers.py`, played at a random tempo of 60-150 bpm with 12 ms of jitter. Needs `improvd[train]` (symusic) for these.
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path
from typing import TYPE_CHECKING

from improvd.core.beat_player import SURE, PlayerBeat
from improvd.core.events import Note, Seconds
from improvd.core.settings import EngineSettings
from improvd.ear.hearing import Hearing

if TYPE_CHECKING:
    from improvd.core.timeline import Timeline

CELLS = ([0], [0], [0, 1 / 2], [0, 1 / 2], [0, 3 / 4], [0, 1 / 3, 2 / 3], [0, 1 / 4, 1 / 2, 3 / 4])
SAME_TEMPO, SAME_BEAT = 0.04, 0.12
SILENCE = 0.6
"""Seconds after a call's last key, at which it is judged to be over."""

Call = tuple[float, list[Note]]
"""The tempo, and the notes; a beat falls at 0 s."""


def made_up(rng: random.Random) -> Call:
    """A call of 4 to 16 beats in cells of one beat each."""
    bpm, beats, loudness = rng.uniform(72, 138), rng.choice((4, 6, 8, 12, 16)), rng.randint(60, 90)
    onsets = [beat + part for beat in range(beats - 1) for part in rng.choice(CELLS)] + [float(beats - 1)]
    notes = []
    for onset, after in zip(onsets, [*onsets[1:], float(beats)], strict=True):
        at = onset * 60 / bpm + rng.gauss(0, 0.008)
        held = (after - onset) * rng.uniform(0.6, 0.95) * 60 / bpm
        notes.append(Note(Seconds(at), Seconds(at + held), 60, loudness + rng.randint(-8, 8)))
    return bpm, sorted(notes, key=lambda note: note.onset)


def cut(corpus: Path, split: str, rng: random.Random, count: int) -> list[Call]:
    """One phrase of each piece of a split that has any, at a tempo of its own, until there are ``count``."""
    import symusic  # noqa: PLC0415 - only these need it
    from answers import spans  # noqa: PLC0415 - a script beside this one, which needs it too

    with (corpus / "MANIFEST.csv").open(encoding="utf-8") as manifest:
        rows = [row for row in csv.DictReader(manifest) if row["split"] == split and "giantmidi" not in row["path"]]
    rng.shuffle(rows)
    calls = []
    for row in rows:
        if len(calls) == count:
            break
        score = symusic.Score(corpus / row["path"])
        if found := spans(score):
            notes = rng.choice(found)
            bpm, first = rng.uniform(60, 150), notes[0].start // score.ticks_per_quarter
            played = []
            for note in notes:
                onset, offset = (tick / score.ticks_per_quarter - first for tick in (note.start, note.end))
                at = onset * 60 / bpm + rng.gauss(0, 0.012)
                played.append(
                    Note(Seconds(at), Seconds(max(at, offset * 60 / bpm - 0.03)), note.pitch, max(1, note.velocity))
                )
            calls.append((bpm, sorted(played, key=lambda note: note.onset)))
    return calls


def turns(calls: list[Call], count: int) -> list[Call]:
    """Each call ``count`` times over by one player on one beat, an answer of its length between: a session."""
    sessions = []
    for bpm, notes in calls:
        beats = round((max(note.offset for note in notes) - notes[0].onset) * bpm / 60 + 0.5)
        every = 2 * (beats + 1) * 60 / bpm
        again = [
            Note(Seconds(note.onset + turn * every), Seconds(note.offset + turn * every), note.pitch, note.velocity)
            for turn in range(count)
            for note in notes
        ]
        sessions.append((bpm, again))
    return sessions


def heard(source: PlayerBeat, notes: list[Note], count: int) -> Timeline:
    """The beat of the last of ``count`` calls, as an engine would ask for it after each."""
    length = len(notes) // count
    for turn in range(count):
        call = notes[turn * length : (turn + 1) * length]
        for note in call:
            source.hear(note.onset, note.pitch, note.velocity)
        pulse = source.pulse(call, Seconds(max(note.offset for note in call) + SILENCE))
        source.decided(pulse)
    return pulse.timeline


def main() -> None:
    """Make or cut the calls, find their beats, print how many were right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--split", default="test")
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sure", type=float, default=SURE, help="the tracker's confidence that is enough; 2: never")
    parser.add_argument(
        "--turns", type=int, default=1, help="play each call so often, with answers, and count the last"
    )
    parser.add_argument("--ear", action="store_true", help="let the tracker's ear judge what its filter guesses")
    options = parser.parse_args()

    rng = random.Random(options.seed)
    if options.corpus is None:
        calls = [made_up(rng) for _ in range(options.calls)]
    else:
        calls = cut(options.corpus, options.split, rng, options.calls)
    ear = Hearing if options.ear else None
    right = half_or_double = on_beat = 0
    for bpm, notes in turns(calls, options.turns):
        timeline = heard(PlayerBeat(EngineSettings(), ear, options.sure), notes, options.turns)
        factor = min((1, 2, 0.5), key=lambda factor: abs(timeline.bpm / bpm / factor - 1))
        if abs(timeline.bpm / bpm / factor - 1) >= SAME_TEMPO:
            continue
        right += factor == 1
        half_or_double += factor != 1
        end = max(note.offset for note in notes)
        # At double the tempo every second beat is the player's; at half of it every beat is.
        beat = timeline.time_at(timeline.next_beat(end)) * bpm / 60 * max(1, factor)
        on_beat += abs(beat - round(beat)) < SAME_BEAT
    print(
        f"{len(calls)} calls: tempo right {right}, half or double {half_or_double}, of these next beat right {on_beat}"
    )


if __name__ == "__main__":
    main()
