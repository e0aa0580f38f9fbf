"""What each knob of the answers gives.

    python benchmarks/manner.py CORPUS [--model default] [--split valid] [--seeds 40] [--only usual,none]

CORPUS is a folder with a MANIFEST.csv (path, source, split). Eight answers of 16 beats are given to each seed (see
`improvd.evaluate.answers`), once with all knobs off, once as usual, and then with one knob elsewhere at a time; beside
them stands what the composers wrote. Prints a table in Markdown. Needs `improvd[train]`.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.core.manner import AS_MEASURED, Manner
from improvd.evaluate import answers, pieces, seeds
from improvd.model import bundle, keys, places
from improvd.train.files import corpus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.evaluate.seeds import Seed
    from improvd.model.tokens import TickNotes

NONE: Final = Manner(similarity=0.0, key_lean=0.0, register=None, density=None, velocity=None, ending=0.0)
TRIED: Final = {
    "similarity": (0.0, 0.25, 0.75, 1.0),
    "key_lean": (0.0, 0.25, 0.75, 1.0),
    "register": (None, -12.0, 12.0),
    "density": (None, 0.5, 2.0),
    "velocity": (None, -30.0, 30.0),
    "ending": (0.0, 0.25, 0.75, 1.0),
}
COLUMNS: Final = {
    "in key": "in_clear_key",
    "pitch classes": "pitch_classes",
    "intervals": "intervals",
    "durations": "durations",
    "density": "density",
    "near": "near_density",
    "register": "register",
    "again": "repeated",
    "cardinality": "cardinality",
    "stuck": "stuck",
    "higher": "higher",
    "louder": "louder",
    "ends": "ends",
}
STRONG: Final = 2 * TICKS_PER_BEAT
LONG: Final = 1.5


def manners() -> dict[str, Manner]:
    """What is tried, by name."""
    tried = {
        f"{knob} {'free' if value is None else f'{value:g}'}": replace(AS_MEASURED, **{knob: value})
        for knob, values in TRIED.items()
        for value in values
    }
    return {"none": NONE, "usual": AS_MEASURED, **tried}


def further(asked: Sequence[Seed], given: Sequence[Sequence[TickNotes]]) -> dict[str, float]:
    """Semitones and velocities above the call's mean, and the share of answers that end as a phrase does.

    That is: on a tonic, third or fifth of the call's key, on every second beat from the answer's first note, for a beat
    at least and for half as long again as half of its notes.
    """
    above: list[tuple[float, float, float]] = []
    for seed, some in zip(asked, given, strict=True):
        heard = seed.heard
        key = keys.find(keys.sounding(heard.pitch, heard.duration)).key
        stable = {key.tonic, (key.tonic + (3 if key.minor else 4)) % 12, (key.tonic + 7) % 12}
        for answer in (one for one in some if len(one)):
            last = answer.onset == answer.onset[-1]
            lasts = answer.duration[last].max() >= max(TICKS_PER_BEAT, LONG * np.median(answer.duration))
            strong = (answer.onset[-1] - seed.start) % STRONG == 0
            ends = bool(lasts and strong and int(answer.pitch[last].min()) % 12 in stable)
            higher, louder = (
                float(ours.mean() - theirs.mean())
                for ours, theirs in ((answer.pitch, heard.pitch), (answer.velocity, heard.velocity))
            )
            above.append((higher, louder, ends))
    higher, louder, ends = np.mean(above, axis=0).tolist()
    return {"higher": higher, "louder": louder, "ends": ends}


def line(name: str, asked: Sequence[Seed], given: Sequence[Sequence[TickNotes]]) -> str:
    """A row of the table."""
    figures = answers.compare(asked, given) | further(asked, given)
    return f"| {name} | " + " | ".join(f"{figures[column]:.3f}" for column in COLUMNS.values()) + " |"


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--model", default="default")
    parser.add_argument("--split", default="valid")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    read, _ = pieces.read(pieces.choose(corpus.find([chosen.corpus]), chosen.split))
    asked = seeds.cut(read, chosen.seeds)
    model = bundle.load(places.find(chosen.model))
    print("| | " + " | ".join(COLUMNS) + " |")
    print("|---|" + "---:|" * len(COLUMNS))
    print(line("composer", asked, answers.by_composer(asked)))
    for name, manner in manners().items():
        if not chosen.only or name in chosen.only.split(","):
            print(line(name, asked, answers.by_network(model, asked, manner=manner)), flush=True)


if __name__ == "__main__":
    main()
