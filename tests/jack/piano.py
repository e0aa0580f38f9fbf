"""A stage piano: one JACK client with both ports, "piano:keys" and "piano:midi", which no python-rtmidi client has.

Reads hex messages to play on stdin, one a line; prints what it is sent, a monotonic time and hex, one a line.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections import deque

JACK_NO_START_SERVER, PORT_IS_INPUT, PORT_IS_OUTPUT = 1, 1, 2
MIDI_TYPE = b"8 bit raw midi"


class Event(ctypes.Structure):
    _fields_ = (("time", ctypes.c_uint32), ("size", ctypes.c_size_t), ("buffer", ctypes.POINTER(ctypes.c_ubyte)))


PROCESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)


def main() -> None:
    jack = ctypes.CDLL("libjack.so.0")
    for name in ("jack_client_open", "jack_port_register", "jack_port_get_buffer"):
        getattr(jack, name).restype = ctypes.c_void_p
    client = ctypes.c_void_p(jack.jack_client_open(b"piano", JACK_NO_START_SERVER, None))
    heard: deque[tuple[float, str]] = deque()
    played: deque[bytes] = deque()
    ports = [
        ctypes.c_void_p(jack.jack_port_register(client, name, MIDI_TYPE, ctypes.c_ulong(flag), ctypes.c_ulong(0)))
        for name, flag in ((b"midi", PORT_IS_INPUT), (b"keys", PORT_IS_OUTPUT))
    ]

    def process(frames: int, _argument: object) -> int:
        arriving, leaving = (ctypes.c_void_p(jack.jack_port_get_buffer(port, frames)) for port in ports)
        event = Event()
        for index in range(jack.jack_midi_get_event_count(arriving)):
            if jack.jack_midi_event_get(ctypes.byref(event), arriving, index) == 0:
                heard.append((time.monotonic(), bytes(event.buffer[: event.size]).hex()))
        jack.jack_midi_clear_buffer(leaving)
        while played:
            data = played.popleft()
            jack.jack_midi_event_write(leaving, 0, data, ctypes.c_size_t(len(data)))
        return 0

    callback = PROCESS(process)
    jack.jack_set_process_callback(client, callback, None)
    jack.jack_activate(client)
    print("up", flush=True)  # noqa: T201  this is how it answers

    def tell() -> None:
        while True:
            while heard:
                at, data = heard.popleft()
                print(at, data, flush=True)  # noqa: T201  as above
            time.sleep(0.002)

    threading.Thread(target=tell, daemon=True).start()
    for line in sys.stdin:
        played.append(bytes.fromhex(line))


if __name__ == "__main__":
    main()
