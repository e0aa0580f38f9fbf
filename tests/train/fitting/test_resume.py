"""A training that is killed goes on as if it had not been."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from improvd.train.fitting import checkpoint
from improvd.train.fitting.curve import MOST_POINTS, Curve
from improvd.train.settings import TrainSettings
from improvd.train.telling import Lines
from tests.train.midi_files import corpus

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.needs("symusic", "tensorflow"),
    # TensorFlow and what it brings warn of each other's age.
    pytest.mark.filterwarnings("ignore"),
]

# Says the number of each step that is done.
SCRIPT = """
import sys
from pathlib import Path
from improvd.train.fitting import fit
from improvd.train import run
from improvd.train.settings import TrainSettings
fit.CHECKPOINT_SECONDS = float(sys.argv[1])
take_step = fit.Fit._take_step
def told(self):
    take_step(self)
    print(self.standing.step, flush=True)
fit.Fit._take_step = told
run.run(eval(sys.argv[2]), lambda _: None)
"""


def settings(folder: Path, out: Path, **changes: Any) -> TrainSettings:  # noqa: ANN401  by name
    return TrainSettings(
        (str(folder),), out, **{"units": 12, "width": 8, "batch": 4, "window": 16, "epochs": 5, "patience": 2} | changes
    )


def stop(wanted: TrainSettings, step: int, how: signal.Signals, *, checkpoint_seconds: float) -> int:
    """Start a training, stop it after a step, and give its exit status."""
    text = repr(wanted).replace("PosixPath", "Path")
    command = [sys.executable, "-c", SCRIPT, str(checkpoint_seconds), text]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == step:
                process.send_signal(how)
        return process.wait()


@pytest.mark.parametrize(
    ("seed", "step", "how", "checkpoint_seconds"),
    [
        (0, 150, signal.SIGKILL, 60.0),  # its checkpoint is that of the last validation
        (1, 100, signal.SIGKILL, 0.0),  # a checkpoint a step; it may be killed as it writes one
        (2, 80, signal.SIGINT, 60.0),
    ],
)
def test_a_training_broken_off_ends_with_the_weights_of_an_unbroken_one(
    seed: int, step: int, how: signal.Signals, checkpoint_seconds: float, tmp_path: Path
) -> None:
    from improvd.train.run import run  # noqa: PLC0415 - only where TensorFlow is

    folder = corpus(tmp_path / "jigs")
    whole = run(settings(folder, tmp_path / "whole", seed=seed), lambda _: None)
    assert whole is not None
    per_epoch = whole.facts["fit"]["history"][0]["step"]
    assert per_epoch < step < whole.facts["fit"]["steps"]

    wanted = settings(folder, tmp_path / "broken", seed=seed)
    status = stop(wanted, step, how, checkpoint_seconds=checkpoint_seconds)
    assert status == (-signal.SIGKILL if how == signal.SIGKILL else -signal.SIGINT)
    assert not wanted.out.exists()

    lines: list[str] = []
    made = run(wanted, Lines(lines.append))
    assert made is not None
    (resumed,) = [int(line.split()[4].replace(",", "")) for line in lines if line.startswith("going on from step")]
    if how == signal.SIGINT:
        assert resumed in {step, step + 1}, "nothing is lost"
    else:
        assert resumed >= (step // per_epoch * per_epoch if checkpoint_seconds else step - 1)
    for name, array in whole.weights.items():
        np.testing.assert_array_equal(made.weights[name], array, err_msg=name)
    facts, unbroken = made.facts["fit"], whole.facts["fit"]
    assert facts["curve"] == unbroken["curve"]
    timeless = [[{**one, "seconds": 0} for one in told["history"]] for told in (facts, unbroken)]
    assert timeless[0] == timeless[1]


def test_early_stopping_counts_on_where_it_was(tmp_path: Path) -> None:
    from improvd.train.run import run  # noqa: PLC0415 - as above

    folder = corpus(tmp_path / "jigs")
    # So low a rate never improves on the first validation.
    wanted = settings(folder, tmp_path / "mine", epochs=50, rate=1e-30)
    stop(wanted, 80, signal.SIGINT, checkpoint_seconds=60.0)
    made = run(wanted, lambda _: None)
    assert made is not None
    assert len(made.facts["fit"]["history"]) == 3
    assert not wanted.work_folder.exists()


def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    checkpoint.save(folder, checkpoint.Standing("x", step=3), {"weights": {"a": np.ones(2)}})
    path = folder / checkpoint.NAME
    whole = path.read_bytes()
    middle = len(whole) // 2
    for damaged in (b"PK\x03\x04 no", whole[:-40], whole[:middle] + b"\xff" * 8 + whole[middle + 8 :]):
        path.write_bytes(damaged)
        assert checkpoint.load(folder, "x") is None
    path.write_bytes(whole)
    held = checkpoint.load(folder, "x")
    assert held is not None
    assert held[0] == checkpoint.Standing("x", step=3)
    assert checkpoint.load(folder, "y") is None


def test_a_curve_stays_short_and_keeps_its_mean() -> None:
    curve = Curve()
    for step in range(10_000):
        curve.add(float(step))
    told = curve.as_points()
    assert MOST_POINTS // 2 <= len(told) < MOST_POINTS
    assert told[-1]["step"] <= 10_000 < told[-1]["step"] + curve.every
    for one in told:
        assert one["bits"] == one["step"] - (curve.every + 1) / 2
