"""A stage piano on ALSA, as `tests/jack/piano.py` is on JACK: two clients of one name, "piano:keys" and "piano:midi".

The arguments are its name and which of the two ports it has. Reads messages to play on stdin, in hex, a line each.
Prints what it is sent, a monotonic time and hex, one a line.
"""

from __future__ import annotations

import sys
import time

import rtmidi


def main() -> None:
    """Play and print until stdin ends."""
    name, *ports = sys.argv[1:]
    if "midi" in ports:
        synth = rtmidi.MidiIn(rtmidi.API_LINUX_ALSA, name)
        synth.set_callback(lambda message, _: print(time.monotonic(), bytes(message[0]).hex(), flush=True))
        synth.open_virtual_port("midi")
    if "keys" in ports:
        keys = rtmidi.MidiOut(rtmidi.API_LINUX_ALSA, name)
        keys.open_virtual_port("keys")
    print("up", flush=True)
    for line in sys.stdin:
        keys.send_message(bytes.fromhex(line))


if __name__ == "__main__":
    main()
