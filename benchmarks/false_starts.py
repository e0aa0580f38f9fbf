"""How soon an answer comes against how often it comes too soon, by how patient improvd is.

    PYTHONPATH=. python benchmarks/false_starts.py [CORPUS] [--split test] [--phrases 1000] [--performances FOLDER]
        [--part report] [--patience 0.7 1 1.4] [--astray 0.015] [--pedals] [--meter 6/8] [--sync clock] [--seed 1]

Phrases as in `phrases.py`: with CORPUS (a folder with a MANIFEST.csv) those of a split of it; FOLDER holds
performances, each ``NAME.mid`` with its annotated beats in ``NAME.beats.csv``, and ``--part`` says whether those that
constants were chosen by are played (`tempo.py` names them), the others, or all. With ``--meter`` only pieces in it are
played. Each phrase is played to the engine in virtual time, ``--pedals`` with the pedal as it was played, and followed
by two seconds of silence. A false start is a gap between two onsets of a phrase in which an answer began to sound; some
of them are ties, taken back within a tenth of a second, as the player came in on the same beat. The delay goes from the
end of the last note struck to the first note of the answer, and is told against a beat or 0.9 s, whichever is longer.

``--astray`` is how far the corpus' phrases are from what is written, in seconds (standard deviation): without it they
are exact, and so is each tie. With another ``--sync`` than the player's they are played at one tempo, to improvd's own
bars, to a MIDI clock with 3 ms of jitter, or to a Link session: bars are where they are written. Needs
`improvd[train]` (symusic) and, for performances, what `tempo.py` needs.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from phrases import of_performances, of_pieces, pieces

from improvd.core.beat_clock import START
from improvd.core.beat_ours import BREATH
from improvd.core.events import NOTE_ON, BeatNote, Beats, Continuation, LinkState, Seconds
from improvd.core.meter import meter_named
from improvd.core.settings import EngineSettings, Sync
from improvd.core.turns import TOO_SOON
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Stage
from tests.core.clocks import VirtualClock
from tests.core.room import Room

if TYPE_CHECKING:
    from phrases import Bars, Phrase

    from improvd.core.events import Generate, Sent

SILENCE, LONG_ENOUGH = 2.0, 0.9
SHORTEST: Final = 0.02
"""Seconds that a note lasts at least, however far astray its end is."""
JITTER: Final = 0.003
"""How far a clock's ticks stray, in seconds."""


class Partner:
    """Answers as soon as the shipped model would, with one note."""

    step = Seconds(0.000_1)

    def answer(self, asked_at: Seconds, request: Generate) -> tuple[Seconds, Continuation]:
        """A note on the first beat of each segment."""
        note = BeatNote(request.start, Beats(min(0.5, request.until - request.start)), 60, 80)
        return Seconds(asked_at + 0.02), Continuation(request.turn, request.segment, (note,))


@dataclass
class Figures:
    """Of all phrases with one patience; ``delays`` in seconds, ``shares`` of what a player may wait."""

    gaps: int = 0
    false_starts: int = 0
    ties: int = 0
    unanswered: int = 0
    delays: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        """As a cell of each column of the table."""
        per_thousand = 1000 * self.false_starts / max(1, self.gaps)
        delay, share = (f"{median(values):.2f}" if values else "–" for values in (self.delays, self.shares))
        counts = f"{len(self.delays) + self.unanswered} | {self.gaps} | {self.false_starts} | {self.ties}"
        return f"{counts} | {per_thousand:.2f} | {delay} | {share} | {self.unanswered}"


def astray(phrase: Phrase, by: float, rng: random.Random) -> Phrase:
    """The phrase as people play it: what is struck together ``by`` so many seconds early or late."""
    moved = {onset: rng.gauss(0, by) for onset in sorted({note.onset for note in phrase.notes})}
    notes = [replace(note, onset=Seconds(note.onset + moved[note.onset])) for note in phrase.notes]
    ends = [note.offset + moved[note.onset] for note in phrase.notes]
    played = [
        replace(note, offset=Seconds(max(end, note.onset + SHORTEST))) for note, end in zip(notes, ends, strict=True)
    ]
    return replace(phrase, notes=tuple(sorted(played, key=lambda note: (note.onset, note.pitch))))


def to_bars(phrase: Phrase, bars: Bars, settings: EngineSettings) -> tuple[Phrase, list[Sent]]:
    """The phrase, moved to where it falls on the bars of whoever leads, and what improvd sent."""
    meter, quarter = bars.meter, bars.quarter
    bar, bpm = meter.bar * quarter, 60 / quarter
    first = BREATH * quarter + bar  # improvd counts one bar in; the others begin there too
    begin = phrase.notes[0].onset
    late = first + bar + (begin - bars.downbeat) % bar - begin
    phrase = replace(
        phrase,
        notes=tuple(
            replace(note, onset=Seconds(note.onset + late), offset=Seconds(note.offset + late)) for note in phrase.notes
        ),
    )
    room = Room(sync=settings.sync, patience=settings.patience, bpm=bpm, beats_per_bar=meter.bar, tap=meter.tap)
    room.partner = Partner()
    messages = [(event.at, event.data) for event in phrase.messages()]
    clock = None
    if settings.sync is Sync.LINK:
        room.link(LinkState(Seconds(0.0), Beats(-first / quarter), bpm, None, 1))
    elif settings.sync is Sync.CLOCK:
        clock = VirtualClock(bpm, start=first, jitter=JITTER)
        messages.append((first - 2 * JITTER, bytes((START,))))
    room.play(phrase.end + SILENCE + 2 * bar, clock, *messages)
    return phrase, room.sent


def play(phrase: Phrase, settings: EngineSettings, figures: Figures, *, pedals: bool = False) -> None:
    """One phrase, and what became of it."""
    late = phrase.period
    if phrase.bars is None:
        sent = Stage(Player(phrase.messages(pedals=pedals)), Partner(), settings).perform().sent
    else:
        phrase, sent = to_bars(phrase, phrase.bars, settings)
        late = phrase.bars.meter.bar * phrase.bars.quarter
    struck = [one.planned for one in sent if one.data[0] & 0xF0 == NOTE_ON]
    onsets = phrase.onsets
    figures.gaps += len(onsets) - 1
    for one, other in pairwise(onsets):
        begun = next((at for at in struck if one <= at < other), other)
        figures.false_starts += begun < other
        figures.ties += 0 < other - begun <= TOO_SOON
    first = next((at for at in struck if at >= onsets[-1]), None)
    if first is None or first > phrase.end + SILENCE + late:
        figures.unanswered += 1
        return
    figures.delays.append(first - phrase.end)
    figures.shares.append((first - phrase.end) / max(phrase.period, LONG_ENOUGH))


def main() -> None:
    """Print a line for each patience, over all phrases of each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--split", default="test")
    parser.add_argument("--phrases", type=int, default=1000)
    parser.add_argument("--performances", type=Path)
    parser.add_argument("--part", choices=("choose", "report", "all"), default="report")
    parser.add_argument("--patience", type=float, nargs="+", default=[1.0])
    parser.add_argument("--astray", type=float, default=0.0)
    parser.add_argument("--pedals", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--meter", type=meter_named)
    parser.add_argument("--sync", choices=[sync.value for sync in Sync], default=Sync.PLAYER.value)
    options = parser.parse_args()
    kinds: dict[str, list[Phrase]] = {}
    if options.corpus:
        paths = pieces(options.corpus, options.split)
        rng = random.Random(options.seed)
        led = options.sync != Sync.PLAYER.value
        phrases = of_pieces(paths, options.phrases, rng, meter=options.meter, led=led)
        kinds["corpus"] = [astray(phrase, options.astray, rng) for phrase in phrases] if options.astray else phrases
    if options.performances:
        kinds["performances"] = of_performances(options.performances, options.part)
    if not kinds:
        parser.error("there is nothing to play: name a corpus, or performances")
    print("| | patience | phrases | gaps | false starts | ties | in 1,000 | delay, s | share | not answered |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, phrases in kinds.items():
        for patience in options.patience:
            figures = Figures()
            settings = EngineSettings(patience=patience, sync=Sync(options.sync))
            if options.meter:
                settings = replace(settings, beats_per_bar=options.meter.bar, tap=options.meter.tap)
            for phrase in phrases:
                play(phrase, settings, figures, pedals=options.pedals)
            print(f"| {name} | {patience:g} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
