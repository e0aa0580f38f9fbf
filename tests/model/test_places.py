"""Where models lie, and how they are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from improvd.errors import BundleError
from improvd.model import places

DEFAULT = Path(places.__file__).parents[2] / "models" / "default"


def put(path: Path) -> Path:
    """What looks like a model from outside."""
    path.mkdir(parents=True)
    (path / "model.json").touch()
    return path


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data" / "improvd" / "models"


def test_models_are_found_by_name_and_by_path(homes: Path, tmp_path: Path) -> None:
    mine = put(homes / "mine")
    there = put(tmp_path / "there")
    assert places.find("mine") == mine
    assert places.find("there") == Path("there")
    assert places.find(there) == there
    # One's own model comes before the shipped one of the same name.
    own = put(homes / "default")
    assert places.find("default") == own


@pytest.mark.usefixtures("homes")
def test_the_shipped_model_is_found() -> None:
    assert places.find("default").samefile(DEFAULT)


def test_the_names_are_those_of_all_places(homes: Path, tmp_path: Path) -> None:
    mine = put(homes / "mine")
    put(tmp_path / "elsewhere")
    (homes / "no model").mkdir()
    known = places.named()
    assert known["mine"] == mine
    assert {"default", "mine"} <= known.keys()
    assert not {"elsewhere", "no model"} & known.keys()


def test_an_unknown_name_lists_what_there_is(homes: Path) -> None:
    put(homes / "evening")
    with pytest.raises(BundleError, match=r"no model 'evning': did you mean evening\? there are: .*evening"):
        places.find("evning")
