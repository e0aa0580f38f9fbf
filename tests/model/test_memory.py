"""What was played before, and where it goes on as now."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from improvd.model.memory import LONGEST, Memory
from improvd.model.tokens import ATTRIBUTES, DURATION, INTERVAL, PITCH, SIZES, VELOCITY

NONE = SIZES[INTERVAL]
ROWS = st.lists(
    st.tuples(st.sampled_from([0, 6, 12, NONE]), st.integers(60, 63), st.integers(0, 2), st.integers(8, 9)), max_size=40
)


def memory_of(*phrases: list[tuple[int, int, int, int]], room: int = 64) -> Memory:
    """The last phrase is heard, those before are learnt."""
    memory = Memory(room)
    for phrase in phrases[:-1]:
        memory.learn(np.array(phrase, dtype=np.int32).reshape(-1, 4))
    for row in phrases[-1]:
        memory.hear(row)
    return memory


def tune(*pitches: int) -> list[tuple[int, int, int, int]]:
    return [(12 if number else NONE, pitch, 5, 10) for number, pitch in enumerate(pitches)]


def likely(memory: Memory, interval: int) -> dict[int, float]:
    memory.narrow(PITCH, (interval,))
    weights = memory.weights(PITCH)
    return {int(pitch): float(weights[pitch]) for pitch in np.flatnonzero(weights)}


def test_what_followed_follows_again() -> None:
    memory = memory_of(tune(60, 62, 64, 65, 60, 62))
    memory.narrow(INTERVAL, ())
    assert memory.longest == 1  # after a step up by two
    assert max(likely(memory, 12), key=likely(memory, 12).__getitem__) == 64
    assert memory.longest == 2  # and in the same key


def test_a_tune_is_known_in_another_key_too() -> None:
    memory = memory_of(tune(60, 62, 64, 67, 65), tune(65, 67, 69))
    assert max(likely(memory, 12).items(), key=lambda one: one[1])[0] == 72
    memory.narrow(DURATION, (12, 72))
    assert np.flatnonzero(memory.weights(DURATION)).tolist() == [5]
    assert np.flatnonzero(memory.weights(VELOCITY)).tolist() == [10]
    memory.narrow(DURATION, (12, 50))
    assert memory.longest == -1
    assert not memory.weights(DURATION).any()


def test_nothing_follows_the_end_of_a_phrase() -> None:
    memory = memory_of(tune(60, 62, 64), tune(72, 74, 76))
    memory.hear((12, 78, 5, 10))  # goes on as 64 would have gone on, had it gone on
    assert set(likely(memory, 12)) == {80}


def test_before_anything_was_heard_nothing_follows() -> None:
    memory = memory_of(tune(60, 62, 64), [])
    assert likely(memory, 12) == {}
    assert memory.longest == -1


def test_an_interval_that_never_came_leaves_no_place() -> None:
    memory = memory_of(tune(60, 62, 64))
    assert likely(memory, 7) == {}
    assert memory.longest == -1


@given(ROWS, st.integers(1, 50))
def test_whatever_was_heard_it_tells_weights(rows: list[tuple[int, int, int, int]], room: int) -> None:
    memory = memory_of(rows, room=room)
    for head in range(len(ATTRIBUTES)):
        memory.narrow(head, (6, 61))
        weights = memory.weights(head)
        assert weights.shape == (SIZES[head],)
        assert np.isfinite(weights).all()
        assert (weights >= 0).all()
        assert -1 <= memory.longest <= LONGEST + 1


@given(ROWS)
def test_a_match_is_as_long_as_it_says(rows: list[tuple[int, int, int, int]]) -> None:
    """Against the plain definition: how many notes before a place agree with the last ones."""
    memory = memory_of(rows)
    memory.narrow(INTERVAL, ())
    steps = [None if row[0] == NONE or not n else (row[0], row[1] - rows[n - 1][1]) for n, row in enumerate(rows)]
    matches = []
    for place in range(len(rows)):
        length = 0
        while length < min(place, LONGEST) and steps[place - 1 - length] == steps[-1 - length] is not None:
            length += 1
        matches.append(length)
    assert memory.longest == max(matches, default=-1)
