from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.errors import CorpusError
from improvd.model.tokens import (
    BAR,
    BAR_UNKNOWN,
    BEAT,
    BEAT_UNKNOWN,
    DURATION,
    INTERVAL,
    METRE,
    PITCH,
    SIZES,
    VELOCITY,
    Metre,
    Vocabulary,
    in_order,
)
from improvd.train import dataset
from improvd.train.corpus import Entry
from improvd.train.dataset import build, draw, shares, split, together, windows
from improvd.train.reading import Piece


def piece(number: int, count: int = 40, style: str = "folk", where: str = "train", low: int = 60) -> Piece:
    """A piece whose pitches say where in it a note stands."""
    onset = np.arange(count, dtype=np.int64) * 12
    pitch = low + np.arange(count, dtype=np.int64) % 24
    notes = in_order(onset, pitch, np.full(count, 12, np.int64), np.full(count, 70, np.int64))
    rows = Vocabulary().encode(notes, Metre(downbeat=0)).astype(np.uint8)
    entry = Entry(f"{number}.mid", style, split=where)
    return Piece(entry, notes, rows, f"{number:040}")


@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 8))
def test_windows_drawn_are_music_from_one_piece(step: int, window: int, size: int) -> None:
    notes = together([piece(0, 40), piece(1, 9), piece(2, 80, low=100)], ("folk",))
    cumulative = np.cumsum(np.full(3, 1 / 3))
    batch = draw(notes, cumulative, size=size, window=window, seed=3, step=step)
    assert batch.rows.shape == (size, window, 7)
    assert (batch.rows[:, 0, INTERVAL] == SIZES[INTERVAL]).all()
    for rows, length in zip(batch.rows, batch.lengths, strict=True):
        inside = rows[:length]
        assert 1 <= length <= window
        assert (inside[:, :4] < np.array((SIZES[0] + 1, *SIZES[1:]))).all()
        steps = np.diff(inside[:, PITCH]) % 24
        assert (steps == 1).all(), "neighbours in the piece are neighbours here, in whatever key"
        assert len(set(inside[:, VELOCITY].tolist())) == 1
        unknown = inside[:, BAR] == BAR_UNKNOWN
        assert unknown.all() or not unknown.any()
        assert not (inside[:, BEAT] == BEAT_UNKNOWN).any() or unknown.all()


def test_a_batch_is_a_function_of_seed_and_step() -> None:
    notes = together([piece(0), piece(1)], ("folk",))
    first, again, other, later = (
        draw(notes, np.array([0.5, 1.0]), size=4, window=20, seed=seed, step=step)
        for seed, step in ((1, 5), (1, 5), (2, 5), (1, 6))
    )
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert not (first.rows == other.rows).all()
    assert not (first.rows == later.rows).all()


def test_what_is_dropped_and_moved_comes_in_all_kinds() -> None:
    notes = together([piece(0, 60)], ("folk",))
    batch = draw(notes, np.array([1.0]), size=400, window=20, seed=0, step=0)
    transposed = (batch.rows[:, 0, PITCH] - 60 - np.arange(1)).tolist()
    assert len(set(transposed)) > 12
    shares_of = [
        (batch.style == 0).mean(),
        (batch.rows[:, 0, BAR] == BAR_UNKNOWN).mean(),
        (batch.rows[:, 0, BEAT] == BEAT_UNKNOWN).mean(),
    ]
    wanted = [dataset.STYLE_DROPOUT, dataset.BAR_DROPOUT, dataset.BEAT_DROPOUT]
    assert shares_of == pytest.approx(wanted, abs=0.1)
    assert (batch.rows[:, :, METRE] == np.where(batch.rows[:, :, BAR] == BAR_UNKNOWN, 0, 8)).all()


def test_transposing_keeps_inside_the_keyboard() -> None:
    notes = together([piece(0, 30, low=0), piece(1, 30, low=104)], ("folk",))
    batch = draw(notes, np.array([0.5, 1.0]), size=200, window=30, seed=0, step=0)
    inside = np.arange(30) < batch.lengths[:, None]
    assert (np.diff(batch.rows[:, :, PITCH], axis=1)[inside[:, 1:]] % 24 == 1).all()


def test_every_note_is_watched_once() -> None:
    pieces = [piece(0, 40), piece(1, 9), piece(2, 21, "rock")]
    notes = together(pieces, ("folk", "rock"))
    seen = []
    for batch in windows(notes, size=2, window=20):
        assert batch.rows.shape == (2, 20, 7)
        seen += [(int(style), rows[:length, DURATION]) for rows, style, length in zip(*batch, strict=True) if length]
    assert sum(len(rows) for _, rows in seen) == 70
    assert [style for style, _ in seen] == [1, 1, 1, 2, 2]
    assert sum(int(batch.lengths.sum()) for batch in windows(notes, size=4, window=20, most=10)) == 29


def test_the_test_split_is_in_neither() -> None:
    pieces = [piece(number, where=where) for number, where in enumerate(("train", "valid", "test", "train"))]
    train, valid = split(pieces)
    assert [one.entry.split for one in train] == ["train", "train"]
    assert [one.entry.split for one in valid] == ["valid"]


def test_without_splits_some_pieces_are_held_back_always_the_same() -> None:
    pieces = [piece(number, where="") for number in range(200)]
    train, valid = split(pieces)
    assert 2 <= len(valid) <= 25
    assert len(train) + len(valid) == 200
    again = split(pieces[::-1])[1]
    assert {one.digest for one in valid} == {one.digest for one in again}


def test_two_pieces_are_one_to_learn_and_one_to_watch_and_one_is_only_learnt() -> None:
    for pieces, counts in (([piece(0, where=""), piece(1, where="")], (1, 1)), ([piece(0, where="")], (1, 0))):
        assert tuple(map(len, split(pieces))) == counts


def test_too_little_music_says_how_much_there_is() -> None:
    with pytest.raises(CorpusError, match="too little music: 40 notes to learn from, at least 200"):
        build([piece(0, 40)])


def test_styles_are_drawn_by_weight_and_notes_within_them_alike() -> None:
    corpus = build([piece(0, 100, "a"), piece(1, 300, "a"), piece(2, 100, "b"), piece(3, where="valid")])
    assert shares(corpus, {"a": 1, "b": 3}) == pytest.approx([0.0625, 0.1875, 0.75])
    assert shares(corpus, {"a": 2}) == pytest.approx([0.25, 0.75, 0])
    # Without weights a style counts by the square root of its notes: 20 and 10.
    assert shares(corpus, {}) == pytest.approx([1 / 6, 3 / 6, 2 / 6])
    with pytest.raises(CorpusError, match="no style 'jazz' in the corpus: it has a, b"):
        shares(corpus, {"jazz": 1})
    with pytest.raises(CorpusError, match="leave nothing"):
        shares(corpus, {"a": 0})
