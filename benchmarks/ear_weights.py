"""Make the weights of the ear that judges where a player's beats are (`improvd/ear/hearing.npz`).

    python benchmarks/ear_weights.py CORPUS

CORPUS is a folder of scores as MIDI, with a manifest whose column `split` keeps some out: only "train" is learnt from,
"valid" judged by. What is heard is made by `ear_music.py`, some first, and more with each step. Beside what
`improvd.ear` wants to know, the network learns to name a note's place in the beat, only so that it hears better. Prints
nats a note as it goes: on the beat or not, the period, the phase, the place. Writes the weights every `KEPT`
steps. Needs `improvd[train]`, and 6 GB of memory.
"""

from __future__ import annotations

import argparse
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import ear_music
import numpy as np
from ear_music import PLACES, Sequences
from tensorflow import GradientTape, Variable, cast, concat, equal, float32, function, keras, nn, one_hot, reduce_sum

from improvd.core.tracker_stance import NUMBERS
from improvd.ear.features import FEATURES
from improvd.ear.hearing import WEIGHTS
from improvd.ear.network import AN_OCTAVE, PERIODS, PHASES, SHORTEST, TOLD
from improvd.whole import writing

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDE, CELLS, NARROW = 96, 128, 48
BATCH, STEEPEST = 80, 3e-3
COUNTS = (1.0, 0.2, 0.3, 0.2)
"""What the beat, the period, the phase and the place count."""
NOISE, DROPPED = 0.15, 0.3
"""What keeps it from learning the players by heart: the deviation of a noise on all that is heard, on its scale, and
the share of cells left out at a time, half as much elsewhere."""
AVERAGED = 0.997
"""How much of the averaged weights stays with each step."""
KEPT = 150
FIRST, MORE = 3000, 8
"""Sequences drawn before the first step, and with each."""


def network() -> keras.Model:
    """From what is heard and the stance, (…, T, numbers), to what is told, and log odds of the places."""
    given = keras.Input((None, FEATURES + NUMBERS))
    now = keras.layers.Normalization(name="scale")(given)
    now = keras.layers.GaussianNoise(NOISE)(now)
    now = keras.layers.Dropout(0.08)(now)
    heard = keras.layers.Dense(WIDE, activation="relu", name="hear")(now)
    heard = keras.layers.Dropout(DROPPED / 2)(heard)
    remembered = keras.layers.GRU(CELLS, return_sequences=True, name="memory")(heard)
    remembered = keras.layers.Dropout(DROPPED)(remembered)
    judged = keras.layers.Concatenate()([heard, remembered])
    judged = keras.layers.Dense(NARROW, activation="relu", name="judge")(judged)
    judged = keras.layers.Dropout(DROPPED / 2)(judged)
    judged = keras.layers.Concatenate()([judged, remembered])
    told = keras.layers.Dense(TOLD, name="tell")(judged)
    return keras.Model(given, [told, keras.layers.Dense(len(PLACES) + 2)(judged)])


def losses(out: Sequence[object], wanted: Sequence[object]) -> list[object]:
    """Cross-entropy a note: of the beat, the period, the phase, the place, as `batch` wants them."""
    told, places = out
    weight, place, period, phase = wanted
    each = (
        nn.sigmoid_cross_entropy_with_logits(cast(equal(place, 0), float32), told[..., 0]),
        nn.softmax_cross_entropy_with_logits(_soft(period, PERIODS), told[..., 1 : 1 + PERIODS]),
        nn.softmax_cross_entropy_with_logits(_soft(phase, PHASES), told[..., 1 + PERIODS :]),
        nn.sparse_softmax_cross_entropy_with_logits(place, places),
    )
    return [reduce_sum(weight * one) / reduce_sum(weight) for one in each]


def _soft(value: object, classes: int) -> object:
    """A value shared among the two classes that it lies between; the last is followed by the first."""
    low = cast(value, "int32")
    share = (value - cast(low, float32))[..., None]
    return one_hot(low, classes) * (1 - share) + one_hot((low + 1) % classes, classes) * share


def batch(notes: Sequences, some: object) -> list[np.ndarray]:
    """What the network is given of some sequences, and what it is to say of them; periods and phases in classes."""
    period = np.log2(np.maximum(notes.period[some].astype(np.float32), SHORTEST / 2) / SHORTEST) * AN_OCTAVE
    return [
        notes.heard[some],
        notes.stance[some],
        notes.weight[some].astype(np.float32),
        notes.place[some].astype(np.int32),
        np.clip(period, 0, PERIODS - 1.001).astype(np.float32),
        notes.phase[some].astype(np.float32) % 1 * PHASES,
    ]


def given(heard: object, stance: object) -> object:
    """What the network is given, in one."""
    return cast(concat([heard, stance], axis=-1), float32)


class Learning:
    """Adam on a network, its steps ever smaller along a cosine; and the average of the weights of late."""

    def __init__(self, model: keras.Model, steps: int) -> None:
        self.model = model
        self._steps = steps
        self._step = 0
        self._optimizer = keras.optimizers.Adam(STEEPEST, clipnorm=1.0)
        self._averaged = [Variable(weight) for weight in model.trainable_variables]
        self._learn = function(self._one_step)

    def _one_step(self, heard: object, stance: object, *wanted: object) -> list[object]:
        with GradientTape() as tape:
            each = losses(self.model(given(heard, stance), training=True), wanted)
            all_in_all = sum(count * one for count, one in zip(COUNTS, each, strict=True))
        gradients = tape.gradient(all_in_all, self.model.trainable_variables)
        self._optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        for mean, weight in zip(self._averaged, self.model.trainable_variables, strict=True):
            mean.assign_add((1 - AVERAGED) * (weight - mean))
        return each

    def learn(self, some: list[np.ndarray]) -> list[float]:
        """One step; what the losses were."""
        done = self._step / self._steps
        steepness = STEEPEST * (0.5 + 0.5 * np.cos(np.pi * done)) + 1e-5
        self._optimizer.learning_rate = steepness * min(1.0, (self._step + 1) / 100)
        each = [float(one) for one in self._learn(*some)]
        self._step += 1
        return each

    def averaged(self) -> keras.Model:
        """The network with the averaged weights."""
        mean = network()
        mean.get_layer("scale").set_weights(self.model.get_layer("scale").get_weights())
        for weight, value in zip(mean.trainable_variables, self._averaged, strict=True):
            weight.assign(value)
        return mean


def arrays(model: keras.Model) -> dict[str, np.ndarray]:
    """The weights as the package has them; what was brought to one scale, the first layer brings there by itself."""
    scale = model.get_layer("scale")
    mean, spread = (np.ravel(one) for one in (scale.mean, np.sqrt(scale.variance)))
    kernel, bias = model.get_layer("hear").get_weights()
    kernel = kernel / spread[:, None]
    found = {"hear.kernel": kernel, "hear.bias": bias - mean @ kernel}
    names = {"memory": ("kernel", "recurrent", "bias"), "judge": ("kernel", "bias"), "tell": ("kernel", "bias")}
    for layer, parts in names.items():
        found |= {f"{layer}.{part}": one for part, one in zip(parts, model.get_layer(layer).get_weights(), strict=True)}
    return {name: array.astype(np.float16) for name, array in found.items()}


def write(path: Path, model: keras.Model) -> None:
    """Write the weights, whole."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays(model))
    with writing(path) as out:
        out.write(file.getvalue())


def main() -> None:
    """Play, learn, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="folder with scores as MIDI")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    scores = ear_music.scores(options.corpus)
    print({split: {name: len(some) for name, some in folders.items()} for split, folders in scores.items()})
    processes = os.cpu_count() or 1
    alike = list(ear_music.drawn(scores["valid"], 100, 0, processes))
    held_out = batch(Sequences(*map(np.stack, zip(*alike, strict=True))), slice(None))
    count = FIRST + MORE * options.steps
    notes, more = ear_music.room(count), ear_music.drawn(scores["train"], count, options.seed, processes)
    have = 0

    def draw(until: int) -> None:
        nonlocal have
        while have < until:
            for column, values in zip(notes, next(more), strict=True):
                column[have] = values
            have += 1

    draw(FIRST)
    keras.utils.set_random_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    model = network()
    some = batch(notes, slice(0, 64))
    model.get_layer("scale").adapt(given(some[0], some[1])[some[2] > 0])
    learning, each = Learning(model, options.steps), []
    for step in range(1, options.steps + 1):
        draw(FIRST + MORE * step)
        each.append(learning.learn(batch(notes, np.sort(rng.integers(0, have, BATCH)))))
        if step % KEPT == 0 or step == options.steps:
            mean = learning.averaged()
            write(options.output, mean)
            told = [float(one) for one in losses(mean(given(*held_out[:2])), held_out[2:])]
            print(f"step {step}: {np.mean(each[-KEPT:], axis=0).round(4)}, held out {np.round(told, 4)}", flush=True)


if __name__ == "__main__":
    main()
