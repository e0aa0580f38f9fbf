"""Whatever somebody may play, for the tests of what follows it."""

from __future__ import annotations

from hypothesis import strategies as st

Played = list[tuple[float, int, int]]
"""Onset in seconds, pitch, velocity; in order of time."""


def performances(longest_rest: float, most: int) -> st.SearchStrategy[Played]:
    """Up to so many notes, chords and flurries among them, with rests of up to so many seconds."""
    gaps = st.one_of(st.just(0.0), st.floats(0.0, 0.1), st.floats(0.0, 1.5), st.floats(0.0, longest_rest))
    notes = st.lists(st.tuples(gaps, st.integers(0, 127), st.integers(1, 127)), min_size=1, max_size=most)
    return notes.map(lambda told: [(sum(gap for gap, _, _ in told[: i + 1]), *told[i][1:]) for i in range(len(told))])
