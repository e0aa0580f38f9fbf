"""Packets of OSC: what python-osc writes is read and the other way round, and nothing that comes raises."""

from __future__ import annotations

import struct
import time
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from improvd.osc.packets import DEEPEST, LARGEST, Message, PacketError, Said, read, write

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
ADDRESSES = WORDS.map("/{}".format)
NUMBERS = st.integers(-(2**31), 2**31 - 1) | st.floats(width=32, allow_nan=False)
MESSAGES = st.builds(Message, ADDRESSES, st.lists(NUMBERS | WORDS, max_size=5).map(tuple))


def message(address: str, *values: Any) -> bytes:  # noqa: ANN401  whatever OSC has
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return bytes(builder.build().dgram)


def bundle(*elements: bytes, tag: int = 1) -> bytes:
    """A bundle, whatever its elements are."""
    return struct.pack(">8sQ", b"#bundle", tag) + b"".join(struct.pack(">i", len(one)) + one for one in elements)


@given(MESSAGES)
def test_what_is_written_others_read_as_it_was_meant(meant: Message) -> None:
    theirs = OscMessage(write(meant))
    assert (theirs.address, tuple(theirs.params)) == meant
    assert read(write(meant)) == [Said(*meant)]


def test_a_number_is_told_by_its_kind() -> None:
    assert write(Message("/a", (1, 1.0, "1"))) == b"/a\0\0,ifs\0\0\0\0" + struct.pack(">if", 1, 1.0) + b"1\0\0\0"


def test_what_others_write_is_read() -> None:
    assert read(message("/improvd/temperature", 0.5)) == [Said("/improvd/temperature", (0.5,))]
    assert read(message("/improvd/panic")) == [Said("/improvd/panic")]
    assert read(message("/x", True, False, None, 7, "trade", b"blob", [1, [2]])) == [
        Said("/x", (True, False, None, 7, "trade", b"blob", [1, [2]]))
    ]
    assert read(b"/old\0\0\0\0") == [Said("/old")]  # without a type tag, as the oldest programs send it


def test_a_bundle_holds_messages_in_order_for_its_time() -> None:
    at = time.time() + 2.0
    outer, inner = OscBundleBuilder(IMMEDIATELY), OscBundleBuilder(at)  # type: ignore[arg-type]  a date it takes too
    inner.add_content(OscMessage(message("/b", 2)))
    for one in (OscMessage(message("/a", 1)), inner.build(), OscMessage(message("/c"))):
        outer.add_content(one)
    found = read(outer.build().dgram)
    assert [(said.address, said.values) for said in found] == [("/a", (1,)), ("/b", (2,)), ("/c", ())]
    assert [said.at for said in found] == [None, pytest.approx(at, abs=1e-5), None]
    assert read(bundle()) == []


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"improvd/mute",
        b"/unended",
        b"/a\0\0,i\0\0\0",
        b"/\xff\xfe\0,\0\0\0",
        b"/a\0\0,[[[\0\0\0\0",
        b"/a\0\0,Qi\0\0\0\0\1",
        b"#bundle\0",
        b"#bundle\0\0\0\0\0\0\0\0",
        bundle() + b"\0\0",
        bundle() + struct.pack(">i", 0),
        bundle() + struct.pack(">i", -4),  # at which python-osc goes back for ever
        bundle() + struct.pack(">i", 8) + b"/a\0\0",
        bundle(b"no message"),
        b"/" + b"a" * LARGEST,
    ],
)
def test_what_is_no_packet_is_refused(packet: bytes) -> None:
    with pytest.raises(PacketError):
        read(packet)


def test_bundles_are_opened_to_a_depth() -> None:
    packet = message("/a")
    for _ in range(DEEPEST):
        packet = bundle(packet)
    assert read(packet) == [Said("/a")]
    with pytest.raises(PacketError):
        read(bundle(packet))


BITS = st.binary(max_size=40) | st.sampled_from(
    [
        b"#bundle\0",
        b"/improvd/mute\0\0\0",
        b",ihfdsbrmtTFN[]\0",
        b"\0\0\0\1",
        b"\xff\xff\xff\xfc",
        b"\0\0\0\x10",
        b"\0\0\0\0",
    ]
)
PACKETS = st.recursive(
    st.lists(BITS, max_size=12).map(b"".join) | MESSAGES.map(write),
    lambda elements: st.lists(elements, max_size=4).map(lambda some: bundle(*some)),
    max_leaves=12,
)


@given(PACKETS, st.integers(0, 400), st.integers(0, 255))
def test_nothing_that_comes_raises_anything_else(packet: bytes, at: int, byte: int) -> None:
    for one in (packet, packet[:at], packet[:at] + bytes([byte]) + packet[at + 1 :]):
        try:
            found = read(one)
        except PacketError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017  not every packet is refused
            event("refused")
        else:
            event(f"{min(len(found), 3)} messages")
            assert all(said.address.startswith("/") for said in found)
