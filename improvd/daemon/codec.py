"""Frozen messages to lines of JSON and back: the one place that knows the wire's form.

A line is a JSON array, the message's name first, then its fields in their order; a message inside a message is
an array of its fields; bytes are hex. What each field may hold comes from its annotation, so there is nothing to
keep in step by hand. Decoding trusts nothing: a wrong name, count, type or range is a `WireError`.
"""

from __future__ import annotations

import json
import math
import types
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin, get_type_hints

from improvd.daemon.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[Any], Any]

BOUNDS = {"pitch": (0, 127), "velocity": (0, 127), "channel": (0, 15)}
"""Ranges of whole numbers by field name, so that no peer can make us build an impossible MIDI message."""


class WireError(Exception):
    """A peer sent what no peer of ours sends."""


def encode(message: Message) -> bytes:
    """One line, its newline included. Raises ValueError for a time that is not finite."""
    return (
        json.dumps([type(message).__name__, *_pack(message)], separators=(",", ":"), allow_nan=False) + "\n"
    ).encode()


def decode(line: bytes) -> Message:
    """The message in ``line``; raises `WireError` and nothing else."""
    try:
        name, *values = json.loads(line, parse_constant=_refuse)
        return cast("Message", _READERS[name](values))
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise WireError(f"not a message: {line[:80]!r} ({error})") from error


def _pack(message: object) -> list[Any]:
    return [_plain(getattr(message, name)) for name in _FIELDS[type(message)]]


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return _pack(value) if type(value) in _FIELDS else value


def _refuse(constant: str) -> None:
    raise WireError(f"{constant} is no time")


def _reader(kind: Any) -> Check:  # noqa: ANN401  an annotation may be anything
    """A function that turns JSON's value into one of type ``kind`` or raises."""
    while hasattr(kind, "__supertype__"):  # Seconds, Beats and Ticks are numbers on the wire
        kind = kind.__supertype__
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        (inner,) = (_reader(option) for option in get_args(kind) if option is not type(None))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        return _tuple_reader(get_args(kind))
    if is_dataclass(kind):
        return _record_reader(cast("type", kind))
    if kind is float:
        return _number
    if kind is bytes:
        return _bytes
    return lambda value: _exactly(kind, value)


def _tuple_reader(kinds: tuple[Any, ...]) -> Check:
    if kinds[-1] is Ellipsis:
        item = _reader(kinds[0])
        return lambda values: tuple(map(item, _exactly(list, values)))
    readers = [_reader(kind) for kind in kinds]

    def read(values: object) -> tuple[Any, ...]:
        found: list[Any] = _exactly(list, values)
        if len(found) != len(readers):
            raise WireError(f"{len(found)} values where {len(readers)} belong")
        return tuple(reader(value) for reader, value in zip(readers, found, strict=True))

    return read


def _record_reader(kind: type) -> Check:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    _FIELDS[kind] = tuple(names)
    read_all = _tuple_reader(tuple(hints[name] for name in names)) if names else _no_fields
    bounded = [(names.index(name), name, *BOUNDS[name]) for name in BOUNDS if hints.get(name) is int]

    def read(values: object) -> Any:  # noqa: ANN401  whichever record this reader is for
        found = read_all(values)
        for index, name, low, high in bounded:
            if not low <= found[index] <= high:
                raise WireError(f"{name} {found[index]} of a {kind.__name__} is not in {low}–{high}")
        return kind(*found)

    return read


def _no_fields(values: object) -> tuple[()]:
    if values != []:
        raise WireError(f"{values!r} where nothing belongs")
    return ()


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise WireError(f"{value!r} is no number")
    return float(value)


def _bytes(value: object) -> bytes:
    data = bytes.fromhex(_exactly(str, value))
    if not data:
        raise WireError("an empty MIDI message")
    return data


def _exactly(kind: type, value: object) -> Any:  # noqa: ANN401  of type ``kind``, which only the caller knows
    if type(value) is not kind:
        raise WireError(f"{value!r} is no {kind.__name__}")
    return value


_FIELDS: dict[type, tuple[str, ...]] = {}
_READERS: dict[str, Check] = {kind.__name__: _reader(kind) for kind in get_args(Message)}
