"""Who may come in: which names the page is called by, which pages may talk to it, and the token.

Three things are kept out. A site that lets its own name point to this machine (DNS rebinding) comes with that name as
Host. A site that opens a WebSocket to us comes with its own Origin. And whoever else is in the network lacks the token.
"""

from __future__ import annotations

import hmac
import ipaddress
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

COOKIE = "improvd"
READ = ("Host", "Origin", "Cookie", "Authorization")
"""The headers that are gone by: each may come once."""
LOCAL = ("localhost", "127.0.0.1", "::1")


class Refusal(NamedTuple):
    """Why not, for the one who asked."""

    status: HTTPStatus
    text: str


class Gate:
    """``names`` are those of this machine that a browser may call it by, ``token`` a secret, or "" where none is asked.

    An address in figures is always allowed as a name: nobody can make it point elsewhere. Pure; nothing blocks.
    """

    def __init__(self, names: tuple[str, ...], token: str, *, secure: bool) -> None:
        self._names = {name.casefold() for name in (*LOCAL, *names)}
        self._token = token
        self._scheme = "https" if secure else "http"

    def refuses(self, target: str, headers: Mapping[str, str], *, is_socket: bool) -> Refusal | None:
        """Why a request for ``target`` (path and query) is refused; None where it is not."""
        host = headers.get("Host", "")
        if not self._is_ours(host):
            return Refusal(HTTPStatus.MISDIRECTED_REQUEST, "This is not the name of a page of improvd's.")
        origin = headers.get("Origin")
        if (origin is not None or is_socket) and origin != f"{self._scheme}://{host}":
            return Refusal(HTTPStatus.FORBIDDEN, "Another site's pages may not talk to improvd.")
        if self._token and not (self.knows_token(target) or self._carries_token(headers)):
            return Refusal(HTTPStatus.UNAUTHORIZED, "Open the whole address that improvd printed: it ends in a token.")
        return None

    def is_trustworthy(self, hosts: list[str]) -> bool:
        """Whether a browser that came by these names (the headers ``Host``) believes that nobody can listen in."""
        return self._scheme == "https" or (len(hosts) == 1 and _name_of(hosts[0]) in LOCAL)

    def knows_token(self, target: str) -> bool:
        """Whether the address itself holds the token."""
        told = parse_qs(target.partition("?")[2]).get("token", [""])[0]
        return bool(self._token) and _same(told, self._token)

    def cookie(self) -> str:
        """What a browser is given so as to be known from then on."""
        flags = "; Secure" if self._scheme == "https" else ""
        return f"{COOKIE}={self._token}; Path=/; HttpOnly; SameSite=Strict{flags}"

    def _is_ours(self, host: str) -> bool:
        name = _name_of(host)
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _carries_token(self, headers: Mapping[str, str]) -> bool:
        """By the browser's cookie, or as a program sends it (``Authorization: Bearer …``)."""
        try:
            morsel = SimpleCookie(headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            morsel = None
        bearer = headers.get("Authorization", "").removeprefix("Bearer ")
        return _same(morsel.value if morsel else "", self._token) or _same(bearer, self._token)


def _name_of(host: str) -> str:
    """The name or address in a header ``Host``, in small letters; empty where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").casefold()
    except ValueError:
        return ""


def _same(told: str, token: str) -> bool:
    return hmac.compare_digest(told.encode(), token.encode())
