"""A process of its own that learns some steps from shards, for `test_replicas.py`: alone, or as TF_CONFIG says.

Arguments: the folder of the shards, the file to write weights to, a number of steps, and how many devices to learn on.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from improvd.model.network import Sizes
from improvd.train.fitting import data, replicas
from improvd.train.fitting.fit import Fit
from improvd.train.fitting.network import get_weights
from improvd.train.fitting.replicas import Replicas
from improvd.train.settings import TrainSettings

SIZES = Sizes(units=12, width=8, layers=2, hidden=8, embeddings=(4, 5, 4, 3, 4, 3, 2, 3))


def main(folder: str, out: str, steps: int, devices: int) -> None:
    processors = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(processors[0], [tf.config.LogicalDeviceConfiguration()] * devices)
    found = replicas.find()
    if devices > 1:
        found = Replicas(tf.distribute.MirroredStrategy([f"CPU:{number}" for number in range(devices)]))
    settings = TrainSettings(
        (), Path(out).with_suffix(""), units=12, width=8, batch=8, window=16, dropout=0.0, epochs=99
    )
    fit = Fit(settings, data.index(map(str, Path(folder).glob("*.parquet"))), SIZES, "learner", found)
    fit.resume()
    rows = tf.constant(fit.stream.batch(0).rows)
    mine = found.strategy.experimental_local_results(found.strategy.run(lambda: found.share(rows)[0]))
    for _ in range(steps):
        fit._take_step()
    fit.close()
    np.savez(out, replicas=found.count, rows=np.stack(mine), **get_weights(fit.network))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
