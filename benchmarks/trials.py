"""What pays within a network of this size, and what doesn't: the same short training, one thing changed at a time.

    python benchmarks/trials.py SHARDS [--steps 600] [--from default --rate 0.001] [--only NAME ...]

SHARDS is a folder of shards as a training leaves them, `~/.cache/improvd/shards`. Each trial is a process of its own:
the same seed, batches, schedule and validation pieces. Those that change how it is learnt, and not what learns, can
go on from a model (`--from`), where a short training tells more. What is not worth keeping lives here only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from improvd.model.network import Sizes
from improvd.model.tokens import ATTRIBUTES, BAR_UNKNOWN, BEAT, BEAT_UNKNOWN, DURATION, METRE_UNKNOWN, PITCH, VELOCITY
from improvd.train.fitting import data
from improvd.train.fitting import parent as parents
from improvd.train.run import EMBEDDINGS, HIDDEN
from improvd.train.settings import TrainSettings

if TYPE_CHECKING:
    from collections.abc import Callable

PLAIN = "as it is"
SMOOTHING = 0.05
ZONEOUT = 0.1
DECAY = 0.01
AVERAGING = 0.99


def networks() -> dict[str, type]:
    """The networks that are not the one there is; TensorFlow takes seconds to load."""
    import tensorflow as tf  # noqa: PLC0415  as above

    from improvd.train.fitting import network  # noqa: PLC0415  as above

    class Tied(network.Network):  # type: ignore[misc]  # tensorflow carries no types
        """The pitch head's last product is with the embeddings by which pitches are heard."""

        def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  tensors carry no types
            super().__init__(*args, **options)
            table = self.tables[PITCH]
            narrow = tf.keras.layers.Dense(table.output_dim, name="tied")
            bias = self.add_weight(name="tied_bias", shape=(128,), initializer="zeros")
            self.narrow = narrow
            self.heads[PITCH] = lambda seen: tf.matmul(narrow(seen), table.embeddings[:128], transpose_b=True) + bias

    class Stepped(network.Network):  # type: ignore[misc]  # as above
        """Hears too how far the pitch before lay from the one before it."""

        def __init__(self, input_sizes: Any, sizes: Sizes, **options: Any) -> None:  # noqa: ANN401  as above
            wider = replace(sizes, embeddings=(*sizes.embeddings, 48))
            super().__init__((*input_sizes, 257), wider, **options)

        def call(self, inputs: Any, key: Any = None) -> Any:  # noqa: ANN401  as above
            heard, rows = inputs
            pitch = heard[:, :, PITCH]
            step = tf.pad(pitch[:, 1:] - pitch[:, :-1] + 128, [[0, 0], [1, 0]])
            return super().call((tf.concat([heard, step[:, :, None]], axis=2), rows), key)

    class Normed(network.Network):  # type: ignore[misc]  # as above
        """What each layer hears is normalised first."""

        def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  as above
            super().__init__(*args, **options)
            self.norms = [tf.keras.layers.LayerNormalization() for _ in self.lstms]
            self.inner = self.lstms  # Keras keeps track of layers, not of functions
            self.lstms = [
                lambda flow, norm=norm, lstm=lstm: lstm(norm(flow))
                for norm, lstm in zip(self.norms, self.inner, strict=True)
            ]

    class Zoned(network.ProjectedLSTM):  # type: ignore[misc]  # as above
        """Some of what a layer passes on stays as it was a note ago (a stand-in for zoneout of the cells)."""

        learning = False

        def call(self, flow: Any) -> Any:  # noqa: ANN401  as above
            passed = super().call(flow)
            if not Zoned.learning:
                return passed
            before = tf.pad(passed[:, :-1], [[0, 0], [1, 0], [0, 0]])
            return tf.where(tf.random.uniform(tf.shape(passed)) < ZONEOUT, before, passed)

    class Zone(network.Network):  # type: ignore[misc]  # as above
        def __init__(self, *args: Any, precision: str, **options: Any) -> None:  # noqa: ANN401  as above
            super().__init__(*args, precision=precision, **options)
            self.lstms = [
                Zoned(old.kernel.shape[0], old.units, old.width, precision=precision, name=f"zoned_{number}")
                for number, old in enumerate(self.lstms)
            ]

        def call(self, inputs: Any, key: Any = None) -> Any:  # noqa: ANN401  as above
            Zoned.learning = key is not None
            return super().call(inputs, key)

    return {"tied": Tied, "steps": Stepped, "normed": Normed, "zoneout": Zone}


TRIALS: dict[str, dict[str, Any]] = {
    PLAIN: {},
    "without the place in beat and bar": {"blind": True},
    "told the last pitch step too": {"network": "steps"},
    "pitch head tied to the pitches' embeddings": {"network": "tied"},
    "layer normalisation": {"network": "normed"},
    "zoneout 0.1 on what layers pass on": {"network": "zoneout"},
    "label smoothing 0.05": {"smooth": "all"},
    "ordinal: a twentieth to each neighbour, duration and velocity": {"smooth": "ordinal"},
    "weights averaged (0.99 a step)": {"average": True},
    "weight decay 0.01 (AdamW)": {"decay": True},
    "windows of 200 notes": {"settings": {"window": 200, "batch": 64}},
    "windows of 50 notes": {"settings": {"window": 50, "batch": 256}},
    "dropout 0.3": {"settings": {"dropout": 0.3}},
    "dropout 0": {"settings": {"dropout": 0.0}},
    "384 cells, 128 passed on": {"settings": {"units": 384, "width": 128}},
    "three layers": {"settings": {"layers": 3}},
    "rate 0.006": {"settings": {"rate": 0.006}},
}
"""Name to what is changed."""


def measure(folder: Path, name: str, asked: argparse.Namespace) -> None:  # noqa: C901  one trial from end to end
    """One trial; prints its row."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf  # noqa: PLC0415  takes seconds to load

    from improvd.train.fitting import fit as fitting  # noqa: PLC0415  as above
    from improvd.train.fitting import network, replicas  # noqa: PLC0415  as above

    trial, steps = TRIALS[name], asked.steps
    plain = TrainSettings((), folder / "out", precision="bfloat16", dropout=0.1, epochs=1, rate=asked.rate)
    settings = replace(plain, **trial.get("settings", {}))
    if "network" in trial:
        fitting.build = partial(_build, networks()[trial["network"]])  # type: ignore[attr-defined]  # a trial's own
    fitting.get_weights = lambda _: {}  # a trial keeps none, and its network may have others
    origin = parents.find(asked.parent)
    found = data.index(map(str, folder.glob("*.parquet")), origin.styles if origin else ())
    sizes = Sizes(settings.units, settings.width, settings.layers, HIDDEN, EMBEDDINGS)

    class Trial(fitting.Fit):
        """A training with a loss and an average of its own."""

        def _learn(self, heard: Any, rows: Any, lengths: Any, key: Any, _scale: Any) -> tuple[Any, Any]:  # noqa: ANN401  as above
            variables = self.network.trainable_variables
            count = tf.cast(tf.reduce_sum(lengths), tf.float32)
            with tf.GradientTape() as tape:
                logits = self.network((heard, rows), key=key)
                plain_loss = tf.reduce_sum(network.losses(logits, rows, lengths)) / count
                loss = plain_loss + _smoothing(trial.get("smooth"), logits, rows, lengths) / count
            gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), fitting.CLIP)
            self.optimiser.apply_gradients(zip(map(tf.convert_to_tensor, gradients), variables, strict=True))
            if trial.get("decay"):
                for variable in variables:
                    variable.assign_sub(self.optimiser.learning_rate * DECAY * variable)
            if trial.get("average"):
                for mean, variable in zip(self.means, variables, strict=True):
                    mean.assign(AVERAGING * mean + (1 - AVERAGING) * variable)
            return plain_loss, tf.constant(True)

        def _tensors(self, batch: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401  as above
            if trial.get("blind"):
                batch.rows[:, :, BEAT:] = BEAT_UNKNOWN, BAR_UNKNOWN, METRE_UNKNOWN
            return super()._tensors(batch)

    with closing(Trial(settings, found, sizes, "", replicas.find(), origin)) as training:
        training.schedule = replace(training.schedule, steps=steps)
        variables = training.network.trainable_variables
        training.means = [tf.Variable(variable) for variable in variables]  # type: ignore[attr-defined]  # as above
        begun = time.monotonic()
        for _ in range(steps):
            training._take_step()  # noqa: SLF001  a step is what there is to do
        speed = steps * training.batch * settings.window / (time.monotonic() - begun)
        if trial.get("average"):
            for mean, variable in zip(training.means, variables, strict=True):  # type: ignore[attr-defined]  # as above
                variable.assign(mean)
        by_style = training.bits(training.watched, window=fitting.WATCHED_NOTES, size=64)
    count = by_style[:, -1:]
    bits = (by_style[:, :-1] * count).sum(axis=0) / count.sum()
    size = sum(int(np.prod(variable.shape)) for variable in variables)
    figures = " | ".join(f"{one:.3f}" for one in (*bits, bits.sum()))
    print(f"| {name} | {size / 1e6:.2f} | {figures} | {speed:,.0f} |", flush=True)


def _build(kind: Callable[..., Any], input_sizes: Any, sizes: Sizes, **options: Any) -> Any:  # noqa: ANN401  as above
    import tensorflow as tf  # noqa: PLC0415  as above

    made = kind(input_sizes, sizes, **options)
    made((tf.zeros((1, 2, len(input_sizes)), tf.int32), tf.zeros((1, 2, len(input_sizes) - 1), tf.int32)))
    return made


def _smoothing(kind: str | None, logits: Any, rows: Any, lengths: Any) -> Any:  # noqa: ANN401  as above
    """What is added to the loss: the nats of other ids than the right ones, weighed."""
    import tensorflow as tf  # noqa: PLC0415  as above

    inside = tf.cast(tf.range(tf.shape(rows)[1])[None, :] < lengths[:, None], tf.float32)
    added = tf.constant(0.0)
    for head, scores in enumerate(logits):
        logs = tf.nn.log_softmax(scores)
        target = tf.minimum(rows[:, :, head], scores.shape[-1] - 1)
        right = tf.gather(logs, target, batch_dims=2)
        if kind == "all":
            added += SMOOTHING * tf.reduce_sum(inside * (right - tf.reduce_mean(logs, axis=-1)))
        elif kind == "ordinal" and head in {DURATION, VELOCITY}:
            for step in (-1, 1):
                beside = tf.clip_by_value(target + step, 0, scores.shape[-1] - 1)
                added += SMOOTHING * tf.reduce_sum(inside * (right - tf.gather(logs, beside, batch_dims=2)))
    return added


def main() -> None:
    """A row for each trial."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("shards", type=Path)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--from", dest="parent", default="")
    parser.add_argument("--rate", type=float, default=None)
    parser.add_argument("--only", nargs="+", choices=TRIALS, default=list(TRIALS))
    parser.add_argument("--measure", choices=TRIALS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.shards, asked.measure, asked)
        return
    print(f"| {asked.steps} steps | million weights | {' | '.join(ATTRIBUTES)} | total | targets/s |")
    print("|---|---:|" + "---:|" * (len(ATTRIBUTES) + 2), flush=True)
    for name in asked.only:
        subprocess.run([sys.executable, *sys.argv, "--measure", name], check=True)  # noqa: S603  this very script


if __name__ == "__main__":
    main()
