from __future__ import annotations

import errno
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from improvd.cli import main
from improvd.core.events import BeatNote, Beats, Generate, Seconds
from improvd.errors import CorpusError
from improvd.model import bundle
from improvd.model.golden import verify
from improvd.model.improviser import Improviser
from improvd.model.network import log_probabilities
from improvd.model.tokens import ATTRIBUTES
from improvd.train.files.corpus import find
from improvd.train.intake.labels import splits
from improvd.train.music.reading import read_piece
from improvd.train.settings import TrainSettings
from improvd.train.telling import Lines
from tests.train.midi_files import corpus, tune, write_midi
from tests.train.users import unprivileged

pytestmark = [
    pytest.mark.needs("symusic", "tensorflow"),
    # TensorFlow and what it brings warn of each other's age.
    pytest.mark.filterwarnings("ignore"),
]


def settings(folder: Path, out: Path, **changes: object) -> TrainSettings:
    tiny: dict[str, object] = {"units": 12, "width": 8, "batch": 4, "window": 16, "epochs": 2}
    return TrainSettings(corpus=(str(folder),), out=out, **(tiny | changes))  # type: ignore[arg-type]  # by name


def train(*args: object, **changes: object) -> tuple[bundle.Bundle, list[str]]:
    from improvd.train.run import run  # noqa: PLC0415 - only where TensorFlow is

    lines: list[str] = []
    made = run(settings(*args, **changes), Lines(lines.append))  # type: ignore[arg-type]  # as above
    assert made is not None
    return made, lines


def test_from_files_to_a_model_that_answers(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "jigs")
    (folder / "broken.mid").write_bytes(b"MThd")
    lines = ["path,source,licence,split,title,composer"]
    splits = ["test", "valid"] + ["train"] * 10
    lines += [f"tune-{n:02}.mid,An archive,CC-BY-4.0,{where},Tune {n},Trad." for n, where in enumerate(splits)]
    (folder / "manifest.csv").write_text("\n".join(lines))
    (tmp_path / "about.md").write_text("## Thanks\n\nTo my teacher.\n")
    made, told = train(
        folder, tmp_path / "models" / "mine", epochs=3, rate=1e-2, styles={"j*": "Irish"}, about=tmp_path / "about.md"
    )

    assert [path.name for path in (tmp_path / "models").iterdir()] == ["mine"]
    assert any("12 used, 1 skipped" in line for line in told)
    assert any("broken.mid: damaged or cut short" in line for line in told)
    assert made.facts["fit"]["curve"][0]["bits"] > 20, "it knows nothing of music yet"
    assert made.facts["fit"]["history"][-1]["total"] < 10

    # The numpy network says what Keras said, to within 1e-4 in every logit, from half-precision weights.
    verify(bundle.load(tmp_path / "models" / "mine"))
    assert made.vocabulary.styles == ("Irish",)
    assert made.style_names == {"j*": "Irish"}
    context = tuple(BeatNote(Beats(n / 2), Beats(0.5), 60 + n, 80) for n in range(8))
    asked = Generate(1, 0, context, 8, Beats(4), Beats(8), Beats(8), 4, Beats(2), Seconds(1), 1, style="Irish")
    assert len(Improviser(made, lambda: Seconds(0)).answer(asked).notes) >= 4

    # The test split is scored, but it is no source of what was learnt.
    assert made.facts["scores"]["test"]["all"]["notes"] == made.facts["scores"]["valid"]["all"]["notes"] == 64
    (source,) = made.facts["provenance"]["sources"]
    assert (source["source"], source["licence"], source["pieces"]) == ("An archive", "CC-BY-4.0", 11)
    recall = made.originality
    assert recall is not None
    followed = [recall.longest(read_piece(entry).rows).notes for entry in find([str(folder / "tune*.mid")])]
    assert [notes == 64 for notes in followed] == [False] + [True] * 11, "what was learnt from and watched by"
    card = (tmp_path / "models" / "mine" / "CARD.md").read_text()
    assert "Trad.: Tune 5 — CC-BY-4.0" in card
    assert "Tune 0 " not in card
    assert "To my teacher." in card
    assert (
        "improvd train CORPUS -o models/mine --epochs 3 --units 12 --width 8 --batch 4 --window 16 --rate 0.01"
        " --style 'Irish=j*'\n" in card
    )


def test_keras_scores_as_numpy_does(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "jigs", pieces=5)
    made, _ = train(folder, tmp_path / "mine", epochs=1, minutes=0.02, layers=3, precision="bfloat16")
    assert made.facts["fit"]["seconds"] <= 60, "minutes are a budget"
    (watched,) = (one for one in made.facts["scores"].values())
    notes = watched["all"]["notes"]
    assert notes == 64
    pieces = [read_piece(entry) for entry in find([str(folder)])]
    where = splits([""] * len(pieces), [piece.digest for piece in pieces])
    (valid,) = (piece for piece, split in zip(pieces, where, strict=True) if split == "valid")
    nats = log_probabilities(made.network(), valid.rows.astype(np.int32), 1, chords=False)
    for head, name in enumerate(ATTRIBUTES):
        assert -nats[:, head].sum() / notes / np.log(2) == pytest.approx(watched["all"][name], abs=0.02)


def _letters(folder: Path) -> None:
    for n in range(3):
        (folder / f"{n}.mid").write_text("dear diary")


def _short(folder: Path) -> None:
    whole = write_midi(folder / "a.mid", tune(1))
    whole.write_bytes(whole.read_bytes()[:-50])


BAD = {
    "an empty folder": (lambda _: None, {}, "no music files"),
    "files that are no music": (_letters, {}, r"none of the 3 files can be learnt from: not a MIDI file \(3\)"),
    "one file cut short": (_short, {}, "a.mid can't be learnt from: damaged or cut short"),
    "too little music": (lambda folder: write_midi(folder / "a.mid", tune(1)), {}, "too little music: 64 notes"),
    "weights of another corpus": (
        corpus,
        {"weights": {"jazz": 1.0}},
        "no style or source 'jazz' to learn from: there are jigs",
    ),
    "no units": (corpus, {"units": 0}, "units must be at least 1"),
    "a card's text that isn't there": (corpus, {"about": Path("nowhere.md")}, "no such file: nowhere.md"),
    "no time": (corpus, {"minutes": 0.0}, "minutes must be more than 0"),
    "time without end": (corpus, {"minutes": math.inf}, "minutes must be more than 0, and finite"),
    "a rate that is no number": (corpus, {"rate": math.nan}, "rate must be more than 0, and finite"),
    "all dropped out": (corpus, {"dropout": 1.0}, "dropout must be at least 0, and less than 1"),
    "an unknown precision": (
        corpus,
        {"precision": "int8"},
        "precision is one of auto, float32, bfloat16, float16, not int8",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_corpus_is_one_clear_line_and_leaves_nothing(kind: str, tmp_path: Path) -> None:
    make, changes, told = BAD[kind]
    folder = tmp_path / "jigs"
    folder.mkdir()
    make(folder)
    with pytest.raises(CorpusError, match=told) as caught:
        train(folder, tmp_path / "mine", **changes)
    assert "\n" not in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} <= {"cache", "jigs"}


def test_a_folder_that_is_no_model_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "letter.txt").write_text("dear diary")
    with pytest.raises(CorpusError, match="is there already and is no model"):
        train(corpus(tmp_path / "jigs"), out)
    assert (out / "letter.txt").exists()


def test_where_nothing_can_be_written_is_told_before_anything_is_done(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "jigs")
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match=r"can't write .*: .*file is no folder"):
        train(folder, tmp_path / "file" / "deep" / "mine")
    with unprivileged(tmp_path):
        tmp_path.chmod(0o555)
        with pytest.raises(CorpusError, match=r"can't write .*mine: no permission to write to "):
            train(folder, tmp_path / "deep" / "mine")
        tmp_path.chmod(0)
        with pytest.raises(CorpusError, match=r"can't write .*mine: Permission denied"):
            train(folder, tmp_path / "mine")
        tmp_path.chmod(0o777)
    assert {path.name for path in tmp_path.iterdir()} == {"file", "jigs"}, "not even a cache"


def test_a_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from improvd.train.fitting import checkpoint  # noqa: PLC0415 - only where TensorFlow is

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "save", full)
    with pytest.raises(CorpusError, match=r"can't write .*mine: No space left on device"):
        train(corpus(tmp_path / "jigs"), tmp_path / "mine")


def test_a_url_for_the_model_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(tmp_path), "-o", "s3://bucket/mine"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "is written to a folder of this machine, and --out s3://bucket/mine is a URL" in line


def test_settings_load_no_tensorflow() -> None:
    code = "import sys, improvd.train.settings, improvd.train as _; print(*(n in sys.modules for n in sys.argv[1:]))"
    found = subprocess.run(
        [sys.executable, "-c", code, "tensorflow", "symusic"], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["False", "False"]
