"""The room that is left beside a player: in another register than their hands, and the less the more they play."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import BeatNote, Beats, Niche
from improvd.core.manner import Manner
from improvd.core.niche import FEWEST, GAP, KEYS, NARROWEST, RECENTLY, TOGETHER, WIDTH, niche
from improvd.core.pitch import HIGHEST

USUAL = Manner()
START = Beats(8.0)


def line(every: float, *pitches: int, until: float = START, since: float = 0.0) -> list[BeatNote]:
    """Chords of these pitches, one each ``every`` beats."""
    count = round((until - since) / every)
    return [BeatNote(Beats(since + i * every), Beats(every), pitch, 80) for i in range(count) for pitch in pitches]


def room(theirs: list[BeatNote], ours: list[BeatNote] | None = None, manner: Manner = USUAL) -> Niche:
    return niche(theirs, ours or [], START, manner)


@pytest.mark.parametrize(("every", "ours"), [(2.0, 1.5), (1.0, 1.0), (0.5, FEWEST), (0.25, FEWEST)])
def test_the_more_they_play_the_less_is_left(every: float, ours: float) -> None:
    assert room(line(every, 60)).density == pytest.approx(ours, abs=0.17)


def test_a_chord_counts_once() -> None:
    assert room(line(1.0, 48, 55, 60, 64)).density == room(line(1.0, 60)).density


def test_who_rests_is_given_a_bar_before_all_is_filled_in() -> None:
    densities = [niche(line(0.5, 60), [], Beats(START + rest), USUAL).density or 0.0 for rest in (0, 1, 2, 3, 4, 5)]
    assert densities == sorted(densities)
    assert (densities[0], densities[-1]) == (FEWEST, TOGETHER)


def test_who_returns_is_made_room_for_at_once() -> None:
    returned = [*line(0.5, 60, until=2.0), *line(0.25, 60, since=7.0)]
    assert room(returned).density == FEWEST


def test_hands_in_the_middle_of_the_keyboard_leave_both_ends() -> None:
    niches = [room(line(1.0, pitch)) for pitch in (45, 76)]
    assert [(one.lowest, one.highest) for one in niches] == [(50, 50 + WIDTH), (71 - WIDTH, 71)]


def test_between_hands_that_are_far_apart_there_is_most_room() -> None:
    found = room(line(1.0, 41, 80))
    assert (found.lowest, found.highest) == (41 + GAP, 41 + GAP + WIDTH)


def test_we_stay_where_we_are_while_that_will_do() -> None:
    theirs = line(1.0, 62)
    above, below = (room(theirs, line(1.0, pitch)) for pitch in (75, 50))
    assert above.lowest == 62 + GAP
    assert below.highest == 62 - GAP


def test_who_comes_to_where_we_are_drives_us_away() -> None:
    found = room(line(1.0, 72, 74), line(1.0, 73))
    assert found.highest == 72 - GAP


def test_hands_everywhere_leave_an_end_of_the_keyboard() -> None:
    everywhere = [BeatNote(Beats(4 + i / 9), Beats(0.2), pitch, 80) for i, pitch in enumerate(range(30, 96, 2))]
    found = room(everywhere)
    assert KEYS[0] in (found.lowest, (found.highest or 0) - KEYS[1] + KEYS[0])


def test_the_players_knobs_are_on_top_of_it() -> None:
    plain = room(line(1.0, 60))
    more = room(line(1.0, 60), manner=Manner(register=-3.0, density=1.5))
    assert (more.lowest or 0) - (plain.lowest or 0) == -3
    assert more.density == pytest.approx(1.5 * (plain.density or 0))
    free = room(line(1.0, 60), manner=Manner(register=None, density=None))
    assert (free.lowest, free.highest, free.density) == (None, None, None)


@given(
    played=st.lists(st.tuples(st.floats(0, 12), st.floats(0.01, 6), st.integers(0, 127)), max_size=60),
    ours=st.lists(st.integers(0, 127), max_size=8),
    register=st.integers(-48, 48),
)
def test_whatever_they_play_there_is_room_to_play_in(
    played: list[tuple[float, float, int]], ours: list[int], register: int
) -> None:
    theirs = [BeatNote(Beats(at), Beats(length), pitch, 80) for at, length, pitch in sorted(played)]
    heard = [BeatNote(Beats(i), Beats(1.0), pitch, 80) for i, pitch in enumerate(ours)]
    found = niche(theirs, heard, Beats(12.0), Manner(register=0.0))
    assert found.density is not None
    assert FEWEST <= found.density <= TOGETHER
    assert found.since == 12.0 - RECENTLY
    if not theirs:
        assert found.lowest is None
        return
    assert found.lowest is not None
    assert found.highest is not None
    assert found.highest - found.lowest >= NARROWEST
    moved = niche(theirs, heard, Beats(12.0), Manner(register=float(register)))
    assert (moved.lowest or 0) >= 0
    assert (moved.highest or 0) <= HIGHEST
    assert (moved.highest or 0) - (moved.lowest or 0) == found.highest - found.lowest
