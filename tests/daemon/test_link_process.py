"""The process that is in an Ableton Link session, in one: who takes whose tempo, and what a fresh one goes on with."""

from __future__ import annotations

import select
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from improvd.core.events import Beats, LinkState, Seconds
from improvd.daemon.child import Child, module
from improvd.daemon.clock import now
from improvd.daemon.messages import OpenLink, Serves
from tests.daemon.running import PATIENCE
from tests.jack.link import OLDER, LinkPeer, network_of_peers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.needs("aalink")

FOUR = Beats(4.0)
EXACT = 0.001
"""Seconds: more than any reading may be wrong by, and far less than a beat."""


class Reads:
    """The process in the session, and what it tells."""

    def __init__(self, bpm: float, kept: LinkState | None = None) -> None:
        self._child = Child(module("link"))
        self._child.peer.send(OpenLink(bpm, FOUR, kept))
        self.told: list[LinkState] = []
        self._serves = False
        self._wait(lambda: self._serves, "service")

    def wait(self, **hoped: object) -> LinkState:
        """Until it has told this last."""

        def told() -> bool:
            return bool(self.told) and all(getattr(self.told[-1], name) == value for name, value in hoped.items())

        self._wait(told, str(hoped))
        return self.told[-1]

    def _wait(self, hoped: Callable[[], bool], what: str) -> None:
        limit = now() + PATIENCE
        while not hoped():
            assert now() < limit, f"no {what}: {self.told[-3:]}"
            select.select([self._child.peer], [], [], 0.1)
            for message in self._child.peer.receive():
                if isinstance(message, LinkState):
                    self.told.append(message)
                self._serves = self._serves or isinstance(message, Serves)
            assert self._child.peer.lost is None

    def kill(self) -> LinkState:
        """End it in the middle of things; what it told last."""
        self._child.kill()
        self._child.process.wait()
        assert self._child.gone()
        return self.told[-1]

    def close(self) -> None:
        """Have it leave."""
        self._child.peer.close()
        self._child.process.wait(PATIENCE)
        assert self._child.gone()


@pytest.fixture(autouse=True, scope="module")
def _network() -> Iterator[None]:
    with network_of_peers():
        yield


def bpm(value: float) -> object:
    """Link counts in whole microseconds a beat."""
    return pytest.approx(value, rel=1e-4)


def apart(later: LinkState, earlier: LinkState) -> float:
    """Seconds from where the beat would lie if it had gone on, whole beats left out."""
    beats = later.beat - earlier.beat - (later.at - earlier.at) * earlier.bpm / 60
    return abs(beats - round(beats)) * 60 / earlier.bpm


def test_who_comes_takes_the_tempo_and_the_bars_that_there_are() -> None:
    with closing(LinkPeer(120.0)) as peer:
        peer.grow_older()
        with closing(Reads(80.0)) as reads:
            state = reads.wait(bpm=bpm(120.0), peers=1)
            ahead = state.beat - peer.beat_at(state.at)
            assert abs(ahead - 4 * round(ahead / 4)) < 0.02
        peer.wait(others=0)
        assert {seen.bpm for seen in peer.seen.all()} == {120.0}


def test_who_is_there_gives_the_tempo() -> None:
    with closing(Reads(87.0)) as reads:
        first = reads.wait(peers=0)
        with closing(LinkPeer(150.0, late=OLDER)) as late_comer:
            late_comer.wait(bpm=bpm(87.0), others=1)
            second = reads.wait(bpm=bpm(87.0), peers=1)
    assert apart(second, first) < EXACT
    assert all(state.bpm == bpm(87.0) for state in reads.told)


def test_alone_a_fresh_process_goes_on_with_the_beat_of_the_one_that_died() -> None:
    reads = Reads(96.0)
    reads.wait(peers=0)
    last = reads.kill()
    with closing(Reads(last.bpm, last)) as again:
        first = again.wait(peers=0)
        assert first.bpm == bpm(96.0)
        assert abs(first.beat - last.beat - (first.at - last.at) * 96 / 60) < EXACT  # and counted on, too
        assert len(again.told) == 1


def test_among_others_a_fresh_process_finds_them_before_it_tells_of_anything() -> None:
    with closing(LinkPeer(120.0)) as peer:
        peer.grow_older()
        reads = Reads(120.0)
        reads.wait(peers=1)
        last = reads.kill()
        with closing(Reads(last.bpm, last)) as again:
            again.wait(peers=1)
            assert [state.peers for state in again.told] == [1]
            assert apart(again.told[0], last) < 0.01


def test_a_beat_that_was_kept_gives_way_to_a_session_that_there_is() -> None:
    with closing(LinkPeer(120.0)) as peer:
        peer.grow_older()
        kept = LinkState(Seconds(now() - 1.0), Beats(0.77), 91.0, playing=None, peers=0)
        with closing(Reads(91.0, kept)) as reads:
            state = reads.wait(bpm=bpm(120.0), peers=1)
            beats = state.beat - peer.beat_at(state.at)
            assert abs(beats - round(beats)) < 0.02
