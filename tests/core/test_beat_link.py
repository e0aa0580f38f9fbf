"""Performances in an Ableton Link session, in virtual time: its bars, its tempo, its stop, who joins and leaves."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from improvd.core.beat_link import LinkBeat
from improvd.core.events import Beats, LinkState, Seconds
from improvd.core.settings import EngineSettings, Sync
from improvd.core.turns import State
from tests.core.room import Room
from tests.core.test_duet_by_clock import messages, off_the_bar
from tests.partners import hanging, scale, strikes


@dataclass
class VirtualSession:
    """A session of which beat ``beat`` falls ``at`` a time."""

    bpm: float
    at: float = 0.0
    beat: float = 0.0
    playing: bool | None = None
    peers: int = 1

    def beat_at(self, at: float) -> float:
        return self.beat + (at - self.at) * self.bpm / 60

    def read(self, at: float) -> LinkState:
        return LinkState(Seconds(at), Beats(self.beat_at(at)), self.bpm, self.playing, self.peers)

    def change(self, at: float, bpm: float) -> LinkState:
        """Somebody changes the tempo, as Link has it: the beat goes on from where it is."""
        self.beat, self.at, self.bpm = self.beat_at(at), at, bpm
        return self.read(at)


def test_an_answer_begins_on_the_sessions_bar_and_keeps_its_beats() -> None:
    room, session = Room(sync=Sync.LINK), VirtualSession(97.3, at=0.7, beat=-1.25)
    room.link(session.read(1.0))
    assert room.engine.view.leader is Sync.LINK
    assert room.engine.view.peers == 1
    room.play(16.0, None, *messages(scale(3.3, 0.6, 7)))
    (turn,) = room.turns
    assert turn.bpm == pytest.approx(97.3)
    beats = [session.beat_at(at) for at, _ in strikes(room.sent)]
    assert off_the_bar(beats[0]) < 1e-6
    assert beats == pytest.approx([beats[0] + index / 2 for index in range(len(beats))])
    (first, *_) = room.partner.asked
    assert first.downbeat is not None
    assert (first.start - first.downbeat) % 4 == pytest.approx(0)
    room.close()


def test_until_the_session_is_read_the_player_leads() -> None:
    room = Room(sync=Sync.LINK)
    room.play(12.0, None, *messages(scale(1.0, 0.6, 8)))
    assert room.turns[0].bpm == pytest.approx(100, rel=0.02)
    assert (room.engine.view.leader, room.engine.view.peers) == (Sync.PLAYER, None)
    room.close()


def test_what_does_not_sound_yet_moves_with_the_sessions_tempo() -> None:
    room, session = Room(sync=Sync.LINK), VirtualSession(120.0)
    room.link(session.read(0.0))
    room.play(8.6, None, *messages(scale(2.0, 0.25, 16)))
    assert room.engine.state is State.ANSWERING
    before = len(strikes(room.sent))
    room.link(session.change(8.6, 150.0))
    room.play(20.0)
    after = [session.beat_at(at) for at, _ in strikes(room.sent)][before:]
    assert len(after) > 3
    assert after == pytest.approx([round(beat * 2) / 2 for beat in after])
    assert room.moved >= len(after)
    assert hanging(room.sent) == set()
    room.close()


def test_where_another_session_is_joined_bars_move_and_the_answer_plays_on() -> None:
    """Five and a quarter beats elsewhere: a quarter is met by what doesn't sound yet, five move the bars."""
    room, session = Room(sync=Sync.LINK), VirtualSession(120.0)
    room.link(session.read(0.0))
    room.play(8.6, None, *messages(scale(2.0, 0.25, 16)))
    other = VirtualSession(120.0, at=8.6, beat=session.beat_at(8.6) + 5.25)
    before = len(strikes(room.sent))
    room.link(other.read(8.6))
    room.play(16.0)
    onsets = [at for at, _ in strikes(room.sent)]
    assert onsets[before] - onsets[before - 1] < 1.0
    assert [turn.reason for turn in room.turns] == ["finished"]
    room.play(30.0, None, *messages(scale(17.0, 0.25, 8)))
    assert off_the_bar(other.beat_at(strikes(room.sent)[len(onsets)][0])) < 1e-6
    room.close()


def test_stop_silences_at_once_and_nothing_is_answered_until_the_start() -> None:
    room, session = Room(sync=Sync.LINK), VirtualSession(120.0, playing=True)
    room.link(session.read(0.0))
    room.play(8.6, None, *messages(scale(2.0, 0.25, 16)))
    assert room.engine.state is State.ANSWERING
    session.playing = False
    room.link(session.read(8.6))
    assert not room.schedule.sounding
    assert room.schedule.next_deadline() is None
    assert [turn.reason for turn in room.turns] == ["stopped"]
    assert room.paces[-1].running is False
    room.play(14.0, None, *messages(scale(9.0, 0.25, 8)))
    assert len(room.turns) == 1
    session.playing = True
    room.link(session.read(15.0))
    room.play(22.0, None, *messages(scale(16.0, 0.25, 8)))
    assert len(room.turns) == 2
    room.close()


def test_a_session_that_nobody_started_is_no_stopped_one() -> None:
    room, session = Room(sync=Sync.LINK), VirtualSession(120.0, playing=None)
    room.link(session.read(0.0))
    room.play(12.0, None, *messages(scale(2.0, 0.25, 8)))
    assert len(strikes(room.sent)) > 0
    room.close()


def test_when_the_last_of_the_others_goes_the_beat_goes_on() -> None:
    room, session = Room(sync=Sync.LINK), VirtualSession(132.0, beat=0.5)
    room.link(session.read(0.0))
    session.peers = 0
    room.link(session.read(1.0))
    room.play(14.0, None, *messages(scale(2.0, 0.25, 8)))
    assert off_the_bar(session.beat_at(strikes(room.sent)[0][0])) < 1e-6
    assert room.engine.view.leader is Sync.LINK
    room.close()


def test_those_who_stop_and_go_leave_nobody_silent() -> None:
    source, session = LinkBeat(EngineSettings(sync=Sync.LINK)), VirtualSession(120.0, playing=True)
    source.hear_link(session.read(0.0))
    session.playing = False
    assert source.hear_link(session.read(1.0))
    assert source.stopped()
    session.peers = 0
    assert not source.hear_link(session.read(2.0))
    assert not source.stopped()


def test_alone_we_may_stop_ourselves() -> None:
    source, session = LinkBeat(EngineSettings(sync=Sync.LINK)), VirtualSession(120.0, playing=True, peers=0)
    source.hear_link(session.read(0.0))
    session.playing = False
    assert source.hear_link(session.read(1.0))
    assert not source.hear_link(session.read(1.1))
    assert source.stopped()


@pytest.mark.parametrize("was", [True, False])
def test_a_reader_that_is_started_afresh_knows_of_no_start_and_changes_nothing(was: bool) -> None:
    source, session = LinkBeat(EngineSettings(sync=Sync.LINK)), VirtualSession(120.0, playing=True)
    source.hear_link(session.read(0.0))
    session.playing = was
    source.hear_link(session.read(1.0))
    session.playing = None
    assert not source.hear_link(session.read(2.0))
    assert source.stopped() is not was
