"""How long messages take out and in again: `python -m improvd.daemon.loop API OUT IN`, in a process of its own.

With "" for both names they go to a port of its own. What is sent is a note-off that ends nothing, so nothing sounds.
Prints JSON: how many were ``heard``, and ``median_ms`` and ``worst_ms`` where any did.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from statistics import median

from improvd.core.events import Seconds
from improvd.daemon import watchdog
from improvd.daemon.clock import now
from improvd.errors import MidiError

MESSAGES = 50
WAITING = Seconds(0.2)
"""How long a message is waited for; the first that doesn't come back is the last."""
LIMIT = Seconds(15.0)
APART = 0.002
MARK = bytes((0x8F, 0, 0))
"""Note-off of the lowest key on channel 16, at velocity 0."""


def main() -> None:
    """Send, wait for it to come back, and tell."""
    from improvd.daemon.midi import compiled  # noqa: PLC0415  this process only

    os.environ["JACK_NO_START_SERVER"] = "1"
    watchdog.prepare()
    api, output, source = sys.argv[1:]
    try:
        number = compiled()[api]
        with watchdog.within(LIMIT):
            times = _measured(number, output, source)
    except MidiError as error:
        sys.stderr.write(str(error))
        sys.exit(2)
    figures: dict[str, float] = {"heard": len(times)}
    if times:
        figures |= {"median_ms": round(median(times) * 1e3, 3), "worst_ms": round(max(times) * 1e3, 3)}
    print(json.dumps(figures), flush=True)  # noqa: T201  this is how it answers
    os._exit(0)  # taking clients down may block; the system does it for a process that is gone


def _measured(number: int, output: str, source: str) -> list[Seconds]:
    import rtmidi  # noqa: PLC0415  this process only

    from improvd.daemon.hearing import listen  # noqa: PLC0415  as above
    from improvd.daemon.portnames import choose  # noqa: PLC0415  as above

    awake, wake = socket.socketpair()
    ear, mouth = rtmidi.MidiIn(number, "improvd-doctor-in"), rtmidi.MidiOut(number, "improvd-doctor-out")

    def hear(message: tuple[list[int], float], _data: object = None) -> None:
        """On RtMidi's thread."""
        at = now()
        if bytes(message[0]) in (MARK, b"\x9f\x00\x00"):  # some drivers turn a note-off into this
            wake.send(repr(at).encode().ljust(32))

    listen(ear, hear)
    if output:
        ear.open_port(choose(ear.get_ports(), source, "input"), "back")
        mouth.open_port(choose(mouth.get_ports(), output, "output"), "out")
    else:
        ear.open_virtual_port("back")
        names = mouth.get_ports()
        mouth.open_port(choose(names, "improvd-doctor-in", "output"), "out")
    times: list[Seconds] = []
    for _ in range(MESSAGES):
        sent = now()
        mouth.send_message(MARK)
        if not select.select([awake], [], [], WAITING)[0]:
            break
        times.append(Seconds(float(awake.recv(32)) - sent))
        time.sleep(APART)
    return times


if __name__ == "__main__":
    main()
