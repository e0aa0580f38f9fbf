"""Make the weights of the ear that judges where a player's beats are (`improvd/ear/hearing.npz`).

    python benchmarks/ear_weights.py CORPUS --notes 1500000 --passes 8

CORPUS is a folder of scores as MIDI, with a manifest whose column `split` keeps some out: only "train" is learnt from,
"valid" judged by. They and songs made up are played by a machine as people play (`performers.py`, `songs.py`). In two
steps: first the two layers that hear learn where in the beat a note is, and how long the beat; then the three that
judge learn from these and from the stance of the filter, on a third of the notes, since a filter takes its time.
Prints the cross-entropy a note, as it goes. Needs `improvd[train]`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import performers
import songs
from tensorflow import GradientTape, cast, float32, function, keras, math, nn, one_hot, reduce_sum

from improvd.core.events import Seconds
from improvd.core.tracker import Tracker
from improvd.core.tracker_stance import NUMBERS
from improvd.ear.features import FEATURES, Listening
from improvd.ear.hearing import HEARING, JUDGING, WEIGHTS
from improvd.train.files import corpus

SHARES = {"lieder": 0.27, "mutopia": 0.30, "quartets": 0.06, "folk": 0.12, "freedoom": 0.04, "": 0.30}
"""How often each folder of the corpus is drawn from, in proportion; "" stands for the songs made up."""
LENGTH, WARMING = 500, 120
"""Notes of each performance that are learnt from, and that were heard before these."""
PLACES = (0, 1 / 2, 1 / 4, 3 / 4, 1 / 3, 2 / 3)
"""Places in the beat to tell apart; two more classes stand for all others, and for what isn't written."""
SHORTEST, AN_OCTAVE, PERIODS = 0.22, 9.0, 32
"""Seconds of the shortest period of the beat, classes to an octave, and how many classes there are."""
CHORD_NOTE = 0.6
"""How much a later note of a chord counts, against the first."""
WIDE, NARROW, JUDGE = 96, 64, (32, 16)
BATCH, STEEPEST = 2048, 3e-3


class Notes(NamedTuple):
    """What is learnt from, a row to a note."""

    heard: np.ndarray
    stance: np.ndarray
    weight: np.ndarray
    place: np.ndarray
    period: np.ndarray


class Taught(Tracker):
    """A tracker of which every stance is kept; its ear has no say."""

    class _Ear:
        def __init__(self) -> None:
            self.stance: list[float] = []

        def hear(self, _at: float, _pitch: int, _velocity: int, stance: list[float]) -> float:
            self.stance = stance
            return 0.0

    def __init__(self) -> None:
        self.listener = self._Ear()
        super().__init__(ear=self.listener)


def labels(performance: performers.Performance) -> tuple[np.ndarray, np.ndarray]:
    """For each note the class of its place, and the period of the beat there, in seconds."""
    beats = performance.beats
    count = np.arange(len(beats))
    at = np.interp(performance.played.onset, beats, count)
    span = np.minimum(at + 1, len(beats) - 1) - np.maximum(at - 1, 0)
    period = (np.interp(at + 1, count, beats) - np.interp(at - 1, count, beats)) / np.maximum(span, 0.5)
    place = np.full(len(at), len(PLACES))
    for index, one in enumerate(PLACES):
        place[np.abs((performance.place % 1 - one + 0.5) % 1 - 0.5) < 0.021] = index
    place[np.isnan(performance.place)] = len(PLACES) + 1
    return place, period


def draw(scores: dict[str, list[performers.Score]], rng: np.random.Generator, *, follow: bool) -> Notes:
    """Some notes of one performance; ``follow``: with what a filter makes of them."""
    names = [name for name in SHARES if not name or name in scores]
    share = np.array([SHARES[name] for name in names])
    name = str(rng.choice(names, p=share / share.sum()))
    score = scores[name][rng.integers(len(scores[name]))] if name else songs.song(rng)
    performance = performers.perform(score, rng, steady=not name)
    played = performance.played
    count = len(played.onset)
    start = 0 if rng.random() < 0.3 or count < LENGTH + 50 else int(rng.integers(0, count - LENGTH + 1))
    listening, tracker = Listening(), Taught()
    rows, stances, weights = [], [], []
    for index in range(max(0, start - WARMING), min(count, start + LENGTH)):
        note = float(played.onset[index]), int(played.pitch[index]), int(played.velocity[index])
        new, row = listening.hear(*note)
        if follow:
            tracker.hear(Seconds(note[0]), *note[1:])
        if index >= start:
            rows.append(row)
            stances.append(tracker.listener.stance or [0.0] * NUMBERS)
            weights.append(1.0 if new else CHORD_NOTE)
    some = slice(start, start + len(rows))
    place, period = labels(performance)
    stance = np.array(stances, dtype=np.float32)
    return Notes(np.array(rows, np.float16), stance, np.array(weights, np.float32), place[some], period[some])


def drawn(scores: dict[str, list[performers.Score]], count: int, seed: int, *, follow: bool) -> Notes:
    """About ``count`` notes, of many performances."""
    rng = np.random.default_rng(seed)
    performances, have = [], 0
    while have < count:
        performances.append(draw(scores, rng, follow=follow))
        have += len(performances[-1].weight)
    return Notes(*(np.concatenate(column) for column in zip(*performances, strict=True)))


def fit(model: keras.Model, loss: object, columns: list[np.ndarray], passes: float, seed: int) -> None:
    """Adam, the steps ever smaller along a cosine."""
    optimizer = keras.optimizers.Adam(STEEPEST, clipnorm=1.0)

    @function
    def learn(*batch: np.ndarray) -> object:
        with GradientTape() as tape:
            now = loss(*batch)
        gradients = tape.gradient(now, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return now

    rng, count = np.random.default_rng(seed), len(columns[0])
    steps, losses = round(passes * count / BATCH), []
    for step in range(steps):
        optimizer.learning_rate = (
            STEEPEST * min(1, (step + 1) / 100) * (0.5 + 0.5 * np.cos(np.pi * step / steps)) + 1e-5
        )
        some = np.sort(rng.integers(0, count, BATCH))
        losses.append(float(learn(*(column[some] for column in columns))))
        if (step + 1) % 500 == 0:
            print(f"step {step + 1} of {steps}: {np.mean(losses[-500:]):.4f}", flush=True)


def hearing(notes: Notes, passes: float, seed: int) -> dict[str, np.ndarray]:
    """The layers that hear, and what they make of each note."""
    heard = keras.Input((FEATURES,))
    now = keras.layers.Dense(WIDE, activation="relu", name=HEARING[0])(heard)
    now = keras.layers.Dense(NARROW, activation="relu", name=HEARING[1])(now)
    model = keras.Model(heard, keras.layers.Dense(len(PLACES) + 2 + PERIODS)(now))

    def loss(heard: object, weight: object, place: object, period: object) -> object:
        out = model(cast(heard, float32))
        of_place = nn.sparse_softmax_cross_entropy_with_logits(place, out[:, : len(PLACES) + 2])
        low = math.floor(period)
        share = (period - low)[:, None]
        low = cast(low, "int32")
        wanted = one_hot(low, PERIODS) * (1 - share) + one_hot(low + 1, PERIODS) * share
        of_period = nn.softmax_cross_entropy_with_logits(wanted, out[:, len(PLACES) + 2 :])
        return reduce_sum(weight * (of_place + 0.5 * of_period)) / reduce_sum(weight)

    period = np.clip(np.log2(notes.period / SHORTEST) * AN_OCTAVE, 0, PERIODS - 1.001).astype(np.float32)
    fit(model, loss, [notes.heard, notes.weight, notes.place, period], passes, seed)
    return arrays(model, HEARING)


def judging(inputs: np.ndarray, notes: Notes, passes: float, seed: int) -> dict[str, np.ndarray]:
    """The layers that judge."""
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 0.05
    given = keras.Input((inputs.shape[1],))
    now = keras.layers.Dropout(0.05)(given)
    for name, width in zip(JUDGING, JUDGE, strict=False):
        now = keras.layers.Dense(width, activation="relu", name=name)(now)
    model = keras.Model(given, keras.layers.Dense(1, name=JUDGING[-1])(now)[:, 0])

    def loss(inputs: object, weight: object, beat: object) -> object:
        each = nn.sigmoid_cross_entropy_with_logits(beat, model(inputs, training=True))
        return reduce_sum(weight * each) / reduce_sum(weight)

    beat = (notes.place == 0).astype(np.float32)
    fit(model, loss, [((inputs - mean) / spread).astype(np.float32), notes.weight, beat], passes, seed)
    layers = arrays(model, JUDGING)
    # What was brought to one scale for learning is brought so by the first layer itself.
    kernel = layers[f"{JUDGING[0]}.kernel"] / spread[:, None]
    layers[f"{JUDGING[0]}.bias"] = layers[f"{JUDGING[0]}.bias"] - mean @ kernel
    return layers | {f"{JUDGING[0]}.kernel": kernel}


def arrays(model: keras.Model, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The weights of some layers, as the package has them."""
    found = {}
    for name in names:
        found[f"{name}.kernel"], found[f"{name}.bias"] = model.get_layer(name).get_weights()
    return found


def through(now: np.ndarray, layers: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    """What some layers make of rows, as `improvd.ear.hearing` does of one."""
    for name in names:
        now = now @ layers[f"{name}.kernel"] + layers[f"{name}.bias"]
        now = now if name == JUDGING[-1] else np.maximum(now, 0)
    return now


def main() -> None:
    """Play, learn to hear, learn to judge, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="folder with scores as MIDI")
    parser.add_argument("--notes", type=int, default=1_500_000)
    parser.add_argument("--passes", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    scores: dict[str, dict[str, list[performers.Score]]] = {"train": {}, "valid": {}}
    for entry in corpus.find([options.corpus]):
        folder = Path(entry.path).parent.name
        if entry.split in scores and folder in SHARES and (score := performers.score(Path(entry.path))) is not None:
            scores[entry.split].setdefault(folder, []).append(score)
    print({split: {name: len(some) for name, some in folders.items()} for split, folders in scores.items()})

    keras.utils.set_random_seed(options.seed)
    notes = drawn(scores["train"], options.notes, options.seed, follow=False)
    layers = hearing(notes, options.passes, options.seed)
    del notes

    def seen(notes: Notes) -> np.ndarray:
        return np.concatenate([through(notes.heard.astype(np.float32), layers, HEARING), notes.stance], axis=1)

    notes = drawn(scores["train"], options.notes // 3, options.seed + 1, follow=True)
    layers |= judging(seen(notes), notes, options.passes, options.seed)
    held_out = drawn(scores["valid"], 60_000, 0, follow=True)
    odds = through(seen(held_out), layers, JUDGING)[:, 0]
    each = held_out.weight * (np.logaddexp(0, odds) - (held_out.place == 0) * odds)
    with options.output.open("wb") as file:
        np.savez_compressed(file, **{name: array.astype(np.float16) for name, array in layers.items()})
    print(f"held out {each.sum() / held_out.weight.sum():.4f} nats a note: {options.output}")


if __name__ == "__main__":
    main()
