"""Who hears a flood, and lets go of it again and again: a JACK client with the input "flooded:in".

Prints "up"; at the end of stdin it begins, and prints how much it has heard when it is through.
"""

from __future__ import annotations

import sys
import time

import rtmidi

from improvd.daemon.hearing import listen

ROUNDS = 300


def main() -> None:
    into, heard = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, "flooded"), []
    into.open_virtual_port("in")
    print("up", flush=True)  # noqa: T201  this is how it answers
    sys.stdin.read()
    for _ in range(ROUNDS):
        listen(into, lambda message, _: heard.append(message))
        until = time.monotonic() + 0.003
        while time.monotonic() < until:
            pass  # Python's lock is held whenever a message comes
        into.cancel_callback()
        gone = [(number, None) for number in range(200)]  # where freed memory is taken again
        time.sleep(0.002)  # RtMidi's thread has its turn
        del gone
    print(len(heard), flush=True)  # noqa: T201  as above


if __name__ == "__main__":
    main()
