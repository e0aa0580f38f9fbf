from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from improvd.model import recital
from improvd.model.originality import RUN, runs
from improvd.model.tokens import PITCH
from tests.model.random_tunes import CORPUS, LEARNT, random_tune


@given(st.integers(0, 19), st.integers(0, 150), st.integers(0, 50), st.integers(0, 1000))
def test_after_a_call_of_the_players_own_it_is_the_longest_match(
    number: int, first: int, count: int, seed: int
) -> None:
    own = random_tune(10_000 + seed, 60)
    answer = np.concatenate([own[30:40], CORPUS[number][first : first + count], own[40:]])
    # One run in some hundred is found by mistake, also of those in which the answer follows the call.
    assume(not LEARNT.has(runs(np.concatenate([own[:30], answer[: RUN - 1]]))).any())
    assert recital.longest(LEARNT, own[:30], answer) == LEARNT.longest(answer).notes


@pytest.mark.parametrize("call", [0, 5, 9, 30])
def test_only_the_answers_notes_count(call: int) -> None:
    quoted = CORPUS[3][50:90]
    found = recital.longest(LEARNT, quoted[:call], quoted[call:])
    assert found == 40 - call


def test_what_the_player_played_may_be_taken_up_in_any_key() -> None:
    theirs = CORPUS[3][50:80].astype(int)
    in_another_key = theirs.copy()
    in_another_key[:, PITCH] += 127 - in_another_key[:, PITCH].max()
    assert recital.longest(LEARNT, theirs, theirs) == 0
    assert recital.longest(LEARNT, theirs, in_another_key) == 0
    assert recital.longest(LEARNT, random_tune(99, 30), in_another_key) == 30


def test_where_the_players_notes_end_the_count_begins() -> None:
    tune = CORPUS[3][50:100]
    assert recital.longest(LEARNT, tune[:30], tune) == 20


def test_fewer_notes_than_a_run_are_not_the_players_alone() -> None:
    tune = CORPUS[3][50:80]
    assert recital.longest(LEARNT, tune[: RUN - 1], tune) == 30
