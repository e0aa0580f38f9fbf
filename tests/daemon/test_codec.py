from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Seconds, Sent
from improvd.daemon.codec import BOUNDS, WireError, decode, encode
from improvd.daemon.messages import Message

NAMES = [kind.__name__ for kind in get_args(Message)]


def values(kind: Any, name: str = "") -> st.SearchStrategy:  # noqa: ANN401  an annotation may be anything
    """Anything a field of that type may hold."""
    while hasattr(kind, "__supertype__"):
        kind = kind.__supertype__
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: values(hints[field.name], field.name) for field in fields(kind)})
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        if inner[-1] is Ellipsis:
            return st.lists(values(inner[0]), max_size=5).map(tuple)
        return st.tuples(*map(values, inner))
    if type(None) in get_args(kind):
        return st.none() | values(get_args(kind)[0])
    return {
        float: st.floats(allow_nan=False, allow_infinity=False),
        int: st.integers(*BOUNDS.get(name, (-(2**63), 2**63))),
        bool: st.booleans(),
        str: st.text(),
        bytes: st.binary(min_size=1, max_size=5),
    }[kind]


messages = st.one_of(*map(values, get_args(Message)))


@given(messages)
def test_what_is_said_is_what_is_heard(message: Message) -> None:
    line = encode(message)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode(line[:-1]) == message


@given(st.binary() | st.text().map(str.encode))
def test_noise_is_a_wire_error_and_nothing_else(line: bytes) -> None:
    with pytest.raises(WireError):
        decode(line)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(st.sampled_from(NAMES), st.lists(json_values, max_size=8))
def test_a_known_name_with_any_fields_is_a_message_or_a_wire_error(name: str, body: list) -> None:
    try:
        message = decode(json.dumps([name, *body]).encode())
    except WireError:
        return
    assert decode(encode(message)) == message


@given(messages, st.data())
def test_a_damaged_line_is_a_message_or_a_wire_error(message: Message, data: st.DataObject) -> None:
    line = bytearray(encode(message)[:-1])
    line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.integers(0, 255))
    with suppress(WireError):
        decode(bytes(line))


@pytest.mark.parametrize(
    "line",
    [
        b'["Sent",NaN,1.0,"904040"]',
        b'["Sent",1e999,1.0,"904040"]',
        b'["Sent",1.0,1.0,""]',
        b'["Sent",true,1.0,"90"]',
        b'["Sent",1.0,1.0,"90","more"]',
        b'["Continuation",1,0,[[0.0,1.0,128,64]],true]',
        b'["Play",1,[[1,0.0,1.0,60,64,16]]]',
        b'["Play",1,[[1,0.0,1.0,60.0,64,0]]]',
        b'["Release",1]',
        b'["Bundle"]',
        b"[]",
        b"{}",
        b"[" * 100_000,
    ],
)
def test_what_no_peer_of_ours_sends_is_refused(line: bytes) -> None:
    with pytest.raises(WireError):
        decode(line)


def test_a_time_that_is_not_finite_is_never_sent() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode(Sent(Seconds(float("nan")), Seconds(0.0), b"\x90"))
