"""The models that there are, by `improvd models`: whole ones, damaged ones, hidden ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from improvd.cli import main
from improvd.errors import BundleError
from improvd.model import originality, places, shelf
from tests.model.random_tunes import LEARNT
from tests.model.tiny_model import STYLES, write_tiny

if TYPE_CHECKING:
    from pathlib import Path

SCORE = {"notes": 9, "interval": 0.25, "pitch": 2.5, "duration": 1.0, "velocity": 0.25, "total": 4.0}
SOURCES = [
    {"source": "airs", "licence": "CC0", "style": "folk", "pieces": 2, "notes": 100},
    {"source": "airs", "licence": "CC-BY", "style": "folk", "pieces": 1, "notes": 50},
    {"source": "riffs", "licence": "CC0", "style": "rock", "pieces": 4, "notes": 1000},
]


@pytest.fixture(name="yours")
def _yours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's own models are; no others are found."""
    folder = tmp_path / "data" / "improvd" / "models"
    folder.mkdir(parents=True)
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr(places, "folders", lambda: [folder, shipped])
    return folder


def test_a_model_tells_what_it_is(yours: Path) -> None:
    write_tiny(
        yours / "mine",
        scores={"valid": {"all": {"total": 9.0}}, "test": {"all": SCORE}},
        provenance={"sources": SOURCES},
    )
    (model,) = shelf.all_models()
    assert (model.name, model.yours, model.problem, model.styles) == ("mine", True, "", STYLES)
    assert model.score == ("test", SCORE)
    assert [(one.name, one.pieces, one.notes) for one in model.sources] == [("riffs", 4, 1000), ("airs", 3, 150)]
    assert model.step is not None
    assert 0 < model.step < 1
    assert model.bytes == sum(path.stat().st_size for path in (yours / "mine").iterdir())


def test_the_first_of_a_name_hides_the_others(yours: Path) -> None:
    write_tiny(yours.parents[2] / "shipped" / "default")
    write_tiny(yours.parents[2] / "shipped" / "other")
    write_tiny(yours / "default")
    assert [(model.name, model.yours) for model in shelf.all_models()] == [("default", True), ("other", False)]
    assert places.find("default") == yours / "default"


@pytest.mark.parametrize(
    ("facts", "score", "sources"),
    [
        ({}, None, 0),
        ({"scores": 3, "provenance": []}, None, 0),
        ({"scores": {"test": {"all": "good"}}, "provenance": {"sources": 1}}, None, 0),
        ({"scores": {"test": {}, "valid": {"all": {"total": 5}}}}, ("valid", {"total": 5}), 0),
        ({"provenance": {"sources": [1, {}, {"source": "a", "notes": "many"}]}}, None, 2),
    ],
)
def test_what_a_model_doesnt_tell_is_left_out(
    yours: Path, capsys: pytest.CaptureFixture[str], facts: dict[str, object], score: object, sources: int
) -> None:
    """Only the network of a bundle is checked when it is loaded: what else it says may be anything."""
    write_tiny(yours / "mine", **facts)
    (model,) = shelf.all_models()
    assert (model.score, len(model.sources)) == (score, sources)
    assert main(["models"]) == 0
    assert capsys.readouterr().out.startswith("mine: yours")


def test_a_model_that_nothing_keeps_from_reciting_says_so(yours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_tiny(yours / "mine")
    assert main(["models"]) == 0
    assert "recites  as it likes" in capsys.readouterr().out
    originality.write(path, LEARNT)
    assert main(["models"]) == 0
    assert "recites" not in capsys.readouterr().out
    assert main(["models", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["recall"]["runs"] == LEARNT.runs


def test_a_damaged_model_is_listed_with_its_reason(yours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny(yours / "good")
    write_tiny(yours / "bad")
    (yours / "bad" / "weights.npz").write_bytes(b"junk")
    (yours / "nothing").mkdir()
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith("bad: yours")
    assert "arrays can't be unpacked" in out
    assert "\ngood: yours" in out
    assert "nothing" not in out
    assert main(["models", "--json"]) == 0
    bad, good = json.loads(capsys.readouterr().out)
    assert (bad["name"], bad["step_us"], bad["score"]) == ("bad", None, None)
    assert "weights.npz" in bad["problem"]
    assert (good["problem"], good["styles"]) == (None, list(STYLES))
    assert good["step_us"] > 0


def test_a_model_whose_trace_differs_is_damaged_too(yours: Path) -> None:
    facts = json.loads((write_tiny(yours / "mine") / "model.json").read_text())
    facts["golden"]["logits"][1][3][0] += 1.0
    (yours / "mine" / "model.json").write_text(json.dumps(facts))
    (model,) = shelf.all_models()
    assert "golden trace differs" in model.problem
    assert (model.bundle, model.step) == (None, None)


@pytest.mark.usefixtures("yours")
def test_without_any_it_is_told_how_to_make_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert capsys.readouterr().out == "There are no models: train one with `improvd train`.\n"
    assert main(["models", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_card_is_shown(yours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny(yours / "mine", card="# Mine\n\nWith thanks.\n\n")
    assert main(["models", "show", "mine"]) == 0
    assert capsys.readouterr().out == "# Mine\n\nWith thanks.\n"
    assert main(["models", "show", str(yours / "mine"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "mine"


def test_no_card_and_no_model_are_one_line_each(yours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny(yours / "mine")
    (yours / "mine" / "CARD.md").unlink()
    with pytest.raises(BundleError, match="no card"):
        shelf.card(yours / "mine")
    for name, complaint in (("mine", "no card"), ("mien", "did you mean mine?")):
        assert main(["models", "show", name]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert complaint in line


def test_the_shipped_model_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (default,) = (model for model in shelf.all_models() if model.name == "default")
    assert not default.yours
    assert not default.problem
    assert default.score is not None
    assert default.sources
