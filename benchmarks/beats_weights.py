"""Make the weights of the network that hears beats (`improvd/train/music/beats_heard.npz`).

    python benchmarks/beats_weights.py CORPUS --minutes 30

CORPUS is a folder of scores as MIDI, with a manifest whose column `split` keeps some out: only "train" is learnt from,
"valid" judged by. Styles are drawn by the square root of their notes. Prints the cross-entropy a frame, as it goes.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import performers
from tensorflow import GradientTape, function, keras, nn, reduce_sum

from improvd.train.files import corpus
from improvd.train.music.beats_heard import FEATURES, RATE, WEIGHTS, frames

FILTERS, TAPS, LAYERS = 24, 5, 9
FRAMES, BATCH = 2000, 8
STEEPEST = 2.5e-3
WARM_UP = 100
BESIDE = 0.4
"""How much the frames beside a beat count as one."""


@dataclass(frozen=True)
class Class:
    """What is learnt from: scores, by style."""

    styles: dict[str, list[performers.Score]]

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Performances: what is heard (count, frames, features), beats (count, frames), and which frames count."""
        names = list(self.styles)
        share = np.array([sum(len(one.onset) for one in self.styles[name]) ** 0.5 for name in names])
        drawn = [self._one(self.styles[rng.choice(names, p=share / share.sum())], rng) for _ in range(count)]
        return tuple(np.stack(column) for column in zip(*drawn, strict=True))

    def _one(self, scores: list[performers.Score], rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        played, beats, _, _ = performers.perform(scores[rng.integers(len(scores))], rng)
        heard = frames(played, 0.0)
        wanted = np.zeros(len(heard) + 2, dtype=np.float32)
        at = np.rint(beats[(beats >= 0) & (beats <= len(heard) / RATE - 0.05)] * RATE).astype(np.int64)
        for beside, worth in ((-1, BESIDE), (1, BESIDE), (0, 1.0)):
            wanted[at + beside] = np.maximum(wanted[at + beside], worth)
        number = np.arange(len(heard))
        counts = (number >= at[0] - 5) & (number <= at[-1] + 5)
        start = int(rng.integers(0, max(1, len(heard) - FRAMES)))
        some = slice(start, start + FRAMES)
        short = FRAMES - len(heard[some])
        return (
            np.pad(heard[some], ((0, short), (0, 0))),
            np.pad(wanted[: len(heard)][some], (0, short)),
            np.pad(counts[some], (0, short)).astype(np.float32),
        )


def network() -> keras.Model:
    """The layers that `beats_heard.Network` computes, by the same names, with dropout for learning."""
    heard = keras.Input((None, FEATURES))
    now = keras.layers.Conv1D(FILTERS, TAPS, padding="same", activation="elu", name="first")(heard)
    for layer in range(LAYERS):
        wide = keras.layers.Conv1D(
            FILTERS, TAPS, padding="same", dilation_rate=2**layer, activation="elu", name=f"wide{layer}"
        )(now)
        wide = keras.layers.SpatialDropout1D(0.1)(wide)
        now = now + keras.layers.Conv1D(FILTERS, 1, name=f"narrow{layer}")(wide)
    now = keras.layers.Activation("elu")(now)
    return keras.Model(heard, keras.layers.Conv1D(1, 1, name="last")(now)[..., 0])


def main() -> None:
    """Learn for so long, then write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="folder with scores as MIDI")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    classes: dict[str, Class] = {"train": Class({}), "valid": Class({})}
    for entry in corpus.find([options.corpus]):
        if entry.split in classes and (score := performers.score(Path(entry.path))) is not None:
            classes[entry.split].styles.setdefault(entry.style, []).append(score)
    print({name: {style: len(scores) for style, scores in one.styles.items()} for name, one in classes.items()})

    keras.utils.set_random_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    held_out = classes["valid"].draw(48, np.random.default_rng(0))
    model, optimizer = network(), keras.optimizers.Adam(STEEPEST, clipnorm=0.5)

    def loss(heard: np.ndarray, wanted: np.ndarray, counts: np.ndarray, *, training: bool) -> object:
        each = nn.sigmoid_cross_entropy_with_logits(wanted, model(heard, training=training))
        return reduce_sum(each * counts) / reduce_sum(counts)

    @function
    def learn(heard: np.ndarray, wanted: np.ndarray, counts: np.ndarray) -> object:
        with GradientTape() as tape:
            now = loss(heard, wanted, counts, training=True)
        optimizer.apply_gradients(
            zip(tape.gradient(now, model.trainable_variables), model.trainable_variables, strict=True)
        )
        return now

    began, step, losses = time.monotonic(), 0, []
    while (done := (time.monotonic() - began) / (60 * options.minutes)) < 1:
        optimizer.learning_rate = STEEPEST * min(1, (step + 1) / WARM_UP) * (0.5 + 0.5 * np.cos(np.pi * done)) + 2e-5
        losses.append(float(learn(*classes["train"].draw(BATCH, rng))))
        step += 1
        if step % 200 == 0:
            valid = float(loss(*held_out, training=False))
            print(f"step {step}, {done:.0%}: training {np.mean(losses[-200:]):.4f}, held out {valid:.4f}", flush=True)
    arrays = {}
    for layer in model.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            arrays[f"{layer.name}.kernel"], arrays[f"{layer.name}.bias"] = (
                x.astype(np.float16) for x in (kernel, bias)
            )
    with options.output.open("wb") as file:
        np.savez_compressed(file, **arrays)
    print(f"{step} steps, held out {float(loss(*held_out, training=False)):.4f}: {options.output}")


if __name__ == "__main__":
    main()
