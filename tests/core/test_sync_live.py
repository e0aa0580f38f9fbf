"""Another comes to lead while the duet is on: the player, a clock, improvd."""

from __future__ import annotations

import pytest

from improvd.core.settings import Sync
from tests.core.clocks import VirtualClock
from tests.core.room import Room
from tests.core.test_duet_by_clock import START, messages, off_the_bar
from tests.partners import scale, strikes


def test_a_clock_that_runs_already_takes_over_from_the_player() -> None:
    room, clock = Room(), VirtualClock(97.0, start=1.0)
    beat = 60 / 97
    # By the player: what the clock tells meanwhile is nobody's.
    room.play(12.0, clock, (0.99, START), *messages(scale(2.0, 0.5, 7)))
    (first,) = room.turns
    assert first.bpm == pytest.approx(120, rel=0.03)
    assert room.engine.view.leader is Sync.PLAYER
    room.set(sync=Sync.CLOCK)
    # Its ticks are counted from here on; a Start tells where its bars are.
    begin = 1.0 + 20 * beat
    later = VirtualClock(97.0, start=begin)
    room.play(30.0, later, (begin - 0.01, START), *messages(scale(begin + 1.3 * beat, beat, 7)))
    assert room.engine.view.leader is Sync.CLOCK
    assert room.turns[1].bpm == pytest.approx(97, rel=0.002)
    onsets = [(at - begin) / beat for at, _ in strikes(room.sent) if at > begin]
    assert off_the_bar(onsets[0]) < 0.01
    room.close()


def test_improvd_comes_to_lead_and_the_player_again() -> None:
    room = Room()
    room.play(10.0, None, *messages(scale(1.0, 0.5, 7)))
    room.set(sync=Sync.INTERNAL, bpm=90.0)
    assert room.engine.view.leader is Sync.INTERNAL
    assert room.engine.bpm == pytest.approx(90)
    assert room.paces[-1].period == pytest.approx(60 / 90)
    room.play(30.0, None, *messages(scale(16.0, 60 / 90, 7)))
    assert room.turns[-1].bpm == pytest.approx(90)
    room.set(sync=Sync.PLAYER)
    room.play(50.0, None, *messages(scale(31.0, 0.5, 9)))
    assert room.engine.view.leader is Sync.PLAYER
    assert room.turns[-1].bpm == pytest.approx(120, rel=0.03)
    room.close()


def test_an_answer_that_sounds_goes_on_by_the_beat_it_has() -> None:
    room = Room()
    room.play(6.0, None, *messages(scale(1.0, 0.5, 7)))
    before = len(strikes(room.sent))
    assert before
    room.set(sync=Sync.INTERNAL, bpm=60.0)
    assert room.engine.view.leader is Sync.PLAYER
    room.play(20.0)
    (turn,) = room.turns
    assert turn.reason == "finished"
    assert turn.bpm == pytest.approx(120, rel=0.03)
    assert room.engine.view.leader is Sync.INTERNAL
    room.close()
