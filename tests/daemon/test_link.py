"""What of an Ableton Link session is told, and what is asked of it; the session itself is played."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from improvd.config.options import RunOptions
from improvd.config.settings import engine_settings
from improvd.core.events import Beats, LinkState, Seconds
from improvd.daemon import linked
from improvd.daemon.happenings import Renewed
from improvd.daemon.link import EXACT, TRIES, Reader
from improvd.daemon.linked import Linked
from improvd.daemon.messages import Message, OpenLink, SteerLink
from improvd.errors import UserError


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

    @property
    def beat(self) -> float:
        found = (self.at - self.origin) * self.tempo / 60
        self.at += self.waits.pop(0) if self.waits else 0.00001
        return found

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


def test_the_session_is_steered() -> None:
    session = PlayedSession()
    reader = Reader(session, session.now)
    reader.steer(SteerLink(bpm=90.0))
    reader.steer(SteerLink(bar=Beats(3.0)))
    reader.steer(SteerLink(transport=True))
    assert (session.tempo, session.quantum, session.playing) == (90.0, 3.0, True)
    reader.steer(SteerLink(transport=True))
    assert not session.playing


def linking(options: RunOptions, monkeypatch: pytest.MonkeyPatch) -> tuple[Linked, list[Message]]:
    """The engine's side of a session on a machine that can speak Link, and what it tells the other."""
    monkeypatch.setattr(linked, "is_there", lambda: True)
    ours, told = Linked(options), list[Message]()
    ours.steer_by(told.append)
    return ours, told


def renewed(options: RunOptions) -> Renewed:
    return Renewed(options, engine_settings(options))


def test_wishes_for_tempo_and_metre_reach_the_session_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    options = RunOptions(sync="link", bpm=96.0, meter="3/4", seed=1)
    ours, told = linking(options, monkeypatch)
    assert ours.order(Path()) == OpenLink(96.0, Beats(3.0))
    ours.see(Seconds(1.0), renewed(options := replace(options, temperature=0.5)))
    assert told == []
    ours.see(Seconds(1.0), renewed(options := replace(options, bpm=101.0)))
    ours.see(Seconds(1.0), renewed(options := replace(options, meter="4/4")))
    ours.set_tempo()  # the others may have changed it
    ours.see(Seconds(1.0), renewed(replace(options, bpm=None)))
    ours.set_tempo()
    ours.transport()
    assert told == [SteerLink(bpm=101.0), SteerLink(bar=Beats(4.0)), SteerLink(bpm=101.0), SteerLink(transport=True)]


def test_a_fresh_process_goes_on_in_the_tempo_that_there_was(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _ = linking(RunOptions(sync="link", seed=1), monkeypatch)
    assert ours.order(Path()) == OpenLink(100.0, Beats(4.0))
    ours.see(Seconds(1.0), LinkState(Seconds(1.0), Beats(0.0), 131.0, playing=None, peers=1))
    assert ours.order(Path()) == OpenLink(131.0, Beats(4.0))


def test_without_the_library_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linked, "is_there", lambda: False)
    with pytest.raises(UserError, match=r"pip install 'improvd\[link\]'"):
        Linked(RunOptions(sync="link", seed=1))
