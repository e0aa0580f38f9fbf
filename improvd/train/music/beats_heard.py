"""How likely each moment of a performance is a beat, judged by a small network from the notes around it.

A temporal convolutional network (Davies and Böck 2019, who let one hear beats in sound): nine layers, each looking
twice as far as the one before, 20 s either way in all. It learnt from the scores of the training corpus, played by a
machine as people play: docs/beats.md tells how, and has the command. It says nothing of how one beat follows the
next; that is for `beats_chain`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from improvd.train.music.clean import Played

    Curve = NDArray[np.float64]
    Frames = NDArray[np.float32]

WEIGHTS: Final = Path(__file__).with_suffix(".npz")
RATE: Final = 50
"""Frames a second."""
FEATURES: Final = 8
MARGIN: Final = 1.0
"""Seconds of silence that the network hears before the first note, and after the last onset."""
AROUND: Final = 2.0
"""Loud, low and high are meant against the notes of so many seconds to either side."""
LENGTHS: Final = (0.03, 4.0)
"""Seconds between which a note's length tells something."""
LOW: Final = 50
"""Pitches below are the bass of most music."""
CHANGES: Final = (25, 60)
"""Frames before and after, whose pitch classes are compared: harmony changes on beats."""


def heard(played: Played) -> tuple[float, Frames]:
    """When the first frame is, in seconds, and for each frame the log odds of a beat, shape (frames,)."""
    start = float(played.onset[0]) - MARGIN
    return start, _network()(frames(played, start))


def frames(played: Played, start: float) -> Frames:
    """What the network hears of notes: (frames, 8), the first frame at ``start`` seconds, before any note.

    An onset lies between two frames and counts in both, by how near it is. Columns: how many begin, how loud, how
    long they are, how low and how high, and how many in the bass; then how unlike what follows in half a second and
    in 1.2 s the pitch classes are to what went before.
    """
    place = (played.onset - start) * RATE
    before = place.astype(np.int64)
    near = place - before
    count = int(place[-1]) + round(MARGIN * RATE)
    length = np.log2(np.clip(played.offset - played.onset, *LENGTHS) / LENGTHS[0]) / np.log2(128)
    loud = np.clip(played.velocity / _mean(played.onset, played.velocity), 0.3, 3)
    height = np.clip((played.pitch - _mean(played.onset, played.pitch)) / 12, -3, 3)
    sums = (np.ones(len(place)), loud, length, np.maximum(-height, 0), np.maximum(height, 0), played.pitch < LOW)
    out = np.empty((count, FEATURES), dtype=np.float32)
    for column, value in enumerate(sums):
        total = np.bincount(before, value * (1 - near), count) + np.bincount(before + 1, value * near, count)
        out[:, column] = np.log1p(total)
    classes = np.zeros((count, 12))
    np.add.at(classes, (np.rint(place).astype(np.int64), played.pitch % 12), np.maximum(length, 0.05))
    so_far = np.concatenate([np.zeros((1, 12)), np.cumsum(classes, axis=0)])
    now = np.arange(count)
    for column, wide in enumerate(CHANGES, start=len(sums)):
        here = np.maximum(now - 1, 0)  # notes of a chord don't all begin in one frame
        after = so_far[np.minimum(now + wide, count)] - so_far[here]
        past = so_far[here] - so_far[np.maximum(now - 1 - wide, 0)]
        sizes = np.linalg.norm(after, axis=1) * np.linalg.norm(past, axis=1)
        out[:, column] = 1 - (after * past).sum(axis=1) / np.maximum(sizes, 1e-6)
    return out


def _mean(onset: Curve, values: NDArray[np.int64]) -> Curve:
    """Of each note, the mean of the notes around it."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    first = np.searchsorted(onset, onset - AROUND)
    last = np.searchsorted(onset, onset + AROUND)
    return np.asarray((total[last] - total[first]) / (last - first))


class Network:
    """Layers by name, as Keras has them: kernels (taps, in, out) and biases (out,)."""

    def __init__(self, layers: Mapping[str, Frames]) -> None:
        self._layers = {name: array.astype(np.float32) for name, array in layers.items()}
        self._depth = sum(name.startswith("wide") for name in layers) // 2

    def __call__(self, heard: Frames) -> Frames:
        """Log odds of a beat (frames,) from what is heard (frames, 8)."""
        now = _elu(self._convolved("first", heard))
        for layer in range(self._depth):
            wide = _elu(self._convolved(f"wide{layer}", now, apart=2**layer))
            now = now + self._convolved(f"narrow{layer}", wide)
        return self._convolved("last", _elu(now))[:, 0]

    def _convolved(self, name: str, now: Frames, apart: int = 1) -> Frames:
        kernel, bias = self._layers[f"{name}.kernel"], self._layers[f"{name}.bias"]
        out = np.tile(bias, (len(now), 1))
        for tap, matrix in enumerate(kernel):
            shift = (tap - len(kernel) // 2) * apart
            from_, to = max(0, -shift), len(now) - max(0, shift)
            if from_ < to:
                out[from_:to] += now[from_ + shift : to + shift] @ matrix
        return out


def _elu(values: Frames) -> Frames:
    return np.where(values > 0, values, np.expm1(np.minimum(values, 0)))


@cache
def _network() -> Network:
    with np.load(WEIGHTS, allow_pickle=False) as arrays:
        return Network({name: arrays[name] for name in arrays.files})
