"""A model that needs no bundle: answers every request with a rising scale, as the model's process would.

The environment says how it misbehaves: FAKE_WORKER=stuck never answers, =mute never loads, =dies ends at the
first request.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

from improvd.core.events import BeatNote, Beats, Continuation, Generate, Seconds
from improvd.core.key import Key
from improvd.daemon.messages import ModelReady
from improvd.daemon.wire import Peer
from improvd.daemon.worker import serve

BEHAVIOUR = os.environ.get("FAKE_WORKER", "")


class Scale:
    def answer(self, asked: Generate) -> Continuation:
        if BEHAVIOUR == "stuck":
            signal.pause()
        if BEHAVIOUR == "dies":
            os._exit(1)
        count = int((asked.until - asked.start) * 2)
        notes = tuple(
            BeatNote(Beats(asked.start + index / 2), Beats(0.4), 60 + (asked.segment * 3 + index) % 24, 80)
            for index in range(count)
        )
        return Continuation(asked.turn, asked.segment, notes, key=Key(9, minor=True))


def load(model: str, _style: str) -> tuple[Scale, ModelReady]:
    if BEHAVIOUR == "mute":
        signal.pause()
    return Scale(), ModelReady(model, "0" * 8, Seconds(0.0001), ("folk",))


if __name__ == "__main__":
    serve(Peer(socket.socket(fileno=int(sys.argv[1]))), load)
