from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from improvd.errors import CorpusError
from improvd.train.fitting import data
from tests.train.tunes import climbing, piece, shard


def rates(found: data.Data, weights: dict[str, float]) -> list[float]:
    """How likely each piece is to be drawn from, row group by row group."""
    chances = found.chances(weights)
    each = np.concatenate([part.group.lengths * chances[part.kinds] for part in found.parts])
    return list((each / each.sum()).tolist())


def test_an_index_tells_what_shards_hold_whatever_their_order_and_place(tmp_path: Path) -> None:
    some = (piece(1, climbing(300), style="b"), piece(2, climbing(30), style="b", split="valid"))
    more = (piece(3, style="a"), piece(4, climbing(50), style="z", split="test"), piece(5, climbing(20), style=""))
    found = data.index([shard(tmp_path / "here", *some), shard(tmp_path / "here", *more)])
    assert found.styles == ("a", "b")
    assert {part.group.style: found.style(part) for part in found.parts} == {"": 0, "a": 1, "b": 2}
    assert found.counts["valid"] == (1, 30)
    assert found.counts["test"] == (1, 50)
    again = data.index([shard(tmp_path / "there", *more), shard(tmp_path / "there", *some)])
    assert again.digest == found.digest
    assert [part.group.style for part in again.parts] == [part.group.style for part in found.parts]
    assert data.index([shard(tmp_path, *some)]).digest != found.digest


def test_styles_that_are_known_keep_their_ids_whatever_their_case(tmp_path: Path) -> None:
    held = shard(
        tmp_path, *(piece(number, climbing(100), style=style) for number, style in enumerate(("b", "a", "JAZZ")))
    )
    found = data.index([held], known=("Rock", "Jazz"))
    assert found.styles == ("Rock", "Jazz", "a", "b")
    assert {part.group.style: found.style(part) for part in found.parts} == {"JAZZ": 2, "a": 3, "b": 4}


def test_styles_and_sources_are_drawn_by_weight_and_notes_within_them_alike(tmp_path: Path) -> None:
    held = shard(
        tmp_path,
        piece(0, climbing(100), style="a", source="one"),
        piece(1, climbing(300), style="a", source="two"),
        piece(2, climbing(100), style="b", source="two"),
        piece(3, style="c", source="three", split="valid"),
    )
    found = data.index([held])
    assert rates(found, {"a": 1, "b": 3}) == pytest.approx([0.0625, 0.1875, 0.75])
    assert rates(found, {"a": 2}) == pytest.approx([0.25, 0.75, 0])
    assert rates(found, {"two": 1}) == pytest.approx([0, 0.75, 0.25])
    assert rates(found, {"a": 1, "two": 1}) == pytest.approx([0.125, 0.375 + 0.375, 0.125])
    # Without weights a style counts by the square root of its notes: 20 and 10.
    assert rates(found, {}) == pytest.approx([1 / 6, 3 / 6, 2 / 6])
    with pytest.raises(CorpusError, match="no style or source 'jazz' to learn from: there are a, b, one, two"):
        found.chances({"jazz": 1})
    with pytest.raises(CorpusError, match="no style or source 'three'"):
        found.chances({"three": 1})
    with pytest.raises(CorpusError, match="leave nothing"):
        found.chances({"a": 0})


def test_of_many_names_a_few_are_told(tmp_path: Path) -> None:
    held = shard(tmp_path, *(piece(number, climbing(30), style=f"s{number:02}") for number in range(20)))
    with pytest.raises(CorpusError, match=r"there are s00, .*, s11 and 8 more"):
        data.index([held]).chances({"jazz": 1})


def test_a_sample_is_the_pieces_with_the_smallest_digests_from_their_beginnings(tmp_path: Path) -> None:
    pieces = [piece(number, climbing(30 + number), style="ab"[number % 2], split="valid") for number in range(10)]
    held = [shard(tmp_path, *pieces[:4], piece(99, climbing(200))), shard(tmp_path, *pieces[4:])]
    found = data.index(held)
    sample = found.sample("valid", pieces=6, notes=32)
    assert sorted(cut.length for cut in sample) == [30, 31, 32, 32, 32, 32]
    for cut in sample:
        np.testing.assert_array_equal(cut.notes.pitch, climbing(cut.length).pitch)
    whole = found.sample("valid", pieces=100, notes=1000)
    assert sorted(cut.length for cut in whole) == list(range(30, 40))
    assert found.sample("test", pieces=5, notes=5) == []


def test_too_little_music_says_how_much_there_is(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="too little music: 40 notes to learn from, at least 200"):
        data.index([shard(tmp_path, piece(0, climbing(40)))])


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"PAR1 no PAR1")])
def test_a_shard_that_cannot_be_read_is_named(tmp_path: Path, damage: object) -> None:
    held = shard(tmp_path, piece(0, climbing(300)), piece(1, split="valid"))
    found = data.index([held])
    damage(Path(held))  # type: ignore[operator]  # a function
    for read in (lambda: data.index([held]), lambda: found.sample("valid", pieces=1, notes=9)):
        with pytest.raises(CorpusError, match=r"can't read the shard .*parquet .*the same command makes it again"):
            read()
        assert not Path(held).exists(), "or the same command would take it for whole"
