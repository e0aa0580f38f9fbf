"""How soon an answer comes against how often it comes too soon, by how patient improvd is.

    python benchmarks/false_starts.py [CORPUS] [--split test] [--phrases 1000] [--performances FOLDER] [--part report]
        [--patience 0.7 1 1.4] [--pedals] [--meter 6/8] [--sync internal --bpm 100] [--seed 1]

Phrases as in `phrases.py`: with CORPUS (a folder with a MANIFEST.csv) those of a split of it; FOLDER holds
performances, each ``NAME.mid`` with its annotated beats in ``NAME.beats.csv``, and ``--part`` says whether those that
constants were chosen by are played (`tempo.py` names them), the others, or all. With ``--meter`` only pieces in it are
played. Each phrase is played to the engine in virtual time, ``--pedals`` with the pedal as it was played, and followed
by two seconds of silence. A false start is a gap between two onsets of a phrase in which an answer began to sound; the
delay goes from the end of the last note struck to the first note of the answer, and is told against a beat or 0.9 s,
whichever is longer. Needs `improvd[train]` (symusic) and, for performances, what `tempo.py` needs.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from phrases import of_performances, of_pieces, pieces

from improvd.core.events import NOTE_ON, BeatNote, Beats, Continuation, Seconds
from improvd.core.meter import meter_named
from improvd.core.settings import EngineSettings, Sync
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Stage

if TYPE_CHECKING:
    from phrases import Phrase

    from improvd.core.events import Generate

SILENCE, LONG_ENOUGH = 2.0, 0.9


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
    unanswered: int = 0
    delays: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        """As a cell of each column of the table."""
        per_thousand = 1000 * self.false_starts / max(1, self.gaps)
        delay, share = (f"{median(values):.2f}" if values else "–" for values in (self.delays, self.shares))
        counts = f"{len(self.delays) + self.unanswered} | {self.gaps} | {self.false_starts}"
        return f"{counts} | {per_thousand:.2f} | {delay} | {share} | {self.unanswered}"


def play(phrase: Phrase, settings: EngineSettings, figures: Figures, *, pedals: bool = False) -> None:
    """One phrase, and what became of it."""
    performance = Stage(Player(phrase.messages(pedals=pedals)), Partner(), settings).perform()
    struck = [sent.planned for sent in performance.sent if sent.data[0] & 0xF0 == NOTE_ON]
    onsets = phrase.onsets
    figures.gaps += len(onsets) - 1
    figures.false_starts += sum(any(one <= at < other for at in struck) for one, other in pairwise(onsets))
    first = next((at for at in struck if at >= onsets[-1]), None)
    if first is None or first > phrase.end + SILENCE + phrase.period:
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
    parser.add_argument("--pedals", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--meter", type=meter_named)
    parser.add_argument("--sync", choices=[sync.value for sync in Sync], default=Sync.PLAYER.value)
    parser.add_argument("--bpm", type=float)
    options = parser.parse_args()
    kinds: dict[str, list[Phrase]] = {}
    if options.corpus:
        paths = pieces(options.corpus, options.split)
        kinds["corpus"] = of_pieces(paths, options.phrases, random.Random(options.seed), meter=options.meter)
    if options.performances:
        kinds["performances"] = of_performances(options.performances, options.part)
    if not kinds:
        parser.error("there is nothing to play: name a corpus, or performances")
    print("| | patience | phrases | gaps | false starts | in 1,000 | delay, s | share | not answered |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, phrases in kinds.items():
        for patience in options.patience:
            figures = Figures()
            settings = EngineSettings(patience=patience, sync=Sync(options.sync), bpm=options.bpm)
            if options.meter:
                settings = replace(settings, beats_per_bar=options.meter.bar, tap=options.meter.tap)
            for phrase in phrases:
                play(phrase, settings, figures, pedals=options.pedals)
            print(f"| {name} | {patience:g} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
