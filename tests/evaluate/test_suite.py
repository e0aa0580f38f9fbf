from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from improvd.cli import main
from improvd.core.manner import AS_MEASURED
from improvd.evaluate import answers, suite
from improvd.evaluate.score import style_of
from improvd.model import bundle as bundles
from improvd.model.golden import verify
from improvd.model.tokens import ATTRIBUTES
from improvd.train.files.corpus import Entry
from tests.evaluate.music import tune
from tests.model.tiny_model import tiny_bundle
from tests.train.midi_files import write_midi

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs("symusic")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    lines = ["path,style,source,split"]
    for number in range(8):
        music = tune(number, 120).notes
        events = [(20 * int(onset), int(pitch), 240, 80) for onset, pitch in zip(music.onset, music.pitch, strict=True)]
        write_midi(folder / f"{number}.mid", events)
        lines.append(f"{number}.mid,folk,tunes,{'test' if number < 3 else 'train'}")
    (folder / "manifest.csv").write_text("\n".join(lines))
    return folder


def test_the_page_has_every_player_and_only_what_stands_there(corpus: Path, tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "quality"
    second = shutil.copytree(model, tmp_path / "second")
    options = ["--suite", str(folder), "--beside", str(second), "--first", "60"]
    assert main(["eval", str(model), str(corpus), *options]) == 0
    figures = json.loads((folder / "figures.json").read_text())
    assert list(figures["players"]) == ["tiny", "second", suite.MARKOV, "tiny + piece", "second + piece"]
    assert figures["corpus"]["files"] == 3
    assert figures["corpus"]["learnt_files"] == 5
    for player in figures["players"].values():
        foresight = player["foresight"]
        assert foresight["notes"] == 3 * 60
        assert foresight["bits"]["total"] == pytest.approx(
            sum(foresight["bits"][name] for name in ATTRIBUTES), abs=1e-4
        )
        assert [value is None for value in foresight["along"]] == [False] * 4 + [True] * 3
        assert player["ranking"]["seeds"] == 3
        if "answers" in player:
            assert player["answers"]["answers"] == 3 * answers.EACH
    assert [name for name, player in figures["players"].items() if "answers" in player] == ["tiny", "second", "Markov"]
    assert figures["composer"]["answers"]["cardinality"] == 1.0
    text = (folder / "figures.md").read_text()
    assert "as in the corpus" not in text, "which this model doesn't know"
    assert str(tmp_path) not in text
    assert str(tmp_path) not in (folder / "figures.json").read_text()
    for name in re.findall(r"\]\(([\w.]+)\)", text):
        assert name == "README.md" or (folder / name).stat().st_size > 0, name
    assert f"| {suite.MARKOV} | bins | " in text


def test_the_baseline_knows_what_a_random_network_does_not(corpus: Path, tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "quality"
    assert main(["eval", str(model), str(corpus), "--suite", str(folder), "--seeds", "2"]) == 0
    players = json.loads((folder / "figures.json").read_text())["players"]
    random, markov = players["tiny"], players[suite.MARKOV]
    assert markov["foresight"]["bits"]["total"] < random["foresight"]["bits"]["total"]
    assert "told" in random["foresight"]
    assert "told" not in markov["foresight"]
    assert markov["answers"]["seeds"] == 2


def test_how_far_answers_follow_what_was_learnt_is_told(corpus: Path, tmp_path: Path, model: Path) -> None:
    """The composers' own too: here they all went for the same walks."""
    assert main(["originality", str(corpus), "--learn", "--model", str(model)]) == 0
    folder = tmp_path / "quality"
    assert main(["eval", str(model), str(corpus), "--suite", str(folder)]) == 0
    figures = json.loads((folder / "figures.json").read_text())
    composer, tiny = figures["composer"]["answers"], figures["players"]["tiny"]["answers"]
    assert composer["beyond"] == 1.0
    assert composer["longest"] > 30 > AS_MEASURED.originality >= tiny["longest"]
    assert "| … and in any answer | " in (folder / "figures.md").read_text()


def test_the_suite_scores_as_eval_does(
    corpus: Path, tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", str(model), str(corpus), "--suite", str(tmp_path / "q"), "--first", "50", "--json"]) == 0
    here = json.loads(capsys.readouterr().out)["players"]["tiny"]["foresight"]
    assert main(["eval", str(model), str(corpus), "--split", "test", "--first", "50", "--json"]) == 0
    there = json.loads(capsys.readouterr().out)
    for key in ("bits", "exact", "notes"):
        assert here[key] == there[key]
    assert here["told"]["bits"] == there["told"]["bits"]
    assert here["by_style"]["folk"]["bits"] == there["by_style"]["folk"]["bits"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--split", "train"], "--suite measures on valid or test"),
        (["--style", "folk"], "tells each piece its own style"),
        (["--split", "valid"], "no manifest puts any of these 8 files into the split 'valid'"),
        (["--beside", "nothing"], "no model 'nothing'"),
    ],
)
def test_what_the_suite_can_not_do_is_said(
    options: list[str], told: str, *, corpus: Path, tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", str(model), str(corpus), "--suite", str(tmp_path / "quality"), *options]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "quality").exists()


def test_bundles_of_one_name_are_refused(
    corpus: Path, tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["eval", str(model), str(corpus), "--suite", str(tmp_path / "quality"), "--beside", str(model)]
    assert main(arguments) == 2
    assert "have one name" in capsys.readouterr().err


def test_a_folder_may_name_the_style_that_a_manifest_does_not() -> None:
    vocabulary = tiny_bundle().vocabulary
    assert [
        style_of(vocabulary, Entry(path, style=style))
        for path, style in (
            ("a/folk/b.mid", "art song"),
            ("a/folk/b.mid", "rock"),
            ("a/b/c.mid", "art song"),
        )
    ] == [1, 2, 0]


def test_the_main_figures_are_kept_in_the_bundle(corpus: Path, tmp_path: Path, model: Path) -> None:
    """In place of those kept before; all else in it stays as it was."""
    (model / "CARD.md").write_text("# tiny\n\n## What it was trained on\n\nNothing.\n")
    before = bundles.load(model)
    folder = tmp_path / "quality"
    for first in ("60", "50"):
        assert main(["eval", str(model), str(corpus), "--suite", str(folder), "--card", "--first", first]) == 0
        figures = json.loads((folder / "figures.json").read_text())["players"]["tiny"]
        after = bundles.load(model)
        kept = after.facts["quality"]
        assert kept["bits"] == figures["foresight"]["bits"]
        assert kept["ranking"] == figures["ranking"]["share"]
        assert kept["answers"]["in_key"] == figures["answers"]["in_key"]
        card = (model / "CARD.md").read_text()
        assert card.startswith("# tiny\n\n## What it was trained on\n\nNothing.\n\n## How well it plays\n\n")
        assert card.count("## How well it plays") == 1
        assert f"the first {first} notes of each" in card
    assert verify(after) > 0
    assert {name: fact for name, fact in after.facts.items() if name != "quality"} == before.facts
    assert not [path for path in model.iterdir() if path.name.startswith(".")]
    assert main(["eval", str(model), str(corpus), "--card"]) == 2
