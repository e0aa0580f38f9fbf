from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from improvd.errors import BundleError
from improvd.model import bundle
from improvd.model.golden import verify
from tests.model.tiny_model import tiny_bundle, write_tiny

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT = Path(bundle.__file__).parents[2] / "models" / "default"


def change(path: Path, **changes: object) -> None:
    facts = json.loads((path / "model.json").read_text())
    for name, value in changes.items():
        if value is None:
            facts.pop(name)
        elif isinstance(value, dict):
            facts[name] |= value
        else:
            facts[name] = value
    (path / "model.json").write_text(json.dumps(facts))


def change_weights(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    with np.load(path / "weights.npz") as held:
        arrays = dict(held)
    edit(arrays)
    np.savez(path / "weights.npz", **arrays)


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    written = bundle.load(write_tiny(tmp_path / "mine", scores={"all": 1.5}))
    tiny = tiny_bundle()
    assert written.name == "mine"
    assert (written.vocabulary, written.sizes) == (tiny.vocabulary, tiny.sizes)
    assert all((written.weights[name] == array).all() for name, array in tiny.weights.items())
    assert written.facts["scores"] == {"all": 1.5}
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == ["CARD.md", "model.json", "weights.npz"]
    assert 0 < verify(written) < 1


def test_a_bundle_replaces_the_one_before_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_tiny(tmp_path / "mine", round=1)
    write_tiny(tmp_path / "mine", round=2)
    assert bundle.load(tmp_path / "mine").facts["round"] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_bundle_that_cant_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    write_tiny(tmp_path / "mine", round=1)
    with pytest.raises(TypeError):
        write_tiny(tmp_path / "mine", round=object())
    assert bundle.load(tmp_path / "mine").facts["round"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_half_precision_is_read_as_single(tmp_path: Path) -> None:
    half = bundle.load(write_tiny(tmp_path / "half", dtype=np.float16))
    assert all(array.dtype == np.float32 for array in half.weights.values())
    # Rounding these large weights moves the logits by more than the trace allows, and that is noticed.
    with pytest.raises(BundleError, match="golden trace"):
        verify(half)


def _bytes(path: Path, edit: Callable[[bytes], bytes]) -> None:
    path.write_bytes(edit(path.read_bytes()))


def _pickled(path: Path) -> None:
    change_weights(path, lambda arrays: arrays.update({"lstm.0.bias": np.array([print], dtype=object)}))


def _bomb(path: Path) -> None:
    """An array that unpacks to far more than it should."""
    with zipfile.ZipFile(path / "weights.npz") as held:
        members = {name: held.read(name) for name in held.namelist()}
    big = io.BytesIO()
    np.save(big, np.zeros(10**7, dtype=np.float32))
    with zipfile.ZipFile(path / "weights.npz", "w", zipfile.ZIP_DEFLATED) as held:
        for name, data in (members | {"head.0.bias.npy": big.getvalue()}).items():
            held.writestr(name, data)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no model.json": (lambda path: (path / "model.json").unlink(), "it has no model.json"),
    "no weights": (lambda path: (path / "weights.npz").unlink(), "it has no weights.npz"),
    "json cut short": (lambda path: _bytes(path / "model.json", lambda data: data[:100]), "not JSON"),
    "json of another kind": (lambda path: (path / "model.json").write_text("[1]"), "not a JSON object"),
    "json too deep": (lambda path: (path / "model.json").write_text("[" * 10**6), "not JSON"),
    "no text": (lambda path: (path / "model.json").write_bytes(b"\xff\xfe\x00"), "not JSON"),
    "newer": (lambda path: change(path, schema=99), "schema 99, made by a newer improvd .* upgrade"),
    "no schema": (lambda path: change(path, schema=None), "schema is no number"),
    "schema as text": (lambda path: change(path, schema="1"), "schema is no number"),
    "other vocabulary": (lambda path: change(path, vocabulary={"ticks_per_beat": 12}), "ticks_per_beat"),
    "other hash": (lambda path: change(path, vocabulary_hash="0" * 64), "vocabulary_hash"),
    "no vocabulary": (lambda path: change(path, vocabulary=None), "no vocabulary"),
    "other styles": (lambda path: change(path, vocabulary={"styles": ["folk", "pop"]}), "vocabulary_hash"),
    "huge sizes": (lambda path: change(path, sizes={"units": 10**12}), "sizes.units is not a number from 1 to"),
    "sizes that don't fit": (lambda path: change(path, sizes={"units": 17}), "the array lstm.0.kernel"),
    "no sizes": (lambda path: change(path, sizes=None), "no sizes"),
    "sizes as text": (lambda path: change(path, sizes={"layers": "two"}), "sizes.layers"),
    "too few embeddings": (lambda path: change(path, sizes={"embeddings": [1]}), "sizes.embeddings"),
    "other type": (lambda path: change(path, dtype="float64"), "dtype"),
    "wrong type": (lambda path: change(path, dtype="float16"), "the array heard.0 is larger|has type float32"),
    "array missing": (
        lambda path: change_weights(path, lambda arrays: arrays.pop("head.3.bias")),
        "head.3.bias is missing",
    ),
    "array too many": (
        lambda path: change_weights(path, lambda arrays: arrays.update(more=np.zeros(1))),
        "an array 'more'",
    ),
    "array of another shape": (
        lambda path: change_weights(path, lambda arrays: arrays.update({"head.0.bias": np.zeros(3, np.float32)})),
        r"head.0.bias has shape \(3,\), not \(60,\)",
    ),
    "array not finite": (
        lambda path: change_weights(path, lambda arrays: arrays["project.bias"].fill(np.nan)),
        "project.bias has numbers that are not finite",
    ),
    "pickled": (_pickled, "weights.npz is damaged"),
    "a bomb": (_bomb, "head.0.bias is larger than"),
    "weights cut short": (lambda path: _bytes(path / "weights.npz", lambda data: data[:-2000]), "can't be unpacked"),
    "weights empty": (lambda path: (path / "weights.npz").write_bytes(b""), "can't be unpacked"),
    "weights flipped": (
        lambda path: _bytes(path / "weights.npz", lambda data: data[:3000] + bytes(50) + data[3050:]),
        "can't be unpacked|is missing",
    ),
    "no golden trace": (lambda path: change(path, golden=None), "golden trace is incomplete"),
    "golden trace too short": (lambda path: change(path, golden={"logits": [[], [], [], []]}), "golden trace is incom"),
    "golden rows out of bounds": (
        lambda path: change(path, golden={"rows": [[9999] * 7] * 8}),
        "golden trace is incom",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "mine")
    damage, told = DAMAGE[kind]
    damage(path)
    with pytest.raises(BundleError) as caught:
        bundle.load(path)
    message = str(caught.value)
    assert re.search(told, message)
    assert str(path) in message
    assert "\n" not in message


def test_a_folder_that_isnt_there(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such folder"):
        bundle.load(tmp_path / "none")


def test_other_weights_than_those_that_were_trained_are_noticed(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "mine")
    change_weights(path, lambda arrays: arrays["lstm.1.recurrent"].__iadd__(0.01))
    with pytest.raises(BundleError, match=r"the golden trace differs by .* at note \d"):
        verify(bundle.load(path))


def test_the_shipped_bundle_is_what_keras_trained() -> None:
    shipped = bundle.load(DEFAULT)
    verify(shipped)
    assert (shipped.sizes.units, shipped.sizes.layers) == (256, 2)
    assert sum(path.stat().st_size for path in DEFAULT.iterdir()) < 8 * 2**20


def test_the_card_names_every_source_and_credits_whom_it_must() -> None:
    card = (DEFAULT / "CARD.md").read_text(encoding="utf-8")
    provenance = bundle.load(DEFAULT).facts["provenance"]
    assert len(provenance["sources"]) > 5
    for one in provenance["sources"]:
        assert one["source"] in card
        assert one["licence"].partition(";")[0] in card
    for line in provenance["attribution"]:
        assert line in card


def test_a_style_that_the_model_does_not_know_is_refused_by_name() -> None:
    bundle = tiny_bundle()
    bundle.check_style("")
    bundle.check_style(bundle.vocabulary.styles[0].upper())
    with pytest.raises(BundleError, match=f"no style 'polka'; it knows: {', '.join(bundle.vocabulary.styles)}"):
        bundle.check_style("polka")
