"""Phrases that people wrote or played, cut at rests, for what measures how calls end.

A phrase is what lies between rests of a beat or more in which no key is held, at least 4 notes and at most 32 beats
long. Of the corpus they have the tempo that is written there, or one tempo and the bars that are written (`in_time`);
of performances the tempo that was played.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import symusic

from improvd.core.events import CONTROL, NOTE_OFF, NOTE_ON, SUSTAIN, MidiEvent, Note, Seconds
from improvd.core.meter import Meter
from improvd.core.tempo import CHORD_SPREAD

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence
    from pathlib import Path

LEAST_NOTES: Final = 4
LONGEST: Final = 32.0
MOST_OF_A_PIECE: Final = 12
BEGIN: Final = 1.0
"""When the first note of each phrase falls, in seconds."""

Span = tuple[float, float]


@dataclass(frozen=True)
class Bars:
    """Where bars lie: one begins at ``downbeat``, and quarters are ``quarter`` long, both in seconds."""

    downbeat: float
    quarter: float
    meter: Meter


@dataclass(frozen=True)
class Phrase:
    """Notes in order of onset, and how long a beat is there, in seconds; ``pedals``: from when to when one is down.

    ``bars`` are known of what is played `in_time`.
    """

    notes: tuple[Note, ...]
    period: float
    pedals: tuple[Span, ...] = ()
    bars: Bars | None = None

    @property
    def onsets(self) -> list[float]:
        """When something is struck, a chord being one onset."""
        found = [self.notes[0].onset]
        for note in self.notes:
            if note.onset - found[-1] > CHORD_SPREAD:
                found.append(note.onset)
        return [float(onset) for onset in found]

    @property
    def end(self) -> float:
        """When the last key comes up that was struck last."""
        return max(note.offset for note in self.notes if note.onset > self.onsets[-1] - CHORD_SPREAD)

    def messages(self, *, pedals: bool = False) -> list[MidiEvent]:
        """The phrase as a keyboard sends it, ``pedals`` and all if asked for."""
        events = [MidiEvent(note.onset, bytes((NOTE_ON, note.pitch, note.velocity))) for note in self.notes]
        events += [MidiEvent(note.offset, bytes((NOTE_OFF, note.pitch, 0))) for note in self.notes]
        for down, up in self.pedals if pedals else ():
            events.append(MidiEvent(Seconds(down), bytes((CONTROL, SUSTAIN, 127))))
            events.append(MidiEvent(Seconds(up), bytes((CONTROL, SUSTAIN, 0))))
        return sorted(events, key=lambda event: (event.at, event.kind == NOTE_ON))


def cut(notes: Iterable[Note], period: float, pedals: Sequence[Span] = (), bars: Bars | None = None) -> list[Phrase]:
    """The phrases of a piece, its notes in order of onset, with beats of ``period`` seconds."""
    phrases: list[list[Note]] = [[]]
    up = 0.0
    for note in notes:
        if phrases[-1] and note.onset - up >= period:
            phrases.append([])
        phrases[-1].append(note)
        up = max(up, note.offset)
    found = []
    for phrase, after in pairwise([*phrases, []]):
        if len(phrase) >= LEAST_NOTES and phrase[-1].onset - phrase[0].onset <= LONGEST * period:
            first, over = phrase[0].onset, after[0].onset if after else float("inf")
            late = first - BEGIN
            moved = (Note(Seconds(n.onset - late), Seconds(n.offset - late), n.pitch, n.velocity) for n in phrase)
            held = (
                (max(down, first) - late, min(up, over) - late) for down, up in pedals if up > first and down < over
            )
            placed = bars and replace(bars, downbeat=bars.downbeat - late)
            found.append(Phrase(tuple(moved), period, tuple(held), placed))
    return found


def read(
    path: Path, period: float | None = None, tracks: slice = slice(None), meter: Meter | None = None
) -> list[Phrase]:
    """The phrases of a MIDI file, none where it is not all in the ``meter`` asked for.

    Without a ``period`` its beats, those that people tap to, are as long as its own tempo has them on average.
    """
    score = symusic.Score(path).to("second")
    written = {f"{signature.numerator}/{signature.denominator}" for signature in score.time_signatures}
    if meter is not None and written != {meter.name}:
        return []
    parts = [track for track in score.tracks[tracks] if not track.is_drum]
    notes = _notes(parts)
    pedals = sorted((pedal.time, pedal.time + pedal.duration) for part in parts for pedal in part.pedals)
    if period is None:
        period = 60 / median([tempo.qpm for tempo in score.tempos] or [120.0]) * (meter.tap if meter else 1.0)
    return cut(notes, period, pedals)


def in_time(path: Path, meter: Meter | None = None) -> list[Phrase]:
    """The phrases of a MIDI file as they are played at one tempo, with bars as written; those in a ``meter`` or in any.

    None of them goes on into another metre.
    """
    score = symusic.Score(path)
    quarter = 60 / median([tempo.qpm for tempo in score.tempos] or [120.0])
    tick = quarter / score.ticks_per_quarter
    notes = _notes([track for track in score.tracks if not track.is_drum], tick)
    written = [(change.time * tick, Meter(change.numerator, change.denominator)) for change in score.time_signatures]
    phrases = []
    for (begin, now), (end, _) in pairwise([*(written or [(0.0, Meter())]), (float("inf"), Meter())]):
        if meter in (None, now):
            inside = [note for note in notes if begin <= note.onset < end]
            phrases += cut(inside, quarter * (now.tap if meter else 1.0), bars=Bars(begin, quarter, now))
    return phrases


def notes_of(path: Path) -> list[Note]:
    """All notes of a MIDI file but drums, in order of onset."""
    return _notes([track for track in symusic.Score(path).to("second").tracks if not track.is_drum])


def _notes(parts: Iterable[Any], unit: float = 1.0) -> list[Note]:
    notes = (note for part in parts for note in part.notes)
    played = (
        Note(Seconds(n.time * unit), Seconds((n.time + n.duration) * unit), n.pitch, n.velocity or 1) for n in notes
    )
    return sorted(played, key=lambda note: (note.onset, note.pitch))


def pieces(corpus: Path, split: str, source: str = "") -> list[Path]:
    """The files of a split of the corpus, of one source or of all whose tempo is written there, in a fixed order."""
    with (corpus / "MANIFEST.csv").open(encoding="utf-8") as manifest:
        rows = [row["path"] for row in csv.DictReader(manifest) if row["split"] == split]
    return [corpus / path for path in rows if (f"/{source}/" in f"/{path}" if source else "giantmidi" not in path)]


def of_pieces(
    paths: list[Path],
    count: int,
    rng: random.Random,
    *,
    period: float | None = None,
    tracks: slice = slice(None),
    meter: Meter | None = None,
    led: bool = False,
) -> list[Phrase]:
    """Up to ``count`` phrases, of pieces in an order by chance, a dozen of each at most; ``led``: those `in_time`."""
    paths = rng.sample(paths, len(paths))
    phrases: list[Phrase] = []
    for path in paths:
        found = in_time(path, meter) if led else read(path, period, tracks, meter)
        phrases += rng.sample(found, min(MOST_OF_A_PIECE, len(found)))
        if len(phrases) >= count:
            break
    return phrases[:count]


def of_performances(folder: Path, part: str = "all", parts_of_beat: int = 1) -> list[Phrase]:
    """All phrases of performances whose beats are annotated, of the ``part`` to choose by, to report on, or all.

    ``parts_of_beat``: cut at rests of so small a part of a beat.
    """
    from tempo import CHOSEN  # noqa: PLC0415  a script beside this one, which needs more than most who come here

    phrases: list[Phrase] = []
    for path in sorted(folder.glob("*.mid")):
        if part != "all" and path.stem.startswith(CHOSEN) != (part == "choose"):
            continue
        with path.with_suffix(".beats.csv").open(encoding="utf-8") as lines:
            beats = [float(row[0]) for row in csv.reader(lines) if row and row[0][:1].isdigit()]
        phrases += read(path, median(later - at for at, later in pairwise(beats)) / parts_of_beat)
    return phrases
