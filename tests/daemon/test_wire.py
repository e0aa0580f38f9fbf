from __future__ import annotations

import select
import socket
from typing import TYPE_CHECKING

import pytest

from improvd.daemon.codec import encode
from improvd.daemon.messages import Close, Failed, Ping
from improvd.daemon.wire import LARGEST_BACKLOG, LONGEST_LINE, Peer
from tests.daemon.running import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ends() -> Iterator[tuple[Peer, socket.socket]]:
    """Our end, and the bare socket at the other."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(PATIENCE)
    with ours, theirs:
        yield Peer(ours), theirs


def test_what_comes_in_pieces_is_put_together(ends: tuple[Peer, socket.socket]) -> None:
    peer, other = ends
    line = encode(Ping(1))
    other.sendall(line[:5])
    assert peer.receive() == []
    other.sendall(line[5:] + encode(Ping(2)) + b"[")
    assert peer.receive() == [Ping(1), Ping(2)]
    assert peer.lost is None


def test_a_reader_that_sleeps_holds_nobody_up_and_misses_nothing(ends: tuple[Peer, socket.socket]) -> None:
    peer, other = ends
    reader = Peer(other)
    for number in range(50_000):
        peer.send(Ping(number))
    assert peer.has_backlog
    heard: list[object] = []
    while len(heard) < 50_000:
        peer.flush()
        assert select.select([reader], [], [], PATIENCE)[0]
        heard += reader.receive()
    assert heard == [Ping(number) for number in range(50_000)]


def test_a_reader_that_never_wakes_is_given_up(ends: tuple[Peer, socket.socket]) -> None:
    peer, _ = ends
    long = Failed("x" * 10_000, theirs=False)
    for _ in range(LARGEST_BACKLOG // len(encode(long)) + 100):
        peer.send(long)
        if peer.lost:
            return
    pytest.fail("it was still waited for")


@pytest.mark.parametrize("rubbish", [b"rubbish\n", b"\xff\xfe\n", b"x" * (LONGEST_LINE + 1)])
def test_what_came_before_rubbish_still_counts(ends: tuple[Peer, socket.socket], rubbish: bytes) -> None:
    peer, other = ends
    writer = Peer(other)
    writer.send(Ping(1))
    other.setblocking(True)
    heard = []
    for start in range(0, len(rubbish), 1 << 14):
        other.sendall(rubbish[start : start + (1 << 14)])
        heard += peer.receive()
    assert heard == [Ping(1)]
    assert peer.lost
    assert peer.receive() == []


def test_last_words_are_heard_even_by_one_that_was_talking(ends: tuple[Peer, socket.socket]) -> None:
    peer, other = ends
    other.sendall(encode(Close()))
    other.close()
    peer.send(Ping(1))
    assert peer.receive() == [Close()]
    assert peer.lost
