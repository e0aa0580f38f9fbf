"""The network in numpy, one note at a time: what the daemon plays with.

All inputs are ids, so at loading each embedding is multiplied with the part of the first layer's kernel that it
meets, and a step looks rows up instead. What remains is two matrix-vector products a layer, one for all heads'
hidden layers, and a small one a head. A step is so short that it costs what moving its weights costs: layers pass
on fewer numbers than they have cells, so that the weights fit a processor's own cache. Single precision
throughout; BLAS should run on one thread, more would only wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.model.tokens import (
    ATTRIBUTES,
    BAR,
    BEAT,
    COLUMNS,
    DURATION,
    INTERVAL,
    NOTHING_HEARD,
    PITCH,
    SIZES,
    VELOCITY,
    Vocabulary,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ids = NDArray[np.int32]

CHOSEN: Final[Mapping[int, tuple[int, ...]]] = {
    INTERVAL: (),
    PITCH: (INTERVAL, BEAT, BAR),
    DURATION: (INTERVAL, BEAT, BAR, PITCH),
    VELOCITY: (INTERVAL, BEAT, BAR, PITCH, DURATION),
}
"""Which columns of the note in the making each head sees: what was chosen before it, and where that puts it."""
NEWLY_KNOWN: Final = ((INTERVAL, BEAT, BAR), (PITCH,), (DURATION,))
"""Which columns are known after each head but the last; every later head sees them."""
ALL: Final = (INTERVAL, PITCH, DURATION, VELOCITY)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What fixes the shape of every array beside the vocabulary.

    ``units`` cells a layer, of which it passes on ``width`` numbers, a linear map of their outputs; ``hidden``
    units in each head.
    """

    units: int
    width: int
    layers: int
    hidden: int
    embeddings: tuple[int, ...]

    def shapes(self, vocabulary: Vocabulary) -> dict[str, tuple[int, ...]]:
        """The shape of every array of a bundle, by name."""
        rows = vocabulary.input_sizes
        out: dict[str, tuple[int, ...]] = {}
        for number, (size, width) in enumerate(zip(rows, self.embeddings, strict=True)):
            out[f"heard.{number}"] = (size, width)
        for layer in range(self.layers):
            below = self.width if layer else sum(self.embeddings)
            out[f"lstm.{layer}.kernel"] = (below, 4 * self.units)
            out[f"lstm.{layer}.recurrent"] = (self.width, 4 * self.units)
            out[f"lstm.{layer}.bias"] = (4 * self.units,)
            out[f"lstm.{layer}.project"] = (self.units, self.width)
        out["project.kernel"] = (self.width, len(ATTRIBUTES) * self.hidden)
        out["project.bias"] = (len(ATTRIBUTES) * self.hidden,)
        for head, columns in CHOSEN.items():
            for column in columns:
                out[f"chosen.{head}.{column}"] = (rows[column], self.hidden)
            out[f"head.{head}.kernel"] = (self.hidden, SIZES[head])
            out[f"head.{head}.bias"] = (SIZES[head],)
        return out


def _gates_first(array: Floats, units: int) -> Floats:
    """Keras' gates (in, forget, cell, out) as (in, forget, out, cell), with the three sigmoids' inputs halved.

    A sigmoid is (1 + tanh(x / 2)) / 2, so one tanh over all four serves both.
    """
    gate_in, forget, cell, out = (array[..., gate * units : (gate + 1) * units] for gate in range(4))
    return np.asarray(np.concatenate([gate_in * 0.5, forget * 0.5, out * 0.5, cell], axis=-1), dtype=np.float32)


def _with_bias(kernel: Floats, bias: Floats) -> Floats:
    """A kernel with its bias as one more row, to be met by a 1 after the inputs."""
    return np.asarray(np.concatenate([kernel, bias[None, :]]), dtype=np.float32)


class Network:
    """One network with its own state, for one thread.

    ``weights`` has the arrays of ``Sizes.shapes``; they are not changed and not kept. ``hear`` takes one note
    in, ``logits`` gives one head's view of the next note, so a step is one ``hear`` and four ``logits``.
    """

    def __init__(self, weights: Mapping[str, NDArray[np.floating[Any]]], sizes: Sizes, vocabulary: Vocabulary) -> None:
        get = {name: np.asarray(array, dtype=np.float32) for name, array in weights.items()}
        units, hidden, self.sizes, self.vocabulary = sizes.units, sizes.hidden, sizes, vocabulary
        kernel, top = get["lstm.0.kernel"], 0
        self._tables: list[Floats] = []
        for number, width in enumerate(sizes.embeddings):
            self._tables.append(_gates_first(get[f"heard.{number}"] @ kernel[top : top + width], units))
            top += width
        # One row of each table is always added, so the first layer's bias may as well be in one of them.
        self._tables[0] += _gates_first(get["lstm.0.bias"], units)
        self._kernels = [_gates_first(get["lstm.0.recurrent"], units)]
        for layer in range(1, sizes.layers):
            # Inputs from below and from the note before lie side by side, and the 1 that meets the bias after them.
            both = np.concatenate([get[f"lstm.{layer}.kernel"], get[f"lstm.{layer}.recurrent"]])
            self._kernels.append(_gates_first(_with_bias(both, get[f"lstm.{layer}.bias"]), units))
        # The halves of the sigmoids that gate a layer's way out.
        self._outward = [0.5 * get[f"lstm.{layer}.project"] for layer in range(sizes.layers)]
        self._project = _with_bias(get["project.kernel"], get["project.bias"])
        self._heads = [_with_bias(get[f"head.{head}.kernel"], get[f"head.{head}.bias"]) for head in CHOSEN]
        # What a choice adds to the hidden layers of all heads after it, side by side.
        self._chosen = [
            [
                (column, np.concatenate([get[f"chosen.{later}.{column}"] for later in ALL[head + 1 :]], axis=1))
                for column in columns
            ]
            for head, columns in enumerate(NEWLY_KNOWN)
        ]
        self._allocate(units, sizes.width, sizes.layers, hidden)

    def _allocate(self, units: int, width: int, layers: int, hidden: int) -> None:
        # Per layer from the second on: the output of the one below, its own, and a 1. An output has two readers,
        # so it is written where the layer above reads it and copied to where its own layer does.
        self._cells = [np.zeros(units, dtype=np.float32) for _ in range(layers)]
        self._inputs = [np.zeros(width if layer == 0 else 2 * width + 1, dtype=np.float32) for layer in range(layers)]
        for inputs in self._inputs[1:]:
            inputs[-1] = 1.0
        self._own = [inputs[:width] if layer == 0 else inputs[width:-1] for layer, inputs in enumerate(self._inputs)]
        self._above = [inputs[:width] for inputs in self._inputs[1:]]
        self._last = np.ones(width + 1, dtype=np.float32)
        self._last[:-1] = 0.0
        self._gates = np.empty(4 * units, dtype=np.float32)
        self._table_sum = np.empty(4 * units, dtype=np.float32)
        self._spare = np.empty(units, dtype=np.float32)
        self._hidden = np.empty(len(CHOSEN) * hidden, dtype=np.float32)
        self._active = np.ones(hidden + 1, dtype=np.float32)
        self._logits = [np.empty(size, dtype=np.float32) for size in SIZES]
        self._stage = -1

    def begin(self, style: int) -> None:
        """Forget everything. Afterwards ``logits`` is about the first note of a piece in that style, by its id."""
        for array in (*self._cells, *self._own, *self._above, self._last[:-1]):
            array[:] = 0.0
        self.hear((*NOTHING_HEARD, style))

    def hear(self, ids: Sequence[int]) -> None:
        """Take in one note: the eight ids of ``Vocabulary.heard``, each below its table's rows (else IndexError)."""
        units = self.sizes.units
        total, gates, spare = self._table_sum, self._gates, self._spare
        sigmoids = gates[: 3 * units]
        into, kept, out = sigmoids[:units], sigmoids[units : 2 * units], sigmoids[2 * units :]
        new = gates[3 * units :]
        np.add(self._tables[0][ids[0]], self._tables[1][ids[1]], out=total)
        for table, number in zip(self._tables[2:], ids[2:], strict=True):
            np.add(total, table[number], out=total)
        for layer, kernel in enumerate(self._kernels):
            np.dot(self._inputs[layer], kernel, out=gates)
            if layer == 0:
                np.add(gates, total, out=gates)
            np.tanh(gates, out=gates)
            np.add(sigmoids, 1.0, out=sigmoids)  # twice the sigmoids; the halves are made good below
            cell = self._cells[layer]
            np.multiply(cell, kept, out=cell)
            np.multiply(into, new, out=spare)
            np.add(cell, spare, out=cell)
            np.multiply(cell, 0.5, out=cell)
            np.tanh(cell, out=spare)
            np.multiply(spare, out, out=spare)
            own = self._own[layer]
            np.dot(spare, self._outward[layer], out=own)
            (self._above[layer] if layer < len(self._above) else self._last[:-1])[:] = own
        self._stage = -1

    def logits(self, head: int, chosen: Sequence[int]) -> Floats:
        """Logits of one attribute of the next note, shape (ids of the attribute,).

        ``chosen`` is the row of that note (see ``tokens``) as far as it is known: the columns in ``CHOSEN[head]``
        are read, each the first time that a head needs it, so ask the heads in order. The array is a buffer that
        the next call for this head overwrites; the caller may write into it.
        """
        hidden, width = self._hidden, self.sizes.hidden
        if self._stage < 0 or self._stage > head:
            np.dot(self._last, self._project, out=hidden)
            self._stage = 0
        while self._stage < head:
            later = hidden[(self._stage + 1) * width :]
            for column, table in self._chosen[self._stage]:
                np.add(later, table[chosen[column]], out=later)
            self._stage += 1
        np.maximum(hidden[head * width : (head + 1) * width], 0.0, out=self._active[:-1])
        return np.dot(self._active, self._heads[head], out=self._logits[head])


def log_probabilities(network: Network, rows: Ids, style: int, *, chords: bool = True) -> NDArray[np.float64]:
    """Natural log-probability of each attribute of given notes, heard from nothing; shape (notes, 4).

    The first note has no interval: its log-probability is 0. With ``chords``, what can't be is left out of
    account: the notes of a chord ascend, so after an interval of 0 only higher pitches are possible.
    """
    out = np.zeros((len(rows), len(ATTRIBUTES)))
    network.begin(style)
    before = None
    for number, row in enumerate(rows.tolist()):
        for head in range(len(ATTRIBUTES)):
            if head == INTERVAL and number == 0:
                continue
            scores = network.logits(head, row).astype(np.float64)
            lowest = before + 1 if chords and head == PITCH and before is not None and row[INTERVAL] == 0 else 0
            scores = scores[lowest:]
            top = scores.max()
            out[number, head] = scores[row[head] - lowest] - top - np.log(np.exp(scores - top).sum())
        before = row[PITCH]
        network.hear((*row[:COLUMNS], style))
    return out
