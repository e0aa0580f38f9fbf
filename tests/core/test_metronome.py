"""The clock that is sent and the clicks: whatever the beat does, each tick comes once, in order, and nothing hangs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.engine import Engine
from improvd.core.events import Beats, Effect, Generate, Pace, Seconds
from improvd.core.metronome import TICK, Metronome, Stroke
from improvd.core.settings import EngineSettings
from improvd.core.stride import BEND
from improvd.core.transport import CONTINUE, SONG_POSITION, START, STOP
from tests.partners import Steady, keys

PACE = Pace(Seconds(10.0), Seconds(0.5), Beats(4.0), Beats(1.0), Beats(0.0), None, running=True)
PACES = st.builds(
    Pace,
    origin=st.floats(-100, 100).map(Seconds),
    period=st.floats(0.15, 3.0).map(Seconds),
    bar=st.sampled_from([Beats(4.0), Beats(3.0), Beats(3.5), Beats(0.25)]),
    tap=st.sampled_from([Beats(0.25), Beats(1.0), Beats(1.5)]),
    downbeat=st.none() | st.integers(-96, 96).map(lambda tick: Beats(tick / 24)),
    first=st.none() | st.just(Beats(0.0)),
    running=st.booleans(),
    song=st.none() | st.integers(-96, 96).map(lambda tick: Beats(tick / 24)),
    latency=st.floats(0, 0.5).map(Seconds),
)


def play(metronome: Metronome, until: float) -> list[Stroke]:
    strokes: list[Stroke] = []
    while (at := metronome.next_deadline()) is not None and at <= until:
        strokes += metronome.due(at)
    return strokes


def times(strokes: list[Stroke], data: bytes) -> list[float]:
    return [stroke.event.at for stroke in strokes if stroke.event.data == data]


def position(beats: float) -> bytes:
    """Song Position."""
    return bytes((SONG_POSITION, round(beats * 4) & 0x7F, round(beats * 4) >> 7))


def transport(strokes: list[Stroke]) -> list[tuple[float, bytes]]:
    """What is told of the song, to the hundredth of a second."""
    told = (START, CONTINUE, STOP)
    return [
        (round(stroke.event.at, 2), stroke.event.data)
        for stroke in strokes
        if stroke.event.data in told or stroke.event.data[0] == SONG_POSITION
    ]


def clicks(strokes: list[Stroke]) -> list[tuple[float, int]]:
    return [(stroke.event.at, stroke.event.data[1]) for stroke in strokes if stroke.event.data[0] & 0xF0 == 0x90]


def test_ticks_come_24_to_a_beat_and_start_before_the_first_of_a_bar() -> None:
    metronome = Metronome(clock=True, click=None)
    assert metronome.follow(PACE, Seconds(10.6)) == []
    strokes = play(metronome, 13.001)
    ticks = times(strokes, TICK)
    assert ticks == pytest.approx([10.604167 + tick / 48 for tick in range(116)], abs=1e-5)
    (start,) = times(strokes, START)
    assert 12.0 - 1 / 48 < start < 12.0
    assert times(metronome.close(Seconds(13.01)), STOP) == [13.01]


def test_nothing_is_started_before_the_music_begins_but_the_count_in_clicks() -> None:
    metronome = Metronome(clock=True, click=9)
    metronome.follow(replace(PACE, first=Beats(0.0)), Seconds(7.9))
    strokes = play(metronome, 10.6)
    assert [round(start, 2) for start in times(strokes, START)] == [9.99]
    assert clicks(strokes) == [
        (8.0, 76), (8.5, 77), (9.0, 77), (9.5, 77), (10.0, 76), (10.5, 77),
    ]  # fmt: skip


def test_taps_are_clicked_and_each_bar_is_counted_anew() -> None:
    for bar, tap, expected in ((3.0, 1.5, [0, 1.5, 3]), (3.5, 1.0, [0, 1, 2, 3, 3.5])):
        metronome = Metronome(clock=False, click=9)
        metronome.follow(replace(PACE, bar=Beats(bar), tap=Beats(tap)), Seconds(9.99))
        strokes = play(metronome, 10 + expected[-1] / 2 + 0.05)
        assert [at for at, _ in clicks(strokes)] == pytest.approx([10 + beat / 2 for beat in expected])
        assert [pitch for _, pitch in clicks(strokes)] == [76] + [77] * (len(expected) - 2) + [76]
        assert not times(strokes, TICK)


def test_a_beat_that_lies_elsewhere_is_met_without_a_jump() -> None:
    metronome = Metronome(clock=True, click=None)
    metronome.follow(PACE, Seconds(10.0))
    ticks = times(play(metronome, 12.0), TICK)
    metronome.follow(replace(PACE, origin=Seconds(10.1)), Seconds(12.0))
    ticks += times(play(metronome, 20.0), TICK)
    gaps = [later - earlier for earlier, later in pairwise(ticks)]
    assert max(gaps) == pytest.approx(0.5 / 24 * (1 + BEND))
    assert min(gaps) == pytest.approx(0.5 / 24)
    assert (ticks[-1] - 10.1) * 48 == pytest.approx(round((ticks[-1] - 10.1) * 48), abs=1e-6)


def test_a_stop_is_told_at_once_and_another_start_on_a_bar() -> None:
    metronome = Metronome(clock=True, click=None)
    metronome.follow(PACE, Seconds(9.9))
    play(metronome, 11.2)
    assert times(metronome.follow(replace(PACE, running=False), Seconds(11.2)), STOP) == [11.2]
    assert metronome.follow(replace(PACE, running=False), Seconds(11.3)) == []
    assert times(play(metronome, 11.5), TICK)
    metronome.follow(PACE, Seconds(11.5))
    assert [round(start, 2) for start in times(play(metronome, 14.5), START)] == [11.99]


def test_after_a_stall_nothing_is_made_up_for() -> None:
    metronome = Metronome(clock=True, click=9)
    metronome.follow(PACE, Seconds(9.9))
    play(metronome, 11.0)
    late = metronome.due(Seconds(15.1))
    assert times(late, TICK) == []
    assert transport(late) == [(15.1, STOP), (15.1, position(12))]
    strokes = play(metronome, 16.3)
    assert [round(on, 2) for on in times(strokes, CONTINUE)] == [15.99]
    assert times(strokes, TICK)[0] == pytest.approx(15.104167, abs=1e-5)


def song(at: float) -> Pace:
    """Of a song that has begun at a time."""
    return replace(PACE, song=Beats((at - PACE.origin) / PACE.period), downbeat=Beats((at - PACE.origin) / PACE.period))


def test_who_joins_a_song_that_is_on_is_told_its_place_and_continues_there() -> None:
    metronome = Metronome(clock=True, click=None)
    strokes = metronome.follow(song(2.0), Seconds(10.6))
    strokes += play(metronome, 13.0)
    assert transport(strokes) == [(10.6, position(20)), (11.99, CONTINUE)]


def test_a_song_that_begins_is_started() -> None:
    metronome = Metronome(clock=True, click=None)
    strokes = metronome.follow(song(11.0), Seconds(10.6))
    assert transport(strokes + play(metronome, 13.0)) == [(10.99, START)]


def test_where_the_song_jumps_the_others_stop_are_told_and_continue_with_the_next_sixteenth() -> None:
    metronome = Metronome(clock=True, click=None)
    strokes = metronome.follow(song(2.0), Seconds(10.6)) + play(metronome, 13.3)
    ticks = len(times(strokes, TICK))
    strokes = metronome.follow(song(0.5), Seconds(13.3))
    # The last tick before was at 13.292; a tick lies between, that there is time to find the place.
    assert transport(strokes) == [(13.3, STOP), (13.3, position(25.75))]
    strokes += metronome.follow(replace(song(0.5), origin=Seconds(10.0001)), Seconds(13.31))
    strokes += play(metronome, 15.0)
    assert transport(strokes)[2:] == [(13.36, CONTINUE)]
    before = max(tick for tick in times(strokes, TICK) if tick < 13.364)
    after = min(tick for tick in times(strokes, TICK) if tick > 13.364)
    assert (before, after) == pytest.approx((13.354, 13.375), abs=1e-3)
    assert ticks + len(times(strokes, TICK)) == round((15.0 - 10.6) * 48)


def test_where_only_the_bars_move_the_song_goes_to_the_nearest() -> None:
    """Nobody says where the song begins, as in a Link session: it began where it was started, and bars are kept."""
    metronome = Metronome(clock=True, click=None)
    strokes = metronome.follow(PACE, Seconds(9.9)) + play(metronome, 14.3)
    assert transport(strokes) == [(9.99, START)]
    strokes = metronome.follow(replace(PACE, downbeat=Beats(1.0)), Seconds(14.3))
    assert transport(strokes) == [(14.3, STOP), (14.3, position(7.75))]
    strokes = play(metronome, 16.0)
    assert [at for at, _ in transport(strokes)] == [14.36]
    # Another axis is not another beat.
    moved = replace(PACE, origin=Seconds(12.0), downbeat=Beats(-3.0))
    assert metronome.follow(moved, Seconds(16.0)) == []


@pytest.mark.parametrize(("bar", "began", "place"), [(4.0, -4100.0, 4.0), (3.0, -4101.0, 6.0), (3.0, -4092.0, 4092.0)])
def test_a_place_beyond_all_numbers_is_told_by_its_remainder_and_bars_stay(
    bar: float, began: float, place: float
) -> None:
    metronome = Metronome(clock=True, click=None)
    pace = replace(PACE, song=Beats(began), downbeat=Beats(began), bar=Beats(bar))
    strokes = metronome.follow(pace, Seconds(9.9))
    assert transport(strokes) == [(9.9, position(place))]


def test_another_follower_is_told_where_the_song_is() -> None:
    metronome = Metronome(clock=True, click=9)
    metronome.follow(PACE, Seconds(9.9))
    play(metronome, 13.1)
    strokes = metronome.leave(Seconds(13.1)) + play(metronome, 14.1)
    assert transport(strokes) == [(13.1, STOP), (13.1, position(8)), (13.99, CONTINUE)]


def test_clicks_of_a_slow_synth_leave_early_and_the_clock_does_not() -> None:
    pace = replace(PACE, latency=Seconds(0.12))
    for early, first in ((True, 11.88), (False, 12.0)):
        metronome = Metronome(clock=True, click=9, early=early)
        metronome.follow(pace, Seconds(11.6))
        strokes = play(metronome, 13.2)
        assert clicks(strokes)[:3] == [
            (pytest.approx(first), 76), (pytest.approx(first + 0.5), 77), (pytest.approx(first + 1.0), 77),
        ]  # fmt: skip
        assert times(strokes, START) == pytest.approx([12.0 - 1 / 96])


def test_another_latency_doubles_no_click_and_leaves_none_out() -> None:
    metronome = Metronome(clock=False, click=9, early=True)
    metronome.follow(PACE, Seconds(9.9))
    strokes = play(metronome, 11.1)
    metronome.follow(replace(PACE, latency=Seconds(0.2)), Seconds(11.1))
    strokes += play(metronome, 12.1)
    metronome.follow(PACE, Seconds(12.1))
    strokes += play(metronome, 13.1)
    assert [at for at, _ in clicks(strokes)] == pytest.approx([10.0, 10.5, 11.0, 11.3, 11.8, 12.5, 13.0])


def test_others_follow_the_player_through_the_answer() -> None:
    """A bass note on each beat, a higher one after it, at 120: once the beat is known, ticks fall on it and go on."""
    engine, metronome, partner = Engine(EngineSettings()), Metronome(clock=True, click=None), Steady()
    played = keys(
        *((1.0 + beat * 0.5, 1.2 + beat * 0.5, 40) for beat in range(12)),
        *((1.25 + beat * 0.5, 1.45 + beat * 0.5, 67) for beat in range(12)),
    )
    strokes: list[Stroke] = []

    def do(effects: list[Effect], now: Seconds) -> None:
        for effect in effects:
            if isinstance(effect, Pace):
                strokes.extend(metronome.follow(effect, now))
            elif isinstance(effect, Generate):
                at, answer = partner.answer(now, effect)
                do(engine.on_continuation(at, answer), at)

    for event in played:
        strokes += play(metronome, event.at)
        do(engine.on_midi(event), event.at)
    while (at := engine.next_deadline()) is not None:
        strokes += play(metronome, at)
        do(engine.on_time(at), at)
    strokes += play(metronome, 30.0)
    ticks = times(strokes, TICK)
    assert [later - earlier for earlier, later in pairwise(ticks[-480:])] == pytest.approx([0.5 / 24] * 479, rel=1e-3)
    (start,) = times(strokes, START)
    first = next(tick for tick in ticks if tick > start)
    assert first < 5.0
    late = [tick for tick in ticks if tick > 12.0]
    assert (late[0] - 1.0) * 48 == pytest.approx(round((late[0] - 1.0) * 48), abs=0.1)
    assert (ticks.index(late[0]) - ticks.index(first)) % 24 == round((late[0] - 1.0) * 48) % 24


def test_who_is_sent_the_clock_from_now_on_begins_with_the_next_bar_and_who_is_not_stops() -> None:
    metronome = Metronome(clock=False, click=None)
    metronome.follow(PACE, Seconds(9.9))
    assert play(metronome, 13.1) == []
    assert metronome.become(Seconds(13.1), clock=True, click=None) == []
    strokes = play(metronome, 14.6)
    assert times(strokes, TICK)[0] == pytest.approx(13.104167, abs=1e-5)
    assert transport(strokes) == [(13.99, START)]
    assert metronome.become(Seconds(14.6), clock=True, click=None) == []
    assert transport(metronome.become(Seconds(14.6), clock=False, click=None)) == [(14.6, STOP)]
    assert play(metronome, 20.0) == []
    assert metronome.close(Seconds(20.0)) == []


def test_clicks_begin_with_the_next_beat_and_one_that_sounds_is_ended_where_it_sounds() -> None:
    metronome = Metronome(clock=False, click=None)
    assert metronome.become(Seconds(9.0), clock=False, click=9) == []  # before there is a beat
    metronome.follow(PACE, Seconds(9.9))
    strokes = play(metronome, 10.51)
    assert clicks(strokes) == [(10.0, 76), (10.5, 77)]
    ended = metronome.become(Seconds(10.51), clock=False, click=3, early=True)
    assert [(stroke.event.data, stroke.click) for stroke in ended] == [(bytes((0x89, 77, 0)), True)]
    strokes = play(metronome, 11.02)
    assert [stroke.event.data[0] & 0x0F for stroke in strokes] == [3]
    assert clicks(strokes) == [(11.0, 77)]
    assert metronome.become(Seconds(11.02), clock=False, click=3, early=True, beat=15) == []  # it sounds on
    assert len(metronome.become(Seconds(11.03), clock=False, click=None)) == 1
    assert play(metronome, 14.0) == []


KEPT = st.tuples(st.booleans(), st.none() | st.integers(0, 15), st.booleans())
"""Whether a clock is sent, the channel of the clicks, whether they leave early."""


@given(st.lists(st.tuples(PACES, st.floats(0.0, 3.0), st.none() | KEPT), min_size=1, max_size=6), KEPT)
def test_whatever_the_beat_does(
    changes: list[tuple[Pace, float, tuple[bool, int | None, bool] | None]], kept: tuple[bool, int | None, bool]
) -> None:
    clock, click, early = kept
    metronome = Metronome(clock=clock, click=click, early=early)
    now, strokes = Seconds(0.0), []
    for pace, wait, other in changes:
        if other is not None:
            clock, click, early = other
            strokes += metronome.become(now, clock=clock, click=click, early=early)
        strokes += metronome.follow(pace, now)
        now = Seconds(now + wait)
        strokes += play(metronome, now)
        deadline = metronome.next_deadline()
        assert deadline is not None
        assert deadline > now
    strokes += metronome.close(now)
    assert metronome.next_deadline() is None
    at = [stroke.event.at for stroke in strokes]
    assert at == sorted(at)
    ticks = times(strokes, TICK)
    assert all(earlier < later for earlier, later in pairwise(ticks))
    on = False
    for _, data in transport(strokes):
        if data[0] == SONG_POSITION:
            assert not on  # who plays may ignore it
        else:
            assert on == (data == STOP)
            on = not on
    assert not on
    sounding: set[tuple[int, int]] = set()
    for stroke in strokes:
        if stroke.click:
            key, is_on = (stroke.event.data[0] & 0x0F, stroke.event.data[1]), stroke.event.data[0] & 0xF0 == 0x90
            assert (key in sounding) != is_on
            (sounding.add if is_on else sounding.discard)(key)
    assert not sounding
