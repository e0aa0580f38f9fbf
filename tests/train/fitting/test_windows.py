from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.model.tokens import (
    BAR,
    BAR_UNKNOWN,
    BEAT,
    BEAT_UNKNOWN,
    DURATION,
    INTERVAL,
    INTERVALS,
    METRE,
    PITCH,
    SIZES,
    VELOCITY,
    Metre,
    TickNotes,
    Vocabulary,
    in_order,
)
from improvd.train.fitting import windows
from improvd.train.fitting.windows import Cut, encode, gather, vary, whole
from tests.train.tunes import FREE, climbing, held, wandering

NOTE = st.tuples(st.integers(0, 5000), st.integers(0, 127), st.integers(1, 900), st.integers(1, 127))
METRES = st.builds(Metre, st.none() | st.integers(-200, 200), st.integers(1, 500), st.booleans())


def cut(some: TickNotes, metre: Metre = FREE, style: int = 1) -> Cut:
    return Cut(held(some, metre), 0, len(some), style)


def varied(cuts: list[Cut], window: int, seed: int = 0) -> windows.Batch:
    return encode(vary(gather(cuts, window), np.random.Generator(np.random.PCG64(seed))))


@given(st.lists(NOTE, min_size=1, max_size=30), METRES)
def test_unchanged_windows_are_the_rows_that_the_vocabulary_gives(ones: list[tuple[int, ...]], metre: Metre) -> None:
    some = in_order(*(np.array(column, dtype=np.int64) for column in zip(*ones, strict=True)))
    batch = encode(gather([cut(some, metre)], len(some) + 3))
    np.testing.assert_array_equal(batch.rows[0, : len(some)], Vocabulary().encode(some, metre))


@given(st.integers(0, 10**6), st.integers(9, 60), st.integers(1, 8))
def test_varied_windows_are_music_from_one_piece(seed: int, window: int, size: int) -> None:
    cuts = [cut(climbing(9, low), Metre(downbeat=0)) for low in (0, 60, 103, 100)] * size
    batch = varied(cuts, window, seed)
    assert batch.rows.shape == (4 * size, window, 7)
    assert (batch.rows[:, 0, INTERVAL] == SIZES[INTERVAL]).all()
    for rows, length in zip(batch.rows, batch.lengths, strict=True):
        inside = rows[:length]
        assert (inside[:, :4] < np.array((SIZES[0] + 1, *SIZES[1:]))).all()
        assert (np.diff(inside[:, PITCH]) == 1).all(), "neighbours in the piece are neighbours here, in whatever key"
        assert (INTERVALS[inside[1:, INTERVAL]] == 12).all(), "where the beat is known, the tempo is the piece's own"
        assert len(set(inside[:, VELOCITY].tolist())) == 1
        unknown = inside[:, BAR] == BAR_UNKNOWN
        assert unknown.all() or not unknown.any()
        assert not (inside[:, BEAT] == BEAT_UNKNOWN).any() or unknown.all()


def test_what_is_left_out_and_moved_comes_in_all_kinds() -> None:
    batch = varied([cut(climbing(20), Metre(downbeat=0))] * 400, 20)
    assert len(set(batch.rows[:, 0, PITCH].tolist())) == 12
    shares = [
        (batch.style == 0).mean(),
        (batch.rows[:, 0, BAR] == BAR_UNKNOWN).mean(),
        (batch.rows[:, 0, BEAT] == BEAT_UNKNOWN).mean(),
    ]
    assert shares == pytest.approx([windows.STYLE_DROPOUT, windows.BAR_DROPOUT, windows.BEAT_DROPOUT], abs=0.1)
    assert (batch.rows[:, :, METRE] == np.where(batch.rows[:, :, BAR] == BAR_UNKNOWN, 0, 8)).all()


def test_without_a_beat_the_tempo_varies_within_its_bounds() -> None:
    batch = varied([cut(climbing(30))] * 200, 30)
    spans = INTERVALS[batch.rows[:, 1:, INTERVAL]].sum(axis=1) / (29 * 12)
    assert spans.min() == pytest.approx(1 / 1.1, abs=0.02)
    assert spans.max() == pytest.approx(1.1, abs=0.02)
    assert (batch.rows[:, :, BEAT] == BEAT_UNKNOWN).all()
    assert len(set(batch.rows[:, 0, DURATION].tolist())) > 1


@given(st.integers(0, 10**6), st.integers(0, 50))
def test_another_tempo_makes_no_chords_and_breaks_none(seed: int, tune: int) -> None:
    some = wandering(tune)
    close = TickNotes(some.onset // 6, some.pitch, some.duration, some.velocity)
    plain = encode(gather([cut(close)], 64)).rows[0, 1:, INTERVAL]
    batch = varied([cut(close)] * 4, 64, seed)
    for rows in batch.rows:
        assert ((rows[1:, INTERVAL] == 0) == (plain == 0)).all()


def test_every_note_is_watched_once() -> None:
    pieces = [cut(climbing(count), style=style) for count, style in ((40, 1), (9, 1), (21, 2))]
    seen = []
    for batch in whole(pieces, size=2, window=20):
        assert batch.rows.shape == (2, 20, 7)
        seen += [(int(style), rows[:length, PITCH]) for rows, style, length in zip(*batch, strict=True) if length]
    assert [style for style, _ in seen] == [1, 1, 1, 2, 2]
    wanted = np.concatenate([climbing(count).pitch for count in (40, 9, 21)])
    np.testing.assert_array_equal(np.concatenate([rows for _, rows in seen]), wanted)
