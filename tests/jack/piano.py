"""A stage piano: one JACK client with both ports, "piano:keys" and "piano:midi", which no python-rtmidi client has.

The one argument is the client's name. Reads what to do on stdin, a line each: a message to play in hex, "unplug PORT"
or "plug PORT". Prints what it is sent, a monotonic time and hex, one a line.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections import deque

JACK_NO_START_SERVER, PORT_IS_INPUT, PORT_IS_OUTPUT = 1, 1, 2
MIDI_TYPE = b"8 bit raw midi"
FLAGS = {"midi": PORT_IS_INPUT, "keys": PORT_IS_OUTPUT}


class Event(ctypes.Structure):
    _fields_ = (("time", ctypes.c_uint32), ("size", ctypes.c_size_t), ("buffer", ctypes.POINTER(ctypes.c_ubyte)))


PROCESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)


class Piano:
    def __init__(self, name: str) -> None:
        self._jack = ctypes.CDLL("libjack.so.0")
        for function in ("jack_client_open", "jack_port_register", "jack_port_get_buffer"):
            getattr(self._jack, function).restype = ctypes.c_void_p
        self._client = ctypes.c_void_p(self._jack.jack_client_open(name.encode(), JACK_NO_START_SERVER, None))
        self.heard: deque[tuple[float, str]] = deque()
        self.played: deque[bytes] = deque()
        self._ports: dict[str, ctypes.c_void_p] = {}
        self._lock = threading.Lock()
        self._callback = PROCESS(self._process)
        self._jack.jack_set_process_callback(self._client, self._callback, None)
        self._jack.jack_activate(self._client)
        for port in FLAGS:
            self.plug(port)

    def plug(self, port: str) -> None:
        flag = ctypes.c_ulong(FLAGS[port])
        made = self._jack.jack_port_register(self._client, port.encode(), MIDI_TYPE, flag, ctypes.c_ulong(0))
        with self._lock:
            self._ports[port] = ctypes.c_void_p(made)

    def unplug(self, port: str) -> None:
        with self._lock:
            gone = self._ports.pop(port)
        self._jack.jack_port_unregister(self._client, gone)

    def _process(self, frames: int, _argument: object) -> int:
        with self._lock:
            if "midi" in self._ports:
                self._take(ctypes.c_void_p(self._jack.jack_port_get_buffer(self._ports["midi"], frames)))
            if "keys" in self._ports:
                self._give(ctypes.c_void_p(self._jack.jack_port_get_buffer(self._ports["keys"], frames)))
        return 0

    def _take(self, arriving: ctypes.c_void_p) -> None:
        event = Event()
        for index in range(self._jack.jack_midi_get_event_count(arriving)):
            if self._jack.jack_midi_event_get(ctypes.byref(event), arriving, index) == 0:
                self.heard.append((time.monotonic(), bytes(event.buffer[: event.size]).hex()))

    def _give(self, leaving: ctypes.c_void_p) -> None:
        self._jack.jack_midi_clear_buffer(leaving)
        while self.played:
            data = self.played.popleft()
            self._jack.jack_midi_event_write(leaving, 0, data, ctypes.c_size_t(len(data)))


def main() -> None:
    piano = Piano(sys.argv[1])
    print("up", flush=True)  # noqa: T201  this is how it answers

    def tell() -> None:
        while True:
            while piano.heard:
                at, data = piano.heard.popleft()
                print(at, data, flush=True)  # noqa: T201  as above
            time.sleep(0.002)

    threading.Thread(target=tell, daemon=True).start()
    for line in sys.stdin:
        what, _, port = line.strip().partition(" ")
        if what == "plug":
            piano.plug(port)
        elif what == "unplug":
            piano.unplug(port)
        else:
            piano.played.append(bytes.fromhex(what))


if __name__ == "__main__":
    main()
