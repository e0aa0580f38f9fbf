from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from improvd.cli import main
from improvd.model import originality
from tests.evaluate.music import tune
from tests.train.midi_files import write_midi

if TYPE_CHECKING:
    from pathlib import Path

    from improvd.model.tokens import TickNotes

pytestmark = pytest.mark.needs("symusic")


def events(notes: TickNotes, shift: int = 0) -> list[tuple[int, int, int, int]]:
    return [
        (20 * onset, pitch + shift, 240, 90)
        for onset, pitch in zip(notes.onset.tolist(), notes.pitch.tolist(), strict=True)
    ]


def test_the_longest_quotation_is_told(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learnt = tune(1)
    originality.write(model, originality.learn([learnt.rows]))
    own = [(480 * n, 40 + 7 * n, 100, 90) for n in range(8)]
    quoted = [(8 * 480 + at, *rest) for at, *rest in events(learnt.notes, 3)[:20]]
    quoting, original = write_midi(tmp_path / "quoting.mid", own + quoted), write_midi(tmp_path / "original.mid", own)
    assert main(["originality", str(quoting), str(original), "--model", str(model)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{quoting}: at most 20 notes in a row as in the corpus, from note 9 at beat 8"
    assert second == f"{original}: no 10 notes in a row as in the corpus"


def test_as_json(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learnt = tune(1)
    originality.write(model, originality.learn([learnt.rows]))
    path = write_midi(tmp_path / "same.mid", events(learnt.notes))
    (tmp_path / "bad.mid").write_bytes(b"")
    assert main(["originality", str(tmp_path), "--model", str(model), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["files"] == [{"path": str(path), "notes": 200, "longest": 200, "first": 0, "beat": 0.0}]
    assert found["run"] == originality.RUN
    assert 0 < found["error"] < 0.005
    assert [one["path"] for one in found["skipped"]] == [str(tmp_path / "bad.mid")]


def test_a_model_that_does_not_know_its_corpus_says_so(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_midi(tmp_path / "any.mid", events(tune(1).notes))
    assert main(["originality", str(path), "--model", str(model)]) == 2
    assert "train it again" in capsys.readouterr().err


def test_a_model_learns_what_it_may_not_recite(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = tmp_path / "corpus"
    path, other = (write_midi(corpus / f"{seed}.mid", events(tune(seed).notes)) for seed in (1, 2))
    (corpus / "manifest.csv").write_text("path,split\n1.mid,train\n2.mid,test\n")
    (corpus / "bad.mid").write_bytes(b"")
    told = ["originality", str(corpus), "--model", str(model)]
    assert main([*told, "--learn", "--split", "train", "--split", "valid"]) == 2
    assert "into the split 'valid'" in capsys.readouterr().err
    assert main([*told, "--learn", "--split", "train"]) == 0
    assert "tiny may not recite 1 file more: it knows 128 runs of 10 notes in 256 bytes" in capsys.readouterr().out
    assert main([*told, "--json"]) == 0
    longest = {one["path"]: one["longest"] for one in json.loads(capsys.readouterr().out)["files"]}
    assert longest[str(path)] == 200
    assert longest[str(other)] < 200
    assert main([*told, "--learn", "--json"]) == 0
    more = json.loads(capsys.readouterr().out)
    assert (more["learnt"], len(more["skipped"]), more["left_out"]) == (2, 1, 0)
    assert main([*told[:1], str(other), *told[2:], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["longest"] == 200


@pytest.mark.parametrize(
    ("options", "told"), [(["--split", "all"], "--split is one of train, valid, test"), ([], "none of the 1 files")]
)
def test_nothing_is_learnt_from_nothing(
    options: list[str], told: str, *, tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.mid").write_bytes(b"")
    assert main(["originality", str(tmp_path / "bad.mid"), "--learn", "--model", str(model), *options]) == 2
    assert told in capsys.readouterr().err
    assert not (model / originality.FILE).exists()
