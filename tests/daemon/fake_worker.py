"""A model that needs no bundle: answers every request with a rising scale, as the model's process would.

The environment says how it misbehaves: FAKE_WORKER=stuck never answers, =mute never loads, =dies ends at the
first request. A model called "damaged" can't be loaded, "endless" never is, and "deadly" ends the process. FAKE_STYLES
has the styles of each by its name, where they are not "folk" alone.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

from improvd.core.events import BeatNote, Beats, Continuation, Generate, Seconds
from improvd.core.key import Key
from improvd.daemon.messages import ModelReady
from improvd.daemon.wire import Peer, last_words
from improvd.daemon.worker import serve
from improvd.errors import BundleError

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
    if BEHAVIOUR == "mute" or model == "endless":
        signal.pause()
    if model == "deadly":
        os._exit(1)
    if model == "damaged":
        raise BundleError("no model can be made of this")
    if model != "default":
        print(f"loaded {model}", flush=True)  # noqa: T201  for those who look at the session's lines
    styles = json.loads(os.environ.get("FAKE_STYLES", "{}")).get(model, ["folk"])
    return Scale(), ModelReady(model, "0" * 8, Seconds(0.0001), tuple(styles))


if __name__ == "__main__":
    engine = Peer(socket.socket(fileno=int(sys.argv[1])))
    with last_words(engine):
        serve(engine, load)
