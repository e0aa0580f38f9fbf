"""What strangers may try, each refused, and the page as good as before."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack, closing
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from improvd.page import limits
from tests.daemon.running import PATIENCE, wait_until
from tests.page.serving import serving

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.page.daemon import Daemon
    from tests.page.serving import Serving


def get(page: Serving, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", page.port, timeout=PATIENCE)
    with closing(connection):
        connection.request(method, path, headers=dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()


def visit(page: Serving, origin: str = "", **headers: str) -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{page.port}/ws",
        origin=origin or f"http://127.0.0.1:{page.port}",  # type: ignore[arg-type]  # a text with a name of its own
        additional_headers=headers,
        open_timeout=PATIENCE,
    )


def ask(visitor: ClientConnection, **request: Any) -> dict[str, Any]:  # noqa: ANN401  whatever JSON can hold
    visitor.send(json.dumps({"id": 7, **request}))
    while True:
        said: dict[str, Any] = json.loads(visitor.recv(PATIENCE))
        if said.get("id") == 7:
            return said


def serves(page: Serving) -> None:
    """It is as good as before."""
    assert get(page, "/")[0] == HTTPStatus.OK
    with visit(page) as visitor:
        assert ask(visitor, do="clock")["ok"]


def listen(visitor: ClientConnection) -> NoReturn:
    """To whatever comes, to the end."""
    while True:
        visitor.recv(PATIENCE)


def hung_up(visitor: ClientConnection) -> str:
    """Why the page hung up on it."""
    with pytest.raises(ConnectionClosedError) as closed:
        listen(visitor)
    assert closed.value.rcvd
    return f"{closed.value.rcvd.code} {closed.value.rcvd.reason}"


def test_a_foreign_origin_gets_no_socket(page: Serving) -> None:
    for origin in ("http://evil.example", "null"):
        with pytest.raises(InvalidStatus) as refused:
            visit(page, origin)
        assert refused.value.response.status_code == HTTPStatus.FORBIDDEN
    serves(page)


def test_a_foreign_host_gets_nothing(page: Serving) -> None:
    assert get(page, "/", {"Host": f"evil.example:{page.port}"})[0] == HTTPStatus.MISDIRECTED_REQUEST
    with pytest.raises(InvalidStatus) as refused:
        visit(page, Host=f"evil.example:{page.port}")  # beside the right one, which the client sends itself
    assert refused.value.response.status_code == HTTPStatus.BAD_REQUEST
    serves(page)


def test_without_the_token_nothing_and_with_it_everything(daemon: Daemon) -> None:
    with serving(daemon.path, token="sesame") as page:  # noqa: S106  a test's
        for path in ("/", "/main.js", "/metrics", "/models", "/sessions", "/?token=guess"):
            assert get(page, path)[0] == HTTPStatus.UNAUTHORIZED, path
        with pytest.raises(InvalidStatus) as refused:
            visit(page)
        assert refused.value.response.status_code == HTTPStatus.UNAUTHORIZED
        connection = HTTPConnection("127.0.0.1", page.port, timeout=PATIENCE)
        with closing(connection):
            connection.request("GET", "/?token=sesame")
            response = connection.getresponse()
            response.read()
            # The token leaves the address bar at once, and no script can read the cookie.
            assert (response.status, response.headers["Location"]) == (HTTPStatus.SEE_OTHER, "/")
            cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        known = {"Cookie": cookie.partition(";")[0]}
        assert get(page, "/", known)[0] == HTTPStatus.OK
        with visit(page, **known) as visitor:
            assert ask(visitor, do="clock")["ok"]


def test_nothing_from_outside_may_be_loaded(page: Serving) -> None:
    connection = HTTPConnection("127.0.0.1", page.port, timeout=PATIENCE)
    with closing(connection):
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read()
    headers = response.headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert {whence for what, whence in policy.items() if what.endswith("-src")} <= {"'none'", "'self'"}
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path", ["/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/static.py", "/..%5cstatic.py", "/sessions/../x.mid"]
)
def test_no_path_leads_out(page: Serving, path: str) -> None:
    assert get(page, path)[0] == HTTPStatus.NOT_FOUND
    serves(page)


@pytest.mark.parametrize(
    "bytes_",
    [
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\nabc",
        b"GET / HTTP/0.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        bytes(5000),
        b"\r\n" * 1000,
    ],
    ids=["a body", "an old version", "many headers", "a long line", "TLS", "zeros", "empty lines"],
)
def test_what_is_no_request_gets_no_answer_or_a_refusal(page: Serving, bytes_: bytes) -> None:
    with socket.create_connection(("127.0.0.1", page.port), PATIENCE) as stranger:
        try:
            stranger.sendall(bytes_)
            got = stranger.recv(4096)
        except ConnectionError:
            got = b""
    assert not got or int(got.split()[1]) >= HTTPStatus.BAD_REQUEST
    serves(page)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"id": -1, "do": "clock"}',
        '{"id": true, "do": "clock"}',
        '{"id": 1e400, "do": "clock"}',
        "[" * 10_000,
        '{"id": "\ud800", "do": 1}',
    ],
    ids=range(9),
)
def test_who_talks_nonsense_is_hung_up(page: Serving, message: str) -> None:
    with visit(page) as visitor:
        visitor.send(message.encode(errors="replace").decode())
        assert hung_up(visitor).startswith("1008 ")
    serves(page)


@pytest.mark.parametrize(
    "request_",
    [
        {"do": "stop"},
        {"do": "reload"},
        {"do": "watch", "what": []},
        {"do": "clock", "more": 1},
        {"do": "play", "events": [[None, [0xF0, 1, 0xF7]]]},
        {"do": "play", "events": [[None, [0x90, 200, 1]]]},
        {"do": "play", "events": "all"},
        {"do": "set", "name": "bpm", "value": [1]},
        {"do": "set", "name": "no such thing", "value": 1},
        # Nobody on a page may have files opened elsewhere, or learn whether they are there.
        {"do": "set", "name": "model", "value": "/etc/passwd"},
        {"do": "set", "name": "model", "value": "../../secret"},
        {"do": "set", "name": "model", "value": "~root"},
        {"do": "set", "name": "model", "value": ".."},
        {"do": "set", "name": "model", "value": 1},
    ],
    ids=str,
)
def test_what_a_page_may_not_ask_is_refused_in_a_line(page: Serving, daemon: Daemon, request_: dict[str, Any]) -> None:
    with visit(page) as visitor:
        said = ask(visitor, **request_)
        assert not said["ok"]
        assert "\n" not in said["error"]
        assert ask(visitor, do="clock")["ok"]
    assert "stop" not in daemon.asked
    assert "set" not in daemon.asked or request_["name"] == "no such thing"
    assert daemon.heard == []


def test_frames_too_large_or_of_another_kind_end_the_visit(page: Serving) -> None:
    with visit(page) as visitor:
        visitor.send("x" * (limits.LARGEST_MESSAGE + 1))
        assert hung_up(visitor).startswith("1009 ")
    with visit(page) as visitor:
        visitor.send(b"bytes")
        assert hung_up(visitor).startswith("1003 ")
    serves(page)


def test_too_many_messages_end_the_visit(page: Serving, daemon: Daemon) -> None:
    with visit(page) as visitor:
        began = time.monotonic()
        for number in range(int(2 * limits.BURST)):
            try:
                visitor.send(json.dumps({"id": number, "do": "play", "events": [[None, [0x90, 60, 1]]] * 8}))
            except ConnectionClosedError:
                break
        assert hung_up(visitor).startswith("1008 ")
        assert len(daemon.heard) <= limits.BURST + limits.PER_SECOND * (time.monotonic() - began)
    serves(page)


def test_who_does_not_read_is_hung_up_and_nobody_else_notices(page: Serving, daemon: Daemon) -> None:
    with visit(page) as deaf, visit(page) as other:
        line = b'{"event": "log", "line": "' + b"x" * 60_000 + b'"}\n'
        # Far more than the system, the client's own buffers and the page hold together.
        for _ in range(400):
            daemon.send(line)
            while "log" not in other.recv(PATIENCE):
                pass
        assert ask(other, do="clock")["ok"]
        with pytest.raises(ConnectionClosed):
            listen(deaf)
    serves(page)


def test_a_page_too_many_is_told_so(page: Serving) -> None:
    with ExitStack() as open_pages:
        for _ in range(limits.MAX_VISITORS):
            open_pages.enter_context(visit(page))
        with visit(page) as one_too_many:
            assert hung_up(one_too_many).startswith("1013 ")
    serves(page)


def test_hundreds_of_sockets_are_hung_up_and_the_page_that_is_open_plays_on(page: Serving) -> None:
    with visit(page) as visitor, ExitStack() as strangers:
        for _ in range(5 * limits.MAX_CONNECTIONS):
            strangers.enter_context(socket.create_connection(("127.0.0.1", page.port), PATIENCE))
            assert visitor
        assert ask(visitor, do="clock")["ok"]
    serves(page)


def test_what_a_page_held_is_lifted_when_it_goes(page: Serving, daemon: Daemon) -> None:
    with visit(page) as visitor:
        assert ask(visitor, do="play", events=[[None, [0x90, 60, 80]], [None, [0xB0, 64, 127]]])["ok"]
    wait_until(lambda: len(daemon.heard) == 4, "lifted key and pedal")
    assert [data for _, data in daemon.heard[2:]] == [[0x80, 60, 64], [0xB0, 64, 0]]
