"""Whole performances by a MIDI clock, in virtual time: answers on its bars, moved with it, silenced by Stop."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import pytest

from improvd.core.events import Beats
from improvd.core.settings import Sync
from improvd.core.turns import State
from tests.core.clocks import VirtualClock
from tests.core.room import Room
from tests.partners import hanging, scale, strikes

if TYPE_CHECKING:
    from improvd.core.events import MidiEvent

START, CONTINUE, STOP = b"\xfa", b"\xfb", b"\xfc"


def position(sixteenths: int) -> bytes:
    return bytes((0xF2, sixteenths & 0x7F, sixteenths >> 7))


def off_the_bar(beats: float, bar: float = 4.0) -> float:
    """How many beats lie between there and the nearest bar line."""
    return abs(beats - bar * round(beats / bar))


def messages(events: list[MidiEvent]) -> list[tuple[float, bytes]]:
    return [(event.at, event.data) for event in events]


def test_an_answer_begins_on_the_clocks_bar_and_keeps_its_beats() -> None:
    room, clock = Room(sync=Sync.CLOCK), VirtualClock(97.3, start=1.0, jitter=0.003)
    beat = 60 / 97.3
    # A phrase of seven notes from the second beat of bar 1 on, quite off the clock's beat.
    room.play(16.0, clock, (0.99, START), *messages(scale(1.0 + 5.3 * beat, beat, 7)))
    (turn,) = room.turns
    assert turn.bpm == pytest.approx(97.3, rel=0.002)
    onsets = [(at - 1.0) / beat for at, _ in strikes(room.sent)]
    assert off_the_bar(onsets[0]) < 0.01
    assert onsets == pytest.approx([onsets[0] + index / 2 for index in range(len(onsets))], abs=0.01)
    (first, *_) = room.partner.asked
    assert first.downbeat is not None
    assert (first.start - first.downbeat) % 4 == 0
    room.close()


def test_bars_are_the_metres() -> None:
    room, clock = Room(sync=Sync.CLOCK, beats_per_bar=Beats(3.0)), VirtualClock(120.0, start=1.0)
    room.play(12.0, clock, (0.99, START), *messages(scale(3.0, 0.5, 4)))
    assert off_the_bar((strikes(room.sent)[0][0] - 1.0) / 0.5, 3.0) < 0.01
    room.close()


def test_what_does_not_sound_yet_moves_with_a_ramp() -> None:
    """From 97 beats a minute on, 60 more in a minute: without moving, the last notes would be a tenth late."""
    room, clock = Room(sync=Sync.CLOCK), VirtualClock(97.3, start=1.0, jitter=0.003, ramp=60.0)
    room.play(30.0, clock, (0.99, START), *messages(scale(2.0, 0.6, 16)))
    room.play(31.0, clock)
    assert room.moved > 10
    errors = []
    for at, _ in strikes(room.sent):
        tick = min(range(len(clock.true)), key=lambda tick: abs(clock.true[tick] - at))
        assert tick % 12 == 0
        errors.append(abs(clock.true[tick] - at))
    assert len(errors) > 20
    assert median(errors) < 0.010
    room.close()


def test_stop_silences_at_once_and_nothing_is_answered_until_it_goes_on() -> None:
    room, clock = Room(sync=Sync.CLOCK), VirtualClock(120.0, start=1.0)
    room.play(7.99, clock, (0.99, START), *messages(scale(2.0, 0.25, 12)))
    assert room.engine.state is State.ANSWERING
    room.play(8.1, None, (7.995, STOP))
    assert not room.schedule.sounding
    assert room.schedule.next_deadline() is None
    assert [turn.reason for turn in room.turns] == ["stopped"]
    assert room.paces[-1].running is False
    room.play(14.0, None, *messages(scale(9.0, 0.25, 8)))
    assert len(room.turns) == 1
    # It goes on in the middle of a bar: at beat 14 of the song, and in a phase of its own.
    again = VirtualClock(120.0, start=15.13)
    room.play(15.125, None, (15.12, CONTINUE))
    assert room.paces[-1].running is False  # it goes on, and nobody knows yet where its beat is
    room.play(22.0, again, *messages(scale(16.0, 0.25, 8)))
    onset = strikes([sent for sent in room.sent if sent.planned > 15])[0][0]
    assert off_the_bar(14.0 + (onset - 15.13) / 0.5) < 0.02
    pace = room.paces[-1]
    assert pace.running
    assert pace.song is not None
    assert pace.origin + pace.song * pace.period == pytest.approx(15.13 - 14.0 * 0.5, abs=0.01)
    room.close()


@pytest.mark.parametrize("running", [True, False])
def test_song_position_says_where_the_bars_are(running: bool) -> None:
    room, clock = Room(sync=Sync.CLOCK), VirtualClock(120.0, start=1.0)
    if running:
        room.play(3.9, clock, (0.99, START))  # six beats
        jump = [(3.99, position(4 * 9))]
    else:
        room.play(3.9, None)
        clock = VirtualClock(120.0, start=4.0)
        jump = [(3.9, position(4 * 9)), (3.99, CONTINUE)]
    room.play(14.0, clock, *jump, *messages(scale(4.5, 0.25, 8)))
    onset = strikes(room.sent)[0][0]
    assert off_the_bar(9 + (onset - 4.0) / 0.5) < 0.02
    room.close()


def test_a_clock_that_vanishes_lets_the_answer_end_and_the_player_lead() -> None:
    room, clock = Room(sync=Sync.CLOCK), VirtualClock(120.0, start=1.0)
    room.play(8.0, clock, (0.99, START), *messages(scale(2.0, 0.25, 12)))
    assert room.engine.state is State.ANSWERING
    room.play(20.0)
    assert [turn.reason for turn in room.turns] == ["finished"]
    assert hanging(room.sent) == set()
    room.play(30.0, None, *messages(scale(21.0, 0.45, 8)))
    assert len(room.turns) == 2
    assert room.turns[1].bpm == pytest.approx(60 / 0.45, rel=0.02)
    room.close()


def test_without_a_clock_the_player_leads_and_a_clock_that_only_ticks_is_followed() -> None:
    room = Room(sync=Sync.CLOCK)
    room.play(12.0, None, *messages(scale(1.0, 0.6, 8)))
    assert room.turns[0].bpm == pytest.approx(100, rel=0.02)
    clock = VirtualClock(90.0, start=13.0)
    room.play(26.0, clock, *messages(scale(15.0, 0.3, 8)))
    assert room.turns[1].bpm == pytest.approx(90, rel=0.002)
    room.close()


def test_lost_ticks_move_no_bar() -> None:
    clock = VirtualClock(174.0, start=1.0, jitter=0.003, lost=frozenset({60, 130, 131}))
    room = Room(sync=Sync.CLOCK)
    room.play(12.0, clock, (0.99, START), *messages(scale(4.0, 0.2, 8)))
    assert off_the_bar((strikes(room.sent)[0][0] - 1.0) * 174 / 60) < 0.02
    room.close()
