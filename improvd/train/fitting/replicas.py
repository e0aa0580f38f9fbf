"""Several processors that learn as one: the GPUs of one machine, or several machines named by ``TF_CONFIG``.

Each replica takes its share of the same batch, and what they learn is added up (Goyal et al., Accurate, Large Minibatch
SGD, 2017, without a change to the rate: the batch is the same however many share it). Each worker is one process; the
first is the chief, which decides and writes.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tensorflow as tf

from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

BFLOAT16_FROM: Final = (8, 0)
"""The compute capability from which a GPU multiplies bfloat16 as fast as float16."""


@dataclass(frozen=True)
class Replicas:
    """Who learns: ``strategy`` is TensorFlow's, ``worker`` this process' number and ``workers`` how many there are."""

    strategy: Any
    worker: int = 0
    workers: int = 1

    @property
    def count(self) -> int:
        """How many replicas there are, over all workers."""
        return int(self.strategy.num_replicas_in_sync)

    @property
    def chief(self) -> bool:
        """Whether this process decides and writes."""
        return self.worker == 0

    def share(self, *batch: Any) -> list[Any]:  # noqa: ANN401 - tensors carry no types
        """This replica's windows of a batch whose size ``count`` divides; only for what the strategy runs."""
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        return [
            tf.reshape(tensor, (self.count, tensor.shape[0] // self.count, *tensor.shape[1:]))[number]
            for tensor in batch
        ]

    def agree(self, chief: Sequence[float], everyone: Sequence[float] = ()) -> list[float]:
        """What the chief says, followed by sums over all workers; all must ask alike, and get the same answer."""
        if self.workers == 1:
            return [*chief, *everyone]
        mine = np.array([*(chief if self.chief else [0.0] * len(chief)), *everyone])
        local = self.count // self.workers

        def given(context: Any) -> Any:  # noqa: ANN401 - as above
            return tf.constant(mine if context.replica_id_in_sync_group % local == 0 else np.zeros_like(mine))

        values = self.strategy.experimental_distribute_values_from_function(given)
        return [float(one) for one in self.strategy.reduce(tf.distribute.ReduceOp.SUM, values, axis=None).numpy()]


def find() -> Replicas:
    """All that this machine has, or with ``TF_CONFIG`` this worker among all. UserError where that makes no sense.

    Several workers must be found before TensorFlow has done anything else.
    """
    workers, worker = _cluster(os.environ.get("TF_CONFIG", ""))
    if workers > 1:
        return Replicas(tf.distribute.MultiWorkerMirroredStrategy(), worker, workers)
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return Replicas(tf.distribute.MirroredStrategy())
    return Replicas(tf.distribute.get_strategy())


def _cluster(text: str) -> tuple[int, int]:
    """How many workers ``TF_CONFIG`` names, and which of them this is."""
    if not text.strip():
        return 1, 0
    try:
        told = json.loads(text)
        names = [
            (kind, number) for kind in ("chief", "worker") for number, _ in enumerate(told["cluster"].get(kind, []))
        ]
        return len(names), names.index((told["task"]["type"], int(told["task"]["index"])))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            "TF_CONFIG is wrong: it wants the workers' addresses and which of them this is, as "
            '{"cluster": {"worker": ["one:2222", "two:2222"]}, "task": {"type": "worker", "index": 0}}'
        ) from None


def precision(asked: str) -> str:
    """In what to multiply: what was asked for, or where that is "auto", what suits the slowest of the GPUs."""
    if asked != "auto":
        return asked
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "float32"
    oldest = min(tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0)) for gpu in gpus)
    return "bfloat16" if oldest >= BFLOAT16_FROM else "float16"
