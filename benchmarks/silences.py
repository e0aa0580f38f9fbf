"""What tells a pause from the end of a phrase: a fit of how silences are weighed, and what else might be looked at.

    python benchmarks/silences.py CORPUS --performances FOLDER [--phrases 500] [--seed 5] [--model default]

Phrases as in `phrases.py`, all of them for choosing: of the corpus' training and validation splits (by source; "voice"
is the first track alone of songs; "played", performances without a written beat, taken to be at 100 bpm), and of the
performances to choose by, whole, cut at half a beat too, and the first track alone of those that have several. At each
silence after an onset, with no key held, the beats that follow as `PlayerBeat` finds them are the places where an
answer could begin. Logistic regression, five-fold over phrases, learns to tell those that a player who went on had not
reached from those after the end, from facts known by then: the times, and beside them the key (is the last chord's bass
or top its tonic, how stable are they), the place (in the beat, in four and eight beats since the first onset), or what
the model thinks of it: how likely a next interval of one, two, four beats is, and one of at least that silence.

Printed are, for each set of facts and several shares of false starts in all gaps, the false starts in 1,000 and the
mean over kinds of the median delay as a share of a beat or 0.9 s; and the powers that the fit on the times stands for.
Needs `improvd[train]`.
"""

from __future__ import annotations

import argparse
import math
import random
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from false_starts import LONG_ENOUGH
from phrases import of_performances, of_pieces, pieces

from improvd.core.beat_player import PlayerBeat
from improvd.core.events import CONTEXT_NOTES, TICKS_PER_BEAT, Note, Seconds
from improvd.core.modes import in_beats
from improvd.core.settings import EngineSettings
from improvd.core.turns import BREATH, FIRST_EXPECTED, RECENT, REMEMBERED, call_over_at, intervals
from improvd.model import bundle, places
from improvd.model.hearing import hear, metre
from improvd.model.keys import KEYS, fits, sounding
from improvd.model.tokens import COLUMNS, INTERVAL, INTERVALS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from phrases import Phrase

    from improvd.core.timeline import Timeline
    from improvd.model.network import Network
    from improvd.model.tokens import Vocabulary

    Facts = dict[str, float]
    Floats = NDArray[np.float64]

LEAD: Final = 0.08
PLACES: Final = 8
"""Beats that are looked at after each onset."""
NEARLY: Final = 0.04
"""A player who comes in so little after the answer's beat came in on it."""
FOLDS: Final = 5
SHARES: Final = (1.0, 0.6, 0.3)
"""False starts in 1,000 gaps at which the delays are compared."""
WHOLE_BEATS: Final = (1, 2, 4)
SOFTENED: Final = 1e-3
"""Beyond this and one minus this all chances are alike."""


@dataclass(frozen=True)
class Silence:
    """After an onset, at 0 s: when the last key came up, when the next onset came (infinity: none), and what was known.

    ``starts`` are the beats on which an answer could begin; ``beat`` and ``known`` the beat as it was found and the
    notes so far. ``waited`` is what a player may wait: a beat or 0.9 s.
    """

    phrase: int
    release: float
    following: float
    starts: tuple[float, ...]
    known: tuple[Note, ...]
    beat: Timeline
    waited: float

    @property
    def ends(self) -> bool:
        """Whether the phrase ends here."""
        return math.isinf(self.following)

    @property
    def tried(self) -> list[float]:
        """The beats that the player did not forestall."""
        return [at for at in self.starts if at < self.following + NEARLY]


class Kind(NamedTuple):
    """Phrases of one kind: the gaps between their onsets, counted, and the silences in which an answer could begin."""

    gaps: int
    silences: list[Silence]


def silences(phrases: Sequence[Phrase], numbered_from: int) -> Kind:
    """All of some phrases."""
    gaps, found = 0, []
    for number, phrase in enumerate(phrases, numbered_from):
        source, onsets = PlayerBeat(EngineSettings()), [*phrase.onsets, math.inf]
        gaps += len(onsets) - 2
        heard = 0
        for onset, following in pairwise(onsets):
            while heard < len(phrase.notes) and phrase.notes[heard].onset < min(following, math.inf):
                note = phrase.notes[heard]
                source.hear(note.onset, note.pitch, note.velocity)
                heard += 1
            known = phrase.notes[:heard]
            release = max(note.offset for note in known)
            first = release + BREATH + LEAD
            if first >= following:
                continue
            beat = source.pulse(known, Seconds(release + BREATH)).timeline
            number_of_first = beat.next_beat(Seconds(first))
            starts = tuple(beat.time_at(number_of_first + count) - onset for count in range(PLACES))
            waited = max(phrase.period, LONG_ENOUGH)
            found.append(Silence(number, release - onset, following - onset, starts, known, beat, waited))
    return Kind(gaps, found)


def log(value: float) -> float:
    """Of times, with a floor where two keys are one."""
    return math.log(max(value, 0.03))


def odds(chance: float) -> float:
    """In nats."""
    chance = min(max(chance, SOFTENED), 1 - SOFTENED)
    return math.log(chance / (1 - chance))


def times(silence: Silence, at: float) -> Facts:
    """What the rule in `improvd.core.turns` goes by."""
    gaps = intervals(silence.known)[-REMEMBERED:] or [FIRST_EXPECTED]
    return {
        "since onset": log(at),
        "since release": log(at - silence.release),
        "longest interval": -log(max(gaps)),
        "longest recent interval": -log(max(gaps[-RECENT:])),
        "beat": -log(silence.beat.period),
    }


def key(silence: Silence, at: float) -> Facts:  # noqa: ARG001  as all of these
    """Where the last chord stands in the key of all that was heard."""
    pitch = np.array([note.pitch for note in silence.known])
    found = KEYS[int(np.argmax(fits(sounding(pitch, np.array([n.offset - n.onset for n in silence.known])))))]
    chord = sorted(note.pitch for note in silence.known if note.onset > silence.known[-1].onset - 0.05)
    facts = {}
    for name, one in (("bass", chord[0]), ("top", chord[-1])):
        above = (one - found.tonic) % 12
        facts[f"{name} is tonic"] = float(above == 0)
        facts[f"{name} is of the triad"] = float(above in {0, 7, 3 if found.minor else 4})
    return facts


def place(silence: Silence, at: float) -> Facts:  # noqa: ARG001  as all of these
    """Where in the beat, and in groups of beats from the first onset on, the last onset lies."""
    last, first = (silence.beat.beat_at(silence.known[index].onset) for index in (-1, 0))
    turns = {"beat": last, "four beats": (last - first) / 4, "eight beats": (last - first) / 8}
    waves = {"cos": math.cos, "sin": math.sin}
    return {f"{name} {wave}": of(2 * math.pi * turn) for name, turn in turns.items() for wave, of in waves.items()}


class Opinion:
    """What the model makes of silences; asked once about each."""

    def __init__(self, network: Network, vocabulary: Vocabulary) -> None:
        self._network, self._vocabulary = network, vocabulary
        self._asked: dict[int, Floats] = {}

    def __call__(self, silence: Silence, at: float) -> Facts:
        """How likely the next interval is to last some beats, and at least as long as this silence."""
        if id(silence) not in self._asked:
            heard = hear(in_beats(silence.known[-CONTEXT_NOTES:], silence.beat), CONTEXT_NOTES)
            self._network.begin(0)
            for row in self._vocabulary.encode(heard, metre(None, 4.0)).tolist():
                self._network.hear((*row, 0))
            logits = self._network.logits(INTERVAL, [0] * COLUMNS).astype(np.float64)
            chances = np.exp(logits - logits.max())
            self._asked[id(silence)] = chances / chances.sum()
        chances = self._asked[id(silence)]
        lengths = {f"{beats} beats": float(beats) for beats in WHOLE_BEATS} | {"this": at / silence.beat.period}
        return {
            name: odds(float(chances[TICKS_PER_BEAT * beats - 1 <= INTERVALS].sum())) for name, beats in lengths.items()
        }


def logistic(facts: Floats, ended: Floats, rounds: int = 12) -> Floats:
    """Weights of facts, (places, facts), that tell how likely an end is; the last is the constant. By Newton's way."""
    with_one = np.hstack([facts, np.ones((len(facts), 1))])
    weights = np.zeros(with_one.shape[1])
    for _ in range(rounds):
        likely = 1 / (1 + np.exp(-with_one @ weights))
        slope = with_one.T @ (ended - likely) - weights
        curve = (with_one * (likely * (1 - likely))[:, None]).T @ with_one + np.eye(len(weights))
        weights += np.linalg.solve(curve, slope)
    return weights


Score = dict[tuple[int, float], float]
"""By silence and start, how surely the phrase had ended."""


def scores(
    kinds: dict[str, Kind], looks: Sequence[Callable[[Silence, float], Facts]]
) -> tuple[Score, dict[str, float]]:
    """Of every place, by weights that were fitted to other phrases; and the weights as fitted to all."""
    places = [(silence, at) for kind in kinds.values() for silence in kind.silences for at in silence.tried]
    known = [{name: value for look in looks for name, value in look(*one).items()} for one in places]
    facts = np.array([list(one.values()) for one in known])
    ended = np.array([float(silence.ends) for silence, _ in places])
    fold = np.array([silence.phrase % FOLDS for silence, _ in places])
    found: Score = {}
    for held_out in range(FOLDS):
        weights = logistic(facts[fold != held_out], ended[fold != held_out])
        there = np.flatnonzero(fold == held_out)
        for index, score in zip(there, facts[there] @ weights[:-1] + weights[-1], strict=True):
            silence, at = places[index]
            found[id(silence), at] = float(score)
    return found, dict(zip([*known[0], "constant"], logistic(facts, ended).tolist(), strict=True))


class Outcome(NamedTuple):
    """False starts in 1,000 gaps, and the mean over kinds of the median share of what may be waited."""

    false_starts: float
    share: float


def outcome(kinds: dict[str, Kind], begins: Callable[[Silence, float], bool]) -> Outcome:
    """If an answer began on the first beat for which ``begins`` holds."""
    wrong, shares = 0, []
    for kind in kinds.values():
        waits = []
        for silence in kind.silences:
            start = next((at for at in silence.starts if begins(silence, at)), silence.starts[-1])
            wrong += start < silence.following < math.inf
            if silence.ends:
                waits.append((start - silence.release) / silence.waited)
        shares.append(median(waits))
    return Outcome(1000 * wrong / sum(kind.gaps for kind in kinds.values()), mean(shares))


def by_rule(silence: Silence, at: float) -> bool:
    """The rule as it is."""
    over = call_over_at(silence.known, silence.beat.period, pedal=False, patience=1.0)
    return at >= over - silence.known[-1].onset


def main() -> None:
    """Cut, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--performances", type=Path, required=True)
    parser.add_argument("--phrases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--model", default="default")
    options = parser.parse_args()

    rng = random.Random(options.seed)
    sets: dict[str, list[Phrase]] = {}
    for name, source, how in (
        ("folk", "folk", {}),
        ("lieder", "lieder", {}),
        ("mutopia", "mutopia", {}),
        ("quartets", "quartets", {}),
        ("voice", "lieder", {"tracks": slice(1)}),
        ("played", "giantmidi", {"period": 0.6}),
    ):
        paths = [path for split in ("train", "valid") for path in pieces(options.corpus, split, source)]
        sets[name] = of_pieces(paths, options.phrases, rng, **how)
    sets["performances"] = of_performances(options.performances, "choose")
    sets["performances, half a beat"] = of_performances(options.performances, "choose", parts_of_beat=2)
    kinds: dict[str, Kind] = {}
    for name, phrases in sets.items():
        kinds[name] = silences(phrases, 100_000 * len(kinds))
    gaps, number = (
        sum(counts) for counts in zip(*((kind.gaps, len(kind.silences)) for kind in kinds.values()), strict=True)
    )
    print(f"{sum(map(len, sets.values()))} phrases, {gaps} gaps, {number} silences\n")

    loaded = bundle.load(places.find(options.model))
    opinion = Opinion(loaded.network(), loaded.vocabulary)
    columns = " | ".join(f"share at {share:g} false starts in 1,000" for share in SHARES)
    print(f"| facts | {columns} |\n|---|{'---|' * len(SHARES)}")
    powers: dict[str, float] = {}
    for name, looks in (
        ("the times", (times,)),
        ("and the key", (times, key)),
        ("and the place", (times, place)),
        ("and the model", (times, opinion)),
        ("and all of these", (times, key, place, opinion)),
    ):
        score, weights = scores(kinds, looks)
        powers = powers or weights
        curve = [
            outcome(
                kinds, lambda silence, at, least=least, score=score: score.get((id(silence), at), math.inf) >= least
            )
            for least in np.arange(1.0, 6.0, 0.1)
        ]
        best = [min((one.share for one in curve if one.false_starts <= share), default=math.nan) for share in SHARES]
        print(f"| {name} | {' | '.join(f'{share:.2f}' for share in best)} |")
    now = outcome(kinds, by_rule)
    print(f"\nThe rule as it is: {now.false_starts:.2f} false starts in 1,000, share {now.share:.2f}.")
    weight = powers["since onset"] + powers["since release"]
    print(
        "Powers: " + ", ".join(f"{name} {value / weight:.2f}" for name, value in powers.items() if name != "constant")
    )


if __name__ == "__main__":
    main()
