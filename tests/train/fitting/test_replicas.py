from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from improvd.errors import UserError
from tests.addresses import free_ports
from tests.train.tunes import piece, shard

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = [
    pytest.mark.needs("tensorflow"),
    # TensorFlow and what it brings warn of each other's age.
    pytest.mark.filterwarnings("ignore"),
]

LEARNER = Path(__file__).parent / "learner.py"
STEPS = 20


def addresses(count: int) -> list[str]:
    """Where nobody listens."""
    return [f"127.0.0.1:{port}" for port in free_ports(count, socket.SOCK_STREAM)]


def environment(cluster: Sequence[str] = (), worker: int = 0) -> dict[str, str]:
    task = {"cluster": {"worker": list(cluster)}, "task": {"type": "worker", "index": worker}}
    plain = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
    return plain | ({"TF_CONFIG": json.dumps(task)} if cluster else {}) | {"TF_CPP_MIN_LOG_LEVEL": "3"}


def learn(folder: Path, out: Path, *, workers: int = 1, devices: int = 1) -> list[dict[str, np.ndarray]]:
    """What each worker learnt."""
    cluster = addresses(workers) if workers > 1 else []
    outs = [out.with_name(f"{out.name}-{worker}.npz") for worker in range(workers)]
    processes = [
        subprocess.Popen(
            [sys.executable, str(LEARNER), str(folder), str(path), str(STEPS), str(devices)],
            env=environment(cluster, worker),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for worker, path in enumerate(outs)
    ]
    try:
        told = [process.communicate(timeout=240)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0] * workers, "\n".join(told)
    return [dict(np.load(path)) for path in outs]


def test_any_number_of_replicas_learns_what_one_does(tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    shard(folder, *(piece(number) for number in range(12)), piece(99, split="valid"))
    (alone,) = learn(folder, tmp_path / "alone")
    first, second = learn(folder, tmp_path / "worker", workers=2)
    (mirrored,) = learn(folder, tmp_path / "mirrored", devices=2)

    assert [int(one["replicas"]) for one in (alone, first, second, mirrored)] == [1, 2, 2, 2]
    # Each replica has its own half of the batch that one alone has whole.
    batch = alone["rows"][0]
    assert not (batch[:4] == batch[4:]).all()
    np.testing.assert_array_equal(np.concatenate([first["rows"][0], second["rows"][0]]), batch)
    np.testing.assert_array_equal(np.concatenate(mirrored["rows"]), batch)
    for name in set(alone) - {"replicas", "rows"}:
        np.testing.assert_array_equal(second[name], first[name], err_msg=name)
        np.testing.assert_allclose(first[name], alone[name], atol=1e-5, err_msg=name)
        np.testing.assert_allclose(mirrored[name], alone[name], atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    "told",
    [
        "{",
        "[]",
        '{"task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
    ],
)
def test_a_cluster_that_makes_no_sense_is_one_clear_line(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from improvd.train.fitting import replicas  # noqa: PLC0415 - only where TensorFlow is

    monkeypatch.setenv("TF_CONFIG", told)
    with pytest.raises(UserError, match="TF_CONFIG is wrong"):
        replicas.find()


def test_who_is_chief_and_how_many_there_are() -> None:
    from improvd.train.fitting.replicas import _cluster  # noqa: PLC0415 - as above

    three = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}
    tasks = [("chief", 0), ("worker", 0), ("worker", "1")]
    told = [json.dumps({"cluster": three, "task": {"type": kind, "index": index}}) for kind, index in tasks]
    assert [_cluster(one) for one in told] == [(3, 0), (3, 1), (3, 2)]
    assert _cluster("") == (1, 0)


def test_auto_precision_suits_the_oldest_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    from improvd.train.fitting import replicas  # noqa: PLC0415 - as above

    def precision(*capabilities: tuple[int, int]) -> str:
        monkeypatch.setattr(replicas.tf.config, "list_physical_devices", lambda _: capabilities)
        monkeypatch.setattr(
            replicas.tf.config.experimental, "get_device_details", lambda gpu: {"compute_capability": gpu}
        )
        return replicas.precision("auto")

    assert [precision(), precision((8, 0)), precision((9, 0), (7, 5))] == ["float32", "bfloat16", "float16"]
    assert replicas.precision("bfloat16") == "bfloat16"
