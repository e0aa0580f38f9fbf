from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from improvd.evaluate import markov, views
from improvd.model.tokens import BAR_UNKNOWN, INTERVAL, METRE_UNKNOWN, PITCH, SIZES, Metre, Vocabulary, in_order

if TYPE_CHECKING:
    import pytest


def piece(onset: list[int], pitch: list[int]) -> np.ndarray:
    count = len(onset)
    notes = in_order(np.array(onset), np.array(pitch), np.full(count, 12), np.full(count, 80))
    return Vocabulary().encode(notes, Metre())


def scale(start: int, count: int = 32) -> np.ndarray:
    steps = [0, 2, 4, 5, 7, 5, 4, 2]
    return piece([12 * n for n in range(count)], [start + steps[n % 8] for n in range(count)])


def learn(*pieces: np.ndarray) -> markov.Markov:
    starts = np.cumsum([0, *(len(rows) for rows in pieces[:-1])])
    return markov.Markov.learn(np.concatenate(pieces).astype(np.uint8), starts)


def test_places_count_from_each_piece() -> None:
    assert views.places(np.array([0, 3, 3]), 5).tolist() == [0, 1, 2, 0, 1]


def test_steps_begin_anew_with_each_piece() -> None:
    rows = np.zeros((4, 7), dtype=np.int64)
    rows[:, PITCH] = [60, 62, 90, 0]
    assert views.step(rows, np.array([0, 1, 0, 1])).tolist() == [views.NONE, 129, views.NONE, 37]


def test_steps_become_pitches() -> None:
    chances = np.full((2, views.STEPS), 1.0 / views.STEPS)
    chances[:, 127 + 2] = 100.0
    assert views.pitches(chances, np.array([60, 127])).argmax(axis=1).tolist() == [62, 0]  # nothing is above 127


def test_transposition_costs_nothing_once_it_is_known() -> None:
    """A corpus in another key foresees a tune's steps, though none of its pitches."""
    model = learn(*(scale(start) for start in (41, 43, 44)))
    here, there = (model.bits(rows)[2:, PITCH].mean() for rows in (scale(43), scale(66)))
    strange = model.bits(piece([12 * n for n in range(32)], [60 + (7 * n * n) % 23 for n in range(32)]))[
        2:, PITCH
    ].mean()
    assert here < there < 1
    assert strange > 3


def test_what_the_piece_has_shown_is_foreseen() -> None:
    """A figure that the corpus has never heard costs little when it comes back."""
    odd = [60, 73, 51, 88, 40, 67, 95, 32]
    bits = learn(scale(40), scale(52)).bits(piece([12 * n for n in range(32)], odd * 4))[:, PITCH]
    assert bits[-8:].mean() < bits[:8].mean() / 3


def test_what_comes_later_changes_nothing() -> None:
    model = learn(scale(40))
    rows = scale(60)
    assert np.array_equal(model.bits(rows)[:10], model.bits(rows[:10]))
    assert model.bits(rows)[0, INTERVAL] == 0.0


def test_long_pieces_are_foreseen_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows = learn(scale(40)), scale(60)
    whole = model.bits(rows)
    monkeypatch.setattr(markov, "AT_ONCE", 5)
    assert np.allclose(model.bits(rows), whole)


notes = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 127)), min_size=1, max_size=20)


@settings(max_examples=25)
@given(notes, notes)
def test_no_music_is_impossible(taught: list[tuple[int, int]], asked: list[tuple[int, int]]) -> None:
    first, second = (piece(*map(list, zip(*music, strict=True))) for music in (taught, asked))
    bits = learn(first).bits(second)
    assert np.isfinite(bits).all()
    assert (bits >= 0).all()


def test_the_chords_of_a_distribution_ascend() -> None:
    """The chances of all that could stand at one place sum to 1, and none goes to a chord's lower notes."""
    model = learn(scale(40))
    start = [60, 64]
    bits = []
    for pitch in range(SIZES[PITCH]):
        rows = np.zeros((3, 7), dtype=np.int64)
        rows[:, INTERVAL], rows[:, PITCH] = [SIZES[INTERVAL], 0, 0], [*start, pitch]
        rows[:, 5:] = BAR_UNKNOWN, METRE_UNKNOWN
        with np.errstate(divide="ignore"):
            bits.append(model.bits(rows)[-1, PITCH])
    assert np.isinf(bits[: start[-1] + 1]).all()
    assert np.isclose(np.exp2(-np.array(bits)).sum(), 1.0)
