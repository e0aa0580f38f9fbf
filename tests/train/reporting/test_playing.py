"""What a model plays by itself, and how it is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.model.tokens import BEAT, BEAT_UNKNOWN, INTERVALS, TickNotes
from improvd.train.reporting.distributions import LENGTHS, count, overlap
from improvd.train.reporting.playing import play
from tests.model.tiny_model import tiny_bundle


def played(seed: int = 1, notes: int = 60, *, beat_known: bool = True) -> TickNotes:
    network = tiny_bundle().network()
    return play(network, 1, notes, np.random.Generator(np.random.PCG64(seed)), beat_known=beat_known)


@given(seed=st.integers(0, 2**32), beat_known=st.booleans())
def test_what_is_played_is_music_that_can_be(seed: int, beat_known: bool) -> None:
    notes = played(seed, beat_known=beat_known)
    steps = np.diff(notes.onset)
    assert len(notes) == 60
    assert notes.onset[0] == 0
    assert np.isin(steps, INTERVALS).all()
    assert (np.diff(notes.pitch)[steps == 0] > 0).all(), "a chord's notes ascend"
    assert 0 <= notes.pitch.min() <= notes.pitch.max() <= 127
    assert notes.duration.min() >= 1
    assert 1 <= notes.velocity.min() <= notes.velocity.max() <= 127


def test_the_same_chance_plays_the_same() -> None:
    one, other, third = played(7), played(7), played(8)
    np.testing.assert_array_equal(one.pitch, other.pitch)
    np.testing.assert_array_equal(one.onset, other.onset)
    assert one.pitch.tolist() != third.pitch.tolist()


@pytest.mark.parametrize("beat_known", [True, False])
def test_the_model_is_told_where_in_the_beat_it_is_only_where_there_is_one(
    beat_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = tiny_bundle().network()
    heard: list[int] = []
    hear = network.hear
    monkeypatch.setattr(network, "hear", lambda ids: (heard.append(ids[BEAT]), hear(ids))[1])
    notes = play(network, 1, 20, np.random.Generator(np.random.PCG64(3)), beat_known=beat_known)
    places = (notes.onset % 24).tolist() if beat_known else [BEAT_UNKNOWN] * 20
    assert heard == [BEAT_UNKNOWN, *places]


def test_intervals_are_within_pieces_and_lengths_count_for_the_nearest() -> None:
    onset = np.array([0, 0, 12, 25, 0, 500])
    counted = count(
        onset,
        np.array([60, 64, 60, 127, 0, 60]),
        np.array([1, 12, 13, 24, 95, 4000]),
        np.array([1, 7, 8, 64, 100, 127]),
        starts=np.array([0, 4, 6]),
    )
    names = ["0", *LENGTHS]
    assert {names[place]: many for place, many in enumerate(counted.interval) if many} == {"0": 1, "½": 2, "4+": 1}
    lengths = {names[place + 1]: many for place, many in enumerate(counted.duration) if many}
    assert lengths == {"⅛": 1, "½": 2, "1": 1, "4+": 2}
    assert counted.velocity[[0, 1, 8, 12, 15]].tolist() == [2, 1, 1, 1, 1]
    assert counted.pitch[[0, 60, 64, 127]].tolist() == [1, 3, 1, 1]


pieces = st.lists(st.integers(1, 30), min_size=1, max_size=6)


@given(lengths=pieces, seed=st.integers(0, 1000))
def test_every_note_counts_once(lengths: list[int], seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    total = sum(lengths)
    onset = np.concatenate([np.cumsum(rng.integers(0, 400, n)) for n in lengths])
    columns = rng.integers(0, 128, total), rng.integers(1, 9000, total), rng.integers(1, 128, total)
    counted = count(onset, *columns, starts=np.cumsum([0, *lengths]))
    assert counted.pitch.sum() == counted.duration.sum() == counted.velocity.sum() == counted.notes == total
    assert counted.interval.sum() == total - len(lengths)


shares = st.lists(st.integers(0, 50), min_size=8, max_size=8).map(np.array)


@given(one=shares, other=shares)
def test_overlap_is_how_much_two_have_in_common(one: np.ndarray, other: np.ndarray) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert 0 <= overlap(one, other) <= 1 + 1e-9
    if one.sum():
        assert overlap(one, 3 * one) == pytest.approx(1)
    assert overlap(np.array([1, 0]), np.array([0, 5])) == 0
