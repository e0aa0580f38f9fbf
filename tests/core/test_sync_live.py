"""Another comes to lead while the duet is on: the player, a clock, improvd, a Link session."""

from __future__ import annotations

import pytest

from improvd.core.settings import Sync
from improvd.core.turns import State
from tests.core.clocks import VirtualClock
from tests.core.room import Room
from tests.core.test_beat_link import VirtualSession
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


def test_a_session_that_was_read_while_an_answer_sounds_leads_after_it() -> None:
    """What reads it tells it once, and again only what is new."""
    room, session = Room(), VirtualSession(97.3, at=0.4)
    room.play(6.0, None, *messages(scale(1.0, 0.5, 7)))
    assert room.engine.state is State.ANSWERING
    room.set(sync=Sync.LINK)
    room.link(session.read(6.1))
    assert room.engine.view.leader is Sync.PLAYER
    room.play(20.0)
    assert [(turn.reason, round(turn.bpm)) for turn in room.turns] == [("finished", 120)]
    assert (room.engine.view.leader, room.engine.view.peers) == (Sync.LINK, 1)
    assert room.engine.bpm == pytest.approx(97.3)
    room.play(40.0, None, *messages(scale(21.0, 0.6, 7)))
    onsets = [session.beat_at(at) for at, _ in strikes(room.sent) if at > 21.0]
    assert off_the_bar(onsets[0]) < 1e-6
    room.close()


def test_away_from_a_session_the_answer_that_sounds_keeps_to_it_to_its_end() -> None:
    room, session = Room(sync=Sync.LINK), VirtualSession(120.0)
    room.link(session.read(0.0))
    room.play(8.6, None, *messages(scale(2.0, 0.25, 16)))
    assert room.engine.state is State.ANSWERING
    before = len(strikes(room.sent))
    room.set(sync=Sync.INTERNAL, bpm=90.0)
    room.link(session.change(8.7, 150.0))
    room.play(30.0)
    beats = [session.beat_at(at) for at, _ in strikes(room.sent)[before:]]
    assert len(beats) > 3
    assert beats == pytest.approx([round(beat * 2) / 2 for beat in beats])
    assert [turn.reason for turn in room.turns] == ["finished"]
    assert room.engine.view.leader is Sync.INTERNAL
    assert room.paces[-1].period == pytest.approx(60 / 90)
    room.close()


def test_a_session_that_was_left_leads_nobody_who_comes_back_to_it() -> None:
    room, session = Room(sync=Sync.LINK), VirtualSession(150.0)
    room.link(session.read(0.0))
    room.set(sync=Sync.PLAYER)
    room.set(sync=Sync.LINK)
    assert (room.engine.view.leader, room.engine.view.peers) == (Sync.PLAYER, None)
    room.link(VirtualSession(99.0).read(1.0))
    assert room.engine.bpm == pytest.approx(99.0)
    room.close()


def test_a_session_that_has_stopped_when_it_is_joined_is_not_played_in() -> None:
    room, session = Room(), VirtualSession(120.0, playing=False)
    room.set(sync=Sync.LINK)
    room.link(session.read(0.5))
    assert room.engine.view.stopped
    room.play(10.0, None, *messages(scale(1.0, 0.5, 7)))
    assert strikes(room.sent) == []
    room.set(sync=Sync.PLAYER)
    room.play(20.0, None, *messages(scale(11.0, 0.5, 7)))
    assert [turn.reason for turn in room.turns] == ["finished"]
    room.close()
