"""What may be asked of a session: the one place that knows the form of a request and of what comes back.

A request is a line of JSON, an object with ``id``, ``do`` and what that takes. Reading one trusts nothing: whatever
comes, it is a `Request` with all its values checked, or a `RequestError`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from improvd.core.events import Seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Check = Callable[[Any], Any]

LONGEST_LINE = 1 << 16
"""Bytes of a request."""
LARGEST_ID = 2**53
"""Beyond that JavaScript counts no more."""
MOST_EVENTS = 256
"""MIDI messages in one request."""
LONGEST_TEXT = 1000
"""Characters of a name or a value, as in a configuration file."""

WATCHABLE = ("state", "heard", "moved", "planned", "released", "sent", "turn", "settings", "ports", "pace", "log")
"""The kinds of event that can be watched."""


class RequestError(Exception):
    """A request that can't be understood or met, in one line. ``id``: whose it is, where that could be read."""

    def __init__(self, message: str, id_: int | None = None) -> None:
        super().__init__(message)
        self.id = id_


@dataclass(frozen=True, slots=True)
class Request:
    """``do`` is one of `ACTIONS`, ``more`` what it takes, by name; the answer carries the ``id``."""

    id: int
    do: str
    more: Mapping[str, Any]


def decode(line: bytes) -> Request:
    """The request in a line. Raises `RequestError` and nothing else."""
    try:
        found = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise RequestError("a request is a line of JSON") from None
    if not isinstance(found, dict):
        raise RequestError('a request is an object: {"id": 1, "do": "status"}')
    number = found.pop("id", None)
    if type(number) is not int or not 0 <= number < LARGEST_ID:
        raise RequestError(f"a request needs an id, a whole number from 0 to {LARGEST_ID - 1}")
    try:
        return _checked(number, found)
    except OverflowError:
        raise RequestError("no number may be that large", number) from None
    except ValueError as error:
        raise RequestError(str(error), number) from None


def encode(id_: int, do: str, **more: object) -> bytes:
    """The line of a request."""
    return _line({"id": id_, "do": do, **more})


def answer(id_: int, value: object) -> bytes:
    """The line that meets a request."""
    return _line({"id": id_, "ok": True, "value": value})


def refusal(error: RequestError) -> bytes:
    """The line that tells why a request can't be met."""
    return _line({"id": error.id, "ok": False, "error": str(error)})


def event(kind: str, **more: object) -> bytes:
    """A line for those who watch that kind."""
    return _line({"event": kind, **more})


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _checked(number: int, found: dict[str, Any]) -> Request:
    do = found.pop("do", None)
    takes = ACTIONS.get(do) if isinstance(do, str) else None
    if takes is None:
        raise ValueError(f"there is nothing else to do than {', '.join(ACTIONS)}")
    if found.keys() != takes.keys():
        raise ValueError(f"{do} takes {' and '.join(takes) or 'nothing'}, beside id and do")
    return Request(number, str(do), {name: check(found[name]) for name, check in takes.items()})


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("no number")


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise ValueError("a name is a text")
    return value


def _plain(value: object) -> float | str:
    if isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= LONGEST_TEXT):
        return value
    raise ValueError("a value is a number, a text, true or false")


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("on is true or false")


def _kinds(value: object) -> frozenset[str]:
    if isinstance(value, list) and all(isinstance(kind, str) and kind in WATCHABLE for kind in value):
        return frozenset(value)
    raise ValueError(f"what can be watched is a list of {', '.join(WATCHABLE)}")


def _events(value: object) -> tuple[tuple[Seconds | None, bytes], ...]:
    if not isinstance(value, list) or len(value) > MOST_EVENTS:
        raise ValueError(f"events are a list of at most {MOST_EVENTS}")
    return tuple(map(_event, value))


def _event(value: object) -> tuple[Seconds | None, bytes]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("an event is [at, [bytes]]")
    at, data = value
    if at is not None and (isinstance(at, bool) or not isinstance(at, (int, float)) or not math.isfinite(at)):
        raise ValueError("at is a time in seconds, or null for now")
    return None if at is None else Seconds(float(at)), _message(data)


def _message(data: object) -> bytes:
    if isinstance(data, list) and all(type(byte) is int for byte in data) and data:
        status, *rest = data
        wanted = 1 if 0xC0 <= status < 0xE0 else 2
        if 0x80 <= status < 0xF0 and len(rest) == wanted and all(0 <= byte < 0x80 for byte in rest):
            return bytes(data)
    raise ValueError("a MIDI message is a channel's: a status byte from 128 to 239 and its one or two data bytes")


ACTIONS: dict[str, dict[str, Check]] = {
    "status": {},
    "settings": {},
    "ports": {},
    "set": {"name": _text, "value": _plain},
    "panic": {},
    "mute": {"on": _switch},
    "press": {"name": _text},
    "reload": {},
    "stop": {},
    "play": {"events": _events},
    "clock": {},
    "watch": {"what": _kinds},
}
"""What can be done, and what each takes."""
