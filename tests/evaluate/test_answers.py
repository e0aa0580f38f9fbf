from __future__ import annotations

import numpy as np
import pytest

from improvd.core.events import TICKS_PER_BEAT
from improvd.evaluate import answers, markov, seeds, wander
from improvd.evaluate.measures import MEASURES
from improvd.model.tokens import TickNotes
from tests.evaluate.music import notes, piece, tune
from tests.model.tiny_model import tiny_bundle

PIECES = [tune(seed) for seed in range(4)]
SEEDS = seeds.cut(PIECES)


@pytest.fixture(scope="module")
def model() -> markov.Markov:
    starts = np.cumsum([0, *(len(one.rows) for one in PIECES[:-1])])
    return markov.Markov.learn(np.concatenate([one.rows for one in PIECES]), starts)


def check(found: list[list[TickNotes]], each: int) -> None:
    assert [len(some) for some in found] == [each] * len(SEEDS)
    for seed, some in zip(SEEDS, found, strict=True):
        for answer in some:
            assert answer.onset[0] == seed.start
            assert (np.diff(answer.onset) >= 0).all()
            assert answer.onset[-1] < seed.start + seeds.ANSWER_BEATS * TICKS_PER_BEAT
            chord = np.diff(answer.onset) == 0
            assert (np.diff(answer.pitch)[chord] > 0).all()
        assert len({answer.pitch.tobytes() for answer in some}) > 1


def test_the_network_answers_each_seed_in_its_beats() -> None:
    found = answers.by_network(tiny_bundle(), SEEDS)
    check(found, answers.EACH)
    again = answers.by_network(tiny_bundle(), SEEDS)
    assert [[one.pitch.tolist() for one in some] for some in found] == [
        [one.pitch.tolist() for one in some] for some in again
    ]


def test_so_does_the_markov_model(model: markov.Markov) -> None:
    check(wander.answers(model, SEEDS, 3), 3)
    assert wander.answers(model, [], 3) == []


def test_the_markov_model_draws_what_it_foresees(model: markov.Markov, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each draw is from the very chances that scoring the drawn notes would charge for."""
    charged = []

    def likeliest(chances: np.ndarray, places: np.ndarray) -> np.ndarray:
        drawn = chances.argmax(axis=1)
        charged.append(-np.log2(chances[np.arange(len(places)), drawn]))
        return drawn

    monkeypatch.setattr(wander, "sample", likeliest)
    [seed] = SEEDS[:1]
    [[answer]] = wander.answers(model, [seed], 1)
    both = [np.concatenate([getattr(seed.heard, name), getattr(answer, name)]) for name in TickNotes.__slots__]
    bits = model.bits(piece(TickNotes(*both)).rows)[len(seed.heard) :]
    drawn = np.concatenate(charged)[: 3 + 4 * (len(answer) - 1)]
    assert np.allclose(drawn, bits.reshape(-1)[1:])  # the first interval is not drawn


def test_the_nucleus_leaves_out_the_unlikeliest() -> None:
    chances = np.array([[0.03, 0.6, 0.07, 0.3], [0.0, 0.0, 1.0, 0.0]])
    drawn = [wander.sample(chances, np.array([place, place])).tolist() for place in (0.0, 0.5, 0.7, 0.95, 0.999999)]
    assert drawn == [[1, 2], [1, 2], [3, 2], [2, 2], [2, 2]]


def test_each_seed_counts_alike() -> None:
    one, two = SEEDS[:2]
    silent, busy = notes(), notes(*((one.start + 12 * n, 67) for n in range(32)))
    found = answers.compare([one, two], [[busy, busy, busy], [silent]])
    assert set(MEASURES) < set(found)
    assert found["notes"] == 16
    assert (found["seeds"], found["answers"]) == (2, 4)
    assert found["near_density"] == 0.75
    assert found["by_style"]["folk"]["notes"] == 16
