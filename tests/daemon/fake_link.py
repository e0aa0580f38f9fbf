"""A process in an Ableton Link session that is played: at 132 beats a minute, with one peer, on until it is stopped.

FAKE_LINK says what it does: "dies" ends before it is in the session, "lingers" is in it and doesn't leave by itself.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys

from improvd.core.events import Beats, LinkState
from improvd.daemon.attendant import first_order
from improvd.daemon.clock import now
from improvd.daemon.messages import OpenLink, Serves, SteerLink
from improvd.daemon.wire import Peer

BEHAVIOUR = os.environ.get("FAKE_LINK", "")


def main() -> None:
    engine = Peer(socket.socket(fileno=int(sys.argv[1])))
    first_order(engine, OpenLink)
    if BEHAVIOUR == "dies":
        os._exit(3)
    begin, playing = now(), True

    def session() -> LinkState:
        at = now()
        return LinkState(at, Beats((at - begin) * 132.0 / 60.0), 132.0, playing, peers=1)

    engine.send(Serves(), session())
    while not engine.lost:
        select.select([engine], [], [])
        for message in engine.receive():
            if isinstance(message, SteerLink) and message.transport:
                playing = not playing
                engine.send(session())
    if BEHAVIOUR == "lingers":
        signal.pause()


if __name__ == "__main__":
    main()
