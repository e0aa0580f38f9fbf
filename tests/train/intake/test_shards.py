"""What is written is what is read, by the trainer and by others."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import fsspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from improvd.model.tokens import PLACE_SIZES
from improvd.train.files import whole
from improvd.train.intake import shards
from improvd.train.intake.shards import Labelled, Notes

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("onset", "duration", "pitch", "velocity", "places")


def piece(rng: np.random.Generator, count: int) -> Notes:
    return Notes(
        np.sort(rng.integers(0, 2**31, count)).astype(np.int32),
        rng.integers(1, 2**31, count).astype(np.int32),
        rng.integers(0, 128, count).astype(np.uint8),
        rng.integers(1, 128, count).astype(np.uint8),
        np.stack([rng.integers(0, size, count) for size in PLACE_SIZES], axis=1).astype(np.uint8),
        np.array([0, count]),
    )


@st.composite
def labelled(draw: st.DrawFn) -> list[Labelled]:
    rng = np.random.Generator(np.random.PCG64(draw(st.integers(0, 2**32))))
    names = st.text(max_size=8)
    return [
        Labelled(
            f"{number:03}{draw(st.text('abcdef', max_size=3))}",
            piece(rng, draw(st.integers(1, 50))),
            draw(names),
            draw(names),
            draw(st.sampled_from(["train", "valid", "test"])),
        )
        for number in range(draw(st.integers(1, 12)))
    ]


def read(path: str) -> dict[str, tuple[str, str, str, Notes]]:
    found = {}
    for group in shards.groups(path):
        notes = shards.load(group)
        assert len(notes) == group.lengths.sum()
        for number, (digest, source) in enumerate(zip(group.pieces, group.sources, strict=True)):
            found[digest] = (source, group.style, group.split, notes.piece(number))
    return found


@given(labelled(), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_what_is_written_is_read_whatever_the_order(pieces: list[Labelled], chance: object) -> None:
    folder = f"memory://{uuid4().hex}"
    path = shards.write(folder, pieces)
    shuffled = list(pieces)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's own kind of random.Random
    first = whole.read(path)
    assert shards.write(folder, shuffled) == path
    assert whole.read(path) == first
    found = read(path)
    assert set(found) == {one.digest for one in pieces}
    for one in pieces:
        source, style, split, notes = found[one.digest]
        assert (source, style, split) == (one.source, one.style, one.split)
        for column in COLUMNS:
            np.testing.assert_array_equal(getattr(notes, column), getattr(one.notes, column))
    assert [name for name in fsspec.filesystem("memory").ls(folder, detail=False) if name.endswith(".part")] == []


def test_the_name_is_the_content(tmp_path: Path) -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    one, other = (Labelled(name, piece(rng, 20), "a book", "jigs", "train") for name in "ab")
    names = {
        shards.write(str(tmp_path), pieces)
        for pieces in (
            [one],
            [other],
            [one, other],
            [Labelled("a", one.notes, "a book", "reels", "train")],
            [Labelled("a", one.notes, "a book", "jigs", "test")],
            [Labelled("a", other.notes, "a book", "jigs", "train")],
        )
    }
    assert len(names) == 6
    assert sorted(names) == sorted(str(path) for path in tmp_path.iterdir())


def test_others_read_one_row_a_note_in_a_fixed_order(tmp_path: Path) -> None:
    rng = np.random.Generator(np.random.PCG64(2))
    pieces = [
        Labelled(f"{number:02}", piece(rng, 5), "a book", style, split)
        for number, (style, split) in enumerate(
            [("reels", "train"), ("jigs", "train"), ("jigs", "test"), ("jigs", "train")]
        )
    ]
    table = pd.read_parquet(shards.write(str(tmp_path), pieces))
    assert list(table.columns) == shards.SCHEMA.names
    assert table.drop_duplicates("piece")[["split", "style", "piece"]].to_numpy().tolist() == [
        ["test", "jigs", "02"],
        ["train", "jigs", "01"],
        ["train", "jigs", "03"],
        ["train", "reels", "00"],
    ]
    for one in pieces:
        rows = table[table["piece"] == one.digest]
        assert rows["onset"].tolist() == one.notes.onset.tolist()
        assert rows["pitch"].tolist() == one.notes.pitch.tolist()
        assert rows[["beat", "bar", "metre"]].to_numpy().tolist() == one.notes.places.tolist()


def test_a_row_group_is_closed_once_it_is_large_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "GROUP_NOTES", 100)
    rng = np.random.Generator(np.random.PCG64(3))
    pieces = [Labelled(f"{number:02}", piece(rng, 40), "", "x", "train") for number in range(10)]
    groups = shards.groups(shards.write(str(tmp_path), pieces))
    assert [group.lengths.tolist() for group in groups] == [[40] * 3] * 3 + [[40]]
    assert [group.number for group in groups] == [0, 1, 2, 3]


def test_damage_is_seen(tmp_path: Path) -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    path = tmp_path / shards.write(str(tmp_path), [Labelled("a", piece(rng, 500), "", "x", "train")])
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 1
    path.write_bytes(data)
    (group,) = shards.groups(str(path))
    with pytest.raises(OSError, match=r"checksum|CRC"):
        shards.load(group)


def test_what_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    def broken_off() -> None:
        with whole.writing(str(tmp_path / "deep" / "file")) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert list((tmp_path / "deep").iterdir()) == []
    assert whole.read(str(tmp_path / "deep" / "file")) is None
    assert whole.size(str(tmp_path / "deep" / "file")) is None
    whole.remove(str(tmp_path / "deep" / "file"))
