"""How often a last chord after a ritardando is left as the end, and how often a call that wasn't is left unanswered.

    python benchmarks/endings.py CORPUS [--performances FOLDER] [--phrases 600] [--seed 9]

Judged is `improvd.core.endings.is_the_end`: of performances (those of FOLDER, and the corpus' own), of the last 20
seconds up to the end, and up to each rest of 0.6 s or more inside, in which no key is held; and of phrases of scores,
cut as in `phrases.py`, which are played in time. Needs `improvd[train]` (symusic).
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import TYPE_CHECKING, Final

from phrases import notes_of, of_pieces, pieces

from improvd.core.endings import is_the_end

if TYPE_CHECKING:
    from improvd.core.events import Note

CALL: Final = 20.0
REST: Final = 0.6
LEAST_NOTES: Final = 8


def calls(notes: list[Note]) -> list[list[Note]]:
    """What was played up to each rest of a piece, and up to its end, which comes last."""
    found, up, first = [], notes[0].offset, 0
    for index, note in enumerate(notes[1:], 1):
        while notes[first].onset <= notes[index - 1].onset - CALL:
            first += 1
        if note.onset - up >= REST and index - first >= LEAST_NOTES:
            found.append(notes[first:index])
        up = max(up, note.offset)
    return [*found, [note for note in notes if note.onset > notes[-1].onset - CALL]]


def main() -> None:
    """Print a line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--performances", type=Path)
    parser.add_argument("--phrases", type=int, default=600)
    parser.add_argument("--seed", type=int, default=9)
    options = parser.parse_args()
    played = {"the corpus": pieces(options.corpus, "train", "giantmidi")}
    if options.performances:
        played["the folder"] = sorted(options.performances.glob("*.mid"))
    for name, paths in played.items():
        ends, inside, rests = 0, 0, 0
        for path in paths:
            *before, end = (is_the_end(call) for call in calls(notes_of(path)))
            ends, inside, rests = ends + end, inside + sum(before), rests + len(before)
        print(
            f"performances of {name}: the end of {ends} in {len(paths)}; {inside} of {rests} rests inside", flush=True
        )
    rng = random.Random(options.seed)
    for source in ("folk", "lieder", "mutopia", "quartets"):
        paths = [path for split in ("train", "test") for path in pieces(options.corpus, split, source)]
        phrases = of_pieces(paths, options.phrases, rng)
        print(f"{source}: {sum(is_the_end(phrase.notes) for phrase in phrases)} of {len(phrases)} phrases", flush=True)


if __name__ == "__main__":
    main()
