"""The network as Keras learns it; `improvd.model.network` is the same one as the daemon plays it.

Works alike on Keras 2 (TensorFlow 2.15) and Keras 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from improvd.model.network import CHOSEN, Sizes
from improvd.model.tokens import ATTRIBUTES, INTERVAL, SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


class ProjectedLSTM(tf.keras.layers.Layer):  # type: ignore[misc]  # tensorflow carries no types
    """An LSTM layer of ``units`` cells that passes on, and remembers, ``width`` numbers made from their outputs.

    Gates stand in Keras' own order: in, forget, cell, out. Products are in ``precision``, "float32", "bfloat16" or
    "float16"; the cells and all that is not a product stay in single precision.
    """

    def __init__(self, below: int, units: int, width: int, *, precision: str, name: str) -> None:
        super().__init__(name=name)
        self.units, self.width, self.precision = units, width, precision
        forget_first = np.concatenate([np.zeros(units), np.ones(units), np.zeros(2 * units)])
        self.kernel = self.add_weight(name="kernel", shape=(below, 4 * units), initializer="glorot_uniform")
        self.recurrent = self.add_weight(name="recurrent", shape=(width, 4 * units), initializer="orthogonal")
        self.bias = self.add_weight(
            name="bias", shape=(4 * units,), initializer=tf.keras.initializers.Constant(forget_first)
        )
        self.project = self.add_weight(name="project", shape=(units, width), initializer="glorot_uniform")

    def call(self, flow: Any) -> Any:  # noqa: ANN401 - tensors carry no types
        """What the layer passes on at each note: (batch, window, below) gives (batch, window, width)."""
        dtype = tf.as_dtype(self.precision)
        recurrent, project = tf.cast(self.recurrent, dtype), tf.cast(self.project, dtype)

        def product(left: Any, right: Any) -> Any:  # noqa: ANN401 - tensors carry no types
            return tf.cast(tf.matmul(tf.cast(left, dtype), right), tf.float32)

        # The part that doesn't wait for the note before is one product for the whole window.
        batch, window = tf.shape(flow)[0], tf.shape(flow)[1]
        heard = product(tf.transpose(flow, (1, 0, 2)), tf.cast(self.kernel, dtype)) + self.bias
        steps = tf.TensorArray(tf.float32, window, element_shape=(None, 4 * self.units)).unstack(heard)
        passed = tf.TensorArray(tf.float32, window, element_shape=(None, self.width))

        def step(number: Any, output: Any, cell: Any, passed: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as above
            gates = steps.read(number) + product(output, recurrent)
            gate_in, forget, new, gate_out = tf.split(gates, 4, axis=-1)
            cell = tf.sigmoid(forget) * cell + tf.sigmoid(gate_in) * tf.tanh(new)
            output = product(tf.sigmoid(gate_out) * tf.tanh(cell), project)
            return number + 1, output, cell, passed.write(number, output)

        start = (0, tf.zeros((batch, self.width)), tf.zeros((batch, self.units)), passed)
        passed = tf.while_loop(lambda number, *_: number < window, step, start, maximum_iterations=window)[-1]
        return tf.transpose(passed.stack(), (1, 0, 2))


class Network(tf.keras.Model):  # type: ignore[misc]  # as above
    """Embeddings, LSTM layers with dropout between, and four heads.

    ``input_sizes`` are the rows of each input's table. In a ``precision`` other than "float32" the layers
    multiply in half the bits (weights stay float32): faster on processors made for it.
    """

    def __init__(self, input_sizes: Sequence[int], sizes: Sizes, *, dropout: float, precision: str = "float32") -> None:
        super().__init__(name="improviser")
        keras = tf.keras.layers
        self.rate = dropout
        self.tables = [
            keras.Embedding(size, width, name=f"heard_{number}")
            for number, (size, width) in enumerate(zip(input_sizes, sizes.embeddings, strict=True))
        ]
        self.lstms = [
            ProjectedLSTM(below, sizes.units, sizes.width, precision=precision, name=f"lstm_{number}")
            for number, below in enumerate([sum(sizes.embeddings)] + [sizes.width] * (sizes.layers - 1))
        ]
        self.project = keras.Dense(len(ATTRIBUTES) * sizes.hidden, name="project")
        self.chosen = {
            f"{head}.{column}": keras.Embedding(input_sizes[column], sizes.hidden, name=f"chosen_{head}_{column}")
            for head, columns in CHOSEN.items()
            for column in columns
        }
        self.heads = [keras.Dense(size, name=f"head_{name}") for name, size in zip(ATTRIBUTES, SIZES, strict=True)]

    def call(self, inputs: tuple[Any, Any], key: Any = None) -> list[Any]:  # noqa: ANN401 - tensors carry no types
        """Logits of each head at every note, float32, each (batch, window, ids of the attribute).

        ``inputs``: what is heard before each note (batch, window, 8), and the notes' rows (batch, window, 7).
        ``key`` (two integers) chooses the dropout's masks; without it nothing is dropped.
        """
        heard, rows = inputs
        flow = tf.concat([table(heard[:, :, number]) for number, table in enumerate(self.tables)], axis=-1)
        for number, lstm in enumerate(self.lstms):
            if number and key is not None and self.rate > 0:
                flow = tf.nn.experimental.stateless_dropout(flow, self.rate, seed=key + tf.constant([0, number]))
            flow = lstm(flow)
        logits = []
        for head, hidden in enumerate(tf.split(self.project(flow), len(ATTRIBUTES), axis=-1)):
            seen = hidden
            for column in CHOSEN[head]:
                seen += self.chosen[f"{head}.{column}"](rows[:, :, column])
            logits.append(self.heads[head](tf.nn.relu(seen)))
        return logits


def losses(logits: Sequence[Any], rows: Any, lengths: Any) -> Any:  # noqa: ANN401 - tensors carry no types
    """Nats of each attribute of each note, (4, batch, window), 0 in padding and at a window's first interval."""
    place = tf.range(tf.shape(rows)[1])[None, :]
    inside = tf.cast(place < lengths[:, None], tf.float32)
    out = []
    for head, scores in enumerate(logits):
        target = tf.minimum(rows[:, :, head], SIZES[head] - 1)
        nats = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=target, logits=scores)
        out.append(nats * (inside * tf.cast(place > 0, tf.float32) if head == INTERVAL else inside))
    return tf.stack(out)


def build(input_sizes: Sequence[int], sizes: Sizes, *, dropout: float, precision: str = "float32") -> Network:
    """A network whose weights exist."""
    network = Network(input_sizes, sizes, dropout=dropout, precision=precision)
    network((tf.zeros((1, 2, len(input_sizes)), tf.int32), tf.zeros((1, 2, len(input_sizes) - 1), tf.int32)))
    return network


def _places(network: Network) -> list[tuple[str, Any]]:
    """Each variable with the name that a bundle gives it."""
    out = [(f"heard.{number}", table.weights[0]) for number, table in enumerate(network.tables)]
    for number, lstm in enumerate(network.lstms):
        out += [(f"lstm.{number}.{part}", getattr(lstm, part)) for part in ("kernel", "recurrent", "bias", "project")]
    out += zip(("project.kernel", "project.bias"), network.project.weights, strict=True)
    out += [(f"chosen.{name}", table.weights[0]) for name, table in network.chosen.items()]
    for head, layer in enumerate(network.heads):
        out += zip((f"head.{head}.kernel", f"head.{head}.bias"), layer.weights, strict=True)
    return out


def get_weights(network: Network) -> dict[str, NDArray[np.float32]]:
    """The weights by the names that a bundle gives them, float32."""
    return {name: variable.numpy() for name, variable in _places(network)}


def set_weights(network: Network, weights: Mapping[str, NDArray[np.floating[Any]]]) -> None:
    """Give a network weights by those names."""
    for name, variable in _places(network):
        variable.assign(weights[name].astype("float32"))
