"""A process in an Ableton Link session that is played: at 132 beats a minute, with one peer.

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
from improvd.daemon.messages import OpenLink, Serves
from improvd.daemon.wire import Peer

BEHAVIOUR = os.environ.get("FAKE_LINK", "")


def main() -> None:
    engine = Peer(socket.socket(fileno=int(sys.argv[1])))
    first_order(engine, OpenLink)
    if BEHAVIOUR == "dies":
        os._exit(3)
    engine.send(Serves(), LinkState(now(), Beats(0.0), 132.0, playing=None, peers=1))
    while not engine.lost:
        select.select([engine], [], [])
        engine.receive()
    if BEHAVIOUR == "lingers":
        signal.pause()


if __name__ == "__main__":
    main()
