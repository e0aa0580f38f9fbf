"""A ports process with a player of its own: no MIDI system, everything else as it is.

FAKE_PORTS says what it does: "plays" performs a phrase of six notes at 240 bpm as soon as it is open,
"lies" answers with what is no message, "dies" ends before it is open, "mute" opens and then answers nothing.
What is sent to the synth is written to the file that FAKE_SYNTH names, a line of hex each, by every such process in
turn.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from pathlib import Path

from improvd.core.events import Seconds
from improvd.core.schedule import Schedule, ScheduleLimits
from improvd.daemon.clock import now
from improvd.daemon.messages import Closed, OpenPorts, Port, PortsOpen
from improvd.daemon.sender import Sender
from improvd.daemon.wire import Peer

BEHAVIOUR = os.environ["FAKE_PORTS"]
SYNTH = Path(os.environ["FAKE_SYNTH"])
BEAT = 0.25


def send(data: bytes) -> None:
    with SYNTH.open("a") as synth:
        synth.write(data.hex() + "\n")


def score() -> list[tuple[float, list[int]]]:
    events = []
    for beat in range(6):
        events += [(beat * BEAT, [0x90, 60 + beat, 80]), ((beat + 0.7) * BEAT, [0x80, 60 + beat, 64])]
    return events


def main() -> None:
    engine = Peer(socket.socket(fileno=int(sys.argv[1])))
    if BEHAVIOUR == "dies":
        os._exit(3)
    select.select([engine], [], [])
    (order,) = engine.receive()
    assert isinstance(order, OpenPorts)
    sender = Sender(Schedule(limits=ScheduleLimits(late_limit=order.late_limit)), send, engine.send, now)
    sender.adopt(order.left_behind, order.keys, order.pedals)
    keys, synth = Port("", "fake keys"), Port("", "fake synth")
    engine.send(PortsOpen("fake", (keys,), synth, "separate", "nothing granted"))
    if BEHAVIOUR == "mute":
        signal.pause()
    begin = now() + 0.1
    coming = score() if BEHAVIOUR == "plays" else []
    while not (engine.lost or sender.closing):
        deadlines = [
            at for at in (sender.wait(), *(max(0.0, begin + at - now()) for at, _ in coming[:1])) if at is not None
        ]
        readable, _, _ = select.select([engine], [], [], min(deadlines, default=None))
        while coming and begin + coming[0][0] <= now():
            at, data = coming.pop(0)
            sender.inbox.append((Seconds(begin + at), "", data))  # in time, however late this process has its turn
        sender.hear()
        sender.send_due()
        for message in engine.receive() if readable else ():
            sender.obey(message)
            if BEHAVIOUR == "lies":
                os.write(engine.fileno(), b"not a message\n")
    sender.close()
    engine.send(Closed())


if __name__ == "__main__":
    main()
