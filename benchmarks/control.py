"""How long the control socket may keep the engine's loop: `python benchmarks/control.py [SECONDS]`.

As many clients as are let in, in processes of their own, ask as fast as they can for what takes longest, read nothing
or everything, and watch all there is. Told is how long a round's share of the loop took, which is by how much a key
that goes down in the worst moment is heard late.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from improvd.config import live
from improvd.config.options import RunOptions
from improvd.control import place, requests
from improvd.core.events import MidiEvent, Seconds
from improvd.daemon import watching
from improvd.daemon.control_server import MOST_CLIENTS, Client, Server
from improvd.daemon.messages import Heard
from improvd.daemon.played import Played

if TYPE_CHECKING:
    from improvd.control.requests import Request

LONG = requests.encode(1, "play", events=[[0, [0x90, 60, 64]]] * requests.MOST_EVENTS)
LINES = (LONG, requests.encode(1, "settings"), b"[" * 60_000 + b"\n", b"x" * 60_000 + b"\n", requests.encode(1, "fly"))


def besiege(path: Path, number: int) -> None:
    """Ask without end; every second client never reads."""
    chance = random.Random(number)
    while True:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(requests.encode(0, "watch", what=list(requests.WATCHABLE)))
            client.settimeout(0.2)
            while True:
                client.sendall(chance.choice(LINES))
                if number % 2:
                    client.recv(1 << 20)


def main() -> None:
    """Serve them for so many seconds, 5 notes a second being told to all, and tell how long each round took."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    played, options = Played(), RunOptions()

    def meet(client: Client, request: Request) -> object:
        if request.do == "watch":
            client.watches = request.more["what"]
        if request.do == "play":
            played.leave(client, Seconds(0.0))
            played.add(client, request.more["events"], Seconds(time.monotonic()))
        return live.described(options, ()) if request.do == "settings" else {}

    with tempfile.TemporaryDirectory() as folder:
        claimed = place.claim(Path(folder) / "improvd")
        server = Server(claimed.listening, meet, lambda client: played.leave(client, Seconds(0.0)))
        crowd = [
            multiprocessing.Process(target=besiege, args=(claimed.path, number), daemon=True)
            for number in range(MOST_CLIENTS)
        ]
        for one in crowd:
            one.start()
        rounds = served(server, seconds)
        for one in crowd:
            one.terminate()
        server.close()
        claimed.give_up()
    rounds.sort()
    figures = {name: round(rounds[int(part * len(rounds))] * 1e3, 3) for name, part in (("median", 0.5), ("p99", 0.99))}
    print(
        json.dumps(
            {
                "rounds": len(rounds),
                **{f"{name} ms": value for name, value in figures.items()},
                "longest ms": round(rounds[-1] * 1e3, 3),
                "load": os.getloadavg()[0],
            }
        )
    )


def served(server: Server, seconds: float) -> list[float]:
    """Seconds that each round took, of the processor's time: those who besiege it take theirs from the same."""
    import select  # noqa: PLC0415  as the loop does

    rounds, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        found, free, _ = select.select(list(server.reading()), list(server.writing()), [], 0.2)
        begin = time.thread_time()
        server.serve(set(found), set(free))
        at = Seconds(time.monotonic())
        event = watching.event_of(at, Heard(MidiEvent(at, b"\x90\x3c\x40"), echo=False))
        assert event is not None  # noqa: S101  for the type checker
        server.tell(event[0], lambda event=event: watching.line_of(*event))
        rounds.append(time.thread_time() - begin)
    return rounds


if __name__ == "__main__":
    main()
