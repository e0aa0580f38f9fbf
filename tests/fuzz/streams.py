"""Streams of raw MIDI with times, as bytes that a fuzzer can change, and a source of hostile ones.

A stream begins with four bytes: how it reaches us (`Arrival`), who answers, and two that choose the session's options.
Then come pieces: a wait (cubed, up to `LONGEST_WAIT`), a count, and that many bytes; a count of 0 is followed by a byte
that says what else happens in the room (`DEEDS`). Any bytes at all are a stream.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache, partial
from typing import TYPE_CHECKING

import mido

from improvd.config.options import RunOptions
from improvd.core.binding import COMMANDS, Binding, Command, Control, Encoder, Fixed, Knob, Relative, Select
from improvd.core.cues import Cue
from improvd.core.events import CONTROL, LENGTHS, NOTE_ON
from improvd.core.schedule import Instrument
from improvd.core.settings import Mode, Sync
from improvd.model.bundle import load
from improvd.model.places import find
from improvd.rehearsal.partner import VirtualPartner
from tests.fuzz.room import KEYBOARDS, SYNTHS, Room
from tests.partners import Steady

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from improvd.rehearsal.stage import Partner

LONGEST_WAIT = 8.0
FOR_REAL = 8
"""Of 256 sessions."""


class Arrival(IntEnum):
    """What stands between the bytes and us."""

    WHOLE = 0
    """A driver that makes messages of a stream of bytes, as ALSA does."""
    RAW = 1
    """Nothing: what a program on JACK writes as one event is one message for us, whatever it is."""


DEEDS: tuple[Callable[[Room], None], ...] = (
    Room.panic,
    Room.kill_ports,
    lambda room: room.mute(muted=True),
    lambda room: room.mute(muted=False),
    lambda room: room.rig.plug(keys=False, sound=True),
    lambda room: room.rig.plug(keys=True, sound=False),
    lambda room: room.rig.plug(keys=False, sound=False),
    lambda room: room.rig.plug(keys=True, sound=True),
    *(partial(Room.cue, cue=cue) for cue in Cue),
    *(partial(Room.wish, name="mode", value=mode.value) for mode in Mode),
    partial(Room.wish, name="channel", value=16),
    *(partial(Room.wish, name="out", value=synth) for synth in SYNTHS),
    partial(Room.wish, name="in", value="keyboard"),
    partial(Room.wish, name="bpm", value=250.0),
    partial(Room.wish, name="bpm", value="auto"),
)
"""What else may happen in a room."""
BINDINGS = (
    Binding(Control(CONTROL, 21), "temperature", Knob(0.1, 3.0)),
    Binding(Control(CONTROL, 22), "bpm", Encoder(Knob(40.0, 300.0), Relative.TWOS)),
    Binding(Control(CONTROL, 23), "mode", Select(tuple(mode.value for mode in Mode))),
    Binding(Control(NOTE_ON, 36, 9), "velocity", Fixed(20.0)),
    *(Binding(Control(CONTROL, 80 + number), name, Command()) for number, name in enumerate(COMMANDS)),
)


def options_by(number: int) -> RunOptions:
    """Options of a session, whatever they are: the same for the same ``number``."""
    lots = random.Random(number)  # noqa: S311  no secret
    some = lots.choice
    return replace(
        RunOptions(),
        seed=1,
        inputs=some(((KEYBOARDS[0],), KEYBOARDS)),
        output=SYNTHS[0],
        mode=some(list(Mode)).value,
        sync=some(list(Sync)).value,
        bars=some((1, 4)),
        count_in=some((0.0, 1.0)),
        instrument=some(list(Instrument)).value,
        bpm=some((None, None, 30.0, 380.0)),
        meter=some(("4/4", "6/8", "5/16")),
        chords=some(("", "", "C | F G7")),
        channel=some((1, 1, 16)),
        listen_channel=some(("", "", "1", "2,3,5")),
        listen_keys=some(("", "", "C3..C6")),
        comp_below=some((None, None, 48)),
        transpose=some((0, 0, -48, 7, 48)),
        thru=some((False, True)),
        clock_out=some((False, False, False, True)),
        click=some((False, False, False, True)),
        state_channel=some((None, 16)),
        output_latency=some((0.0, 0.0, 80.0)),
        humanise=some((0.0, 20.0)),
        longest_note=some((12.0, 0.05)),
        late_limit=some((0.05, 0.0)),
        min_bars=some((0.25, 2.0)),
        max_bars=some((2.0, 16.0)),
        controls=some(((), BINDINGS)),
    )


@cache
def _real() -> Partner:
    return VirtualPartner(load(find("default")))


@dataclass
class Outcome:
    """What a stream came to: messages that came in, and notes of ours that left."""

    heard: int
    answered: int


def play(stream: bytes) -> Outcome:
    """Play it from the ready line to the end of the session. Raises whatever goes wrong."""
    arrival, who, *number = stream[:4].ljust(4, b"\0")
    # Some have the model that is shipped, some none that answers.
    partner = _real() if who < FOR_REAL else None if who % 8 == 1 else Steady(latency=(who >> 3) / 64)
    with Room(options_by(int.from_bytes(number)), partner) as room:
        parser = mido.Parser() if arrival % len(Arrival) == Arrival.WHOLE else None
        for wait, data, deed in _pieces(stream[4:]):
            if wait or deed is not None:
                room.listen()  # what comes at once is taken in at once
                room.pass_by((wait / 255) ** 3 * LONGEST_WAIT)
            if deed is not None:
                deed(room)
            if parser is None:
                room.hear(data, KEYBOARDS[wait & 1])
            else:
                parser.feed(data)
                for message in parser:
                    room.hear(bytes(message.bytes()), KEYBOARDS[wait & 1])
        room.listen()
        room.close()
        return Outcome(room.heard, room.answered)


def _pieces(stream: bytes) -> Iterator[tuple[int, bytes, Callable[[Room], None] | None]]:
    at = 0
    while at + 2 < len(stream):
        wait, count = stream[at], stream[at + 1]
        if count:
            yield wait, stream[at + 2 : at + 2 + count], None
        else:
            yield wait, b"", DEEDS[stream[at + 2] % len(DEEDS)]
        at += 2 + max(1, count)


class Hostile:
    """Makes streams of so many messages or a few more; the same ``lots``, the same streams."""

    def __init__(self, lots: random.Random) -> None:
        self._lots = lots
        self._out = bytearray()
        self._messages = 0

    def stream(self, messages: int) -> bytes:
        """One of them."""
        lots = self._lots
        self._out, self._messages = bytearray(lots.randbytes(4)), 0
        kinds = (self._phrase, self._noise, self._flood, self._nonsense, self._deed, self._clock, self._knobs)
        weights = [lots.random() ** 2 for _ in kinds]
        while self._messages < messages:
            lots.choices(kinds, weights)[0]()
            if lots.random() < 0.4:
                self._let_go()
        return bytes(self._out)

    def _put(self, wait: int, *messages: bytes) -> None:
        data = b"".join(messages)
        self._messages += len(messages)
        while data:
            self._out += bytes((wait, min(255, len(data)))) + data[:255]
            data, wait = data[255:], 0

    def _deed(self) -> None:
        self._messages += 1
        self._out += bytes((self._lots.randrange(160), 0, self._lots.randrange(256)))

    def _let_go(self) -> None:
        """All keys and pedals up, and time for an answer."""
        for channel in range(16) if self._lots.random() < 0.5 else (0,):
            self._put(0, bytes((0xB0 | channel, 64, 0)))
            self._put(0, bytes((0xB0 | channel, 123, 0)))
        self._put(self._lots.choice((100, 160, 220, 255)), b"\xfe")

    def _phrase(self) -> None:
        """Music, but for some of its bytes."""
        lots = self._lots
        channel = lots.choice((0, 0, 0, 1, 15))
        pitch, step, damage = lots.randint(20, 110), lots.randint(60, 110), lots.choice((0.0, 0.0, 0.02, 0.2))
        for _ in range(lots.randint(1, 24)):
            pitch = min(max(pitch + lots.randint(-4, 4), 0), 127)
            for status, wait in ((0x90, lots.randint(5, 30)), (0x80, step)):
                data = bytearray((status | channel, pitch, lots.randint(0, 127)))
                if lots.random() < damage:
                    data[lots.randrange(3)] = lots.randrange(256)
                if lots.random() < damage:
                    del data[lots.randrange(len(data)) :]
                self._put(wait, bytes(data))

    def _noise(self) -> None:
        """Messages of channels, each right by itself."""
        lots = self._lots
        for _ in range(lots.randint(1, 60)):
            data = bytes((lots.randrange(0x80, 0xF0), lots.randrange(128), lots.randrange(128)))
            self._put(lots.choice((0, 10, 60)), data[: LENGTHS[data[0] & 0xF0]])

    def _flood(self) -> None:
        """As many as a cable carries, at once, of one kind."""
        lots = self._lots
        status = lots.choice((0x80, 0x90, 0x90, 0xB0, 0xE0, 0xF8, 0xFA, 0xFE))
        some = [bytes((status, lots.randrange(128), lots.randrange(128))) for _ in range(16)]
        for _ in range(lots.randint(10, 2000)):
            self._put(0, lots.choice(some) if status < 0xF0 else bytes((status,)))

    def _nonsense(self) -> None:
        """Bytes: sysex without end, data without status, messages cut short and run together."""
        lots = self._lots
        for _ in range(lots.randint(1, 40)):
            self._put(lots.choice((0, 0, 20, 80)), lots.randbytes(lots.choice((1, 2, 3, 3, 3, 4, 6, 200))))

    def _clock(self) -> None:
        """A MIDI clock, steady or not, with transport."""
        lots = self._lots
        self._put(10, lots.choice((b"\xfa", b"\xfb", b"\xfc", b"\xf2\x10\x00")))
        wait = lots.choice((20, 35, 38, 40, 60))
        for _ in range(lots.randint(6, 200)):
            self._put(wait if lots.random() < 0.95 else lots.randrange(90), b"\xf8")

    def _knobs(self) -> None:
        """Controllers that may be bound, on their way up or down."""
        lots = self._lots
        number, value = lots.choice((21, 22, 23, 64, *range(80, 80 + len(COMMANDS)))), lots.randrange(128)
        for _ in range(lots.randint(1, 20)):
            value = (value + lots.randint(-10, 20)) % 128
            self._put(lots.choice((0, 15, 50)), bytes((0xB0 | lots.choice((0, 0, 9)), number, value)))
