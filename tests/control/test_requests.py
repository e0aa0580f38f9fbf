"""Requests are read strictly: whatever comes, it is a checked request or a line that says why not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.control import requests
from improvd.control.requests import ACTIONS, LARGEST_ID, Request, RequestError, decode
from improvd.core.events import MidiEvent, Seconds

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
# Nearly right is where mistakes hide: the right names with any values.
NEARLY = st.fixed_dictionaries(
    {"id": st.integers(0, 5) | JSON, "do": st.sampled_from([*ACTIONS]) | JSON},
    optional={name: JSON for takes in ACTIONS.values() for name in takes}
    | {
        "events": st.lists(
            st.tuples(
                st.none() | st.floats() | st.integers(), st.lists(st.integers(-1, 300) | st.booleans(), max_size=4)
            )
        )
        | JSON,
        "what": st.lists(st.sampled_from(["state", "heard", "nothing"])) | JSON,
    },
)


def asked(**values: object) -> Request:
    return decode(json.dumps({"id": 1, **values}).encode())


@pytest.mark.parametrize(
    ("values", "more"),
    [
        ({"do": "status"}, {}),
        ({"do": "set", "name": "bpm", "value": 96}, {"name": "bpm", "value": 96}),
        ({"do": "mute", "on": False}, {"on": False}),
        ({"do": "watch", "what": ["state", "turn"]}, {"what": frozenset({"state", "turn"})}),
        (
            {"do": "play", "events": [[None, [0x90, 60, 1]], [7, [0xC3, 5]]]},
            {"events": ((None, b"\x90\x3c\x01"), (Seconds(7.0), b"\xc3\x05"))},
        ),
    ],
)
def test_what_is_asked_is_read(values: dict[str, Any], more: dict[str, Any]) -> None:
    assert asked(**values) == Request(1, values["do"], more)
    assert decode(requests.encode(1, values.pop("do"), **values)).more == more


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"", "line of JSON"),
        (b"\xff\xfe", "line of JSON"),
        (b"[" * 60_000, "line of JSON"),
        (b"NaN", "line of JSON"),
        (b"[]", "an object"),
        (b"{}", "an id"),
        (b'{"id": true, "do": "status"}', "an id"),
        (b'{"id": -1, "do": "status"}', "an id"),
        (b'{"id": %d, "do": "status"}' % LARGEST_ID, "an id"),
        (b'{"id": 1}', "nothing else to do than status"),
        (b'{"id": 1, "do": "fly"}', "nothing else to do than status"),
        (b'{"id": 1, "do": ["status"]}', "nothing else to do than status"),
        (b'{"id": 1, "do": "status", "now": 1}', "status takes nothing"),
        (b'{"id": 1, "do": "set", "name": "bpm"}', "set takes name and value"),
        (b'{"id": 1, "do": "set", "name": 1, "value": 1}', "a name is a text"),
        (b'{"id": 1, "do": "set", "name": "bpm", "value": []}', "a value is"),
        (b'{"id": 1, "do": "mute", "on": 1}', "on is true or false"),
        (b'{"id": 1, "do": "watch", "what": "state"}', "what can be watched"),
        (b'{"id": 1, "do": "watch", "what": ["all"]}', "what can be watched"),
        (b'{"id": 1, "do": "play", "events": [[0]]}', "an event is"),
        (b'{"id": 1, "do": "play", "events": [[true, [144, 60, 1]]]}', "at is a time"),
        (b'{"id": 1, "do": "play", "events": [[1e999, [144, 60, 1]]]}', "at is a time"),
        (b'{"id": 1, "do": "play", "events": [[1%s, [144, 60, 1]]]}' % (b"0" * 400), "no number may be that large"),
        (b'{"id": 1, "do": "play", "events": [[0, [144, 60]]]}', "a MIDI message"),
        (b'{"id": 1, "do": "play", "events": [[0, [144, 60, 128]]]}', "a MIDI message"),
        (b'{"id": 1, "do": "play", "events": [[0, [248]]]}', "a MIDI message"),
        (b'{"id": 1, "do": "play", "events": [[0, [192, 1, 2]]]}', "a MIDI message"),
        (b'{"id": 1, "do": "play", "events": [[0, []]]}', "a MIDI message"),
        (b'{"id": 1, "do": "play", "events": [%s]}' % b",".join([b"[0,[144,60,1]]"] * 257), "at most 256"),
    ],
)
def test_what_is_no_request_is_told_in_a_line(line: bytes, complaint: str) -> None:
    with pytest.raises(RequestError, match=complaint) as refused:
        decode(line)
    said = json.loads(requests.refusal(refused.value))
    assert (said["ok"], said["error"]) == (False, str(refused.value))
    assert said["id"] == (1 if b'"id": 1,' in line or line == b'{"id": 1}' else None)


def read(line: bytes) -> Request | str:
    """The request, or why it is none."""
    try:
        return decode(line)
    except RequestError as error:
        return str(error)


@given(line=st.binary() | (JSON | NEARLY).map(lambda value: json.dumps(value).encode()))
def test_nothing_that_comes_raises_anything_else(line: bytes) -> None:
    request = read(line)
    if isinstance(request, str):
        assert "\n" not in request
        assert len(request) < 200
        return
    assert request.more.keys() == ACTIONS[request.do].keys()
    for at, data in request.more.get("events", ()):
        assert MidiEvent(at or Seconds(0.0), data).kind


def test_an_answer_and_an_event_are_lines() -> None:
    assert json.loads(requests.answer(3, {"now": 1.5})) == {"id": 3, "ok": True, "value": {"now": 1.5}}
    assert json.loads(requests.event("log", line="a\nb")) == {"event": "log", "line": "a\nb"}
    assert requests.event("log", line="a\nb").count(b"\n") == 1
