from __future__ import annotations

import numpy as np

from improvd.model import originality
from improvd.model.follower import Follower
from improvd.model.originality import RUN, Filter
from improvd.model.tokens import INTERVAL, PITCH
from tests.model.random_tunes import CORPUS, LEARNT, random_tune

TWO = originality.learn([random_tune(seed, 200) for seed in range(500, 540)], LEARNT)


def test_note_by_note_is_as_all_at_once() -> None:
    """A follower's count at each note is the length of the match that ends there; its hash is that of the run."""
    pieces = [random_tune(99, 30), CORPUS[3][50:64], random_tune(510, 200)[20:80], CORPUS[7][:25], random_tune(98, 30)]
    rows = np.concatenate(pieces)
    hashes = originality.runs(rows)
    for one in (LEARNT, TWO):
        found = one.has(hashes)
        follower = Follower(one)
        expected = 0
        for number, row in enumerate(rows.tolist()):
            would = follower.next_runs(row[INTERVAL])
            follower.hear(row[INTERVAL], row[PITCH])
            ends = number - RUN + 1
            expected = 0 if ends < 0 or not found[ends] else max(expected + 1, RUN)
            assert follower.notes == expected
            assert follower.run == (int(hashes[ends]) if ends >= 0 else None)
            assert (would is None) == (ends < 0)
            assert would is None or would[row[PITCH]] == hashes[ends]


def test_what_each_next_pitch_would_end_is_told() -> None:
    follower = Follower(LEARNT)
    quoted = CORPUS[5][20 : 20 + RUN]
    for row in quoted[:-1].tolist():
        follower.hear(row[INTERVAL], row[PITCH])
    told = follower.next_runs(int(quoted[-1, INTERVAL]))
    assert told is not None
    for pitch in range(128):
        other = quoted.copy()
        other[-1, PITCH] = pitch
        assert told[pitch] == originality.runs(other)[0]
    assert LEARNT.has(told)[quoted[-1, PITCH]]
    assert LEARNT.has(told).sum() < 5


def test_an_empty_filter_is_followed_by_nothing() -> None:
    follower = Follower(Filter())
    for row in CORPUS[0].tolist():
        follower.hear(row[INTERVAL], row[PITCH])
        assert follower.notes == 0
