"""The model's process: `python -m improvd.daemon.worker FD`, FD being its end of the engine's socket pair.

The only process of a session that computes for long. It may be slow, get stuck or die: the music that is planned goes
on without it.
"""

from __future__ import annotations

import hashlib
import select
import signal
import socket
import sys
from typing import TYPE_CHECKING

from improvd.core.events import Generate, Seconds
from improvd.daemon.clock import now
from improvd.daemon.messages import Close, LoadModel, ModelReady
from improvd.daemon.realtime import MODEL_NICENESS, be_nice
from improvd.daemon.wire import Peer, last_words
from improvd.model.alone import alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from improvd.daemon.messages import Message
    from improvd.model.improviser import Improviser


def still_wanted(requests: Iterable[Generate]) -> list[Generate]:
    """Those of the newest turn, in their order: an older turn's answer would be thrown away."""
    requests = list(requests)
    newest = max((request.turn for request in requests), default=0)
    return [request for request in requests if request.turn == newest]


def _messages(engine: Peer, *, wait: bool) -> list[Message]:
    """All that has come; with ``wait``, at least one unless the engine is gone."""
    select.select([engine], [engine] if engine.has_backlog else [], [], None if wait else 0)
    engine.flush()
    return engine.receive()


def serve(engine: Peer, loader: Callable[[str, str], tuple[Improviser, ModelReady]]) -> None:
    """Load the model that the engine names, say so, and answer until the engine asks for the end or is gone."""
    improviser: Improviser | None = None
    requests: list[Generate] = []
    while not engine.lost:
        for message in _messages(engine, wait=not requests):
            if isinstance(message, LoadModel):
                improviser, ready = loader(message.model, message.style)
                engine.send(ready)
            elif isinstance(message, Generate):
                requests.append(message)
            elif isinstance(message, Close):
                return
        requests = still_wanted(requests)
        if requests and improviser is not None:
            engine.send(improviser.answer(requests.pop(0)))


def load(model: str, style: str = "") -> tuple[Improviser, ModelReady]:
    """The bundle of that name or folder, proved by its golden trace, and what it costs here.

    Raises `UserError`, also where it does not know ``style``.
    """
    # Here, not above: numpy reads how many threads it may start when it is first imported.
    from improvd.model import bundle, improviser, originality, places  # noqa: PLC0415  as just said
    from improvd.model.golden import verify  # noqa: PLC0415  as just said

    path = places.find(model)
    loaded = bundle.load(path)
    loaded.check_style(style)
    step = verify(loaded)
    ready = ModelReady(loaded.name, _hash(path, originality.FILE), Seconds(step), tuple(loaded.vocabulary.styles))
    return improviser.Improviser(loaded, now), ready


def _hash(path: Path, guard: str) -> str:
    """What tells one bundle from another in a trace, the file that keeps it from reciting included, if there is one."""
    digest = hashlib.sha256()
    for name in ("model.json", "weights.npz", *([guard] if (path / guard).exists() else [])):
        digest.update((path / name).read_bytes())
    return digest.hexdigest()


def prepare() -> None:
    """Before numpy is loaded: one thread, and a little behind the processes that may not wait."""
    alone()
    be_nice(MODEL_NICENESS)
    # A service manager tells every process to end; ours ends when the engine does, who would else call it a crash.
    for number in (signal.SIGTERM, signal.SIGABRT):
        signal.signal(number, signal.SIG_IGN)


def main() -> None:
    """Serve the engine at the other end of the socket whose number is the one argument."""
    prepare()
    engine = Peer(socket.socket(fileno=int(sys.argv[1])))
    with last_words(engine):
        serve(engine, load)


if __name__ == "__main__":
    main()
