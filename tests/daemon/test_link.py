"""What of an Ableton Link session is told, and what is asked of it; the session itself is played."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.config.options import RunOptions
from improvd.config.settings import engine_settings
from improvd.core.events import Beats, LinkState, Seconds
from improvd.core.settings import Sync
from improvd.core.timeline import Timeline
from improvd.core.turns import State
from improvd.core.view import View
from improvd.daemon import linked
from improvd.daemon.happenings import Renewed
from improvd.daemon.link import EXACT, POLL, SEEKING, TRIES, Reader, go_on
from improvd.daemon.linked import Linked
from improvd.daemon.messages import Message, OpenLink, SteerLink
from improvd.errors import UserError
from tests.core.room import Room
from tests.core.test_duet_by_clock import messages
from tests.partners import scale, strikes


@dataclass
class PlayedSession:
    """As `aalink.Link` tells it, by a clock that goes only when it is looked at."""

    tempo: float = 120.0
    quantum: float = 4.0
    playing: bool = False
    start_stop_sync_enabled: bool = True
    enabled: bool = True
    num_peers: int = 1
    at: float = 0.0
    origin: float = 0.0
    waits: list[float] = field(default_factory=list)
    waits_before: list[float] = field(default_factory=list)

    @property
    def beat(self) -> float:
        self.at += self.waits_before.pop(0) if self.waits_before else 0.0
        found = (self.at - self.origin) * self.tempo / 60
        self.at += self.waits.pop(0) if self.waits else 0.00001
        return found

    def request_beat(self, beat: float) -> None:
        self.origin = self.at - beat * 60 / self.tempo

    def now(self) -> Seconds:
        return Seconds(self.at)


def test_what_follows_from_what_was_told_is_not_told_again() -> None:
    session = PlayedSession()
    reader = Reader(session, session.now)
    first = reader.news()
    assert first is not None
    assert (first.bpm, first.playing, first.peers) == (120.0, None, 1)
    assert first.beat == pytest.approx(first.at * 2, abs=1e-4)
    session.at = 30.0
    assert reader.news() is None
    session.origin += 0.0003  # the clocks have drifted apart
    drifted = reader.news()
    assert drifted is not None
    assert drifted.beat == pytest.approx((drifted.at - 0.0003) * 2, abs=1e-4)
    assert reader.news() is None


@pytest.mark.parametrize("change", [{"tempo": 121.0}, {"num_peers": 2}, {"playing": True}])
def test_each_change_is_told(change: dict[str, float]) -> None:
    session = PlayedSession()
    reader = Reader(session, session.now)
    reader.news()
    for name, value in change.items():
        setattr(session, name, value)
    assert reader.news() is not None
    assert reader.news() is None


def test_a_stop_is_one_only_after_a_start() -> None:
    session = PlayedSession()
    reader = Reader(session, session.now)
    told = []
    for playing in (False, True, False):
        session.playing = playing
        news = reader.news()
        assert news is not None
        told.append(news.playing)
    assert told == [None, True, False]


def test_a_reading_that_was_interrupted_is_taken_again() -> None:
    session = PlayedSession(at=50.0, waits=[0.2] * (TRIES - 1))
    news = Reader(session, session.now).news()
    assert news is not None
    assert abs(news.beat / 2 - news.at) < EXACT
    session = PlayedSession(at=50.0, waits=[0.2] * 99)
    assert Reader(session, session.now).news() is not None  # as exact as can be had


STALLS = st.lists(st.floats(0.0, 0.05), min_size=TRIES, max_size=TRIES)


@given(st.lists(st.tuples(STALLS, STALLS), max_size=8), st.floats(20, 400))
def test_whenever_the_processor_is_taken_from_a_reading_that_is_no_news(
    stalls: list[tuple[list[float], list[float]]], bpm: float
) -> None:
    session = PlayedSession(tempo=bpm)
    reader = Reader(session, session.now)
    first = reader.news()
    assert first is not None
    for before, after in stalls:
        session.waits_before, session.waits = list(before), list(after)
        session.at += POLL
        assert reader.news() is None
    session.origin += 0.004  # and what is news is told by the next reading that is sure
    session.waits_before, session.waits = [], []
    news = reader.news()
    assert news is not None
    assert news.beat == pytest.approx((news.at - session.origin) * bpm / 60, abs=EXACT * bpm / 60)


def test_on_a_machine_that_takes_the_processor_away_all_the_time_every_note_keeps_to_its_beat() -> None:
    """At 174 beats a minute; three readings in four are held up by as much as 20 ms, and now and then all of a poll."""
    room, session = Room(sync=Sync.LINK), PlayedSession(tempo=174.0, origin=0.123)
    chance = Random(5)  # noqa: S311  stalls, not secrets
    reader = Reader(session, session.now)
    phrase = messages(scale(2.0, 0.21, 8))
    while session.at < 20.0:
        session.waits_before, session.waits = (
            [chance.uniform(0.0, 0.02) if chance.random() < 0.75 else 0.0 for _ in range(TRIES)] for _ in range(2)
        )
        news = reader.news()
        room.play(session.at, None, *(one for one in phrase if room.now <= one[0] < session.at))
        if news is not None:
            room.link(replace(news, at=room.now, beat=Beats(news.beat + (room.now - news.at) * news.bpm / 60)))
        session.at += POLL
    beats = [(at - session.origin) * 174 / 60 for at, _ in strikes(room.sent)]
    assert len(beats) > 6
    assert [turn.reason for turn in room.turns] == ["finished"]
    assert max(abs(beat * 2 - round(beat * 2)) / 2 * 60 / 174 for beat in beats) < 0.001
    room.close()


def test_the_session_is_steered() -> None:
    session = PlayedSession()
    reader = Reader(session, session.now)
    reader.steer(SteerLink(bpm=90.0))
    reader.steer(SteerLink(bar=Beats(3.0)))
    reader.steer(SteerLink(transport=True))
    assert (session.tempo, session.quantum, session.playing) == (90.0, 3.0, True)
    reader.steer(SteerLink(transport=True))
    assert not session.playing


class PlayedKeeper:
    """Has a process that is there at once, and gone at once."""

    def __init__(self) -> None:
        self.is_wanted = False
        self.told: list[Message] = []

    def start_when_free(self, _at: Seconds) -> None:
        self.is_wanted = True

    def let_go(self, _at: Seconds) -> None:
        self.is_wanted = False

    def serves(self, _at: Seconds) -> None:
        assert self.is_wanted

    def send(self, message: Message) -> None:
        self.told.append(message)


def linking(options: RunOptions) -> tuple[Linked, PlayedKeeper]:
    """The engine's side of a session, and the process that is in it."""
    ours, keeper = Linked(options, ()), PlayedKeeper()
    ours.keeper = keeper
    ours.begin(Seconds(0.0))
    return ours, keeper


def renewed(options: RunOptions) -> Renewed:
    return Renewed(options, engine_settings(options))


def view(leader: Sync, bpm: float, origin: float = 0.0, downbeat: float | None = None) -> View:
    """What the engine knows of the beat; the rest of it is nothing to Link."""
    beat = Timeline(Seconds(origin), Seconds(60.0 / bpm))
    known = None if downbeat is None else Beats(downbeat)
    return View(
        *(State.LISTENING, False, bpm, 1.0, beat, Beats(4.0), known),
        leader=leader,
        peers=None,
        stopped=False,
        key=None,
    )


def test_wishes_for_tempo_and_metre_reach_the_session_and_no_others() -> None:
    options = RunOptions(sync="link", bpm=96.0, meter="3/4", seed=1)
    ours, keeper = linking(options)
    assert ours.order() == OpenLink(96.0, Beats(3.0))
    told = keeper.told
    ours.see(Seconds(1.0), renewed(options := replace(options, temperature=0.5)))
    assert told == []
    ours.see(Seconds(1.0), renewed(options := replace(options, bpm=101.0)))
    ours.see(Seconds(1.0), renewed(options := replace(options, meter="4/4")))
    ours.set_tempo()  # the others may have changed it
    ours.see(Seconds(1.0), renewed(replace(options, bpm=None)))
    ours.set_tempo()
    ours.transport()
    assert told == [SteerLink(bpm=101.0), SteerLink(bar=Beats(4.0)), SteerLink(bpm=101.0), SteerLink(transport=True)]


def test_a_fresh_process_goes_on_with_the_session_that_there_was() -> None:
    ours, _ = linking(RunOptions(sync="link", bpm=90.0, seed=1))
    assert ours.order() == OpenLink(90.0, Beats(4.0))
    was = LinkState(Seconds(1.0), Beats(7.5), 131.0, playing=None, peers=1)
    ours.see(Seconds(1.0), was)
    assert ours.order() == OpenLink(131.0, Beats(4.0), was)


def test_the_session_is_joined_and_left_as_is_wished() -> None:
    options = RunOptions(seed=1)
    ours, keeper = linking(options)
    assert not keeper.is_wanted
    with pytest.raises(UserError, match="--sync link"):
        ours.transport()
    ours.see(Seconds(1.0), renewed(options := replace(options, sync="link")))
    assert keeper.is_wanted
    ours.serves(Seconds(1.1))
    ours.see(Seconds(1.2), view(Sync.LINK, 120.0))
    ours.see(Seconds(2.0), renewed(options := replace(options, sync="clock", bpm=90.0)))
    assert keeper.is_wanted  # an answer may go by it to its end
    ours.set_tempo()
    assert keeper.told == []  # and the others have nothing to do with what we wish now
    ours.see(Seconds(3.0), view(Sync.PLAYER, 120.0))
    assert not keeper.is_wanted
    ours.see(Seconds(4.0), renewed(replace(options, sync="link")))
    assert keeper.is_wanted
    assert (ours.has_served, ours.before) == (False, "clock")


def test_a_session_that_was_never_read_is_left_at_once() -> None:
    options = RunOptions(sync="link", seed=1)
    ours, keeper = linking(options)
    ours.see(Seconds(1.0), renewed(replace(options, sync="internal")))
    assert not keeper.is_wanted


def test_back_to_a_session_before_it_is_left_stays_in_it() -> None:
    options = RunOptions(sync="link", seed=1)
    ours, keeper = linking(options)
    ours.serves(Seconds(0.5))
    ours.see(Seconds(1.0), view(Sync.LINK, 120.0))
    ours.see(Seconds(2.0), renewed(replace(options, sync="player")))
    ours.see(Seconds(3.0), renewed(options))
    ours.see(Seconds(4.0), view(Sync.PLAYER, 120.0))
    assert keeper.is_wanted
    assert ours.has_served


def test_a_session_of_ours_goes_on_with_the_beat_that_there_was() -> None:
    ours, _ = linking(options := RunOptions(seed=1))
    ours.see(Seconds(5.0), view(Sync.INTERNAL, 96.0, origin=2.0, downbeat=3.0))
    ours.see(Seconds(6.0), renewed(replace(options, sync="link")))
    kept = LinkState(Seconds(2.0), Beats(-3.0), pytest.approx(96.0), playing=None, peers=0)
    assert ours.order() == OpenLink(pytest.approx(96.0), Beats(4.0), kept)
    ours.see(Seconds(7.0), renewed(replace(options, sync="link", bpm=110.0)))
    assert ours.order() == OpenLink(110.0, Beats(4.0), kept)


def test_the_beat_that_was_kept_falls_where_it_would_have() -> None:
    session = PlayedSession(tempo=90.0, at=50.0)
    go_on(session, LinkState(Seconds(41.0), Beats(3.25), 90.0, playing=None, peers=0), session.now)
    assert session.beat == pytest.approx(3.25 + 9.0 * 90 / 60)


def test_others_who_were_there_before_are_looked_for_before_anything_is_told() -> None:
    session = PlayedSession(num_peers=0)
    kept = LinkState(Seconds(0.0), Beats(0.0), 120.0, playing=True, peers=2)
    reader = Reader(session, session.now, kept)
    assert reader.news() is None
    session.num_peers = 1
    news = reader.news()
    assert news is not None
    assert (news.peers, news.playing) == (1, None)
    alone = Reader(lonely := PlayedSession(num_peers=0), lonely.now, kept)
    assert alone.news() is None
    lonely.at = SEEKING
    news = alone.news()
    assert news is not None
    assert news.peers == 0
    first = Reader(lonely, lonely.now, replace(kept, peers=0)).news()
    assert first is not None


def test_without_the_library_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linked, "is_there", lambda: False)
    linked.check(RunOptions(sync="player", seed=1))
    with pytest.raises(UserError, match=r"pip install 'improvd\[link\]'"):
        linked.check(RunOptions(sync="link", seed=1))
