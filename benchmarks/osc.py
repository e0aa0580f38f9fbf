"""How late notes leave while a surface floods OSC in: `python benchmarks/osc.py [SECONDS] [--rates 0 1000 5000]`.

A session without MIDI plays for so long at each rate, its calls given through the control socket, and tells a surface
what goes on. Another process sends as many messages a second to it: eight faders, each always on its way. "Met" is how
many of them a second were set in the session, as it counts them for whoever watches its settings.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from calling import play  # noqa: E402  found by the line above

from improvd.control.client import Connection, GoneError  # noqa: E402  as above
from improvd.osc.packets import Message, write  # noqa: E402  as above
from tests.addresses import free_ports  # noqa: E402  as above
from tests.daemon.running import Running  # noqa: E402  as above

FADERS = {
    "temperature": (0.5, 1.5),
    "top-p": (0.8, 1.0),
    "similarity": (0.0, 1.0),
    "key-lean": (0.0, 1.0),
    "ending": (0.0, 1.0),
    "density": (0.5, 2.0),
    "register": (-12.0, 12.0),
    "velocity": (-20.0, 20.0),
}
STEPS = 97
"""Places on a fader's way."""
TICK = 0.005
"""Seconds between two handfuls of messages."""


def packets() -> list[bytes]:
    """Each fader's next place in turn, over and over."""
    return [
        write(Message(f"/improvd/{name}", (low + (high - low) * step / STEPS,)))
        for step in range(STEPS)
        for name, (low, high) in FADERS.items()
    ]


def flood(port: int, rate: float) -> None:
    """Send until killed; says each second how many were sent by then."""
    ready, began, sent = packets(), time.monotonic(), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for handful in count(1):
            while sent < handful * TICK * rate:
                out.sendto(ready[sent % len(ready)], ("127.0.0.1", port))
                sent += 1
            time.sleep(max(0.0, began + handful * TICK - time.monotonic()))
            if handful % round(1 / TICK) == 0:
                print(sent / (time.monotonic() - began), flush=True)


def counted(path: Path, seen: list[str]) -> None:
    """An entry for each time that the session's settings were other ones, until it ends."""
    with closing(Connection(path)) as watching, suppress(GoneError):
        watching.ask("watch", what=["settings"])
        seen.extend(event["event"] for event in watching.events())


def measure(rate: float, seconds: float) -> str:
    """A line of the table."""
    port, told = free_ports(2, socket.SOCK_DGRAM)
    words = ["--api", "null", "--no-record", "--no-page", "--seed", "1", "--osc-in", str(port), "--osc-out", str(told)]
    with tempfile.TemporaryDirectory() as runtime, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface:
        surface.bind(("127.0.0.1", told))
        threading.Thread(target=drain, args=(surface,), daemon=True).start()
        running = Running(["-m", "improvd", "run", *words], XDG_RUNTIME_DIR=runtime)
        flooding = None
        try:
            running.wait_line("OSC: ")
            running.wait_line("ready: ")
            path = Path(runtime, "improvd", "control.sock")
            with closing(Connection(path)) as session:
                seen: list[str] = []
                watcher = threading.Thread(target=counted, args=(path, seen))
                watcher.start()
                if rate:
                    command = [sys.executable, __file__, "--flood", str(port), "--rates", str(rate)]
                    flooding = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  ourselves
                begin = time.monotonic()
                while time.monotonic() < begin + seconds:
                    play(session)
                met = len(seen) / (time.monotonic() - begin)
                status = session.ask("status")
        finally:
            sent = ended(flooding) if flooding else 0.0
            running.end()
        watcher.join()
    late = status["lateness"]
    figures = " | ".join(f"{1000 * late[name]:.2f}" for name in ("median", "p95", "p99", "max"))
    dropped = status["missed"]["notes"]
    return f"| {sent:.0f} | {met:.0f} | {late['messages']} | {figures} | {dropped} | {os.getloadavg()[0]:.0f} |"


def drain(surface: socket.socket) -> None:
    """Take in what a surface is told."""
    while True:
        surface.recv(1 << 16)


def ended(flooding: subprocess.Popen[str]) -> float:
    """End it; how many messages a second it sent."""
    flooding.kill()
    told, _ = flooding.communicate()
    return float(told.splitlines()[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", nargs="?", type=float, default=60.0)
    parser.add_argument("--rates", nargs="+", type=float, default=[0.0, 1000.0, 5000.0], help="messages a second")
    parser.add_argument("--flood", type=int, metavar="PORT", help="only send them there, at the first rate")
    options = parser.parse_args()
    if options.flood:
        flood(options.flood, options.rates[0])
        return
    columns = "OSC in a second", "met", "messages", "median, ms", "p95", "p99", "most", "notes dropped", "load"
    print(f"| {' | '.join(columns)} |\n" + "|---" * len(columns) + "|")
    for rate in options.rates:
        print(measure(rate, options.seconds), flush=True)


if __name__ == "__main__":
    main()
