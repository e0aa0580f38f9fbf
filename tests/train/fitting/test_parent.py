"""Continuing from a model that is there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from improvd.errors import BundleError
from improvd.model import bundle
from improvd.model.golden import verify
from improvd.train.fitting import parent
from improvd.train.fitting.parent import STYLE_TABLE, Parent
from improvd.train.settings import TrainSettings
from improvd.train.telling import Lines
from tests.model.tiny_model import STYLES, TINY, tiny_bundle
from tests.train.midi_files import corpus

if TYPE_CHECKING:
    from pathlib import Path


def test_new_styles_come_after_its_own_and_begin_as_an_unknown_one() -> None:
    tiny = Parent(tiny_bundle())
    weights = tiny.weights((*STYLES, "jigs", "reels"))
    table = tiny.bundle.weights[STYLE_TABLE]
    np.testing.assert_array_equal(weights[STYLE_TABLE][:3], table)
    np.testing.assert_array_equal(weights[STYLE_TABLE][3:], np.stack([table[0], table[0]]))
    assert {name for name, array in weights.items() if array is not tiny.bundle.weights[name]} == {STYLE_TABLE}
    np.testing.assert_array_equal(tiny.weights(STYLES)[STYLE_TABLE], table)


def test_sizes_asked_for_in_vain_are_told(tmp_path: Path) -> None:
    asked = TrainSettings((), tmp_path, units=512, width=TINY.width, layers=3)
    assert Parent(tiny_bundle()).overruled(asked) == ["--units 512 (it has 16)", "--layers 3 (it has 2)"]
    assert Parent(tiny_bundle()).overruled(TrainSettings((), tmp_path)) == []


def test_what_it_was_made_of_goes_back_to_its_first_parents() -> None:
    def told(name: str, **more: object) -> dict[str, object]:
        return {"sources": [{"source": name}], "attribution": [f"To {name}"], **more}

    grown = replace(tiny_bundle(), facts={"provenance": told("one", parent=told("two"))})
    assert Parent(grown).provenance() == {
        "name": "tiny",
        "sources": [{"source": "one"}, {"source": "two"}],
        "attribution": ["To one", "To two"],
    }
    assert Parent(tiny_bundle()).provenance() == {"name": "tiny", "sources": [], "attribution": []}


def test_a_model_that_is_not_there_is_told_by_name() -> None:
    assert parent.find("") is None
    with pytest.raises(BundleError, match=r"no model 'defualt'.*did you mean default\?"):
        parent.find("defualt")


@pytest.mark.needs("symusic", "tensorflow")
@pytest.mark.filterwarnings("ignore")  # TensorFlow and what it brings warn of each other's age
def test_a_few_tunes_colour_a_model_and_its_sources_stay_known(tmp_path: Path) -> None:
    from improvd.train.run import run  # noqa: PLC0415 - only where TensorFlow is

    shared = {"batch": 4, "window": 16}
    first = run(
        TrainSettings((str(corpus(tmp_path / "jigs")),), tmp_path / "first", units=12, width=8, epochs=12, **shared),
        lambda _: None,
    )
    lines: list[str] = []
    few = corpus(tmp_path / "reels", pieces=5, first=20)
    made = run(
        TrainSettings((str(few),), tmp_path / "second", parent=str(tmp_path / "first"), units=99, epochs=2, **shared),
        Lines(lines.append),
    )
    assert first is not None
    assert made is not None
    assert any("--units 99 (it has 12) is passed over" in line for line in lines)
    assert made.sizes == first.sizes
    assert made.vocabulary.styles == ("jigs", "reels")
    # It begins where the first one ended, not anew.
    assert made.facts["fit"]["history"][0]["total"] < first.facts["fit"]["history"][0]["total"] - 1
    assert made.facts["fit"]["rate"] < first.facts["fit"]["rate"]
    assert [one["source"] for one in made.facts["provenance"]["parent"]["sources"]] == ["jigs"]
    assert first.originality is not None
    assert made.originality is not None
    assert made.originality.runs > first.originality.runs, "it may recite neither its parent's music nor its own"
    verify(bundle.load(tmp_path / "second"))
    assert "--from" in (tmp_path / "second" / "CARD.md").read_text()
