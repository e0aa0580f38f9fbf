"""Whether a model can be kept from reciting, and what that costs: the same answers with the guard and without.

    python benchmarks/reciting.py by-heart FOLDER [--corpus music21:ryansMammoth] [--tunes 20] [--minutes 20]
    python benchmarks/reciting.py measure MODEL CALLS... [--answers 1000] [--split test] [--plain]

The first makes a model that recites, FOLDER/parrot: so many tunes, one after the other in one file, learnt without
dropout for so long; a single piece is watched by itself, so nothing stops its being learnt by heart.

The second has a model answer seeds cut from CALLS (as the suite's, but as many a piece as it takes) for 16 beats, with
the guard at its limit and without. --plain leaves all else that bends an answer out. "Recited" is counted as the guard
does: notes of the answer, but not those that take up what the player played. "As in the corpus" looks the answer's
notes up by themselves, all at once. Needs `improvd[train]`.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import symusic

from improvd.core.events import TICKS_PER_BEAT
from improvd.core.manner import AS_MEASURED, Manner
from improvd.evaluate import answers, pieces
from improvd.evaluate.seeds import Seed, cuts
from improvd.model.bundle import load
from improvd.model.places import find
from improvd.model.recital import Recital
from improvd.model.tokens import INTERVAL, PITCH, Metre, Vocabulary
from improvd.train.files import corpus
from improvd.train.run import run
from improvd.train.settings import TrainSettings
from improvd.train.telling import Lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.evaluate.pieces import Piece
    from improvd.model.bundle import Bundle
    from improvd.model.originality import Filter
    from improvd.model.tokens import TickNotes

BAR = 4 * TICKS_PER_BEAT
PLAIN = Manner(similarity=0.0, key_lean=0.0, register=None, density=None, velocity=None, ending=0.0)


def by_heart(folder: Path, music: str, tunes: int, minutes: float) -> None:
    """Train a model that recites."""
    read, _ = pieces.read(corpus.find([music])[:tunes])
    score, track, at = symusic.Score(TICKS_PER_BEAT), symusic.Track(), 0
    for piece in read:
        notes = piece.notes
        for onset, length, pitch, loud in zip(notes.onset, notes.duration, notes.pitch, notes.velocity, strict=True):
            track.notes.append(symusic.Note(at + int(onset), int(length), int(pitch), int(loud)))
        at += -(-int((notes.onset + notes.duration).max()) // BAR) * BAR
    score.tracks.append(track)
    score.tempos.append(symusic.Tempo(0, 120.0))
    folder.mkdir(parents=True, exist_ok=True)
    score.dump_midi(folder / "medley.mid")
    settings = TrainSettings(
        (str(folder / "medley.mid"),),
        folder / "parrot",
        minutes=minutes,
        dropout=0.0,
        rate=3e-3,
        patience=1000,
        workers=1,
    )
    run(settings, Lines(print))


def seeds(music: Sequence[Piece], count: int) -> list[Seed]:
    """So many seeds, spread over the pieces: of each, cuts drawn by its content."""
    each = -(-count // len(music))
    found = []
    for piece in music:
        places = cuts(piece).tolist()
        found += [Seed(piece, place) for place in random.Random(piece.digest).sample(places, min(each, len(places)))]
    return random.Random(0).sample(found, min(count, len(found)))


def measure(bundle: Bundle, asked: Sequence[Seed], manner: Manner) -> dict[str, float]:
    """Figures of the answers in a manner."""
    given = answers.by_network(bundle, asked, manner=manner)
    found = answers.compare(asked, given, bundle.originality)
    alone = [bundle.originality.longest(Vocabulary().encode(notes, Metre())).notes for some in given for notes in some]
    limit = AS_MEASURED.originality
    return {
        "answers": found["answers"],
        "recited, most": found["longest"],
        f"recited, over {limit}": found["beyond"],
        "as in the corpus, most": max(alone),
        f"as in the corpus, over {limit}": float(np.mean(np.array(alone) > limit)),
        "notes": found["notes"],
        "in key": found["in_key"],
        "in key, where it is clear": found["in_clear_key"],
        "µs a step that the guard takes": 1e6 * cost(bundle.originality, asked, given),
    }


def cost(learnt: Filter, asked: Sequence[Seed], given: Sequence[Sequence[TickNotes]]) -> float:
    """Seconds that the guard takes for a note heard or played, asked what may come where it would be."""
    seconds, steps = 0.0, 0
    for seed, some in zip(asked, given, strict=True):
        heard = Vocabulary().encode(seed.heard, Metre()).tolist()
        for notes in some:
            rows = [*heard, *Vocabulary().encode(notes, Metre()).tolist()]
            recital = Recital(learnt)
            begin = time.perf_counter()
            for number, row in enumerate(rows):
                if recital.notes >= AS_MEASURED.originality:
                    recital.would_count(row[INTERVAL])
                recital.hear(row[INTERVAL], row[PITCH], answer=number >= len(heard))
            seconds += time.perf_counter() - begin
            steps += len(rows)
    return seconds / steps


def main() -> None:
    """Make a model that recites, or measure one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("by-heart")
    making.add_argument("folder", type=Path)
    making.add_argument("--corpus", default="music21:ryansMammoth")
    making.add_argument("--tunes", type=int, default=20)
    making.add_argument("--minutes", type=float, default=20)
    measuring = commands.add_parser("measure")
    measuring.add_argument("model")
    measuring.add_argument("calls", nargs="+")
    measuring.add_argument("--answers", type=int, default=1000)
    measuring.add_argument("--split", help="only the pieces that a manifest puts there")
    measuring.add_argument("--skip", type=int, default=0, help="leave so many of the first files out")
    measuring.add_argument("--files", type=int, help="take no more files than this")
    measuring.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    if options.command == "by-heart":
        by_heart(options.folder, options.corpus, options.tunes, options.minutes)
        return
    entries = corpus.find(options.calls)
    entries = pieces.choose(entries, options.split) if options.split else entries
    music, _ = pieces.read(entries[options.skip :][: options.files])
    asked = seeds([piece for piece in music if len(cuts(piece))], -(-options.answers // answers.EACH))
    bundle = load(find(options.model))
    manner = PLAIN if options.plain else AS_MEASURED
    columns = [measure(bundle, asked, replace(manner, originality=limit)) for limit in (None, AS_MEASURED.originality)]
    print(f"{len(asked)} seeds\n\n| | without | with the guard |\n|---|---:|---:|")
    for name in columns[0]:
        print(f"| {name} | {' | '.join(f'{column[name]:.4g}' for column in columns)} |")


if __name__ == "__main__":
    main()
