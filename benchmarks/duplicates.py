"""How well a tune is known again after a change, shown on the pieces of a corpus, as Markdown.

    python benchmarks/duplicates.py FOLDER [--pieces 500] [--pairs]

Of FOLDER's MIDI files some are drawn by lot, each is changed in every way, and it is counted how often the changed
piece would be left out as a duplicate of the unchanged. --pairs lists the duplicates that the folder itself holds, for
the eye. Its first number is the share of notes that lie in a run of seven notes of the other's melody, in whatever key,
of the piece that shares less; its second is what the fingerprints say.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from improvd.core.events import TICKS_PER_BEAT
from improvd.model.tokens import TickNotes, in_order
from improvd.train.files import store
from improvd.train.files.corpus import Entry, find
from improvd.train.intake import duplicates
from improvd.train.intake.duplicates import Candidate, fingerprint, resolve
from improvd.train.music.midi import SUFFIXES
from improvd.train.music.reading import Piece, read_piece
from improvd.train.music.skipped import SkippedError

Change = Callable[[TickNotes, np.random.Generator], TickNotes]
RUN = 6
"""Intervals in a run."""
BAR = 4 * TICKS_PER_BEAT


def at(notes: TickNotes, which: np.ndarray) -> TickNotes:
    """Some of the notes."""
    return TickNotes(notes.onset[which], notes.pitch[which], notes.duration[which], notes.velocity[which])


def joined(first: TickNotes, second: TickNotes, ticks: int) -> TickNotes:
    """One piece, and another that begins after so many ticks."""
    later = TickNotes(second.onset + ticks, second.pitch, second.duration, second.velocity)
    return in_order(*(np.concatenate([getattr(one, name) for one in (first, later)]) for name in TickNotes.__slots__))


def transposed(notes: TickNotes, semitones: int) -> TickNotes:
    """In another key or octave."""
    return in_order(notes.onset, notes.pitch + semitones, notes.duration, notes.velocity)


def stretched(factor: float) -> Change:
    """In another tempo, as a file says it that knows only one: other ticks."""

    def change(notes: TickNotes, _: np.random.Generator) -> TickNotes:
        onset, duration = (np.rint(ticks * factor).astype(np.int64) for ticks in (notes.onset, notes.duration))
        return in_order(onset, notes.pitch, duration, notes.velocity)

    return change


def struck(ticks: int) -> Change:
    """Played by hand: each onset off by up to so many ticks."""

    def change(notes: TickNotes, rng: np.random.Generator) -> TickNotes:
        off = rng.integers(-ticks, ticks + 1, len(notes))
        return in_order(np.maximum(0, notes.onset + off), notes.pitch, notes.duration, notes.velocity)

    return change


def edited(share: float) -> Change:
    """So many of the notes wrong, missing, or with another after them, each a third."""

    def change(notes: TickNotes, rng: np.random.Generator) -> TickNotes:
        lot = rng.random(len(notes)) / share
        wrong = np.where(lot < 1 / 3, rng.choice([-3, -2, -1, 1, 2, 3], len(notes)), 0)
        changed = in_order(notes.onset, notes.pitch + wrong, notes.duration, notes.velocity)
        if len(changed) == len(notes):  # else a wrong note fell on another
            changed = at(changed, ~((lot >= 1 / 3) & (lot < 2 / 3)))
        more = at(notes, (lot >= 2 / 3) & (lot < 1))
        half = np.maximum(1, more.duration // 2)
        return joined(changed, in_order(more.onset + half, more.pitch + 2, half, more.velocity), 0)

    return change


def accompanied(notes: TickNotes, rng: np.random.Generator) -> TickNotes:
    """Of the notes that sound below others three in ten are missing and three in ten an octave lower."""
    below = np.zeros(len(notes), bool)
    end = notes.onset + notes.duration
    for back in range(1, min(12, len(notes) - 1) + 1):
        below[back:] |= (notes.pitch[:-back] > notes.pitch[back:]) & (end[:-back] > notes.onset[back:])
        below[:-back] |= (notes.pitch[back:] > notes.pitch[:-back]) & (notes.onset[back:] == notes.onset[:-back])
    lot = rng.random(len(notes))
    lower = in_order(notes.onset, notes.pitch - 12 * (below & (lot < 0.3)), notes.duration, notes.velocity)
    return at(lower, ~(below & (lot > 0.7))) if len(lower) == len(notes) else lower


def changes(intro: TickNotes) -> dict[str, Change]:
    """Every way to change a piece."""
    return {
        "another key": lambda notes, rng: transposed(notes, int(rng.choice([-5, -3, -2, -1, 1, 2, 4, 6]))),
        "an octave lower": lambda notes, _: transposed(notes, -12),
        "half the tempo": stretched(2),
        "a tenth slower": stretched(1.1),
        "a fifth faster": stretched(0.8),
        "double the tempo": stretched(0.5),
        "staccato, and louder": lambda notes, _: in_order(
            notes.onset, notes.pitch, notes.duration // 2, notes.velocity + 20
        ),
        "another accompaniment": accompanied,
        "the first third repeated": lambda notes, _: joined(
            at(notes, notes.onset < (start := int(notes.onset[-1]) // (3 * BAR) * BAR + BAR)), notes, start
        ),
        "four bars of another piece before": lambda notes, _: joined(at(intro, intro.onset < 4 * BAR), notes, 4 * BAR),
        "onsets off by up to 20 ms": struck(1),
        "onsets off by up to 40 ms": struck(2),
        **{f"{share:.0%} of the notes edited": edited(share) for share in (0.01, 0.02, 0.03, 0.05, 0.1)},
    }


def shared(one: TickNotes, other: TickNotes) -> float:
    """The share of a melody's notes that lie in a run of the other's, of the melody that shares less."""
    melodies = [np.diff(duplicates._melody(notes)) for notes in (one, other)]  # noqa: SLF001  what is compared
    runs = [sliding_window_view(melody, RUN) if len(melody) >= RUN else np.empty((0, RUN), int) for melody in melodies]
    least = 1.0
    for mine, theirs in (runs, runs[::-1]):
        known = {tuple(run) for run in theirs.tolist()}
        hit = np.zeros(len(mine) + RUN, bool)
        for start, run in enumerate(mine.tolist()):
            hit[start : start + RUN + 1] |= tuple(run) in known
        least = min(least, float(hit.mean()))
    return least


def read(folder: str) -> list[Piece]:
    """The MIDI files of a folder."""
    pieces: list[Piece] = []
    for entry in find([folder]):
        if store.suffix(entry.path) in SUFFIXES:
            try:
                pieces.append(read_piece(entry))
            except SkippedError:
                continue
    return pieces


def recall(pieces: list[Piece], count: int) -> None:
    """Print the table of changes."""
    rng = np.random.Generator(np.random.PCG64(1))
    drawn = [pieces[number].notes for number in rng.permutation(len(pieces))[:count]]
    print("| what was changed | known again |\n|---|---:|")
    for name, change in changes(pieces[0].notes).items():
        pairs = [(fingerprint(notes), fingerprint(change(notes, rng))) for notes in drawn]
        known = [resolve([Candidate("a", one, "", 0), Candidate("b", other, "", 1)]) for one, other in pairs]
        print(f"| {name} | {np.mean([bool(one) for one in known]):.1%} |")


def within(pieces: list[Piece], listed: bool) -> None:
    """Print what the corpus itself holds twice."""
    start = time.process_time()
    prints = [fingerprint(piece.notes) for piece in pieces]
    made = time.process_time() - start
    found = resolve([Candidate(piece.digest, prints[n], piece.entry.split, n) for n, piece in enumerate(pieces)])
    print(
        f"\n{len(found)} of {len(pieces):,} pieces are another's duplicate; {1000 * made / len(pieces):.2f} ms a piece"
    )
    rows = [(shared(pieces[one].notes, pieces[other].notes), one, other) for one, other in found.items()]
    for share, one, other in sorted(rows) if listed else ():
        alike = np.mean(prints[one] == prints[other])
        print(f"{share:.2f} {alike:.2f} {told(pieces[one].entry)} | {told(pieces[other].entry)}")
    crowd = np.random.Generator(np.random.PCG64(2)).integers(0, 2**32, (1_000_000, duplicates.SIZE), np.uint32)
    start = time.process_time()
    resolve([Candidate(str(n), one, "", n) for n, one in enumerate(crowd)])
    print(f"a million pieces: {time.process_time() - start:.0f} s")


def told(entry: Entry) -> str:
    """A piece for the eye."""
    return f"{entry.title or store.name(entry.path)} ({entry.split or 'no split'})"


def main() -> None:
    """Print it all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--pieces", type=int, default=500)
    parser.add_argument("--pairs", action="store_true")
    asked = parser.parse_args()
    pieces = read(asked.folder)
    recall(pieces, asked.pieces)
    within(pieces, asked.pairs)


if __name__ == "__main__":
    main()
