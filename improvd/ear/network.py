"""The small recurrent network of the ear, in numpy: what is told of each note, and what is remembered.

A dense layer hears the note and the filter's stance; gated cells (Cho et al. 2014) remember, and so carry a tempo
through free playing; a dense layer more judges by both, and one tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float32]

SHORTEST: Final = 0.22
AN_OCTAVE: Final = 9.0
PERIODS: Final = 32
"""The beat's period in classes: seconds of the first, how many there are to an octave, and in all: 0.22 to 2.4 s."""
PHASES: Final = 24
"""How much of a beat is gone, in classes, the first for none of it."""
TOLD: Final = 1 + PERIODS + PHASES
"""Log odds of a beat, then those of the periods and of the phases."""


class Network:
    """Layers by name, as Keras has them.

    ``hear.kernel`` (in, wide), ``hear.bias`` (wide,); ``memory.kernel`` (wide, 3 × cells), ``memory.recurrent`` (cells,
    3 × cells), ``memory.bias`` (2, 3 × cells), gates in the order update, reset, candidate; ``judge.kernel`` (wide +
    cells, narrow), ``judge.bias``; ``tell.kernel`` (narrow + cells, `TOLD`), ``tell.bias``.
    """

    def __init__(self, layers: Mapping[str, Array]) -> None:
        def layer(name: str) -> Array:
            return layers[name].astype(np.float32)

        self._hear, self._hear_bias = layer("hear.kernel"), layer("hear.bias")
        self._memory, self._recurrent = layer("memory.kernel"), layer("memory.recurrent")
        self._memory_bias, self._recurrent_bias = layer("memory.bias")
        self._judge, self._judge_bias = layer("judge.kernel"), layer("judge.bias")
        self._tell, self._tell_bias = layer("tell.kernel"), layer("tell.bias")
        self._cells = len(self._recurrent)

    def nothing_heard(self) -> Array:
        """The memory before the first note: (cells,)."""
        return np.zeros(self._cells, dtype=np.float32)

    def __call__(self, row: Array, stance: Sequence[float], memory: Array) -> tuple[Array, Array]:
        """What is told, (`TOLD`,), of a row of features, a stance and what is remembered; and what is from now on."""
        heard = np.maximum(_through(np.concatenate([row, _array(stance)]), self._hear) + self._hear_bias, 0.0)
        cells = self._cells
        new = _through(heard, self._memory) + self._memory_bias
        old = _through(memory, self._recurrent) + self._recurrent_bias
        gates = 1.0 / (1.0 + np.exp(-(new[: 2 * cells] + old[: 2 * cells])))
        candidate = np.tanh(new[2 * cells :] + gates[cells:] * old[2 * cells :])
        memory = candidate + gates[:cells] * (memory - candidate)
        judged = np.maximum(_through(np.concatenate([heard, memory]), self._judge) + self._judge_bias, 0.0)
        return _through(np.concatenate([judged, memory]), self._tell) + self._tell_bias, memory


def _array(numbers: Sequence[float]) -> Array:
    return np.array(numbers, dtype=np.float32)


def _through(now: Array, kernel: Array) -> Array:
    """A product that begins no threads and adds in the same order everywhere, as BLAS does not promise."""
    return np.asarray(np.einsum("i,ij->j", now, kernel))
