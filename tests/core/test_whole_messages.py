"""What is one MIDI message, and what only looks like one."""

from __future__ import annotations

import mido
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from improvd.core.events import MidiEvent, Seconds

SPECIMENS = [mido.Message(spec["type"]) for spec in mido.messages.specs.SPECS if spec["type"] != "sysex"]


def is_whole(data: bytes) -> bool:
    return MidiEvent(Seconds(0.0), data).is_whole


@pytest.mark.parametrize("message", SPECIMENS, ids=lambda message: message.type)
def test_each_kind_of_message_is_whole_and_no_part_of_it_nor_more(message: mido.Message) -> None:
    data = bytes(message.bytes())
    assert is_whole(data)
    assert not any(is_whole(data[:length]) for length in range(1, len(data)))
    assert not is_whole(data + b"\x00")
    assert not is_whole(data + data)


@given(st.binary(max_size=5) | st.binary(min_size=2, max_size=2).map(lambda rest: b"\x90" + rest))
@example(b"")
@example(b"\xf0\xf7")
@example(b"\xf4")
@example(b"\xf9")
def test_what_is_whole_is_what_a_parser_takes_for_one(data: bytes) -> None:
    found = [bytes(message.bytes()) for message in mido.parse_all(data)]
    assert is_whole(data) == (found == [data] and data[0] != 0xF0)
