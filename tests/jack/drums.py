"""A drum machine: a JACK client with the output "drums:clock" that sends what it is told, when it is told to.

Reads one line of JSON on stdin, a list of [monotonic time, message in hex] in order; says "up" before, "done" after.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress

import rtmidi


def main() -> None:
    out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "drums")
    out.open_virtual_port("clock")
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(3))
    print("up", flush=True)  # noqa: T201  this is how it answers
    for at, data in json.loads(sys.stdin.readline() or "[]"):
        time.sleep(max(0.0, at - time.monotonic()))
        out.send_message(bytes.fromhex(data))
    print("done", flush=True)  # noqa: T201  as above
    sys.stdin.readline()  # stays plugged in until told to go
    out.close_port()
    out.delete()


if __name__ == "__main__":
    main()
