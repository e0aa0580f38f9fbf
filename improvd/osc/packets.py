"""Packets of OSC 1.0, read and written. Messages are python-osc's business; bundles are opened here.

python-osc goes back and forth for ever in a bundle that claims an element of a negative size, and as deep as bundles
are nested. What comes by UDP comes from anybody.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple, TypeAlias

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

LARGEST: Final = 8192
"""Bytes of a packet; what comes in more is none."""
DEEPEST: Final = 8
"""Bundles within bundles."""

_BUNDLE: Final = b"#bundle\0"
_HEAD: Final = struct.Struct(">8sQ")
_SIZE: Final = struct.Struct(">i")
_KINDS: Final = frozenset(b"ihfdsbrmtTFN[]")
"""All that python-osc reads."""
_AT_ONCE: Final = 1
_SECOND: Final = 2**32
_EPOCH: Final = 2_208_988_800
"""Seconds from 1900, since when OSC counts, to 1970."""

Value: TypeAlias = float | str
"""What we say: a whole number as OSC's ``i``, another as its ``f``, a text as its ``s``."""


class Message(NamedTuple):
    """Something to say: ``values`` at an ``address``."""

    address: str
    values: tuple[Value, ...] = ()


class Said(NamedTuple):
    """A message that came in, with ``values`` of any kind OSC has.

    ``at``: when it is meant for, in seconds since 1970 by the sender's clock; None: at once.
    """

    address: str
    values: tuple[object, ...] = ()
    at: float | None = None


class PacketError(Exception):
    """What came is no packet of OSC."""


def read(packet: bytes) -> list[Said]:
    """The messages in a packet, in order. Raises `PacketError` and nothing else."""
    if len(packet) > LARGEST:
        raise PacketError(f"a packet of more than {LARGEST} bytes")
    found: list[Said] = []
    _open(packet, None, 0, found)
    return found


def write(message: Message) -> bytes:
    """A message as a packet."""
    builder = OscMessageBuilder(message.address)
    for value in message.values:
        builder.add_arg(value, "s" if isinstance(value, str) else "i" if isinstance(value, int) else "f")
    return bytes(builder.build().dgram)


def _open(packet: bytes, at: float | None, depth: int, found: list[Said]) -> None:
    if not packet.startswith(_BUNDLE):
        found.append(_message(packet, at))
        return
    if depth == DEEPEST or len(packet) < _HEAD.size:
        raise PacketError("a bundle that can't be opened")
    _, tag = _HEAD.unpack_from(packet)
    at = None if tag == _AT_ONCE else tag / _SECOND - _EPOCH
    rest = packet[_HEAD.size :]
    while rest:
        size = _SIZE.unpack_from(rest)[0] if len(rest) >= _SIZE.size else 0
        if not 0 < size <= len(rest) - _SIZE.size:
            raise PacketError("an element of a bundle that isn't there")
        _open(rest[_SIZE.size : _SIZE.size + size], at, depth + 1, found)
        rest = rest[_SIZE.size + size :]


def _message(packet: bytes, at: float | None) -> Said:
    if not packet.startswith(b"/"):
        raise PacketError("neither a message nor a bundle")
    start = (packet.find(b"\0") + 4) & ~3
    if set(packet[start : packet.find(b"\0", start)].removeprefix(b",")) - _KINDS:
        # python-osc would read the next value where such a one begins, and write a line about it.
        raise PacketError("a message with values of a kind that nobody knows")
    try:
        message = OscMessage(packet)
    except Exception as error:  # noqa: BLE001  a parser's, of what anybody may send: it raises more than it says
        raise PacketError(f"a message that can't be read ({type(error).__name__})") from None
    return Said(message.address, tuple(message.params), at)
