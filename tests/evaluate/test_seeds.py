from __future__ import annotations

import numpy as np

from improvd.core.events import CONTEXT_NOTES
from improvd.evaluate import seeds
from improvd.model.tokens import BAR, BAR_UNKNOWN, INTERVAL, SIZES
from tests.evaluate.music import notes, piece, tune


def test_a_cut_lies_on_a_beat_with_enough_on_both_sides() -> None:
    places = seeds.cuts(tune(1))
    assert places.tolist() == list(range(seeds.FEWEST_HEARD, 200 - seeds.COMPARED + 1, 2))


def test_a_cut_begins_an_onset() -> None:
    chords = piece(notes(*((24 * (n // 3), 60 + 4 * (n % 3)) for n in range(150))))
    assert {int(place) % 3 for place in seeds.cuts(chords)} == {0}


def test_no_cut_after_a_long_pause_or_before_near_silence() -> None:
    events = [(12 * n + (2000 if n >= 100 else 0), 60 + n % 7) for n in range(200)]
    assert 100 not in seeds.cuts(piece(notes(*events)))
    slow = [(12 * n if n < 100 else 1200 + 96 * (n - 100), 60 + n % 7) for n in range(200)]
    assert seeds.cuts(piece(notes(*slow))).max() < 100


def test_short_pieces_give_no_seed_and_the_others_one_each() -> None:
    short, one, other = tune(1, 60), tune(2), tune(3)
    found = seeds.cut([short, one, other])
    assert [seed.piece for seed in found] == [one, other]
    assert [seed.cut for seed in found] == [seed.cut for seed in seeds.cut([other, one])[::-1]]
    assert len(seeds.cut([one, other], most=1)) == 1


def test_a_seed_and_what_follows_meet_at_the_cut() -> None:
    music = tune(4)
    seed = seeds.Seed(music, 120)
    assert len(seed.heard) == CONTEXT_NOTES == len(seed.heard_rows)
    assert seed.heard.onset[-1] == 119 * 12
    assert seed.start == seed.continuation.onset[0] == 120 * 12
    assert len(seed.continuation) == 2 * seeds.ANSWER_BEATS
    assert seed.heard_rows[0, INTERVAL] == SIZES[INTERVAL]
    assert seed.compared_rows[0, INTERVAL] == 12
    assert (seed.compared_rows[:, BAR] == BAR_UNKNOWN).all()
    whole = np.concatenate([seed.heard_rows[1:], seed.compared_rows])[:, :4]
    assert np.array_equal(whole, music.rows[21:170, :4])
