"""What is answered to each request for an address: a file of the page's, a recording, the figures, or no."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.datastructures import Headers
from websockets.http11 import Response

from improvd.page.gate import READ
from improvd.page.static import load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request

    from improvd.page.gate import Gate

    Reply = tuple[str, bytes]
    """A type and a body."""
    Service = Callable[[str], Awaitable[Reply | None]]

SOCKET = "/ws"

_OURS = ("script", "worker", "style", "img", "connect", "manifest")
_NOBODYS = ("default-src", "base-uri", "form-action", "frame-ancestors")
_POLICY = "; ".join([f"{what} 'none'" for what in _NOBODYS] + [f"{what}-src 'self'" for what in _OURS])
_EVERYWHERE = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "midi=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


class Web:
    """Answers requests on the event loop.

    ``services`` are by the first word of the address's path; each is given the rest of the path, and its None means
    that there is no such thing.
    """

    def __init__(self, gate: Gate, services: dict[str, Service]) -> None:
        self._gate = gate
        self._services = services
        self._assets = load()

    async def answer(self, _connection: ServerConnection, request: Request) -> Response | None:
        """The response, or None where the connection becomes a WebSocket."""
        response = await self._respond(request)
        if response is not None and self._gate.is_trustworthy(request.headers.get_all("Host")):
            # Elsewhere browsers ignore it, and complain of it.
            response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return response

    async def _respond(self, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        told = {name: request.headers.get_all(name) for name in READ}
        if any(len(values) > 1 for values in told.values()):
            return _plain(HTTPStatus.BAD_REQUEST, "This can't be said twice.")
        headers = {name: values[0] for name, values in told.items() if values}
        if refusal := self._gate.refuses(request.path, headers, is_socket=path == SOCKET):
            return _plain(refusal.status, refusal.text)
        if path == SOCKET:
            return None
        if self._gate.knows_token(request.path):
            return _response(HTTPStatus.SEE_OTHER, {"Location": path, "Set-Cookie": self._gate.cookie()})
        return self._asset(path, request.headers) or await self._served(path)

    def _asset(self, path: str, asked: Headers) -> Response | None:
        asset = self._assets.get(path)
        if asset is None:
            return None
        headers = {"ETag": asset.tag, "Cache-Control": "no-cache"}
        if asset.tag in asked.get_all("If-None-Match"):
            return _response(HTTPStatus.NOT_MODIFIED, headers)
        return _response(HTTPStatus.OK, {"Content-Type": asset.kind, **headers}, asset.body)

    async def _served(self, path: str) -> Response:
        word, _, rest = path.removeprefix("/").partition("/")
        reply = await self._services[word](rest) if word in self._services else None
        if reply is None:
            return _plain(HTTPStatus.NOT_FOUND, "There is nothing here.")
        kind, body = reply
        return _response(HTTPStatus.OK, {"Content-Type": kind, "Cache-Control": "no-store"}, body)


def _plain(status: HTTPStatus, text: str) -> Response:
    return _response(status, {"Content-Type": "text/plain; charset=utf-8"}, f"{text}\n".encode())


def _response(status: HTTPStatus, headers: dict[str, str], body: bytes = b"") -> Response:
    length = {} if status is HTTPStatus.NOT_MODIFIED else {"Content-Length": str(len(body))}
    return Response(status.value, status.phrase, Headers({**_EVERYWHERE, **headers, **length}), body)
