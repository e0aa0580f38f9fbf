from __future__ import annotations

import select
import socket
import threading

from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Beats, Continuation, Generate, Seconds
from improvd.daemon.messages import Close, LoadModel, ModelReady
from improvd.daemon.wire import Peer
from improvd.daemon.worker import serve, still_wanted
from tests.daemon.running import PATIENCE


def request(turn: int, segment: int) -> Generate:
    beat = Beats(0.0)
    return Generate(turn, segment, (), 0, beat, Beats(1.0), Beats(1.0), 1, Beats(1.0), Seconds(0.0), 0)


class Echo:
    def answer(self, asked: Generate) -> Continuation:
        return Continuation(asked.turn, asked.segment, ())


def load(model: str, _style: str) -> tuple[Echo, ModelReady]:
    return Echo(), ModelReady(model, "sha", Seconds(0.0001))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5))))
def test_only_the_newest_turn_is_wanted_in_its_order(asked: list[tuple[int, int]]) -> None:
    requests = [request(*one) for one in asked]
    wanted = still_wanted(requests)
    assert wanted == [one for one in requests if one.turn == max(turn for turn, _ in asked)]


def test_what_waits_is_answered_unless_a_newer_turn_makes_it_moot() -> None:
    ours, theirs = socket.socketpair()
    engine = Peer(ours)
    engine.send(LoadModel("any"), request(1, 0), request(1, 1), request(2, 0), request(2, 1))
    worker = threading.Thread(target=serve, args=(Peer(theirs), load))
    worker.start()
    said: list[object] = []
    while len(said) < 3:
        assert select.select([engine], [], [], PATIENCE)[0], said
        said += engine.receive()
    engine.send(Close())
    worker.join(PATIENCE)
    assert said == [ModelReady("any", "sha", Seconds(0.0001)), Continuation(2, 0, ()), Continuation(2, 1, ())]
    ours.close()
    theirs.close()


def test_asked_to_close_it_ends() -> None:
    ours, theirs = socket.socketpair()
    engine = Peer(ours)
    engine.send(LoadModel("any"), Close())
    serve(Peer(theirs), load)
    ours.close()
    theirs.close()
