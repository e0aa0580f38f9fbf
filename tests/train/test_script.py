"""`improvd train --json`: what a script gets to read."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest

from tests.train.midi_files import corpus

if TYPE_CHECKING:
    from pathlib import Path

# What every line of each kind has, and of which type; None is allowed where it says so.
NUMBER, MAYBE = (int, float), (int, float, type(None))
SCHEMA: dict[str, dict[str, Any]] = {
    "stage": {"stage": str, "unit": str, "total": MAYBE, "done": MAYBE, "seconds": MAYBE},
    "progress": {
        "stage": str,
        "unit": str,
        "done": NUMBER,
        "total": MAYBE,
        "share": MAYBE,
        "rate": MAYBE,
        "seconds_left": MAYBE,
        "text": str,
    },
    "file": {
        "path": str,
        "status": str,
        "reason": str,
        "style": str,
        "notes": int,
        "key": str,
        "beat_known": bool,
    },
    "validation": {
        "step": int,
        "epoch": NUMBER,
        "seconds": NUMBER,
        "total": NUMBER,
        "attributes": dict,
        "train": MAYBE,
    },
    "note": {"message": str},
    "warning": {"message": str},
    "result": {
        "model": str,
        "report": str,
        "seconds": NUMBER,
        "bits": dict,
        "files": dict,
        "reasons": dict,
        "styles": dict,
    },
    "error": {"message": str},
}


def train(*arguments: object) -> tuple[int, list[dict[str, Any]], str]:
    """Exit status, events, and what was said on stderr."""
    command = [sys.executable, "-m", "improvd", "train", *map(str, arguments), "--json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [json.loads(line, parse_constant=pytest.fail) for line in run.stdout.splitlines()]
    for one in told:
        schema = SCHEMA[one["event"]]
        assert one.keys() == {"event", *schema}
        assert all(isinstance(one[name], kinds) for name, kinds in schema.items()), one
    return run.returncode, told, run.stderr


@pytest.mark.needs("matplotlib", "symusic", "tensorflow")
def test_a_script_reads_how_a_training_goes(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "jigs")
    (folder / "broken.mid").write_bytes(b"MThd")
    sizes = ("--units", 12, "--width", 8, "--batch", 4, "--window", 16)
    status, told, _ = train(folder, "-o", tmp_path / "mine", "--epochs", 2, *sizes)
    assert status == 0

    stages = [one["stage"] for one in told if one["event"] == "stage"]
    assert [name for name, _ in groupby(stages)] == [
        "reading",
        "shards",
        "fitting",
        "scoring",
        "remembering",
        "reporting",
    ]
    assert all(len(list(ones)) == 2 for _, ones in groupby(stages)), "each begins and ends"
    files = [one for one in told if one["event"] == "file"]
    assert [one["path"] for one in files] == sorted(str(path) for path in folder.iterdir())
    assert [one["reason"] for one in files if one["status"] == "skipped"] == ["damaged or cut short"]
    validations = [one for one in told if one["event"] == "validation"]
    assert [one["epoch"] for one in validations] == [1.0, 2.0]
    for one in validations:
        assert sum(one["attributes"].values()) == pytest.approx(one["total"])
    for one in told:
        if one["event"] == "progress":
            assert one["share"] is None or 0 <= one["share"] <= 1

    result = told[-1]
    assert result["event"] == "result"
    model = json.loads((tmp_path / "mine" / "model.json").read_text())
    assert result["model"] == str(tmp_path / "mine")
    assert result["report"] == str(tmp_path / "mine" / "report.html")
    assert result["bits"] == {"valid": model["scores"]["valid"]["all"]["total"]}
    assert result["files"] == model["corpus"]["files"] == {"used": 12, "skipped": 1}
    assert result["reasons"] == {"damaged or cut short": 1}
    assert result["styles"] == {"jigs": {"used": 12, "skipped": 1}}
    page = (tmp_path / "mine" / "report.html").read_text()
    assert f"{model['fit']['steps']:,}" in page
    assert f"{model['scores']['valid']['all']['total']:.3f}" in page


@pytest.mark.needs("matplotlib", "symusic", "tensorflow")
def test_a_script_reads_what_went_wrong(tmp_path: Path) -> None:
    status, told, said = train(tmp_path / "nowhere", "-o", tmp_path / "mine")
    assert status == 2
    assert told == [{"event": "error", "message": f"no such file or folder: {tmp_path / 'nowhere'}"}]
    assert said == f"improvd: no such file or folder: {tmp_path / 'nowhere'}\n"


def test_a_script_reads_of_a_wrong_option_too(tmp_path: Path) -> None:
    status, told, _ = train(tmp_path, "-o", tmp_path / "mine", "--weight", "folk=much")
    assert status == 2
    assert [one["event"] for one in told] == ["error"]
