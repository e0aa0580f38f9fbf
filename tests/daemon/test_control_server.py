"""The sockets of clients: fair, bounded, never waited for."""

from __future__ import annotations

import json
import os
import select
import socket
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.control.requests import LONGEST_LINE, Request, RequestError
from improvd.core.events import Seconds
from improvd.daemon.control_server import FULL, LARGEST_BACKLOG, LATER, MOST_CLIENTS, Client, Server
from tests.daemon.running import without_room

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Desk:
    """Echoes what is asked, and keeps what is to be answered later."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "s.sock"
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(self.path))
        self.listening.listen(MOST_CLIENTS + 8)
        self.listening.setblocking(False)
        self.server = Server(self.listening, self.meet, self.left)
        self.now = Seconds(100.0)
        self.met: list[str] = []
        self.later: list[tuple[Client, int]] = []
        self.gone = 0
        self.callers: list[Caller] = []

    def meet(self, client: Client, request: Request) -> object:
        self.met.append(request.do)
        if request.do == "watch":
            client.watches = request.more["what"]
        if request.do == "stop":
            raise RequestError("no", request.id)
        if request.do == "reload":
            self.later.append((client, request.id))
            return LATER
        return {"did": request.do}

    def left(self, _client: Client) -> None:
        self.gone += 1

    def call(self) -> Caller:
        self.callers.append(Caller(self.path))
        self.turn()
        return self.callers[-1]

    def turn(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            found, free, _ = select.select(list(self.server.reading()), list(self.server.writing()), [], 0)
            self.server.serve(set(found), set(free), self.now)

    def close(self) -> None:
        self.server.close()
        self.listening.close()
        for caller in self.callers:
            caller.socket.close()


class Caller:
    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10.0)
        self.socket.connect(str(path))

    def say(self, *requests: dict[str, Any]) -> None:
        self.socket.sendall(b"".join(json.dumps(request).encode() + b"\n" for request in requests))

    def hear(self) -> list[dict[str, Any]]:
        """All that is there by now."""
        self.socket.setblocking(False)
        data = b""
        try:
            while chunk := self.socket.recv(1 << 16):
                data += chunk
        except BlockingIOError:
            pass
        finally:
            self.socket.settimeout(10.0)
        return [json.loads(line) for line in data.splitlines()]

    @property
    def is_cut_off(self) -> bool:
        self.socket.setblocking(False)
        try:
            while self.socket.recv(1 << 16):
                pass
        except BlockingIOError:
            return False
        except ConnectionError:
            pass
        return True


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def test_a_request_is_answered_by_its_id(desk: Desk) -> None:
    caller = desk.call()
    caller.say({"id": 7, "do": "status"}, {"id": 8, "do": "stop"}, {"id": 9, "do": "fly"})
    desk.turn(4)
    first, second, third = caller.hear()
    assert first == {"id": 7, "ok": True, "value": {"did": "status"}}
    assert second == {"id": 8, "ok": False, "error": "no"}
    assert (third["id"], third["ok"]) == (9, False)


def test_one_request_is_met_a_round_and_each_client_has_its_turn(desk: Desk) -> None:
    greedy, modest = desk.call(), desk.call()
    greedy.say(*({"id": n, "do": "status"} for n in range(50)))
    modest.say({"id": 0, "do": "clock"})
    desk.turn(3)
    assert len(desk.met) == 3
    assert "clock" in desk.met
    assert desk.server.busy
    desk.turn(60)
    assert len(greedy.hear()) == 50
    assert not desk.server.busy


def test_a_line_in_pieces_is_put_together(desk: Desk) -> None:
    caller = desk.call()
    for piece in (b'{"id": 1,', b' "do": "sta', b'tus"}', b"\n"):
        caller.socket.sendall(piece)
        desk.turn()
    assert [answer["ok"] for answer in caller.hear()] == [True]


def test_who_hangs_up_is_still_answered(desk: Desk) -> None:
    caller = desk.call()
    caller.say({"id": 1, "do": "status"}, {"id": 2, "do": "clock"})
    caller.socket.shutdown(socket.SHUT_WR)
    desk.turn(5)
    assert [answer["id"] for answer in caller.hear()] == [1, 2]
    assert desk.server.count == 0
    assert desk.gone == 1


def test_an_answer_may_come_later(desk: Desk) -> None:
    caller = desk.call()
    caller.say({"id": 5, "do": "reload"})
    desk.turn(2)
    assert caller.hear() == []
    ((client, id_),) = desk.later
    desk.server.answer(client, id_, "done")
    assert caller.hear() == [{"id": 5, "ok": True, "value": "done"}]


def test_a_line_without_end_is_cut_off(desk: Desk) -> None:
    caller = desk.call()
    caller.socket.setblocking(False)
    sent = 0
    while desk.server.count and sent < 4 * LONGEST_LINE:
        try:
            sent += caller.socket.send(b"x" * 4096)
        except BlockingIOError:
            pass
        except ConnectionError:
            break
        desk.turn()
    assert desk.server.count == 0
    assert sent < 2 * LONGEST_LINE + (1 << 18)  # what the kernel holds is not ours


def test_only_those_who_watch_are_told(desk: Desk) -> None:
    watcher, other = desk.call(), desk.call()
    watcher.say({"id": 1, "do": "watch", "what": ["turn"]})
    desk.turn(2)
    watcher.hear()
    desk.server.tell("turn", lambda: b'{"event":"turn"}\n')
    desk.server.tell("heard", pytest.fail)  # nobody watches, so no line is made
    assert watcher.hear() == [{"event": "turn"}]
    assert other.hear() == []


def test_who_does_not_read_is_cut_off_and_costs_bounded_memory(desk: Desk) -> None:
    slow, quick = desk.call(), desk.call()
    for caller in (slow, quick):
        caller.say({"id": 1, "do": "watch", "what": ["log"]})
    desk.turn(3)
    line = b'{"event":"log","line":"' + b"x" * 1000 + b'"}\n'
    told = 0
    while desk.server.count == 2 and told < 4 * LARGEST_BACKLOG:
        desk.server.tell("log", lambda: line)
        told += len(line)
        desk.turn()
        quick.hear()
    assert desk.server.count == 1
    assert LARGEST_BACKLOG <= told < 3 * LARGEST_BACKLOG
    assert slow.is_cut_off
    assert not quick.is_cut_off


def test_what_a_slow_reader_missed_comes_when_it_reads(desk: Desk) -> None:
    caller = desk.call()
    caller.say({"id": 1, "do": "watch", "what": ["log"]})
    desk.turn(2)
    caller.hear()
    lines = [b'{"event":"log","line":"%d%s"}\n' % (number, b"x" * 1000) for number in range(700)]
    for line in lines:
        desk.server.tell("log", lambda line=line: line)
    heard: list[dict[str, Any]] = []
    data = b""
    while data.count(b"\n") < len(lines):
        desk.turn()
        data += caller.socket.recv(1 << 16)
    heard = [json.loads(line) for line in data.splitlines()]
    assert heard == [json.loads(line) for line in lines]


def test_no_more_than_so_many_are_let_in(desk: Desk) -> None:
    callers = [desk.call() for _ in range(MOST_CLIENTS)]
    one_more = desk.call()
    assert "32 clients are connected already" in one_more.hear()[0]["error"]
    assert one_more.is_cut_off
    callers[0].socket.close()
    desk.turn(2)
    late = desk.call()
    late.say({"id": 1, "do": "status"})
    desk.turn(2)
    assert late.hear()[0]["ok"]


@given(pieces=st.lists(st.binary(max_size=200) | st.just(b"\n") | st.just(b'{"id":1,"do":"status"}\n'), max_size=20))
def test_whatever_comes_is_answered_line_by_line(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    desk = Desk(tmp_path_factory.mktemp("fuzz", numbered=True))
    try:
        caller = desk.call()
        for piece in pieces:
            caller.socket.sendall(piece)
            desk.turn()
        lines = b"".join(pieces).count(b"\n")
        desk.turn(lines + 2)
        assert len(caller.hear()) == lines
        assert desk.server.count == 1
    finally:
        desk.close()


def test_without_files_for_more_nobody_is_let_in_for_a_moment_and_those_who_are_stay(desk: Desk) -> None:
    """Not even asked: a socket that could be accepted at once, and can't, would be looked at again and again."""
    first = desk.call()
    second = Caller(desk.path)
    desk.callers.append(second)
    with without_room(os.getpid()):
        desk.turn()
        assert desk.listening not in list(desk.server.reading())
        assert desk.server.deadline == desk.now + FULL
        first.say({"id": 1, "do": "clock"})
        desk.turn(2)
        assert first.hear() == [{"id": 1, "ok": True, "value": {"did": "clock"}}]
    desk.now = Seconds(desk.now + FULL)
    second.say({"id": 2, "do": "clock"})
    desk.turn(3)
    assert desk.server.deadline is None
    assert second.hear() == [{"id": 2, "ok": True, "value": {"did": "clock"}}]
